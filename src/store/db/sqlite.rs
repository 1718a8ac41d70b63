//! The control database in a file. One process may write at a time: a transaction has the write lock from its first statement.

use super::{Query, Result, Value, few::Few};
use crate::disk::Disk;
use futures_util::TryStreamExt;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Executor as _, Sqlite, SqliteConnection,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous},
};
use std::{borrow::Cow, fs::File, io, path::Path, time::Duration};

/// How a transaction begins: with its first statement, and with the write lock.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// Pages of the write-ahead log (of 4 KB) after which a commit moves them into the database.
const LOG_PAGES: &str = "4000";
/// Reading connections; each has a thread and a cache of its own. More of them than processors make nothing faster.
const READERS: u32 = 4;

/// Opens (and creates, where it is missing) a file: the connections to read with, the one to write with, and its disk.
pub(super) async fn open(file: &Path) -> Result<(Few, Few, Disk)> {
    // NORMAL: a commit does not wait for the disk; `Disk` does, once for all who wait.
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(15))
        .pragma("cache_size", "-2000")
        .pragma("wal_autocheckpoint", LOG_PAGES)
        .foreign_keys(true)
        .disable_statement_logging();
    // One writer in this process, so that writers queue here in order and not in SQLite's busy handler.
    let writer = Few::new(options.clone(), 1, Duration::from_secs(30));
    // Whether the file can be used at all is known from here on.
    drop(writer.acquire().await?);
    let readers = Few::new(options, READERS, Duration::from_secs(10));
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let disk = Disk::new("the control database", move || match File::open(&log) {
        Ok(log) => log.sync_data(),
        // Whoever takes the log away has put its rows into the database before, and has synced that.
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(cause),
    });
    Ok((readers, writer, disk))
}

fn prepared(query: Query) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
    let mut prepared = match query.text {
        Cow::Borrowed(text) => sqlx::query(text),
        Cow::Owned(text) => sqlx::query(AssertSqlSafe(text)),
    };
    for value in query.values {
        prepared = match value {
            Value::Null => prepared.bind(None::<String>),
            Value::Int(number) => prepared.bind(number),
            Value::Text(text) => prepared.bind(text),
        };
    }
    prepared
}

pub(super) async fn run(connection: &mut SqliteConnection, query: Query) -> Result<u64> {
    let mut parts = connection.fetch_many(prepared(query));
    let mut changed = 0;
    while let Some(part) = parts.try_next().await? {
        if let sqlx::Either::Left(done) = part {
            changed = done.rows_affected();
        }
    }
    Ok(changed)
}

pub(super) async fn all(connection: &mut SqliteConnection, query: Query) -> Result<Vec<SqliteRow>> {
    Ok(prepared(query).fetch_all(connection).await?)
}

pub(super) async fn first(connection: &mut SqliteConnection, query: Query) -> Result<Option<SqliteRow>> {
    Ok(prepared(query).fetch_optional(connection).await?)
}
