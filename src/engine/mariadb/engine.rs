//! What an engine does, on one server: makes and removes databases and their accounts, and opens sessions on them.

use super::{
    dialect, own,
    server::{MariaDb, Scratch, account, failed},
    session::OWN_TABLES,
    words::identifier,
};
use crate::{
    engine::{
        Capabilities, DatabaseName, Engine, EngineError, Marker, Origin, Presence, Saved, Session,
        SqlDialect, Statement, TenantLock,
    },
    schema::Schema,
    sql::operation::Operation,
};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Executor, Row};
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

    fn split_own(&self, text: &str) -> Result<Vec<(Statement, usize)>, (usize, String)> {
        own::split(text)
    }

    async fn look_up(&self, name: &DatabaseName) -> Result<Presence, EngineError> {
        self.presence(name).await
    }

    async fn create(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        self.make(name, lock).await
    }

    async fn remove(&self, name: &DatabaseName, marker: &Marker) -> Result<bool, EngineError> {
        match self.look_up(name).await? {
            Presence::Absent => return Ok(false),
            Presence::Ours(found) | Presence::Shut(found) if found == *marker => {}
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!("The database {name} was made by another job")));
            }
            Presence::Foreign(reason) => return Err(EngineError::Foreign(reason)),
        }
        self.drop_all(name).await?;
        Ok(true)
    }

    async fn shut(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        self.set_shut(name, lock, true).await
    }

    async fn reopen(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        self.set_shut(name, lock, false).await
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

    async fn forget_shut(&self, _name: &DatabaseName, _tenant: Uuid) -> Result<bool, EngineError> {
        Ok(false)
    }

    async fn remove_all(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        match self.look_up(name).await? {
            Presence::Absent => return Ok(false),
            Presence::Ours(found) | Presence::Shut(found) if found.tenant_id == tenant => {}
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!("The database {name} is another tenant's")));
            }
            Presence::Foreign(reason) => return Err(EngineError::Foreign(reason)),
        }
        self.drop_all(name).await?;
        Ok(true)
    }

    async fn open(&self, name: &DatabaseName, lock: &TenantLock) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(self.session(name, lock.tenant_id, Some(*lock)).await?))
    }

    async fn look(&self, name: &DatabaseName, tenant: Uuid) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(self.session(name, tenant, None).await?))
    }

    async fn scratch(&self) -> Result<Box<dyn Session>, EngineError> {
        let id = Uuid::now_v7();
        let name = DatabaseName::derive("tenantry-scratch", id);
        let lock = TenantLock { tenant_id: id, job_id: id, fence: 0 };
        let scratch = Scratch { server: self.clone(), name: name.clone(), is_removed: false };
        self.create(&name, &lock).await?;
        let mut session = self.session(&name, id, Some(lock)).await?;
        session.scratch = Some(scratch);
        Ok(Box::new(session))
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
}

/// A copy in the place of a database that was shut away is not made here yet.
pub(super) fn no_such_place() -> EngineError {
    EngineError::OutOfReach(
        "On MariaDB a snapshot cannot be put in the place of what the tenant has yet. Restore it as a new tenant.".into(),
    )
}

impl MariaDb {
    /// What is to be found under a name.
    pub(super) async fn presence(&self, name: &DatabaseName) -> Result<Presence, EngineError> {
        Self::find(&mut *self.admin().await?, name).await
    }

    /// Makes an empty database with its account, its marker and its ledger, or finds it made.
    pub(super) async fn make(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let secret = self.secrets.of(lock.tenant_id).await?;
        let mut connection = self.admin().await?;
        Self::ensure_list(&mut connection).await?;
        let ours = Marker { tenant_id: lock.tenant_id, job_id: lock.job_id };
        match Self::find(&mut connection, name).await? {
            Presence::Absent => {
                sqlx::query(
                    "INSERT INTO tenantry_server.made_databases (name, tenant_id, job_id) VALUES (?, ?, ?)
                     ON DUPLICATE KEY UPDATE tenant_id = ?, job_id = ?, is_shut = 0",
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
        self.make_account(&mut connection, name, &secret).await?;
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
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
        Ok(())
    }
}
