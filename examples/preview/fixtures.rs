//! Made-up values that many pages show: people, names, states, events, tables.

use tenantry::web::{
    pages::templates::{ColumnView, TableView},
    urls,
    views::{Choice, Crumb, EventView, Person, Pill, Place, Shell, TimeView, Tone},
};

pub const NOW: i64 = 1_795_428_000_000;
pub const LONG: &str = "Internationale Gesellschaft zur Förderung der Zusammenarbeit zwischen Krankenhäusern, Pflegeheimen und ehrenamtlichen Besuchsdiensten im gesamten deutschsprachigen Raum e. V. Donaudampfschifffahrtsgesellschaftskapitänswitwenvereinigung";
pub const NAMES: [&str; 8] = [
    "Acme Bakery",
    "Riverside Food Bank",
    "جمعية الهلال الأخضر",
    "上海社区志愿者协会",
    LONG,
    "Ärzte für Kinder",
    "O'Brien & Sons <Trust>",
    "Общество друзей леса",
];

pub fn ago(minutes: i64) -> TimeView {
    TimeView::new(NOW - minutes * 60_000, NOW)
}

pub fn inside(place: Place) -> Shell {
    let person = Person {
        name: "Maria Okafor".into(),
        email: "maria@example.org".into(),
        role: "Administrator".into(),
    };
    Shell::inside("token", person, place)
}

pub fn slug(place: usize) -> String {
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

pub fn name(place: usize) -> String {
    NAMES.get(place % 8).unwrap_or(&"Tenant").to_string()
}

pub fn states() -> [Pill; 6] {
    [
        Pill::new("Ready", Tone::Good),
        Pill::new("Setting up", Tone::Busy),
        Pill::new("Needs attention", Tone::Bad),
        Pill::new("Waiting", Tone::Quiet).with_icon("clock"),
        Pill::new("Paused", Tone::Warn).with_icon("player-pause"),
        Pill::new("Ready", Tone::Good),
    ]
}

pub fn state(place: usize) -> Pill {
    states().into_iter().nth(place % 6).unwrap_or_else(|| Pill::new("Ready", Tone::Good))
}

pub fn events(count: usize) -> Vec<EventView> {
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

pub fn plain_events(count: usize) -> Vec<EventView> {
    events(count).into_iter().map(|event| EventView { tenant: None, ..event }).collect()
}

pub fn choices(all: &str, values: &[&str], chosen: usize) -> Vec<Choice> {
    let all = Choice { value: String::new(), text: all.into(), is_chosen: chosen == 0 };
    let rest = values.iter().enumerate().map(|(place, text)| Choice {
        value: text.to_lowercase(),
        text: (*text).into(),
        is_chosen: place + 1 == chosen,
    });
    std::iter::once(all).chain(rest).collect()
}

pub fn tables(count: usize) -> Vec<TableView> {
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
