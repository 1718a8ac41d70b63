//! Whose tenants a query may see. Every function that finds or lists tenants, their jobs or their history takes a scope
//! and puts it into its query, so that what is out of scope never leaves the database.

use super::db::Value;
use uuid::Uuid;

/// Whose tenants a query may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those that this person owns.
    OwnedBy(Uuid),
}

impl Scope {
    /// A further condition for a query in which `column` is a tenant's id, and the value that it binds.
    pub(super) fn and(self, column: &'static str) -> (String, Option<Value>) {
        match self {
            Scope::All => (String::new(), None),
            Scope::OwnedBy(person) => (
                format!(" AND {column} IN (SELECT o.tenant_id FROM tenant_owners o WHERE o.user_id = ?)"),
                Some(person.into()),
            ),
        }
    }
}
