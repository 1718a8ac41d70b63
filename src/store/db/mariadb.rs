//! The control database on MariaDB or MySQL. Writers queue at a lock of the server's that has the database's name; claims
//! do without it.

use super::{Query, Result, StoreError, Value};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Executor as _, MySql, MySqlConnection, MySqlPool, Row as _,
    mysql::{MySqlArguments, MySqlConnectOptions, MySqlPoolOptions, MySqlRow},
};
use std::{borrow::Cow, str::FromStr, time::Duration};

/// What every session is set to, so that a statement means the same on every server. A process that is cut off in the middle
/// of a transaction does not keep the others out for longer than a minute, where the server knows a word for that.
const SETTINGS: [&str; 2] = [
    "SET SESSION /*M!100300 idle_transaction_timeout = 60, */
    sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    time_zone = '+00:00', lock_wait_timeout = 30, innodb_lock_wait_timeout = 30, autocommit = 1",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
];

/// The writers' lock: names of locks are the server's, and have 64 characters at most. MySQL 9 has no SHA1 any more.
macro_rules! lock {
    () => {
        "CONCAT('tenantry ', LEFT(SHA2(DATABASE(), 256), 40))"
    };
}

/// Begins once nobody else writes, or says after half a minute that somebody still does.
const BEGIN_ALONE: &str = concat!("SELECT GET_LOCK(", lock!(), ", 30) AS got; START TRANSACTION");
const COMMIT_ALONE: &str = concat!("COMMIT; DO RELEASE_LOCK(", lock!(), ")");

/// How to reach the server that an address names; the error is the driver's word about it.
pub(super) fn options(url: &str) -> Result<MySqlConnectOptions> {
    Ok(MySqlConnectOptions::from_str(url)?
        .charset("utf8mb4")
        // Texts that stand beside a column are compared as the column is.
        .collation("utf8mb4_unicode_ci")
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .statement_cache_capacity(super::STATEMENTS)
        .disable_statement_logging())
}

/// Connections, made when they are needed.
pub(super) fn pool(options: MySqlConnectOptions, connections: u32, wait: Duration) -> MySqlPool {
    MySqlPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(wait)
        .after_connect(|connection, _| {
            Box::pin(async move {
                for settings in SETTINGS {
                    connection.execute(settings).await?;
                }
                Ok(())
            })
        })
        .connect_lazy_with(options)
}

pub(super) async fn begin(connection: &mut MySqlConnection, alone: bool) -> Result<()> {
    if !alone {
        connection.execute("START TRANSACTION").await?;
        return Ok(());
    }
    let row = sqlx::raw_sql(BEGIN_ALONE).fetch_all(connection).await?;
    match row.first().map(|row| row.try_get_unchecked::<Option<i64>, _>("got")).transpose()?.flatten() {
        Some(1) => Ok(()),
        _ => Err(StoreError::Busy),
    }
}

pub(super) async fn commit(connection: &mut MySqlConnection, alone: bool) -> Result<()> {
    let text = if alone { COMMIT_ALONE } else { "COMMIT" };
    sqlx::raw_sql(text).execute(connection).await?;
    Ok(())
}

fn prepared(query: Query) -> sqlx::query::Query<'static, MySql, MySqlArguments> {
    let mut prepared = match query.text {
        Cow::Borrowed(text) => sqlx::query(text),
        Cow::Owned(text) => sqlx::query(AssertSqlSafe(text)),
    };
    for value in query.values {
        prepared = match value {
            Value::Null => prepared.bind(None::<String>),
            Value::Int(number) => prepared.bind(number),
            Value::Text(text) => prepared.bind(text),
        };
    }
    prepared
}

pub(super) async fn run(connection: &mut MySqlConnection, query: Query) -> Result<u64> {
    Ok(prepared(query).execute(connection).await?.rows_affected())
}

pub(super) async fn run_once(connection: &mut MySqlConnection, query: Query) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(query.text.into_owned())).execute(connection).await?;
    Ok(())
}

pub(super) async fn all(connection: &mut MySqlConnection, query: Query) -> Result<Vec<MySqlRow>> {
    Ok(prepared(query).fetch_all(connection).await?)
}

pub(super) async fn first(connection: &mut MySqlConnection, query: Query) -> Result<Option<MySqlRow>> {
    Ok(prepared(query).fetch_optional(connection).await?)
}
