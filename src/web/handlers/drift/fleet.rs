//! All tenants together, and those with the same difference.

use super::{
    super::{Answer, Values, html, shell},
    level_words, pill,
    run::{progress, title},
    view,
};
use crate::{
    app::App,
    store::drift::{Level, fleet::Filter, runs::Run},
    usecases::drift::{self, Fleet},
    web::{
        guard::SignedIn,
        htmx,
        pages::drift::{FleetPage, GroupPage, GroupRow, MemberRow, VersionRow},
        pieces::{Share, StackedBar},
        urls,
        views::{Crumb, Pager, Place, Shell, TimeView, counted, grouped},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Path, Query},
};

/// After so long, what a check has found is called old.
const OLD_MS: i64 = 25 * 3_600_000;

const LEFT_ALONE: &str = "left-alone";

/// What to list, from an address.
fn filter_of(values: &Values) -> Filter {
    let given = |name: &str| Some(values.text(name).trim().to_owned()).filter(|text| !text.is_empty());
    Filter {
        severity: values.text("level").parse::<Level>().ok().filter(|level| *level != Level::None),
        version: given("template").zip(given("version")),
        is_ignored: values.text("show") == LEFT_ALONE,
        skipped: values.text("page").parse::<u32>().unwrap_or(1).saturating_sub(1),
    }
}

/// The address of a list.
fn address(filter: &Filter) -> String {
    let (template, version) = filter.version.clone().unwrap_or_default();
    let page = if filter.skipped == 0 { String::new() } else { (filter.skipped + 1).to_string() };
    urls::with_query(
        &urls::drift(),
        &[
            ("template", &template),
            ("version", &version),
            ("level", filter.severity.map(Level::word).unwrap_or_default()),
            ("show", if filter.is_ignored { LEFT_ALONE } else { "" }),
            ("page", &page),
        ],
    )
}

/// All tenants together.
pub async fn fleet(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    query: Query<Vec<(String, String)>>,
) -> Answer {
    let filter = filter_of(&Values(query.into_inner()));
    let fleet = drift::fleet(&app, &actor, &filter).await?;
    let page = fleet_page(&fleet, &filter, app.now_ms());
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

fn heading(fleet: &Fleet) -> String {
    let (tenants, fine, unseen) = (fleet.tenants(), fleet.at(Some(Level::None)), fleet.at(None));
    let differ = tenants - fine - unseen;
    if tenants == unseen {
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
    }
}

fn checked_words(last: &Run, now: i64) -> String {
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

/// The levels, from the worst, and those that were never looked at.
const SHOWN: [Option<Level>; 5] =
    [Some(Level::High), Some(Level::Medium), Some(Level::Low), None, Some(Level::None)];

/// What each level means.
fn level_meaning(level: Option<Level>) -> &'static str {
    match level {
        Some(Level::High) => "Something that the template needs is gone or narrower.",
        Some(Level::Medium) => "Something differs that the template can do without.",
        Some(Level::Low) => "Only order, notes or an extra index.",
        Some(Level::None) | None => "",
    }
}

fn shares(number: impl Fn(Option<Level>) -> i64, href: impl Fn(Level) -> Option<String>) -> Vec<Share> {
    let share = |level: Option<Level>| {
        let (words, tone) = level_words(level);
        let link = level.filter(|level| *level != Level::None).and_then(&href);
        let share = Share::of_tone(words, number(level), link, tone).with_note(level_meaning(level));
        if level.is_none() { Share { class: "chart-none", ..share } } else { share }
    };
    SHOWN.into_iter().map(share).filter(|share| share.count > 0).collect()
}

/// The template versions, each with its tenants by level.
fn versions(fleet: &Fleet, filter: &Filter) -> Vec<VersionRow> {
    let mut rows: Vec<VersionRow> = Vec::new();
    for count in &fleet.counts {
        let version = (count.template_type.clone(), count.version.clone());
        let name = format!("{} {}", count.template_name, count.version);
        let href = address(&Filter { version: Some(version.clone()), skipped: 0, ..filter.clone() });
        if rows.iter().any(|row| row.href == href) {
            continue;
        }
        let of_version = |level: Option<Level>| {
            let same = fleet.counts.iter().filter(|other| {
                (&other.template_type, &other.version) == (&version.0, &version.1) && other.level == level
            });
            same.map(|other| other.tenants).sum::<i64>()
        };
        let total: i64 = SHOWN.into_iter().map(of_version).sum();
        let fine = of_version(Some(Level::None));
        let text = match (total - fine - of_version(None), of_version(None)) {
            (0, 0) => format!("{}, all as they should be", counted(total, "tenant", "tenants")),
            (0, unseen) => {
                format!("{}, {} not checked yet", counted(total, "tenant", "tenants"), grouped(unseen))
            }
            (differ, _) => {
                format!("{} of {} differ", grouped(differ), counted(total, "tenant", "tenants"))
            }
        };
        rows.push(VersionRow {
            is_current: filter.version.as_ref() == Some(&version),
            text,
            bar: StackedBar { title: name.clone(), kind: "Level", shares: shares(of_version, |_| None) },
            name,
            href,
        });
    }
    rows
}

/// Links that narrow the list.
fn filters(filter: &Filter) -> Vec<(String, String, bool)> {
    let here = Filter { skipped: 0, ..filter.clone() };
    let any = Filter { severity: None, is_ignored: false, ..here.clone() };
    let mut links = vec![("All".to_owned(), address(&any), filter.severity.is_none() && !filter.is_ignored)];
    for level in [Level::High, Level::Medium, Level::Low] {
        let (words, _) = level_words(Some(level));
        let href = address(&Filter { severity: Some(level), ..any.clone() });
        links.push((words.to_owned(), href, filter.severity == Some(level) && !filter.is_ignored));
    }
    let alone = Filter { severity: None, is_ignored: true, ..here };
    links.push(("Left alone".to_owned(), address(&alone), filter.is_ignored));
    links
}

fn fleet_page(fleet: &Fleet, filter: &Filter, now: i64) -> FleetPage {
    let (tenants, unseen) = (fleet.tenants(), fleet.at(None));
    let version = filter.version.as_ref().map(|(template_type, version)| {
        let count = fleet
            .counts
            .iter()
            .find(|count| (&count.template_type, &count.version) == (template_type, version));
        let name = count.map_or(template_type, |count| &count.template_name);
        let all = address(&Filter { version: None, skipped: 0, ..filter.clone() });
        (format!("{name} {version}"), all)
    });
    let of_level = |level: Level| {
        Some(address(&Filter { severity: Some(level), is_ignored: false, skipped: 0, ..filter.clone() }))
    };
    let page_at = |skipped: u32| address(&Filter { skipped, ..filter.clone() });
    FleetPage {
        shell: Shell::default(),
        heading: heading(fleet),
        text: match &fleet.last {
            _ if tenants == 0 => "There is no tenant yet.".to_owned(),
            None => "Each tenant's database is compared with what its template, its modules and its own objects make."
                .to_owned(),
            Some(last) => checked_words(last, now),
        },
        is_new: tenants == unseen,
        is_old: fleet
            .last
            .as_ref()
            .is_some_and(|last| last.ended_ms.unwrap_or(last.created_ms) < now.saturating_sub(OLD_MS)),
        going_on: fleet.going_on.as_ref().map(|run| progress(run, now)),
        of_some: fleet
            .of_some
            .iter()
            .map(|run| {
                let text = format!("{} of {}", grouped(run.tally.done()), grouped(run.total));
                (Crumb::new(title(run), urls::drift_run(&run.id.to_string())), text)
            })
            .collect(),
        levels: (tenants > 0).then(|| StackedBar {
            title: "Tenants by level".into(),
            kind: "Level",
            shares: shares(|level| fleet.at(level), of_level),
        }),
        versions: versions(fleet, filter),
        version,
        filters: filters(filter),
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
        pager: Pager {
            previous: filter.skipped.checked_sub(1).map(page_at),
            next: fleet.is_cut.then(|| page_at(filter.skipped.saturating_add(1))),
        },
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

/// Asks for a check of the tenants with a difference.
pub async fn check_group(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    id: Path<String>,
) -> Answer {
    let run = drift::runs::ask_for_group(&app, &actor, &id, &[]).await?;
    Ok(htmx::redirect(&request, &urls::drift_run(&run.id.to_string())))
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
    let mut difference = view(&group.difference, &actor, None);
    let may_decide = !difference.acts.is_empty();
    if group.number == 0 {
        difference.acts.clear();
    }
    let can_choose = may_decide && group.number > 1;
    difference.form = can_choose.then_some("chosen");
    let left_out = |number: i64, named: usize| {
        let left = number - i64::try_from(named).unwrap_or(0);
        (left > 0).then(|| format!("And {}.", counted(left, "more tenant", "more tenants")))
    };
    let page = GroupPage {
        shell: shell(&request, &actor, Place::Drift),
        crumbs: vec![Crumb::new("Unexpected changes", urls::drift())],
        count: match group.number {
            0 => "It is left alone everywhere".to_owned(),
            1 => "One tenant differs in this way".to_owned(),
            number => format!("{} differ in this way", counted(number, "tenant", "tenants")),
        },
        text: match group.number {
            0 | 1 => "",
            _ if may_decide => {
                "What you decide here holds for all of them, or for those that you tick below."
            }
            _ => "",
        },
        difference,
        can_choose,
        members: group
            .members
            .iter()
            .map(|member| MemberRow {
                tenant: Crumb::new(&member.name, urls::tenant_drift(&member.slug)),
                slug: member.slug.clone(),
                since: TimeView::new(member.first_seen_ms, now),
            })
            .collect(),
        more: left_out(group.number, group.members.len()),
        ignored: group
            .ignored
            .iter()
            .map(|member| Crumb::new(&member.name, urls::tenant_drift(&member.slug)))
            .collect(),
        more_ignored: left_out(group.number_ignored, group.ignored.len()),
        check: (group.number > 0).then(|| urls::drift_act(&id, "check")),
        count_again: (may_decide && group.number_ignored > 0).then(|| urls::drift_act(&id, "count")),
    };
    html(StatusCode::OK, &page)
}
