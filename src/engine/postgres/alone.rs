//! Being alone on something: on a tenant's name, on a template. The server keeps these locks, among those that have the same
//! account and ask from the same database.

use super::server::{Postgres, away, code, failed, lock_number, short};
use crate::engine::{DatabaseName, EngineError};
use sqlx::{PgConnection, Postgres as Driver, pool::PoolConnection};
use std::ops::{Deref, DerefMut};

/// Strangers that hold a lock of ours, as only a tenant's account in the same database can.
const END_STRANGERS: &str = "
SELECT pg_terminate_backend(a.pid, 5000) FROM pg_locks l
JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND (l.classid::bigint << 32 | l.objid::bigint) = $1
  AND a.usename <> current_user AND pg_has_role(a.usesysid, 'USAGE')";

/// A connection that its holder alone has, while nobody else works on what it stands for.
pub(super) struct Alone {
    admin: PoolConnection<Driver>,
    number: i64,
    is_released: bool,
}

impl Deref for Alone {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.admin
    }
}

impl DerefMut for Alone {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.admin
    }
}

impl Alone {
    /// Lets others work on it.
    pub(super) async fn release(mut self) {
        let done = sqlx::query("SELECT pg_advisory_unlock($1)").bind(self.number).execute(&mut *self.admin);
        self.is_released = done.await.is_ok();
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        if !self.is_released {
            // The server takes the lock back with its connection.
            self.admin.close_on_drop();
        }
    }
}

impl Postgres {
    /// A connection as the administrator while nobody else has one for the same; `short` is of [`short`].
    pub(super) async fn alone(&self, short: &str) -> Result<Alone, EngineError> {
        let mut alone = Alone { admin: self.admin().await?, number: lock_number(short), is_released: false };
        let trouble = |cause| away("Another worker is at work on the same database", cause);
        match lock(&mut alone.admin, alone.number).await {
            Err(cause) if self.has_schemas() && code(&cause).as_deref() == Some("55P03") => {
                // In the database that tenants share with us, anybody may take any such lock.
                let ended = sqlx::query(END_STRANGERS).bind(alone.number).fetch_all(&mut *alone.admin).await;
                if ended.map_err(failed)?.is_empty() {
                    return Err(trouble(cause));
                }
                tracing::warn!("A tenant's connection that held a lock of Tenantry's was ended");
                lock(&mut alone.admin, alone.number).await.map_err(trouble)?;
            }
            other => other.map_err(trouble)?,
        }
        Ok(alone)
    }

    /// The same for a tenant's name.
    pub(super) async fn alone_on(&self, name: &DatabaseName) -> Result<Alone, EngineError> {
        self.alone(&short(name.as_str())).await
    }
}

async fn lock(admin: &mut PgConnection, number: i64) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_lock($1)").bind(number).execute(admin).await.map(|_| ())
}
