//! Connections to the control database, and the small vocabulary in which its queries are written. Queries bind
//! every value and use only whole numbers and texts, so that they mean the same on every engine.

mod driver;
mod error;
mod few;
mod mariadb;
mod open;
mod postgres;
mod query;
mod row;
mod sqlite;

use super::template_shelf::Shelf;
use crate::disk::Disk;
use driver::Driver;
pub use error::{Result, StoreError};
use few::Few;
pub use query::{Query, Value, sql, sql_of};
pub use row::Row;
use sqlx::{MySqlPool, PgPool};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Prepared statements that a connection to a server keeps: more than there are.
const STATEMENTS: usize = 500;

/// What the control database runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file of this machine.
    Sqlite,
    /// A MariaDB or MySQL server.
    MariaDb,
    /// A PostgreSQL server.
    Postgres,
}

/// A connection to the control database. Statements that nobody waits for ([`Query::later`]) are kept, and go with the next
/// one that is waited for: each way to the database and back costs more than most statements.
pub struct Connection {
    driver: Driver,
    phase: Phase,
    kept: Vec<Query>,
    shelf: Arc<Shelf>,
    /// A statement failed, and its transaction with it.
    is_taken_back: bool,
}

/// Statements that are kept at most: as many as a usual transaction has.
const MOST_KEPT: usize = 16;

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It reads, each statement for itself.
    Reading,
    /// Its transaction begins with the next statement.
    Waiting(Lock),
    /// It is in a transaction.
    Writing(Lock),
}

/// Who else may write at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    /// Nobody: what is read stays true.
    Alone,
    /// Everybody, on a server; what is read stays true where it was asked for with [`Connection::for_update`].
    Rows,
}

impl Connection {
    fn new(driver: Driver, phase: Phase, shelf: &Arc<Shelf>) -> Self {
        Connection { driver, phase, kept: Vec::new(), shelf: Arc::clone(shelf), is_taken_back: false }
    }

    /// What the control database runs on, for the few queries that have to know.
    pub(super) fn backend(&self) -> Backend {
        self.driver.backend()
    }

    /// Template versions that were read before; `None` in a transaction, which may see what nobody else does.
    pub(super) fn shelf(&self) -> Option<Arc<Shelf>> {
        (self.phase == Phase::Reading).then(|| Arc::clone(&self.shelf))
    }

    /// What a query of one table ends with, so that its rows stay as they are until this transaction ends. In a file nobody
    /// else writes meanwhile anyway, and who only reads keeps nothing.
    pub(super) fn for_update(&self) -> &'static str {
        if self.backend() == Backend::Sqlite || self.phase == Phase::Reading { "" } else { " FOR UPDATE" }
    }

    /// Remembers a failure that has ended the transaction: PostgreSQL takes a failed one back at its commit and says that all
    /// is well, and MariaDB takes one of two that wait for each other back and goes on as if there had never been any.
    fn noted<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(cause) = &result {
            if matches!(cause, StoreError::Database(sqlx::Error::WorkerCrashed)) {
                self.driver.close_on_drop();
            }
            self.is_taken_back |= match self.backend() {
                Backend::Sqlite => false,
                Backend::MariaDb => cause.is_collision(),
                Backend::Postgres => true,
            };
        }
        result
    }

    fn is_full(&self) -> bool {
        self.kept.len() >= MOST_KEPT
    }

    /// What is to be run next for `query`. In a file that is all that was kept, the transaction's beginning and the query
    /// as one; on a server all the rest has been run one by one when this returns.
    async fn next(&mut self, query: Query) -> Result<Query> {
        let kept = std::mem::take(&mut self.kept);
        let begins = match self.phase {
            Phase::Waiting(lock) => {
                self.phase = Phase::Writing(lock);
                Some(lock)
            }
            Phase::Reading | Phase::Writing(_) => None,
        };
        if self.backend() == Backend::Sqlite {
            let begin = begins.map(|_| sql(sqlite::BEGIN));
            return Ok(as_one(begin.into_iter().chain(kept), query));
        }
        if let Some(lock) = begins {
            self.driver.begin(lock == Lock::Alone).await?;
        }
        for before in kept {
            let ran = self.driver.run(before).await;
            self.noted(ran)?;
        }
        Ok(query)
    }
}

fn as_one(before: impl Iterator<Item = Query>, last: Query) -> Query {
    let mut all = before.chain([last]);
    let Some(mut whole) = all.next() else { return sql("") };
    for next in all {
        let text = whole.text.to_mut();
        text.push_str(";\n");
        text.push_str(&next.text);
        whole.values.extend(next.values);
    }
    whole
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

/// The control database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pools: Pools,
    shelf: Arc<Shelf>,
}

/// Connections: to read with, to write with, and on servers to claim with.
#[derive(Debug, Clone)]
enum Pools {
    Sqlite { readers: Few, writer: Few, disk: Disk },
    MariaDb { readers: MySqlPool, writer: MySqlPool, claimers: MySqlPool, queue: Arc<Semaphore> },
    Postgres { readers: PgPool, writer: PgPool, claimers: PgPool, queue: Arc<Semaphore> },
}

/// A write transaction. Dropped without a commit, it leaves nothing behind.
pub struct Write {
    connection: Connection,
    disk: Option<Disk>,
    is_ended: bool,
    /// Its place among the writers of this process, on a server.
    _place: Option<OwnedSemaphorePermit>,
}

impl Drop for Write {
    fn drop(&mut self) {
        // What happens to a connection that is closed in the middle of a transaction is known in every case: it is taken
        // back. The pool makes another one.
        if !self.is_ended && matches!(self.connection.phase, Phase::Writing(_)) {
            self.connection.driver.close_on_drop();
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
pub struct Ticket(Option<crate::disk::Ticket>);

impl Ticket {
    /// Waits until the rows are on the disk, with everything that was committed before them. A server has them there when it
    /// says that they are committed.
    pub async fn on_disk(self) -> Result<()> {
        match self.0 {
            Some(ticket) => Ok(ticket.on_disk().await?),
            None => Ok(()),
        }
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
        let connection = &mut self.connection;
        let has_begun = matches!(connection.phase, Phase::Writing(_));
        if has_begun || !connection.kept.is_empty() {
            if connection.backend() == Backend::Sqlite {
                if let Err(cause) = sql("COMMIT").run(connection).await {
                    // A connection that has nothing left to take back is as good as new.
                    self.is_ended = self.connection.driver.run(sql("ROLLBACK")).await.is_ok();
                    return Err(cause);
                }
            } else {
                // The last of what was kept is run here; there is always one, or nothing to be run.
                if let Some(last) = connection.kept.pop() {
                    last.run(connection).await?;
                }
                if connection.is_taken_back {
                    return Err(StoreError::TakenBack);
                }
                let is_alone = connection.phase == Phase::Writing(Lock::Alone);
                connection.driver.commit(is_alone).await?;
            }
        }
        self.is_ended = true;
        Ok(Ticket(self.disk.as_ref().map(Disk::sync)))
    }
}

/// How long a writer waits for those of this process that came before it.
const IN_LINE: Duration = Duration::from_secs(30);

/// A place among the writers of this process. To wait for others is one thing, and to wait for a server that is away another:
/// that is soon given up.
async fn in_line(queue: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    match tokio::time::timeout(IN_LINE, Arc::clone(queue).acquire_owned()).await {
        Ok(Ok(place)) => Ok(place),
        Ok(Err(_)) | Err(_) => Err(StoreError::Busy),
    }
}

impl Store {
    /// A connection to read with.
    pub async fn read(&self) -> Result<Read> {
        let driver = match &self.pools {
            Pools::Sqlite { readers, .. } => Driver::Sqlite(readers.acquire().await?),
            Pools::MariaDb { readers, .. } => Driver::MariaDb(readers.acquire().await?),
            Pools::Postgres { readers, .. } => Driver::Postgres(readers.acquire().await?),
        };
        Ok(Read(Connection::new(driver, Phase::Reading, &self.shelf)))
    }

    /// A transaction to write in. It holds the write lock from its first statement, so what it reads stays true.
    pub async fn write(&self) -> Result<Write> {
        let (driver, disk, place) = match &self.pools {
            Pools::Sqlite { writer, disk, .. } => {
                if disk.has_refused() {
                    disk.sync().on_disk().await?;
                }
                (Driver::Sqlite(writer.acquire().await?), Some(disk.clone()), None)
            }
            Pools::MariaDb { writer, queue, .. } => {
                let place = in_line(queue).await?;
                (Driver::MariaDb(writer.acquire().await?), None, Some(place))
            }
            Pools::Postgres { writer, queue, .. } => {
                let place = in_line(queue).await?;
                (Driver::Postgres(writer.acquire().await?), None, Some(place))
            }
        };
        Ok(self.begun(driver, Lock::Alone, disk, place))
    }

    /// Whether [`Store::claim`] gives transactions.
    pub fn has_row_locks(&self) -> bool {
        !matches!(self.pools, Pools::Sqlite { .. })
    }

    /// A transaction that takes no lock but those of the rows that it asks for with [`Connection::for_update`], while others
    /// write; `None` where the engine has no such locks.
    pub async fn claim(&self) -> Result<Option<Write>> {
        let driver = match &self.pools {
            Pools::Sqlite { .. } => return Ok(None),
            Pools::MariaDb { claimers, .. } => Driver::MariaDb(claimers.acquire().await?),
            Pools::Postgres { claimers, .. } => Driver::Postgres(claimers.acquire().await?),
        };
        Ok(Some(self.begun(driver, Lock::Rows, None, None)))
    }

    fn begun(
        &self,
        driver: Driver,
        lock: Lock,
        disk: Option<Disk>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Write {
        let connection = Connection::new(driver, Phase::Waiting(lock), &self.shelf);
        Write { connection, disk, is_ended: false, _place: place }
    }

    /// Closes all connections; called once, at the end.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { readers, writer, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::MariaDb { readers, writer, claimers, .. } => {
                for pool in [readers, writer, claimers] {
                    pool.close().await;
                }
            }
            Pools::Postgres { readers, writer, claimers, .. } => {
                for pool in [readers, writer, claimers] {
                    pool.close().await;
                }
            }
        }
    }
}
