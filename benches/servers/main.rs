//! How fast tenants are made on database servers: `cargo bench --bench servers` starts a MariaDB and a PostgreSQL server
//! with full durability, and prints our rates beside what each server can do in the same minutes.
//!
//! - `-- --quick` takes less time and is less exact; `-- --only mariadb` or `postgres` measures one.
//! - `-- --write` writes the tables into `docs/performance.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark ends where something is not as it should be"
)]

#[path = "../../tests/support/mariadb.rs"]
mod mariadb;
mod ours;
#[path = "../tenants/place.rs"]
#[allow(dead_code, reason = "shared with another benchmark")]
mod place;
mod raw;
#[path = "../../tests/support/servers.rs"]
#[allow(dead_code, reason = "shared with tests")]
mod servers;

use std::{fmt::Write, process::Command};
use tenantry::engine::server::Product;

/// How many at once.
pub const AT_ONCE: [usize; 4] = [1, 2, 4, 8];
/// Connections that a server may have of us.
pub const CONNECTIONS: u32 = 24;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
const BEGIN: &str = "<!-- what follows is written by `cargo bench --bench servers -- --write` -->";
const END: &str = "<!-- end of what the benchmark of servers writes -->";

/// A line of a table: what, and a rate for each number at once.
pub type Line = (String, [f64; 4]);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|given| given == word);
    let only = words.iter().position(|word| word == "--only").and_then(|at| words.get(at + 1)).cloned();
    let number = if has("--quick") { 16 } else { 64 };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut text = format!("{}\n", conditions(has("--quick")));
    for product in Product::ALL {
        if only.as_deref().is_none_or(|only| only == product.word()) {
            runtime.block_on(measure(product, number, &mut text));
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

async fn measure(product: Product, number: usize, text: &mut String) {
    let (ours, limits, limit, note) = match product {
        Product::MariaDb => {
            let server = mariadb::Server::start().await;
            let options = server.options();
            let found = ours::measure(product, &server.url(), number).await;
            let most = ours::most_connections_mysql(&options).await;
            let limits = raw::mariadb(&options, &found.compiled, number).await;
            let note = format!(
                "{}; at most {most} connections at once of {CONNECTIONS} allowed, as the server counts them",
                found.note
            );
            (found.rates, limits, 0, note)
        }
        Product::Postgres => {
            let server = servers::Postgres::start_with(&["fsync=on", "synchronous_commit=on"]);
            let options = server.options();
            let found = ours::measure(product, &server.url(), number).await;
            let limits = raw::postgres(&options, &found.compiled, number).await;
            (found.rates, limits, 0, found.note)
        }
    };
    let _ = writeln!(text, "{}: {note}.\n", product.title());
    let _ = writeln!(
        text,
        "| tenants per second | 1 at once | 2 at once | 4 at once | 8 at once |\n|---|---:|---:|---:|---:|"
    );
    let mut line = |title: &str, figures: [String; 4]| {
        let _ = writeln!(text, "| {title} | {} |", figures.join(" | "));
    };
    for (title, rates) in &limits {
        line(title, rates.map(|rate| format!("{rate:.1}/s")));
    }
    line("tenants, from asking by the use case to active", ours.map(|rate| format!("{rate:.1}/s")));
    let limit = &limits[limit];
    let parts = [0, 1, 2, 3].map(|at| format!("{:.2}", ours[at] / limit.1[at]));
    line("that is, of the first limit", parts);
    text.push('\n');
}

/// Machine, date and versions.
fn conditions(is_quick: bool) -> String {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC");
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let said = |program: &str| {
        let output = Command::new(program).arg("--version").output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    format!(
        "{now}, Tenantry {}, {processors} processors shared by the program and the server; {}; {}{}.",
        env!("CARGO_PKG_VERSION"),
        said("mariadbd"),
        said("postgres"),
        if is_quick { "; a quick run" } else { "" }
    )
}

/// Memory of this process that is resident, in MB.
pub fn resident_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1024
}
