//! What the machine itself can do: the limits that the program is held against.

use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::{fs, io::Write, path::Path, sync::Arc, time::Instant};
use tenantry::{engine::Statement, sql::variables::Variables, templates::compile::Compiled};

/// Tenants per second where a ready file is copied: written to a file of its own, synced, its folder synced.
pub async fn copies(folder: &Path, file: &[u8], number: usize, at_once: usize) -> f64 {
    let folder: Arc<Path> = folder.into();
    let file: Arc<[u8]> = file.into();
    let start = Instant::now();
    let each = number / at_once;
    let tasks: Vec<_> = (0..at_once)
        .map(|task| {
            let (folder, file) = (Arc::clone(&folder), Arc::clone(&file));
            tokio::task::spawn_blocking(move || {
                for copy in 0..each {
                    let mut target = fs::File::create(folder.join(format!("copy-{task}-{copy}.db"))).unwrap();
                    target.write_all(&file).unwrap();
                    target.sync_all().unwrap();
                    fs::File::open(&folder).unwrap().sync_all().unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    rate(each * at_once, start)
}

/// Tenants per second where the template's statements run in one transaction in a new file: WAL, `synchronous = FULL`.
pub async fn statements(folder: &Path, compiled: &Arc<Compiled>, number: usize, at_once: usize) -> f64 {
    let folder: Arc<Path> = folder.into();
    let start = Instant::now();
    let each = number / at_once;
    let tasks: Vec<_> = (0..at_once)
        .map(|task| {
            let (folder, compiled) = (Arc::clone(&folder), Arc::clone(compiled));
            tokio::spawn(async move {
                for made in 0..each {
                    run(&folder.join(format!("sql-{task}-{made}.db")), &compiled).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    rate(each * at_once, start)
}

async fn run(file: &Path, compiled: &Compiled) {
    let variables = Variables::from([
        ("TENANT_ID", "0190a5c0-0000-7000-8000-000000000001".to_owned()),
        ("TENANT_SLUG", "raw".to_owned()),
        ("TENANT_NAME", "Raw".to_owned()),
        ("OWNER_EMAIL", "raw@example.org".to_owned()),
        ("CURRENT_TIMESTAMP", "2026-01-01 00:00:00".to_owned()),
        ("SET_ON_APP", "!".to_owned()),
        ("TEMPLATE_NAME", "Raw".to_owned()),
        ("TEMPLATE_VERSION", "1.0.0".to_owned()),
    ]);
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .foreign_keys(false)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Full);
    let mut connection = options.connect().await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    for Statement { sql, values } in compiled.units.iter().flat_map(|unit| &unit.statements) {
        let mut query = sqlx::query(AssertSqlSafe(sql.clone()));
        for value in values {
            query = query.bind(variables.fill(value));
        }
        query.persistent(false).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    connection.close().await.unwrap();
}

/// So many since `start`, per second.
pub fn rate(number: usize, start: Instant) -> f64 {
    f64::from(u32::try_from(number).unwrap()) / start.elapsed().as_secs_f64()
}
