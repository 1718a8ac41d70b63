//! A tenant's content, moved aside while a copy of another time takes its place, and back.
//!
//! A database cannot be renamed, but tables can be moved from one database to another, all in one statement, once triggers
//! are out of the way, and views and routines out of the copy's. So these are noted and dropped first, and made again when the tables are back. Nothing of
//! the content is ever copied or written anew.
//!
//! # After a kill
//! A row of `kept_contents` says how far it is, and is always written before what it allows:
//! - `moving`: content may be in both databases. Nothing is removed; whatever is aside goes back.
//! - `aside`: all content is aside. What is in its place is of a copy that is not whole, and may be removed.
//! - `filled`: a whole copy is in its place, and open. The content aside waits to be forgotten or taken back.
//! - `forgotten`: what is aside may be removed.
//!
//! [`Mover::settle`] brings a database out of every state but `filled` into one without a row, where the content is in its place.

use super::{
    MariaDb,
    accounts::{end_connections, lock_account},
    line::Line,
    server::{ensure, failed},
    words::identifier,
};
use crate::engine::{DatabaseName, EngineError, Marker, Presence, TenantLock};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Executor, Row, mysql::MySqlRow};
use std::fmt::Write as _;
use uuid::Uuid;

/// Our own tables for what is aside, beside the list of databases.
const TABLES: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS tenantry_server.own_key (
        only_row TINYINT NOT NULL PRIMARY KEY,
        value CHAR(64) CHARACTER SET ascii NOT NULL
    ) ENGINE=InnoDB COMMENT='What no tenant can guess, for the names of locks'",
    "CREATE TABLE IF NOT EXISTS tenantry_server.kept_contents (
        name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        phase VARCHAR(16) CHARACTER SET ascii NOT NULL,
        tenant_id CHAR(36) CHARACTER SET ascii NOT NULL,
        job_id CHAR(36) CHARACTER SET ascii NOT NULL,
        created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    ) ENGINE=InnoDB COMMENT='Databases whose content is aside while a copy has its place'",
    "CREATE TABLE IF NOT EXISTS tenantry_server.kept_definitions (
        name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        place INT NOT NULL,
        kind VARCHAR(16) CHARACTER SET ascii NOT NULL,
        object VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        made_by LONGTEXT CHARACTER SET utf8mb4 NOT NULL,
        mode TEXT CHARACTER SET ascii NOT NULL,
        is_broken TINYINT NOT NULL,
        PRIMARY KEY (name, place)
    ) ENGINE=InnoDB COMMENT='Routines, views and triggers of contents that are aside, in the order in which they are made'",
];

/// Seconds that one who moves a database's content waits for another.
const WAIT_FOR_OTHERS: i32 = 10;

/// How far a content is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Between its place and aside.
    Moving,
    /// Aside; what is in its place is not whole.
    Aside,
    /// Aside; a whole copy is in its place.
    Filled,
    /// To be removed.
    Forgotten,
}

impl Phase {
    fn word(self) -> &'static str {
        match self {
            Phase::Moving => "moving",
            Phase::Aside => "aside",
            Phase::Filled => "filled",
            Phase::Forgotten => "forgotten",
        }
    }

    fn read(word: &str) -> Option<Phase> {
        [Phase::Moving, Phase::Aside, Phase::Filled, Phase::Forgotten]
            .into_iter()
            .find(|phase| phase.word() == word)
    }
}

/// A content that is aside.
pub(super) struct Kept {
    pub(super) phase: Phase,
    /// Whose it is and who made it: what its database is marked with when it is back.
    pub(super) marker: Marker,
}

/// The only one who moves what a database holds, for as long as its connection lasts.
pub(super) struct Mover<'a> {
    pub(super) line: Line,
    pub(super) name: &'a DatabaseName,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A name for something that belongs to a database, made of the database's own.
fn derived(prefix: &str, of: &str) -> String {
    let digest = hex(&Sha256::digest(of));
    format!("{prefix}{}", digest.get(..32).unwrap_or_default())
}

impl MariaDb {
    /// Waits until nobody else moves what is in a database, and keeps others from it.
    pub(super) async fn hold<'a>(&self, name: &'a DatabaseName) -> Result<Mover<'a>, EngineError> {
        let mut line = self.admin_line().await?;
        Self::ensure_list(&mut line.connection).await?;
        ensure(&mut line.connection, "kept_definitions", &TABLES).await?;
        let mut mover = Mover { line, name };
        let key = mover.key().await?;
        let got = sqlx::query("SELECT GET_LOCK(?, ?)")
            .bind(derived("tenantry_", &format!("{key}{name}")))
            .bind(WAIT_FOR_OTHERS)
            .fetch_one(&mut mover.line.connection)
            .await
            .map_err(failed)?;
        if got.try_get::<Option<i64>, _>(0).ok().flatten() == Some(1) {
            Ok(mover)
        } else {
            mover.line.close().await;
            Err(EngineError::OutOfReach("Another worker is moving this tenant's database.".into()))
        }
    }

    /// Whether the content of a database is between two places, so that it cannot be looked at.
    pub(super) async fn is_on_its_way(&self, name: &DatabaseName) -> Result<bool, EngineError> {
        const NO_SUCH_TABLE: &str = "42S02";
        let row = sqlx::query(
            "SELECT 1 FROM tenantry_server.kept_contents WHERE name = ? AND phase IN ('moving', 'aside')",
        )
        .bind(name.as_str())
        .fetch_optional(&mut *self.admin().await?)
        .await;
        match row {
            Ok(row) => Ok(row.is_some()),
            Err(sqlx::Error::Database(cause)) if cause.code().as_deref() == Some(NO_SUCH_TABLE) => Ok(false),
            Err(cause) => Err(failed(cause)),
        }
    }
}

impl Mover<'_> {
    /// What no tenant knows, so that none can take a lock of ours.
    async fn key(&mut self) -> Result<String, EngineError> {
        let fresh: [u8; 32] = rand::random();
        sqlx::query("INSERT IGNORE INTO tenantry_server.own_key (only_row, value) VALUES (1, ?)")
            .bind(hex(&fresh))
            .execute(&mut self.line.connection)
            .await
            .map_err(failed)?;
        sqlx::query_scalar("SELECT value FROM tenantry_server.own_key")
            .fetch_one(&mut self.line.connection)
            .await
            .map_err(failed)
    }

    pub(super) async fn run(&mut self, statement: impl Into<String>) -> Result<(), EngineError> {
        self.line.connection.execute(AssertSqlSafe(statement.into())).await.map_err(failed)?;
        Ok(())
    }

    pub(super) async fn ask(&mut self, question: String) -> Result<Vec<MySqlRow>, EngineError> {
        sqlx::raw_sql(AssertSqlSafe(question)).fetch_all(&mut self.line.connection).await.map_err(failed)
    }

    pub(super) async fn presence(&mut self) -> Result<Presence, EngineError> {
        MariaDb::find(&mut self.line.connection, self.name).await
    }

    /// Takes the lock's place in the database; an older claim than the last one is refused.
    pub(super) async fn claim(&mut self, lock: &TenantLock) -> Result<Presence, EngineError> {
        let name = self.name;
        let presence = self.presence().await?;
        match &presence {
            Presence::Absent => return Err(EngineError::Missing(name.to_string())),
            Presence::Ours(marker) | Presence::Shut(marker) if marker.tenant_id == lock.tenant_id => {}
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!("The database {name} is another tenant's")));
            }
            Presence::Foreign(reason) => return Err(EngineError::Foreign(reason.clone())),
        }
        let raise = format!(
            "UPDATE {}.tenantry_owner SET fence = ? WHERE tenant_id = ? AND fence <= ?",
            identifier(name.as_str())
        );
        let ours = sqlx::query(AssertSqlSafe(raise))
            .persistent(false)
            .bind(lock.fence)
            .bind(lock.tenant_id.to_string())
            .bind(lock.fence)
            .execute(&mut self.line.connection)
            .await
            .map_err(failed)?;
        if ours.rows_affected() == 1 { Ok(presence) } else { Err(EngineError::Stale) }
    }

    /// What is aside.
    pub(super) async fn kept(&mut self) -> Result<Option<Kept>, EngineError> {
        let row =
            sqlx::query("SELECT phase, tenant_id, job_id FROM tenantry_server.kept_contents WHERE name = ?")
                .bind(self.name.as_str())
                .fetch_optional(&mut self.line.connection)
                .await
                .map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let id = |place: usize| row.try_get::<String, _>(place).ok()?.parse::<Uuid>().ok();
        let word: String = row.try_get(0).map_err(failed)?;
        match (Phase::read(&word), id(1), id(2)) {
            (Some(phase), Some(tenant_id), Some(job_id)) => {
                Ok(Some(Kept { phase, marker: Marker { tenant_id, job_id } }))
            }
            _ => Err(EngineError::Foreign(format!(
                "What is kept of the database {} cannot be read",
                self.name
            ))),
        }
    }

    /// Notes how far it is, together with who is in its place then.
    async fn set_phase(&mut self, phase: Phase, place: Option<(&Marker, bool)>) -> Result<(), EngineError> {
        self.run("START TRANSACTION").await?;
        sqlx::query("UPDATE tenantry_server.kept_contents SET phase = ? WHERE name = ?")
            .bind(phase.word())
            .bind(self.name.as_str())
            .execute(&mut self.line.connection)
            .await
            .map_err(failed)?;
        if let Some((marker, is_shut)) = place {
            sqlx::query("UPDATE tenantry_server.made_databases SET job_id = ?, is_shut = ? WHERE name = ?")
                .bind(marker.job_id.to_string())
                .bind(i64::from(is_shut))
                .bind(self.name.as_str())
                .execute(&mut self.line.connection)
                .await
                .map_err(failed)?;
        }
        self.run("COMMIT").await
    }

    /// Ends what one before us was stopped in. Afterwards a content is in its place, or a whole copy is.
    pub(super) async fn settle(&mut self) -> Result<(), EngineError> {
        match self.kept().await?.map(|kept| kept.phase) {
            None | Some(Phase::Filled) => Ok(()),
            Some(Phase::Moving | Phase::Aside) => self.give_back().await,
            Some(Phase::Forgotten) => self.drop_kept().await,
        }
    }

    /// Moves the content of a database that is shut aside, whole. Its place is empty then.
    pub(super) async fn move_aside(&mut self, marker: &Marker) -> Result<(), EngineError> {
        if self.kept().await?.is_some() {
            // Of a copy that was put in its place before, and was shut since: that copy is the content now.
            self.forget().await?;
        }
        let place = identifier(self.name.as_str());
        self.run(format!("USE {place}")).await?;
        let definitions = self.definitions().await?;
        self.note(marker, &definitions).await?;
        self.run(format!("CREATE DATABASE IF NOT EXISTS {}", identifier(&self.aside()))).await?;
        for one in definitions.iter().rev() {
            self.run(format!("DROP {} IF EXISTS {place}.{}", one.kind, identifier(&one.object))).await?;
        }
        let (from, to) = (self.name.to_string(), self.aside());
        self.move_tables(&from, &to).await?;
        self.set_phase(Phase::Aside, None).await
    }

    /// Says that the copy in its place is whole, and lets the application in.
    pub(super) async fn fill(&mut self, lock: &TenantLock) -> Result<(), EngineError> {
        let marker = Marker { tenant_id: lock.tenant_id, job_id: lock.job_id };
        self.set_phase(Phase::Filled, Some((&marker, false))).await?;
        lock_account(&mut self.line.connection, self.name, false).await
    }

    /// Takes a whole copy out of its place again; the content is back in it then, shut.
    pub(super) async fn take_back(&mut self, kept: &Kept) -> Result<(), EngineError> {
        lock_account(&mut self.line.connection, self.name, true).await?;
        end_connections(&mut self.line.connection, self.name).await?;
        self.set_phase(Phase::Aside, Some((&kept.marker, true))).await?;
        self.give_back().await
    }

    async fn give_back(&mut self) -> Result<(), EngineError> {
        if self.kept().await?.is_some_and(|kept| kept.phase == Phase::Aside) {
            self.empty().await?;
            self.set_phase(Phase::Moving, None).await?;
        }
        let (from, to) = (self.aside(), self.name.to_string());
        self.move_tables(&from, &to).await?;
        self.define().await?;
        self.drop_kept().await
    }

    /// Removes what is aside for good.
    pub(super) async fn forget(&mut self) -> Result<(), EngineError> {
        self.set_phase(Phase::Forgotten, None).await?;
        self.drop_kept().await
    }

    async fn drop_kept(&mut self) -> Result<(), EngineError> {
        self.run(format!("DROP DATABASE IF EXISTS {}", identifier(&self.aside()))).await?;
        self.run("START TRANSACTION").await?;
        for table in ["kept_definitions", "kept_contents"] {
            let remove = format!("DELETE FROM tenantry_server.{table} WHERE name = ?");
            sqlx::query(AssertSqlSafe(remove))
                .bind(self.name.as_str())
                .execute(&mut self.line.connection)
                .await
                .map_err(failed)?;
        }
        self.run("COMMIT").await
    }

    /// The database that its content is aside in. Tenants cannot see it.
    fn aside(&self) -> String {
        derived("tenantry_kept_", self.name.as_str())
    }

    /// Names of tables, or of views, in a database.
    pub(super) async fn objects(&mut self, database: &str, views: bool) -> Result<Vec<String>, EngineError> {
        let rows = sqlx::query(
            "SELECT table_name FROM information_schema.tables
             WHERE table_schema = ? AND (table_type = 'VIEW') = ? ORDER BY table_name",
        )
        .bind(database)
        .bind(views)
        .fetch_all(&mut self.line.connection)
        .await
        .map_err(failed)?;
        rows.iter().map(|row| row.try_get::<String, _>(0).map_err(failed)).collect()
    }

    /// What routines in a database are, and their names.
    async fn routines_of(&mut self, database: &str) -> Result<Vec<(String, String)>, EngineError> {
        sqlx::query_as(
            "SELECT routine_type, routine_name FROM information_schema.routines
             WHERE routine_schema = ? AND routine_type IN ('FUNCTION', 'PROCEDURE')",
        )
        .bind(database)
        .fetch_all(&mut self.line.connection)
        .await
        .map_err(failed)
    }

    async fn move_tables(&mut self, from: &str, to: &str) -> Result<(), EngineError> {
        let tables = self.objects(from, false).await?;
        if tables.is_empty() {
            return Ok(());
        }
        let moves: Vec<String> = tables
            .iter()
            .map(|table| {
                let table = identifier(table);
                format!("{}.{table} TO {}.{table}", identifier(from), identifier(to))
            })
            .collect();
        self.run(format!("RENAME TABLE {}", moves.join(", "))).await
    }

    /// Removes the tables, views, triggers and routines in its place.
    async fn empty(&mut self) -> Result<(), EngineError> {
        let name = self.name.to_string();
        let place = identifier(&name);
        self.run("SET SESSION foreign_key_checks = 0").await?;
        for (views, kind) in [(true, "VIEW"), (false, "TABLE")] {
            for object in self.objects(&name, views).await? {
                self.run(format!("DROP {kind} IF EXISTS {place}.{}", identifier(&object))).await?;
            }
        }
        for (kind, routine) in self.routines_of(&name).await? {
            self.run(format!("DROP {kind} IF EXISTS {place}.{}", identifier(&routine))).await?;
        }
        self.run("SET SESSION foreign_key_checks = 1").await
    }
}
