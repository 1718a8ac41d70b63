//! How many tenants a PostgreSQL server of this machine takes in a second, against how many copies of a database it makes
//! of itself: `cargo run --release --example postgres_rate [ngo]`. The server is one of its own, with `fsync` on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a measurement ends where something is not as it should be"
)]

#[path = "../tests/support/servers.rs"]
#[allow(dead_code, reason = "not every program needs everything of it")]
mod servers;

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};
use tenantry::{
    engine::{
        DatabaseName, Drafted, Engine, EngineError, Secrets, TenantLock, Unit, Whole, postgres::Postgres,
    },
    sql::variables::Variables,
    templates::{Embedded, compile::Compiled, files, prove},
};
use uuid::Uuid;

/// Databases in one measurement.
const MANY: usize = 48;

#[derive(Debug)]
struct Plain;

#[async_trait]
impl Secrets for Plain {
    async fn of(&self, tenant: Uuid) -> Result<String, EngineError> {
        Ok(tenant.simple().to_string())
    }
}

async fn tenant(engine: &Postgres, compiled: &Compiled) {
    let tenant_id = Uuid::now_v7();
    let lock = TenantLock { tenant_id, job_id: Uuid::now_v7(), fence: 1 };
    let name = DatabaseName::derive("rate", tenant_id);
    let text = tenant_id.to_string();
    let variables = Variables::from([
        ("TENANT_ID", text.clone()),
        ("TENANT_SLUG", text.clone()),
        ("TENANT_NAME", text.clone()),
        ("OWNER_EMAIL", text.clone()),
        ("SET_ON_APP", text.clone()),
        ("TEMPLATE_NAME", text.clone()),
        ("TEMPLATE_VERSION", text),
        ("CURRENT_TIMESTAMP", "2026-01-01 00:00:00".to_owned()),
    ]);
    let units: Vec<Unit<'_>> = compiled
        .units
        .iter()
        .map(|unit| Unit { key: &unit.key, statements: &unit.statements, variables: &variables })
        .collect();
    let whole = Whole { key: &compiled.source_hash, units: &units, schema_hash: &compiled.expected_hash };
    match engine.draft(&name, &lock, &whole).await.unwrap() {
        Drafted::Ready(draft) => engine.publish(&draft).await.unwrap(),
        Drafted::Stepwise => panic!("it cannot be made at once"),
    }
}

/// Databases in a second, by so many workers.
async fn rate<F, G>(workers: usize, work: F) -> f64
where
    F: Fn(usize) -> G + Send + Sync + 'static,
    G: Future<Output = ()> + Send,
{
    let (work, next) = (Arc::new(work), Arc::new(AtomicUsize::new(0)));
    let start = Instant::now();
    let tasks = (0..workers).map(|worker| {
        let (work, next) = (Arc::clone(&work), Arc::clone(&next));
        tokio::spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < MANY {
                work(worker).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    MANY as f64 / start.elapsed().as_secs_f64()
}

#[tokio::main]
async fn main() {
    let server = servers::Postgres::start_with(&["fsync=on"]);
    let engine = Postgres::new(server.options(), 32, Arc::new(Plain), server.folder().join("copies"));
    let template = std::env::args().nth(1).unwrap_or_else(|| "basic".to_owned());
    let files = files::read(&Embedded, &template).unwrap().template.unwrap();
    let modules: Vec<String> = files.modules.iter().map(|module| module.name.clone()).collect();
    let compiled = Arc::new(prove::compile(&engine, &files, &modules).await.unwrap());
    tenant(&engine, &compiled).await;
    let mut admin = server.options().connect().await.unwrap();
    let made = "SELECT datname::text FROM pg_database WHERE shobj_description(oid, 'pg_database') LIKE '{%'";
    let source: String = sqlx::query_scalar(made).fetch_one(&mut admin).await.unwrap();
    println!("{template}: workers, copies of the server's own a second, tenants a second, share");
    for workers in [1, 2, 4, 8] {
        let mut connections = Vec::new();
        for _ in 0..workers {
            connections.push(tokio::sync::Mutex::new(server.options().connect().await.unwrap()));
        }
        let (connections, source) = (Arc::new(connections), source.clone());
        let mut raw: f64 = 0.0;
        let mut ours: f64 = 0.0;
        // In turns, and the best of each: the machine does other things, too.
        for _ in 0..3 {
            let (connections, source) = (Arc::clone(&connections), source.clone());
            let copy = move |worker: usize| {
                let name = format!("raw_{}", Uuid::now_v7().simple());
                let sql = format!("CREATE DATABASE {name} TEMPLATE \"{source}\"");
                let connections = Arc::clone(&connections);
                async move {
                    connections[worker].lock().await.execute(AssertSqlSafe(sql)).await.unwrap();
                }
            };
            raw = raw.max(rate(workers, copy).await);
            let (engine, compiled) = (engine.clone(), Arc::clone(&compiled));
            let make = move |_| {
                let (engine, compiled) = (engine.clone(), Arc::clone(&compiled));
                async move { tenant(&engine, &compiled).await }
            };
            ours = ours.max(rate(workers, make).await);
        }
        println!("{workers}  {raw:.1}  {ours:.1}  {:.2}", ours / raw);
    }
}
