//! The database engines that tenants live on. Nothing engine-specific is anywhere else: what engines differ in is said
//! by [`Capabilities`], and everything that touches a tenant's database goes through [`Engine`] and [`Session`].
//!
//! A session is opened for one piece of work on one tenant. It takes a [`TenantLock`], checks the ownership marker in
//! the database against it before the first statement, and never becomes another tenant's.

mod constants;
pub mod dialect;
mod inspected;
pub mod mariadb;
pub mod name;
pub mod postgres;
pub mod reading;
pub mod server;
pub mod sqlite;
mod standing;
pub mod statement;
mod together;
pub mod whole;

use crate::{
    schema::Schema,
    sql::{operation::Operation, variables::Variables},
};
use async_trait::async_trait;
pub use dialect::SqlDialect;
pub use inspected::Inspected;
pub use name::DatabaseName;
pub use reading::Reading;
pub use server::{Examined, Secrets};
pub use statement::Statement;
use std::{collections::BTreeMap, path::Path};
use uuid::Uuid;
pub use whole::{Draft, Drafted, Whole};

/// What an engine can do, where engines differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing of its own that an engine can do or cannot"
)]
pub struct Capabilities {
    /// Structure changes are part of transactions.
    pub transactional_ddl: bool,
    /// Each tenant has an account of its own.
    pub accounts: bool,
    /// A database can be made at once: see [`Engine::draft`].
    pub whole: bool,
    /// A column can be put between others; where it cannot, a new one is the last, wherever it belongs.
    pub column_places: bool,
    /// Longest name of a database, in bytes.
    pub name_limit: usize,
    /// What shutting a database away from its application comes to, in a sentence for pages.
    pub shutting: &'static str,
}

/// The right to work on one tenant's database: whoever holds the job holds the tenant. Fences grow with every claim in
/// the installation, so a database that has seen a newer one refuses an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantLock {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The job that works.
    pub job_id: Uuid,
    /// The claim's number.
    pub fence: i64,
}

/// Who made a database: written into it before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The job that made it.
    pub job_id: Uuid,
}

/// What is to be found under a database's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    Absent,
    /// A database of ours.
    Ours(Marker),
    /// A database of ours that was shut away from its application.
    Shut(Marker),
    /// Something without a marker that we can read; it is never touched.
    Foreign(String),
}

/// Where the content of a new database comes from.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// A tenant's database, as it is at one moment; open or shut away.
    Database(&'a DatabaseName, Uuid),
    /// A file that [`Engine::save`] made of a tenant's database.
    File(&'a Path, Uuid),
}

/// What was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub checksum: String,
}

/// A piece of work that happens wholly or not at all, recorded in the tenant's own ledger.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'a> {
    /// Names it within its job; run twice, the second run finds it done.
    pub key: &'a str,
    /// What it runs, in order.
    pub statements: &'a [Statement],
    /// Values for the statements' variables.
    pub variables: &'a Variables,
}

/// How a unit went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It ran now.
    Now {
        /// Rows that it added or changed.
        rows: u64,
    },
    /// The ledger says that it ran before.
    Before,
}

/// Trouble with a tenant's database.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Something else has this name, or the database has another owner.
    #[error("{0}")]
    Foreign(String),
    /// Another worker has taken the tenant over.
    #[error("another worker has taken this tenant over")]
    Stale,
    /// The database is not there.
    #[error("the database {0} is not there")]
    Missing(String),
    /// The database was shut away from its application.
    #[error("the database {0} is shut away")]
    Shut(String),
    /// A statement failed; nothing of its unit is left.
    #[error("statement {} of {unit} failed: {cause}", index + 1)]
    Statement {
        /// The unit.
        unit: String,
        /// The statement's place in it, from 0.
        index: usize,
        /// The statement.
        sql: String,
        /// What the engine said.
        cause: String,
    },
    /// Rows refer to rows that are not there.
    #[error("{0}")]
    Dangling(String),
    /// The engine, its disk or its network is away or full; trying again may help.
    #[error("{0}")]
    OutOfReach(String),
}

impl EngineError {
    /// Whether trying again later may help without anybody changing anything.
    pub fn may_pass(&self) -> bool {
        match self {
            EngineError::OutOfReach(_) => !self.is_damage() && !self.is_withheld(),
            EngineError::Stale => true,
            EngineError::Foreign(_)
            | EngineError::Missing(_)
            | EngineError::Shut(_)
            | EngineError::Statement { .. }
            | EngineError::Dangling(_) => false,
        }
    }

    /// Whether the database keeps something from Tenantry that belongs to another account.
    pub fn is_withheld(&self) -> bool {
        match self {
            // What PostgreSQL says. On MariaDB and MySQL a tenant's account may do everything in its database.
            EngineError::OutOfReach(text) | EngineError::Statement { cause: text, .. } => {
                ["permission denied for table", "permission denied for view", "must be owner of"]
                    .iter()
                    .any(|words| text.contains(words))
            }
            _ => false,
        }
    }

    /// Whether what lies in the database's place is damaged or not its own: nothing but another file or database helps.
    pub fn is_damage(&self) -> bool {
        match self {
            EngineError::Foreign(_) => true,
            // What SQLite says of CORRUPT and NOTADB.
            EngineError::OutOfReach(text) => {
                text.contains("malformed") || text.contains("file is not a database")
            }
            _ => false,
        }
    }
}

/// A database engine.
#[async_trait]
pub trait Engine: Send + Sync + std::fmt::Debug {
    /// Its name in rows and on pages, such as `sqlite`.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// The family of SQL that it speaks.
    fn dialect(&self) -> SqlDialect;

    /// An operation in the engine's dialect, given the schema before and after it; or the reason why it cannot be
    /// carried over, and what to do.
    fn render(
        &self,
        before: &Schema,
        operation: &Operation,
        after: &Schema,
    ) -> Result<Vec<Statement>, String>;

    /// The statements that turn the one schema into the other, in an order in which they can be run as one unit, or the
    /// reason why there are none. Both are what [`Session::inspect`] gives on this engine: their expressions are in the
    /// engine's own words, and are written as they are. Rows stay wherever their columns stay; where a value does not fit
    /// a column's new type, the statement fails. A database that cannot put a column between others
    /// ([`Capabilities::column_places`]) puts it last, and an order that differs alone gives no statements there.
    fn change(&self, found: &Schema, wanted: &Schema) -> Result<Vec<Statement>, String>;

    /// Splits a file in the engine's own dialect into its statements, each with its line; or the line and the reason of
    /// one that is not allowed there.
    fn split_own(&self, text: &str) -> Result<Vec<(Statement, usize)>, (usize, String)>;

    /// What is to be found under a name.
    async fn look_up(&self, name: &DatabaseName) -> Result<Presence, EngineError>;

    /// Makes an empty database with its marker and ledger. Run twice by the same job, the second run finds it made;
    /// anything else under that name is an error and stays as it is.
    async fn create(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError>;

    /// Makes everything of a new database at once, aside, where the engine can: as good as [`Engine::create`] and then each
    /// unit, but in one go. Nothing has the name before [`Engine::publish`].
    async fn draft(
        &self,
        _name: &DatabaseName,
        _lock: &TenantLock,
        _whole: &Whole<'_>,
    ) -> Result<Drafted, EngineError> {
        Ok(Drafted::Stepwise)
    }

    /// Gives a draft its name, durably. Anything that has the name already is an error and stays as it is.
    async fn publish(&self, draft: &Draft) -> Result<(), EngineError> {
        Err(EngineError::Missing(draft.name.to_string()))
    }

    /// Removes a database that `marker` says we made. False where there was none.
    async fn remove(&self, name: &DatabaseName, marker: &Marker) -> Result<bool, EngineError>;

    /// Shuts a tenant's database away: nobody but Tenantry reads or writes it, not even over connections that are open, and
    /// nothing that was written before is lost. Run twice, it is shut.
    async fn shut(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError>;

    /// Lets the application in again. Run twice, or on a database that was never shut wholly, it is open. What the lock's own
    /// job has put in its place in the meantime gives way.
    async fn reopen(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError>;

    /// Makes a database with the content of another, marked as the lock's tenant's. It takes the place of nothing, or of the
    /// same tenant's database that was shut away, whose content then stays until [`Engine::forget_shut`]. What is there of
    /// this job already is what it would make; [`Engine::remove`] or [`Engine::reopen`] takes it back.
    async fn create_from(
        &self,
        origin: Origin<'_>,
        name: &DatabaseName,
        lock: &TenantLock,
    ) -> Result<(), EngineError>;

    /// Saves a tenant's database, open or shut away, as it is at one moment, into a file that is complete or not there.
    async fn save(&self, name: &DatabaseName, tenant: Uuid, file: &Path) -> Result<Saved, EngineError>;

    /// Whether a file holds what [`Engine::save`] made of this tenant's database.
    async fn check_saved(&self, file: &Path, tenant: Uuid) -> Result<(), EngineError>;

    /// Removes the content that was shut away, after another has taken its place; false where there was none.
    async fn forget_shut(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError>;

    /// Removes all that there is of a tenant under a name, open or shut away; false where there was nothing.
    async fn remove_all(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError>;

    /// Opens a tenant's database for one piece of work; the marker must be the tenant's.
    async fn open(&self, name: &DatabaseName, lock: &TenantLock) -> Result<Box<dyn Session>, EngineError>;

    /// Opens a tenant's database to look at, never to change; one that was shut away, too.
    async fn look(&self, name: &DatabaseName, tenant: Uuid) -> Result<Box<dyn Session>, EngineError>;

    /// Reads the live schemas of many tenants' databases, open or shut away, in as few trips as the engine allows; in the
    /// order of the tenants. Each is what [`Engine::look`] and [`Session::inspect`] give for the tenant, or their error.
    async fn inspect_all(&self, tenants: &[(DatabaseName, Uuid)]) -> Vec<Result<Inspected, EngineError>> {
        together::with_the_rest(self, tenants, BTreeMap::new()).await
    }

    /// Whether a tenant's database is there and is the tenant's; the error is that of [`Engine::look`].
    async fn check(&self, name: &DatabaseName, tenant: Uuid) -> Result<(), EngineError> {
        self.look(name, tenant).await?.close().await;
        Ok(())
    }

    /// An empty database that is gone when the session is.
    async fn scratch(&self) -> Result<Box<dyn Session>, EngineError>;

    /// Where the tenant's application finds the database, as (label, value) for a page.
    fn address(&self, name: &DatabaseName) -> Vec<(&'static str, String)>;

    /// Bytes that the database takes, where that can be told.
    async fn size(&self, name: &DatabaseName) -> Option<u64>;

    /// Gives a tenant's account another password, where tenants have accounts. Connections that are open stay open. Run
    /// twice, it has that password; on a database that is shut away, it is for when it is opened again.
    async fn set_password(
        &self,
        name: &DatabaseName,
        _lock: &TenantLock,
        _password: &str,
    ) -> Result<(), EngineError> {
        Err(EngineError::Missing(format!("account of {name}")))
    }

    /// Tries out what tenants on the engine's server need: that it answers, is new enough, and gives the administrator every
    /// right that the engine makes use of. Changes nothing.
    async fn examine(&self) -> Result<Examined, EngineError> {
        Ok(Examined { product: self.name().to_owned(), problems: Vec::new(), scratch: 0 })
    }

    /// Removes what a process that was killed has left on the server: scratch databases and half-made ones that nobody
    /// works on any more. Gives how many.
    async fn sweep(&self) -> Result<u64, EngineError> {
        Ok(0)
    }
}

/// An open database of one tenant, or a scratch one.
#[async_trait]
pub trait Session: Send {
    /// Runs a unit, with its ledger row.
    async fn apply(&mut self, unit: Unit<'_>) -> Result<Applied, EngineError>;

    /// Reads the live schema.
    async fn inspect(&mut self) -> Result<Schema, EngineError>;

    /// Reads everything, as it is now, whatever is written meanwhile.
    async fn read(self: Box<Self>) -> Result<Box<dyn Reading>, EngineError>;

    /// Closes it; a session that is dropped closes by itself a little later.
    async fn close(self: Box<Self>);
}
