//! The owner's own row in the tenant's database.

use super::own_sql::carried;
use crate::{
    app::App,
    engine::{Applied, DatabaseName, EngineError, TenantLock, Unit},
    engines::NoEngine,
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

const SET_PASSWORD: &str = "UPDATE users SET password_hash = '{{HASH}}' WHERE email = '{{EMAIL}}'";

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
    let variables = Variables::from([("HASH", hash.to_owned()), ("EMAIL", email.to_owned())]);
    let key = format!("owner-password {}", act.link);
    let engine = app.engines.of(tenant).await.map_err(|NoEngine(reason)| EngineError::OutOfReach(reason))?;
    let mut session = engine.open(&name, &lock).await?;
    let applied = async {
        let found = session.inspect().await?;
        let statements = carried(engine.as_ref(), &found, SET_PASSWORD)?;
        session.apply(Unit { key: &key, statements: &statements, variables: &variables }).await
    };
    let applied = applied.await;
    session.close().await;
    applied
}
