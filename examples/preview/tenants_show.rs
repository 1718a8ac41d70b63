//! A tenant: overview, structure, activity.

use super::{
    Sheet,
    fixtures::{LONG, ago, inside, plain_events, slug, tables},
};
use std::collections::BTreeMap;
use tenantry::{
    engine::sqlite::Sqlite,
    schema::Schema,
    templates::{compile::Compiler, files, source::Embedded},
    web::{
        pages::{
            templates::ModuleView,
            tenants::{
                owners::{OwnerRow, OwnersPage},
                show::{
                    ActivityPage, Fact, InvitationView, OverviewPage, PasswordView, StructurePage, Tab,
                    TenantHead,
                },
            },
        },
        picture_view::{PictureView, Wanted, view},
        urls,
        views::{Crumb, Field, Pager, Person, Pill, Place, Shell, TimeView, Tone},
    },
};

fn module(title: &str, description: &str, table: &str) -> ModuleView {
    ModuleView {
        name: table.into(),
        title: title.into(),
        description: description.into(),
        is_core: true,
        needs: vec![],
        tables: vec![table.into()],
    }
}

pub fn head(name: &str, slug: &str, tab: Tab, state: Pill) -> TenantHead {
    TenantHead {
        crumbs: vec![Crumb::new("Tenants", urls::tenants())],
        name: name.into(),
        slug: slug.into(),
        state,
        template: "NGO 1.0.0".into(),
        template_href: Some(urls::template("ngo", "1.0.0")),
        plan: "Premium".into(),
        tabs: tab.row(slug, true).into_iter().chain([tab.owners(slug)]).collect(),
        notice: None,
    }
}

/// A template of the program with all its modules, as a tenant with everything has it: the schema, and the title of the
/// module of each table.
fn built_in(template_type: &str) -> (Schema, BTreeMap<String, String>) {
    let engine = Sqlite::new(std::env::temp_dir().join("tenantry-preview"));
    let reading = files::read(&Embedded, template_type).ok();
    let Some(template) = reading.and_then(|reading| reading.template) else {
        return <(Schema, BTreeMap<String, String>)>::default();
    };
    let names: Vec<String> = template.modules.iter().map(|module| module.name.clone()).collect();
    let mut compiler = Compiler::new(&engine);
    compiler.template(&template, &names);
    let core = |table: &String| (table.clone(), "The base".to_owned());
    let mut modules: BTreeMap<String, String> = compiler.schema().tables.keys().map(core).collect();
    for module in &template.modules {
        for table in compiler.added().get(&module.name).into_iter().flatten() {
            modules.insert(table.clone(), module.title.clone());
        }
    }
    (compiler.schema().clone(), modules)
}

fn picture(template_type: &str, wanted: &Wanted) -> PictureView {
    let (schema, modules) = built_in(template_type);
    view(&schema, &modules, "The tables of Acme Bakery", &urls::tenant_structure("acme-bakery"), wanted)
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
        password: None,
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
    let on_server = |shown: Option<&str>, can_show| {
        let mut page = overview("Acme Bakery", Pill::new("Ready", Tone::Good));
        page.connection = vec![
            Fact::code("Host", "db-1.example.org"),
            Fact::code("Port", "3306"),
            Fact::code("Database", "acme_bakery_2b1f0e6c"),
            Fact::code("Account", "acme_bakery_2b1f0e6c"),
        ];
        page.password = Some(PasswordView {
            sentence: if can_show {
                "It is shown once. Have the application's settings open before you look."
            } else {
                "It was shown on 23 Nov 2026, 10:00 UTC, and is shown once. Whoever has lost it gives the account a new one."
            }
            .into(),
            shown: shown.map(Into::into),
            can_show,
            renew: Some(urls::tenant_act("acme-bakery", "new-password")),
        });
        page
    };
    let mut owner = overview("Acme Bakery", Pill::new("Ready", Tone::Good));
    let person = Person { name: "Dana Smith".into(), email: "dana@example.org".into(), role: "Owner".into() };
    owner.shell = Shell::owner("token", person, Place::Tenants);
    owner.invitation.button = None;
    owner.head.crumbs = vec![];
    let structure = |template, wanted: &Wanted, count, missing: Option<&str>| StructurePage {
        shell: inside(Place::Tenants),
        head: head("Acme Bakery", "acme-bakery", Tab::Structure, Pill::new("Ready", Tone::Good)),
        picture: picture(template, wanted),
        modules: if count == 0 {
            vec![]
        } else {
            vec![
                module(
                    "People and roles",
                    "Says which person has which role, and what each role allows.",
                    "user_roles",
                ),
                module(
                    "Members",
                    "Keeps the people who belong to the organisation, with their kind of membership.",
                    "members",
                ),
            ]
        },
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
    let owners = |is_empty: bool| OwnersPage {
        shell: inside(Place::Tenants),
        head: head("Acme Bakery", "acme-bakery", Tab::Owners, Pill::new("Ready", Tone::Good)),
        secret: (!is_empty).then(super::people::secret),
        owners: if is_empty {
            Vec::new()
        } else {
            vec![
                OwnerRow {
                    name: "Dana Smith".into(),
                    email: "dana@example.org".into(),
                    href: Some(urls::person(uuid::Uuid::nil())),
                    state: Pill::new("Can sign in", Tone::Good),
                },
                OwnerRow {
                    name: LONG.into(),
                    email: "otto@example.org".into(),
                    href: None,
                    state: Pill::new("Invited", Tone::Busy).with_icon("mail"),
                },
            ]
        },
        errors: Vec::new(),
        name: Field::text("name", "Name"),
        email: Field::email("email", "E-mail"),
    };
    vec![
        Sheet::new("tenant-owners", "/tenants/{slug}/owners", &owners(false)),
        Sheet::new("tenant-owners-none", "/tenants/{slug}/owners", &owners(true)),
        Sheet::new("tenant-overview", "/tenants/{slug}", &plain),
        Sheet::new("tenant-invited", "/tenants/{slug}", &invited),
        Sheet::new("fragment-invitation", "/tenants/{slug}", &invited.as_invitation_block()),
        Sheet::new("tenant-on-server", "/tenants/{slug}", &on_server(None, true)),
        Sheet::new(
            "tenant-password",
            "/tenants/{slug}",
            &on_server(Some("k3Vd92xQ0LmZr7TyBw5NcHs8JpGf4AaU"), false),
        ),
        Sheet::new("tenant-password-seen", "/tenants/{slug}", &on_server(None, false)),
        Sheet::new("tenant-failed", "/tenants/{slug}", &failed),
        Sheet::new("tenant-owner", "/tenants/{slug}", &owner),
        Sheet::new(
            "tenant-structure",
            "/tenants/{slug}/structure",
            &structure("ngo", &Wanted::default(), 30, None),
        ),
        Sheet::new(
            "tenant-structure-full",
            "/tenants/{slug}/structure",
            &structure(
                "ngo",
                &Wanted { size: "full".into(), columns: "all".into(), ..Wanted::default() },
                1,
                None,
            ),
        ),
        Sheet::new(
            "tenant-structure-module",
            "/tenants/{slug}/structure",
            &structure("ngo", &Wanted { module: "Events".into(), ..Wanted::default() }, 1, None),
        ),
        Sheet::new(
            "tenant-structure-table",
            "/tenants/{slug}/structure",
            &structure("ngo", &Wanted { table: "members".into(), ..Wanted::default() }, 1, None),
        ),
        Sheet::new(
            "tenant-structure-basic",
            "/tenants/{slug}/structure",
            &structure("basic", &Wanted::default(), 1, None),
        ),
        Sheet::new(
            "tenant-structure-party",
            "/tenants/{slug}/structure",
            &structure("political_party", &Wanted::default(), 1, None),
        ),
        Sheet::new(
            "tenant-structure-corporate",
            "/tenants/{slug}/structure",
            &structure("corporate", &Wanted::default(), 1, None),
        ),
        Sheet::new(
            "tenant-structure-none",
            "/tenants/{slug}/structure",
            &structure(
                "none",
                &Wanted::default(),
                0,
                Some("This tenant has no database yet. Its structure is shown once it is ready."),
            ),
        ),
        Sheet::new("tenant-activity", "/tenants/{slug}/activity", &activity(30)),
        Sheet::new("tenant-activity-empty", "/tenants/{slug}/activity", &activity(0)),
    ]
}
