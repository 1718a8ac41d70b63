//! One server, seen as its administrator: connections within their bound, and the ways in that there are.
//!
//! Whoever needs a connection into a tenant's database takes its place first, and the administrator's connection then: in
//! that order nobody waits for what another waits for.

use super::home::Home;
use crate::{
    digest::sha256_hex,
    engine::{
        EngineError, Secrets,
        inspected::Known,
        server::{Isolation, unreached},
    },
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Postgres as Driver, Row,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an administrator's connection is kept while nobody needs it.
const IDLE: Duration = Duration::from_mins(5);
/// How often, and so for about how many milliseconds, the end of a connection is waited for before the server is told to end
/// it, and once more after that.
const MOST_LOOKS: u32 = 300;

/// Connections at most over which the catalog is asked at the same time: more than a server has processors are of no use.
const MOST_LANES: usize = 4;

/// What a session means whatever a server, a database or an account has been set to: what is asked for while connecting comes
/// before all of these.
const SETTINGS: [(&str, &str); 8] = [
    ("timezone", "UTC"),
    ("datestyle", "ISO"),
    ("intervalstyle", "postgres"),
    ("standard_conforming_strings", "on"),
    ("bytea_output", "hex"),
    ("lock_timeout", "10s"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
];

/// For sessions that run tenants' statements. Where the program is gone, the server notices while a statement runs.
const FOR_TENANTS: [(&str, &str); 3] = [
    ("statement_timeout", "10min"),
    ("client_connection_check_interval", "2s"),
    ("idle_in_transaction_session_timeout", "10min"),
];

/// A PostgreSQL server, reached as an administrator that may make databases and roles.
#[derive(Clone)]
pub struct Postgres {
    pub(super) options: PgConnectOptions,
    pub(super) isolation: Isolation,
    /// Connections as the administrator: few, and kept open.
    admins: PgPool,
    /// Connections that there may be into tenants' databases at once.
    places: Arc<Semaphore>,
    pub(super) secrets: Arc<dyn Secrets>,
    /// Where copies are that are on their way from one database to another.
    pub(super) folder: PathBuf,
    is_superuser: Arc<OnceCell<bool>>,
    is_closed_to_public: Arc<OnceCell<()>>,
    pub(super) is_prepared: Arc<OnceCell<()>>,
    pub(super) wholes: super::whole::Wholes,
    /// Connections that there may be into tenants' databases at once.
    pub(super) for_tenants: usize,
    /// Connections over which the catalog is asked about tenants' schemas at the same time.
    pub(super) lanes: usize,
    /// What was read of catalogs before.
    pub(super) known: Known,
    /// Statements that are still run before everything fails; tests end a program like that.
    pub(super) left: Option<Arc<AtomicU32>>,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options know the administrator's password.
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

pub(super) fn away(what: &str, cause: impl fmt::Display) -> EngineError {
    EngineError::OutOfReach(format!("{what}: {cause}"))
}

pub(super) fn failed(cause: sqlx::Error) -> EngineError {
    away("The PostgreSQL server refused or is away", cause)
}

/// PostgreSQL's own number of an error.
pub(super) fn code(cause: &sqlx::Error) -> Option<String> {
    cause.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned)
}

/// Whether somebody else has dropped the same at the same moment. The server has no code of its own for that.
pub(super) fn is_dropped_meanwhile(cause: &sqlx::Error) -> bool {
    let sqlx::Error::Database(said) = cause else { return false };
    code(cause).is_some_and(|code| code == "XX000") && said.message().starts_with("tuple concurrently")
}

/// Two engines on one server mean the same by a digest of so many signs.
const DIGITS: usize = 16;

/// Signs that stand for who is at work, likewise.
const SCOPE_DIGITS: usize = 8;

/// Stands for something in the name of a database of ours, which has no room for all of it.
pub(super) fn short(text: &str) -> String {
    sha256_hex(text).get(..DIGITS).unwrap_or_default().to_owned()
}

/// The number of the lock that stands for a [`short`] text.
pub(super) fn lock_number(short: &str) -> i64 {
    let number = short.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    i64::from_ne_bytes(number.unwrap_or_default().to_ne_bytes())
}

/// A connection into a tenant's database, in its place among all that there may be.
pub(super) struct Held {
    pub(super) connection: PgConnection,
    pub(super) home: Home,
    leaving: Leaving,
}

/// Keeps a connection's place until the server has let go of it.
struct Leaving {
    id: i32,
    server: Postgres,
    place: Option<OwnedSemaphorePermit>,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(place) = self.place.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (id, server) = (self.id, self.server.clone());
            runtime.spawn(async move {
                if let Ok(mut admin) = server.admins.acquire().await {
                    gone(&mut admin, id).await;
                }
                drop(place);
            });
        }
    }
}

/// Waits until the server has let go of a connection that was closed: until then it counts it as one of ours. One that
/// still runs a statement is ended.
async fn gone(admin: &mut PgConnection, id: i32) {
    for look in 0..2 * MOST_LOOKS {
        let text = if look == MOST_LOOKS {
            "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND pg_terminate_backend(pid)"
        } else {
            "SELECT 1 FROM pg_stat_activity WHERE pid = $1"
        };
        match sqlx::query(text).bind(id).fetch_optional(&mut *admin).await {
            Ok(None) => return,
            Ok(Some(_)) | Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
    tracing::warn!(id, "The PostgreSQL server does not let go of a connection that was closed");
}

impl Held {
    /// Closes it in good order; its place is free a moment later.
    pub(super) async fn close(self) {
        if let Err(cause) = self.connection.close().await {
            tracing::debug!(%cause, "A connection to a tenant's database was not closed cleanly");
        }
    }

    /// Closes it and waits until the server has let go of it, too.
    pub(super) async fn close_with(self, admin: &mut PgConnection) -> Option<OwnedSemaphorePermit> {
        let Held { connection, mut leaving, .. } = self;
        let _ = connection.close().await;
        gone(admin, leaving.id).await;
        leaving.place.take()
    }
}

/// An account that a tenant's things are entered by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) home: &'a Home,
    pub(super) account: &'a str,
    pub(super) password: &'a str,
    /// The account whose rights it has, and nobody else's, where it is a member of that.
    pub(super) acts_as: Option<&'a str>,
}

impl Postgres {
    /// A server that an administrator's account can be used on, with at most so many connections at once, two at least: one
    /// half for the administrator, one for tenants. The options' database is where the administrator asks from. Copies on
    /// their way are kept in `folder`. Must be called within the runtime.
    pub fn new(
        options: PgConnectOptions,
        connections: u32,
        secrets: Arc<dyn Secrets>,
        folder: PathBuf,
    ) -> Self {
        // The driver would log statements, and with them what tenants have in their rows.
        let options = options.options(SETTINGS).disable_statement_logging();
        let for_admins = (connections / 2).max(1);
        let admins = PgPoolOptions::new()
            .max_connections(for_admins)
            .acquire_timeout(CONNECT)
            .idle_timeout(IDLE)
            .connect_lazy_with(options.clone().options([("search_path", "pg_catalog")]));
        let for_tenants = usize::try_from(connections.saturating_sub(for_admins).max(1)).unwrap_or(1);
        Self {
            options,
            isolation: Isolation::Database,
            admins,
            places: Arc::new(Semaphore::new(for_tenants)),
            secrets,
            folder,
            is_superuser: Arc::default(),
            is_closed_to_public: Arc::default(),
            is_prepared: Arc::default(),
            wholes: super::whole::Wholes::default(),
            for_tenants,
            lanes: usize::try_from(for_admins).unwrap_or(1).min(MOST_LANES),
            known: Known::default(),
            left: None,
        }
    }

    /// The same server where each tenant is a schema, in the database that the administrator asks from.
    #[must_use]
    pub fn in_schemas(self) -> Self {
        Self { isolation: Isolation::Schema, ..self }
    }

    /// Names who is at work on a server. Locks hold among those that have the same account and ask from the same database, and
    /// nobody else's passing things are touched.
    fn scope(&self) -> String {
        let (account, database) = (self.options.get_username(), self.options.get_database());
        let in_schemas = if self.has_schemas() { " schemas" } else { "" };
        let digest = sha256_hex(format!("{account} {}{in_schemas}", database.unwrap_or_default()));
        digest.get(..SCOPE_DIGITS).unwrap_or_default().to_owned()
    }

    /// What the names of our passing things of a kind begin with.
    pub(super) fn start(&self, kind: &str) -> String {
        format!("{kind}{}-", self.scope())
    }

    /// The same server for a program that is killed after so many more of its administrator's statements. For tests: each of
    /// the states that there are between two statements can be put up like that.
    #[doc(hidden)]
    #[must_use]
    pub fn killed_after(&self, statements: u32) -> Self {
        Self { left: Some(Arc::new(AtomicU32::new(statements))), ..self.clone() }
    }

    /// Whether [`Postgres::killed_after`] has come to its end.
    #[doc(hidden)]
    pub fn is_killed(&self) -> bool {
        self.left.as_ref().is_some_and(|left| left.load(Ordering::SeqCst) == 0)
    }

    pub(super) fn count(&self) -> Result<(), EngineError> {
        let Some(left) = &self.left else { return Ok(()) };
        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .map(|_| ())
            .map_err(|_| EngineError::OutOfReach("The program was killed.".into()))
    }

    /// Runs statements of one text as the administrator, in one transaction where they can be in one.
    pub(super) async fn run(&self, admin: &mut PgConnection, sql: String) -> Result<(), EngineError> {
        self.try_run(admin, sql).await?.map_err(failed)
    }

    /// The same; the inner error is the server's.
    pub(super) async fn try_run(
        &self,
        admin: &mut PgConnection,
        sql: String,
    ) -> Result<Result<(), sqlx::Error>, EngineError> {
        self.count()?;
        Ok(sqlx::raw_sql(AssertSqlSafe(sql)).execute(admin).await.map(|_| ()))
    }

    /// A place for a connection into a tenant's database.
    pub(super) async fn place(&self) -> Result<OwnedSemaphorePermit, EngineError> {
        Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| EngineError::OutOfReach("The program is ending.".into()))
    }

    /// A connection as the administrator.
    pub(super) async fn admin(&self) -> Result<PoolConnection<Driver>, EngineError> {
        self.admins.acquire().await.map_err(unreached)
    }

    /// A second connection as the administrator, if one is free: whoever has one must not wait for another.
    pub(super) fn free_admin(&self) -> Option<PoolConnection<Driver>> {
        self.admins.try_acquire()
    }

    /// Whether the administrator is a superuser; one that is not has to be a member of the roles that it makes.
    pub(super) async fn is_superuser(&self, admin: &mut PgConnection) -> Result<bool, EngineError> {
        let ask = async {
            let row = sqlx::query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user");
            row.fetch_one(admin).await.and_then(|row| row.try_get(0)).map_err(failed)
        };
        self.is_superuser.get_or_try_init(|| ask).await.copied()
    }

    /// Takes away from everybody what PostgreSQL gives them unasked: coming into the administrator's own database. Where
    /// the administrator may not do that, `examine` says so.
    pub(super) async fn close_to_public(&self, admin: &mut PgConnection) -> Result<(), EngineError> {
        let close = async {
            let open = super::examine::is_open_to_public(admin).await?;
            if let Some((name, true)) = open {
                let name = super::names::identifier(&name);
                self.run(admin, format!("REVOKE CONNECT, TEMPORARY ON DATABASE {name} FROM PUBLIC")).await?;
            }
            Ok(())
        };
        self.is_closed_to_public.get_or_try_init(|| close).await?;
        Ok(())
    }

    /// Enters a database. The inner error is the server's, which may refuse the account.
    pub(super) async fn enter(
        &self,
        place: OwnedSemaphorePermit,
        entry: Entry<'_>,
    ) -> Result<Result<Held, (sqlx::Error, OwnedSemaphorePermit)>, EngineError> {
        let mut options = self
            .options
            .clone()
            .username(entry.account)
            .password(entry.password)
            .database(&entry.home.database)
            .options(FOR_TENANTS)
            .options([("search_path", entry.home.quoted())]);
        if let Some(role) = entry.acts_as {
            options = options.options([("role", role)]);
        }
        self.try_to_enter(place, options, entry.home).await
    }

    async fn try_to_enter(
        &self,
        place: OwnedSemaphorePermit,
        options: PgConnectOptions,
        home: &Home,
    ) -> Result<Result<Held, (sqlx::Error, OwnedSemaphorePermit)>, EngineError> {
        self.count()?;
        let connecting = async {
            let mut connection = options.connect().await?;
            let row = sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
            let id = row.try_get(0)?;
            Ok((connection, id))
        };
        match tokio::time::timeout(CONNECT, connecting).await {
            Ok(Ok((connection, id))) => {
                let leaving = Leaving { id, server: self.clone(), place: Some(place) };
                Ok(Ok(Held { connection, home: home.clone(), leaving }))
            }
            Ok(Err(cause)) => Ok(Err((cause, place))),
            Err(_) => Err(EngineError::OutOfReach(format!(
                "The PostgreSQL server did not answer within {} seconds.",
                CONNECT.as_secs()
            ))),
        }
    }

    /// Enters a database as the administrator.
    pub(super) async fn enter_as_admin(
        &self,
        place: OwnedSemaphorePermit,
        database: &str,
    ) -> Result<Held, EngineError> {
        let options = self.options.clone().database(database);
        let entered = self.try_to_enter(place, options, &Home::of_database(database)).await?;
        entered.map_err(|(cause, _)| away("The database cannot be entered", cause))
    }

    /// Enters a database by an account that must be let in.
    pub(super) async fn enter_or_fail(
        &self,
        place: OwnedSemaphorePermit,
        entry: Entry<'_>,
    ) -> Result<Held, EngineError> {
        let entered = self.enter(place, entry).await?;
        entered.map_err(|(cause, _)| away("The tenant's database cannot be entered", cause))
    }
}
