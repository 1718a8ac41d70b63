//! Tenants per second through the job machinery, on a server.

use crate::{AT_ONCE, CONNECTIONS, place, resident_megabytes};
use sqlx::{ConnectOptions, Row, mysql::MySqlConnectOptions};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};
use tenantry::{
    app::App,
    apply::template,
    engine::server::Product,
    store::tenants::Status,
    templates::compile::Compiled,
    usecases::{
        actor::Actor,
        servers::{self, ServerForm},
        tenants,
    },
    worker,
};
use tokio_util::sync::CancellationToken;

/// What was found.
pub struct Found {
    /// Tenants per second, for each number at once.
    pub rates: [f64; 4],
    /// The measured version in the server's words.
    pub compiled: Arc<Compiled>,
    /// About the measured tenant.
    pub note: String,
}

/// Adds the server to an installation of its own, and makes tenants there.
pub async fn measure(product: Product, url: &str, number: usize) -> Found {
    let folder = place::folder();
    let app = place::open(folder.path(), 8).await;
    let form =
        ServerForm { name: "bench".into(), connections: CONNECTIONS.to_string(), ..ServerForm::default() };
    servers::add(&app, &Actor::CommandLine, &form.with_url(url).unwrap()).await.unwrap();
    let modules = place::modules(&place::offer(&app).await);
    // Compiling the template, and a template database where the engine keeps one, belong to no tenant.
    let first = make(&app, 0, &modules).await;
    let next = Arc::new(AtomicUsize::new(1));
    let mut rates = [0.0; 4];
    for (rate, at_once) in rates.iter_mut().zip(AT_ONCE) {
        let end = next.load(Ordering::SeqCst) + number;
        let start = Instant::now();
        let clients: Vec<_> = (0..at_once)
            .map(|_| {
                let (app, next, modules) = (app.clone(), Arc::clone(&next), modules.clone());
                tokio::spawn(async move {
                    loop {
                        let mine = next.fetch_add(1, Ordering::SeqCst);
                        if mine >= end {
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
        *rate = per_second(number, start);
        next.store(end, Ordering::SeqCst);
        eprintln!("{}: {at_once} at once: {rate:.1}/s", product.word());
    }
    let tenant = tenants::find(&app, &Actor::CommandLine, &first).await.unwrap();
    let engine = app.engines.of(&tenant).await.unwrap();
    let compiled =
        template::compiled(&app, engine.as_ref(), tenant.template_id, &tenant.modules).await.unwrap();
    let note = format!(
        "{} {} with {}, {} tables; the program has {} MB resident after {} tenants",
        tenant.template_name,
        tenant.template_version,
        modules.join(" and "),
        compiled.expected.tables.len(),
        resident_megabytes(),
        next.load(Ordering::SeqCst)
    );
    app.store.close().await;
    Found { rates, compiled, note }
}

async fn make(app: &App, number: usize, modules: &[String]) -> String {
    let created = tenants::create(app, &Actor::CommandLine, place::form(number, modules)).await.unwrap();
    let job = created.job_id.unwrap();
    assert!(worker::run_one(app, job, &CancellationToken::new()).await.unwrap());
    let made = tenants::find(app, &Actor::CommandLine, &created.tenant.slug).await.unwrap();
    assert_eq!(made.status, Status::Active);
    made.slug
}

/// So many since `start`, per second.
pub fn per_second(number: usize, start: Instant) -> f64 {
    f64::from(u32::try_from(number).unwrap()) / start.elapsed().as_secs_f64()
}

/// The most connections that a MariaDB server has had at once.
pub async fn most_connections_mysql(options: &MySqlConnectOptions) -> String {
    let mut connection = options.connect().await.unwrap();
    let row = sqlx::query("SHOW GLOBAL STATUS LIKE 'Max_used_connections'").fetch_one(&mut connection).await;
    row.unwrap().get_unchecked(1)
}
