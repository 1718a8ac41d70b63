//! Scratch databases: empty, for one session, and gone with it; and those of sessions that could not see to that.

use super::{MariaDb, accounts::account, server::failed, session::MariaDbSession};
use crate::engine::{DatabaseName, EngineError, TenantLock};
use sqlx::{MySqlConnection, Row};
use tokio::runtime::Handle;
use uuid::Uuid;

/// A scratch database, to be removed with its account.
pub(super) struct Scratch {
    server: MariaDb,
    name: DatabaseName,
    is_removed: bool,
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
            && let Ok(runtime) = Handle::try_current()
        {
            // What this does not reach is swept later.
            runtime.spawn(async move {
                let _ = server.drop_all(&name).await;
            });
        }
    }
}

/// A password that nobody needs to know again.
fn random_secret() -> String {
    use std::fmt::Write as _;
    let bytes: [u8; 24] = rand::random();
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl MariaDb {
    /// An empty database that is gone when the session is.
    pub(super) async fn scratch_session(&self) -> Result<MariaDbSession, EngineError> {
        // First of all: from here on it is a short way to the connection that says that somebody uses the database.
        let place = self.place().await?;
        let id = Uuid::now_v7();
        let name = DatabaseName::derive("tenantry-scratch", id);
        let lock = TenantLock { tenant_id: id, job_id: id, fence: 0 };
        let secret = random_secret();
        let scratch = Scratch { server: self.clone(), name: name.clone(), is_removed: false };
        Self::make(&mut *self.admin().await?, &name, &lock, &secret).await?;
        let mut session = self.session_with(&name, id, Some(lock), &secret, place).await?;
        session.scratch = Some(scratch);
        Ok(session)
    }

    /// Removes the scratch databases that no session has, with their accounts and their rows of the list; and the rows of
    /// databases that were never made. Gives how many databases and rows.
    pub(super) async fn sweep_up(&self) -> Result<u64, EngineError> {
        let mut admin = self.admin().await?;
        Self::ensure_list(&mut admin).await?;
        // Without it the connections of others cannot be seen, and every scratch database seems to be nobody's.
        if !super::examine::sees_all_connections(&mut admin).await? {
            return Err(EngineError::OutOfReach(
                "What was left on the database server cannot be swept up: the administrator needs the right PROCESS.".into(),
            ));
        }
        let orphans = orphans(&mut admin).await?;
        // A job that makes a database takes moments from the row to the database.
        let rows = sqlx::query(
            "DELETE FROM tenantry_server.made_databases WHERE created_at < CURRENT_TIMESTAMP - INTERVAL 1 DAY
             AND name NOT IN (SELECT CONVERT(schema_name USING ascii) FROM information_schema.schemata)",
        )
        .execute(&mut *admin)
        .await
        .map_err(failed)?
        .rows_affected();
        drop(admin);
        for name in &orphans {
            self.drop_all(name).await?;
            tracing::info!(database = %name, "A scratch database that nobody used any more was removed");
        }
        Ok(rows + orphans.len() as u64)
    }
}

/// How many scratch databases there are.
pub(super) async fn count(connection: &mut MySqlConnection) -> Result<u64, EngineError> {
    let row = sqlx::query(
        r"SELECT CAST(COUNT(*) AS SIGNED) FROM information_schema.schemata WHERE schema_name LIKE 'tenantry\_scratch\_%'",
    );
    let row = row.fetch_one(connection).await.map_err(failed)?;
    Ok(u64::try_from(row.try_get::<i64, _>(0).map_err(failed)?).unwrap_or(0))
}

/// Scratch databases that nobody is connected to, past the time that it takes to connect.
async fn orphans(connection: &mut MySqlConnection) -> Result<Vec<DatabaseName>, EngineError> {
    // A scratch database is its own tenant and its own job, which no tenant's is.
    let rows = sqlx::query(
        r"SELECT name FROM tenantry_server.made_databases
          WHERE name LIKE 'tenantry\_scratch\_%' AND tenant_id = job_id
          AND created_at < CURRENT_TIMESTAMP - INTERVAL 2 MINUTE",
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(failed)?;
    let mut orphans = Vec::new();
    for row in rows {
        let name: String = row.try_get(0).map_err(failed)?;
        let Ok(name) = name.parse::<DatabaseName>() else { continue };
        let used = sqlx::query("SELECT 1 FROM information_schema.processlist WHERE user = ? LIMIT 1")
            .bind(account(&name))
            .fetch_optional(&mut *connection)
            .await
            .map_err(failed)?;
        if used.is_none() {
            orphans.push(name);
        }
    }
    Ok(orphans)
}
