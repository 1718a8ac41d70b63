//! One server, seen as its administrator: connections within their bound, the list of databases that we made, accounts.

use super::{
    session::{MariaDbSession, away},
    words::{identifier, text},
};
use crate::engine::{DatabaseName, EngineError, Marker, Presence, Secrets, TenantLock};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Executor, MySql, MySqlConnection, MySqlPool, Row,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
    pool::PoolConnection,
};
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// What every session is set to, so that a statement means the same on every server.
const SETTINGS: &str = "SET SESSION
    sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    time_zone = '+00:00', lock_wait_timeout = 10, innodb_lock_wait_timeout = 10, autocommit = 1";

/// How long a connection may take to be made, or to be free.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an administrator's connection is kept while nobody needs it.
const IDLE: Duration = Duration::from_mins(5);
/// How often, and so for about how many milliseconds, the end of a connection is waited for.
const MOST_LOOKS: u32 = 500;

/// What a tenant's account may do in its own database, and nowhere else.
const RIGHTS: &str = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, \
    LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, TRIGGER";

/// Longest name of an account on MySQL.
const LONGEST_ACCOUNT: usize = 32;
/// Signs at the end of a database's name that no other has.
const OWN_END: usize = 12;

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
    admins: MySqlPool,
    /// Connections that tenants' accounts may have of us at once.
    places: Arc<Semaphore>,
    pub(super) secrets: Arc<dyn Secrets>,
    /// Where copies are that are on their way from one database to another.
    pub(super) folder: PathBuf,
}

impl fmt::Debug for MariaDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options know the administrator's password.
        f.debug_struct("MariaDb").finish_non_exhaustive()
    }
}

/// A scratch database, to be removed with its account.
pub(super) struct Scratch {
    pub(super) server: MariaDb,
    pub(super) name: DatabaseName,
    pub(super) is_removed: bool,
}

impl Scratch {
    pub(super) async fn remove(mut self) {
        self.is_removed = true;
        if let Err(cause) = self.server.drop_all(&self.name).await {
            tracing::warn!(%cause, database = %self.name, "A scratch database could not be removed");
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        if !self.is_removed
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                let _ = server.drop_all(&name).await;
            });
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` gives")]
pub(super) fn failed(cause: sqlx::Error) -> EngineError {
    away("The database server refused or is away", &cause)
}

/// The name of the account of a database: as much of the name as fits, and its end, which no other has.
pub(super) fn account(name: &DatabaseName) -> String {
    let whole = name.as_str();
    if whole.len() <= LONGEST_ACCOUNT {
        return whole.to_owned();
    }
    let tail = whole.get(whole.len() - OWN_END..).unwrap_or_default();
    let head = whole.get(..LONGEST_ACCOUNT - OWN_END - 1).unwrap_or_default();
    format!("{head}_{tail}")
}

/// A database's name in a GRANT, where `_` and `%` stand for other signs unless they are escaped.
fn in_grant(name: &DatabaseName) -> String {
    identifier(&name.as_str().replace('_', "\\_"))
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
        Self { options, admins, places, secrets, folder }
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, EngineError> {
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
            Ok(connected) => connected.map_err(|cause| away("The database server cannot be reached", &cause)),
            Err(_) => Err(EngineError::OutOfReach(format!(
                "The database server did not answer within {} seconds.",
                CONNECT.as_secs()
            ))),
        }
    }

    /// A connection as the administrator.
    pub(super) async fn admin(&self) -> Result<PoolConnection<MySql>, EngineError> {
        self.admins.acquire().await.map_err(|cause| away("The database server cannot be reached", &cause))
    }

    /// Waits until the server has let go of a connection that was closed: until then it counts it as one of ours.
    pub(super) async fn gone(&self, id: u64) {
        let Ok(mut admin) = self.admin().await else { return };
        for _ in 0..MOST_LOOKS {
            let left = sqlx::query("SELECT 1 FROM information_schema.processlist WHERE id = ?")
                .bind(id)
                .fetch_optional(&mut *admin)
                .await;
            if !matches!(left, Ok(Some(_))) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub(super) async fn ensure_list(connection: &mut MySqlConnection) -> Result<(), EngineError> {
        for statement in LIST {
            connection.execute(statement).await.map_err(failed)?;
        }
        Ok(())
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

    /// Makes the account of a database, or gives it its password again.
    pub(super) async fn make_account(
        &self,
        connection: &mut MySqlConnection,
        name: &DatabaseName,
        secret: &str,
    ) -> Result<(), EngineError> {
        if secret.is_empty() || !secret.chars().all(|sign| sign.is_ascii_alphanumeric()) {
            return Err(EngineError::OutOfReach("A tenant's password has signs that it cannot have.".into()));
        }
        let account = format!("{}@'%'", text(&account(name)));
        for statement in [
            format!("CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{secret}'"),
            format!("ALTER USER {account} IDENTIFIED BY '{secret}'"),
            format!("GRANT {RIGHTS} ON {}.* TO {account}", in_grant(name)),
        ] {
            connection.execute(AssertSqlSafe(statement)).await.map_err(|cause| {
                // The statement has the password in it.
                tracing::debug!(database = %name, "An account could not be made");
                failed(cause)
            })?;
        }
        Ok(())
    }

    pub(super) async fn drop_all(&self, name: &DatabaseName) -> Result<(), EngineError> {
        let mut connection = self.admin().await?;
        for statement in [
            format!("DROP DATABASE IF EXISTS {}", identifier(name.as_str())),
            format!("DROP USER IF EXISTS {}@'%'", text(&account(name))),
        ] {
            connection.execute(AssertSqlSafe(statement)).await.map_err(failed)?;
        }
        sqlx::query("DELETE FROM tenantry_server.made_databases WHERE name = ?")
            .bind(name.as_str())
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// The options of a tenant's own account.
    async fn as_tenant(&self, name: &DatabaseName, tenant: Uuid) -> Result<MySqlConnectOptions, EngineError> {
        let secret = self.secrets.of(tenant).await?;
        Ok(self.options.clone().username(&account(name)).password(&secret).database(name.as_str()))
    }

    /// A session on a database as the administrator, where the tenant's account cannot be used.
    pub(super) async fn as_admin(&self, name: &DatabaseName) -> Result<MariaDbSession, EngineError> {
        let place = self.place().await?;
        let mut connection = self.connect(&self.options.clone().database(name.as_str())).await?;
        let row = sqlx::query("SELECT CONNECTION_ID()").fetch_one(&mut connection).await.map_err(failed)?;
        Ok(MariaDbSession {
            id: row.try_get_unchecked::<u64, _>(0).map_err(failed)?,
            connection,
            server: self.clone(),
            database: name.to_string(),
            lock: None,
            place,
            scratch: None,
        })
    }

    pub(super) async fn session(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
        lock: Option<TenantLock>,
    ) -> Result<MariaDbSession, EngineError> {
        let place = self.place().await?;
        let presence = Self::find(&mut *self.admin().await?, name).await?;
        match presence {
            Presence::Absent => return Err(EngineError::Missing(name.to_string())),
            Presence::Shut(_) => return Err(EngineError::Shut(name.to_string())),
            Presence::Ours(marker) if marker.tenant_id == tenant => {}
            Presence::Ours(_) | Presence::Foreign(_) => {
                return Err(EngineError::Foreign(format!(
                    "The database {name} is not marked as this tenant's"
                )));
            }
        }
        let mut connection = self.connect(&self.as_tenant(name, tenant).await?).await?;
        let owner = sqlx::query("SELECT tenant_id, CONNECTION_ID() FROM tenantry_owner")
            .fetch_optional(&mut connection)
            .await;
        let id = match owner {
            Ok(Some(row)) if row.try_get::<String, _>(0).is_ok_and(|id| id == tenant.to_string()) => {
                row.try_get_unchecked::<u64, _>(1).map_err(failed)?
            }
            Err(cause) if super::session::is_machine_trouble(&cause) => return Err(failed(cause)),
            _ => {
                return Err(EngineError::Foreign(format!(
                    "The database {name} is not marked as this tenant's"
                )));
            }
        };
        Ok(MariaDbSession {
            connection,
            id,
            server: self.clone(),
            database: name.to_string(),
            lock,
            place,
            scratch: None,
        })
    }
}

impl MariaDb {
    /// Locks a tenant's account and ends its connections, or lets it in again.
    pub(super) async fn set_shut(
        &self,
        name: &DatabaseName,
        lock: &TenantLock,
        is_shut: bool,
    ) -> Result<(), EngineError> {
        let mut connection = self.admin().await?;
        match Self::find(&mut connection, name).await? {
            Presence::Absent => return Err(EngineError::Missing(name.to_string())),
            Presence::Ours(marker) | Presence::Shut(marker) if marker.tenant_id == lock.tenant_id => {}
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!("The database {name} is another tenant's")));
            }
            Presence::Foreign(reason) => return Err(EngineError::Foreign(reason)),
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
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        if ours.rows_affected() != 1 {
            return Err(EngineError::Stale);
        }
        let user = account(name);
        let word = if is_shut { "LOCK" } else { "UNLOCK" };
        let statement = format!("ALTER USER {}@'%' ACCOUNT {word}", text(&user));
        connection.execute(AssertSqlSafe(statement)).await.map_err(failed)?;
        sqlx::query("UPDATE tenantry_server.made_databases SET is_shut = ? WHERE name = ?")
            .bind(i64::from(is_shut))
            .bind(name.as_str())
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        if is_shut {
            // A locked account keeps the connections that it has.
            let open =
                sqlx::query("SELECT CAST(id AS SIGNED) FROM information_schema.processlist WHERE user = ?")
                    .bind(&user)
                    .fetch_all(&mut *connection)
                    .await
                    .map_err(failed)?;
            for row in open {
                let id: i64 = row.try_get(0).map_err(failed)?;
                let _ = connection.execute(AssertSqlSafe(format!("KILL CONNECTION {id}"))).await;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_fits_and_no_two_databases_share_one() {
        let long = "a".repeat(200);
        let names: Vec<String> =
            (0..50).map(|_| account(&DatabaseName::derive(&long, Uuid::now_v7()))).collect();
        let mut different = names.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), names.len());
        assert!(names.iter().all(|name| name.len() <= LONGEST_ACCOUNT));
    }

    #[test]
    fn a_grant_is_for_one_database_and_not_for_names_like_it() {
        let name: DatabaseName = "acme_1".parse().unwrap();
        assert_eq!(in_grant(&name), r"`acme\_1`");
    }
}
