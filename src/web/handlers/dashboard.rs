//! The start page.

use super::{Answer, html, making, shell};
use crate::{
    app::App,
    clock::timestamp,
    store::{Scope, drift::fleet::Sum, events::Event, templates::VersionUse, tenants::Status},
    usecases::{
        overview::{self, JobOfTenant, MOST_LINES, Overview},
        permissions::Permission,
    },
    web::{
        guard::SignedIn,
        htmx,
        pages::dashboard::{DashboardPage, Running, StartCard, Todo},
        pieces::{Share, StackedBar},
        tenant_words::{icon_of, state},
        urls,
        views::{Crumb, EventView, Place, TimeView, counted, counted_len, grouped},
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
    if htmx::wants_fragment(&request) {
        let running = overview::running(&app, &actor).await?;
        let page = DashboardPage {
            poll: poll(running.as_deref()),
            running: running.map(|jobs| running_views(&app, &jobs, now)),
            ..DashboardPage::empty(shell(&request, &actor, Place::Dashboard))
        };
        return html(StatusCode::OK, &page.as_running());
    }
    let found = overview::show(&app, &actor).await?;
    let todo = todo(&found);
    let is_first_day =
        found.counts.as_ref().is_some_and(|counts| counts.iter().all(|(_, count)| *count == 0));
    let (heading, sentence) = answer(&found, todo.as_deref(), is_first_day, now);
    let page = DashboardPage {
        shell: shell(&request, &actor, Place::Dashboard),
        heading,
        sentence,
        is_calm: is_first_day || todo.as_ref().is_some_and(Vec::is_empty),
        start: if is_first_day { first_day(found.templates.unwrap_or_default()) } else { Vec::new() },
        todo,
        states: found.counts.as_deref().map(states),
        versions: found.versions.as_deref().map(versions),
        poll: poll(found.running.as_deref()),
        running: found.running.map(|jobs| running_views(&app, &jobs, now)),
        events: found.events.map(|events| events.iter().map(|event| event_view(event, now)).collect()),
    };
    html(StatusCode::OK, &page)
}

/// The running jobs are asked for again while there are any, or where they could not be loaded.
fn poll(running: Option<&[JobOfTenant]>) -> Option<String> {
    running.is_none_or(|jobs| !jobs.is_empty()).then(urls::home)
}

fn running_views(app: &App, jobs: &[JobOfTenant], now: i64) -> Vec<Running> {
    let tries = app.settings.retry_delays.len() + 1;
    jobs.iter()
        .map(|(job, steps, name, slug)| Running {
            tenant: Crumb::new(name, urls::tenant_setup(slug)),
            sentence: making::sentence(making::phase(job, steps), job, steps, tries, now),
            done: making::done(steps),
            total: steps.len(),
        })
        .collect()
}

/// Tenants that are not what they should be, and those of which that is not known.
fn of_drift(found: &Sum) -> Vec<Todo> {
    let line = |number: i64, rest: (&str, &str), detail: String, is_bad: bool| {
        (number > 0).then(|| Todo {
            name: counted(number, "tenant", "tenants"),
            rest: if number == 1 { rest.0.into() } else { rest.1.into() },
            detail: Some(detail).filter(|text| !text.is_empty()),
            icon: "alert-triangle",
            is_bad,
            button: Crumb::new("See what differs", urls::drift()),
        })
    };
    let bad = match (found.high, found.differ) {
        (0, _) => String::new(),
        (high, all) if high == all => "Something that the template needs is gone or narrower.".into(),
        (high, _) => {
            format!("In {} of them, something that the template needs is gone or narrower.", grouped(high))
        }
    };
    let differ = ("differs from what it should be.", "differ from what they should be.");
    let troubled = ("could not be looked at.", "could not be looked at.");
    let all = [
        line(found.differ, differ, bad, found.high > 0),
        line(found.troubled, troubled, "Whether anything was changed there is not known.".into(), true),
    ];
    all.into_iter().flatten().collect()
}

/// What needs a person: jobs that stopped, tenants that differ, tenants about to go, invitations that ran out, and what somebody began.
fn todo(found: &Overview) -> Option<Vec<Todo>> {
    let stopped = found.stopped.as_ref()?.iter().map(|(job, name, slug)| Todo {
        name: name.clone(),
        rest: if job.needs_person {
            "stopped half-way: somebody has to look.".into()
        } else {
            "could not be set up.".into()
        },
        detail: job.problem.clone(),
        icon: "alert-circle",
        is_bad: true,
        button: Crumb::new("See what happened", urls::tenant_setup(slug)),
    });
    let servers = found.servers.as_ref()?.iter().map(|(name, problem)| Todo {
        name: name.clone(),
        rest: "cannot be used. Its tenants wait, and nothing of them is lost.".into(),
        detail: problem.lines().next().map(ToOwned::to_owned),
        icon: "database",
        is_bad: true,
        button: Crumb::new("Look at the server", urls::server(name)),
    });
    let lapsed = found.lapsed.as_ref()?.iter().map(|invitation| Todo {
        name: invitation.tenant.0.clone(),
        rest: "has an owner whose invitation ran out.".into(),
        detail: Some(invitation.email.clone()),
        icon: "mail",
        is_bad: false,
        button: Crumb::new("Make a new link", urls::tenant(&invitation.tenant.1)),
    });
    let leaving = found.leaving.as_ref()?.iter().map(|tenant| Todo {
        name: tenant.name.clone(),
        rest: format!("is removed for good on {} UTC.", timestamp(tenant.delete_after_ms)),
        detail: None,
        icon: "hourglass",
        is_bad: false,
        button: Crumb::new("Keep it after all?", urls::tenant_manage(&tenant.slug)),
    });
    let unfinished = found.unfinished.as_ref()?.iter().map(|draft| Todo {
        name: draft.name.clone(),
        rest: "is not asked for yet. You have begun to describe it.".into(),
        detail: None,
        icon: "list-details",
        is_bad: false,
        button: Crumb::new("Go on", urls::draft(&draft.id.to_string())),
    });
    let drafts = found.template_drafts.as_ref()?.iter().map(|draft| {
        let problems = draft.check.as_ref().map_or(0, |check| check.report.problems.len());
        Todo {
            name: draft.template_type.clone(),
            rest: "has a draft that is not published yet.".into(),
            detail: (problems > 0)
                .then(|| format!("The last check found {}.", counted_len(problems, "problem", "problems"))),
            icon: "file-code",
            is_bad: false,
            button: Crumb::new("Go on with the draft", urls::template_draft(&draft.id.to_string())),
        }
    });
    let differing = of_drift(found.drift.as_ref()?);
    Some(
        stopped
            .chain(servers)
            .chain(differing)
            .chain(leaving)
            .chain(lapsed)
            .chain(unfinished)
            .chain(drafts)
            .collect(),
    )
}

/// Is everything all right? The heading, and what else there is to say.
fn answer(found: &Overview, todo: Option<&[Todo]>, is_first_day: bool, now: i64) -> (String, String) {
    if is_first_day {
        return (
            "Welcome to Tenantry".into(),
            "Each customer gets a database of its own, made from a template in a moment.".into(),
        );
    }
    let ready = found.counts.as_deref().map(|counts| {
        let is_ready = |(status, count): &(Status, i64)| (*status == Status::Active).then_some(*count);
        counts.iter().find_map(is_ready).unwrap_or(0)
    });
    let sentence = match ready {
        None => String::new(),
        Some(0) => "No tenant is ready yet.".into(),
        Some(count) => format!("{} ready.", counted(count, "tenant is", "tenants are")),
    };
    let sentence = match found.compared.flatten() {
        Some(at) => format!("{sentence} They were last looked at {}.", TimeView::new(at, now).ago),
        None => sentence,
    };
    let heading = match todo.map(<[Todo]>::len) {
        None => "Not everything could be looked at.".into(),
        Some(0) => "Nothing needs you.".into(),
        Some(1) => "1 thing needs you.".into(),
        Some(many) if many >= MOST_LINES as usize => "Many things need you.".into(),
        Some(many) => format!("{many} things need you."),
    };
    (heading, sentence)
}

/// The fleet by state.
fn states(counts: &[(Status, i64)]) -> StackedBar {
    let share = |(status, count): &(Status, i64)| {
        let pill = state(*status);
        let list = urls::with_query(&urls::tenants(), &[("state", status.word())]);
        Share::of_tone(pill.text, *count, Some(list), pill.tone)
    };
    let mut shares: Vec<Share> = counts.iter().filter(|(_, count)| *count > 0).map(share).collect();
    shares.sort_by_key(|share| std::cmp::Reverse(share.count));
    StackedBar { title: "Tenants by state".into(), kind: "State", shares }
}

/// The versions that are shown by themselves; the rest are one part.
const VERSIONS: usize = 5;

/// The fleet by template version.
fn versions(uses: &[VersionUse]) -> StackedBar {
    let shown = uses.iter().take(VERSIONS).enumerate().map(|(place, used)| {
        let page = urls::template(&used.template_type, &used.version);
        Share::in_series(format!("{} {}", used.name, used.version), used.tenants, Some(page), place)
    });
    let rest: i64 = uses.iter().skip(VERSIONS).map(|used| used.tenants).sum();
    let rest =
        (rest > 0).then(|| Share::in_series("Other versions", rest, Some(urls::templates()), VERSIONS));
    StackedBar {
        title: "Tenants by template version".into(),
        kind: "Version",
        shares: shown.chain(rest).collect(),
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
