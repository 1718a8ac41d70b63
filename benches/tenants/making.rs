//! Tenants per second through the job machinery, beside the raw limits: each client asks for a tenant by the use case,
//! a worker of the program makes it, and the client asks for the next one when it is active.

use crate::{Amount, place, raw, report::Report};
use std::{
    path::Path,
    sync::Arc,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};
use tenantry::{
    app::App,
    apply::template,
    store::tenants::Status,
    usecases::{actor::Actor, templates, tenants},
    worker,
};
use tokio_util::sync::CancellationToken;

const AT_ONCE: [usize; 3] = [1, 2, 8];

/// Measures all of it.
pub async fn measure(report: &mut Report, amount: Amount) {
    let folder = place::folder();
    let app = place::open_empty(folder.path(), 1).await;
    let start = Instant::now();
    let imported = templates::import_at_start(&app).await.unwrap().len();
    report.line(
        "import",
        &format!("{imported} templates read, proven on scratch databases and imported"),
        &[milliseconds(start)],
    );
    let modules = place::modules(&place::offer(&app).await);
    let first = tenants::create(&app, &Actor::CommandLine, place::form(0, &modules)).await.unwrap();
    worker::run_next(&app, &CancellationToken::new()).await.unwrap();
    let first = tenants::find(&app, &Actor::CommandLine, &first.tenant.slug).await.unwrap();
    assert_eq!(first.status, Status::Active);
    let file = folder.path().join("tenants").join(format!("{}.db", first.database_name));
    let bytes = std::fs::read(file).unwrap();
    let compiled = template::compiled(&app, app.engines.own().as_ref(), first.template_id, &first.modules)
        .await
        .unwrap();
    let (tables, indexes) = (
        compiled.expected.tables.len(),
        compiled.expected.tables.values().map(|table| table.indexes.len()).sum::<usize>(),
    );
    report.note(format!(
        "The measured tenant is {} {} with {}: {tables} tables, {indexes} indexes, a file of {} KB.",
        first.template_name,
        first.template_version,
        first.modules.join(" and "),
        bytes.len() / 1024
    ));
    // Rounds, so that whatever else the machine does meets all three alike; the median of each is told.
    let rounds = 3;
    let number = (amount.tenants / rounds).next_multiple_of(8);
    let mut figures: [[Vec<f64>; 3]; 3] = std::default::Default::default();
    // Nothing is removed before the end: a file system may look past what was removed a moment ago (ext4 does so for a
    // minute), which would be measured as a cost of making files.
    let mut folders = Vec::new();
    for _ in 0..rounds {
        for (column, at_once) in AT_ONCE.into_iter().enumerate() {
            let [copies, statements, ours] = [place::folder(), place::folder(), place::folder()];
            figures[0][column].push(raw::copies(copies.path(), &bytes, number, at_once).await);
            figures[1][column].push(raw::statements(statements.path(), &compiled, number, at_once).await);
            figures[2][column].push(end_to_end(ours.path(), &modules, number, at_once).await);
            folders.extend([copies, statements, ours]);
        }
    }
    app.store.close().await;
    let medians = figures.map(|line| line.map(|mut values| median(&mut values)));
    let told = |line: [f64; 3]| line.map(|value| format!("{value:.0}/s"));
    report.line("copy", "limit: a ready file copied, file and folder synced", &told(medians[0]));
    report.line("ddl", "limit: the same SQL in one WAL transaction in a new file", &told(medians[1]));
    report.line("made", "tenants, from asking by the use case to active", &told(medians[2]));
    let times = [0, 1, 2].map(|column| format!("{:.1} ×", medians[2][column] / medians[1][column]));
    report.line("times", "that is, beside the same SQL in one WAL transaction", &times);
}

/// Makes tenants and nothing else, and prints the rate.
pub async fn alone(number: usize, at_once: usize) {
    let folder = place::folder();
    let app = place::open_empty(folder.path(), 1).await;
    templates::import_at_start(&app).await.unwrap();
    let modules = place::modules(&place::offer(&app).await);
    app.store.close().await;
    let folder = place::folder();
    let rate = end_to_end(folder.path(), &modules, number, at_once).await;
    println!("{rate:.0} tenants per second, {at_once} at once");
}

async fn end_to_end(folder: &Path, modules: &[String], number: usize, at_once: usize) -> f64 {
    let app = place::open(folder, at_once).await;
    // The template is compiled once per process; that belongs to no tenant.
    make(&app, 0, modules).await;
    let next = Arc::new(AtomicUsize::new(1));
    let start = Instant::now();
    let clients: Vec<_> = (0..at_once)
        .map(|_| {
            let (app, next, modules) = (app.clone(), Arc::clone(&next), modules.to_vec());
            tokio::spawn(async move {
                loop {
                    let mine = next.fetch_add(1, Ordering::SeqCst);
                    if mine > number {
                        break;
                    }
                    make(&app, mine, &modules).await;
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    let rate = raw::rate(number, start);
    app.store.close().await;
    rate
}

async fn make(app: &App, number: usize, modules: &[String]) {
    let created = tenants::create(app, &Actor::CommandLine, place::form(number, modules)).await.unwrap();
    let job = created.job_id.unwrap();
    assert!(worker::run_one(app, job, &CancellationToken::new()).await.unwrap());
    let made = tenants::find(app, &Actor::CommandLine, &created.tenant.slug).await.unwrap();
    assert_eq!(made.status, Status::Active);
}

/// Milliseconds since `start`, for the table.
pub fn milliseconds(start: Instant) -> String {
    format!("{:.0} ms", start.elapsed().as_secs_f64() * 1_000.0)
}

/// The middle one.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
