//! The start page.

use super::{
    Sheet,
    fixtures::{events, inside, name, slug, state},
};
use tenantry::web::{
    pages::dashboard::{DashboardPage, Running, StartCard, StateCount, Todo},
    urls,
    views::{Crumb, Place, Tone},
};

pub fn dashboard() -> Vec<Sheet> {
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
    vec![
        Sheet::new("dashboard-first", "/", &first),
        Sheet::new("dashboard-calm", "/", &calm),
        Sheet::new("dashboard-full", "/", &full),
    ]
}
