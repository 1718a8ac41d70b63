//! Making, finding and removing tenants' databases on one server.
//!
//! A database comes to life under a name of its own for the making, gets its marker and ledger, and is then renamed, which
//! fails where something has its real name. So whatever has the real name is complete.

use super::{own, session, session::PostgresSession};
use crate::{
    engine::{
        Capabilities, DatabaseName, Engine, EngineError, Marker, Origin, Presence, Saved, Session,
        SqlDialect, Statement, TenantLock,
    },
    schema::Schema,
    sql::operation::Operation,
};
use async_trait::async_trait;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row,
    postgres::{PgConnectOptions, PgRow},
};
use std::path::Path;
use uuid::Uuid;

/// A PostgreSQL server, reached as an admin that may make databases and roles.
#[derive(Debug, Clone)]
pub struct Postgres {
    admin: PgConnectOptions,
}

pub(super) fn away(what: &str, cause: impl std::fmt::Display) -> EngineError {
    EngineError::OutOfReach(format!("{what}: {cause}"))
}

fn not_yet(what: &str) -> EngineError {
    EngineError::OutOfReach(format!("{what} is not known for PostgreSQL yet"))
}

fn trouble(cause: sqlx::Error) -> EngineError {
    away("The PostgreSQL server cannot be asked", cause)
}

impl Postgres {
    /// An engine on the server that these options lead to; their database is where an admin asks from.
    pub fn new(admin: PgConnectOptions) -> Self {
        // The driver would log statements, and with them what tenants have in their rows.
        Postgres { admin: admin.options([("timezone", "UTC")]).disable_statement_logging() }
    }

    async fn admin(&self) -> Result<PgConnection, EngineError> {
        self.admin.connect().await.map_err(trouble)
    }

    /// The name under which a claim makes a database; no tenant's database begins like that.
    fn making(lock: &TenantLock) -> String {
        format!("tenantry_making_{}_{}", lock.fence, lock.job_id.simple())
    }

    async fn exists(admin: &mut PgConnection, name: &str) -> Result<bool, EngineError> {
        let found = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1")
            .bind(name)
            .fetch_optional(admin)
            .await;
        Ok(found.map_err(trouble)?.is_some())
    }

    async fn run(connection: &mut PgConnection, sql: String) -> Result<(), EngineError> {
        sqlx::query(AssertSqlSafe(sql)).execute(connection).await.map(|_| ()).map_err(trouble)
    }

    /// A connection to a database that is the tenant's.
    async fn connect(&self, name: &DatabaseName, tenant: Uuid) -> Result<PgConnection, EngineError> {
        let mut admin = self.admin().await?;
        if !Self::exists(&mut admin, name.as_str()).await? {
            return Err(EngineError::Missing(name.to_string()));
        }
        let mut connection = self.admin.clone().database(name.as_str()).connect().await.map_err(trouble)?;
        match read_marker(&mut connection).await? {
            Some(marker) if marker.tenant_id == tenant => Ok(connection),
            _ => Err(EngineError::Foreign(format!("The database {name} is not marked as this tenant's"))),
        }
    }
}

async fn read_marker(connection: &mut PgConnection) -> Result<Option<Marker>, EngineError> {
    let found = sqlx::query("SELECT to_regclass('tenantry_own.tenantry_owner') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .map_err(trouble)?;
    if !found.try_get::<bool, _>(0).map_err(trouble)? {
        return Ok(None);
    }
    let row = sqlx::query("SELECT tenant_id, job_id FROM tenantry_own.tenantry_owner")
        .fetch_optional(connection)
        .await
        .map_err(trouble)?;
    let id = |row: &PgRow, place: usize| {
        row.try_get::<String, _>(place).ok().and_then(|text| text.parse::<Uuid>().ok())
    };
    Ok(row.and_then(|row| Some(Marker { tenant_id: id(&row, 0)?, job_id: id(&row, 1)? })))
}

#[async_trait]
impl Engine for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            transactional_ddl: true,
            accounts: true,
            whole: false,
            name_limit: 63,
            shutting: "No connections to the database are let in",
        }
    }

    fn dialect(&self) -> SqlDialect {
        SqlDialect::Postgres
    }

    fn render(
        &self,
        before: &Schema,
        operation: &Operation,
        after: &Schema,
    ) -> Result<Vec<Statement>, String> {
        super::render(before, operation, after).map_err(|refusal| refusal.reason)
    }

    fn split_own(&self, text: &str) -> Result<Vec<(Statement, usize)>, (usize, String)> {
        own::split(text)
    }

    async fn look_up(&self, name: &DatabaseName) -> Result<Presence, EngineError> {
        let mut admin = self.admin().await?;
        if !Self::exists(&mut admin, name.as_str()).await? {
            return Ok(Presence::Absent);
        }
        let mut connection = self.admin.clone().database(name.as_str()).connect().await.map_err(trouble)?;
        Ok(match read_marker(&mut connection).await? {
            Some(marker) => Presence::Ours(marker),
            None => Presence::Foreign("it has no ownership marker of Tenantry".into()),
        })
    }

    async fn create(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        match self.look_up(name).await? {
            Presence::Absent => {}
            Presence::Ours(marker) if marker.tenant_id == lock.tenant_id && marker.job_id == lock.job_id => {
                return Ok(());
            }
            Presence::Ours(_) | Presence::Shut(_) | Presence::Foreign(_) => {
                return Err(EngineError::Foreign(format!("There is already a database {name}")));
            }
        }
        let mut admin = self.admin().await?;
        let making = Self::making(lock);
        // What an earlier try of this claim left.
        Self::run(&mut admin, format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)")).await?;
        Self::run(&mut admin, format!("CREATE DATABASE {making} TEMPLATE template0 ENCODING 'UTF8'")).await?;
        Self::run(&mut admin, format!("REVOKE ALL ON DATABASE {making} FROM PUBLIC")).await?;
        Self::run(&mut admin, format!("ALTER DATABASE {making} SET timezone = 'UTC'")).await?;
        let role = sqlx::query("SELECT 1 FROM pg_roles WHERE rolname = $1").bind(name.as_str());
        if role.fetch_optional(&mut admin).await.map_err(trouble)?.is_none() {
            // Without a password nobody can be it over the network yet.
            Self::run(&mut admin, format!("CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"))
                .await?;
        }
        Self::run(&mut admin, format!("GRANT CONNECT, TEMPORARY ON DATABASE {making} TO {name}")).await?;
        let mut connection = self.admin.clone().database(&making).connect().await.map_err(trouble)?;
        session::write_marker(&mut connection, lock).await.map_err(trouble)?;
        for sql in [
            "REVOKE ALL ON SCHEMA public FROM PUBLIC".to_owned(),
            format!("GRANT USAGE ON SCHEMA public TO {name}"),
            format!(
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {name}"
            ),
            format!("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {name}"),
        ] {
            Self::run(&mut connection, sql).await?;
        }
        connection.close().await.map_err(trouble)?;
        // The server ends a session a moment after its client has gone.
        Self::run(&mut admin, format!("ALTER DATABASE {making} ALLOW_CONNECTIONS false")).await?;
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
            .bind(&making)
            .execute(&mut admin)
            .await
            .map_err(trouble)?;
        // Both in one message, which is one transaction: a database with its name lets connections in.
        let publish =
            format!("ALTER DATABASE {making} RENAME TO {name}; ALTER DATABASE {name} ALLOW_CONNECTIONS true");
        sqlx::raw_sql(AssertSqlSafe(publish)).execute(&mut admin).await.map(|_| ()).map_err(trouble)
    }

    async fn remove(&self, name: &DatabaseName, marker: &Marker) -> Result<bool, EngineError> {
        match self.look_up(name).await? {
            Presence::Absent => return Ok(false),
            Presence::Ours(found) | Presence::Shut(found) if found == *marker => {}
            Presence::Ours(_) | Presence::Shut(_) | Presence::Foreign(_) => {
                return Err(EngineError::Foreign(format!("The database {name} is not what this job made")));
            }
        }
        let mut admin = self.admin().await?;
        Self::run(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        Self::run(&mut admin, format!("DROP ROLE IF EXISTS {name}")).await?;
        Ok(true)
    }

    async fn shut(&self, _: &DatabaseName, _: &TenantLock) -> Result<(), EngineError> {
        Err(not_yet("Shutting a database away"))
    }

    async fn reopen(&self, _: &DatabaseName, _: &TenantLock) -> Result<(), EngineError> {
        Err(not_yet("Opening a database again"))
    }

    async fn create_from(&self, _: Origin<'_>, _: &DatabaseName, _: &TenantLock) -> Result<(), EngineError> {
        Err(not_yet("Making a database with the content of another"))
    }

    async fn save(&self, _: &DatabaseName, _: Uuid, _: &Path) -> Result<Saved, EngineError> {
        Err(not_yet("Saving a database into a file"))
    }

    async fn check_saved(&self, _: &Path, _: Uuid) -> Result<(), EngineError> {
        Err(not_yet("Checking a saved file"))
    }

    async fn forget_shut(&self, _: &DatabaseName, _: Uuid) -> Result<bool, EngineError> {
        Err(not_yet("Removing a database that was shut away"))
    }

    async fn remove_all(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        match self.look_up(name).await? {
            Presence::Absent => Ok(false),
            Presence::Ours(marker) | Presence::Shut(marker) if marker.tenant_id == tenant => {
                self.remove(name, &marker).await
            }
            Presence::Ours(_) | Presence::Shut(_) | Presence::Foreign(_) => {
                Err(EngineError::Foreign(format!("The database {name} is not this tenant's")))
            }
        }
    }

    async fn open(&self, name: &DatabaseName, lock: &TenantLock) -> Result<Box<dyn Session>, EngineError> {
        let connection = self.connect(name, lock.tenant_id).await?;
        Ok(Box::new(PostgresSession::new(connection, Some(*lock))))
    }

    async fn look(&self, name: &DatabaseName, tenant: Uuid) -> Result<Box<dyn Session>, EngineError> {
        let mut connection = self.connect(name, tenant).await?;
        Self::run(&mut connection, "SET default_transaction_read_only = on".to_owned()).await?;
        Ok(Box::new(PostgresSession::new(connection, None)))
    }

    async fn scratch(&self) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(PostgresSession::scratch(self.admin.clone()).await?))
    }

    fn address(&self, name: &DatabaseName) -> Vec<(&'static str, String)> {
        vec![
            ("Host", self.admin.get_host().to_owned()),
            ("Port", self.admin.get_port().to_string()),
            ("Database", name.to_string()),
            ("User", name.to_string()),
        ]
    }

    async fn size(&self, name: &DatabaseName) -> Option<u64> {
        let mut admin = self.admin().await.ok()?;
        let row = sqlx::query("SELECT pg_database_size(datname) FROM pg_database WHERE datname = $1")
            .bind(name.as_str())
            .fetch_optional(&mut admin)
            .await
            .ok()??;
        u64::try_from(row.try_get::<i64, _>(0).ok()?).ok()
    }
}
