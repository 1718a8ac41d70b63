//! Looking at jobs.

use super::{actor::Actor, permissions::Permission};
use crate::{
    app::App,
    error::Result,
    store::{self, jobs::Job},
};

/// The newest jobs, with the name and slug of their tenants.
pub async fn list(app: &App, actor: &Actor, limit: u32) -> Result<Vec<(Job, Option<(String, String)>)>> {
    let scope = actor.scope(Permission::SeeJobs)?;
    Ok(store::jobs::newest(&mut *app.store.read().await?, scope, limit).await?)
}

/// How long making a tenant usually takes, in milliseconds: the median and the 90th percentile of the last hundred.
/// `None` before there are ten to tell from.
pub async fn usual_time(app: &App) -> Result<Option<(i64, i64)>> {
    let took = store::jobs::durations(&mut *app.store.read().await?, crate::apply::provision::KIND).await?;
    if took.len() < 10 {
        return Ok(None);
    }
    Ok(took.get(took.len() / 2).copied().zip(took.get(took.len() * 9 / 10).copied()))
}
