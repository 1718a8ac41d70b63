//! How fast fleets are compared with what they should be: `cargo bench --bench drift` makes tenants of the NGO template in files and on
//! servers that it starts, checks all of them by the use case, and reads the same catalogs with nothing done about the answers.
//!
//! - `-- --quick` checks fewer tenants; `-- --tenants 1000` so many on every engine.
//! - `-- --only sqlite`, `mariadb`, `postgres` (a database for each tenant) or `schemas` (PostgreSQL, a schema for each) measures one.
//! - `-- --write` writes the tables into `docs/performance.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark ends where something is not as it should be"
)]

mod fleet;
#[path = "../../tests/support/mariadb.rs"]
mod mariadb;
#[path = "../tenants/place.rs"]
#[allow(dead_code, reason = "shared with another benchmark")]
mod place;
mod raw;
#[path = "../../tests/support/servers.rs"]
#[allow(dead_code, reason = "shared with tests")]
mod servers;

use fleet::Fleet;
use std::{fmt::Write, process::Command, time::Instant};
use tenantry::{
    engine::{mariadb::many as mariadb_engine, postgres::many as postgres_engine},
    usecases::{actor::Actor, drift::runs},
};

/// Connections that a server may have of us.
const CONNECTIONS: u32 = 24;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
const BEGIN: &str = "<!-- what follows is written by `cargo bench --bench drift -- --write` -->";
const END: &str = "<!-- end of what the benchmark of drift checks writes -->";

/// Where tenants are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Files.
    Sqlite,
    /// Databases on a MariaDB server.
    MariaDb,
    /// Databases on a PostgreSQL server.
    Postgres,
    /// Schemas in a database of a PostgreSQL server.
    Schemas,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Sqlite, Kind::MariaDb, Kind::Schemas, Kind::Postgres];

    fn word(self) -> &'static str {
        match self {
            Kind::Sqlite => "sqlite",
            Kind::MariaDb => "mariadb",
            Kind::Postgres => "postgres",
            Kind::Schemas => "schemas",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Kind::Sqlite => "SQLite, a file each",
            Kind::MariaDb => "MariaDB, a database each",
            Kind::Postgres => "PostgreSQL, a database each",
            Kind::Schemas => "PostgreSQL, a schema each",
        }
    }

    /// Ways to the server and back for each tenant, without those for many hundreds of them.
    fn trips(self) -> String {
        let parts = |trips: usize, together: usize| {
            let number = |number: usize| f64::from(u32::try_from(number).unwrap());
            format!("{:.2}", number(trips) / number(together))
        };
        match self {
            Kind::Sqlite => "1 statement".to_owned(),
            // A text for the markers and tables, one for the rest.
            Kind::MariaDb => parts(2, mariadb_engine::TOGETHER),
            // A text for the markers, and six questions.
            Kind::Schemas => parts(7, postgres_engine::TOGETHER),
            Kind::Postgres => "connecting and 2".to_owned(),
        }
    }

    /// How many tenants are checked, one number after the other.
    fn sizes(self, is_quick: bool) -> Vec<usize> {
        match (self, is_quick) {
            (_, true) => vec![200],
            (Kind::Sqlite, false) => vec![1_000, 10_000],
            (Kind::MariaDb | Kind::Schemas | Kind::Postgres, false) => vec![1_000],
        }
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|given| given == word);
    let after = |word: &str| words.iter().position(|given| given == word).and_then(|at| words.get(at + 1));
    let only = after("--only").cloned();
    let tenants: Option<usize> =
        after("--tenants").map(|number| number.parse().expect("--tenants takes a number"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut text = format!("{}\n", conditions());
    let _ = writeln!(
        text,
        "| | tenants | check, the first | check, again | only reading the same | the check takes, beside reading | trips for a tenant; connections | resident before; at most |\n|---|---:|---:|---:|---:|---:|---|---:|"
    );
    for kind in Kind::ALL {
        if only.as_deref().is_none_or(|only| only == kind.word()) {
            let sizes = tenants.map_or_else(|| kind.sizes(has("--quick")), |number| vec![number]);
            runtime.block_on(measure(kind, &sizes, &mut text));
        }
    }
    println!("\n{text}");
    if has("--write") {
        let all = std::fs::read_to_string(FILE).unwrap();
        let (before, rest) = all.split_once(BEGIN).expect("the document has no mark for the beginning");
        let (_, after) = rest.split_once(END).expect("the document has no mark for the end");
        std::fs::write(FILE, format!("{before}{BEGIN}\n\n{text}\n{END}{after}")).unwrap();
        println!("Written to docs/performance.md.");
    }
}

async fn measure(kind: Kind, sizes: &[usize], text: &mut String) {
    let mut fleet = Fleet::start(kind).await;
    for size in sizes {
        let begun = Instant::now();
        fleet.grow(*size).await;
        eprintln!("{}: {size} tenants made in {:.0} s", kind.word(), begun.elapsed().as_secs_f64());
        let reading = fleet.reading().await;
        // Both warm, both the better of two: the machine is shared.
        let before = memory("VmRSS:");
        reset_peak();
        let (first, _) = check(&fleet, *size).await;
        let mut again = 0.0_f64;
        let mut raw = 0.0_f64;
        let mut opened = 0.0;
        for _ in 0..2 {
            let connections = fleet.connections_made().await;
            let (rate, done) = check(&fleet, *size).await;
            opened = fleet.connections_made().await - connections - 1.0;
            assert_eq!(done, *size);
            again = again.max(rate);
            raw = raw.max(reading.rate().await);
        }
        let peak = memory("VmHWM:");
        let _ = writeln!(
            text,
            "| {} | {size} | {first:.0}/s | {again:.0}/s | {raw:.0}/s | {:.2} × | {}; {} | {before} MB; {peak} MB |",
            kind.title(),
            raw / again,
            kind.trips(),
            fleet.connections(opened),
        );
        eprintln!(
            "{}: {size}: first {first:.0}/s, again {again:.0}/s, raw {raw:.0}/s, {opened} connections",
            kind.word()
        );
    }
    fleet.end().await;
}

/// Checks the fleet by the use case, into the control database: tenants per second, and how many were found in order.
async fn check(fleet: &Fleet, size: usize) -> (f64, usize) {
    let begun = Instant::now();
    let mut in_order = 0;
    let run = runs::check_now(&fleet.app, &Actor::CommandLine, None, &mut |_, outcomes| {
        in_order += outcomes
            .iter()
            .filter(|outcome| outcome.found.as_ref().is_ok_and(|found| found.differences.is_empty()))
            .count();
    })
    .await
    .unwrap();
    assert_eq!(usize::try_from(run.tally.checked).unwrap(), size);
    (per_second(size, begun), in_order)
}

/// So many since `start`, per second.
fn per_second(number: usize, start: Instant) -> f64 {
    f64::from(u32::try_from(number).unwrap()) / start.elapsed().as_secs_f64()
}

/// Machine, date and versions.
fn conditions() -> String {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC");
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let said = |program: &str| {
        let output = Command::new(program).arg("--version").output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    format!(
        "{now}, Tenantry {}, {processors} processors shared by the program and the server, load before: {load}; {}; {}.\n",
        env!("CARGO_PKG_VERSION"),
        said("mariadbd"),
        said("postgres"),
    )
}

/// From now on the largest memory counts anew.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Memory of this process, in MB.
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1024
}
