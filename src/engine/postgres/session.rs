//! Work on one database of a server: units with their ledger, and reading the live schema.

use super::{CREATE_COLLATION, engine::away, inspect};
use crate::{
    engine::{Applied, EngineError, Reading, Session, Statement, TenantLock, Unit},
    schema::Schema,
    sql::variables::Variables,
};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use uuid::Uuid;

/// The schema in which a tenant's tables are.
pub(super) const TENANT_SCHEMA: &str = "public";

/// The tables that every tenant's database has for Tenantry's own use, in a schema that its application cannot see.
const OWN_TABLES: &str = "
CREATE SCHEMA tenantry_own;
CREATE TABLE tenantry_own.tenantry_owner (
    only_row integer PRIMARY KEY CHECK (only_row = 1),
    tenant_id text NOT NULL,
    job_id text NOT NULL,
    fence bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE tenantry_own.tenantry_ledger (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id text NOT NULL,
    unit text NOT NULL,
    statements bigint NOT NULL,
    ended_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (job_id, unit)
);";

/// Writes the marker and an empty ledger into a new database.
pub(super) async fn write_marker(
    connection: &mut PgConnection,
    lock: &TenantLock,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(OWN_TABLES).execute(&mut *transaction).await?;
    sqlx::query(CREATE_COLLATION).execute(&mut *transaction).await?;
    sqlx::query(
        "INSERT INTO tenantry_own.tenantry_owner (only_row, tenant_id, job_id, fence) VALUES (1, $1, $2, $3)",
    )
    .bind(lock.tenant_id.to_string())
    .bind(lock.job_id.to_string())
    .bind(lock.fence)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// Whether the server or the way to it is in trouble, rather than the statement: connections, room, an operator, a lock.
fn is_machine_trouble(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "53", "57", "58", "55P03", "40"].iter().any(|class| code.starts_with(class))
        }),
        _ => true,
    }
}

/// A scratch database, gone when its session is.
pub(super) struct Scratch {
    pub admin: PgConnectOptions,
    pub name: String,
}

/// An open database.
pub struct PostgresSession {
    connection: PgConnection,
    lock: Option<TenantLock>,
    scratch: Option<Scratch>,
}

impl PostgresSession {
    pub(super) fn new(connection: PgConnection, lock: Option<TenantLock>) -> Self {
        PostgresSession { connection, lock, scratch: None }
    }

    /// A new scratch database, with its marker.
    pub(super) async fn scratch(admin: PgConnectOptions) -> Result<Self, EngineError> {
        let trouble = |cause: sqlx::Error| away("A scratch database cannot be made", cause);
        let name = format!("tenantry_scratch_{}", Uuid::now_v7().simple());
        let mut connection = admin.connect().await.map_err(trouble)?;
        let sql = format!("CREATE DATABASE {name} TEMPLATE template0");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.map_err(trouble)?;
        connection.close().await.map_err(trouble)?;
        let scratch = Scratch { admin: admin.clone(), name };
        let lock = TenantLock { tenant_id: Uuid::nil(), job_id: Uuid::nil(), fence: 0 };
        let mut session = match admin.database(&scratch.name).connect().await {
            Ok(connection) => Self { connection, lock: Some(lock), scratch: Some(scratch) },
            Err(cause) => {
                drop_scratch(&scratch).await;
                return Err(trouble(cause));
            }
        };
        // The session drops its database, whatever happens from here on.
        write_marker(&mut session.connection, &lock).await.map_err(trouble)?;
        Ok(session)
    }

    async fn run_all(
        connection: &mut PgConnection,
        unit: &str,
        statements: &[Statement],
        variables: &Variables,
    ) -> Result<u64, EngineError> {
        let mut rows = 0;
        for (index, statement) in statements.iter().enumerate() {
            let mut query = sqlx::query(AssertSqlSafe(statement.sql.clone()));
            for value in &statement.values {
                query = query.bind(variables.fill(value));
            }
            let is_read = statement.sql.starts_with("SELECT");
            match query.persistent(false).execute(&mut *connection).await {
                Ok(_) if is_read => {}
                Ok(done) => rows += done.rows_affected(),
                Err(cause) if is_machine_trouble(&cause) => {
                    return Err(away("The tenant's database cannot be written", cause));
                }
                Err(cause) => {
                    return Err(EngineError::Statement {
                        unit: unit.to_owned(),
                        index,
                        sql: statement.sql.clone(),
                        cause: cause.to_string(),
                    });
                }
            }
        }
        Ok(rows)
    }
}

async fn drop_scratch(scratch: &Scratch) {
    let drop = async {
        let mut admin = scratch.admin.connect().await?;
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", scratch.name);
        sqlx::query(AssertSqlSafe(sql)).execute(&mut admin).await?;
        admin.close().await
    };
    if let Err(cause) = drop.await {
        tracing::warn!(%cause, database = scratch.name, "A scratch database was not removed");
    }
}

impl Drop for PostgresSession {
    fn drop(&mut self) {
        if let Some(scratch) = self.scratch.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { drop_scratch(&scratch).await });
        }
    }
}

#[async_trait]
impl Session for PostgresSession {
    async fn apply(&mut self, unit: Unit<'_>) -> Result<Applied, EngineError> {
        let Some(lock) = self.lock else {
            return Err(EngineError::Stale);
        };
        let trouble = |cause: sqlx::Error| away("The tenant's database cannot be written", cause);
        let mut transaction = self.connection.begin().await.map_err(trouble)?;
        // A change that waits for a lock holds up everybody behind it, so it does not wait long.
        sqlx::raw_sql("SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '10min'")
            .execute(&mut *transaction)
            .await
            .map_err(trouble)?;
        let ours = sqlx::query(
            "UPDATE tenantry_own.tenantry_owner SET fence = $1 WHERE tenant_id = $2 AND fence <= $1",
        )
        .bind(lock.fence)
        .bind(lock.tenant_id.to_string())
        .execute(&mut *transaction)
        .await
        .map_err(trouble)?;
        if ours.rows_affected() != 1 {
            return Err(EngineError::Stale);
        }
        let before =
            sqlx::query("SELECT 1 FROM tenantry_own.tenantry_ledger WHERE job_id = $1 AND unit = $2")
                .bind(lock.job_id.to_string())
                .bind(unit.key)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(trouble)?;
        if before.is_some() {
            return Ok(Applied::Before);
        }
        let rows = Self::run_all(&mut transaction, unit.key, unit.statements, unit.variables).await?;
        sqlx::query(
            "INSERT INTO tenantry_own.tenantry_ledger (job_id, unit, statements) VALUES ($1, $2, $3)",
        )
        .bind(lock.job_id.to_string())
        .bind(unit.key)
        .bind(i64::try_from(unit.statements.len()).unwrap_or(i64::MAX))
        .execute(&mut *transaction)
        .await
        .map_err(trouble)?;
        transaction.commit().await.map_err(trouble)?;
        Ok(Applied::Now { rows })
    }

    async fn inspect(&mut self) -> Result<Schema, EngineError> {
        inspect(&mut self.connection, TENANT_SCHEMA)
            .await
            .map_err(|cause| away("The tenant's schema cannot be read", cause))
    }

    async fn read(self: Box<Self>) -> Result<Box<dyn Reading>, EngineError> {
        Err(EngineError::OutOfReach("Reading all rows of a PostgreSQL database is not known yet".into()))
    }

    async fn close(mut self: Box<Self>) {
        let scratch = self.scratch.take();
        if let Some(scratch) = scratch {
            drop_scratch(&scratch).await;
        }
    }
}
