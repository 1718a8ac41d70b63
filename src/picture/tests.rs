use super::layout::{Frame, Layout};
use super::*;
use crate::schema::{Column, ForeignKey, ReferentialAction, Schema, Table, Type};
use proptest::prelude::*;

/// Reads `table: column type, column? type, column type > other, …` lines; `?` means nullable, `id` is the key.
pub(super) fn schema(text: &str) -> Schema {
    let mut schema = Schema::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, columns) = line.split_once(": ").unwrap();
        let mut table = empty_table(name);
        for column in columns.split(", ") {
            let (column, target) = column.split_once(" > ").map_or((column, None), |(c, t)| (c, Some(t)));
            let (column, ty) = column.split_once(' ').unwrap_or((column, "bigint"));
            add_column(&mut table, column.trim_end_matches('?'), ty, column.ends_with('?'));
            if let Some(target) = target {
                add_key(&mut table, column.trim_end_matches('?'), target);
            }
        }
        schema.tables.insert(name.to_owned(), table);
    }
    schema
}

fn empty_table(name: &str) -> Table {
    Table {
        name: name.to_owned(),
        columns: Vec::new(),
        primary_key: vec!["id".to_owned()],
        indexes: BTreeMap::new(),
        foreign_keys: BTreeMap::new(),
        checks: BTreeMap::new(),
        comment: None,
    }
}

fn add_column(table: &mut Table, name: &str, ty: &str, nullable: bool) {
    table.columns.push(Column {
        name: name.to_owned(),
        ty: if ty == "bigint" {
            Type::Integer { bits: 64, unsigned: true }
        } else {
            Type::Other(ty.to_owned())
        },
        nullable,
        default: None,
        auto_increment: false,
        on_update_now: false,
        generated: None,
        collation: None,
        comment: None,
    });
}

fn add_key(table: &mut Table, column: &str, target: &str) {
    let name = format!("fk_{}_{column}_{}", table.name, table.foreign_keys.len());
    let key = ForeignKey {
        name: name.clone(),
        columns: vec![column.to_owned()],
        foreign_table: target.to_owned(),
        foreign_columns: vec!["id".to_owned()],
        on_delete: ReferentialAction::SetNull,
        on_update: ReferentialAction::NoAction,
    };
    table.foreign_keys.insert(name, key);
}

pub(super) const BASIC: &str = "
    users: id, uuid char(36), first_name varchar(100), last_name varchar(100), email varchar(255), email_verified_at? timestamp, password_hash varchar(255), status? enum, last_login_at? timestamp, created_at? timestamp, updated_at? timestamp, deleted_at? timestamp
    roles: id, name varchar(255), guard_name? varchar(255), created_at? timestamp, updated_at? timestamp
    permissions: id, name varchar(255), guard_name? varchar(255), created_at? timestamp, updated_at? timestamp
    role_permissions: id, role_id > roles, permission_id > permissions
    user_roles: id, user_id > users, role_id > roles, created_at? timestamp
    settings: id, key varchar(255), value? text, type? enum, group? varchar(100), created_at? timestamp, updated_at? timestamp
    audit_logs: id, user_id?, event varchar(255), auditable_type? varchar(255), auditable_id?, old_values? json, new_values? json, ip_address? varchar(45), user_agent? text, created_at? timestamp
";

pub(super) const NGO: &str = "
    members: id, uuid char(36), user_id? > users, membership_number? varchar(100), first_name varchar(100), last_name varchar(100), email varchar(255), phone? varchar(20), join_date date, membership_type? enum, membership_status? enum, address? json, metadata? json, created_at? timestamp, updated_at? timestamp, deleted_at? timestamp
    campaigns: id, name varchar(255), goal? decimal(12,2), starts_on date, ends_on? date, manager_id? > users, parent_id? > campaigns
    donations: id, member_id? > members, campaign_id? > campaigns, donation_date date, amount decimal(10,2), currency? varchar(3), donation_type? enum, payment_method? varchar(50), receipt_number? varchar(100), notes? text, created_at? timestamp, updated_at? timestamp
    events: id, name varchar(255), place? varchar(255), starts_at datetime, ends_at? datetime, campaign_id? > campaigns
    event_registrations: id, event_id > events, member_id > members, status? enum, created_at? timestamp
    volunteers: id, member_id > members, skills? json, available_from? date
    volunteer_shifts: id, volunteer_id > volunteers, event_id > events, starts_at datetime, hours? decimal(4,1)
    grants: id, funder varchar(255), amount decimal(12,2), status enum, due_on? date
    grant_reports: id, grant_id > grants, written_by? > users, body? text, sent_at? timestamp
";

fn ngo() -> Schema {
    schema(&format!("{BASIC}{NGO}"))
}

fn laid_out(schema: &Schema) -> (Vec<cards::Card>, Vec<cards::Link>, Layout) {
    let (cards, links) = cards::make(schema, &Options::default());
    let layout = layout::arrange(&cards, &links);
    (cards, links, layout)
}

fn overlap(one: &Frame, other: &Frame) -> bool {
    one.left < other.left + other.width
        && other.left < one.left + one.width
        && one.top < other.top + other.height
        && other.top < one.top + one.height
}

/// The first thing wrong with a layout, if any.
fn fault(cards: &[cards::Card], links: &[cards::Link], layout: &Layout) -> Option<String> {
    let name = |card: usize| cards[card].table.as_str();
    for (place, frame) in layout.frames.iter().enumerate() {
        if frame.width < cards[place].width || frame.height != cards[place].height() {
            return Some(format!("{} is cut: {frame:?}", name(place)));
        }
        if frame.left < 0
            || frame.top < 0
            || frame.left + frame.width > layout.width
            || frame.top + frame.height > layout.height
        {
            return Some(format!("{} is outside: {frame:?}", name(place)));
        }
        for (other, frame_of_other) in layout.frames.iter().enumerate().skip(place + 1) {
            if overlap(frame, frame_of_other) {
                return Some(format!("{} and {} overlap", name(place), name(other)));
            }
        }
    }
    for (number, link) in links.iter().enumerate() {
        let Some(wire) = layout.wires.get(&number) else {
            return Some(format!("{} has no line", link.tooltip));
        };
        let ends = [(link.parent, wire.points[0]), (link.child, *wire.points.last().unwrap())];
        for (card, (x, y)) in ends {
            let frame = layout.frames[card];
            let on_side = x == frame.left || x == frame.left + frame.width;
            if !on_side || y < frame.top || y > frame.top + frame.height {
                return Some(format!("{} does not end at {}", link.tooltip, name(card)));
            }
        }
        for pair in wire.points.windows(2) {
            let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
            if ax != bx && ay != by {
                return Some(format!("{} is slanted", link.tooltip));
            }
            if ax.max(bx) > layout.width || ay.max(by) > layout.height || ax.min(bx) < 0 || ay.min(by) < 0 {
                return Some(format!("{} leaves the picture", link.tooltip));
            }
            let through = layout.frames.iter().position(|frame| {
                ax.min(bx) < frame.left + frame.width
                    && frame.left < ax.max(bx)
                    && ay.min(by) < frame.top + frame.height
                    && frame.top < ay.max(by)
                    || ay == by
                        && frame.top < ay
                        && ay < frame.top + frame.height
                        && ax.min(bx) < frame.left + frame.width
                        && frame.left < ax.max(bx)
                    || ax == bx
                        && frame.left < ax
                        && ax < frame.left + frame.width
                        && ay.min(by) < frame.top + frame.height
                        && frame.top < ay.max(by)
            });
            if let Some(card) = through {
                return Some(format!("{} runs through {}", link.tooltip, name(card)));
            }
        }
    }
    None
}

/// The cards of a module that share a column stand together, and what encloses them encloses no other.
#[test]
fn cards_of_a_module_stand_together_and_their_ground_holds_no_others() {
    let schema = ngo();
    let group = |(place, name): (usize, &String)| {
        (name.clone(), Group { index: place % 4, name: format!("Module {}", place % 4) })
    };
    let groups = schema.tables.keys().enumerate().map(group).collect();
    let options = Options { groups, ..Options::default() };
    let (cards, links) = cards::make(&schema, &options);
    let layout = layout::arrange(&cards, &links);
    assert_eq!(fault(&cards, &links, &layout), None);
    assert!(layout.regions.len() > 1, "{:?}", layout.regions);
    for (tint, region) in &layout.regions {
        let inside = |frame: &Frame| overlap(frame, region);
        let held: Vec<_> = cards.iter().zip(&layout.frames).filter(|(_, frame)| inside(frame)).collect();
        assert!(held.len() > 1, "{tint}");
        assert!(held.iter().all(|(card, _)| card.tint == Some(*tint)), "{tint}: {held:?}");
    }
    // In one column there is one ground a module.
    for (place, (tint, region)) in layout.regions.iter().enumerate() {
        let again = layout
            .regions
            .iter()
            .skip(place + 1)
            .any(|(other, frame)| other == tint && frame.left == region.left);
        assert!(!again, "{tint} stands apart from itself");
    }
}

fn assert_sound(schema: &Schema) {
    let (cards, links, layout) = laid_out(schema);
    assert_eq!(fault(&cards, &links, &layout), None);
}

#[test]
fn the_plans_tables_are_drawn_without_overlap_and_no_line_runs_through_a_table() {
    assert_sound(&schema(BASIC));
    assert_sound(&ngo());
}

#[test]
fn the_same_schema_always_gives_the_same_picture() {
    let first = draw(&ngo(), &Options::default());
    assert_eq!(first, draw(&ngo(), &Options::default()));
    assert!(first.svg.contains("donations"));
}

#[test]
fn every_foreign_key_is_a_line_and_a_sentence() {
    let schema = ngo();
    let keys: usize = schema.tables.values().map(|table| table.foreign_keys.len()).sum();
    let picture = draw(&schema, &Options::default());
    assert_eq!(picture.svg.matches("class=\"er-wire\"").count(), keys);
    assert_eq!(picture.text.len(), schema.tables.len() + keys);
    assert!(picture.text.iter().any(|sentence| sentence
        == "Each row of donations may point to one row of members (donations.member_id to members.id); \
            when that row is deleted, the pointer becomes empty."));
}

#[test]
fn names_are_escaped_wherever_they_stand() {
    let evil = "</svg><script>alert('\"1')</script>";
    let schema = schema(&format!("{evil}: id, {evil}? > {evil}\nplain: id, x > </title><b>"));
    let options = Options {
        title: evil.to_owned(),
        base: "/x\"><script>".to_owned(),
        groups: BTreeMap::from([(evil.to_owned(), Group { index: 3, name: evil.to_owned() })]),
        ..Options::default()
    };
    let svg = draw(&schema, &options).svg;
    assert!(!svg.contains("<script") && !svg.contains("<b>") && !svg.contains("&#39;\"1"));
    assert_eq!(svg.matches("</svg>").count(), 1);
    assert!(svg.contains("href=\"/x&quot;&gt;&lt;script&gt;#table-%3C%2Fsvg%3E%3Cscript%3E"));
    let page = scraper::Html::parse_fragment(&svg);
    let number = |name: &str| page.select(&scraper::Selector::parse(name).unwrap()).count();
    assert_eq!((number("svg"), number("script"), number("b"), number("svg > a")), (1, 0, 0, 2));
}

#[test]
fn nothing_is_styled_inline() {
    let options = Options {
        groups: BTreeMap::from([("users".to_owned(), Group { index: 0, name: "Core".to_owned() })]),
        own_tables: std::collections::BTreeSet::from(["events".to_owned()]),
        ..Options::default()
    };
    let svg = draw(&ngo(), &options).svg;
    assert!(svg.contains("er-group-1") && svg.contains("er-own"));
    for banned in ["style", " fill=", " stroke=", " on", "<use", "javascript:"] {
        assert!(!svg.contains(banned), "{banned} in the picture");
    }
}

#[test]
fn every_class_that_is_drawn_has_a_rule() {
    let css = include_str!("../../static/picture.css");
    let mut schema = ngo();
    add_key(schema.tables.get_mut("settings").unwrap(), "id", "nowhere");
    let options = Options {
        max_columns: 3,
        groups: schema
            .tables
            .keys()
            .enumerate()
            .map(|(index, table)| (table.clone(), Group { index, name: format!("Group {index}") }))
            .collect(),
        own_tables: std::collections::BTreeSet::from(["events".to_owned()]),
        ..Options::default()
    };
    let svg = draw(&schema, &options).svg;
    let without_rule = ["er-lines", "er-cols", "er-legend", "er-line", "er-col"];
    for classes in svg.split("class=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        for class in classes.split(' ').filter(|class| !without_rule.contains(class)) {
            let rule = |next: &str| css.contains(&format!(".{class}{next}"));
            assert!([" ", ".", ":", ","].iter().any(|next| rule(next)), "no rule for {class}");
        }
    }
    assert_eq!(css.matches(".er-group-").count(), TINTS);
}

#[test]
fn a_schema_without_tables_is_an_empty_picture_that_says_so() {
    let picture = draw(&Schema::default(), &Options::default());
    assert!(picture.svg.contains("There are no tables."));
    assert!(picture.text.is_empty());
}

#[test]
fn a_single_table_is_a_link_to_its_description() {
    let options = Options { base: "/tenants/acme/structure".to_owned(), ..Options::default() };
    let picture = draw(&schema("users: id, name text"), &options);
    assert!(picture.svg.contains("href=\"/tenants/acme/structure#table-users\""));
    assert_eq!(picture.text, ["Table users has 2 columns: id, bigint, key; name, text."]);
    assert_eq!(anchor("users"), "table-users");
}

#[test]
fn a_table_that_points_to_itself_has_a_loop_at_its_side() {
    let schema = schema("campaigns: id, name text, parent_id? > campaigns");
    assert_sound(&schema);
    let (_, _, layout) = laid_out(&schema);
    assert_eq!(layout.wires[&0].points.len(), 4);
}

#[test]
fn a_cycle_is_drawn_with_all_its_lines() {
    assert_sound(&schema("a: id, b_id > b\nb: id, c_id > c\nc: id, a_id > a, b_id > b"));
}

#[test]
fn a_target_that_is_missing_is_drawn_as_such_and_is_no_link() {
    let picture = draw(&schema("a: id, b_id > nowhere"), &Options::default());
    assert!(picture.svg.contains("er-missing") && picture.svg.contains("not in this schema"));
    assert!(!picture.svg.contains("#table-nowhere"));
}

#[test]
fn the_case_of_a_targets_name_is_overlooked() {
    let picture = draw(&schema("Users: id\norders: id, user_id > users"), &Options::default());
    assert!(!picture.svg.contains("er-missing"));
}

#[test]
fn a_hub_that_everything_points_to_stays_within_a_readable_shape() {
    let mut text = "users: id, name text\n".to_owned();
    for number in 0..40 {
        super::text::add(
            &mut text,
            format_args!("table_{number:02}: id, user_id > users, name text, created_at? timestamp\n"),
        );
    }
    let schema = schema(&text);
    assert_sound(&schema);
    let (_, _, layout) = laid_out(&schema);
    assert!(
        layout.height < 2 * layout.width && layout.width < 3 * layout.height,
        "{}x{}",
        layout.width,
        layout.height
    );
}

#[test]
fn a_table_with_very_many_columns_shows_its_keys_and_counts_the_rest() {
    let columns: Vec<String> = (0..60).map(|number| format!("c{number} text")).collect();
    let schema = schema(&format!("wide: {}, last_id > other, id\nother: id", columns.join(", ")));
    let picture = draw(&schema, &Options { max_columns: 10, ..Options::default() });
    assert!(picture.svg.contains("and 52 more columns"));
    assert!(
        picture.svg.contains(">last_id<") && picture.svg.contains(">c7<") && !picture.svg.contains(">c8<")
    );
    assert!(picture.text[1].contains("c59"));
}

#[test]
fn at_a_glance_a_table_shows_what_ties_it_to_others_and_counts_the_rest() {
    let schema = schema("members: id, name text, email text, user_id > users\nusers: id, name text");
    let picture = draw(&schema, &Options { max_columns: 0, ..Options::default() });
    assert!(picture.svg.contains(">user_id<") && !picture.svg.contains(">email<"));
    assert!(picture.svg.contains("and 2 more columns"));
}

#[test]
fn tables_beside_what_is_looked_at_are_drawn_quietly() {
    let options =
        Options { beside: std::collections::BTreeSet::from(["users".to_owned()]), ..Options::default() };
    let svg = draw(&schema("members: id, user_id > users\nusers: id"), &options).svg;
    assert_eq!(svg.matches("er-beside").count(), 1);
}

#[test]
fn long_names_are_cut_and_whole_in_the_tooltip() {
    let long = "a_column_whose_name_goes_on_for_as_long_as_an_engine_lets_it_go_on";
    let svg = draw(&schema(&format!("t: id, {long} text")), &Options::default()).svg;
    assert!(svg.contains(&format!("<title>{long}: text</title>")));
    assert!(svg.contains("…</text>") && !svg.contains(&format!(">{long}</text>")));
}

fn random_schema() -> impl Strategy<Value = Schema> {
    let table =
        (1..9_usize, prop::collection::vec((0..9_usize, 0..26_usize, any::<bool>()), 0..4), any::<String>());
    prop::collection::vec(table, 0..24).prop_map(|tables| {
        let mut schema = Schema::default();
        for (number, (columns, keys, text)) in tables.iter().enumerate() {
            let name = format!("t{number}");
            let mut table = empty_table(&name);
            add_column(&mut table, "id", "bigint", false);
            for column in 0..*columns {
                add_column(&mut table, &format!("c{column}"), text, column % 2 == 0);
            }
            for (column, target, known) in keys {
                let target = if *known { target % tables.len() } else { *target };
                add_key(&mut table, &format!("c{column}"), &format!("t{target}"));
            }
            schema.tables.insert(name, table);
        }
        schema
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_schema_panics_overlaps_or_loses_a_line(schema in random_schema()) {
        let (cards, links, layout) = laid_out(&schema);
        prop_assert_eq!(fault(&cards, &links, &layout), None);
        let picture = draw(&schema, &Options::default());
        prop_assert_eq!(picture.svg.matches("class=\"er-wire\"").count(), links.len());
    }
}
