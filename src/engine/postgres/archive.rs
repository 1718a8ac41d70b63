//! Files with a copy of a database: its statements, and its rows in the form of COPY, line by line.
//!
//! The first line says whose copy it is, the last one that it is whole, with a checksum of all before it.

use super::{
    home::Home,
    server::away,
    snapshot::PostgresReading,
    structure::{self, Piece, When},
};
use crate::{
    digest::sha256_file,
    engine::{EngineError, Reading, Saved},
};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgConnection};
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// The form of the files that are written of databases: names are as they are in one.
const FORM: u32 = 1;
/// The form of those that are written of schemas, which any schema or database can take: see [`Home::kept`].
const ANYWHERE: u32 = 2;
/// What ends the rows of a table. In a row every backslash is two.
const END_OF_ROWS: &str = "\\.\n";
/// Bytes of rows that go to the server together.
const TOGETHER: usize = 64 * 1024;

/// The columns of the ledger that a copy has.
const LEDGER: &str = "tenantry_ledger (job_id, unit, statements, ended_at)";

/// A line that is no row.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The first: whose copy it is.
    Head { engine: String, form: u32, tenant: Uuid },
    /// A statement.
    Sql(String),
    /// The rows of a table follow: what a COPY says of it.
    Rows(String),
    /// The last: the checksum of all lines before.
    End { checksum: String },
}

fn disk(cause: impl std::fmt::Display) -> EngineError {
    away("A copy cannot be written or read", cause)
}

fn not_whole() -> EngineError {
    EngineError::Foreign("The copy is damaged or not a whole one.".into())
}

/// Writes lines and keeps their checksum.
struct Lines {
    file: BufWriter<File>,
    hash: Sha256,
}

impl Lines {
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.hash.update(bytes);
        self.file.write_all(bytes).map_err(disk)
    }

    fn write(&mut self, line: &Line) -> Result<(), EngineError> {
        let mut text = serde_json::to_vec(line).map_err(disk)?;
        text.push(b'\n');
        self.bytes(&text)
    }

    async fn rows(
        &mut self,
        connection: &mut PgConnection,
        home: &Home,
        of: &str,
    ) -> Result<(), EngineError> {
        self.write(&Line::Rows(of.to_owned()))?;
        let copy = format!("COPY {} TO STDOUT", home.filled(of));
        let mut pieces = connection.copy_out_raw(&copy).await.map_err(unreadable)?;
        while let Some(piece) = pieces.try_next().await.map_err(unreadable)? {
            self.bytes(&piece)?;
        }
        self.bytes(END_OF_ROWS.as_bytes())
    }
}

fn unreadable(cause: sqlx::Error) -> EngineError {
    away("The tenant's database cannot be read", cause)
}

/// Writes everything that a reading gives into a file that is complete or not there.
pub(super) async fn write(
    reading: &mut PostgresReading,
    tenant: Uuid,
    file: &Path,
) -> Result<Saved, EngineError> {
    let home = reading.home().clone();
    let unknown = structure::unknown(reading.connection(), &home).await.map_err(unreadable)?;
    if let Some(first) = unknown.first() {
        return Err(EngineError::Dangling(format!(
            "The database cannot be copied: {first} is nothing that a copy can have. Remove it, or copy by pg_dump."
        )));
    }
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(disk)?;
    let written = write_part(reading, tenant, &part).await;
    let named = written.and_then(|()| {
        fs::rename(&part, file).map_err(disk)?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk)
    });
    if let Err(cause) = named {
        let _ = fs::remove_file(&part);
        return Err(cause);
    }
    let bytes = fs::metadata(file).map_err(disk)?.len();
    let read = file.to_owned();
    let checksum = tokio::task::spawn_blocking(move || sha256_file(&read)).await.map_err(disk)?;
    Ok(Saved { bytes, checksum: checksum.map_err(disk)? })
}

async fn write_part(reading: &mut PostgresReading, tenant: Uuid, part: &Path) -> Result<(), EngineError> {
    let mut lines = Lines { file: BufWriter::new(create(part).map_err(disk)?), hash: Sha256::new() };
    let home = reading.home().clone();
    let form = if home.is_schema() { ANYWHERE } else { FORM };
    lines.write(&Line::Head { engine: "postgres".into(), form, tenant })?;
    let (before, after): (Vec<Piece>, Vec<Piece>) =
        reading.pieces().iter().cloned().partition(|piece| piece.when == When::Before);
    for piece in before {
        lines.write(&Line::Sql(piece.sql))?;
    }
    for table in reading.tables().to_vec() {
        let names = table.columns.iter().filter(|column| !column.is_computed).map(|column| &column.name);
        let of = format!(
            "{}.{} ({})",
            home.token(),
            super::names::identifier(&table.name),
            super::names::identifiers(names)
        );
        lines.rows(reading.connection(), &home, &of).await?;
    }
    let ledger = format!("{}.{LEDGER}", home.own_token());
    lines.rows(reading.connection(), &home, &ledger).await?;
    for piece in after {
        lines.write(&Line::Sql(piece.sql))?;
    }
    let checksum = hex(lines.hash.clone());
    lines.write(&Line::End { checksum })?;
    lines.file.flush().map_err(disk)?;
    lines.file.get_ref().sync_all().map_err(disk)
}

/// A new file that only the account that runs Tenantry may read.
fn create(file: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a file is a whole copy of a tenant's database.
pub(super) async fn check(file: &Path, tenant: Uuid) -> Result<(), EngineError> {
    let file = file.to_owned();
    tokio::task::spawn_blocking(move || check_all(&file, tenant)).await.map_err(disk)?
}

fn check_all(file: &Path, tenant: Uuid) -> Result<(), EngineError> {
    if !file.is_file() {
        return Err(EngineError::Missing(file.display().to_string()));
    }
    let mut reader = BufReader::new(File::open(file).map_err(disk)?);
    let mut hash = Sha256::new();
    let mut text = Vec::new();
    let mut is_first = true;
    let mut is_in_rows = false;
    loop {
        text.clear();
        if reader.read_until(b'\n', &mut text).map_err(disk)? == 0 || !text.ends_with(b"\n") {
            return Err(not_whole());
        }
        if is_in_rows {
            is_in_rows = text != END_OF_ROWS.as_bytes();
        } else {
            match serde_json::from_slice(&text).map_err(|_| not_whole())? {
                Line::Head { engine, form, tenant: of } if is_first => {
                    check_head(&engine, form, of == tenant)?
                }
                Line::Sql(_) if !is_first => {}
                Line::Rows(_) if !is_first => is_in_rows = true,
                Line::End { checksum } if !is_first && checksum == hex(hash.clone()) => {
                    text.clear();
                    let more = reader.read_until(b'\n', &mut text).map_err(disk)?;
                    return if more == 0 { Ok(()) } else { Err(not_whole()) };
                }
                _ => return Err(not_whole()),
            }
        }
        hash.update(&text);
        is_first = false;
    }
}

fn check_head(engine: &str, form: u32, is_of_tenant: bool) -> Result<(), EngineError> {
    if engine != "postgres" || !is_of_tenant {
        return Err(EngineError::Foreign("The file is no copy of this tenant's database.".into()));
    }
    if form > ANYWHERE {
        return Err(EngineError::Foreign("The copy was made by a newer version.".into()));
    }
    Ok(())
}

/// Puts a copy that was checked into an empty database or schema.
pub(super) async fn put(connection: &mut PgConnection, home: &Home, file: &Path) -> Result<(), EngineError> {
    let trouble = |cause: sqlx::Error| away("A copy cannot be put into a database", cause);
    // What is not on the disk yet gets there before the database gets its name: that waits for all before it.
    let settings = "SET check_function_bodies = off; SET statement_timeout = 0; SET synchronous_commit = off";
    sqlx::raw_sql(settings).execute(&mut *connection).await.map_err(trouble)?;
    let mut reader = BufReader::new(File::open(file).map_err(disk)?);
    let mut text = Vec::new();
    loop {
        text.clear();
        reader.read_until(b'\n', &mut text).map_err(disk)?;
        match serde_json::from_slice(&text).map_err(|_| not_whole())? {
            Line::Head { form: FORM, .. } if home.is_schema() => {
                return Err(EngineError::Foreign(
                    "The copy was made of a database. It cannot become a schema among others.".into(),
                ));
            }
            Line::Head { .. } => {}
            Line::Sql(sql) => {
                let sql = home.filled(&sql);
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.map_err(trouble)?;
            }
            Line::Rows(of) => put_rows(connection, &home.filled(&of), &mut reader).await?,
            Line::End { .. } => return Ok(()),
        }
    }
}

async fn put_rows(
    connection: &mut PgConnection,
    of: &str,
    reader: &mut impl BufRead,
) -> Result<(), EngineError> {
    let trouble = |cause: sqlx::Error| away("A copy's rows cannot be put into a database", cause);
    let mut copy = connection.copy_in_raw(&format!("COPY {of} FROM STDIN")).await.map_err(trouble)?;
    let mut rows = Vec::new();
    loop {
        let length = rows.len();
        let read = reader.read_until(b'\n', &mut rows).map_err(disk)?;
        let is_end = read == 0 || rows.get(length..) == Some(END_OF_ROWS.as_bytes());
        if is_end {
            rows.truncate(length);
        }
        if is_end || rows.len() > TOGETHER {
            copy.send(rows.as_slice()).await.map_err(trouble)?;
            rows.clear();
        }
        if is_end {
            return copy.finish().await.map(|_| ()).map_err(trouble);
        }
    }
}
