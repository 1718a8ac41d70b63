//! A corpus of what people do to a tenant's database by hand (`corpus.txt`, the template is `club/`): on each engine that has
//! it, every change is found as what it is, and put back with the rows that were there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod corpus;
#[path = "../servers/ground.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod ground;
mod rows;
mod running;
#[path = "../support/mod.rs"]
mod support;

use corpus::{Entry, On};
use ground::Machine;
use running::Bench;
use tenantry::engine::server::Product;

async fn is_found_and_put_back(on: On, bench: Bench) {
    let entries = corpus::read();
    let wanted = std::env::var("TENANTRY_HAND_CHANGE").unwrap_or_default();
    let chosen: Vec<&Entry> = entries.iter().filter(|entry| entry.name.contains(&wanted)).collect();
    let (mut tried, mut faults) = (0, Vec::new());
    let mut bench = bench.with_tenant().await;
    let version = bench.version().await;
    for entry in chosen {
        let Some(sql) = entry.on(on).filter(|_| entry.is_known_to(on, version)) else { continue };
        tried += 1;
        let outcome = bench.try_out(entry, sql).await;
        // What could not be put back stays in the tenant, so the next change gets another one.
        if outcome.is_err() || entry.refusal(on).is_some() || !entry.loses(on).is_empty() {
            bench = bench.with_tenant().await;
        }
        faults.extend(outcome.err().map(|fault| format!("= {}\n{fault}", entry.name)));
    }
    assert!(faults.is_empty(), "{} of {tried}:\n\n{}", faults.len(), faults.join("\n\n"));
    assert!(tried >= 40 || !wanted.is_empty(), "only {tried} changes were tried");
    eprintln!("{tried} changes of {}", entries.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    is_found_and_put_back(On::Sqlite, Bench::open(None).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_mariadb() {
    let bench = Bench::open(Some(Machine::start(Product::MariaDb).await)).await;
    is_found_and_put_back(On::MariaDb, bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql() {
    let bench = Bench::open(Some(Machine::start(Product::Postgres).await)).await;
    is_found_and_put_back(On::Postgres, bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_schemas_of_postgresql() {
    let bench = Bench::open(Some(Machine::schemas().await)).await;
    is_found_and_put_back(On::Schemas, bench).await;
}

#[test]
fn every_entry_says_of_every_engine_what_it_is_there_or_why_it_is_not() {
    let entries = corpus::read();
    assert!(entries.len() >= 60, "{}", entries.len());
    for entry in &entries {
        for on in On::ALL {
            let is_there = entry.on(on).is_some();
            assert_ne!(is_there, entry.not(on).is_some(), "{}: {on:?}", entry.name);
            assert!(!is_there || entry.says_what_is_found(on), "{}: {on:?}", entry.name);
        }
    }
}
