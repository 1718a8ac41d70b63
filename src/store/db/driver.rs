//! A connection of one of the three engines. What each has in words of its own is in the file of its name.

use super::{Backend, Query, Result, Row, few::Held, mariadb, postgres, row::Inner, sqlite};
use sqlx::{MySql, Postgres, pool::PoolConnection};

pub(super) enum Driver {
    Sqlite(Held),
    MariaDb(PoolConnection<MySql>),
    Postgres(PoolConnection<Postgres>),
}

impl Driver {
    pub(super) fn backend(&self) -> Backend {
        match self {
            Driver::Sqlite(_) => Backend::Sqlite,
            Driver::MariaDb(_) => Backend::MariaDb,
            Driver::Postgres(_) => Backend::Postgres,
        }
    }

    /// Runs a query; gives the number of rows changed.
    pub(super) async fn run(&mut self, query: Query) -> Result<u64> {
        match self {
            Driver::Sqlite(connection) => sqlite::run(connection, query).await,
            Driver::MariaDb(connection) => mariadb::run(connection, query).await,
            Driver::Postgres(connection) => postgres::run(connection, query).await,
        }
    }

    /// Runs a statement without values, and keeps nothing prepared of it.
    pub(super) async fn run_once(&mut self, query: Query) -> Result<()> {
        match self {
            Driver::Sqlite(connection) => sqlite::run(connection, query).await.map(|_| ()),
            Driver::MariaDb(connection) => mariadb::run_once(connection, query).await,
            Driver::Postgres(connection) => postgres::run_once(connection, query).await,
        }
    }

    /// All rows.
    pub(super) async fn all(&mut self, query: Query) -> Result<Vec<Row>> {
        Ok(match self {
            Driver::Sqlite(connection) => rows(sqlite::all(connection, query).await?, Inner::Sqlite),
            Driver::MariaDb(connection) => rows(mariadb::all(connection, query).await?, Inner::MariaDb),
            Driver::Postgres(connection) => rows(postgres::all(connection, query).await?, Inner::Postgres),
        })
    }

    /// The first row.
    pub(super) async fn first(&mut self, query: Query) -> Result<Option<Row>> {
        let inner = match self {
            Driver::Sqlite(connection) => sqlite::first(connection, query).await?.map(Inner::Sqlite),
            Driver::MariaDb(connection) => mariadb::first(connection, query).await?.map(Inner::MariaDb),
            Driver::Postgres(connection) => postgres::first(connection, query).await?.map(Inner::Postgres),
        };
        Ok(inner.map(Row))
    }

    /// Begins a transaction on a server, and takes the writers' lock where `alone` says so. On SQLite the first statement
    /// does both.
    pub(super) async fn begin(&mut self, alone: bool) -> Result<()> {
        match self {
            Driver::Sqlite(_) => Ok(()),
            Driver::MariaDb(connection) => mariadb::begin(connection, alone).await,
            Driver::Postgres(connection) => postgres::begin(connection, alone).await,
        }
    }

    /// Ends a transaction well, and lets the next writer in.
    pub(super) async fn commit(&mut self, alone: bool) -> Result<()> {
        match self {
            Driver::Sqlite(connection) => sqlite::run(connection, super::sql("COMMIT")).await.map(|_| ()),
            Driver::MariaDb(connection) => mariadb::commit(connection, alone).await,
            Driver::Postgres(connection) => postgres::commit(connection).await,
        }
    }

    /// What stands around a statement that may fail while its transaction goes on: before it, after it, and after its
    /// failure. `None` where a failed statement leaves its transaction as it was anyway.
    pub(super) fn marks(&self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Driver::Sqlite(_) | Driver::MariaDb(_) => None,
            Driver::Postgres(_) => Some(postgres::MARKS),
        }
    }

    /// The connection is closed, not used again, when it is let go of.
    pub(super) fn close_on_drop(&mut self) {
        match self {
            Driver::Sqlite(connection) => connection.close_on_drop(),
            Driver::MariaDb(connection) => connection.close_on_drop(),
            Driver::Postgres(connection) => connection.close_on_drop(),
        }
    }
}

fn rows<T>(found: Vec<T>, inner: impl Fn(T) -> Inner) -> Vec<Row> {
    found.into_iter().map(|row| Row(inner(row))).collect()
}
