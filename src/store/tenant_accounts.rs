//! Accounts of tenants on database servers: their passwords, sealed.

use super::db::{Connection, Result, sql};
use uuid::Uuid;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its password, sealed for the tenant's row.
    pub password: String,
    /// The password that it is about to get, sealed in the same way.
    pub next_password: Option<String>,
    /// When the password was made, in milliseconds.
    pub made_ms: i64,
    /// When somebody has seen it; it is shown once.
    pub shown_ms: Option<i64>,
}

/// A tenant's account.
pub async fn find(connection: &mut Connection, tenant: Uuid) -> Result<Option<Account>> {
    let row =
        sql("SELECT password, next_password, made_ms, shown_ms FROM tenant_accounts WHERE tenant_id = ?")
            .bind(tenant)
            .first(connection)
            .await?;
    row.map(|row| {
        Ok(Account {
            password: row.text("password")?,
            next_password: row.maybe_text("next_password")?,
            made_ms: row.int("made_ms")?,
            shown_ms: row.maybe_int("shown_ms")?,
        })
    })
    .transpose()
}

/// Notes a tenant's first password, unless it has one.
pub async fn add(connection: &mut Connection, tenant: Uuid, sealed: &str, now_ms: i64) -> Result<()> {
    sql("INSERT INTO tenant_accounts (tenant_id, password, made_ms)
         SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM tenant_accounts WHERE tenant_id = ?)")
    .bind(tenant)
    .bind(sealed)
    .bind(now_ms)
    .bind(tenant)
    .run(connection)
    .await?;
    Ok(())
}

/// Notes the password that an account is about to get, unless one is noted.
pub async fn prepare(connection: &mut Connection, tenant: Uuid, sealed: &str) -> Result<()> {
    sql("UPDATE tenant_accounts SET next_password = ? WHERE tenant_id = ? AND next_password IS NULL")
        .bind(sealed)
        .bind(tenant)
        .run(connection)
        .await?;
    Ok(())
}

/// The account has the password that was prepared; nobody has seen it.
pub async fn take_over(connection: &mut Connection, tenant: Uuid, now_ms: i64) -> Result<()> {
    sql("UPDATE tenant_accounts SET password = next_password, next_password = NULL, made_ms = ?, shown_ms = NULL
         WHERE tenant_id = ? AND next_password IS NOT NULL")
    .bind(now_ms)
    .bind(tenant)
    .run(connection)
    .await?;
    Ok(())
}

/// The password that was prepared is not wanted any more.
pub async fn forget_prepared(connection: &mut Connection, tenant: Uuid) -> Result<()> {
    sql("UPDATE tenant_accounts SET next_password = NULL WHERE tenant_id = ?")
        .bind(tenant)
        .run(connection)
        .await?;
    Ok(())
}

/// Whether the password may be shown now: true once.
pub async fn show(connection: &mut Connection, tenant: Uuid, now_ms: i64) -> Result<bool> {
    let shown = sql("UPDATE tenant_accounts SET shown_ms = ? WHERE tenant_id = ? AND shown_ms IS NULL")
        .bind(now_ms)
        .bind(tenant)
        .run(connection)
        .await?;
    Ok(shown == 1)
}

/// A tenant's account is gone.
pub async fn remove(connection: &mut Connection, tenant: Uuid) -> Result<()> {
    sql("DELETE FROM tenant_accounts WHERE tenant_id = ?").bind(tenant).run(connection).await?;
    Ok(())
}
