//! What the start page shows: is everything all right, and if not, what is to be done?
//!
//! Each part is loaded for itself. Where one cannot be, it is missing and the log says why; the others are there.

use super::{actor::Actor, permissions::Permission};
use crate::{
    app::App,
    error::Result,
    store::{
        self, Scope,
        db::{Connection, Result as StoreResult},
        drift::{
            fleet::{self, Sum},
            runs,
        },
        events::Event,
        invitations::Lapsed,
        jobs::{Job, Step},
        template_drafts,
        templates::VersionUse,
        tenant_drafts,
        tenants::{Leaving, Status},
    },
};

/// A part of the overview; nothing where it could not be loaded.
pub type Part<T> = Option<T>;

/// A job with its steps and the name and slug of its tenant.
pub type JobOfTenant = (Job, Vec<Step>, String, String);

/// The newest of everything.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Tenants by state, those that were removed left out.
    pub counts: Part<Vec<(Status, i64)>>,
    /// Template versions with their tenants, those with most first.
    pub versions: Part<Vec<VersionUse>>,
    /// Jobs that were given up and that somebody has to decide about, newest first.
    pub stopped: Part<Vec<(Job, String, String)>>,
    /// Servers that could not be used when they were tried last, by name with the reason, where the actor looks after them.
    pub servers: Part<Vec<(String, String)>>,
    /// Tenants that are not what they should be, where the actor looks after that.
    pub drift: Part<Sum>,
    /// When the last check of all tenants for unexpected changes ended, in milliseconds.
    pub compared: Part<Option<i64>>,
    /// Owners' invitations whose link ran out before it was used, newest first.
    pub lapsed: Part<Vec<Lapsed>>,
    /// Tenants that are removed for good within a day, the next one first.
    pub leaving: Part<Vec<Leaving>>,
    /// Tenants that the actor has begun to describe, the last one first.
    pub unfinished: Part<Vec<tenant_drafts::Draft>>,
    /// Drafts of templates, where the actor may change them.
    pub template_drafts: Part<Vec<template_drafts::Draft>>,
    /// Jobs that wait or run, newest first.
    pub running: Part<Vec<JobOfTenant>>,
    /// The last events.
    pub events: Part<Vec<Event>>,
    /// Template versions that tenants can be made from.
    pub templates: Part<usize>,
}

/// Lines that a part shows at most.
pub const MOST_LINES: u32 = 20;
const EVENTS: u32 = 8;
const DAY_MS: i64 = 86_400_000;

/// Gathers the overview of the tenants that the actor may see.
pub async fn show(app: &App, actor: &Actor) -> Result<Overview> {
    let scope = actor.scope(Permission::SeeTenants)?;
    let mut read = app.store.read().await?;
    let counts = store::tenants::count_by_status(&mut read, scope).await.map(|mut counts| {
        counts.retain(|(status, _)| *status != Status::Deleted);
        counts
    });
    let versions = store::templates::uses_by_version(&mut read, scope).await;
    let stopped = store::jobs::stopped(&mut read, scope, MOST_LINES).await;
    let servers = match actor.must(Permission::ManageServers) {
        Ok(_) => store::servers::troubled(&mut read, MOST_LINES).await,
        Err(_) => Ok(Vec::new()),
    };
    let (drift, compared) = match actor.must(Permission::CheckDrift) {
        Ok(_) => (fleet::sum(&mut read).await, runs::last_ended(&mut read).await),
        Err(_) => (Ok(Sum::default()), Ok(None)),
    };
    let compared = compared.map(|run| run.and_then(|run| run.ended_ms));
    let lapsed = store::invitations::lapsed(&mut read, scope, app.now_ms(), MOST_LINES).await;
    let leaving = store::tenants::leaving(&mut read, scope, app.now_ms() + DAY_MS, MOST_LINES).await;
    let unfinished = match actor.id() {
        Some(id) => {
            let since = app.now_ms() - super::tenant_drafts::KEPT_MS;
            tenant_drafts::of_maker(&mut read, id, since, MOST_LINES).await
        }
        None => Ok(Vec::new()),
    };
    let template_drafts = match actor.must(Permission::EditTemplates) {
        Ok(_) => template_drafts::list(&mut read).await,
        Err(_) => Ok(Vec::new()),
    };
    let running = load_running(&mut read, scope).await;
    let events = store::events::list(&mut read, scope, None, None, EVENTS).await;
    let templates = store::templates::count_active(&mut read).await;
    Ok(Overview {
        counts: part("tenants by state", counts),
        versions: part("tenants by version", versions),
        stopped: part("jobs that stopped", stopped),
        servers: part("servers in trouble", servers),
        drift: part("unexpected changes", drift),
        compared: part("the last check", compared),
        lapsed: part("invitations that ran out", lapsed),
        leaving: part("tenants about to be removed", leaving),
        unfinished: part("unfinished tenants", unfinished),
        template_drafts: part("drafts of templates", template_drafts),
        running: part("running jobs", running),
        events: part("events", events),
        templates: part("templates", templates),
    })
}

/// The jobs that wait or run alone, for those who watch them.
pub async fn running(app: &App, actor: &Actor) -> Result<Part<Vec<JobOfTenant>>> {
    let scope = actor.scope(Permission::SeeTenants)?;
    let mut read = app.store.read().await?;
    Ok(part("running jobs", load_running(&mut read, scope).await))
}

async fn load_running(read: &mut Connection, scope: Scope) -> StoreResult<Vec<JobOfTenant>> {
    let mut running = Vec::new();
    for (job, name, slug) in store::jobs::going_on(read, scope, MOST_LINES).await? {
        let steps = store::jobs::steps(read, job.id).await?;
        running.push((job, steps, name, slug));
    }
    Ok(running)
}

/// The part, or nothing with a line in the log.
fn part<T>(name: &str, loaded: StoreResult<T>) -> Part<T> {
    loaded
        .map_err(
            |cause| tracing::error!(part = name, %cause, "A part of the start page could not be loaded."),
        )
        .ok()
}
