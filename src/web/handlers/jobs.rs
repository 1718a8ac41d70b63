//! The list of jobs.

use super::{Answer, html, making, shell};
use crate::{
    app::App,
    apply::kinds,
    store::jobs::{Direction, Job, JobStatus},
    usecases::jobs,
    web::{
        guard::SignedIn,
        htmx,
        pages::jobs::{JobRow, JobsPage},
        urls,
        views::{Crumb, Pill, Place, TimeView, Tone, counted, duration},
    },
};
use actix_web::{HttpRequest, http::StatusCode, web::Data};

/// Jobs on the page.
const SHOWN: u32 = 100;

/// The newest jobs.
pub async fn list(request: HttpRequest, app: Data<App>, SignedIn(actor): SignedIn) -> Answer {
    let now = app.now_ms();
    let jobs = jobs::list(&app, &actor, SHOWN).await?;
    let is_busy = jobs.iter().any(|(job, _)| matches!(job.status, JobStatus::Queued | JobStatus::Running));
    let page = JobsPage {
        shell: shell(&request, &actor, Place::Jobs),
        jobs: jobs.into_iter().map(|(job, tenant)| row(&job, tenant, now)).collect(),
        poll: is_busy.then(urls::jobs),
    };
    if htmx::wants_fragment(&request) {
        html(StatusCode::OK, &page.as_rows())
    } else {
        html(StatusCode::OK, &page)
    }
}

/// A job's state as a pill.
pub fn state(job: &Job) -> Pill {
    match (job.status, job.direction) {
        (JobStatus::Done, _) => Pill::new("Done", Tone::Good),
        (JobStatus::Failed, _) => Pill::new("Needs attention", Tone::Bad),
        (_, Direction::Undo) => Pill::new("Cleaning up", Tone::Warn),
        (JobStatus::Queued, _) if job.attempt > 0 => Pill::new("Waits for its next try", Tone::Warn),
        (JobStatus::Queued, _) => Pill::new("Waiting", Tone::Quiet).with_icon("clock"),
        (JobStatus::Running, _) => Pill::new("Running", Tone::Busy),
    }
}

fn row(job: &Job, tenant: Option<(String, String)>, now: i64) -> JobRow {
    let phase = making::phase(job, &[]);
    JobRow {
        what: kinds::words(&job.kind).title.to_owned(),
        tenant: tenant.map(|(name, slug)| Crumb::new(name, urls::tenant_setup(&slug))),
        state: state(job),
        note: making::trouble(phase, job).map(|trouble| trouble.reason),
        reference: making::trouble(phase, job).and(job.reference.clone()),
        tries: (job.attempt > 0).then(|| counted(job.attempt + 1, "try", "tries")),
        created: TimeView::new(job.created_ms, now),
        took: job.started_ms.zip(job.ended_ms).map(|(from, to)| duration(to - from)),
    }
}
