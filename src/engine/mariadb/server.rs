//! One server, seen as its administrator: connections within their bound, and the list of databases that we made.

use super::{
    accounts::account,
    line::Line,
    session::{MariaDbSession, away, is_machine_trouble},
};
use crate::engine::{
    DatabaseName, EngineError, Marker, Presence, Secrets, TenantLock, inspected::Known, server::unreached,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Executor, MySql, MySqlConnection, MySqlPool, Row,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
    pool::PoolConnection,
};
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// What every session is set to, so that a statement means the same on every server.
pub(super) const SETTINGS: &str = "SET SESSION
    sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    time_zone = '+00:00', lock_wait_timeout = 10, innodb_lock_wait_timeout = 10, autocommit = 1";

/// How long a connection may take to be made, or to be free.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an administrator's connection is kept while nobody needs it.
const IDLE: Duration = Duration::from_mins(5);
/// How long one statement of a tenant's may run.
const DEADLINE: Duration = Duration::from_mins(10);
/// How much later than we do the server itself stops a statement, where it can: for the case that we are gone.
const LATER: Duration = Duration::from_secs(2);

/// Connections at most over which catalogs are read at the same time: more than a server has processors are of no use.
const MOST_LANES: usize = 4;

/// The database with our own list of databases, which tenants cannot see. A row is there before its database is: a kill in
/// between leaves nothing that nobody knows.
const LIST: [&str; 2] = [
    "CREATE DATABASE IF NOT EXISTS tenantry_server CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
    "CREATE TABLE IF NOT EXISTS tenantry_server.made_databases (
        name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        tenant_id CHAR(36) CHARACTER SET ascii NOT NULL,
        job_id CHAR(36) CHARACTER SET ascii NOT NULL,
        is_shut TINYINT NOT NULL DEFAULT 0,
        created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    ) ENGINE=InnoDB COMMENT='Databases that Tenantry has made on this server'",
];

/// A server, seen as its administrator.
#[derive(Clone)]
pub struct MariaDb {
    pub(super) options: MySqlConnectOptions,
    /// Connections as the administrator: few, and kept open.
    pub(super) admins: MySqlPool,
    /// Connections that tenants' accounts may have of us at once.
    places: Arc<Semaphore>,
    pub(super) secrets: Arc<dyn Secrets>,
    /// Where copies are that are on their way from one database to another.
    pub(super) folder: PathBuf,
    /// How long one statement of a tenant's may run.
    pub(super) deadline: Duration,
    /// Connections over which catalogs are read at the same time.
    pub(super) lanes: usize,
    /// What was read of catalogs before.
    pub(super) known: Known,
}

impl fmt::Debug for MariaDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options know the administrator's password.
        f.debug_struct("MariaDb").finish_non_exhaustive()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` gives")]
pub(super) fn failed(cause: sqlx::Error) -> EngineError {
    away("The database server refused or is away", &cause)
}

fn not_the_tenants(name: &DatabaseName) -> EngineError {
    EngineError::Foreign(format!("The database {name} is not marked as this tenant's"))
}

/// Makes tables of our own, of which `last` is made last. Where they are there, nothing waits for whoever uses them.
pub(super) async fn ensure(
    connection: &mut MySqlConnection,
    last: &str,
    statements: &[&'static str],
) -> Result<(), EngineError> {
    let question = format!("SELECT 1 FROM tenantry_server.{last} LIMIT 0");
    if connection.execute(AssertSqlSafe(question)).await.is_ok() {
        return Ok(());
    }
    for statement in statements {
        connection.execute(*statement).await.map_err(failed)?;
    }
    Ok(())
}

impl MariaDb {
    /// A server that an administrator's account can be used on, with at most so many connections at once, two at least:
    /// one for the administrator, one for a tenant. Copies on their way are kept in `folder`. Must be called within the
    /// runtime.
    pub fn new(
        options: MySqlConnectOptions,
        connections: u32,
        secrets: Arc<dyn Secrets>,
        folder: PathBuf,
    ) -> Self {
        // The driver would log statements, and some have passwords in them.
        let options = options
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .disable_statement_logging();
        let for_admins = (connections / 4).max(1);
        let admins = MySqlPoolOptions::new()
            .max_connections(for_admins)
            .acquire_timeout(CONNECT)
            .idle_timeout(IDLE)
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(SETTINGS).await.map(|_| ()) })
            })
            .connect_lazy_with(options.clone());
        let for_tenants = connections.saturating_sub(for_admins).max(1);
        let places = Arc::new(Semaphore::new(usize::try_from(for_tenants).unwrap_or(1)));
        let lanes = usize::try_from(for_admins).unwrap_or(1).min(MOST_LANES);
        Self { options, admins, places, secrets, folder, deadline: DEADLINE, lanes, known: Known::default() }
    }

    /// The same server, on which one statement of a tenant's may run for so long.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// One of the connections that the server may have of us, as soon as one is free.
    pub(super) async fn place(&self) -> Result<OwnedSemaphorePermit, EngineError> {
        Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| EngineError::OutOfReach("The program is ending.".into()))
    }

    async fn connect(&self, options: &MySqlConnectOptions) -> Result<MySqlConnection, EngineError> {
        let connecting = async {
            let mut connection = options.connect().await?;
            connection.execute(SETTINGS).await?;
            Ok(connection)
        };
        match tokio::time::timeout(CONNECT, connecting).await {
            Ok(connected) => connected.map_err(unreached),
            Err(_) => Err(EngineError::OutOfReach(format!(
                "The database server did not answer within {} seconds.",
                CONNECT.as_secs()
            ))),
        }
    }

    /// A connection as the administrator, for a short question.
    pub(super) async fn admin(&self) -> Result<PoolConnection<MySql>, EngineError> {
        self.admins.acquire().await.map_err(unreached)
    }

    /// A connection as the administrator for longer work, in the place of one of a tenant's.
    pub(super) async fn admin_line(&self) -> Result<Line, EngineError> {
        let place = self.place().await?;
        Line::new(self, self.connect(&self.options).await?, place).await
    }

    pub(super) async fn ensure_list(connection: &mut MySqlConnection) -> Result<(), EngineError> {
        ensure(connection, "made_databases", &LIST).await
    }

    async fn listed(
        connection: &mut MySqlConnection,
        name: &DatabaseName,
    ) -> Result<Option<(Marker, bool)>, EngineError> {
        const NO_SUCH: [&str; 2] = ["42S02", "42000"];
        let row = sqlx::query(
            "SELECT tenant_id, job_id, CAST(is_shut AS SIGNED) FROM tenantry_server.made_databases WHERE name = ?",
        )
        .bind(name.as_str())
        .fetch_optional(connection)
        .await;
        let row = match row {
            Ok(row) => row,
            // A server that nothing was made on yet.
            Err(sqlx::Error::Database(cause))
                if cause.code().is_some_and(|code| NO_SUCH.contains(&code.as_ref())) =>
            {
                None
            }
            Err(cause) => return Err(failed(cause)),
        };
        let Some(row) = row else { return Ok(None) };
        let id = |place: usize| -> Result<Uuid, EngineError> {
            let text: String = row.try_get(place).map_err(failed)?;
            text.parse()
                .map_err(|_| EngineError::Foreign(format!("The mark of the database {name} cannot be read")))
        };
        let is_shut = row.try_get::<i64, _>(2).map_err(failed)? == 1;
        Ok(Some((Marker { tenant_id: id(0)?, job_id: id(1)? }, is_shut)))
    }

    async fn exists(connection: &mut MySqlConnection, name: &DatabaseName) -> Result<bool, EngineError> {
        let found = sqlx::query("SELECT 1 FROM information_schema.schemata WHERE schema_name = ?")
            .bind(name.as_str())
            .fetch_optional(connection)
            .await
            .map_err(failed)?;
        Ok(found.is_some())
    }

    /// What is to be found under a name.
    pub(super) async fn find(
        connection: &mut MySqlConnection,
        name: &DatabaseName,
    ) -> Result<Presence, EngineError> {
        let listed = Self::listed(connection, name).await?;
        Ok(match (Self::exists(connection, name).await?, listed) {
            (false, _) => Presence::Absent,
            (true, Some((marker, false))) => Presence::Ours(marker),
            (true, Some((marker, true))) => Presence::Shut(marker),
            (true, None) => {
                Presence::Foreign(format!("A database {name} that Tenantry has not made is on the server"))
            }
        })
    }

    /// A session on a tenant's database under the tenant's own account.
    pub(super) async fn session(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
        lock: Option<TenantLock>,
    ) -> Result<MariaDbSession, EngineError> {
        let place = self.place().await?;
        match Self::find(&mut *self.admin().await?, name).await? {
            Presence::Absent => return Err(EngineError::Missing(name.to_string())),
            Presence::Ours(marker) | Presence::Shut(marker) if marker.tenant_id != tenant => {
                return Err(not_the_tenants(name));
            }
            Presence::Shut(_) => return Err(EngineError::Shut(name.to_string())),
            Presence::Ours(_) => {}
            Presence::Foreign(_) => return Err(not_the_tenants(name)),
        }
        let secret = self.secrets.of(tenant).await?;
        self.session_with(name, tenant, lock, &secret, place).await
    }

    /// The same, where the password and the place are there already.
    pub(super) async fn session_with(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
        lock: Option<TenantLock>,
        secret: &str,
        place: OwnedSemaphorePermit,
    ) -> Result<MariaDbSession, EngineError> {
        let options = self.options.clone().username(&account(name)).password(secret).database(name.as_str());
        let mut line = Line::new(self, self.connect(&options).await?, place).await?;
        // Only MariaDB reads what stands in this comment.
        let seconds = (self.deadline + LATER).as_secs_f64();
        let bound = format!("SET SESSION autocommit = 1 /*M!, max_statement_time = {seconds} */");
        line.connection.execute(AssertSqlSafe(bound)).await.map_err(failed)?;
        let owner =
            sqlx::query("SELECT tenant_id FROM tenantry_owner").fetch_optional(&mut line.connection).await;
        match owner {
            Ok(Some(row)) if row.try_get::<String, _>(0).is_ok_and(|id| id == tenant.to_string()) => {}
            Err(cause) if is_machine_trouble(&cause) => return Err(failed(cause)),
            _ => return Err(not_the_tenants(name)),
        }
        Ok(MariaDbSession { line, server: self.clone(), database: name.to_string(), lock, scratch: None })
    }

    /// A session to look at a tenant's database: as the tenant, or as the administrator where the tenant is shut out.
    pub(super) async fn looking(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
    ) -> Result<MariaDbSession, EngineError> {
        match self.session(name, tenant, None).await {
            Err(EngineError::Shut(_)) => self.as_admin(name).await,
            session => session,
        }
    }

    /// A session on a database as the administrator, to look at it where the tenant's account is locked.
    async fn as_admin(&self, name: &DatabaseName) -> Result<MariaDbSession, EngineError> {
        if self.is_on_its_way(name).await? {
            return Err(EngineError::OutOfReach(format!(
                "The content of the database {name} is being moved. Look again in a moment."
            )));
        }
        let place = self.place().await?;
        let options = self.options.clone().database(name.as_str());
        let line = Line::new(self, self.connect(&options).await?, place).await?;
        Ok(MariaDbSession {
            line,
            server: self.clone(),
            database: name.to_string(),
            lock: None,
            scratch: None,
        })
    }
}
