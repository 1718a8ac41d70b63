//! Writes every page in every state to a folder as HTML, from made-up values, together with the static files, so that
//! people can look at them: `cargo run --example preview -- FOLDER [PICTURE.svg]`, then serve the folder on any port.

use askama::Template;
use std::{error::Error, fs, path::Path};
use tenantry::web::{
    assets,
    pages::{
        dashboard::{DashboardPage, Running, StartCard, StateCount, Todo},
        error::ErrorPage,
        invitations::InvitationPage,
        jobs::{JobRow, JobsPage},
        session::LoginPage,
        setup::FirstRunPage,
        templates::{
            ColumnView, MigrationView, ModuleView, TableView, TemplatePage, TemplateSummary, TemplatesPage,
            VersionLink,
        },
        tenants::{
            list::{Search, SortLink, TenantRow, TenantsPage},
            new::{Extra, NameCheck, NewTenantPage, PlanCard, TemplateCard},
            setup::{Phase, Poll, SettingUpPage, StepState, StepView, Trouble},
            show::{ActivityPage, Fact, InvitationView, OverviewPage, StructurePage, Tab, TenantHead},
        },
    },
    urls,
    views::{
        Choice, Crumb, EventView, Field, FormError, Pager, Person, Pill, Place, Shell, TimeView, Tone,
        counted, grouped,
    },
};

const NOW: i64 = 1_795_428_000_000;
const LONG: &str = "Internationale Gesellschaft zur Förderung der Zusammenarbeit zwischen Krankenhäusern, Pflegeheimen und ehrenamtlichen Besuchsdiensten im gesamten deutschsprachigen Raum e. V. Donaudampfschifffahrtsgesellschaftskapitänswitwenvereinigung";
const NAMES: [&str; 8] = [
    "Acme Bakery",
    "Riverside Food Bank",
    "جمعية الهلال الأخضر",
    "上海社区志愿者协会",
    LONG,
    "Ärzte für Kinder",
    "O'Brien & Sons <Trust>",
    "Общество друзей леса",
];

fn ago(minutes: i64) -> TimeView {
    TimeView::new(NOW - minutes * 60_000, NOW)
}

fn inside(place: Place) -> Shell {
    let person = Person {
        name: "Maria Okafor".into(),
        email: "maria@example.org".into(),
        role: "Administrator".into(),
    };
    Shell::inside("token", person, place)
}

fn slug(place: usize) -> String {
    [
        "acme-bakery",
        "riverside-food-bank",
        "jmyh-lhll",
        "shang-hai-she-qu",
        "internationale-gesellschaft-zur-foerderung-der-zusammenarbeit",
        "aerzte-fuer-kinder",
        "o-brien-sons-trust",
        "obshchestvo-druzei-lesa",
    ]
    .get(place % 8)
    .unwrap_or(&"tenant")
    .to_string()
}

fn name(place: usize) -> String {
    NAMES.get(place % 8).unwrap_or(&"Tenant").to_string()
}

fn states() -> [Pill; 6] {
    [
        Pill::new("Ready", Tone::Good),
        Pill::new("Setting up", Tone::Busy),
        Pill::new("Needs attention", Tone::Bad),
        Pill::new("Waiting", Tone::Quiet).with_icon("clock"),
        Pill::new("Paused", Tone::Warn).with_icon("player-pause"),
        Pill::new("Ready", Tone::Good),
    ]
}

fn state(place: usize) -> Pill {
    states().into_iter().nth(place % 6).unwrap_or_else(|| Pill::new("Ready", Tone::Good))
}

fn events(count: usize) -> Vec<EventView> {
    let kinds = [
        ("Ready for use.", "circle-check", "Tenantry"),
        ("Asked for the tenant from NGO 1.0.0.", "plus", "Maria Okafor"),
        ("Prepared the owner's invitation.", "mail", "Tenantry"),
        ("Asked for another try.", "refresh", "Tomás Núñez"),
    ];
    (0..count)
        .filter_map(|place| {
            let (sentence, icon, who) = kinds.get(place % 4)?;
            Some(EventView {
                at: ago(i64::try_from(place * place * 7 + 1).ok()?),
                who: (*who).into(),
                sentence: (*sentence).into(),
                icon,
                tenant: (place % 2 == 0).then(|| Crumb::new(name(place), urls::tenant(&slug(place)))),
            })
        })
        .collect()
}

fn plain_events(count: usize) -> Vec<EventView> {
    events(count).into_iter().map(|event| EventView { tenant: None, ..event }).collect()
}

fn dashboard() -> Vec<(&'static str, String)> {
    let base = |shell| DashboardPage {
        shell,
        start: Vec::new(),
        todo: Vec::new(),
        calm: "1,204 tenants are ready.".into(),
        counts: Vec::new(),
        running: Vec::new(),
        poll: None,
        events: Vec::new(),
    };
    let counts = || {
        ["1,204", "2", "1", "12"]
            .into_iter()
            .enumerate()
            .map(|(place, count)| StateCount {
                state: state(place),
                count: count.into(),
                href: urls::tenants(),
            })
            .collect::<Vec<_>>()
    };
    let first = DashboardPage {
        start: vec![
            StartCard {
                title: "Templates are here",
                text: "Basic and NGO were imported. A template describes what a tenant's database holds."
                    .into(),
                is_done: true,
                button: Some(Crumb::new("See templates", urls::templates())),
            },
            StartCard {
                title: "A place for databases",
                text: "Tenants live in the data directory of this machine, one file each.".into(),
                is_done: true,
                button: None,
            },
            StartCard {
                title: "Create your first tenant",
                text: "Enter a name, choose a template, and watch it come up in a few seconds.".into(),
                is_done: false,
                button: Some(Crumb::new("Create tenant", urls::new_tenant())),
            },
        ],
        ..base(inside(Place::Dashboard))
    };
    let calm = DashboardPage { counts: counts(), events: events(6), ..base(inside(Place::Dashboard)) };
    let full = DashboardPage {
        todo: (0..3)
            .map(|place| Todo {
                sentence: format!("{} could not be set up.", name(place * 2)),
                detail: Some(
                    "The tenant's database could not be written. The disk may be full or read-only.".into(),
                ),
                button: Crumb::new("See the steps", urls::tenant_setup(&slug(place * 2))),
            })
            .collect(),
        counts: counts(),
        running: (0..2)
            .map(|place| Running {
                tenant: Crumb::new(name(place + 3), urls::tenant_setup(&slug(place + 3))),
                sentence: "Step 4 of 12: Add Events".into(),
                done: 3 + place * 5,
                total: 12,
            })
            .collect(),
        events: events(8),
        poll: Some(urls::home()),
        ..base(inside(Place::Dashboard).with_flash("You are signed in.", Tone::Good))
    };
    vec![("dashboard-first", html(&first)), ("dashboard-calm", html(&calm)), ("dashboard-full", html(&full))]
}

fn html(page: &impl Template) -> String {
    page.render().unwrap_or_else(|cause| format!("the page cannot be rendered: {cause}"))
}

fn choices(all: &str, values: &[&str], chosen: usize) -> Vec<Choice> {
    let all = Choice { value: String::new(), text: all.into(), is_chosen: chosen == 0 };
    let rest = values.iter().enumerate().map(|(place, text)| Choice {
        value: text.to_lowercase(),
        text: (*text).into(),
        is_chosen: place + 1 == chosen,
    });
    std::iter::once(all).chain(rest).collect()
}

fn tenants_page(rows: usize, text: &str, is_empty: bool) -> TenantsPage {
    let sort = |now| SortLink { href: urls::with_query(&urls::tenants(), &[("sort", "name")]), now };
    TenantsPage {
        shell: inside(Place::Tenants),
        search: Search {
            text: text.into(),
            states: choices(
                "All states",
                &["Waiting", "Setting up", "Ready", "Needs attention", "Paused"],
                0,
            ),
            templates: choices("All templates", &["Basic", "NGO", "Political party"], 0),
            plans: choices("All plans", &["Basic", "Premium", "Enterprise"], 0),
            sort: "created".into(),
            is_on: !text.is_empty(),
        },
        count: if rows > 20 {
            "More than 10,000 tenants".into()
        } else {
            counted(i64::try_from(rows).unwrap_or(0), "tenant", "tenants")
        },
        rows: (0..rows)
            .map(|place| TenantRow {
                name: if place < 8 {
                    name(place)
                } else {
                    format!("Tenant number {}", grouped(i64::try_from(place).unwrap_or(0)))
                },
                slug: slug(place),
                href: urls::tenant(&slug(place)),
                template: if place % 3 == 0 { "Basic".into() } else { "NGO".into() },
                version: "1.0.0".into(),
                state: state(place),
                plan: ["Basic", "Premium", "Enterprise"].get(place % 3).unwrap_or(&"Basic").to_string(),
                owner: if place == 4 {
                    "vorstand.geschaeftsstelle@internationale-gesellschaft-zur-foerderung.example.org".into()
                } else {
                    "dana@example.org".into()
                },
                created: ago(i64::try_from(place * place * 11 + 2).unwrap_or(0)),
            })
            .collect(),
        sort_name: sort("none"),
        sort_version: sort("none"),
        sort_created: sort("descending"),
        pager: if rows > 20 {
            Pager { previous: Some(urls::tenants()), next: Some(urls::tenants()) }
        } else {
            Pager::default()
        },
        is_empty,
        may_create: true,
    }
}

fn new_tenant() -> NewTenantPage {
    let plans = [
        ("basic", "Basic", "For a start."),
        ("premium", "Premium", "For growing teams."),
        ("enterprise", "Enterprise", "For large organisations."),
    ];
    let extra = |name: &str, title: &str, text: &str, needs: &[&str], words: Option<&str>, is_ticked| Extra {
        name: name.into(),
        title: title.into(),
        text: text.into(),
        needs: needs.iter().map(ToString::to_string).collect(),
        needs_text: words.map(Into::into),
        is_ticked,
    };
    let templates = vec![
        TemplateCard {
            value: "basic".into(), title: "Basic".into(), text: "People, roles and settings: the base for any application.".into(), version: "1.0.0".into(), icon: "apps", is_chosen: false,
            included: vec!["People and roles".into()],
            extras: vec![
                extra("teams", "Teams", "Groups people and gives a group its lead.", &[], None, false),
                extra("tasks", "Tasks", "Keeps what is to be done, by whom and until when.", &["teams"], Some("Needs Teams. It is added for you."), false),
            ],
        },
        TemplateCard {
            value: "ngo".into(), title: "NGO".into(), text: "Members and donations for a charity or association, with campaigns, events, volunteers and grants to add.".into(), version: "1.0.0".into(), icon: "heart-handshake", is_chosen: true,
            included: vec!["People and roles".into(), "Members".into(), "Donations".into()],
            extras: vec![
                extra("campaigns", "Campaigns", "Runs appeals with a goal, and counts the donations that answer them.", &[], None, false),
                extra("events", "Events", "Plans meetings, courses and parties, and takes registrations for them.", &[], None, true),
                extra("volunteers", "Volunteers", "Keeps the members who help, and the shifts that they take.", &[], None, true),
                extra("grants", "Grants", "Follows money from foundations and the state.", &[], None, false),
                extra("event_shifts", "Helpers at events", "Says which shifts of the volunteers belong to which event.", &["events", "volunteers"], Some("Needs Events and Volunteers. They are added for you."), true),
            ],
        },
        TemplateCard { value: "corporate".into(), title: "Corporate".into(), text: "Departments, employees, leave, assets and expenses.".into(), version: "2.1.0".into(), icon: "building-skyscraper", is_chosen: false, included: vec!["People and roles".into(), "Departments".into()], extras: vec![] },
    ];
    let plans = plans
        .into_iter()
        .map(|(value, title, text)| PlanCard {
            value: value.into(),
            title: title.into(),
            text: text.into(),
            is_chosen: value == "basic",
        })
        .collect();
    NewTenantPage::new(inside(Place::Tenants), "0193-4711".into(), plans, templates)
}

fn new_pages() -> Vec<(&'static str, String)> {
    let empty = new_tenant();
    let mut good = new_tenant();
    good.name.value = "Acme Bakery".into();
    good.check = NameCheck {
        slug: Some("acme-bakery-2".into()),
        warning: Some("There is a tenant called Acme Bakery already.".into()),
        problem: None,
    };
    let mut bad = new_tenant();
    bad.name.error = Some("Enter the tenant's name.".into());
    bad.email =
        bad.email.filled("dana", Some("Enter the owner's e-mail in full, such as dana@example.org.".into()));
    bad.plan_error = Some("Choose a plan: basic, premium or enterprise.".into());
    bad.template_error = Some("Choose a template.".into());
    bad.templates.iter_mut().for_each(|card| card.is_chosen = false);
    bad.errors = FormError::of(&[&bad.name, &bad.email]);
    bad.errors.push(FormError::new("template", "Choose a template."));
    bad.errors.push(FormError::new("plan", "Choose a plan: basic, premium or enterprise."));
    vec![
        ("new-empty", html(&empty)),
        ("new-checked", html(&good)),
        ("new-wrong", html(&bad)),
        ("fragment-new-wrong", html(&bad.as_form())),
    ]
}

fn steps(done: usize, then: StepState, rest: StepState) -> Vec<StepView> {
    [
        "Reserve its name",
        "Make its database",
        "Give it an account",
        "Add the basic tables",
        "Add Events",
        "Add Volunteers",
        "Add Helpers at events",
        "Fill in the first rows",
        "Note what it was made from",
        "Open its ledger of changes",
        "Check that everything is as the template says",
        "Prepare the owner's invitation",
        "Open it for use",
    ]
    .into_iter()
    .enumerate()
    .map(|(place, title)| {
        let state = match place.cmp(&done) {
            std::cmp::Ordering::Less if place == 2 => StepState::Skipped,
            std::cmp::Ordering::Less => StepState::Done,
            std::cmp::Ordering::Equal => then,
            std::cmp::Ordering::Greater => rest,
        };
        StepView {
            title: title.into(),
            note: match state {
                StepState::Skipped => Some("This engine has no accounts.".into()),
                StepState::Failed => Some("The template's SQL was refused by the database.".into()),
                _ => None,
            },
            took: (state == StepState::Done).then(|| format!("0.{} s", place % 7 + 1)),
            state,
        }
    })
    .collect()
}

fn setup_page(name: &str, phase: Phase, sentence: &str, done: usize, steps: Vec<StepView>) -> SettingUpPage {
    SettingUpPage {
        shell: inside(Place::Tenants),
        crumbs: vec![Crumb::new("Tenants", urls::tenants())],
        name: name.into(),
        slug: "acme-bakery".into(),
        phase,
        sentence: sentence.into(),
        notes: Vec::new(),
        done,
        steps,
        trouble: None,
        poll: Some(Poll { href: urls::tenant_setup("acme-bakery"), seconds: 1 }),
        is_fragment: false,
        may_retry: true,
    }
}

fn trouble(what: &str, button: &'static str) -> Trouble {
    Trouble {
        reason: "Setting up stopped at step 5, Add Events: the template's SQL was refused by the database.".into(),
        what_we_did: what.into(),
        detail: Some("near \"REFERENCES\": syntax error\n\nCREATE TABLE event_registrations (\n    id INTEGER PRIMARY KEY,\n    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE REFERENCES a_very_long_table_name_that_goes_on (id)\n)".into()),
        reference: Some("7F3A-21C0".into()),
        attempt: 2,
        button,
    }
}

fn setup_pages() -> Vec<(&'static str, String)> {
    let waiting = setup_page(
        "Acme Bakery",
        Phase::Waiting,
        "It starts in a moment.",
        0,
        steps(0, StepState::Waiting, StepState::Waiting),
    );
    let running = SettingUpPage {
        notes: vec!["Usually takes 1 to 2 seconds. You can close this page; it goes on without you.".into()],
        ..setup_page(
            "Acme Bakery",
            Phase::Running,
            "Step 5 of 13: Add Events",
            4,
            steps(4, StepState::Running, StepState::Waiting),
        )
    };
    let retrying = SettingUpPage {
        trouble: Some(trouble("Nothing is lost. It is tried again by itself.", "Try now")),
        ..setup_page(
            "Acme Bakery",
            Phase::Retrying,
            "Next try in 28 seconds (2 of 3).",
            4,
            steps(4, StepState::Failed, StepState::Waiting),
        )
    };
    let undoing = setup_page(
        LONG,
        Phase::Undoing,
        "What was made of it is being removed.",
        4,
        steps(4, StepState::Undoing, StepState::Undone),
    );
    let failed = SettingUpPage {
        poll: None,
        trouble: Some(trouble("What was made of it was removed. Nothing is left behind.", "Try again")),
        ..setup_page(
            "جمعية الهلال الأخضر",
            Phase::Failed,
            "It was tried 3 times.",
            0,
            steps(4, StepState::Failed, StepState::Waiting),
        )
    };
    let ready = SettingUpPage {
        poll: None,
        ..setup_page(
            "Acme Bakery",
            Phase::Ready,
            "It took 1.4 s.",
            13,
            steps(13, StepState::Done, StepState::Done),
        )
    };
    vec![
        ("setup-waiting", html(&waiting)),
        ("setup-running", html(&running)),
        ("setup-retrying", html(&retrying)),
        ("setup-undoing", html(&undoing)),
        ("setup-failed", html(&failed)),
        ("setup-ready", html(&ready)),
        ("fragment-setup-retrying", html(&SettingUpPage { is_fragment: true, ..retrying }.as_live())),
        ("fragment-setup-ready", html(&SettingUpPage { is_fragment: true, ..ready }.as_live())),
    ]
}

fn head(name: &str, slug: &str, tab: Tab, state: Pill) -> TenantHead {
    TenantHead {
        crumbs: vec![Crumb::new("Tenants", urls::tenants())],
        name: name.into(),
        slug: slug.into(),
        state,
        template: "NGO 1.0.0".into(),
        template_href: urls::template("ngo", "1.0.0"),
        plan: "Premium".into(),
        tabs: tab.row(slug),
        notice: None,
    }
}

fn tables(count: usize) -> Vec<TableView> {
    let names = [
        "users",
        "roles",
        "permissions",
        "members",
        "member_kinds",
        "donations",
        "receipts",
        "campaigns",
        "events",
        "event_registrations",
    ];
    (0..count)
        .map(|place| {
            let name = format!(
                "{}{}",
                names.get(place % 10).unwrap_or(&"table"),
                if place < 10 { String::new() } else { format!("_{place}") }
            );
            let column =
                |name: &str, kind: &str, is_required, default: Option<&str>, marks: &[&str]| ColumnView {
                    name: name.into(),
                    kind: kind.into(),
                    is_required,
                    default: default.map(Into::into),
                    marks: marks.iter().map(ToString::to_string).collect(),
                    is_own: name == "blood_group",
                    comment: (name == "phone").then(|| "With the country's code".into()),
                };
            TableView {
                anchor: format!("table-{name}"),
                comment: (place % 3 == 0).then(|| "The people who can sign in.".into()),
                module: Some(if place < 4 { "People and roles".into() } else { "Members".into() }),
                is_own: place == 7,
                columns: vec![
                    column("id", "Whole number, given by itself", true, None, &["Key"]),
                    column("email", "Short text, up to 255 letters", true, None, &["Unique"]),
                    column("role_id", "Whole number", true, None, &["Links to roles"]),
                    column("status", "One of: active, invited, disabled", true, Some("active"), &[]),
                    column("phone", "Short text, up to 50 letters", false, None, &[]),
                    column("blood_group", "Short text, up to 3 letters", false, None, &[]),
                    column(
                        "a_very_long_column_name_that_somebody_made_up_for_good_measure",
                        "Amount, 15 digits with 2 after the point",
                        false,
                        Some("0.00"),
                        &[],
                    ),
                    column("created_at", "Date and time", true, Some("now"), &[]),
                ],
                rules: if place % 2 == 0 {
                    vec!["No two rows have the same email.".into(), "A row goes away with its role.".into()]
                } else {
                    vec![]
                },
                name,
            }
        })
        .collect()
}

fn tenant_pages(picture: &str) -> Vec<(&'static str, String)> {
    let facts = |time: TimeView| {
        vec![
            Fact::text("Name", "Acme Bakery"),
            Fact::code("Address", "acme-bakery"),
            Fact::code("Id", "0199c2f4-7a31-7cc0-9a54-2b1f0e6c8d11"),
            Fact::link("Template", "NGO 1.0.0", urls::template("ngo", "1.0.0")),
            Fact::text("Plan", "Premium"),
            Fact::text("Size", "152 KB"),
            Fact::time("Created", time.clone()),
            Fact::time("Ready since", time),
        ]
    };
    let invitation = || InvitationView {
        email: "dana@example.org".into(),
        state: Pill::new("Not taken up yet", Tone::Quiet).with_icon("clock"),
        sentence: "The link works until 26 Nov 2026, 10:00.".into(),
        link: None,
        button: Some("Make a new link"),
    };
    let overview = |name: &str, pill| OverviewPage {
        shell: inside(Place::Tenants),
        head: head(name, "acme-bakery", Tab::Overview, pill),
        facts: facts(ago(44)),
        modules: vec![
            ("People and roles".into(), false),
            ("Members".into(), false),
            ("Donations".into(), false),
            ("Events".into(), true),
            ("Helpers at events".into(), true),
        ],
        connection: vec![
            Fact::text("Engine", "SQLite"),
            Fact::code("File", "/var/lib/tenantry/tenants/acme_bakery_2b1f0e6c.db"),
            Fact::code("Database", "acme_bakery_2b1f0e6c"),
        ],
        invitation: invitation(),
        events: plain_events(5),
    };
    let plain = overview("Acme Bakery", Pill::new("Ready", Tone::Good));
    let mut invited = overview("上海社区志愿者协会", Pill::new("Ready", Tone::Good));
    invited.invitation.link =
        Some("https://tenants.example.org/invitations/q1Zt0c8m4x7Yv2bN5kLp9sDfGhJ3wErT6uIoA1zXcVb".into());
    invited.shell = invited
        .shell
        .with_flash("A new invitation link was made. The one before does not work any more.", Tone::Good);
    let mut failed = overview(LONG, Pill::new("Needs attention", Tone::Bad));
    failed.head.slug = slug(4);
    failed.head.notice = Some((
        "Setting up stopped, and what was made was removed.".into(),
        Crumb::new("See the steps", urls::tenant_setup("x")),
    ));
    failed.connection = vec![];
    failed.modules = vec![];
    let mut owner = overview("Acme Bakery", Pill::new("Ready", Tone::Good));
    let person = Person { name: "Dana Smith".into(), email: "dana@example.org".into(), role: "Owner".into() };
    owner.shell = Shell::owner("token", person, "acme-bakery");
    owner.invitation.button = None;
    owner.head.crumbs = vec![];
    let structure = |count, missing: Option<&str>| StructurePage {
        shell: inside(Place::Tenants),
        head: head("Acme Bakery", "acme-bakery", Tab::Structure, Pill::new("Ready", Tone::Good)),
        summary: "30 tables and 41 relations".into(),
        picture: picture.into(),
        picture_text: vec!["users has 8 columns.".into(), "Each user has one role.".into()],
        tables: tables(count),
        ddl: "CREATE TABLE users (\n    id INTEGER PRIMARY KEY,\n    email TEXT NOT NULL UNIQUE\n);\n"
            .repeat(8),
        missing: missing.map(Into::into),
    };
    let activity = |count| ActivityPage {
        shell: inside(Place::Tenants),
        head: head("Acme Bakery", "acme-bakery", Tab::Activity, Pill::new("Ready", Tone::Good)),
        events: plain_events(count),
        pager: if count > 20 {
            Pager { previous: None, next: Some(urls::tenant_activity("acme-bakery")) }
        } else {
            Pager::default()
        },
    };
    vec![
        ("tenant-overview", html(&plain)),
        ("tenant-invited", html(&invited)),
        ("fragment-invitation", html(&invited.as_invitation_block())),
        ("tenant-failed", html(&failed)),
        ("tenant-owner", html(&owner)),
        ("tenant-structure", html(&structure(30, None))),
        (
            "tenant-structure-none",
            html(&structure(
                0,
                Some("This tenant has no database yet. Its structure is shown once it is ready."),
            )),
        ),
        ("tenant-activity", html(&activity(30))),
        ("tenant-activity-empty", html(&activity(0))),
    ]
}

fn template_pages() -> Vec<(&'static str, String)> {
    let summary = |name: &str, kind: &str, icon, text: &str| TemplateSummary {
        name: name.into(),
        template_type: kind.into(),
        description: text.into(),
        version: "1.0.0".into(),
        href: urls::template(kind, "1.0.0"),
        icon,
        modules: "3 modules, 5 extras".into(),
        tables: "23 tables".into(),
        tenants: "1,204 tenants".into(),
    };
    let list = |templates| TemplatesPage {
        shell: inside(Place::Templates),
        templates,
        folder: "sql_templates".into(),
    };
    let module = |name: &str, title: &str, text: &str, is_core, needs: &[&str]| ModuleView {
        name: name.into(),
        title: title.into(),
        description: text.into(),
        is_core,
        needs: needs.iter().map(ToString::to_string).collect(),
        tables: vec![name.into(), format!("{name}_kinds")],
    };
    let migration = |name: &str, is_breaking, completes: Option<&str>| MigrationView {
        name: name.into(),
        summary: vec!["Adds the column phone_country_code to users.".into()],
        is_breaking,
        completes: completes.map(Into::into),
        up: "ALTER TABLE users ADD COLUMN phone_country_code VARCHAR(5) NULL AFTER phone;".into(),
        down: "ALTER TABLE users DROP COLUMN phone_country_code;".into(),
    };
    let page = TemplatePage {
        shell: inside(Place::Templates),
        crumbs: vec![Crumb::new("Templates", urls::templates())],
        name: "NGO".into(), template_type: "ngo".into(),
        description: "Members and donations for a charity or association, with campaigns, events, volunteers and grants to add.".into(),
        version: "1.0.0".into(),
        state: vec![Pill::new("Published", Tone::Good), Pill::new("In use, cannot change", Tone::Quiet).with_icon("lock")],
        imported: ago(2880),
        versions: vec![
            VersionLink { version: "1.1.0".into(), href: urls::template("ngo", "1.1.0"), is_current: false, imported: ago(10) },
            VersionLink { version: "1.0.0".into(), href: urls::template("ngo", "1.0.0"), is_current: true, imported: ago(2880) },
        ],
        modules: vec![
            module("users", "People and roles", "Says which person has which role, and what each role allows.", true, &[]),
            module("members", "Members", "Keeps the people who belong to the organisation, with their kind of membership.", true, &["People and roles"]),
            module("event_shifts", "Helpers at events", "Says which shifts of the volunteers belong to which event.", false, &["Events", "Volunteers"]),
        ],
        tables: tables(5),
        migrations: vec![
            migration("2025_01_01_add_phone_country_code", false, None),
            migration("2025_06_01_require_membership_numbers", true, Some("1.1.0")),
        ],
        used_by: "1,204 tenants".into(), used_by_href: Some(urls::tenants()), create_href: Some(urls::new_tenant()),
    };
    vec![
        (
            "templates",
            html(&list(vec![
                summary(
                    "Basic",
                    "basic",
                    "apps",
                    "People, roles and settings: the base for any application.",
                ),
                summary(
                    "NGO",
                    "ngo",
                    "heart-handshake",
                    "Members and donations for a charity or association, with campaigns, events, volunteers and grants to add.",
                ),
                summary(
                    "Political party",
                    "political_party",
                    "flag",
                    "Members with branches, dues, nominations and internal elections.",
                ),
            ])),
        ),
        ("templates-empty", html(&list(vec![]))),
        ("template", html(&page)),
    ]
}

fn jobs_pages() -> Vec<(&'static str, String)> {
    let row = |place: usize| JobRow {
        what: "Set up a tenant".into(),
        tenant: Some(Crumb::new(name(place), urls::tenant_setup(&slug(place)))),
        state: [
            Pill::new("Running", Tone::Busy),
            Pill::new("Done", Tone::Good),
            Pill::new("Needs attention", Tone::Bad),
            Pill::new("Waiting", Tone::Quiet).with_icon("clock"),
        ]
        .into_iter()
        .nth(place % 4)
        .unwrap_or_else(|| Pill::new("Done", Tone::Good)),
        note: (place % 4 == 2)
            .then(|| "The tenant's database could not be written. The disk may be full or read-only.".into()),
        reference: (place % 4 == 2).then(|| "7F3A-21C0".into()),
        tries: (place % 4 == 2).then(|| "3 tries".into()),
        created: ago(i64::try_from(place * 9).unwrap_or(0)),
        took: (place % 4 == 1).then(|| "1.4 s".into()),
    };
    let page =
        |count| JobsPage { shell: inside(Place::Jobs), jobs: (0..count).map(row).collect(), poll: None };
    vec![("jobs", html(&page(12))), ("jobs-empty", html(&page(0)))]
}

fn door_pages() -> Vec<(&'static str, String)> {
    let mut wrong = LoginPage::new(Shell::outside("token"), "/tenants".into());
    wrong.errors = vec![FormError::new("email", "The e-mail or the password is not right. Check both.")];
    wrong.email.value = "maria@example.org".into();
    let mut first = FirstRunPage::new(Shell::outside("token"), urls::setup("token"));
    let first_empty = html(&first);
    first.name = first.name.filled("", Some("Enter your name.".into()));
    first.password.error = Some("This password has 6 characters. Use at least 12.".into());
    first.errors = FormError::of(&[&first.name, &first.password]);
    let invitation = InvitationPage::new(
        Shell::outside("token"),
        urls::invitation("token"),
        "Acme Bakery".into(),
        "dana@example.org".into(),
    );
    let taken = InvitationPage {
        is_done: true,
        ..InvitationPage::new(Shell::outside("token"), String::new(), LONG.into(), "dana@example.org".into())
    };
    let _: &Field = &wrong.email;
    vec![
        ("login", html(&LoginPage::new(Shell::outside("token"), String::new()))),
        ("login-wrong", html(&wrong)),
        ("first-run", first_empty),
        ("first-run-wrong", html(&first)),
        ("invitation", html(&invitation)),
        ("invitation-done", html(&taken)),
    ]
}

fn error_pages() -> Vec<(&'static str, String)> {
    let error = |shell, status, heading: &str, message: &str, reference: Option<&str>| ErrorPage {
        shell,
        status,
        heading: heading.into(),
        message: message.into(),
        reference: reference.map(Into::into),
        way_out: Some(("Go to the start page".into(), urls::home())),
        is_notice: false,
    };
    let notice = ErrorPage {
        is_notice: true,
        ..error(
            Shell::outside(""),
            500,
            "Something went wrong",
            "Look at the page before you try again.",
            Some("7F3A-21C0"),
        )
    };
    vec![
        (
            "error-404",
            html(&error(
                inside(Place::Nowhere),
                404,
                "Page not found",
                "Check the address. What was here may have been removed, or it never was.",
                None,
            )),
        ),
        (
            "error-403",
            html(&error(
                inside(Place::Nowhere),
                403,
                "Your account cannot do this",
                "Ask an administrator.",
                None,
            )),
        ),
        (
            "error-500",
            html(&error(
                inside(Place::Nowhere),
                500,
                "Something went wrong",
                "Look at the page again before you repeat what you did.",
                Some("7F3A-21C0"),
            )),
        ),
        (
            "error-429",
            html(&error(
                Shell::outside("token"),
                429,
                "Too many tries",
                "Wait 40 seconds, then try again.",
                None,
            )),
        ),
        (
            "error-503",
            html(&error(
                Shell::outside("token"),
                503,
                "Not available at the moment",
                "Being updated, back in a minute.",
                Some("7F3A-21C0"),
            )),
        ),
        ("fragment-notice", html(&notice.as_notice())),
    ]
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name the folder to write to")?;
    let folder = Path::new(&folder);
    let picture = arguments.next().map(fs::read_to_string).transpose()?.unwrap_or_default();
    fs::create_dir_all(folder.join("static"))?;
    for asset in assets::all() {
        fs::write(folder.join(asset.address.trim_start_matches('/')), &asset.plain)?;
    }
    let list = vec![
        ("tenants-empty", html(&tenants_page(0, "", true))),
        ("tenants-none", html(&tenants_page(0, "acmee", false))),
        ("tenants-few", html(&tenants_page(8, "a", false))),
        ("tenants-full", html(&tenants_page(50, "", false))),
        ("fragment-results", html(&tenants_page(3, "a", false).as_results())),
    ];
    let all = [
        dashboard(),
        list,
        new_pages(),
        setup_pages(),
        tenant_pages(&picture),
        template_pages(),
        jobs_pages(),
        door_pages(),
        error_pages(),
    ];
    for (name, page) in all.into_iter().flatten() {
        fs::write(folder.join(format!("{name}.html")), page)?;
    }
    Ok(())
}
