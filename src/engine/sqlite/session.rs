//! Work on one SQLite file: units with their ledger, and reading the live schema.

use super::{
    engine::{away, is_machine_trouble, options},
    inspect::{Seen, inspect_again},
    reading::SqliteReading,
};
use crate::{
    engine::{Applied, DatabaseName, EngineError, Reading, Session, Statement, TenantLock, Unit},
    schema::Schema,
    sql::variables::Variables,
};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use std::path::PathBuf;
use uuid::Uuid;

/// The marker that every tenant's database has for Tenantry's own use; like the ledger it is no part of the tenant's schema.
pub(super) const OWNER: &str = "
CREATE TABLE tenantry_owner (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    tenant_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    fence INTEGER NOT NULL,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);";

/// The one of them in which each unit has a row.
pub(super) const LEDGER: &str = "
CREATE TABLE IF NOT EXISTS tenantry_ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL,
    unit TEXT NOT NULL,
    statements INTEGER NOT NULL,
    ended_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (job_id, unit)
);";

/// Writes the marker and an empty ledger into a new file, durably.
pub(super) async fn write_marker(
    connection: &mut SqliteConnection,
    lock: &TenantLock,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(OWNER).execute(&mut *transaction).await?;
    sqlx::raw_sql(LEDGER).execute(&mut *transaction).await?;
    write_owner(&mut transaction, lock).await?;
    transaction.commit().await
}

/// Says whose a database is; its values are a lock's tenant, job and number.
pub(super) const INSERT_OWNER: &str =
    "INSERT INTO tenantry_owner (only_row, tenant_id, job_id, fence) VALUES (1, ?, ?, ?)";

/// Writes whose a database is.
async fn write_owner(connection: &mut SqliteConnection, lock: &TenantLock) -> Result<(), sqlx::Error> {
    sqlx::query(INSERT_OWNER)
        .bind(lock.tenant_id.to_string())
        .bind(lock.job_id.to_string())
        .bind(lock.fence)
        .execute(connection)
        .await?;
    Ok(())
}

/// What statements are run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// A tenant's file.
    File,
    /// A scratch database: what is full there is the room that a template gets.
    Scratch,
}

/// Whether a statement adds, changes or removes rows.
fn changes_rows(sql: &str) -> bool {
    let word = sql.trim_start().split(|sign: char| !sign.is_ascii_alphabetic()).next().unwrap_or_default();
    ["INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Runs statements of a unit in the caller's transaction; gives the rows that they added or changed.
pub(super) async fn run_all(
    connection: &mut SqliteConnection,
    unit: &str,
    statements: &[Statement],
    variables: &Variables,
    base: Base,
) -> Result<u64, EngineError> {
    let mut rows = 0;
    for (index, statement) in statements.iter().enumerate() {
        let mut query = sqlx::query(AssertSqlSafe(statement.sql.clone()));
        for value in &statement.values {
            query = query.bind(variables.fill(value));
        }
        match query.persistent(false).execute(&mut *connection).await {
            // After another statement SQLite still tells the number of the one before.
            Ok(done) if changes_rows(&statement.sql) => rows += done.rows_affected(),
            Ok(_) => {}
            Err(cause) if is_machine_trouble(&cause) && base != Base::Scratch => {
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

/// Refuses rows that refer to rows which are not there.
async fn check_references(connection: &mut SqliteConnection, unit: &str) -> Result<(), EngineError> {
    let dangling = sqlx::query("PRAGMA foreign_key_check")
        .fetch_optional(&mut *connection)
        .await
        .map_err(|cause| away("The tenant's database cannot be read", cause))?;
    let Some(row) = dangling else { return Ok(()) };
    let table: String = row.try_get_unchecked(0).unwrap_or_default();
    let parent: String = row.try_get_unchecked(2).unwrap_or_default();
    Err(EngineError::Dangling(format!(
        "After {unit}, rows of {table} refer to rows of {parent} that are not there"
    )))
}

/// Makes a copied file the lock's tenant's own. Its ledger keeps what was done before, and says where it came from.
pub(super) async fn hand_over(
    connection: &mut SqliteConnection,
    lock: &TenantLock,
    from: Uuid,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query(
        "UPDATE tenantry_owner SET tenant_id = ?, job_id = ?, fence = ?, created_at = CURRENT_TIMESTAMP",
    )
    .bind(lock.tenant_id.to_string())
    .bind(lock.job_id.to_string())
    .bind(lock.fence)
    .execute(&mut *transaction)
    .await?;
    sqlx::query("INSERT INTO tenantry_ledger (job_id, unit, statements) VALUES (?, ?, 0)")
        .bind(lock.job_id.to_string())
        .bind(format!("copied from {from}"))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

/// An open file.
pub struct SqliteSession {
    connection: SqliteConnection,
    lock: Option<TenantLock>,
    is_scratch: bool,
    /// `None` where it is in memory only.
    file: Option<PathBuf>,
    seen: Seen,
}

/// Templates come from strangers, and a statement may make rows without end: so much work and so much memory a scratch
/// database gets, and then the statement is refused. The largest template of ours takes a hundredth of either.
async fn bound(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    const STEPS_BETWEEN_LOOKS: i32 = 100_000;
    const MOST_LOOKS: u32 = 5_000;
    sqlx::query("PRAGMA max_page_count = 32768").execute(&mut *connection).await?;
    let mut looks = 0;
    connection.lock_handle().await?.set_progress_handler(STEPS_BETWEEN_LOOKS, move || {
        looks += 1;
        looks < MOST_LOOKS
    });
    Ok(())
}

impl SqliteSession {
    pub(super) async fn open(
        options: SqliteConnectOptions,
        name: &DatabaseName,
        tenant: Uuid,
        lock: Option<TenantLock>,
    ) -> Result<Self, EngineError> {
        if !options.get_filename().is_file() {
            return Err(EngineError::Missing(name.to_string()));
        }
        let file = options.get_filename().to_owned();
        let mut connection =
            options.connect().await.map_err(|cause| away("The tenant's database cannot be opened", cause))?;
        let owner = sqlx::query("SELECT tenant_id, EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'tenantry_shut') FROM tenantry_owner")
            .fetch_optional(&mut connection)
            .await;
        match owner {
            Ok(Some(row)) if row.try_get::<bool, _>(1).unwrap_or_default() => {
                return Err(EngineError::Shut(name.to_string()));
            }
            Ok(Some(row)) if row.try_get::<String, _>(0).is_ok_and(|id| id == tenant.to_string()) => {}
            Err(cause) if is_machine_trouble(&cause) => {
                return Err(away("The tenant's database cannot be read", cause));
            }
            _ => {
                return Err(EngineError::Foreign(format!(
                    "The database {name} is not marked as this tenant's"
                )));
            }
        }
        Ok(SqliteSession { connection, lock, is_scratch: false, file: Some(file), seen: Seen::default() })
    }

    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    pub(super) async fn scratch() -> Result<Self, EngineError> {
        let trouble = |cause| away("A scratch database cannot be made", cause);
        let lock = TenantLock { tenant_id: Uuid::nil(), job_id: Uuid::nil(), fence: 0 };
        let mut connection = options(std::path::Path::new(":memory:")).connect().await.map_err(trouble)?;
        write_marker(&mut connection, &lock).await.map_err(trouble)?;
        bound(&mut connection).await.map_err(trouble)?;
        Ok(SqliteSession {
            connection,
            lock: Some(lock),
            is_scratch: true,
            file: None,
            seen: Seen::default(),
        })
    }
}

#[async_trait]
impl Session for SqliteSession {
    async fn apply(&mut self, unit: Unit<'_>) -> Result<Applied, EngineError> {
        let Some(lock) = self.lock else {
            return Err(EngineError::Stale);
        };
        let trouble = |cause| away("The tenant's database cannot be written", cause);
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await.map_err(trouble)?;
        let ours = sqlx::query("UPDATE tenantry_owner SET fence = ? WHERE tenant_id = ? AND fence <= ?")
            .bind(lock.fence)
            .bind(lock.tenant_id.to_string())
            .bind(lock.fence)
            .execute(&mut *transaction)
            .await
            .map_err(trouble)?;
        if ours.rows_affected() != 1 {
            return Err(EngineError::Stale);
        }
        // Where somebody has dropped it, what other jobs did is of no matter any more.
        sqlx::raw_sql(LEDGER).execute(&mut *transaction).await.map_err(trouble)?;
        let before = sqlx::query("SELECT 1 FROM tenantry_ledger WHERE job_id = ? AND unit = ?")
            .bind(lock.job_id.to_string())
            .bind(unit.key)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(trouble)?;
        if before.is_some() {
            return Ok(Applied::Before);
        }
        let base = if self.is_scratch { Base::Scratch } else { Base::File };
        let rows = run_all(&mut transaction, unit.key, unit.statements, unit.variables, base).await?;
        check_references(&mut transaction, unit.key).await?;
        sqlx::query("INSERT INTO tenantry_ledger (job_id, unit, statements) VALUES (?, ?, ?)")
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
        inspect_again(&mut self.connection, &mut self.seen)
            .await
            .map_err(|cause| EngineError::OutOfReach(format!("The tenant's schema cannot be read: {cause}")))
    }

    async fn read(self: Box<Self>) -> Result<Box<dyn Reading>, EngineError> {
        Ok(Box::new(SqliteReading::begin(self.connection, self.file.as_deref()).await?))
    }

    async fn close(self: Box<Self>) {
        if let Err(cause) = self.connection.close().await {
            tracing::warn!(%cause, "A tenant's file was not closed cleanly");
        }
    }
}
