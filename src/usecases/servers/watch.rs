//! Looking after servers: which work, and what killed programs have left on them.

use super::{LONGEST_TRIAL, no_key, try_out};
use crate::{
    app::App,
    error::{Error, Result},
    store::{self, servers::Server},
};

/// Tries all servers out, each by itself, so that pages and placement know which work; and removes what programs that were
/// killed have left on them.
pub async fn watch(app: &App) -> Result<()> {
    let servers = store::servers::all(&mut *app.store.read().await?).await?;
    let tasks: Vec<_> = servers
        .into_iter()
        .map(|server| {
            let app = app.clone();
            tokio::spawn(async move { watch_one(&app, &server).await })
        })
        .collect();
    for task in tasks {
        task.await.map_err(|cause| Error::internal(&cause))??;
    }
    Ok(())
}

async fn watch_one(app: &App, server: &Server) -> Result<()> {
    let tried = try_out(app, server).await;
    let was_fine = !server.is_in_trouble();
    let is_fine = tried.problem.is_none();
    let mut write = app.store.write().await?;
    store::servers::set_tried(&mut write, server.id, &tried).await?;
    if was_fine != is_fine {
        let sentence = match &tried.problem {
            Some(problem) => {
                tracing::warn!(server = server.name, problem, "A server cannot be used");
                format!("The server {} cannot be used.", server.name)
            }
            None => format!("The server {} can be used again.", server.name),
        };
        let doer = store::events::Doer::program();
        store::events::record(&mut write, None, tried.tried_ms, &doer, "server_watched", &sentence).await?;
    }
    write.commit().await?;
    if is_fine {
        let engine = app.engines.on(server).map_err(|cause| no_key(&cause))?;
        match tokio::time::timeout(LONGEST_TRIAL, engine.sweep()).await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(count)) => {
                tracing::info!(server = server.name, count, "Removed what killed programs had left")
            }
            Ok(Err(cause)) => tracing::warn!(server = server.name, %cause, "A server could not be swept"),
        }
    }
    Ok(())
}
