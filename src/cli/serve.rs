//! `tenantry serve` and `tenantry worker`.

use super::{End, Trouble, open, output};
use crate::{
    app::App,
    config::Settings,
    error::Kind,
    usecases::{
        accounts,
        drift::runs::{self, Which},
        exports, life, servers, sessions, templates,
        templates::Fate,
        tenant_drafts,
    },
    web, worker,
};
use std::{net::TcpListener, time::Duration};
use tokio_util::sync::CancellationToken;

pub(super) async fn serve(settings: Settings) -> Result<End, Trouble> {
    let signals = Signals::listen();
    let listener = listen(&settings)?;
    let app = open(settings).await?;
    prepare(&app).await?;
    let stop = CancellationToken::new();
    let workers = tokio::spawn(worker::run(app.clone(), stop.clone()));
    let local = listener
        .local_addr()
        .map_err(|cause| Trouble::Usage(format!("The address cannot be read: {cause}.")))?;
    let secret = web::secret(&app).await?;
    let server = web::server(app.clone(), listener, &secret)
        .map_err(|cause| Trouble::Usage(format!("The web server cannot start: {cause}.")))?;
    let base = app.settings.public_url.clone().unwrap_or_else(|| format!("http://{local}"));
    output::line(&format!("Listening on http://{local}"));
    if let Some(token) = accounts::first_run_token(&app).await? {
        output::line("");
        output::line("Nobody can sign in yet. Open this link once to become the first administrator:");
        output::line(&format!("  {base}{}", web::urls::setup(&token)));
        output::line("");
    }
    let sweeper = tokio::spawn(sweep(app.clone(), stop.clone()));
    let watcher = tokio::spawn(watch(app.clone(), stop.clone()));
    let comparer = tokio::spawn(runs::keep_on(app.clone(), Which::Checks, stop.clone()));
    let decider = tokio::spawn(runs::keep_on(app.clone(), Which::Decisions, stop.clone()));
    let handle = server.handle();
    let serving = tokio::spawn(server);
    signals.first().await;
    tracing::info!("Stopping: requests and running steps end first");
    stop.cancel();
    handle.stop(true).await;
    let _ = serving.await;
    let _ = workers.await;
    let _ = sweeper.await;
    let _ = watcher.await;
    let _ = comparer.await;
    let _ = decider.await;
    app.store.close().await;
    output::line("Stopped.");
    Ok(End::Done)
}

/// Forgets ended sessions and drafts that nobody went on with, and removes exports, snapshots and deleted tenants whose time
/// is over, at the start and every hour.
async fn sweep(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = sessions::sweep(&app).await {
            tracing::warn!(%error, "Ended sessions were not swept away");
        }
        if let Err(error) = tenant_drafts::sweep(&app).await {
            tracing::warn!(%error, "Old unfinished tenants were not swept away");
        }
        if let Err(error) = exports::sweep(&app).await {
            tracing::warn!(%error, "Old exports were not swept away");
        }
        match life::sweep(&app).await {
            Ok(swept) if swept == life::Swept::default() => {}
            Ok(swept) => tracing::info!(
                tenants = swept.tenants,
                snapshots = swept.snapshots,
                "Deleted tenants whose time is over are removed, and old snapshots were"
            ),
            Err(error) => tracing::warn!(%error, "What is to be removed was not swept away"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_hours(1)) => {}
        }
    }
}

/// Tries the database servers out once a minute.
async fn watch(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let watched = tokio::select! {
            () = stop.cancelled() => return,
            watched = servers::watch(&app) => watched,
        };
        if let Err(error) = watched {
            tracing::warn!(%error, "The database servers were not looked at");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_mins(1)) => {}
        }
    }
}

pub(super) async fn worker(settings: Settings) -> Result<End, Trouble> {
    let signals = Signals::listen();
    let app = open(settings).await?;
    prepare(&app).await?;
    let stop = CancellationToken::new();
    let workers = tokio::spawn(worker::run(app.clone(), stop.clone()));
    let watcher = tokio::spawn(watch(app.clone(), stop.clone()));
    let comparer = tokio::spawn(runs::keep_on(app.clone(), Which::Checks, stop.clone()));
    let decider = tokio::spawn(runs::keep_on(app.clone(), Which::Decisions, stop.clone()));
    output::line("Working.");
    signals.first().await;
    stop.cancel();
    let _ = workers.await;
    let _ = watcher.await;
    let _ = comparer.await;
    let _ = decider.await;
    app.store.close().await;
    output::line("Stopped.");
    Ok(End::Done)
}

fn listen(settings: &Settings) -> Result<TcpListener, Trouble> {
    let listener = TcpListener::bind(settings.listen).map_err(|cause| {
        let what = match cause.kind() {
            std::io::ErrorKind::AddrInUse => "another program uses this port".to_owned(),
            std::io::ErrorKind::PermissionDenied => "this account may not use this port".to_owned(),
            _ => cause.to_string(),
        };
        Trouble::Usage(format!(
            "Cannot listen on {}: {what}. Choose another address with TENANTRY_LISTEN.",
            settings.listen
        ))
    })?;
    listener
        .set_nonblocking(true)
        .map_err(|cause| Trouble::Usage(format!("Cannot listen on {}: {cause}.", settings.listen)))?;
    Ok(listener)
}

async fn prepare(app: &App) -> Result<(), Trouble> {
    accounts::create_admin_from_settings(app).await.map_err(|error| match error.kind {
        Kind::Invalid => Trouble::Usage(error.message),
        _ => Trouble::Error(error),
    })?;
    for result in templates::import_at_start(app).await? {
        match result.fate {
            Fate::Imported => {
                tracing::info!(template = result.template, version = result.version, "Template imported")
            }
            Fate::Unchanged => {}
            // The program starts all the same: tenants that are there must not suffer from a broken new template.
            Fate::Refused | Fate::Proven => {
                let problems: Vec<String> = result.report.problems.iter().map(ToString::to_string).collect();
                tracing::warn!(template = result.template, "Template not imported: {}", problems.join("; "));
            }
        }
    }
    Ok(())
}

/// Ctrl-C and SIGTERM, from the moment on that this was made: whoever reads "Listening" may send them at once.
struct Signals {
    #[cfg(unix)]
    kinds: Vec<tokio::signal::unix::Signal>,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Signals { kinds: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
    }

    #[cfg(not(unix))]
    fn listen() -> Self {
        Signals {}
    }

    /// Waits for the first one.
    #[cfg(unix)]
    async fn first(mut self) {
        if self.kinds.is_empty() {
            return std::future::pending().await;
        }
        let waiting = self.kinds.iter_mut().map(|kind| Box::pin(kind.recv()));
        futures_util::future::select_all(waiting).await;
    }

    #[cfg(not(unix))]
    async fn first(self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
