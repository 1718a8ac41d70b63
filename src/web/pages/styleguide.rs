//! The styleguide: every component in every state, with made-up values. For people who build pages.

use super::templates::HazardView;
use crate::sql::hazards::{Class, RULES};
use crate::web::{
    pieces::{Confirm, Fact, Secret, Select, Share, StackedBar, Usage},
    urls,
    views::{Choice, Crumb, EventView, Field, FormError, NavLink, Pager, Pill, Shell, TimeView, Tone},
};
use askama::Template;

/// The moment at which all samples were made: 23 Nov 2026, 10:00.
const NOW: i64 = 1_795_428_000_000;

/// The styleguide.
#[derive(Template)]
#[template(path = "styleguide.html")]
pub struct StyleguidePage {
    /// The frame.
    pub shell: Shell,
    /// Names of colours, with what each is for.
    pub colours: Vec<(&'static str, &'static str)>,
    /// Sizes of type, with what each is for.
    pub sizes: Vec<(&'static str, &'static str)>,
    /// Lengths of space.
    pub spaces: Vec<&'static str>,
    /// A pill of each tone.
    pub pills: Vec<Pill>,
    /// Lines to type in: as it is first, with a hint, filled, wrong.
    pub fields: Vec<Field>,
    /// Several lines to type in.
    pub area: Field,
    /// Text for machines.
    pub code: Field,
    /// A list to choose from.
    pub select: Select,
    /// A file to send.
    pub upload: Field,
    /// What was wrong with the form.
    pub errors: Vec<FormError>,
    /// Facts of every kind.
    pub facts: Vec<Fact>,
    /// A history.
    pub events: Vec<EventView>,
    /// A row of tabs.
    pub tabs: Vec<NavLink>,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// The pages beside this one.
    pub pager: Pager,
    /// Something that can go wrong, of each weight.
    pub hazards: Vec<HazardView>,
    /// A question before something that is gone for good, and one before something that is not.
    pub confirms: Vec<Confirm>,
    /// A link that is shown once.
    pub secret: Secret,
    /// Little used, much used, full.
    pub usages: Vec<Usage>,
    /// A bar whose colours say how things are, and one whose colours only tell its parts apart.
    pub bars: Vec<StackedBar>,
}

/// The first rule of each weight.
fn hazards() -> Vec<HazardView> {
    [Class::Breaking, Class::Slow, Class::Notice]
        .into_iter()
        .filter_map(|class| RULES.iter().find(|rule| rule.class == class))
        .map(|rule| HazardView {
            mark: HazardView::mark(rule.class),
            sentence: format!("{}.", rule.title),
            reason: rule.reason,
            advice: rule.advice,
        })
        .collect()
}

fn confirms() -> Vec<Confirm> {
    let typed = Field::text("typed", "Type the name, Acme Bakery, to go on")
        .filled("Acme", Some("Type Acme Bakery exactly as it stands here.".into()));
    let cancel = Crumb::new("Keep the tenant", urls::styleguide());
    vec![
        Confirm {
            action: urls::styleguide(),
            errors: FormError::of(&[&typed]),
            sentence: "Acme Bakery stops working at once, and is gone for good after 7 days.".into(),
            goes: vec![
                "Its database of 1.2 MB with 23 tables".into(),
                "The way in of dana@example.org".into(),
            ],
            stays: vec!["Its history".into()],
            typed: Some(typed),
            button: "Delete Acme Bakery".into(),
            is_danger: true,
            cancel: cancel.clone(),
        },
        Confirm {
            action: urls::styleguide(),
            errors: Vec::new(),
            sentence: "Nobody can use Acme Bakery until it goes on. Nothing is lost.".into(),
            goes: Vec::new(),
            stays: vec!["Everything in its database".into()],
            typed: None,
            button: "Pause Acme Bakery".into(),
            is_danger: false,
            cancel,
        },
    ]
}

fn bars() -> Vec<StackedBar> {
    let list = || Some(urls::tenants());
    vec![
        StackedBar {
            title: "Tenants by state".into(),
            kind: "State",
            shares: vec![
                Share::of_tone("Ready", 1_204, list(), Tone::Good),
                Share::of_tone("Setting up", 12, list(), Tone::Busy),
                Share::of_tone("Paused", 40, list(), Tone::Warn),
                Share::of_tone("Needs attention", 1, list(), Tone::Bad),
                Share::of_tone("Waiting", 8, list(), Tone::Quiet),
            ],
        },
        StackedBar {
            title: "Tenants by version of NGO".into(),
            kind: "Version",
            shares: [812, 300, 120, 60, 22, 5]
                .into_iter()
                .enumerate()
                .map(|(place, count)| Share::in_series(format!("1.{}.0", 6 - place), count, list(), place))
                .collect(),
        },
    ]
}

impl StyleguidePage {
    /// The page with all its samples.
    pub fn new(shell: Shell) -> Self {
        let moment = |minutes: i64| TimeView::new(NOW - minutes * 60_000, NOW);
        let tab = |title, icon, is_current| NavLink { title, icon, href: urls::styleguide(), is_current };
        let event = |minutes, sentence: &str, icon, tenant: Option<&str>| EventView {
            at: moment(minutes),
            who: "Maria Okafor".into(),
            sentence: sentence.into(),
            icon,
            tenant: tenant.map(|name| Crumb::new(name, urls::tenants())),
        };
        let fields = vec![
            Field::text("plain", "Name"),
            Field::email("hinted", "Owner's e-mail")
                .with_hint("The owner gets an invitation and chooses a password."),
            Field::text("filled", "Name of the organisation").filled("جمعية الهلال الأخضر", None),
            Field::email("wrong", "Owner's e-mail")
                .with_hint("The owner gets an invitation.")
                .filled("dana", Some("Enter the owner's e-mail in full, such as dana@example.org.".into())),
        ];
        let choice =
            |value: &str, text: &str, is_chosen| Choice { value: value.into(), text: text.into(), is_chosen };
        let usage = |used, text: &str| Usage { label: "Places".into(), text: text.into(), used, most: 500 };
        Self {
            shell,
            colours: vec![
                ("page", "behind everything"),
                ("paper", "cards"),
                ("sunk", "heads of tables, code"),
                ("ink", "text"),
                ("quiet", "text that can wait"),
                ("line", "between things"),
                ("accent", "what can be pressed"),
                ("accent-soft", "where one is"),
                ("good", "all is well"),
                ("busy", "something is going on"),
                ("warn", "look at this"),
                ("bad", "this is broken"),
            ],
            sizes: vec![
                ("3xl", "Numbers that answer a question"),
                ("2xl", "The page's heading"),
                ("xl", "Headings of empty states"),
                ("l", "Headings of parts"),
                ("base", "What is typed"),
                ("m", "Text"),
                ("s", "Hints"),
                ("xs", "Pills, heads of tables"),
            ],
            spaces: vec!["1", "2", "3", "4", "5", "6", "7"],
            pills: vec![
                Pill::new("Ready", Tone::Good),
                Pill::new("Setting up", Tone::Busy),
                Pill::new("Paused", Tone::Warn),
                Pill::new("Needs attention", Tone::Bad),
                Pill::new("Waiting", Tone::Quiet).with_icon("clock"),
            ],
            errors: FormError::of(&fields.iter().collect::<Vec<_>>()),
            fields,
            area: Field::text("note", "Why (optional)").with_hint("Whoever looks at the history reads it."),
            code: Field { kind: "code", ..Field::text("sql", "members.sql") }
                .filled("CREATE TABLE members (\n    id INTEGER PRIMARY KEY\n);\n", None),
            select: Select {
                name: "role",
                label: "Role",
                hint: Some("Staff create tenants; administrators also invite people.".into()),
                choices: vec![choice("staff", "Staff", true), choice("admin", "Administrator", false)],
                error: None,
            },
            upload: Field::text("archive", "Template as a zip file").with_hint("Up to 2 MB."),
            facts: vec![
                Fact::text("Owner", "dana@example.org"),
                Fact::code("Id", "0199c2f4-7a31-7cc0-9a54-2b1f0e6c8d11"),
                Fact::link("Template", "NGO 1.0.0", urls::templates()),
                Fact::time("Ready since", moment(44)),
            ],
            events: vec![
                event(1, "Ready for use.", "circle-check", Some("Acme Bakery")),
                event(3, "Asked for the tenant from NGO 1.0.0.", "plus", Some("上海社区志愿者协会")),
                event(90, "Prepared the owner's invitation.", "mail", None),
            ],
            tabs: vec![
                tab("Overview", "list-details", true),
                tab("Structure", "sitemap", false),
                tab("Activity", "history", false),
            ],
            crumbs: vec![Crumb::new("Tenants", urls::tenants())],
            pager: Pager { previous: Some(urls::styleguide()), next: Some(urls::styleguide()) },
            hazards: hazards(),
            confirms: confirms(),
            secret: Secret {
                label: "invitation link".into(),
                todo: "Send this link to the owner.".into(),
                note: "It is shown only now, and works once.".into(),
                value: "https://tenants.example.org/invitations/q1Zt0c8m4x7Yv2bN5kLp9sDfGhJ3wErT6uIoA1zXcVb"
                    .into(),
            },
            usages: vec![
                usage(212, "212 of 500 used"),
                usage(430, "430 of 500 used"),
                usage(500, "500 of 500 used: full"),
            ],
            bars: bars(),
        }
    }
}
