//! How far something is that is done to many tenants, and what came of it.

use super::{
    super::{Answer, html, shell},
    decide::grouped_reasons,
};
use crate::{
    app::App,
    store::drift::runs::{Act, Run},
    usecases::drift::runs::{self, Shown},
    web::{
        guard::SignedIn,
        htmx,
        pages::drift::{ProgressView, RunPage},
        urls,
        views::{Crumb, Place, TimeView, counted, grouped},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Path},
};

/// What is done, while it is done.
pub(super) fn title(run: &Run) -> String {
    let tenants = counted(run.total, "tenant", "tenants");
    match run.act {
        Act::Check => format!("Checking {tenants}"),
        Act::Repair => format!("Putting it back in {tenants}"),
        Act::Keep => format!("Keeping it for {tenants}"),
        Act::Ignore => format!("Leaving it alone in {tenants}"),
        Act::Count => format!("Letting it count again in {tenants}"),
    }
}

/// How far a run is.
pub(super) fn progress(run: &Run, now: i64) -> ProgressView {
    let what = if run.act == Act::Check { "tenants looked at" } else { "tenants done" };
    of(run, run.tally.done(), what, now)
}

fn of(run: &Run, done: i64, what: &str, now: i64) -> ProgressView {
    ProgressView {
        text: format!("{} of {} {what}", grouped(done), grouped(run.total)),
        done: done.min(run.total),
        total: run.total.max(1),
        asked: format!("Asked for by {}, {}", run.asked_by, TimeView::new(run.created_ms, now).ago),
    }
}

/// What came of it: the heading, and what there is to know.
fn outcome(shown: &Shown) -> (String, String) {
    let (run, tally) = (&shown.run, &shown.run.tally);
    let tenants = |number: i64| counted(number, "tenant", "tenants");
    let (done, total) = (tally.checked, run.total);
    let of_all = |done: i64| {
        if done == total { tenants(total) } else { format!("{} of {}", grouped(done), tenants(total)) }
    };
    match run.act {
        Act::Check => {
            let heading = match (tally.drifted, tally.failed + tally.busy) {
                (0, 0) if total == 1 => "The tenant is as it should be".to_owned(),
                (0, 0) => format!("All {} are as they should be", tenants(total)),
                (0, _) => "Not all of them could be looked at".to_owned(),
                (1, _) => format!("1 of {} differs from what it should be", tenants(total)),
                (some, _) => {
                    format!("{} of {} differ from what they should be", grouped(some), tenants(total))
                }
            };
            let text = match tally.busy {
                0 => String::new(),
                busy => format!("{} had something going on, and nothing is said about them.", tenants(busy)),
            };
            (heading, text)
        }
        Act::Repair => {
            let put_back = shown.jobs.as_ref().map_or(done, |jobs| jobs.done);
            let text = "Each tenant had a job of its own and was looked at again afterwards. Its page has the steps.";
            (format!("Put back in {}", of_all(put_back)), text.to_owned())
        }
        Act::Keep => (
            format!("Kept for {}", of_all(done)),
            "It is expected there from now on, and is no unexpected change any more.".to_owned(),
        ),
        Act::Ignore => (
            format!("Left alone in {}", of_all(done)),
            "Nothing was changed. It counts again by itself when the days are over.".to_owned(),
        ),
        Act::Count => (format!("It counts again in {}", of_all(done)), String::new()),
    }
}

/// How far it is.
pub async fn run(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    id: Path<String>,
) -> Answer {
    let shown = runs::show(&app, &actor, &id).await?;
    let (run, now) = (&shown.run, app.now_ms());
    // What was begun as jobs has ended with the last of them.
    let open = shown.jobs.as_ref().map_or(0, |jobs| jobs.open);
    let going_on = match &shown.jobs {
        _ if run.ended_ms.is_none() && shown.jobs.is_none() => Some(progress(run, now)),
        Some(jobs) if run.ended_ms.is_none() || open > 0 => {
            Some(of(run, jobs.done + jobs.failed + run.tally.failed, "tenants done", now))
        }
        _ => None,
    };
    let (heading, text) = if going_on.is_some() { (title(run), String::new()) } else { outcome(&shown) };
    let mut refused: Vec<(String, String)> =
        shown.refusals.into_iter().map(|refusal| (refusal.name, refusal.why)).collect();
    refused.extend(shown.jobs.into_iter().flat_map(|jobs| jobs.problems));
    let decided = run.decided.as_ref();
    let page = RunPage {
        shell: shell(&request, &actor, Place::Drift),
        crumbs: vec![Crumb::new("Unexpected changes", urls::drift())],
        here: urls::drift_run(&run.id.to_string()),
        heading,
        text,
        sentence: decided.map(|decided| decided.sentence.clone()),
        going_on,
        refused_title: if run.act == Act::Check { "Could not be looked at" } else { "Not done" },
        refused: grouped_reasons(refused),
        group: decided.map(|decided| urls::drift_group(&decided.difference_id)),
    };
    if htmx::wants_fragment(&request) {
        return html(StatusCode::OK, &page.as_outcome());
    }
    html(StatusCode::OK, &page)
}
