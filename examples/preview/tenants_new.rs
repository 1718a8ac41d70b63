//! The form for a new tenant.

use super::{Sheet, fixtures::inside};
use tenantry::web::{
    pages::tenants::new::{Extra, NameCheck, NewTenantPage, PlanCard, TemplateCard},
    views::{FormError, Place},
};

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

pub fn new_pages() -> Vec<Sheet> {
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
        Sheet::new("new-empty", "/tenants/new", &empty),
        Sheet::new("new-checked", "/tenants/new", &good),
        Sheet::new("new-wrong", "/tenants/new", &bad),
        Sheet::new("fragment-new-wrong", "/tenants/new", &bad.as_form()),
    ]
}
