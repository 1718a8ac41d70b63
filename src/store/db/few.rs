//! A few connections to the control database's file, used again and again. The driver's own pool asks a connection for a sign
//! of life each time it comes back, which is one more way to its thread for each use; a connection to a file has none to give.

use super::Result;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{self, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// Connections, made when they are needed, and kept. Cheap to clone.
#[derive(Clone)]
pub(super) struct Few(Arc<Inner>);

type One = Arc<sync::Mutex<SqliteConnection>>;

struct Inner {
    options: SqliteConnectOptions,
    places: Arc<Semaphore>,
    number: u32,
    /// How long one is waited for.
    wait: Duration,
    idle: Mutex<Vec<One>>,
}

impl fmt::Debug for Few {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Few").field("free", &self.0.places.available_permits()).finish_non_exhaustive()
    }
}

impl Few {
    /// At most `number` connections, each of which is waited for so long.
    pub(super) fn new(options: SqliteConnectOptions, number: u32, wait: Duration) -> Few {
        let places = Arc::new(Semaphore::new(usize::try_from(number).unwrap_or(usize::MAX)));
        Few(Arc::new(Inner { options, places, number, wait, idle: Mutex::default() }))
    }

    /// A connection that nobody uses; those who ask get one in the order in which they asked.
    pub(super) async fn acquire(&self) -> Result<Held> {
        let place = tokio::time::timeout(self.0.wait, Arc::clone(&self.0.places).acquire_owned()).await;
        let place = place.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle().pop();
        let one = match idle {
            Some(one) => one,
            None => Arc::new(sync::Mutex::new(self.0.options.connect().await?)),
        };
        let connection = one.lock_owned().await;
        Ok(Held { connection, few: self.clone(), is_spent: false, _place: place })
    }

    /// Waits for all who have one, and closes all of them; nobody gets one after that.
    pub(super) async fn close(&self) {
        let all = self.0.places.acquire_many(self.0.number).await;
        self.0.places.close();
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle.into_iter().filter_map(Arc::into_inner) {
            let _ = connection.into_inner().close().await;
        }
        drop(all);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<One>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that goes back to the others when it is let go of.
pub(super) struct Held {
    // Let go of in this order: whoever gets the place finds the connection free.
    connection: OwnedMutexGuard<SqliteConnection>,
    few: Few,
    is_spent: bool,
    _place: OwnedSemaphorePermit,
}

impl Held {
    /// It is closed, not used again, when it is let go of.
    pub(super) fn close_on_drop(&mut self) {
        self.is_spent = true;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.is_spent {
            self.few.idle().push(Arc::clone(OwnedMutexGuard::mutex(&self.connection)));
        }
    }
}

impl Deref for Held {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    fn few(number: u32) -> Few {
        Few::new(SqliteConnectOptions::new().filename(":memory:"), number, Duration::from_millis(50))
    }

    async fn number(connection: &mut SqliteConnection) -> i64 {
        sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema").fetch_one(connection).await.unwrap()
    }

    #[tokio::test]
    async fn a_connection_is_used_again_by_one_at_a_time() {
        let few = few(1);
        let mut held = few.acquire().await.unwrap();
        sqlx::query("CREATE TABLE t (c)").execute(&mut *held).await.unwrap();
        let waited = few.acquire().await.err().unwrap();
        assert!(matches!(waited, StoreError::Database(sqlx::Error::PoolTimedOut)));
        drop(held);
        assert_eq!(number(&mut few.acquire().await.unwrap()).await, 1);
    }

    #[tokio::test]
    async fn one_that_is_spent_is_made_anew() {
        let few = few(1);
        let mut held = few.acquire().await.unwrap();
        sqlx::query("CREATE TABLE t (c)").execute(&mut *held).await.unwrap();
        held.close_on_drop();
        drop(held);
        assert_eq!(number(&mut few.acquire().await.unwrap()).await, 0);
    }

    #[tokio::test]
    async fn closing_waits_for_those_who_have_one_and_lets_nobody_in_afterwards() {
        let few = few(2);
        let held = few.acquire().await.unwrap();
        let (closing, kept) = (few.clone(), few.clone());
        let closing = tokio::spawn(async move { closing.close().await });
        tokio::task::yield_now().await;
        assert!(!closing.is_finished());
        drop(held);
        closing.await.unwrap();
        let refused = kept.acquire().await.err().unwrap();
        assert!(matches!(refused, StoreError::Database(sqlx::Error::PoolClosed)));
    }
}
