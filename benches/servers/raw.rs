//! What the servers themselves can do: the limits that the program is held against.

use crate::{AT_ONCE, Line, ours::per_second};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, MySqlConnection, PgConnection,
    mysql::MySqlConnectOptions, postgres::PgConnectOptions,
};
use std::{future::Future, sync::Arc, time::Instant};
use tenantry::{engine::Statement, sql::variables::Variables, templates::compile::Compiled};

fn variables() -> Variables {
    Variables::from([
        ("TENANT_ID", "0190a5c0-0000-7000-8000-000000000001".to_owned()),
        ("TENANT_SLUG", "raw".to_owned()),
        ("TENANT_NAME", "Raw".to_owned()),
        ("OWNER_EMAIL", "raw@example.org".to_owned()),
        ("CURRENT_TIMESTAMP", "2026-01-01 00:00:00".to_owned()),
        ("SET_ON_APP", "!".to_owned()),
        ("TEMPLATE_NAME", "Raw".to_owned()),
        ("TEMPLATE_VERSION", "1.0.0".to_owned()),
    ])
}

/// Runs `one` for each number, so many at once, each client over a connection of its own; the rate.
async fn rates<C, W, F>(number: usize, connect: impl Fn() -> C, one: W) -> [f64; 4]
where
    C: Future + Send,
    C::Output: Send + 'static,
    W: Fn(C::Output, usize) -> F + Clone + Send + 'static,
    F: Future<Output = C::Output> + Send,
{
    let mut found = [0.0; 4];
    for (place, at_once) in AT_ONCE.into_iter().enumerate() {
        let each = number / at_once;
        let mut connections = Vec::new();
        for _ in 0..at_once {
            connections.push(connect().await);
        }
        let start = Instant::now();
        let tasks: Vec<_> = connections
            .into_iter()
            .enumerate()
            .map(|(task, mut connection)| {
                let one = one.clone();
                tokio::spawn(async move {
                    for made in 0..each {
                        connection = one(connection, place * 10_000 + task * 1_000 + made).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        found[place] = per_second(each * at_once, start);
    }
    found
}

/// The same SQL on the same number of connections: a database, then each statement.
pub async fn mariadb(options: &MySqlConnectOptions, compiled: &Arc<Compiled>, number: usize) -> Vec<Line> {
    let connect = || async {
        let mut connection =
            options.clone().pipes_as_concat(false).no_engine_substitution(false).connect().await.unwrap();
        connection
            .execute("SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE'")
            .await
            .unwrap();
        connection
    };
    let compiled = Arc::clone(compiled);
    let one = move |mut connection: MySqlConnection, number: usize| {
        let compiled = Arc::clone(&compiled);
        async move {
            let variables = variables();
            let name = format!("raw_{number}");
            for text in [
                format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"),
                format!("USE {name}"),
            ] {
                connection.execute(AssertSqlSafe(text)).await.unwrap();
            }
            for Statement { sql, values } in compiled.units.iter().flat_map(|unit| &unit.statements) {
                if values.is_empty() {
                    connection.execute(AssertSqlSafe(sql.clone())).await.unwrap();
                    continue;
                }
                let mut query = sqlx::query(AssertSqlSafe(sql.clone()));
                for value in values {
                    query = query.bind(variables.fill(value));
                }
                query.persistent(false).execute(&mut connection).await.unwrap();
            }
            connection
        }
    };
    let title = "limit: a database and the same SQL, statement by statement, on as many connections";
    vec![(title.to_owned(), rates(number, connect, one).await)]
}

/// `CREATE DATABASE … TEMPLATE` by both strategies, and the same SQL in a schema in one transaction.
pub async fn postgres(options: &PgConnectOptions, compiled: &Arc<Compiled>, number: usize) -> Vec<Line> {
    make_template(options, compiled).await;
    let connect = || async { options.clone().connect().await.unwrap() };
    let mut lines = Vec::new();
    for strategy in ["wal_log", "file_copy"] {
        let one = move |mut connection: PgConnection, number: usize| async move {
            let text =
                format!("CREATE DATABASE raw_{strategy}_{number} TEMPLATE raw_template STRATEGY {strategy}");
            connection.execute(AssertSqlSafe(text)).await.unwrap();
            connection
        };
        let title = format!("limit: `CREATE DATABASE … TEMPLATE … STRATEGY {strategy}`");
        lines.push((title, rates(number, connect, one).await));
    }
    let compiled = Arc::clone(compiled);
    let one = move |mut connection: PgConnection, number: usize| {
        let compiled = Arc::clone(&compiled);
        async move {
            let mut transaction = connection.begin().await.unwrap();
            for text in [
                format!("CREATE SCHEMA raw_{number}"),
                format!("SET LOCAL search_path TO raw_{number}"),
                tenantry::engine::postgres::CREATE_COLLATION.to_owned(),
            ] {
                transaction.execute(AssertSqlSafe(text)).await.unwrap();
            }
            run(&mut transaction, &compiled).await;
            transaction.commit().await.unwrap();
            connection
        }
    };
    let title = "limit: the same SQL in a schema of its own, in one transaction".to_owned();
    lines.push((title, rates(number, connect, one).await));
    lines
}

async fn run(connection: &mut PgConnection, compiled: &Compiled) {
    let variables = variables();
    for Statement { sql, values } in compiled.units.iter().flat_map(|unit| &unit.statements) {
        let mut query = sqlx::query(AssertSqlSafe(sql.clone()));
        for value in values {
            query = query.bind(variables.fill(value));
        }
        query.persistent(false).execute(&mut *connection).await.unwrap();
    }
}

async fn make_template(options: &PgConnectOptions, compiled: &Compiled) {
    let mut admin = options.clone().connect().await.unwrap();
    admin.execute("CREATE DATABASE raw_template TEMPLATE template0 ENCODING 'UTF8'").await.unwrap();
    let mut connection = options.clone().database("raw_template").connect().await.unwrap();
    connection.execute(tenantry::engine::postgres::CREATE_COLLATION).await.unwrap();
    run(&mut connection, compiled).await;
    connection.close().await.unwrap();
    admin.close().await.unwrap();
}
