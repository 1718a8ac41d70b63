//! Jobs.

use super::{
    Sheet,
    fixtures::{ago, inside, name, slug},
};
use tenantry::web::{
    pages::jobs::{JobRow, JobsPage},
    urls,
    views::{Crumb, Pill, Place, Tone},
};

pub fn jobs_pages() -> Vec<Sheet> {
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
    vec![Sheet::new("jobs", "/jobs", &page(12)), Sheet::new("jobs-empty", "/jobs", &page(0))]
}
