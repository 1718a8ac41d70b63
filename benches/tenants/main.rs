//! How fast everything is: `cargo bench --bench tenants` prints a table, beside what the machine itself can do in the
//! same minutes.
//!
//! - `-- --quick` takes less time and is less exact.
//! - `-- --write` writes the table into `docs/performance.md`, with machine, date and versions.
//! - `-- --only making` or `program` measures one half; `--only made` makes 2,000 tenants, eight at once, for a profiler.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark ends where something is not as it should be"
)]

mod fill;
mod http;
mod making;
mod pages;
mod place;
mod program;
mod raw;
mod report;

use report::Report;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// Tenants made for each figure.
    pub tenants: usize,
    /// Requests made for each figure.
    pub requests: usize,
    /// Starts of the program for each figure.
    pub starts: usize,
    /// Numbers of tenants at which pages are measured.
    pub fleets: &'static [usize],
}

const FULL: Amount = Amount { tenants: 720, requests: 1_600, starts: 7, fleets: &[10, 1_000, 10_000] };
const QUICK: Amount = Amount { tenants: 120, requests: 240, starts: 3, fleets: &[10, 1_000, 10_000] };

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|given| given == word);
    let only = words.iter().position(|word| word == "--only").and_then(|at| words.get(at + 1)).cloned();
    let wanted = |title: &str| only.as_deref().is_none_or(|word| title.contains(word));
    let amount = if has("--quick") { QUICK } else { FULL };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut report = Report::new(has("--quick"));
    runtime.block_on(async {
        if wanted("making") {
            making::measure(&mut report, amount).await;
        }
        if only.as_deref() == Some("made") {
            making::alone(2_000, 8).await;
        }
        if wanted("program") {
            program::measure(&mut report, amount).await;
        }
    });
    report.print();
    if has("--write") {
        report.write();
    }
}
