//! Connections to the control database, and the small vocabulary in which its queries are written. Queries bind
//! every value and use only whole numbers and texts, so that they mean the same on every engine.

use super::template_shelf::Shelf;
use crate::{
    disk::{Disk, NotOnDisk},
    disk_trouble::DiskTrouble,
    error::Error,
};
use futures_util::TryStreamExt;
use sqlx::{
    AssertSqlSafe, Executor as _, Row as _, SqliteConnection, SqlitePool,
    pool::PoolConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use std::{borrow::Cow, fs::File, io, path::Path, sync::Arc, time::Duration};

/// A connection to the control database. Statements that nobody waits for ([`Query::later`]) are kept, and go with the next
/// one that is waited for: each way to the database and back costs more than most statements.
pub struct Connection {
    inner: Inner,
    kept: Vec<Query>,
    shelf: Arc<Shelf>,
}

/// Statements that are kept at most: as many as a usual transaction has.
const MOST_KEPT: usize = 16;

/// How a transaction begins: with its first statement, and with the write lock.
const BEGIN: &str = "BEGIN IMMEDIATE";

enum Inner {
    Reading(PoolConnection<sqlx::Sqlite>),
    /// In a transaction that began with the first statement.
    Writing(PoolConnection<sqlx::Sqlite>),
}

impl Connection {
    fn new(inner: Inner, shelf: &Arc<Shelf>) -> Self {
        Connection { inner, kept: Vec::new(), shelf: Arc::clone(shelf) }
    }

    /// Template versions that were read before; `None` in a transaction, which may see what nobody else does.
    pub(super) fn shelf(&self) -> Option<Arc<Shelf>> {
        match self.inner {
            Inner::Reading(_) => Some(Arc::clone(&self.shelf)),
            Inner::Writing(_) => None,
        }
    }

    fn driver(&mut self) -> &mut SqliteConnection {
        match &mut self.inner {
            Inner::Reading(connection) | Inner::Writing(connection) => connection,
        }
    }

    /// What was kept and `query`, as one.
    fn with_kept(&mut self, query: Query) -> Query {
        let mut all = std::mem::take(&mut self.kept).into_iter().chain([query]);
        let Some(mut whole) = all.next() else { return sql("") };
        for next in all {
            let text = whole.text.to_mut();
            text.push_str(";\n");
            text.push_str(&next.text);
            whole.values.extend(next.values);
        }
        whole
    }
}

/// A connection to read with.
pub struct Read(Connection);

impl std::ops::Deref for Read {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl std::ops::DerefMut for Read {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

/// Trouble with the control database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or is away.
    #[error("control database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row holds what this version cannot read.
    #[error("control database: column {column}: {reason}")]
    Unreadable {
        /// The column.
        column: String,
        /// Why.
        reason: String,
    },
    /// It was written by a newer version of the program.
    #[error(
        "The control database was written by a newer version of Tenantry (its schema is version {found}, this program knows {known}). Start the newer version, or restore a backup that this version made."
    )]
    Newer {
        /// Version found.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// The rows were written, but whether they are on the disk cannot be known.
    #[error("control database: {0}")]
    NotOnDisk(#[from] NotOnDisk),
    /// Its own schema could not be brought up to date.
    #[error("The control database could not be brought up to date: {0}")]
    Migration(String),
}

/// The result of a store function.
pub type Result<T> = std::result::Result<T, StoreError>;

impl StoreError {
    /// Whether a unique constraint refused the row.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, StoreError::Database(sqlx::Error::Database(cause)) if cause.is_unique_violation())
    }

    /// Whether the database is locked, full, read-only or gone: trouble that may pass, and not a defect.
    pub fn is_out_of_reach(&self) -> bool {
        match self {
            StoreError::Database(sqlx::Error::Database(cause)) => {
                // Primary result codes of SQLite: BUSY 5, LOCKED 6, READONLY 8, IOERR 10, CORRUPT 11, FULL 13, CANTOPEN 14.
                let code = cause.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default();
                matches!(code & 0xff, 5 | 6 | 8 | 10 | 11 | 13 | 14)
            }
            StoreError::Database(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut)
            | StoreError::NotOnDisk(_) => true,
            _ => false,
        }
    }
}

impl From<StoreError> for Error {
    fn from(cause: StoreError) -> Self {
        if let Some(trouble) = DiskTrouble::of(&cause.to_string()) {
            Self::unavailable(trouble.words(), &cause)
        } else if cause.is_out_of_reach() {
            Self::unavailable(
                "The control database cannot be used at the moment. Look whether its disk is full, missing or read-only, then try again.",
                &cause,
            )
        } else {
            Self::internal(&cause)
        }
    }
}

/// The control database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    readers: SqlitePool,
    writer: SqlitePool,
    disk: Disk,
    shelf: Arc<Shelf>,
}

/// A write transaction. Dropped without a commit, it leaves nothing behind.
pub struct Write {
    connection: Connection,
    disk: Disk,
    is_ended: bool,
}

impl Drop for Write {
    fn drop(&mut self) {
        // What happens to a connection that is closed in the middle of a transaction is known in every case: it is taken
        // back. The pool makes another one.
        if !self.is_ended
            && self.has_begun()
            && let Inner::Writing(connection) = &mut self.connection.inner
        {
            connection.close_on_drop();
        }
    }
}

impl std::ops::Deref for Write {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl std::ops::DerefMut for Write {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// Waits until committed rows are on the disk.
#[derive(Debug)]
#[must_use = "the rows are not known to be on the disk before this was waited for"]
pub struct Ticket(crate::disk::Ticket);

impl Ticket {
    /// Waits until the rows are on the disk, with everything that was committed before them.
    pub async fn on_disk(self) -> Result<()> {
        Ok(self.0.on_disk().await?)
    }
}

impl Write {
    /// Makes the changes durable: when this returns, they are on the disk. Transactions that end at the same time share
    /// the sync, and wait for nothing else of each other.
    pub async fn commit(self) -> Result<()> {
        self.commit_soon().await?.on_disk().await
    }

    /// Makes the changes visible to everybody. A kill of the program does not undo them; a loss of power may, until the
    /// ticket says that they are on the disk. Other work may be done in the meantime, but nothing that must not be there
    /// without these rows.
    pub async fn commit_soon(mut self) -> Result<Ticket> {
        if self.has_begun() || self.connection.kept.len() > 1 {
            sql("COMMIT").run(&mut self.connection).await?;
        }
        self.is_ended = true;
        Ok(Ticket(self.disk.sync()))
    }

    /// Whether a statement was run.
    fn has_begun(&self) -> bool {
        self.connection.kept.first().is_none_or(|first| first.text != BEGIN)
    }
}

/// Pages of the write-ahead log (of 4 KB) after which a commit moves them into the database.
const LOG_PAGES: &str = "4000";
/// Reading connections; each has a thread and a cache of its own. More of them than processors make nothing faster.
const READERS: u32 = 4;

impl Store {
    /// Opens (and creates, where it is missing) the control database in a file.
    pub async fn open(file: &Path) -> Result<Store> {
        // NORMAL: a commit does not wait for the disk; `Disk` does, once for all who wait.
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(15))
            .pragma("cache_size", "-2000")
            .pragma("wal_autocheckpoint", LOG_PAGES)
            .foreign_keys(true);
        // One writer in this process, so that writers queue here in order and not in SQLite's busy handler.
        let writer = pool(1).acquire_timeout(Duration::from_secs(30)).connect_with(options.clone()).await?;
        let readers = pool(READERS).acquire_timeout(Duration::from_secs(10)).connect_lazy_with(options);
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let disk = Disk::new("the control database", move || match File::open(&log) {
            Ok(log) => log.sync_data(),
            // Whoever takes the log away has put its rows into the database before, and has synced that.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(cause) => Err(cause),
        });
        Ok(Store { readers, writer, disk, shelf: Arc::default() })
    }

    /// A connection to read with.
    pub async fn read(&self) -> Result<Read> {
        let connection = self.readers.acquire().await?;
        Ok(Read(Connection::new(Inner::Reading(connection), &self.shelf)))
    }

    /// A transaction to write in. It holds the write lock from its first statement, so what it reads stays true.
    pub async fn write(&self) -> Result<Write> {
        if self.disk.has_refused() {
            self.disk.sync().on_disk().await?;
        }
        let mut connection = Connection::new(Inner::Writing(self.writer.acquire().await?), &self.shelf);
        connection.kept.push(sql(BEGIN));
        Ok(Write { connection, disk: self.disk.clone(), is_ended: false })
    }

    /// Closes all connections; called once, at the end.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Connections are to a file: none of them breaks while it waits, so none is tried out before it is used or given up
/// for its age.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// A value to bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// NULL.
    Null,
    /// A whole number; a truth value is 0 or 1.
    Int(i64),
    /// A text.
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}
impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Value::Int(i64::from(value))
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Int(i64::from(value))
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}
impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Value::Text(value.clone())
    }
}
impl From<uuid::Uuid> for Value {
    fn from(value: uuid::Uuid) -> Self {
        Value::Text(value.to_string())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// A query with its values.
#[derive(Debug)]
pub struct Query {
    text: Cow<'static, str>,
    values: Vec<Value>,
}

/// A query, its values marked by `?`.
pub fn sql(text: &'static str) -> Query {
    Query { text: Cow::Borrowed(text), values: Vec::new() }
}

/// A query put together at run time from fixed parts; values are still bound, never written into it.
pub fn sql_of(text: String) -> Query {
    Query { text: Cow::Owned(text), values: Vec::new() }
}

impl Query {
    /// Binds the next value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds a value that is a [`Value`] already.
    #[must_use]
    pub fn bind_value(mut self, value: Value) -> Self {
        self.values.push(value);
        self
    }

    /// Binds a value where there is one, such as that of a [`super::Scope`].
    #[must_use]
    pub fn bind_some(mut self, value: Option<Value>) -> Self {
        self.values.extend(value);
        self
    }

    fn prepared(self) -> sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments> {
        let mut query = match self.text {
            Cow::Borrowed(text) => sqlx::query(text),
            Cow::Owned(text) => sqlx::query(AssertSqlSafe(text)),
        };
        for value in self.values {
            query = match value {
                Value::Null => query.bind(None::<String>),
                Value::Int(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
            };
        }
        query
    }

    /// Leaves it to be run with the next statement of this transaction, or at its commit. For a change whose number of rows
    /// nobody asks for, and that breaks no rule: an error would come up with that statement.
    pub async fn later(self, connection: &mut Connection) -> Result<()> {
        if connection.kept.len() >= MOST_KEPT {
            self.run(connection).await?;
        } else {
            connection.kept.push(self);
        }
        Ok(())
    }

    /// Runs it; gives the number of rows changed.
    pub async fn run(self, connection: &mut Connection) -> Result<u64> {
        let query = connection.with_kept(self).prepared();
        let mut parts = connection.driver().fetch_many(query);
        let mut changed = 0;
        while let Some(part) = parts.try_next().await? {
            if let sqlx::Either::Left(done) = part {
                changed = done.rows_affected();
            }
        }
        Ok(changed)
    }

    /// All rows.
    pub async fn all(self, connection: &mut Connection) -> Result<Vec<Row>> {
        let query = connection.with_kept(self).prepared();
        Ok(query.fetch_all(connection.driver()).await?.into_iter().map(Row).collect())
    }

    /// The first row, where there is one.
    pub async fn first(self, connection: &mut Connection) -> Result<Option<Row>> {
        let query = connection.with_kept(self).prepared();
        Ok(query.fetch_optional(connection.driver()).await?.map(Row))
    }

    /// The one row that there must be.
    pub async fn one(self, connection: &mut Connection) -> Result<Row> {
        let query = connection.with_kept(self).prepared();
        Ok(Row(query.fetch_one(connection.driver()).await?))
    }
}

/// A row of an answer.
pub struct Row(SqliteRow);

impl Row {
    /// A text that is never NULL.
    pub fn text(&self, column: &str) -> Result<String> {
        Ok(self.0.try_get_unchecked(column)?)
    }

    /// A text, or `None` for NULL.
    pub fn maybe_text(&self, column: &str) -> Result<Option<String>> {
        Ok(self.0.try_get_unchecked(column)?)
    }

    /// A whole number that is never NULL.
    pub fn int(&self, column: &str) -> Result<i64> {
        Ok(self.0.try_get_unchecked(column)?)
    }

    /// A whole number, or `None` for NULL.
    pub fn maybe_int(&self, column: &str) -> Result<Option<i64>> {
        Ok(self.0.try_get_unchecked(column)?)
    }

    /// A truth value.
    pub fn flag(&self, column: &str) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    /// A text read into a type of its own.
    pub fn parse<T>(&self, column: &str) -> Result<T>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        self.text(column)?.parse().map_err(|error: T::Err| StoreError::Unreadable {
            column: column.to_owned(),
            reason: error.to_string(),
        })
    }

    /// JSON read into a type of its own.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T> {
        serde_json::from_str(&self.text(column)?)
            .map_err(|error| StoreError::Unreadable { column: column.to_owned(), reason: error.to_string() })
    }

    /// JSON, or `None` for NULL.
    pub fn maybe_json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        self.maybe_text(column)?.map(|text| serde_json::from_str(&text)).transpose().map_err(
            |error: serde_json::Error| StoreError::Unreadable {
                column: column.to_owned(),
                reason: error.to_string(),
            },
        )
    }
}
