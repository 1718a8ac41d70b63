//! Templates.

use super::{
    Sheet,
    fixtures::{ago, inside, tables},
};
use tenantry::sql::hazards::RULES;
use tenantry::web::{
    pages::templates::{
        DraftRow, HazardView, MigrationView, ModuleView, NewsView, TemplatePage, TemplateSummary,
        TemplatesPage, VersionRow,
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
        is_retired: kind == "political_party",
    };
    let drafts = || {
        let draft = |title: &str| DraftRow {
            title: title.into(),
            href: urls::template_draft("0199-draft"),
            who: "Maria Okafor".into(),
            changed: ago(12),
        };
        vec![draft("NGO 1.1.0"), draft("ngo, without a number at the moment")]
    };
    let list = |templates: Vec<TemplateSummary>| TemplatesPage {
        drafts: if templates.is_empty() { vec![] } else { drafts() },
        import_href: Some(urls::import_templates()),
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
    // One of each weight, with the texts of the program's own rules.
    let hazards = || {
        ["not-null", "rewrites-table", "overwrites-rows"]
            .into_iter()
            .filter_map(|id| RULES.iter().find(|rule| rule.id == id))
            .map(|rule| HazardView {
                mark: HazardView::mark(rule.class),
                sentence: format!("{}: members.membership_number.", rule.title),
                reason: rule.reason,
                advice: rule.advice,
            })
            .collect()
    };
    let migration = |name: &str, is_breaking, completes: Option<&str>| MigrationView {
        name: name.into(),
        summary: vec!["Adds the column phone_country_code to users.".into()],
        hazards: if is_breaking { hazards() } else { Vec::new() },
        is_breaking,
        completes: completes.map(Into::into),
        up: "ALTER TABLE users ADD COLUMN phone_country_code VARCHAR(5) NULL AFTER phone;".into(),
        down: "ALTER TABLE users DROP COLUMN phone_country_code;".into(),
    };
    let version = |number: &str, is_current, is_active: bool| VersionRow {
        version: number.into(),
        href: urls::template("ngo", number),
        is_current,
        compare_href: (!is_current).then(|| "/templates/ngo/1.1.0?since=1.0.0#news-title".into()),
        state: if is_active { Pill::new("Published", Tone::Good) } else { Pill::new("Retired", Tone::Quiet) },
        published: ago(2880),
        who: "Maria Okafor".into(),
        note: "Membership cards, and a wall for thanking donors.".into(),
        tenants: "1,204 tenants".into(),
    };
    let page = |number: &str| {
        TemplatePage {
        shell: inside(Place::Templates),
        crumbs: vec![Crumb::new("Templates", urls::templates())],
        name: "NGO".into(), template_type: "ngo".into(),
        description: "Members and donations for a charity or association, with campaigns, events, volunteers and grants to add.".into(),
        version: number.into(),
        state: vec![Pill::new("Published", Tone::Good), Pill::new("In use by 1,204 tenants", Tone::Quiet).with_icon("lock")],
        published: ago(2880),
        published_by: Some("Tenantry".into()),
        note: None,
        retired: None,
        news: None,
        versions: vec![version("1.1.0", false, true), version("1.0.0", true, true)],
        drafts: drafts(),
        files_href: urls::template_files("ngo", "1.0.0"),
        change_href: Some(urls::change_template("ngo", "1.0.0")),
        retire_href: Some(urls::retire_template("ngo", "1.0.0")),
        bring_back: None,
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
    }
    };
    let newer = TemplatePage {
        note: Some(
            "Membership cards, and a wall for thanking donors.\nAsked for by eleven organisations.".into(),
        ),
        news: Some(NewsView {
            since: Crumb::new("1.0.0", urls::template("ngo", "1.0.0")),
            sentences: vec![
                "Adds the table cards with 7 columns.".into(),
                "Changes the column members.name from VARCHAR(100) NOT NULL to VARCHAR(255) NOT NULL.".into(),
                "Removes the column members.fax with everything in it.".into(),
                "Adds the extra Membership cards.".into(),
            ],
        }),
        published_by: Some("Maria Okafor".into()),
        ..page("1.1.0")
    };
    let retired = TemplatePage {
        state: vec![Pill::new("Retired", Tone::Quiet), Pill::new("In use by 1,204 tenants", Tone::Quiet).with_icon("lock")],
        retired: Some("Maria Okafor retired this version 2 days ago. No new tenant can be made from it. 1,204 tenants stay on it, and nothing changes for them.".into()),
        versions: vec![version("1.1.0", false, true), version("1.0.0", true, false)],
        drafts: vec![],
        create_href: None,
        retire_href: None,
        bring_back: Some(urls::bring_template_back("ngo", "1.0.0")),
        ..page("1.0.0")
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
        Sheet::new("template", "/templates/{type}/{version}", &page("1.0.0")),
        Sheet::new("template-newer", "/templates/{type}/{version}", &newer),
        Sheet::new("template-retired", "/templates/{type}/{version}", &retired),
    ]
}
