//! The start page.

use super::{
    Sheet,
    fixtures::{events, inside, name, slug},
};
use tenantry::web::{
    pages::dashboard::{DashboardPage, Running, StartCard, Todo},
    pieces::{Share, StackedBar},
    urls,
    views::{Crumb, Place, Tone},
};

fn states() -> StackedBar {
    let share = |label, count, tone| Share::of_tone(label, count, Some(urls::tenants()), tone);
    StackedBar {
        title: "Tenants by state".into(),
        kind: "State",
        shares: vec![
            share("Ready", 1_204, Tone::Good),
            share("Paused", 41, Tone::Warn),
            share("Waiting", 12, Tone::Quiet),
            share("Setting up", 2, Tone::Busy),
            share("Needs attention", 1, Tone::Bad),
        ],
    }
}

fn versions() -> StackedBar {
    let names = [
        "NGO 1.1.0",
        "Political party 1.0.0",
        "NGO 1.0.0",
        "Corporate 2.1.0",
        "Basic 1.0.0",
        "Other versions",
    ];
    let share = |(place, label): (usize, &str)| {
        Share::in_series(label, [640, 311, 180, 92, 30, 7][place], Some(urls::templates()), place)
    };
    StackedBar {
        title: "Tenants by template version".into(),
        kind: "Version",
        shares: names.into_iter().enumerate().map(share).collect(),
    }
}

fn todo() -> Vec<Todo> {
    let failed = |place: usize| Todo {
        name: name(place),
        rest: "could not be set up.".into(),
        detail: Some("The tenant's database could not be written. The disk may be full or read-only.".into()),
        icon: "alert-circle",
        is_bad: true,
        button: Crumb::new("See what happened", urls::tenant_setup(&slug(place))),
    };
    let lapsed = |place: usize| Todo {
        name: name(place),
        rest: "has an owner whose invitation ran out.".into(),
        detail: Some("dana@example.org".into()),
        icon: "mail",
        is_bad: false,
        button: Crumb::new("Make a new link", urls::tenant(&slug(place))),
    };
    let leaving = Todo {
        name: name(5),
        rest: "is removed for good on 2026-11-26 09:30:00 UTC.".into(),
        detail: None,
        icon: "hourglass",
        is_bad: false,
        button: Crumb::new("Keep it after all?", urls::tenant_manage(&slug(5))),
    };
    let begun = |name: &str, rest: &str, detail: Option<&str>, button: &str| Todo {
        name: name.into(),
        rest: rest.into(),
        detail: detail.map(Into::into),
        icon: "list-details",
        is_bad: false,
        button: Crumb::new(button, urls::tenants()),
    };
    let differing = |number: &str, rest: &str, detail: &str| Todo {
        name: number.into(),
        rest: rest.into(),
        detail: Some(detail.into()),
        icon: "alert-triangle",
        is_bad: true,
        button: Crumb::new("See what differs", urls::drift()),
    };
    vec![
        failed(0),
        failed(4),
        differing(
            "412 tenants",
            "differ from what they should be.",
            "In 12 of them, something that the template needs is gone or narrower.",
        ),
        differing("1 tenant", "could not be looked at.", "Whether anything was changed there is not known."),
        leaving,
        lapsed(2),
        begun(&name(3), "is not asked for yet. You have begun to describe it.", None, "Go on"),
        begun(
            "ngo",
            "has a draft that is not published yet.",
            Some("The last check found 2 problems."),
            "Go on with the draft",
        ),
    ]
}

pub fn dashboard() -> Vec<Sheet> {
    let base = || DashboardPage {
        heading: "Nothing needs you.".into(),
        sentence: "1,204 tenants are ready. They were last looked at 3 hours ago.".into(),
        states: Some(states()),
        versions: Some(versions()),
        ..DashboardPage::empty(inside(Place::Dashboard))
    };
    let first = DashboardPage {
        heading: "Welcome to Tenantry".into(),
        sentence: "Each customer gets a database of its own, made from a template in a moment.".into(),
        start: vec![
            StartCard {
                title: "Templates are here",
                text: "A template says what a tenant's database holds. 4 templates come with the program."
                    .into(),
                is_done: true,
                button: Some(Crumb::new("Look at them", urls::templates())),
            },
            StartCard {
                title: "Create your first tenant",
                text: "A tenant is one customer with its own database. It takes a moment.".into(),
                is_done: false,
                button: Some(Crumb::new("Create tenant", urls::new_tenant())),
            },
            StartCard {
                title: "Invite its owner",
                text: "The tenant's page makes a link with which the owner chooses a password.".into(),
                is_done: false,
                button: None,
            },
        ],
        ..base()
    };
    let calm = DashboardPage { events: Some(events(6)), ..base() };
    let full = DashboardPage {
        shell: inside(Place::Dashboard).with_flash("You are signed in.", Tone::Good),
        heading: "8 things need you.".into(),
        is_calm: false,
        todo: Some(todo()),
        running: Some(
            (0..2)
                .map(|place| Running {
                    tenant: Crumb::new(name(place + 3), urls::tenant_setup(&slug(place + 3))),
                    sentence: "Step 4 of 12: Add Events".into(),
                    done: 3 + place * 5,
                    total: 12,
                })
                .collect(),
        ),
        events: Some(events(8)),
        poll: Some(urls::home()),
        ..base()
    };
    let broken = DashboardPage {
        heading: "Not everything could be looked at.".into(),
        is_calm: false,
        todo: None,
        versions: None,
        running: None,
        events: None,
        ..base()
    };
    vec![
        Sheet::new("dashboard-first", "/", &first),
        Sheet::new("dashboard-calm", "/", &calm),
        Sheet::new("dashboard-full", "/", &full),
        Sheet::new("dashboard-part-broken", "/", &broken),
    ]
}
