//! What differs in one tenant.

use super::{
    super::{Answer, html, leave_flash, leave_warning, shell, tenants::show::head},
    pill, view,
};
use crate::{
    app::App,
    store::drift::Noted,
    usecases::{actor::Actor, drift, permissions::Permission},
    web::{
        guard::SignedIn,
        htmx,
        pages::{
            drift::{DifferenceView, TenantPage},
            tenants::show::Tab,
        },
        urls,
        views::{Place, TimeView, counted_len},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Path},
};

fn noted_view(noted: &Noted, actor: &Actor, slug: &str, now: i64) -> DifferenceView {
    let mut shown = view(&noted.difference, actor, Some(slug));
    shown.since = Some(TimeView::new(noted.first_seen_ms, now));
    if let Some(ignored) = noted.ignored.as_ref().filter(|_| noted.is_ignored(now)) {
        let until = TimeView::new(ignored.until_ms, now);
        let end = actor
            .must(Permission::RepairDrift)
            .is_ok()
            .then(|| urls::tenant_drift_act(slug, &noted.difference.id, "count"));
        shown.acts.retain(|(title, _)| *title != "Leave it alone…");
        shown.ignored =
            Some((format!("Left alone until {} by {}: {}", until.text, ignored.by, ignored.reason), end));
    }
    shown
}

/// One tenant.
pub async fn tenant(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let report = drift::of_tenant(&app, &actor, &slug).await?;
    let now = app.now_ms();
    let (ignored, counting): (Vec<&Noted>, Vec<&Noted>) =
        report.differences.iter().partition(|noted| noted.is_ignored(now));
    let last = report.last.as_ref();
    let level = last.and_then(|last| last.level);
    let text = match (level, counting.len()) {
        (None, _) => "Nobody has compared this tenant's database with what it should be yet.".to_owned(),
        (Some(_), 0) if ignored.is_empty() => {
            "The structure is what the template, the modules and the tenant's own objects make.".to_owned()
        }
        (Some(_), 0) => "What differs is left alone.".to_owned(),
        (Some(_), 1) => "One thing in the structure is not what it should be.".to_owned(),
        (Some(_), number) => format!("{number} things in the structure are not what they should be."),
    };
    let slug = &report.tenant.slug;
    let all = |list: &[&Noted]| list.iter().map(|noted| noted_view(noted, &actor, slug, now)).collect();
    let may_decide = actor.must(Permission::RepairDrift).is_ok();
    let page = TenantPage {
        shell: shell(&request, &actor, Place::Tenants),
        head: head(&actor, &report.tenant, Tab::Drift),
        answer: pill(level),
        text,
        looked: last.and_then(|last| last.looked_ms).map(|at| TimeView::new(at, now)),
        problem: last.and_then(|last| last.problem.clone()),
        check: actor.must(Permission::CheckDrift).is_ok().then(|| urls::tenant_drift_check(slug)),
        repair_all: (may_decide && counting.len() > 1).then(|| urls::tenant_drift_repair_all(slug)),
        differences: all(&counting),
        ignored: all(&ignored),
        own: report.own.iter().map(|(kind, object)| format!("The {kind} {object}")).collect(),
    };
    html(StatusCode::OK, &page)
}

/// Looks at a tenant's database now.
pub async fn check(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let report = drift::check(&app, &actor, &slug).await?;
    let problem = report.last.as_ref().and_then(|last| last.problem.as_ref());
    match (problem, report.differences.len()) {
        (Some(_), _) => leave_warning(&request, "The database could not be looked at.")?,
        (None, 0) => leave_flash(&request, "Looked at the database: everything is as it should be.")?,
        (None, number) => leave_warning(
            &request,
            &format!("Looked at the database: {} found.", counted_len(number, "difference", "differences")),
        )?,
    }
    Ok(htmx::redirect(&request, &urls::tenant_drift(&report.tenant.slug)))
}
