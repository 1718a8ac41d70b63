//! Templates.

use super::{
    Sheet,
    fixtures::{ago, inside, tables},
};
use tenantry::web::{
    pages::templates::{
        MigrationView, ModuleView, TemplatePage, TemplateSummary, TemplatesPage, VersionLink,
    },
    urls,
    views::{Crumb, Pill, Place, Tone},
};

pub fn template_pages() -> Vec<Sheet> {
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
        Sheet::new(
            "templates",
            "/templates",
            &list(vec![
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
            ]),
        ),
        Sheet::new("templates-empty", "/templates", &list(vec![])),
        Sheet::new("template", "/templates/{type}/{version}", &page),
    ]
}
