//! Adding a tenant.

use super::{
    db::{Connection, Query, Result, sql},
    tenants::{Plan, Status, Tenant},
};
use uuid::Uuid;

/// What a new tenant's row is made from.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Identifies it.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// The owner's e-mail.
    pub email: String,
    /// What whoever asked for it wanted to say about it.
    pub note: Option<String>,
    /// What it pays for.
    pub plan: Plan,
    /// The row of its template version.
    pub template_id: i64,
    /// That version.
    pub template_version: String,
    /// Optional modules in order.
    pub modules: Vec<String>,
    /// The engine.
    pub engine: String,
    /// The server, where it is not the engine inside the program.
    pub server_id: Option<Uuid>,
    /// The name of its database.
    pub database_name: String,
    /// The form that asked for it.
    pub request_id: Option<Uuid>,
    /// Who asked.
    pub created_by: Option<Uuid>,
    /// When, in milliseconds.
    pub created_ms: i64,
}

impl NewTenant {
    /// The tenant as it is right after it was added. What its template is called is not in its row.
    pub fn added(&self, template_type: &str, template_name: &str, server_name: Option<&str>) -> Tenant {
        Tenant {
            id: self.id,
            name: self.name.clone(),
            slug: self.slug.clone(),
            email: self.email.clone(),
            note: self.note.clone(),
            plan: self.plan,
            status: Status::Pending,
            template_id: self.template_id,
            template_type: template_type.to_owned(),
            template_name: template_name.to_owned(),
            template_version: self.template_version.clone(),
            modules: self.modules.clone(),
            engine: self.engine.clone(),
            server_id: self.server_id,
            server_name: server_name.map(str::to_owned),
            database_name: self.database_name.clone(),
            schema_hash: None,
            created_ms: self.created_ms,
            active_ms: None,
        }
    }
}

/// What a new tenant would find, read in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own, read in one question")]
pub struct Ground {
    /// Whether the template version may be used.
    pub is_active: bool,
    /// Whether a tenant has used it before.
    pub is_locked: bool,
    /// Whether there are servers that a tenant could be placed on.
    pub has_servers: bool,
    /// Whether a tenant has the slug, or had it.
    pub is_taken: bool,
}

/// What a new tenant of a template version would find under a slug; `None` where there is no such version any more.
pub async fn ground(connection: &mut Connection, template_id: i64, slug: &str) -> Result<Option<Ground>> {
    let row = sql("SELECT is_active, is_locked, (SELECT COUNT(*) FROM (SELECT 1 AS here FROM servers LIMIT 1) AS known_servers) AS has_servers,
                (SELECT COUNT(*) FROM tenants WHERE slug = ?) AS is_taken
         FROM tenant_templates WHERE id = ? AND deleted_at IS NULL")
    .bind(slug)
    .bind(template_id)
    .first(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Ground {
        is_active: row.flag("is_active")?,
        is_locked: row.flag("is_locked")?,
        has_servers: row.flag("has_servers")?,
        is_taken: row.flag("is_taken")?,
    }))
}

/// Adds a tenant in state `pending` and reserves its database's name for ever. A slug, request or database name that is
/// taken makes a duplicate error ([`super::StoreError::is_duplicate`]).
pub async fn add(connection: &mut Connection, new: &NewTenant) -> Result<()> {
    let [tenant, name] = rows(new);
    tenant.later(connection).await?;
    name.run(connection).await?;
    Ok(())
}

/// The same, with the next statement that is waited for: the duplicate error is that statement's, or the commit's.
pub async fn add_later(connection: &mut Connection, new: &NewTenant) -> Result<()> {
    for query in rows(new) {
        query.later(connection).await?;
    }
    Ok(())
}

fn rows(new: &NewTenant) -> [Query; 2] {
    let tenant = sql(
        "INSERT INTO tenants (id, name, slug, email, note, plan, template_id, template_version, modules, engine, server_id,
                              database_name, request_id, created_by, created_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(new.id)
    .bind(&new.name)
    .bind(&new.slug)
    .bind(&new.email)
    .bind(new.note.clone())
    .bind(new.plan.word())
    .bind(new.template_id)
    .bind(&new.template_version)
    .bind(serde_json::to_string(&new.modules).unwrap_or_else(|_| "[]".into()))
    .bind(&new.engine)
    .bind(new.server_id)
    .bind(&new.database_name)
    .bind(new.request_id)
    .bind(new.created_by)
    .bind(new.created_ms);
    let name = sql("INSERT INTO database_names (name, tenant_id, reserved_ms) VALUES (?, ?, ?)")
        .bind(&new.database_name)
        .bind(new.id)
        .bind(new.created_ms);
    [tenant, name]
}
