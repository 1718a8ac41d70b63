//! A connection that counts in the server's bound from the moment that it is asked for until the server has let go of it.

use super::{MariaDb, server::failed};
use crate::engine::EngineError;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, Row};
use std::time::{Duration, Instant};
use tokio::{runtime::Handle, sync::OwnedSemaphorePermit};

/// How long the end of a connection is waited for. Past it the server is in trouble that waiting does not mend.
const LONGEST_END: Duration = Duration::from_mins(10);
/// Between two looks, at first and later.
const BETWEEN_LOOKS: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(100)];
/// Looks until the pauses become longer.
const QUICK_LOOKS: u32 = 200;

/// An open connection with its place.
pub(super) struct Line {
    // The fields are dropped in this order: the socket is closed before its end is waited for.
    pub(super) connection: MySqlConnection,
    /// Its number on the server.
    pub(super) id: u64,
    place: Place,
}

/// One of the connections that the server may have of us.
struct Place {
    id: u64,
    server: MariaDb,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let (server, id) = (self.server.clone(), self.id);
        // Without a runtime the program ends, and its connections with it.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                server.end(id).await;
                drop(permit);
            });
        }
    }
}

impl Line {
    /// Puts a connection into the place that was kept for it.
    pub(super) async fn new(
        server: &MariaDb,
        mut connection: MySqlConnection,
        permit: OwnedSemaphorePermit,
    ) -> Result<Line, EngineError> {
        let row = sqlx::query("SELECT CONNECTION_ID()").fetch_one(&mut connection).await.map_err(failed)?;
        let id = row.try_get_unchecked::<u64, _>(0).map_err(failed)?;
        Ok(Line { connection, id, place: Place { id, server: server.clone(), permit: Some(permit) } })
    }

    /// Closes it, and gives its place away once the server has let go.
    pub(super) async fn close(self) {
        let Line { connection, id, mut place } = self;
        if let Err(cause) = connection.close().await {
            // Over TLS the server may be gone before it has heard all of the farewell.
            tracing::debug!(%cause, "A connection to a tenant's database was not closed cleanly");
        }
        place.server.gone(id).await;
        place.permit = None;
    }
}

impl MariaDb {
    /// Ends a connection that nobody closed, whatever it is in the middle of.
    async fn end(&self, id: u64) {
        self.kill("CONNECTION", id).await;
        self.gone(id).await;
    }

    /// Ends a connection (`CONNECTION`) or what it is in the middle of (`QUERY`).
    pub(super) async fn kill(&self, what: &str, id: u64) {
        let Ok(mut admin) = self.admin().await else { return };
        // One that is gone already is an error, and what was wanted.
        let _ = admin.execute(AssertSqlSafe(format!("KILL {what} {id}"))).await;
    }

    /// Waits until the server has let go of a connection: until then it counts it as one of ours.
    async fn gone(&self, id: u64) {
        let end = Instant::now() + LONGEST_END;
        let mut looks = 0;
        while Instant::now() < end {
            match self.is_there(id).await {
                // Others have all the administrator's connections.
                Ok(true) | Err(sqlx::Error::PoolTimedOut) => {}
                // A server that is away has no connections.
                Ok(false) | Err(_) => return,
            }
            looks += 1;
            let [quick, slow] = BETWEEN_LOOKS;
            tokio::time::sleep(if looks < QUICK_LOOKS { quick } else { slow }).await;
        }
        tracing::warn!(connection = id, "The database server does not let go of a connection");
    }

    async fn is_there(&self, id: u64) -> Result<bool, sqlx::Error> {
        let mut admin = self.admins.acquire().await?;
        let row = sqlx::query("SELECT 1 FROM information_schema.processlist WHERE id = ?")
            .bind(id)
            .fetch_optional(&mut *admin)
            .await?;
        Ok(row.is_some())
    }
}
