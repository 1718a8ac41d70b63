//! Watching a tenant come up, and giving it another try.

use super::crumbs;
use crate::{
    app::App,
    apply::{kinds, provision},
    store::{
        jobs::Job,
        tenants::{Status, Tenant},
    },
    usecases::{actor::Actor, jobs, life, permissions::Permission, tenants},
    web::{
        guard::SignedIn,
        handlers::{Answer, html, making, shell},
        htmx,
        pages::tenants::setup::{SettingUpPage, Trouble},
        urls,
        views::{Crumb, Place},
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
    let is_fragment = htmx::wants_fragment(&request);
    let (tenant, job) = if is_fragment {
        tenants::making(&app, &actor, &slug).await?
    } else {
        tenants::making_settled(&app, &actor, &slug).await?
    };
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
        links: links(&actor, &tenant, &job),
        give_up: (tenant.status == Status::Failed && actor.must(Permission::CreateTenants).is_ok())
            .then(|| urls::tenant_act(&tenant.slug, "give-up")),
        is_fragment,
        may_retry: life::may_retry(&actor, &job),
    };
    if is_fragment { html(StatusCode::OK, &page.as_live()) } else { html(StatusCode::OK, &page) }
}

/// Where one goes when the job is done.
fn links(actor: &Actor, tenant: &Tenant, job: &Job) -> Vec<Crumb> {
    if tenant.status == Status::Deleted {
        return vec![Crumb::new("Go to the tenants", urls::tenants())];
    }
    let mut links = vec![Crumb::new("Open the tenant", urls::tenant(&tenant.slug))];
    if job.kind == provision::KIND {
        links.push(Crumb::new("See its structure", urls::tenant_structure(&tenant.slug)));
        if actor.must(Permission::CreateTenants).is_ok() {
            links.push(Crumb::new("Create another", urls::new_tenant()));
        }
    } else if actor.must(Permission::EditTenants).is_ok() {
        links.push(Crumb::new("Manage it", urls::tenant_manage(&tenant.slug)));
    }
    links
}

/// Another try, or the next one at once.
pub async fn retry(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let tenant = life::retry(&app, &actor, &slug).await?;
    Ok(htmx::redirect(&request, &urls::tenant_setup(&tenant.slug)))
}
