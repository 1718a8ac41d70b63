//! The owner's own row in the tenant's database.

use crate::{
    app::App,
    engine::{Applied, DatabaseName, EngineError, Statement, TenantLock, Unit},
    sql::variables::Variables,
    store::tenants::Tenant,
};
use uuid::Uuid;

/// One taking up of an invitation.
#[derive(Debug, Clone)]
pub struct Act {
    /// The invitation.
    pub id: Uuid,
    /// Hash of the link that was used.
    pub link: String,
    /// A fresh claim's number.
    pub fence: i64,
}

/// Gives the owner's row a password hash; [`Applied::Before`] where this link did so before.
pub async fn set_password(
    app: &App,
    tenant: &Tenant,
    act: &Act,
    email: &str,
    hash: &str,
) -> Result<Applied, EngineError> {
    let name: DatabaseName = tenant.database_name.parse().map_err(EngineError::Foreign)?;
    let lock = TenantLock { tenant_id: tenant.id, job_id: act.id, fence: act.fence };
    let statement = Statement {
        sql: "UPDATE users SET password_hash = ? WHERE email = ?".into(),
        values: vec![hash.to_owned(), email.to_owned()],
    };
    let key = format!("owner-password {}", act.link);
    let mut session = app.engine.open(&name, &lock).await?;
    let applied =
        session.apply(Unit { key: &key, statements: &[statement], variables: &Variables::default() }).await;
    session.close().await;
    applied
}
