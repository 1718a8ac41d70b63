//! Watching a tenant come up, and giving it another try.

use super::crumbs;
use crate::{
    app::App,
    apply::kinds,
    usecases::{jobs, permissions::Permission, tenants},
    web::{
        guard::SignedIn,
        handlers::{Answer, html, making, shell},
        htmx,
        pages::tenants::setup::{SettingUpPage, Trouble},
        urls,
        views::Place,
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Path},
};

/// The steps that make a tenant.
pub async fn setup(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let (tenant, job) = tenants::making(&app, &actor, &slug).await?;
    let Some((job, steps)) = job else { return Ok(htmx::redirect(&request, &urls::tenant(&tenant.slug))) };
    let now = app.now_ms();
    let phase = making::phase(&job, &steps);
    let poll = making::poll(phase, &job, &tenant.slug, now);
    let is_fragment = htmx::wants_fragment(&request);
    let mut notes = vec![format!("Its address is {}.", tenant.slug)];
    if poll.is_some() {
        notes.extend(making::usual(jobs::usual_time(&app).await?));
        notes.push("You can close this page: the work goes on without you.".to_owned());
    }
    let page = SettingUpPage {
        shell: shell(&request, &actor, Place::Tenants),
        crumbs: crumbs(&actor),
        name: tenant.name.clone(),
        slug: tenant.slug.clone(),
        words: kinds::words(&job.kind),
        phase,
        sentence: making::sentence(phase, &job, &steps, app.settings.retry_delays.len() + 1, now),
        notes,
        done: making::done(&steps),
        steps: making::steps(&steps),
        // Technical details are for those who look after jobs; an owner reads the words only.
        trouble: making::trouble(phase, &job).map(|trouble| Trouble {
            detail: trouble.detail.filter(|_| actor.must(Permission::SeeJobs).is_ok()),
            ..trouble
        }),
        poll,
        is_fragment,
        may_retry: actor.must(Permission::CreateTenants).is_ok(),
    };
    if is_fragment { html(StatusCode::OK, &page.as_live()) } else { html(StatusCode::OK, &page) }
}

/// Another try, or the next one at once.
pub async fn retry(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let tenant = tenants::retry(&app, &actor, &slug).await?;
    Ok(htmx::redirect(&request, &urls::tenant_setup(&tenant.slug)))
}
