//! Unexpected changes: all tenants, those with the same difference, one tenant, and deciding about what differs.

use super::{Answer, Values, html, leave_flash, leave_warning, shell, tenants::show::head};
use crate::{
    app::App,
    error::{Error, Kind},
    schema::ObjectKind,
    store::{
        customizations::KINDS,
        drift::{Difference, Level, Noted, fleet::Filter},
    },
    usecases::{
        actor::Actor,
        drift::{self, Fleet, Ignore, Planned, Rest, Target},
        permissions::Permission,
    },
    web::{
        guard::SignedIn,
        htmx,
        pages::{
            drift::{
                DecidePage, DifferenceView, FleetPage, GroupPage, GroupRow, PlanView, ProgressView,
                TenantPage, VersionRow,
            },
            tenants::show::Tab,
        },
        pieces::{Share, StackedBar},
        urls,
        views::{Crumb, Field, FormError, Pill, Place, TimeView, Tone, counted, counted_len, grouped},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path, Query},
};
use similar::{ChangeTag, TextDiff};
use std::collections::BTreeMap;

type Fields = Form<Vec<(String, String)>>;

/// The words of a level.
fn level_words(level: Option<Level>) -> (&'static str, Tone) {
    match level {
        Some(Level::None) => ("As it should be", Tone::Good),
        Some(Level::Low) => ("Low", Tone::Quiet),
        Some(Level::Medium) => ("Medium", Tone::Warn),
        Some(Level::High) => ("High", Tone::Bad),
        None => ("Not checked yet", Tone::Quiet),
    }
}

fn pill(level: Option<Level>) -> Pill {
    let (text, tone) = level_words(level);
    Pill::new(text, tone)
}

/// All tenants together.
pub async fn fleet(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    query: Query<Vec<(String, String)>>,
) -> Answer {
    let values = Values(query.into_inner());
    let severity = values.text("level").parse::<Level>().ok();
    let is_ignored = values.text("show") == "left-alone";
    let filter = Filter { severity, is_ignored, template_type: None };
    let fleet = drift::fleet(&app, &actor, &filter).await?;
    let now = app.now_ms();
    let page = fleet_page(&fleet, &filter, now);
    let page = FleetPage { shell: shell(&request, &actor, Place::Drift), ..page };
    if htmx::wants_fragment(&request) {
        if page.going_on.is_some() {
            return html(StatusCode::OK, &page.as_progress());
        }
        // The check has ended: the whole page says something else now.
        return Ok(htmx::redirect(&request, &urls::drift()));
    }
    html(StatusCode::OK, &page)
}

fn fleet_page(fleet: &Fleet, filter: &Filter, now: i64) -> FleetPage {
    let (tenants, fine, unseen) = (fleet.tenants(), fleet.at(Some(Level::None)), fleet.at(None));
    let differ = tenants - fine - unseen;
    let is_new = tenants == unseen;
    let heading = if is_new {
        "Unexpected changes".to_owned()
    } else if differ > 0 {
        format!(
            "{} differ{} from what {} should be",
            counted(differ, "tenant", "tenants"),
            if differ == 1 { "s" } else { "" },
            if differ == 1 { "it" } else { "they" }
        )
    } else if fleet.troubled.is_empty() {
        "Everything is as it should be".to_owned()
    } else {
        "No unexpected changes, but not all could be looked at".to_owned()
    };
    let text = match &fleet.last {
        _ if tenants == 0 => "There is no tenant yet.".to_owned(),
        None => {
            "Each tenant's database is compared with what its template, its modules and its own objects make."
                .to_owned()
        }
        Some(last) => {
            let ended = TimeView::new(last.ended_ms.unwrap_or(last.created_ms), now);
            let done = counted(last.tally.checked, "tenant was", "tenants were");
            let failed = match last.tally.failed {
                0 => String::new(),
                failed => format!(" {} could not be looked at.", grouped(failed)),
            };
            let busy = match last.tally.busy {
                0 => String::new(),
                busy => format!(" {} had something going on, and nothing is said about them.", grouped(busy)),
            };
            format!("{done} looked at, the last check ended {}.{failed}{busy}", ended.ago)
        }
    };
    let levels = Level::ALL.into_iter().map(Some).chain([None]);
    let shares: Vec<Share> = levels
        .clone()
        .map(|level| {
            let (words, tone) = level_words(level);
            Share::of_tone(words, fleet.at(level), None, tone)
        })
        .filter(|share| share.count > 0)
        .collect();
    let mut versions: BTreeMap<String, [i64; 5]> = BTreeMap::new();
    for count in &fleet.counts {
        let row = versions.entry(format!("{} {}", count.template_name, count.version)).or_default();
        let place = count.level.map_or(4, |level| usize::try_from(level.rank()).unwrap_or(0));
        if let Some(cell) = row.get_mut(place) {
            *cell += count.tenants;
        }
    }
    let link = |title: &str, href: String, is_current| (title.to_owned(), href, is_current);
    let mut filters = vec![link("All", urls::drift(), filter.severity.is_none() && !filter.is_ignored)];
    for level in [Level::High, Level::Medium, Level::Low] {
        let (words, _) = level_words(Some(level));
        filters.push(link(words, urls::drift_of_level(level.word()), filter.severity == Some(level)));
    }
    filters.push(link("Left alone", urls::drift_left_alone(), filter.is_ignored));
    FleetPage {
        shell: crate::web::views::Shell::default(),
        heading,
        text,
        is_new,
        going_on: fleet.going_on.as_ref().map(|run| ProgressView {
            text: format!("{} of {} tenants looked at", grouped(run.tally.done()), grouped(run.total)),
            done: run.tally.done().min(run.total),
            total: run.total.max(1),
            asked: format!("Asked for by {}, {}", run.asked_by, TimeView::new(run.created_ms, now).ago),
        }),
        levels: (tenants > 0).then(|| StackedBar { title: "Tenants by level".into(), kind: "Level", shares }),
        versions: versions
            .into_iter()
            .map(|(name, counts)| VersionRow {
                name,
                counts: counts.into_iter().map(|count| (grouped(count), count == 0)).collect(),
            })
            .collect(),
        filters,
        groups: fleet
            .groups
            .iter()
            .map(|group| GroupRow {
                sentence: group.difference.sentence.clone(),
                severity: pill(Some(group.difference.severity)),
                tenants: counted(group.tenants, "tenant", "tenants"),
                since: TimeView::new(group.first_seen_ms, now),
                href: urls::drift_group(&group.difference.id),
            })
            .collect(),
        is_cut: fleet.is_cut,
        troubled: fleet
            .troubled
            .iter()
            .map(|(name, slug, why)| (Crumb::new(name, urls::tenant_drift(slug)), why.clone()))
            .collect(),
    }
}

/// Asks for a check of all tenants.
pub async fn check_all(request: HttpRequest, app: Data<App>, SignedIn(actor): SignedIn) -> Answer {
    drift::runs::ask_for_all(&app, &actor).await?;
    Ok(htmx::redirect(&request, &urls::drift()))
}

/// A text in pieces: each with whether it is other than in the text beside it.
type Pieces = Vec<(String, bool)>;

/// Two texts in pieces that are the same in both or not.
fn sides(expected: Option<&str>, found: Option<&str>) -> (Pieces, Pieces) {
    let (Some(expected), Some(found)) = (expected, found) else {
        let whole = |text: Option<&str>| text.map(|text| (text.to_owned(), false)).into_iter().collect();
        return (whole(expected), whole(found));
    };
    let diff = TextDiff::from_words(expected, found);
    let (mut one, mut other) = (Pieces::new(), Pieces::new());
    let add = |side: &mut Pieces, text: &str, is_other: bool| match side.last_mut() {
        Some((before, was_other)) if *was_other == is_other => before.push_str(text),
        _ => side.push((text.to_owned(), is_other)),
    };
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => {
                add(&mut one, change.value(), false);
                add(&mut other, change.value(), false);
            }
            ChangeTag::Delete => add(&mut one, change.value(), true),
            ChangeTag::Insert => add(&mut other, change.value(), true),
        }
    }
    (one, other)
}

fn kind_of(difference: &Difference) -> Option<ObjectKind> {
    KINDS.into_iter().find(|kind| kind.as_str() == difference.kind)
}

fn view(difference: &Difference, actor: &Actor, slug: Option<&str>) -> DifferenceView {
    let (expected, found) = sides(difference.expected.as_deref(), difference.found.as_deref());
    let may_decide = actor.must(Permission::RepairDrift).is_ok();
    let can_be_kept = kind_of(difference).is_some() && difference.change != "removed";
    let act = |act: &str| match slug {
        Some(slug) => urls::tenant_drift_act(slug, &difference.id, act),
        None => urls::drift_act(&difference.id, act),
    };
    let mut acts = Vec::new();
    if may_decide {
        acts.push(("Put it back…", act("repair")));
        if can_be_kept {
            acts.push(("Keep it…", act("keep")));
        }
        acts.push(("Leave it alone…", act("ignore")));
    }
    DifferenceView {
        id: difference.id.clone(),
        sentence: difference.sentence.clone(),
        severity: pill(Some(difference.severity)),
        expected,
        found,
        cause: difference.cause.clone(),
        since: None,
        acts,
        note: None,
        ignored: None,
    }
}

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

/// Tenants with the same difference.
pub async fn group(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    id: Path<String>,
) -> Answer {
    let group = drift::group(&app, &actor, &id).await?;
    let now = app.now_ms();
    let number = group.members.len();
    let count = match (group.rest, number) {
        (Rest::More, _) => {
            format!("More than {} tenants differ in this way", grouped(i64::try_from(number).unwrap_or(0)))
        }
        (Rest::None, 0) => "It is left alone everywhere".to_owned(),
        (Rest::None, 1) => "One tenant differs in this way".to_owned(),
        (Rest::None, number) => format!("{} differ in this way", counted_len(number, "tenant", "tenants")),
    };
    let mut difference = view(&group.difference, &actor, None);
    if group.members.is_empty() {
        difference.acts.clear();
    }
    let page = GroupPage {
        shell: shell(&request, &actor, Place::Drift),
        crumbs: vec![Crumb::new("Unexpected changes", urls::drift())],
        difference,
        count,
        members: group
            .members
            .iter()
            .map(|member| {
                (
                    Crumb::new(&member.name, urls::tenant_drift(&member.slug)),
                    TimeView::new(member.first_seen_ms, now),
                )
            })
            .collect(),
        ignored: group
            .ignored
            .iter()
            .map(|member| Crumb::new(&member.name, urls::tenant_drift(&member.slug)))
            .collect(),
    };
    html(StatusCode::OK, &page)
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
        (None, number) => leave_flash(
            &request,
            &format!("Looked at the database: {} found.", counted_len(number, "difference", "differences")),
        )?,
    }
    Ok(htmx::redirect(&request, &urls::tenant_drift(&report.tenant.slug)))
}

/// What is to be done, from the last part of an address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Repair,
    Keep,
    Ignore,
}

fn act_of(request: &HttpRequest) -> Act {
    match request.path().rsplit('/').next() {
        Some("keep") => Act::Keep,
        Some("ignore") => Act::Ignore,
        _ => Act::Repair,
    }
}

/// Of what a decision is about.
struct Subject {
    slug: Option<String>,
    /// The differences.
    ids: Vec<String>,
    /// What they are, in sentences.
    sentences: Vec<String>,
}

impl Subject {
    fn target(&self) -> Target<'_> {
        self.slug.as_deref().map_or(Target::Group, Target::Tenant)
    }

    fn id(&self) -> &str {
        self.ids.first().map(String::as_str).unwrap_or_default()
    }

    fn back(&self) -> String {
        match &self.slug {
            Some(slug) => urls::tenant_drift(slug),
            None => urls::drift_group(self.id()),
        }
    }
}

fn gone() -> Error {
    Error::not_found(
        "This tenant does not differ in this way any more. Look at its unexpected changes again.",
    )
}

/// One difference of all tenants that have it.
async fn of_group(app: &App, actor: &Actor, id: &str) -> Result<Subject, Error> {
    let group = drift::group(app, actor, id).await?;
    Ok(Subject { slug: None, ids: vec![id.to_owned()], sentences: vec![group.difference.sentence] })
}

/// One difference of a tenant, or all that count.
async fn of_one(app: &App, actor: &Actor, slug: &str, id: Option<&str>) -> Result<Subject, Error> {
    let report = drift::of_tenant(app, actor, slug).await?;
    let now = app.now_ms();
    let chosen = |noted: &&Noted| match id {
        Some(id) => noted.difference.id == id,
        None => !noted.is_ignored(now),
    };
    let found: Vec<&Noted> = report.differences.iter().filter(chosen).collect();
    if found.is_empty() {
        return Err(gone());
    }
    Ok(Subject {
        slug: Some(report.tenant.slug.clone()),
        ids: found.iter().map(|noted| noted.difference.id.clone()).collect(),
        sentences: found.iter().map(|noted| noted.difference.sentence.clone()).collect(),
    })
}

async fn page_of(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    subject: &Subject,
    typed: &Values,
    error: Option<&Error>,
) -> Result<DecidePage, Error> {
    let act = act_of(request);
    let wrong = |name: &str| error.and_then(|error| error.fields.get(name).cloned());
    let (plans, refused) = match act {
        Act::Repair => drift::plans(app, actor, subject.target(), &subject.ids).await?,
        Act::Keep | Act::Ignore => (Vec::new(), Vec::new()),
    };
    let reason = Field::text("reason", "Why?")
        .with_hint("For those who come across it later.")
        .filled(typed.text("reason"), wrong("reason"));
    let days = Field::text("days", "For how many days?")
        .filled(if error.is_some() { typed.text("days") } else { "30" }, wrong("days"));
    let fields = if act == Act::Ignore { vec![days] } else { Vec::new() };
    let reason = (act != Act::Repair).then_some(reason);
    let mut errors = FormError::of(&reason.iter().chain(&fields).collect::<Vec<_>>());
    errors.extend(
        error
            .filter(|error| error.fields.is_empty())
            .map(|error| FormError::new("form", error.message.clone())),
    );
    let (heading, text, button) = match act {
        Act::Repair => (
            "Put it back?",
            "This SQL brings the structure to what it should be. Rows and values stay, but for what is named below. Exactly what you approve here is run, and only where the database is still as it was.",
            None,
        ),
        Act::Keep => (
            "Keep it as the tenant's own?",
            "It is expected from now on, and is no unexpected change any more. Later versions of the template respect it.",
            Some("Keep it"),
        ),
        Act::Ignore => (
            "Leave it alone?",
            "Nothing is changed. It does not count until the days are over; then it counts again.",
            Some("Leave it alone"),
        ),
    };
    let number = plans.len();
    let crumb = match &subject.slug {
        Some(slug) => Crumb::new(slug, urls::tenant_drift(slug)),
        None => Crumb::new("The difference", urls::drift_group(subject.id())),
    };
    Ok(DecidePage {
        shell: shell(request, actor, Place::Drift),
        crumbs: vec![Crumb::new("Unexpected changes", urls::drift()), crumb],
        heading: heading.into(),
        sentences: subject.sentences.clone(),
        text: text.into(),
        action: request.path().to_owned(),
        hidden: subject.ids.iter().map(|id| ("difference", id.clone())).collect(),
        errors,
        plans: plans.into_iter().map(|planned| plan_view(planned, subject.slug.is_none(), number)).collect(),
        refused,
        reason,
        fields,
        button,
        cancel: subject.back(),
    })
}

fn plan_view(planned: Planned, is_group: bool, number: usize) -> PlanView {
    let names = planned.tenants.len();
    PlanView {
        tenants: is_group.then(|| match (number, planned.tenants.first()) {
            (1, _) => "all of them".to_owned(),
            (_, Some((_, name))) if names == 1 => name.clone(),
            (_, Some((_, name))) => format!("{name} and others like it"),
            (_, None) => "tenants".to_owned(),
        }),
        sql: planned
            .plan
            .statements
            .iter()
            .map(|sql| format!("{};", sql.trim_end_matches(';')))
            .collect::<Vec<_>>()
            .join("\n\n"),
        losses: planned.plan.losses,
        left: planned.plan.left,
        hash: planned.hash,
    }
}

/// The question, for all tenants with a difference.
pub async fn ask_group(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    id: Path<String>,
) -> Answer {
    let subject = of_group(&app, &actor, &id).await?;
    let page = page_of(&request, &app, &actor, &subject, &Values(Vec::new()), None).await?;
    html(StatusCode::OK, &page)
}

/// The question, for one tenant.
pub async fn ask_one(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
) -> Answer {
    let subject = of_one(&app, &actor, &path.0, Some(&path.1)).await?;
    let page = page_of(&request, &app, &actor, &subject, &Values(Vec::new()), None).await?;
    html(StatusCode::OK, &page)
}

/// The question, for all that differs in one tenant.
pub async fn ask_all_of(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let subject = of_one(&app, &actor, &slug, None).await?;
    let page = page_of(&request, &app, &actor, &subject, &Values(Vec::new()), None).await?;
    html(StatusCode::OK, &page)
}

/// Does it, for all tenants with a difference.
pub async fn do_group(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    id: Path<String>,
    form: Fields,
) -> Answer {
    let subject = of_group(&app, &actor, &id).await?;
    decide(&request, &app, &actor, &subject, Values(form.into_inner())).await
}

/// Does it, for one tenant.
pub async fn do_one(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
    form: Fields,
) -> Answer {
    let subject = of_one(&app, &actor, &path.0, Some(&path.1)).await?;
    decide(&request, &app, &actor, &subject, Values(form.into_inner())).await
}

/// Puts back what was chosen in one tenant: what was on the page that was approved.
pub async fn do_all_of(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
    form: Fields,
) -> Answer {
    let values = Values(form.into_inner());
    let mut subject = of_one(&app, &actor, &slug, None).await?;
    subject.ids = values.all("difference").map(ToOwned::to_owned).collect();
    decide(&request, &app, &actor, &subject, values).await
}

async fn decide(request: &HttpRequest, app: &App, actor: &Actor, subject: &Subject, typed: Values) -> Answer {
    let (target, id) = (subject.target(), subject.id());
    let done = match act_of(request) {
        Act::Repair => {
            let approved = (typed.text("plan"), typed.text("snapshot") == "yes");
            drift::repair(app, actor, target, &subject.ids, approved).await.map(|repairs| {
                let begun = counted_len(repairs.started.len(), "tenant", "tenants");
                match repairs.refused.first() {
                    None => (format!("Approved. The structure of {begun} is being put right."), false),
                    Some((name, why)) => (
                        format!(
                            "The structure of {begun} is being put right. {} not: {name}: {why}",
                            counted_len(repairs.refused.len(), "is", "are")
                        ),
                        true,
                    ),
                }
            })
        }
        Act::Keep => drift::adopt(app, actor, target, id, typed.text("reason")).await.map(|kept| match kept
            .refused
            .first()
        {
            None => (
                format!("Kept as {} own.", if kept.tenants == 1 { "the tenant's" } else { "the tenants'" }),
                false,
            ),
            Some((name, why)) => (
                format!("Kept for {}. Not for {name}: {why}", counted_len(kept.tenants, "tenant", "tenants")),
                true,
            ),
        }),
        Act::Ignore => {
            let form = Ignore { reason: typed.text("reason").into(), days: typed.text("days").into() };
            drift::ignore(app, actor, target, id, &form).await.map(|number| {
                (format!("Left alone for {}.", counted_len(number, "tenant", "tenants")), false)
            })
        }
    };
    match done {
        Ok((text, is_warning)) => {
            if is_warning {
                leave_warning(request, &text)?;
            } else {
                leave_flash(request, &text)?;
            }
            let after = subject.slug.as_deref().map_or_else(urls::drift, urls::tenant_drift);
            Ok(htmx::redirect(request, &after))
        }
        Err(error) if matches!(error.kind, Kind::Invalid | Kind::Conflict) => {
            let status = if error.kind == Kind::Invalid {
                StatusCode::UNPROCESSABLE_ENTITY
            } else {
                StatusCode::CONFLICT
            };
            html(status, &page_of(request, app, actor, subject, &typed, Some(&error)).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Lets something count again that was left alone.
pub async fn count_again(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
) -> Answer {
    drift::stop_ignoring(&app, &actor, &path.0, &path.1).await?;
    leave_flash(&request, "It counts again.")?;
    Ok(htmx::redirect(&request, &urls::tenant_drift(&path.0)))
}
