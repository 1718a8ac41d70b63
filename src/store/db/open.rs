//! Opening the control database: a file, or a database of a server that is there already.

use super::{Pools, Result, Store, StoreError, mariadb, postgres, sqlite};
use crate::config::{ServerAddress, ServerKind};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use std::{fmt, future::Future, path::Path, sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Connections to read with. A server has more to do than to wait for one of us.
const READERS: u32 = 8;
/// Connections to write with: writers of one process queue in order, and those of several at the server.
const WRITERS: u32 = 1;
/// Connections to claim with: one to hold a job, one for its number, and one that is not given back yet.
const CLAIMERS: u32 = 3;

/// How long a connection may take to be made or to be free: who waits for a page wants to know soon that there is none.
const WAIT: Duration = Duration::from_secs(5);
/// How long the server may take to answer for the first time.
const AT_START: Duration = Duration::from_secs(10);

impl Store {
    /// Opens (and creates, where it is missing) the control database in a file.
    pub async fn open(file: &Path) -> Result<Store> {
        let (readers, writer, disk) = sqlite::open(file).await?;
        Ok(Store { pools: Pools::Sqlite { readers, writer, disk }, shelf: Arc::default() })
    }

    /// Opens the control database in a server's database. What is in the way is said in a sentence, without the address's
    /// password.
    pub async fn connect(address: &ServerAddress) -> Result<Store> {
        let pools = match address.kind {
            ServerKind::MariaDb => {
                let options = mariadb::options(address.url()).map_err(|cause| not_understood(&cause))?;
                let connection = first(address, options.connect()).await?;
                let _ = connection.close().await;
                let pool = |connections| mariadb::pool(options.clone(), connections, WAIT);
                Pools::MariaDb {
                    readers: pool(READERS),
                    writer: pool(WRITERS),
                    claimers: pool(CLAIMERS),
                    queue: Arc::new(Semaphore::new(1)),
                }
            }
            ServerKind::Postgres => {
                let options = postgres::options(address.url()).map_err(|cause| not_understood(&cause))?;
                let mut connection = first(address, options.connect()).await?;
                let row = sqlx::query("SHOW server_encoding").fetch_one(&mut connection).await?;
                let _ = connection.close().await;
                let encoding: String = row.try_get(0)?;
                if encoding != "UTF8" {
                    return Err(StoreError::Unfit(format!(
                        "The control database {address} holds texts in {encoding}, which has no room for every language. Make one with ENCODING 'UTF8'."
                    )));
                }
                let pool = |connections| postgres::pool(options.clone(), connections, WAIT);
                Pools::Postgres {
                    readers: pool(READERS),
                    writer: pool(WRITERS),
                    claimers: pool(CLAIMERS),
                    queue: Arc::new(Semaphore::new(1)),
                }
            }
        };
        Ok(Store { pools, shelf: Arc::default() })
    }
}

fn not_understood(_: &StoreError) -> StoreError {
    // What the driver says about it may repeat a part of the address.
    StoreError::Unfit(
        "The address in TENANTRY_DATABASE_URL is not understood; what follows its question mark has to be what the server's own programs take, such as ssl-mode=REQUIRED for MariaDB or sslmode=require for PostgreSQL."
            .to_owned(),
    )
}

/// The first connection: made at once or not at all, so that a program that cannot start says so.
async fn first<T>(
    address: &impl fmt::Display,
    connecting: impl Future<Output = std::result::Result<T, sqlx::Error>>,
) -> Result<T> {
    let why = match tokio::time::timeout(AT_START, connecting).await {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(sqlx::Error::Database(cause))) => cause.message().to_owned(),
        Ok(Err(cause)) => cause.to_string(),
        Err(_) => format!("it did not answer within {} seconds", AT_START.as_secs()),
    };
    let why = why.trim_end_matches('.');
    Err(StoreError::Unfit(format!(
        "The control database {address} cannot be reached: {why}. Start its server, or mend TENANTRY_DATABASE_URL."
    )))
}
