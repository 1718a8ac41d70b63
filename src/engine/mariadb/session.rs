//! Work on one tenant's database, under the tenant's own account.

use super::{
    MariaDb,
    dialect::SAME_REFERENCES,
    fingerprint::{self, Kind},
    inspect::inspect,
    line::Line,
    others,
    scratch::Scratch,
    words::identifier,
};
use crate::{
    engine::{Applied, EngineError, Reading, Session, Statement, TenantLock, Unit},
    schema::Schema,
    sql::variables::Variables,
};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Executor, MySqlConnection, Row};
use std::{collections::BTreeMap, pin::pin, time::Duration};
use tokio::time::timeout;

/// The tables that every tenant's database has for Tenantry's own use. They are no part of the tenant's schema. The first
/// half of each statement is followed by the database and the second half.
pub(super) const OWN_TABLES: [(&str, &str); 2] = [
    (
        "CREATE TABLE IF NOT EXISTS",
        ".tenantry_owner (
            only_row TINYINT NOT NULL PRIMARY KEY,
            tenant_id CHAR(36) NOT NULL,
            job_id CHAR(36) NOT NULL,
            fence BIGINT NOT NULL,
            created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
        ) ENGINE=InnoDB DEFAULT CHARSET=ascii COMMENT='Whose database this is; belongs to Tenantry'",
    ),
    (
        "CREATE TABLE IF NOT EXISTS",
        ".tenantry_ledger (
            id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            job_id CHAR(36) NOT NULL,
            unit VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
            statement INT NOT NULL COMMENT 'Its place in the unit; -1 for the unit as a whole',
            looked CHAR(64) NULL COMMENT 'Fingerprint of the object before the statement',
            begun_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
            ended_at TIMESTAMP NULL,
            UNIQUE KEY one (job_id, unit, statement)
        ) ENGINE=InnoDB DEFAULT CHARSET=ascii COMMENT='What was done here, and by which job; belongs to Tenantry'",
    ),
];

/// The place of a unit's own row in the ledger.
const WHOLE: i32 = -1;

/// What the ledger says of a statement.
struct Noted {
    has_ended: bool,
    /// Fingerprint of its object before it.
    looked: Option<String>,
}

/// Seconds that a session waits for a session of the same tenant whose statement has not ended.
const WAIT_FOR_OTHERS: i32 = 20;

/// How long the server may take to stop a statement; it undoes what the statement has done.
const STOPPING: Duration = Duration::from_mins(10);

/// Trouble that is the server's, not the statement's.
pub(super) fn is_machine_trouble(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Database(cause) => {
            let number = cause
                .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
                .map_or(0, sqlx::mysql::MySqlDatabaseError::number);
            // Too many connections, out of memory or disk, shutting down, lock wait timeouts, deadlock, killed, read only,
            // cluster not ready.
            matches!(
                number,
                1037 | 1038
                    | 1040
                    | 1041
                    | 1021
                    | 1053
                    | 1135
                    | 1203
                    | 1205
                    | 1213
                    | 1226
                    | 1290
                    | 1317
                    | 1836
                    | 1927
                    | 1969
                    | 3024
                    | 1047
                    | 1114
            )
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// What to say where a server is away.
pub(super) fn away(what: &str, cause: &sqlx::Error) -> EngineError {
    EngineError::OutOfReach(format!("{what}: {cause}"))
}

/// A length of time, for a sentence.
fn in_words(length: Duration) -> String {
    match length.as_secs() {
        0 => format!("{} ms", length.as_millis()),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

/// An open database.
pub struct MariaDbSession {
    pub(super) line: Line,
    pub(super) database: String,
    pub(super) lock: Option<TenantLock>,
    pub(super) server: MariaDb,
    /// Removes a scratch database when the session is over.
    pub(super) scratch: Option<Scratch>,
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` gives")]
fn trouble(cause: sqlx::Error) -> EngineError {
    away("The tenant's database cannot be written", &cause)
}

impl MariaDbSession {
    /// Waits for another session of ours on this database, whose worker may be gone while its statement still runs.
    async fn be_alone(&mut self) -> Result<(), EngineError> {
        let row = sqlx::query("SELECT GET_LOCK(?, ?)")
            .bind(&self.database)
            .bind(WAIT_FOR_OTHERS)
            .fetch_one(&mut self.line.connection)
            .await
            .map_err(trouble)?;
        if row.try_get::<Option<i64>, _>(0).ok().flatten() == Some(1) {
            Ok(())
        } else {
            Err(EngineError::OutOfReach(
                "Another worker's statement still runs in the tenant's database; it is waited for.".into(),
            ))
        }
    }

    async fn leave(&mut self) {
        let _ =
            sqlx::query("DO RELEASE_LOCK(?)").bind(&self.database).execute(&mut self.line.connection).await;
    }

    /// Raises the fence in the marker to the lock's, unless a newer claim was here.
    async fn raise_fence(&mut self, lock: &TenantLock) -> Result<(), EngineError> {
        let ours = sqlx::query("UPDATE tenantry_owner SET fence = ? WHERE tenant_id = ? AND fence <= ?")
            .bind(lock.fence)
            .bind(lock.tenant_id.to_string())
            .bind(lock.fence)
            .execute(&mut self.line.connection)
            .await
            .map_err(trouble)?;
        if ours.rows_affected() == 1 { Ok(()) } else { Err(EngineError::Stale) }
    }

    /// What the ledger has of a unit, where somebody has dropped the ledger nothing: it is made again, as what other jobs did is
    /// of no matter any more.
    async fn known(&mut self, lock: &TenantLock, unit: &str) -> Result<BTreeMap<i32, Noted>, EngineError> {
        match self.ledger_of(lock, unit).await {
            Err(EngineError::OutOfReach(why)) if why.contains("tenantry_ledger' doesn't exist") => {
                let [_, (make, ledger)] = OWN_TABLES;
                let statement = format!("{make} {}{ledger}", identifier(&self.database));
                self.line.connection.execute(AssertSqlSafe(statement)).await.map_err(trouble)?;
                Ok(BTreeMap::new())
            }
            known => known,
        }
    }

    /// What the ledger has of a unit, by the place of the statement.
    async fn ledger_of(
        &mut self,
        lock: &TenantLock,
        unit: &str,
    ) -> Result<BTreeMap<i32, Noted>, EngineError> {
        let rows = sqlx::query(
            "SELECT statement, ended_at IS NOT NULL, looked FROM tenantry_ledger WHERE job_id = ? AND unit = ?",
        )
        .bind(lock.job_id.to_string())
        .bind(unit)
        .fetch_all(&mut self.line.connection)
        .await
        .map_err(trouble)?;
        let mut all = BTreeMap::new();
        for row in rows {
            let has_ended = row.try_get::<i64, _>(1).map_err(trouble)? == 1;
            let looked = row.try_get(2).map_err(trouble)?;
            all.insert(row.try_get(0).map_err(trouble)?, Noted { has_ended, looked });
        }
        Ok(all)
    }

    /// Writes rows of the ledger, all of them or none: one way to the disk.
    async fn note(
        &mut self,
        lock: &TenantLock,
        unit: &str,
        rows: &[(i32, Noted)],
    ) -> Result<(), EngineError> {
        if rows.is_empty() {
            return Ok(());
        }
        let marks = vec!["(?, ?, ?, ?, IF(?, CURRENT_TIMESTAMP, NULL))"; rows.len()].join(", ");
        let text = format!(
            "INSERT INTO tenantry_ledger (job_id, unit, statement, looked, ended_at) VALUES {marks}
             ON DUPLICATE KEY UPDATE ended_at = VALUES(ended_at)"
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for (place, noted) in rows {
            query = query
                .bind(lock.job_id.to_string())
                .bind(unit)
                .bind(place)
                .bind(noted.looked.as_deref())
                .bind(noted.has_ended);
        }
        query.execute(&mut self.line.connection).await.map_err(trouble)?;
        Ok(())
    }

    async fn run(
        &mut self,
        unit: &Unit<'_>,
        place: usize,
        statement: &Statement,
    ) -> Result<u64, EngineError> {
        let failure = |cause: String| EngineError::Statement {
            unit: unit.key.to_owned(),
            index: place,
            sql: statement.sql.clone(),
            cause,
        };
        let deadline = self.server.deadline;
        let mut running = pin!(run_one(&mut self.line.connection, statement, unit.variables));
        match timeout(deadline, &mut running).await {
            Ok(done) => {
                return done.map_err(|cause| {
                    if is_machine_trouble(&cause) { trouble(cause) } else { failure(cause.to_string()) }
                });
            }
            Err(_) => self.server.kill("QUERY", self.line.id).await,
        }
        match timeout(STOPPING, running).await {
            // It ended at that very moment.
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(_)) => Err(failure(format!("it ran for {} and was stopped", in_words(deadline)))),
            Err(_) => Err(EngineError::OutOfReach(
                "The database server does not stop a statement that ran for too long.".into(),
            )),
        }
    }

    /// A structure statement between what the ledger says of it: that it was begun, and how its object looked then, before; and
    /// that it has ended, after. The latter is left in `open`, to be written with what comes next.
    async fn structure(
        &mut self,
        lock: &TenantLock,
        unit: &Unit<'_>,
        (place, object): (usize, Option<&str>),
        before: Option<&Noted>,
        open: &mut Vec<(i32, Noted)>,
    ) -> Result<(), EngineError> {
        let Some(statement) = unit.statements.get(place) else { return Ok(()) };
        let number = number_of(place);
        if before.is_some_and(|before| before.has_ended) {
            return Ok(());
        }
        let database = self.database.clone();
        let now = fingerprint::now(&mut self.line.connection, &database, object).await.map_err(trouble)?;
        match before {
            // It was begun, and its object has changed since: only this statement can have done that.
            Some(before) if before.looked.as_deref() != Some(now.as_str()) => {}
            Some(_) => {
                self.run(unit, place, statement).await?;
            }
            None => {
                open.push((number, Noted { has_ended: false, looked: Some(now.clone()) }));
                self.note(lock, unit.key, open).await?;
                open.clear();
                if let Err(failure) = self.run(unit, place, statement).await {
                    // A statement that was refused did not happen: what is tried next begins it anew.
                    if matches!(failure, EngineError::Statement { .. }) {
                        self.forget(lock, unit.key, number).await?;
                    }
                    return Err(failure);
                }
            }
        }
        open.push((number, Noted { has_ended: true, looked: Some(now) }));
        Ok(())
    }

    async fn forget(&mut self, lock: &TenantLock, unit: &str, place: i32) -> Result<(), EngineError> {
        sqlx::query("DELETE FROM tenantry_ledger WHERE job_id = ? AND unit = ? AND statement = ?")
            .bind(lock.job_id.to_string())
            .bind(unit)
            .bind(place)
            .execute(&mut self.line.connection)
            .await
            .map_err(trouble)?;
        Ok(())
    }

    /// Statements over rows that follow each other, in one transaction with their row of the ledger, and with those in `open`.
    async fn rows(
        &mut self,
        lock: &TenantLock,
        unit: &Unit<'_>,
        places: std::ops::Range<usize>,
        open: &mut Vec<(i32, Noted)>,
    ) -> Result<u64, EngineError> {
        let last = number_of(places.end) - 1;
        self.line.connection.execute("START TRANSACTION").await.map_err(trouble)?;
        let mut changed = 0;
        let mut failed = None;
        for place in places {
            let Some(statement) = unit.statements.get(place) else { break };
            match self.run(unit, place, statement).await {
                Ok(rows) => changed += rows,
                Err(failure) => {
                    failed = Some(failure);
                    break;
                }
            }
        }
        if failed.is_none() {
            open.push((last, Noted { has_ended: true, looked: None }));
            failed = self.note(lock, unit.key, open).await.err();
        }
        match failed {
            None => {
                self.line.connection.execute("COMMIT").await.map_err(trouble)?;
                open.clear();
                Ok(changed)
            }
            Some(failure) => {
                let _ = self.line.connection.execute("ROLLBACK").await;
                Err(failure)
            }
        }
    }

    async fn apply_alone(&mut self, lock: &TenantLock, unit: &Unit<'_>) -> Result<Applied, EngineError> {
        self.raise_fence(lock).await?;
        let known = self.known(lock, unit.key).await?;
        if known.contains_key(&WHOLE) {
            return Ok(Applied::Before);
        }
        let mut rows = 0;
        let mut place = 0;
        // What has happened and is not in the ledger yet. After a kill it is known all the same, by how its object looks.
        let mut open = Vec::new();
        let kinds: Vec<Kind> =
            unit.statements.iter().map(|statement| fingerprint::kind(&statement.sql)).collect();
        while let Some(kind) = kinds.get(place) {
            match kind {
                Kind::Structure(object) => {
                    let before = known.get(&number_of(place));
                    self.structure(lock, unit, (place, object.as_deref()), before, &mut open).await?;
                    place += 1;
                }
                Kind::Rows => {
                    let more = kinds.iter().skip(place).take_while(|kind| **kind == Kind::Rows).count();
                    let end = place + more;
                    let has_ended = known.get(&(number_of(end) - 1)).is_some_and(|noted| noted.has_ended);
                    if !has_ended {
                        rows += self.rows(lock, unit, place..end, &mut open).await?;
                    }
                    place = end;
                }
            }
        }
        open.push((WHOLE, Noted { has_ended: true, looked: None }));
        self.note(lock, unit.key, &open).await?;
        Ok(Applied::Now { rows })
    }
}

/// The place of a statement, as the ledger has it.
fn number_of(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}

/// Whether the server only refuses a statement because a foreign key is over a column that it changes.
fn is_over_a_foreign_key(cause: &sqlx::Error) -> bool {
    const COLUMN_OF_A_FOREIGN_KEY: u16 = 1832;
    let sqlx::Error::Database(cause) = cause else { return false };
    let of_server = cause.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>();
    of_server.is_some_and(|cause| cause.number() == COLUMN_OF_A_FOREIGN_KEY)
}

async fn run_one(
    connection: &mut MySqlConnection,
    statement: &Statement,
    variables: &Variables,
) -> Result<u64, sqlx::Error> {
    if statement.values.is_empty() {
        let text = || AssertSqlSafe(statement.sql.clone());
        let done = match sqlx::raw_sql(text()).execute(&mut *connection).await {
            Err(cause) if is_over_a_foreign_key(&cause) && statement.sql.ends_with(SAME_REFERENCES) => {
                connection.execute("SET SESSION foreign_key_checks = 0").await?;
                let done = sqlx::raw_sql(text()).execute(&mut *connection).await;
                connection.execute("SET SESSION foreign_key_checks = 1").await?;
                done
            }
            done => done,
        };
        return Ok(done?.rows_affected());
    }
    let mut query = sqlx::query(AssertSqlSafe(statement.sql.clone())).persistent(false);
    for value in &statement.values {
        query = query.bind(variables.fill(value));
    }
    Ok(query.execute(connection).await?.rows_affected())
}

#[async_trait]
impl Session for MariaDbSession {
    async fn apply(&mut self, unit: Unit<'_>) -> Result<Applied, EngineError> {
        let Some(lock) = self.lock else {
            return Err(EngineError::Stale);
        };
        self.be_alone().await?;
        let applied = self.apply_alone(&lock, &unit).await;
        self.leave().await;
        applied
    }

    async fn inspect(&mut self) -> Result<Schema, EngineError> {
        let unreadable = |cause| away("The tenant's schema cannot be read", &cause);
        let mut schema = inspect(&mut self.line.connection, &self.database).await.map_err(unreadable)?;
        let mut admin = self.server.admin().await?;
        for event in others::events(&mut admin, &self.database).await.map_err(unreadable)? {
            schema.others.insert(event.name.clone(), event);
        }
        Ok(schema)
    }

    async fn read(self: Box<Self>) -> Result<Box<dyn Reading>, EngineError> {
        Ok(Box::new(super::reading::MariaDbReading::begin(*self).await?))
    }

    async fn close(self: Box<Self>) {
        let MariaDbSession { line, scratch, .. } = *self;
        line.close().await;
        if let Some(scratch) = scratch {
            scratch.remove().await;
        }
    }
}
