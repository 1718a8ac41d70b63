//! The start page.

use super::{Answer, html, making, shell};
use crate::{
    app::App,
    store::{Scope, events::Event, jobs::JobStatus, tenants::Status},
    usecases::{overview, permissions::Permission},
    web::{
        guard::SignedIn,
        htmx,
        pages::dashboard::{DashboardPage, Running, StartCard, StateCount, Todo},
        tenant_words::{icon_of, state},
        urls,
        views::{Crumb, EventView, Place, TimeView, counted, grouped},
    },
};
use actix_web::{HttpRequest, http::StatusCode, web::Data};

/// What needs me now?
pub async fn show(request: HttpRequest, app: Data<App>, SignedIn(actor): SignedIn) -> Answer {
    if actor.scope(Permission::SeeTenants)? != Scope::All {
        // An owner's tenants are all that there is for them.
        return Ok(htmx::redirect(&request, &urls::tenants()));
    }
    let now = app.now_ms();
    let found = overview::show(&app, &actor).await?;
    let total: i64 = found.counts.iter().map(|(_, count)| count).sum();
    let running: Vec<Running> = found
        .jobs
        .iter()
        .filter(|(job, ..)| matches!(job.status, JobStatus::Queued | JobStatus::Running))
        .map(|(job, steps, name, slug)| {
            let phase = making::phase(job, steps);
            Running {
                tenant: Crumb::new(name, urls::tenant_setup(slug)),
                sentence: making::sentence(phase, job, steps, app.settings.retry_delays.len() + 1, now),
                done: making::done(steps),
                total: steps.len(),
            }
        })
        .collect();
    let todo = found
        .jobs
        .iter()
        .filter(|(job, ..)| job.status == JobStatus::Failed)
        .map(|(job, _, name, slug)| Todo {
            sentence: format!("{name} could not be set up."),
            detail: job.problem.clone(),
            button: Crumb::new("See what happened", urls::tenant_setup(slug)),
        })
        .collect();
    let ready =
        found.counts.iter().find(|(status, _)| *status == Status::Active).map_or(0, |(_, count)| *count);
    let page = DashboardPage {
        shell: shell(&request, &actor, Place::Dashboard),
        start: if total == 0 { first_day(found.templates) } else { Vec::new() },
        todo,
        calm: match ready {
            0 => "No tenant is ready yet.".into(),
            count => format!("{} ready.", counted(count, "tenant is", "tenants are")),
        },
        counts: found
            .counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(status, count)| StateCount {
                state: state(*status),
                count: grouped(*count),
                href: urls::with_query(&urls::tenants(), &[("state", status.word())]),
            })
            .collect(),
        poll: (!running.is_empty()).then(urls::home),
        running,
        events: found.events.iter().map(|event| event_view(event, now)).collect(),
    };
    if htmx::wants_fragment(&request) {
        html(StatusCode::OK, &page.as_running())
    } else {
        html(StatusCode::OK, &page)
    }
}

/// An event as the pages show it.
pub fn event_view(event: &Event, now: i64) -> EventView {
    EventView {
        at: TimeView::new(event.at_ms, now),
        who: event.actor_name.clone(),
        sentence: event.sentence.clone(),
        icon: icon_of(&event.action),
        tenant: event.tenant.as_ref().map(|(name, slug)| Crumb::new(name, urls::tenant(slug))),
    }
}

fn first_day(templates: usize) -> Vec<StartCard> {
    vec![
        StartCard {
            title: "Templates are here",
            text: format!(
                "A template says what a tenant's database holds. {} with the program.",
                counted(i64::try_from(templates).unwrap_or_default(), "template comes", "templates come")
            ),
            is_done: templates > 0,
            button: Some(Crumb::new("Look at them", urls::templates())),
        },
        StartCard {
            title: "Create your first tenant",
            text: "A tenant is one customer with its own database. It takes a few seconds.".into(),
            is_done: false,
            button: Some(Crumb::new("Create tenant", urls::new_tenant())),
        },
        StartCard {
            title: "Invite its owner",
            text: "The tenant's page makes a link with which the owner chooses a password.".into(),
            is_done: false,
            button: None,
        },
    ]
}
