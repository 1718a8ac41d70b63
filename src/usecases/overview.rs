//! What the start page shows: is everything all right, and if not, what is to be done?

use super::{actor::Actor, permissions::Permission};
use crate::{
    app::App,
    error::Result,
    store::{
        self,
        events::Event,
        jobs::{Job, Step},
        tenants::Status,
    },
};

/// The newest of everything.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Tenants by state, those that were removed left out.
    pub counts: Vec<(Status, i64)>,
    /// Jobs that are not done, with their steps and the name and slug of their tenants; newest first.
    pub jobs: Vec<(Job, Vec<Step>, String, String)>,
    /// The last events.
    pub events: Vec<Event>,
    /// Template versions that tenants can be made from.
    pub templates: usize,
}

/// Unfinished jobs that are shown at most.
const MOST_JOBS: u32 = 20;

/// Gathers the overview of the tenants that the actor may see.
pub async fn show(app: &App, actor: &Actor) -> Result<Overview> {
    let mut overview = Overview { counts: Vec::new(), jobs: Vec::new(), events: Vec::new(), templates: 0 };
    let scope = actor.scope(Permission::SeeTenants)?;
    let mut read = app.store.read().await?;
    overview.counts = store::tenants::count_by_status(&mut read, scope).await?;
    overview.counts.retain(|(status, _)| *status != Status::Deleted);
    for (job, name, slug) in store::jobs::unfinished(&mut read, scope, MOST_JOBS).await? {
        let steps = store::jobs::steps(&mut read, job.id).await?;
        overview.jobs.push((job, steps, name, slug));
    }
    overview.events = store::events::list(&mut read, scope, None, None, 10).await?;
    overview.templates =
        store::templates::list(&mut read).await?.iter().filter(|version| version.is_active).count();
    Ok(overview)
}
