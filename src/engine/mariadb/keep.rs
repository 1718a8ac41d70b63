//! Copies of databases: into a file, and from a file or another database into a new one.
//!
//! A file has one line for each statement, between a line that says whose copy it is and one that says that it is whole.

use super::{
    accounts::{lock_account, whole_account},
    aside::Mover,
    engine::mark,
    reading::MariaDbReading,
    server::{MariaDb, SETTINGS, failed},
    shut::drop_database,
    words::identifier,
};
use crate::engine::{DatabaseName, EngineError, Marker, Origin, Presence, Reading, Saved, TenantLock};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Executor, MySqlConnection};
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

/// A statement that makes a view or a trigger, made for an account: whoever writes to the table, or reads a view, has what
/// it does done with that account's rights, and never with the administrator's.
fn made_for(statement: &str, account: &str) -> String {
    match statement.strip_prefix("CREATE ") {
        Some(rest) if !rest.starts_with("TABLE ") => {
            // ALGORITHM comes before the definer, everything else after it.
            let algorithm =
                if rest.starts_with("ALGORITHM=") { rest.find(' ').map_or(0, |at| at + 1) } else { 0 };
            let (before, after) = rest.split_at(algorithm);
            format!("CREATE {before}DEFINER = {account} {after}")
        }
        _ => statement.to_owned(),
    }
}

/// Puts a copy into an empty database, which the connection is in.
async fn put(connection: &mut MySqlConnection, file: &Path, account: &str) -> Result<(), EngineError> {
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
        let statement = made_for(&statement, account);
        connection.execute(AssertSqlSafe(statement)).await.map_err(failed)?;
        open = (open + 1) % TOGETHER;
        if open == 0 {
            connection.execute("COMMIT").await.map_err(failed)?;
        }
    }
    connection.execute("COMMIT").await.map_err(failed)?;
    connection.execute("SET SESSION foreign_key_checks = 1").await.map_err(failed)?;
    connection.execute(SETTINGS).await.map_err(failed)?;
    Ok(())
}

impl MariaDb {
    /// Saves a database as it is at one moment.
    pub(super) async fn save_to(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
        file: &Path,
    ) -> Result<Saved, EngineError> {
        let mut reading = MariaDbReading::begin(self.looking(name, tenant).await?).await?;
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
        if self.is_made(name, lock).await? {
            return Ok(());
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
        let copied = self.copy_file(&file, from, name, lock).await;
        if is_ours {
            let _ = fs::remove_file(&file);
        }
        copied
    }

    /// Whether an earlier run of the same job has put a whole copy there. It is let in, if that is left to do.
    async fn is_made(&self, name: &DatabaseName, lock: &TenantLock) -> Result<bool, EngineError> {
        let mut mover = self.hold(name).await?;
        let looked = mover.is_filled_by(lock).await;
        mover.line.close().await;
        looked
    }

    async fn copy_file(
        &self,
        file: &Path,
        from: Uuid,
        name: &DatabaseName,
        lock: &TenantLock,
    ) -> Result<(), EngineError> {
        self.check_copy(file, from).await?;
        let secret = self.secrets.of(lock.tenant_id).await?;
        let mut mover = self.hold(name).await?;
        let copied = mover.copy_in(file, from, lock, &secret).await;
        mover.line.close().await;
        copied
    }
}

impl Mover<'_> {
    async fn copy_in(
        &mut self,
        file: &Path,
        from: Uuid,
        lock: &TenantLock,
        secret: &str,
    ) -> Result<(), EngineError> {
        let name = self.name;
        let ours = Marker { tenant_id: lock.tenant_id, job_id: lock.job_id };
        if self.is_filled_by(lock).await? {
            return Ok(());
        }
        match self.presence().await? {
            Presence::Absent => {}
            // A kill stopped it in the middle.
            Presence::Ours(marker) if marker == ours => {
                drop_database(&mut self.line.connection, name).await?;
            }
            Presence::Shut(marker) if marker.tenant_id == lock.tenant_id => {
                self.claim(lock).await?;
                self.move_aside(&marker).await?;
                mark(&mut self.line.connection, name, lock).await?;
                if let Err(cause) = self.put_in(file, from, lock).await {
                    // Where the server is away, too, the next one does it.
                    let _ = self.settle().await;
                    return Err(cause);
                }
                return self.fill(lock).await;
            }
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!("The database {name} has another owner")));
            }
            Presence::Foreign(reason) => return Err(EngineError::Foreign(reason)),
        }
        MariaDb::make(&mut self.line.connection, name, lock, secret).await?;
        self.put_in(file, from, lock).await
    }

    /// Puts a copy into the database, and a row into its ledger that says that it is whole.
    async fn put_in(&mut self, file: &Path, from: Uuid, lock: &TenantLock) -> Result<(), EngineError> {
        self.run(format!("USE {}", identifier(self.name.as_str()))).await?;
        put(&mut self.line.connection, file, &whole_account(self.name)).await?;
        sqlx::query(
            "INSERT INTO tenantry_ledger (job_id, unit, statement, ended_at) VALUES (?, ?, -1, CURRENT_TIMESTAMP)",
        )
        .bind(lock.job_id.to_string())
        .bind(format!("copied from {from}"))
        .execute(&mut self.line.connection)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn is_filled_by(&mut self, lock: &TenantLock) -> Result<bool, EngineError> {
        let ours = Presence::Ours(Marker { tenant_id: lock.tenant_id, job_id: lock.job_id });
        self.settle().await?;
        let is_filled = self.presence().await? == ours && self.is_copied(lock).await?;
        if is_filled {
            lock_account(&mut self.line.connection, self.name, false).await?;
        }
        Ok(is_filled)
    }

    async fn is_copied(&mut self, lock: &TenantLock) -> Result<bool, EngineError> {
        const NO_SUCH_TABLE: &str = "42S02";
        let question = format!(
            "SELECT 1 FROM {}.tenantry_ledger WHERE job_id = ? AND unit LIKE 'copied from %' AND ended_at IS NOT NULL",
            identifier(self.name.as_str())
        );
        let row = sqlx::query(AssertSqlSafe(question))
            .persistent(false)
            .bind(lock.job_id.to_string())
            .fetch_optional(&mut self.line.connection)
            .await;
        match row {
            Ok(row) => Ok(row.is_some()),
            // It was stopped before its ledger was there.
            Err(sqlx::Error::Database(cause)) if cause.code().as_deref() == Some(NO_SUCH_TABLE) => Ok(false),
            Err(cause) => Err(failed(cause)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_and_triggers_are_made_for_the_tenants_account() {
        let account = "'acme_1'@'%'";
        assert_eq!(
            made_for("CREATE TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET NEW.x = 1", account),
            "CREATE DEFINER = 'acme_1'@'%' TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET NEW.x = 1"
        );
        // The server takes the definer between the algorithm and the security.
        assert_eq!(
            made_for("CREATE ALGORITHM=MERGE SQL SECURITY DEFINER VIEW `v` AS select 1", account),
            "CREATE ALGORITHM=MERGE DEFINER = 'acme_1'@'%' SQL SECURITY DEFINER VIEW `v` AS select 1"
        );
        let table = "CREATE TABLE `a` (`TRIGGER` int)";
        assert_eq!(made_for(table, account), table);
    }
}
