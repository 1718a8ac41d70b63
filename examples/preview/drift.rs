//! Unexpected changes.

use super::{
    Sheet,
    fixtures::{LONG, ago, inside, name, slug},
    tenants_show::head,
};
use tenantry::web::{
    pages::{
        drift::{
            DecidePage, DifferenceView, FleetPage, GroupPage, GroupRow, MemberRow, PlanView, ProgressView,
            RunPage, TenantPage, VersionRow,
        },
        tenants::show::Tab,
    },
    pieces::{Share, StackedBar},
    urls,
    views::{Crumb, Field, FormError, Pager, Pill, Place, Shell, Tone},
};

const ID: &str = "0123456789abcdef";
const RUN: &str = "0199c2f4-7a31-7cc0-9a54-2b1f0e6c8d12";

fn shell() -> Shell {
    inside(Place::Drift).with_drift(Place::Drift).with_people(Place::Drift).with_servers(Place::Drift)
}

fn high() -> Pill {
    Pill::new("High", Tone::Bad)
}

fn fleet(is_full: bool) -> FleetPage {
    let row = |sentence: &str, severity: Pill, tenants: &str, since| GroupRow {
        sentence: sentence.into(),
        severity,
        tenants: tenants.into(),
        since: ago(since),
        href: urls::drift_group(ID),
    };
    let link = || Some(urls::drift());
    let some = |high, medium, low, none, fine| {
        [
            Share::of_tone("High", high, link(), Tone::Bad)
                .with_note("Something that the template needs is gone or narrower."),
            Share::of_tone("Medium", medium, link(), Tone::Warn)
                .with_note("Something differs that the template can do without."),
            Share::of_tone("Low", low, link(), Tone::Quiet).with_note("Only order, notes or an extra index."),
            Share { class: "chart-none", ..Share::of_tone("Not checked yet", none, None, Tone::Quiet) },
            Share::of_tone("As it should be", fine, None, Tone::Good),
        ]
        .into_iter()
        .filter(|share| share.count > 0)
        .collect::<Vec<_>>()
    };
    let bar = |shares| StackedBar { title: "Tenants by level".into(), kind: "Level", shares };
    let version = |name: &str, text: &str, shares| VersionRow {
        name: name.into(),
        href: urls::drift(),
        is_current: false,
        text: text.into(),
        bar: bar(shares),
    };
    FleetPage {
        shell: shell(),
        heading: if is_full {
            "402 tenants differ from what they should be".into()
        } else {
            "Everything is as it should be".into()
        },
        text: "1,204 tenants were looked at, the last check ended 2 minutes ago.".into(),
        is_new: false,
        going_on: None,
        of_some: Vec::new(),
        is_old: false,
        levels: Some(bar(if is_full { some(1, 389, 12, 3, 799) } else { some(0, 0, 0, 0, 1204) })),
        versions: if is_full {
            vec![
                version("NGO 1.2.0", "389 of 1,002 tenants differ", some(0, 389, 0, 0, 613)),
                version("NGO 1.1.0", "13 of 100 tenants differ", some(1, 0, 12, 3, 84)),
                version("Political party 1.0.0", "102 tenants, all as they should be", some(0, 0, 0, 0, 102)),
            ]
        } else {
            vec![version("NGO 1.2.0", "1,204 tenants, all as they should be", some(0, 0, 0, 0, 1204))]
        },
        version: None,
        filters: [("All", true), ("High", false), ("Medium", false), ("Low", false), ("Left alone", false)]
            .into_iter()
            .map(|(title, is_current)| (title.into(), urls::drift(), is_current))
            .collect(),
        groups: if is_full {
            vec![
                row("The column members.email is missing.", high(), "1 tenant", 4),
                row(
                    "The index donations.idx_donation_date is missing.",
                    Pill::new("Medium", Tone::Warn),
                    "389 tenants",
                    300,
                ),
                row(
                    "There is an index a_table_with_a_name_that_is_as_long_as_names_can_be_in_databases.an_index_with_a_long_name that should not be there.",
                    Pill::new("Low", Tone::Quiet),
                    "12 tenants",
                    90_000,
                ),
            ]
        } else {
            Vec::new()
        },
        pager: Pager { previous: None, next: is_full.then(urls::drift) },
        troubled: if is_full {
            vec![
                (Crumb::new(name(2), urls::tenant_drift(&slug(2))), "The server eu-2 cannot be used at the moment. It is tried again at the next check.".into()),
                (Crumb::new(LONG, urls::tenant_drift(&slug(4))), "This tenant's database is damaged. Put the right file back from a backup, or restore a snapshot of the tenant.".into()),
            ]
        } else {
            Vec::new()
        },
    }
}

fn going_on() -> FleetPage {
    FleetPage {
        going_on: Some(ProgressView {
            text: "340 of 1,204 tenants looked at".into(),
            done: 340,
            total: 1204,
            asked: "Asked for by Maria Okafor, 1 minute ago".into(),
        }),
        of_some: vec![
            (Crumb::new("Putting it back in 389 tenants", urls::drift_run(RUN)), "120 of 389".into()),
            (Crumb::new("Checking 12 tenants", urls::drift_run(RUN)), "0 of 12".into()),
        ],
        ..fleet(true)
    }
}

fn of_version() -> FleetPage {
    FleetPage {
        is_old: true,
        version: Some(("NGO 1.1.0".into(), urls::drift())),
        groups: Vec::new(),
        ..fleet(true)
    }
}

fn new() -> FleetPage {
    FleetPage {
        heading: "Unexpected changes".into(),
        text:
            "Each tenant's database is compared with what its template, its modules and its own objects make."
                .into(),
        is_new: true,
        levels: None,
        versions: Vec::new(),
        ..fleet(false)
    }
}

fn changed() -> DifferenceView {
    DifferenceView {
        id: ID.into(),
        sentence: "The column members.phone is another.".into(),
        severity: high(),
        expected: vec![("VARCHAR(".into(), false), ("100".into(), true), (") COMMENT 'With the country'".into(), false)],
        found: vec![("VARCHAR(".into(), false), ("20".into(), true), (") COMMENT 'With the country'".into(), false)],
        cause: Some("The module members put it in on 2026-11-03 10:00 UTC, which is recorded as done. It was changed after 2026-11-25 10:00 UTC, when everything was as expected. Nothing that Tenantry did explains it; it was probably changed directly in the database.".into()),
        since: Some(ago(70)),
        acts: vec![
            ("Put it back…", urls::tenant_drift_act("acme-bakery", ID, "repair")),
            ("Keep it…", urls::tenant_drift_act("acme-bakery", ID, "keep")),
            ("Leave it alone…", urls::tenant_drift_act("acme-bakery", ID, "ignore")),
        ],
        form: None,
        note: None,
        ignored: None,
    }
}

fn added() -> DifferenceView {
    DifferenceView {
        id: "fedcba9876543210".into(),
        sentence: "There is a table own_notes that should not be there.".into(),
        severity: Pill::new("Medium", Tone::Warn),
        expected: Vec::new(),
        found: vec![("id, text, written_at".into(), false)],
        ..changed()
    }
}

fn tenant(is_full: bool) -> TenantPage {
    let slug = "acme-bakery";
    let left = DifferenceView {
        id: "00000000000000aa".into(),
        sentence: "The index members.idx_full_name is missing.".into(),
        severity: Pill::new("Medium", Tone::Warn),
        expected: vec![("(last_name, first_name)".into(), false)],
        found: Vec::new(),
        acts: vec![("Put it back…", urls::tenant_drift_act(slug, "00000000000000aa", "repair"))],
        ignored: Some((
            "Left alone until 1 December 2026 by Maria Okafor: They load a large file this week.".into(),
            Some(urls::tenant_drift_act(slug, "00000000000000aa", "count")),
        )),
        ..changed()
    };
    TenantPage {
        shell: inside(Place::Tenants).with_drift(Place::Tenants),
        head: head("Acme Bakery", slug, Tab::Drift, Pill::new("Ready", Tone::Good)),
        answer: if is_full { high() } else { Pill::new("As it should be", Tone::Good) },
        text: if is_full {
            "2 things in the structure are not what they should be.".into()
        } else {
            "The structure is what the template, the modules and the tenant's own objects make.".into()
        },
        looked: Some(ago(3)),
        problem: is_full.then(|| {
            "The server eu-2 cannot be used at the moment. It is tried again at the next check.".into()
        }),
        check: Some(urls::tenant_drift_check(slug)),
        repair_all: is_full.then(|| urls::tenant_drift_repair_all(slug)),
        differences: if is_full { vec![changed(), added()] } else { Vec::new() },
        ignored: if is_full { vec![left] } else { Vec::new() },
        own: if is_full { vec!["The column members.blood_group".into()] } else { Vec::new() },
    }
}

fn group() -> GroupPage {
    GroupPage {
        shell: shell(),
        crumbs: vec![Crumb::new("Unexpected changes", urls::drift())],
        difference: DifferenceView { form: Some("chosen"), ..changed() },
        can_choose: true,
        count: "1,208 tenants differ in this way".into(),
        text: "What you decide here holds for all of them, or for those that you tick below.",
        more: Some("And 1,200 more tenants.".into()),
        more_ignored: None,
        check: Some(urls::drift_act(ID, "check")),
        count_again: Some(urls::drift_act(ID, "count")),
        members: (0..8)
            .map(|place| MemberRow {
                tenant: Crumb::new(name(place), urls::tenant_drift(&slug(place))),
                slug: slug(place),
                since: ago(70),
            })
            .collect(),
        ignored: vec![Crumb::new(name(1), urls::tenant_drift(&slug(1)))],
    }
}

fn repair() -> DecidePage {
    let plan = |tenants: Option<&str>, losses: &[&str]| {
        PlanView {
        tenants: tenants.map(Into::into),
        names: if losses.is_empty() { Vec::new() } else { (0..8).map(name).collect() },
        others: if losses.is_empty() { 0 } else { 1192 },
        sql: "ALTER TABLE `members` MODIFY COLUMN `phone` varchar(100) NULL COMMENT 'With the country';\n\nDROP TABLE `own_notes`;".into(),
        losses: losses.iter().map(|text| (*text).into()).collect(),
        left: Vec::new(),
        hash: "0".repeat(64),
    }
    };
    DecidePage {
        shell: shell(),
        crumbs: vec![Crumb::new("Unexpected changes", urls::drift()), Crumb::new("The difference", urls::drift_group(ID))],
        heading: "Put it back?".into(),
        sentences: vec!["The column members.phone is another.".into(), "There is a table own_notes that should not be there.".into()],
        whom: None,
        text: "This SQL brings the structure to what it should be. Rows and values stay, but for what is named below. Exactly what you approve here is run, and only where the database is still as it was.".into(),
        action: urls::drift_act(ID, "repair"),
        hidden: vec![("difference", ID.into())],
        errors: Vec::new(),
        plans: vec![
            plan(Some("1,200 tenants"), &["The table own_notes goes, with all its rows."]),
            plan(Some("Riverside Food Bank"), &[]),
        ],
        refused: vec![(LONG.into(), "The server eu-2 cannot be used at the moment.".into())],
        reason: None,
        fields: Vec::new(),
        button: None,
        cancel: urls::drift_group(ID),
    }
}

fn nothing_to_repair() -> DecidePage {
    DecidePage {
        plans: Vec::new(),
        refused: vec![("Acme Bakery".into(), "There is nothing to put back any more, or nothing that can be put back by itself. Check it again.".into())],
        ..repair()
    }
}

fn keep(error: Option<&str>) -> DecidePage {
    let reason = Field::text("reason", "Why?")
        .with_hint("For those who come across it later.")
        .filled("", error.map(Into::into));
    DecidePage {
        heading: "Keep it as the tenant's own?".into(),
        text: "It is expected from now on, and is no unexpected change any more. Later versions of the template respect it.".into(),
        errors: FormError::of(&[&reason]),
        plans: Vec::new(),
        refused: Vec::new(),
        reason: Some(reason),
        button: Some("Keep it"),
        ..repair()
    }
}

fn ignore() -> DecidePage {
    DecidePage {
        heading: "Leave it alone?".into(),
        whom: Some("For all 1,208 tenants that have it.".into()),
        text: "Nothing is changed. It does not count until the days are over; then it counts again.".into(),
        fields: vec![Field::text("days", "For how many days?").filled("30", None)],
        button: Some("Leave it alone"),
        ..keep(None)
    }
}

fn run_going_on() -> RunPage {
    RunPage {
        shell: shell(),
        crumbs: vec![Crumb::new("Unexpected changes", urls::drift())],
        here: urls::drift_run(RUN),
        heading: "Putting it back in 389 tenants".into(),
        text: String::new(),
        sentence: Some("The index donations.idx_donation_date is missing.".into()),
        going_on: Some(ProgressView {
            text: "120 of 389 tenants done".into(),
            done: 120,
            total: 389,
            asked: "Asked for by Maria Okafor, 1 minute ago".into(),
        }),
        refused_title: "Not done",
        refused: vec![(LONG.into(), "Putting this tenant's database back as it was stopped in the middle, and somebody has to look at it first. Open its steps.".into())],
        group: Some(urls::drift_group(ID)),
    }
}

fn run_ended() -> RunPage {
    RunPage {
        heading: "Put back in 386 of 389 tenants".into(),
        text: "Each tenant had a job of its own and was looked at again afterwards. Its page has the steps."
            .into(),
        going_on: None,
        refused: vec![
            (
                LONG.into(),
                "The database is not as it was when the SQL was approved. Nothing was changed.".into(),
            ),
            (
                format!("{} and 1 other", name(2)),
                "The server eu-2 cannot be used at the moment. It is tried again at the next check.".into(),
            ),
        ],
        ..run_going_on()
    }
}

fn check_ended() -> RunPage {
    RunPage {
        heading: "All 12 tenants are as they should be".into(),
        text: String::new(),
        sentence: None,
        going_on: None,
        refused: Vec::new(),
        group: None,
        ..run_going_on()
    }
}

pub fn drift_pages() -> Vec<Sheet> {
    vec![
        Sheet::new("drift", "/drift", &fleet(true)),
        Sheet::new("drift-fine", "/drift", &fleet(false)),
        Sheet::new("drift-going-on", "/drift", &going_on()),
        Sheet::new("drift-version", "/drift", &of_version()),
        Sheet::new("drift-new", "/drift", &new()),
        Sheet::new("drift-group", "/drift/{difference}", &group()),
        Sheet::new("drift-repair", "/drift/{difference}/repair", &repair()),
        Sheet::new("drift-keep", "/drift/{difference}/keep", &keep(None)),
        Sheet::new("drift-ignore", "/drift/{difference}/ignore", &ignore()),
        Sheet::new("drift-run", "/drift/runs/{run}", &run_going_on()),
        Sheet::new("drift-run-ended", "/drift/runs/{run}", &run_ended()),
        Sheet::new("drift-run-fine", "/drift/runs/{run}", &check_ended()),
        Sheet::new("tenant-changes", "/tenants/{slug}/changes", &tenant(true)),
        Sheet::new("tenant-changes-none", "/tenants/{slug}/changes", &tenant(false)),
        Sheet::new("tenant-changes-repair-all", "/tenants/{slug}/changes/repair", &repair()),
        Sheet::new(
            "tenant-changes-repair",
            "/tenants/{slug}/changes/{difference}/repair",
            &nothing_to_repair(),
        ),
        Sheet::new(
            "tenant-changes-keep",
            "/tenants/{slug}/changes/{difference}/keep",
            &keep(Some("Say why, for those who come across it later.")),
        ),
        Sheet::new("tenant-changes-ignore", "/tenants/{slug}/changes/{difference}/ignore", &ignore()),
    ]
}
