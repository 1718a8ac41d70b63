//! A tenant: overview, structure, activity.

use super::{
    Sheet,
    fixtures::{LONG, ago, inside, plain_events, slug, tables},
};
use tenantry::web::{
    pages::tenants::show::{
        ActivityPage, Fact, InvitationView, OverviewPage, StructurePage, Tab, TenantHead,
    },
    urls,
    views::{Crumb, Pager, Person, Pill, Place, Shell, TimeView, Tone},
};
use tenantry::{
    picture::{Options, draw},
    schema::Schema,
};

pub fn head(name: &str, slug: &str, tab: Tab, state: Pill) -> TenantHead {
    TenantHead {
        crumbs: vec![Crumb::new("Tenants", urls::tenants())],
        name: name.into(),
        slug: slug.into(),
        state,
        template: "NGO 1.0.0".into(),
        template_href: Some(urls::template("ngo", "1.0.0")),
        plan: "Premium".into(),
        tabs: tab.row(slug),
        notice: None,
    }
}

/// A picture of made-up tables that point to one another.
fn picture() -> String {
    draw(&Schema::default(), &Options::default()).svg
}

pub fn tenant_pages() -> Vec<Sheet> {
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
        exports: Some(urls::tenant_exports("acme-bakery")),
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
    owner.shell = Shell::owner("token", person, Place::Tenants);
    owner.invitation.button = None;
    owner.head.crumbs = vec![];
    let structure = |count, missing: Option<&str>| StructurePage {
        shell: inside(Place::Tenants),
        head: head("Acme Bakery", "acme-bakery", Tab::Structure, Pill::new("Ready", Tone::Good)),
        summary: "30 tables and 41 relations".into(),
        picture: picture(),
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
        Sheet::new("tenant-overview", "/tenants/{slug}", &plain),
        Sheet::new("tenant-invited", "/tenants/{slug}", &invited),
        Sheet::new("fragment-invitation", "/tenants/{slug}", &invited.as_invitation_block()),
        Sheet::new("tenant-failed", "/tenants/{slug}", &failed),
        Sheet::new("tenant-owner", "/tenants/{slug}", &owner),
        Sheet::new("tenant-structure", "/tenants/{slug}/structure", &structure(30, None)),
        Sheet::new(
            "tenant-structure-none",
            "/tenants/{slug}/structure",
            &structure(0, Some("This tenant has no database yet. Its structure is shown once it is ready.")),
        ),
        Sheet::new("tenant-activity", "/tenants/{slug}/activity", &activity(30)),
        Sheet::new("tenant-activity-empty", "/tenants/{slug}/activity", &activity(0)),
    ]
}
