//! What an engine does, on one server: makes databases with their accounts, and opens sessions on them.

use super::{
    accounts::{account, make_account},
    dialect, own,
    server::{MariaDb, failed},
    session::OWN_TABLES,
    words::identifier,
};
use crate::{
    engine::{
        Capabilities, DatabaseName, Engine, EngineError, Examined, Inspected, Marker, Origin, Presence,
        Saved, Session, SqlDialect, Statement, TenantLock, standing,
    },
    schema::Schema,
    sql::operation::Operation,
};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Executor, MySqlConnection, Row};
use std::path::Path;
use uuid::Uuid;

#[async_trait]
impl Engine for MariaDb {
    fn name(&self) -> &'static str {
        "mariadb"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            transactional_ddl: false,
            accounts: true,
            whole: false,
            column_places: true,
            name_limit: 64,
            shutting: "Its account is locked, and connections that are open are ended.",
        }
    }

    fn dialect(&self) -> SqlDialect {
        SqlDialect::Mysql
    }

    fn render(
        &self,
        before: &Schema,
        operation: &Operation,
        after: &Schema,
    ) -> Result<Vec<Statement>, String> {
        dialect::render(before, operation, after).map_err(|refusal| refusal.reason)
    }

    fn change(&self, found: &Schema, wanted: &Schema) -> Result<Vec<Statement>, String> {
        standing::refuse_blind_triggers(found, wanted)?;
        super::change::change(found, wanted).map_err(|refusal| refusal.reason)
    }

    fn split_own(&self, text: &str) -> Result<Vec<(Statement, usize)>, (usize, String)> {
        own::split(text)
    }

    async fn look_up(&self, name: &DatabaseName) -> Result<Presence, EngineError> {
        Self::find(&mut *self.admin().await?, name).await
    }

    async fn create(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let secret = self.secrets.of(lock.tenant_id).await?;
        Self::make(&mut *self.admin().await?, name, lock, &secret).await
    }

    async fn remove(&self, name: &DatabaseName, marker: &Marker) -> Result<bool, EngineError> {
        self.take_down(name, marker).await
    }

    async fn shut(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        self.shut_away(name, lock).await
    }

    async fn reopen(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        self.let_in(name, lock).await
    }

    async fn create_from(
        &self,
        origin: Origin<'_>,
        name: &DatabaseName,
        lock: &TenantLock,
    ) -> Result<(), EngineError> {
        self.copy_to(origin, name, lock).await
    }

    async fn save(&self, name: &DatabaseName, tenant: Uuid, file: &Path) -> Result<Saved, EngineError> {
        self.save_to(name, tenant, file).await
    }

    async fn check_saved(&self, file: &Path, tenant: Uuid) -> Result<(), EngineError> {
        self.check_copy(file, tenant).await
    }

    async fn forget_shut(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        self.forget_content(name, tenant).await
    }

    async fn remove_all(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        self.remove_whole(name, tenant).await
    }

    async fn open(&self, name: &DatabaseName, lock: &TenantLock) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(self.session(name, lock.tenant_id, Some(*lock)).await?))
    }

    async fn look(&self, name: &DatabaseName, tenant: Uuid) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(self.looking(name, tenant).await?))
    }

    async fn inspect_all(&self, tenants: &[(DatabaseName, Uuid)]) -> Vec<Result<Inspected, EngineError>> {
        self.inspect_many(tenants).await
    }

    async fn scratch(&self) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(self.scratch_session().await?))
    }

    fn address(&self, name: &DatabaseName) -> Vec<(&'static str, String)> {
        vec![
            ("Host", self.options.get_host().to_owned()),
            ("Port", self.options.get_port().to_string()),
            ("Database", name.to_string()),
            ("Account", account(name)),
        ]
    }

    async fn size(&self, name: &DatabaseName) -> Option<u64> {
        let mut connection = self.admin().await.ok()?;
        let row = sqlx::query(
            "SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS SIGNED) FROM information_schema.tables WHERE table_schema = ?",
        )
        .bind(name.as_str())
        .fetch_one(&mut *connection)
        .await
        .ok()?;
        u64::try_from(row.try_get::<i64, _>(0).ok()?).ok()
    }

    async fn set_password(
        &self,
        name: &DatabaseName,
        lock: &TenantLock,
        password: &str,
    ) -> Result<(), EngineError> {
        self.change_password(name, lock, password).await
    }

    async fn examine(&self) -> Result<Examined, EngineError> {
        self.try_out().await
    }

    async fn sweep(&self) -> Result<u64, EngineError> {
        self.sweep_up().await
    }
}

impl MariaDb {
    /// Makes an empty database with its account, its marker and its ledger, or finds it made.
    pub(super) async fn make(
        connection: &mut MySqlConnection,
        name: &DatabaseName,
        lock: &TenantLock,
        secret: &str,
    ) -> Result<(), EngineError> {
        Self::ensure_list(connection).await?;
        let ours = Marker { tenant_id: lock.tenant_id, job_id: lock.job_id };
        match Self::find(connection, name).await? {
            Presence::Absent => {
                sqlx::query(
                    "INSERT INTO tenantry_server.made_databases (name, tenant_id, job_id) VALUES (?, ?, ?)
                     ON DUPLICATE KEY UPDATE tenant_id = ?, job_id = ?, is_shut = 0, created_at = CURRENT_TIMESTAMP",
                )
                .bind(name.as_str())
                .bind(lock.tenant_id.to_string())
                .bind(lock.job_id.to_string())
                .bind(lock.tenant_id.to_string())
                .bind(lock.job_id.to_string())
                .execute(&mut *connection)
                .await
                .map_err(failed)?;
                let make = format!(
                    "CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
                    identifier(name.as_str())
                );
                connection.execute(AssertSqlSafe(make)).await.map_err(failed)?;
            }
            Presence::Ours(marker) if marker == ours => {}
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!("The database {name} has another owner")));
            }
            Presence::Foreign(reason) => return Err(EngineError::Foreign(reason)),
        }
        make_account(connection, name, secret).await?;
        mark(connection, name, lock).await
    }
}

/// Makes our own tables in a database, with the marker.
pub(super) async fn mark(
    connection: &mut MySqlConnection,
    name: &DatabaseName,
    lock: &TenantLock,
) -> Result<(), EngineError> {
    // Named in full: the administrator's connection is in no database.
    let database = identifier(name.as_str());
    for (before, after) in OWN_TABLES {
        connection.execute(AssertSqlSafe(format!("{before} {database}{after}"))).await.map_err(failed)?;
    }
    sqlx::query(AssertSqlSafe(format!(
        "INSERT IGNORE INTO {database}.tenantry_owner (only_row, tenant_id, job_id, fence) VALUES (1, ?, ?, ?)"
    )))
    .persistent(false)
    .bind(lock.tenant_id.to_string())
    .bind(lock.job_id.to_string())
    .bind(lock.fence)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}
