//! Work on one database of a server: units with their ledger, and reading the live schema.

use super::{
    inspect,
    marks::not_marked,
    server::{Held, Postgres, away, code},
    snapshot::PostgresReading,
    templates::ledger,
};
use crate::{
    engine::{Applied, DatabaseName, EngineError, Reading, Session, Statement, TenantLock, Unit},
    schema::Schema,
    sql::variables::Variables,
};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

/// PostgreSQL's number for a table that is not there.
const NO_SUCH_TABLE: &str = "42P01";

/// Whether the server or the way to it is in trouble, rather than the statement: connections, room, an operator, a lock, a
/// transaction that met another, a server that only reads for now.
pub(super) fn is_machine_trouble(cause: &sqlx::Error) -> bool {
    const CLASSES: [&str; 4] = ["08", "53", "57P", "58"];
    const CODES: [&str; 5] = ["40001", "40P01", "55P03", "55006", "25006"];
    match cause {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            CLASSES.iter().any(|class| code.starts_with(class)) || CODES.contains(&code.as_ref())
        }),
        _ => true,
    }
}

/// An open database, entered by its tenant's role.
pub struct PostgresSession {
    held: Held,
    lock: Option<TenantLock>,
    /// What else there is of it on the server while it is open.
    passing: Passing,
}

/// Raises the fence in the marker to the lock's, unless a newer claim was here.
pub(super) async fn raise_fence(
    connection: &mut PgConnection,
    own: &str,
    lock: &TenantLock,
) -> Result<(), EngineError> {
    let sql = format!("UPDATE {own}.tenantry_owner SET fence = $1 WHERE tenant_id = $2 AND fence <= $1");
    let ours = sqlx::query(AssertSqlSafe(sql))
        .bind(lock.fence)
        .bind(lock.tenant_id.to_string())
        .execute(connection)
        .await
        .map_err(|cause| away("The tenant's database cannot be written", cause))?;
    if ours.rows_affected() == 1 { Ok(()) } else { Err(EngineError::Stale) }
}

/// What goes with a session, at the latest when it is dropped.
pub(super) struct Passing(Option<(Postgres, What)>);

enum What {
    /// The role that a database was entered by.
    Guest { name: String, database: String },
    /// A database and its role of the same name.
    Scratch(String),
}

impl PostgresSession {
    pub(super) fn new(held: Held, lock: Option<TenantLock>, passing: Passing) -> Self {
        PostgresSession { held, lock, passing }
    }

    /// Whether the marker in the database says that it is the tenant's.
    pub(super) async fn check_owner(&mut self, name: &DatabaseName, tenant: Uuid) -> Result<(), EngineError> {
        let own = self.held.home.own();
        let sql = format!("SELECT 1 FROM {own}.tenantry_owner WHERE tenant_id = $1");
        let found = sqlx::query(AssertSqlSafe(sql))
            .persistent(false)
            .bind(tenant.to_string())
            .fetch_optional(&mut self.held.connection)
            .await;
        match found {
            Ok(Some(_)) => Ok(()),
            Err(cause) if is_machine_trouble(&cause) => {
                Err(away("The tenant's database cannot be read", cause))
            }
            _ => Err(not_marked(name)),
        }
    }

    /// Makes it one that changes nothing.
    pub(super) async fn only_look(&mut self) -> Result<(), EngineError> {
        sqlx::raw_sql("SET default_transaction_read_only = on")
            .execute(&mut self.held.connection)
            .await
            .map(|_| ())
            .map_err(|cause| away("The tenant's database cannot be read", cause))
    }

    /// Makes the ledger again where somebody has dropped it: what other jobs did is of no matter any more.
    async fn make_ledger(&mut self, lock: &TenantLock) -> Result<(), EngineError> {
        let trouble = |cause: sqlx::Error| away("The tenant's database cannot be written", cause);
        let own = self.held.home.own();
        let mut transaction = self.held.connection.begin().await.map_err(trouble)?;
        raise_fence(&mut transaction, &own, lock).await?;
        sqlx::raw_sql(AssertSqlSafe(ledger(&own))).execute(&mut *transaction).await.map_err(trouble)?;
        transaction.commit().await.map_err(trouble)
    }

    pub(super) fn into_parts(self) -> (Held, Passing) {
        (self.held, self.passing)
    }

    pub(super) async fn run_all(
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

impl Passing {
    pub(super) fn nothing() -> Self {
        Passing(None)
    }

    pub(super) fn guest(server: Postgres, name: String, database: String) -> Self {
        Passing(Some((server, What::Guest { name, database })))
    }

    pub(super) fn scratch(server: Postgres, name: String) -> Self {
        Passing(Some((server, What::Scratch(name))))
    }

    /// Removes it, once its connection is closed.
    pub(super) async fn remove(mut self) {
        if let Some((server, what)) = self.0.take() {
            remove(&server, &what).await;
        }
    }
}

async fn remove(server: &Postgres, what: &What) {
    let removed = match what {
        What::Guest { name, database } => server.remove_guest(name, database).await,
        What::Scratch(name) => server.remove_scratch(name).await,
    };
    if let Err(cause) = removed {
        tracing::warn!(%cause, "What belonged to a session could not be removed; it is swept away later");
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        if let Some((server, what)) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { remove(&server, &what).await });
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
        let own = self.held.home.own();
        let mut transaction = self.held.connection.begin().await.map_err(trouble)?;
        // A change that waits for a lock holds up everybody behind it, so it does not wait long.
        sqlx::raw_sql("SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '10min'")
            .execute(&mut *transaction)
            .await
            .map_err(trouble)?;
        raise_fence(&mut transaction, &own, &lock).await?;
        let sql = format!("SELECT 1 FROM {own}.tenantry_ledger WHERE job_id = $1 AND unit = $2");
        let before = sqlx::query(AssertSqlSafe(sql))
            .bind(lock.job_id.to_string())
            .bind(unit.key)
            .fetch_optional(&mut *transaction)
            .await;
        if let Err(cause) = &before
            && code(cause).as_deref() == Some(NO_SUCH_TABLE)
        {
            transaction.rollback().await.map_err(trouble)?;
            self.make_ledger(&lock).await?;
            return self.apply(unit).await;
        }
        if before.map_err(trouble)?.is_some() {
            return Ok(Applied::Before);
        }
        let rows = Self::run_all(&mut transaction, unit.key, unit.statements, unit.variables).await?;
        let sql = format!("INSERT INTO {own}.tenantry_ledger (job_id, unit, statements) VALUES ($1, $2, $3)");
        sqlx::query(AssertSqlSafe(sql))
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
        inspect(&mut self.held.connection, &self.held.home.schema)
            .await
            .map_err(|cause| away("The tenant's schema cannot be read", cause))
    }

    async fn read(self: Box<Self>) -> Result<Box<dyn Reading>, EngineError> {
        let (held, passing) = self.into_parts();
        Ok(Box::new(PostgresReading::begin(held, passing).await?))
    }

    async fn close(self: Box<Self>) {
        let (held, passing) = self.into_parts();
        close(held, passing).await;
    }
}

/// Ends a connection, and what goes with it.
pub(super) async fn close(held: Held, passing: Passing) {
    held.close().await;
    passing.remove().await;
}
