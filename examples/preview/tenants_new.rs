//! The pages that describe a new tenant.

use crate::{
    Sheet,
    fixtures::{LONG, ago, inside},
};
use tenantry::web::{
    pages::tenants::new::{
        AnswerRow, CheckPage, Extra, ExtrasPage, Like, NameCheck, PlanPage, RadioCard, TemplateCard,
        TemplateStepPage, Unfinished, Way, WherePage, WhoPage,
    },
    urls,
    views::{FormError, Place},
};

const DRAFT: &str = "0193-4711";
const FIRST: &str = "/tenants/new";
const QUESTION: &str = "/tenants/new/{draft}/{step}";

fn way(number: usize, errors: Vec<FormError>) -> Way {
    Way { number, total: 5, back: urls::tenants(), action: urls::new_tenant(), is_change: false, errors }
}

fn who() -> WhoPage {
    WhoPage::new(inside(Place::Tenants), way(1, Vec::new()))
}

fn who_pages() -> Vec<Sheet> {
    let mut good = who();
    good.name.value = "Acme Bakery".into();
    good.check = NameCheck {
        slug: Some("acme-bakery-2".into()),
        warning: Some("There is a tenant of this name already. Look whether it is the same one.".into()),
        problem: None,
    };
    let mut bad = who();
    bad.name.error = Some("Enter the tenant's name.".into());
    bad.email = bad
        .email
        .clone()
        .filled("dana", Some("Enter the owner's e-mail in full, such as dana@example.org.".into()));
    bad.way.errors = FormError::of(&[&bad.name, &bad.email]);
    let mut unfinished = who();
    unfinished.unfinished = ["Acme Bakery", LONG, "جمعية الهلال الأخضر"]
        .into_iter()
        .map(|name| Unfinished { name: name.into(), at: ago(90), href: urls::draft(DRAFT) })
        .collect();
    let mut like = who();
    like.like = Some(Like {
        name: "Riverside Food Bank".into(),
        slug: "riverside-food-bank".into(),
        text: "NGO with 3 extras, Basic plan".into(),
    });
    vec![
        Sheet::new("new-who", FIRST, &who()),
        Sheet::new("new-who-checked", FIRST, &good),
        Sheet::new("new-who-wrong", FIRST, &bad),
        Sheet::new("new-who-unfinished", FIRST, &unfinished),
        Sheet::new("new-who-like", FIRST, &like),
    ]
}

fn template(error: Option<String>) -> TemplateStepPage {
    let card =
        |value: &str, title: &str, text: &str, icon, included: &[&str], extras: &[&str]| TemplateCard {
            value: value.into(),
            title: title.into(),
            text: text.into(),
            version: "1.0.0".into(),
            icon,
            is_chosen: error.is_none() && value == "ngo",
            included: included.iter().map(ToString::to_string).collect(),
            extras: extras.iter().map(ToString::to_string).collect(),
        };
    TemplateStepPage {
        shell: inside(Place::Tenants),
        way: way(2, error.iter().map(|text| FormError::new("template", text)).collect()),
        name: "Acme Bakery".into(),
        templates: vec![
            card(
                "basic",
                "Basic",
                "People, roles and settings: the base for any application.",
                "building-community",
                &["People and roles"],
                &["Teams", "Tasks"],
            ),
            card(
                "ngo",
                "NGO",
                "Members and donations for a charity or association.",
                "heart-handshake",
                &["People and roles", "Members", "Donations"],
                &["Campaigns", "Events", "Volunteers", "Grants", "Helpers at events"],
            ),
            card(
                "corporate",
                "Corporate",
                "Departments, employees, leave, assets and expenses.",
                "building-skyscraper",
                &["People and roles", "Departments"],
                &[],
            ),
        ],
        error,
        usual: Some("Usually ready in under a second.".into()),
    }
}

fn extras(name: &str, error: Option<String>) -> ExtrasPage {
    let extra = |name: &str, title: &str, text: &str, needs: &[&str], rule: Option<&str>, is_ticked| Extra {
        name: name.into(),
        title: title.into(),
        text: text.into(),
        needs: needs.iter().map(ToString::to_string).collect(),
        rule: rule.map(Into::into),
        is_ticked,
    };
    ExtrasPage {
        shell: inside(Place::Tenants),
        way: way(3, error.iter().map(|text| FormError::new("module", text)).collect()),
        name: name.into(),
        template: "NGO".into(),
        included: ["People and roles", "Members", "Donations"].map(String::from).into(),
        extras: vec![
            extra("campaigns", "Campaigns", "Runs appeals with a goal.", &[], None, false),
            extra("events", "Events", "Plans meetings, courses and parties.", &[], None, true),
            extra("volunteers", "Volunteers", "Keeps the members who help.", &[], None, true),
            extra(
                "event_shifts",
                "Event shifts",
                "Says which shifts of the volunteers belong to which event.",
                &["events", "volunteers"],
                Some("Event shifts needs Events and Volunteers (added for you)."),
                true,
            ),
        ],
        error,
    }
}

fn plan(error: Option<String>) -> PlanPage {
    let plans = [
        ("basic", "Basic", "For a small organisation that starts out."),
        ("premium", "Premium", "For an organisation with more people and more data."),
        ("enterprise", "Enterprise", "For a large organisation with needs of its own."),
    ];
    PlanPage {
        shell: inside(Place::Tenants),
        way: Way {
            is_change: error.is_none(),
            ..way(4, error.iter().map(|text| FormError::new("plan", text)).collect())
        },
        name: "Acme Bakery".into(),
        plans: plans
            .into_iter()
            .map(|(value, title, text)| RadioCard {
                value: value.into(),
                title: title.into(),
                text: text.into(),
                is_chosen: value == "basic",
            })
            .collect(),
        error,
    }
}

fn check(name: &str, is_changed: bool) -> CheckPage {
    let row = |question, lines: &[&str], step: &str, what| AnswerRow {
        question,
        lines: lines.iter().map(ToString::to_string).collect(),
        change: urls::draft_change(DRAFT, step),
        what,
    };
    let errors = if is_changed {
        vec![FormError::new(
            "answers",
            "The answers have changed since this page was opened: in another window, or because the template has a newer version. Look at them again, then create the tenant.",
        )]
    } else {
        Vec::new()
    };
    CheckPage {
        shell: inside(Place::Tenants),
        way: way(5, errors),
        seen: "seen".into(),
        answers: vec![
            row("Name", &[name], "who", "the name"),
            row("Owner's e-mail", &["dana@example.org"], "who", "the owner's e-mail"),
            row("Note", &["Comes from the old system.\nAsk Dana first."], "who", "the note"),
            row("Template", &["NGO 1.0.0"], "template", "the template"),
            row(
                "Extras",
                &["Event shifts", "Events (added for you)", "Volunteers (added for you)"],
                "extras",
                "the extras",
            ),
            row("Plan", &["Basic"], "plan", "the plan"),
        ],
        address: "acme-bakery-2".into(),
        steps: [
            "Reserve its name",
            "Make its database",
            "Add the basic tables",
            "Fill in the first rows",
            "Open it for use",
        ]
        .map(String::from)
        .into(),
        usual: Some("Usually ready in under a second.".into()),
    }
}

/// Every page of the way, in every state.
fn place(error: Option<String>) -> WherePage {
    let places = [
        ("", "Choose for me", "On the server that has the most room."),
        ("among::eu", "Somewhere in eu", "On the server with the label eu that has the most room."),
        ("server:eu-1", "Server eu-1", "212 of 500 places used"),
        ("server:us-1", "Server us-1", "3,912 tenants"),
        ("own", "Beside Tenantry itself", "In a file of its own, on the machine that this program runs on."),
    ];
    WherePage {
        shell: inside(Place::Tenants),
        way: way(5, error.iter().map(|text| FormError::new("place", text)).collect()),
        name: "Acme Bakery".into(),
        places: places
            .into_iter()
            .map(|(value, title, text)| RadioCard {
                value: value.into(),
                title: title.into(),
                text: text.into(),
                is_chosen: value.is_empty(),
            })
            .collect(),
        error,
    }
}

pub fn new_pages() -> Vec<Sheet> {
    let mut pages = who_pages();
    pages.extend([
        Sheet::new("new-template", QUESTION, &template(None)),
        Sheet::new("new-template-wrong", QUESTION, &template(Some("Choose a template.".into()))),
        Sheet::new("new-extras", QUESTION, &extras("Acme Bakery", None)),
        Sheet::new(
            "new-extras-wrong",
            QUESTION,
            &extras(LONG, Some("Choose from the extras of this template.".into())),
        ),
        Sheet::new("new-plan-change", QUESTION, &plan(None)),
        Sheet::new("new-plan-wrong", QUESTION, &plan(Some("Choose a plan.".into()))),
        Sheet::new("new-where", QUESTION, &place(None)),
        Sheet::new(
            "new-where-wrong",
            QUESTION,
            &place(Some("This place is not there any more. Choose another one.".into())),
        ),
        Sheet::new("new-check", QUESTION, &check("Acme Bakery", false)),
        Sheet::new("new-check-changed", QUESTION, &check(LONG, true)),
    ]);
    pages
}
