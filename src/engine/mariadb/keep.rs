//! Copies of databases: into a file, and from a file or another database into a new one.
//!
//! A file has one line for each statement, between a line that says whose copy it is and one that says that it is whole.

use super::{
    engine::no_such_place,
    reading::MariaDbReading,
    server::{MariaDb, failed},
    session::MariaDbSession,
    words::identifier,
};
use crate::engine::{DatabaseName, EngineError, Marker, Origin, Presence, Reading, Saved, TenantLock};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// The form of the files that this version writes.
const FORM: u32 = 1;
/// Statements in one transaction while a copy is put into a database.
const TOGETHER: usize = 500;

/// A line of a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The first: whose copy it is.
    Head { form: u32, tenant: Uuid },
    /// A statement.
    Sql(String),
    /// The last: how many statements there are.
    End { statements: u64 },
}

fn disk(cause: &io::Error) -> EngineError {
    EngineError::OutOfReach(format!("A copy cannot be written or read: {cause}"))
}

/// Writes lines, counts them and keeps their checksum.
struct Lines {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
    statements: u64,
}

impl Lines {
    fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line).map_err(io::Error::other)?;
        text.push(b'\n');
        self.statements += u64::from(matches!(line, Line::Sql(_)));
        self.bytes += text.len() as u64;
        self.hash.update(&text);
        self.file.write_all(&text)
    }

    fn sql(&mut self, statement: &[u8]) -> io::Result<()> {
        let text = std::str::from_utf8(statement).map_err(io::Error::other)?;
        self.write(&Line::Sql(text.trim_end().trim_end_matches(';').to_owned()))
    }
}

/// Writes everything that a reading gives into a file that is complete or not there.
async fn write(reading: &mut MariaDbReading, tenant: Uuid, file: &Path) -> Result<Saved, EngineError> {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let opened = File::create(&part).map_err(|cause| disk(&cause))?;
    let mut lines = Lines { file: BufWriter::new(opened), hash: Sha256::new(), bytes: 0, statements: 0 };
    let written = async {
        lines.write(&Line::Head { form: FORM, tenant })?;
        for statement in reading.structure() {
            lines.sql(statement.as_bytes())?;
        }
        let insert = reading.inserter();
        for table in reading.tables().to_vec() {
            let mut statement = Vec::new();
            reading
                .rows(&table, &mut |row| {
                    statement.clear();
                    insert(&table, row, &mut statement)?;
                    lines.sql(&statement)
                })
                .await
                .map_err(|cause| io::Error::other(cause.to_string()))?;
        }
        for statement in reading.later() {
            lines.sql(statement.as_bytes())?;
        }
        let statements = lines.statements;
        lines.write(&Line::End { statements })?;
        lines.file.flush()?;
        lines.file.get_ref().sync_all()?;
        fs::rename(&part, file)?;
        if let Some(folder) = file.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok::<(), io::Error>(())
    };
    if let Err(cause) = written.await {
        let _ = fs::remove_file(&part);
        return Err(disk(&cause));
    }
    let checksum = lines.hash.finalize().iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    });
    Ok(Saved { bytes: lines.bytes, checksum })
}

fn next(lines: &mut impl Iterator<Item = io::Result<String>>) -> Result<Option<Line>, EngineError> {
    let Some(text) = lines.next() else { return Ok(None) };
    let text = text.map_err(|cause| disk(&cause))?;
    serde_json::from_str(&text).map(Some).map_err(|_| not_whole())
}

fn not_whole() -> EngineError {
    EngineError::Foreign("The copy is damaged or not a whole one.".into())
}

/// Whether a file is a whole copy of a tenant's database.
fn check(file: &Path, tenant: Uuid) -> Result<(), EngineError> {
    let mut lines = BufReader::new(File::open(file).map_err(|cause| disk(&cause))?).lines();
    match next(&mut lines)? {
        Some(Line::Head { form: FORM, tenant: of }) if of == tenant => {}
        Some(Line::Head { form, .. }) if form > FORM => {
            return Err(EngineError::Foreign("The copy was made by a newer version.".into()));
        }
        _ => return Err(EngineError::Foreign("The file is no copy of this tenant's database.".into())),
    }
    let mut number = 0;
    loop {
        match next(&mut lines)? {
            Some(Line::Sql(_)) => number += 1,
            Some(Line::End { statements }) if statements == number => return Ok(()),
            _ => return Err(not_whole()),
        }
    }
}

/// Puts a copy into an empty database.
async fn put(connection: &mut MySqlConnection, file: &Path) -> Result<(), EngineError> {
    let settings =
        "SET SESSION foreign_key_checks = 0, sql_mode = 'STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO'";
    connection.execute(settings).await.map_err(failed)?;
    let mut lines = BufReader::new(File::open(file).map_err(|cause| disk(&cause))?).lines();
    let mut open = 0;
    while let Some(line) = next(&mut lines)? {
        let Line::Sql(statement) = line else { continue };
        if open == 0 {
            connection.execute("START TRANSACTION").await.map_err(failed)?;
        }
        connection.execute(AssertSqlSafe(statement)).await.map_err(failed)?;
        open = (open + 1) % TOGETHER;
        if open == 0 {
            connection.execute("COMMIT").await.map_err(failed)?;
        }
    }
    connection.execute("COMMIT").await.map_err(failed)?;
    Ok(())
}

impl MariaDb {
    /// A reading of a tenant's database, open or shut away.
    async fn reading(&self, name: &DatabaseName, tenant: Uuid) -> Result<MariaDbReading, EngineError> {
        let session = match self.session(name, tenant, None).await {
            // The tenant's account is locked then.
            Err(EngineError::Shut(_)) => self.as_admin(name).await?,
            session => session?,
        };
        MariaDbReading::begin(session).await
    }

    /// Saves a database as it is at one moment.
    pub(super) async fn save_to(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
        file: &Path,
    ) -> Result<Saved, EngineError> {
        let mut reading = self.reading(name, tenant).await?;
        let saved = write(&mut reading, tenant, file).await;
        Box::new(reading).close().await;
        saved
    }

    /// Whether a file is a whole copy of a tenant's database.
    pub(super) async fn check_copy(&self, file: &Path, tenant: Uuid) -> Result<(), EngineError> {
        let file = file.to_owned();
        let checked = tokio::task::spawn_blocking(move || check(&file, tenant)).await;
        checked.map_err(|cause| EngineError::OutOfReach(cause.to_string()))?
    }

    /// Makes a database with the content of another, or finds it made.
    pub(super) async fn copy_to(
        &self,
        origin: Origin<'_>,
        name: &DatabaseName,
        lock: &TenantLock,
    ) -> Result<(), EngineError> {
        let ours = Marker { tenant_id: lock.tenant_id, job_id: lock.job_id };
        match self.presence(name).await? {
            Presence::Absent => {}
            Presence::Ours(marker) if marker == ours => {
                if self.is_copied(name, lock).await? {
                    return Ok(());
                }
                // A kill stopped it in the middle.
                self.drop_all(name).await?;
            }
            Presence::Shut(_) => return Err(no_such_place()),
            Presence::Ours(_) => {
                return Err(EngineError::Foreign(format!("The database {name} has another owner")));
            }
            Presence::Foreign(reason) => return Err(EngineError::Foreign(reason)),
        }
        let (file, from, is_ours) = match origin {
            Origin::File(file, from) => (file.to_owned(), from, false),
            Origin::Database(source, from) => {
                let file = self.folder.join(format!("{}.copy", lock.job_id));
                fs::create_dir_all(&self.folder).map_err(|cause| disk(&cause))?;
                self.save_to(source, from, &file).await?;
                (file, from, true)
            }
        };
        let copied = async {
            self.check_copy(&file, from).await?;
            self.make(name, lock).await?;
            let MariaDbSession { mut connection, id, place, .. } = self.as_admin(name).await?;
            let put = put(&mut connection, &file).await;
            let noted = match put {
                Ok(()) => sqlx::query(
                    "INSERT INTO tenantry_ledger (job_id, unit, statement, ended_at) VALUES (?, ?, -1, CURRENT_TIMESTAMP)",
                )
                .bind(lock.job_id.to_string())
                .bind(format!("copied from {from}"))
                .execute(&mut connection)
                .await
                .map(|_| ())
                .map_err(failed),
                Err(cause) => Err(cause),
            };
            let _ = connection.close().await;
            self.gone(id).await;
            drop(place);
            noted
        };
        let copied = copied.await;
        if is_ours {
            let _ = fs::remove_file(&file);
        }
        copied
    }

    async fn is_copied(&self, name: &DatabaseName, lock: &TenantLock) -> Result<bool, EngineError> {
        let question = format!(
            "SELECT 1 FROM {}.tenantry_ledger WHERE job_id = ? AND unit LIKE 'copied from %' AND ended_at IS NOT NULL",
            identifier(name.as_str())
        );
        let mut admin = self.admin().await?;
        let row = sqlx::query(AssertSqlSafe(question))
            .persistent(false)
            .bind(lock.job_id.to_string())
            .fetch_optional(&mut *admin)
            .await;
        match row {
            Ok(row) => Ok(row.is_some()),
            // It was stopped before its ledger was there.
            Err(sqlx::Error::Database(cause)) if cause.code().as_deref() == Some("42S02") => Ok(false),
            Err(cause) => Err(failed(cause)),
        }
    }
}
