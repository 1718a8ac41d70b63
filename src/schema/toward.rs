//! A schema in which some of its differences from the expected one are set right.
//!
//! What is chosen is set right where there is ground for it, and nothing else is touched but what cannot stand without it:
//!
//! - A key, an index or a check that is chosen, while a column of it stays missing, is left out; so is a foreign key whose
//!   table or whose table's key stays missing. It stays a difference, and can be chosen again later.
//! - What stands on a table or column that goes, goes with it, as every engine has it: a table's triggers, foreign keys
//!   that refer to it, indexes, keys and checks over a column.
//! - A missing column comes behind the last one of those before it in the expected order that is there.

use super::{
    Column, Difference, ForeignKey, ObjectKind, Schema, Table, difference::differences, mention::mentions,
};
use std::collections::{BTreeMap, BTreeSet};

/// The found schema with the chosen differences set right.
pub fn toward(found: &Schema, expected: &Schema, chosen: &dyn Fn(&Difference) -> bool) -> Schema {
    let mut result = found.clone();
    for difference in differences(expected, found).iter().filter(|difference| chosen(difference)) {
        set_right(&mut result, expected, difference);
    }
    let tables: Vec<String> = result.tables.keys().cloned().collect();
    for name in &tables {
        if let Some(mut table) = result.tables.remove(name) {
            leave_out_what_has_no_column(&mut table, found.tables.get(name), expected.tables.get(name));
            result.tables.insert(name.clone(), table);
        }
    }
    leave_out_foreign_keys(&mut result, found, expected);
    let (tables, views) = (&result.tables, &result.views);
    result.triggers.retain(|_, trigger| {
        tables.contains_key(&trigger.table)
            || views.contains_key(&trigger.table)
            || !(found.tables.contains_key(&trigger.table) || expected.tables.contains_key(&trigger.table))
    });
    result
}

fn take_over<T: Clone>(result: &mut BTreeMap<String, T>, expected: &BTreeMap<String, T>, name: &str) {
    match expected.get(name) {
        Some(value) => {
            result.insert(name.to_owned(), value.clone());
        }
        None => {
            result.remove(name);
        }
    }
}

fn set_right(result: &mut Schema, expected: &Schema, difference: &Difference) {
    let name = difference.name.as_deref().unwrap_or_default();
    match difference.kind {
        ObjectKind::View => return take_over(&mut result.views, &expected.views, name),
        ObjectKind::Function => return take_over(&mut result.functions, &expected.functions, name),
        ObjectKind::Trigger => return take_over(&mut result.triggers, &expected.triggers, name),
        ObjectKind::Other => return take_over(&mut result.others, &expected.others, name),
        ObjectKind::Table => {
            let table = difference.table.as_deref().unwrap_or_default();
            return take_over(&mut result.tables, &expected.tables, table);
        }
        ObjectKind::Column
        | ObjectKind::ColumnOrder
        | ObjectKind::PrimaryKey
        | ObjectKind::Index
        | ObjectKind::ForeignKey
        | ObjectKind::Check
        | ObjectKind::Comment => {}
    }
    let owner = difference.table.as_deref().unwrap_or_default();
    let (Some(table), Some(wanted)) = (result.tables.get_mut(owner), expected.tables.get(owner)) else {
        return;
    };
    match difference.kind {
        ObjectKind::Column => column(table, wanted, name),
        ObjectKind::ColumnOrder => reorder(table, wanted),
        ObjectKind::PrimaryKey => table.primary_key.clone_from(&wanted.primary_key),
        ObjectKind::Index => take_over(&mut table.indexes, &wanted.indexes, name),
        ObjectKind::ForeignKey => take_over(&mut table.foreign_keys, &wanted.foreign_keys, name),
        ObjectKind::Check => take_over(&mut table.checks, &wanted.checks, name),
        ObjectKind::Comment if difference.name.is_none() => table.comment.clone_from(&wanted.comment),
        ObjectKind::Comment => {
            let comment = find(wanted, name).and_then(|column| column.comment.clone());
            if let Some(column) = table.columns.iter_mut().find(|column| column.name == name) {
                column.comment = comment;
            }
        }
        ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::Function
        | ObjectKind::Trigger
        | ObjectKind::Other => {}
    }
}

fn find<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.columns.iter().find(|column| column.name == name)
}

fn column(table: &mut Table, wanted: &Table, name: &str) {
    let place = table.columns.iter().position(|column| column.name == name);
    match (find(wanted, name), place) {
        (Some(column), Some(place)) => {
            if let Some(found) = table.columns.get_mut(place) {
                // The comment is a difference of its own.
                *found = Column { comment: found.comment.take(), ..column.clone() };
            }
        }
        (Some(column), None) => insert(table, wanted, column),
        (None, Some(place)) => {
            table.columns.remove(place);
        }
        (None, None) => {}
    }
}

fn insert(table: &mut Table, wanted: &Table, column: &Column) {
    // The same name in other letters is the same column to every engine.
    let same =
        |found: &Column| found.name.eq_ignore_ascii_case(&column.name) && find(wanted, &found.name).is_none();
    if let Some(found) = table.columns.iter_mut().find(|found| same(found)) {
        *found = column.clone();
        return;
    }
    let before = wanted.columns.iter().take_while(|other| other.name != column.name);
    let last =
        before.filter_map(|other| table.columns.iter().position(|found| found.name == other.name)).last();
    let place = last.map_or(0, |place| place + 1);
    table.columns.insert(place, column.clone());
}

/// The columns that both have in the expected order; one that is not expected stays behind the one that it is behind.
fn reorder(table: &mut Table, wanted: &Table) {
    let mut groups: BTreeMap<Option<String>, Vec<Column>> = BTreeMap::new();
    let mut head = None;
    for column in std::mem::take(&mut table.columns) {
        if find(wanted, &column.name).is_some() {
            head = Some(column.name.clone());
        }
        groups.entry(head.clone()).or_default().push(column);
    }
    let heads = std::iter::once(None).chain(wanted.columns.iter().map(|column| Some(column.name.clone())));
    table.columns = heads.filter_map(|head| groups.remove(&head)).flatten().collect();
}

/// Takes out what names a column that is not there: of what stays, what stood on a column that goes; of what comes, also what
/// would stand on a column that stays missing.
fn leave_out_what_has_no_column(table: &mut Table, found: Option<&Table>, expected: Option<&Table>) {
    let Some(found) = found else { return };
    let names: BTreeSet<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let missing = |known: &[Column]| -> Vec<String> {
        let names = known.iter().map(|column| &column.name).filter(|name| !names.contains(name.as_str()));
        names.cloned().collect()
    };
    let gone = missing(&found.columns);
    let mut all = gone.clone();
    all.extend(expected.map(|table| missing(&table.columns)).unwrap_or_default());
    if all.is_empty() {
        return;
    }
    let missing_to = |stays: bool| if stays { &gone } else { &all };
    keep(&mut table.indexes, &found.indexes, expected.map(|table| &table.indexes), |index, stays| {
        let missing = missing_to(stays);
        let named = |text: &str| missing.iter().any(|name| mentions(text, name));
        let is_over = |part: &super::IndexPart| {
            if part.is_expression { named(&part.column) } else { missing.contains(&part.column) }
        };
        !index.parts.iter().any(is_over) && !index.filter.as_deref().is_some_and(named)
    });
    keep(
        &mut table.foreign_keys,
        &found.foreign_keys,
        expected.map(|table| &table.foreign_keys),
        |key, stays| !key.columns.iter().any(|column| missing_to(stays).contains(column)),
    );
    keep(&mut table.checks, &found.checks, expected.map(|table| &table.checks), |check, stays| {
        !missing_to(stays).iter().any(|column| mentions(&check.expression, column))
    });
    let stays = table.primary_key == found.primary_key;
    if table.primary_key.iter().any(|column| missing_to(stays).contains(column)) {
        table.primary_key =
            found.primary_key.iter().filter(|column| !gone.contains(column)).cloned().collect();
    }
}

/// Keeps what has ground, which may be more for what stays than for what comes. Where something else was to come in the place
/// of what was found, and has none, what was found stays.
fn keep<T: Clone + PartialEq>(
    result: &mut BTreeMap<String, T>,
    found: &BTreeMap<String, T>,
    expected: Option<&BTreeMap<String, T>>,
    has_ground: impl Fn(&T, bool) -> bool,
) {
    result.retain(|name, value| has_ground(value, found.get(name) == Some(value)));
    for (name, value) in found {
        let was_to_change = expected.is_some_and(|expected| expected.contains_key(name));
        if was_to_change && !result.contains_key(name) && has_ground(value, true) {
            result.insert(name.clone(), value.clone());
        }
    }
}

/// Takes out foreign keys whose table or columns are not there, and those that were to come and find no key there.
fn leave_out_foreign_keys(result: &mut Schema, found: &Schema, expected: &Schema) {
    let none = BTreeMap::new();
    let names: Vec<String> = result.tables.keys().cloned().collect();
    for name in names {
        let Some(table) = result.tables.get_mut(&name) else { continue };
        let mut keys = std::mem::take(&mut table.foreign_keys);
        let was = found.tables.get(&name).map_or(&none, |table| &table.foreign_keys);
        let wanted = expected.tables.get(&name).map(|table| &table.foreign_keys);
        let there = |key: &ForeignKey| {
            let table = result.tables.get(&name);
            table.is_some_and(|table| key.columns.iter().all(|name| find(table, name).is_some()))
        };
        keep(&mut keys, was, wanted, |key, stays| there(key) && stands(result, found, key, stays));
        if let Some(table) = result.tables.get_mut(&name) {
            table.foreign_keys = keys;
        }
    }
}

fn stands(schema: &Schema, found: &Schema, key: &ForeignKey, was_there: bool) -> bool {
    let same = |name: &str| name.eq_ignore_ascii_case(&key.foreign_table);
    let Some((_, parent)) = schema.tables.iter().find(|(name, _)| same(name)) else {
        // What referred to nothing that the schema shows before, still does.
        return was_there && !found.tables.keys().any(|name| same(name));
    };
    let is_there = |name: &String| parent.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    key.foreign_columns.iter().all(is_there) && (was_there || is_key(parent, &key.foreign_columns))
}

fn is_key(table: &Table, columns: &[String]) -> bool {
    let sorted = |names: &mut dyn Iterator<Item = &String>| {
        let mut names: Vec<String> = names.map(|name| name.to_ascii_lowercase()).collect();
        names.sort_unstable();
        names
    };
    let wanted = sorted(&mut columns.iter());
    sorted(&mut table.primary_key.iter()) == wanted
        || table.indexes.values().any(|index| {
            index.unique
                && index.filter.is_none()
                && index.parts.iter().all(|part| !part.is_expression && part.prefix.is_none())
                && sorted(&mut index.parts.iter().map(|part| &part.column)) == wanted
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Type, losses, samples};

    /// The schema that comes of choosing these objects, and the objects of the differences that are left.
    fn choose(found: &Schema, objects: &[&str]) -> (Schema, Vec<String>) {
        let expected = samples::schema();
        let result = toward(found, &expected, &|difference| objects.contains(&difference.object.as_str()));
        let left = differences(&expected, &result).into_iter().map(|difference| difference.object).collect();
        (result, left)
    }

    #[test]
    fn all_of_them_lead_to_what_is_expected_and_none_of_them_nowhere() {
        let expected = samples::schema();
        let empty = Schema::default();
        let mut other = expected.clone();
        other.tables.remove("gifts");
        other.views.clear();
        samples::table_mut(&mut other, "people").columns.swap(0, 2);
        samples::table_mut(&mut other, "people").columns.push(samples::column("shoe", Type::Date));
        samples::table_mut(&mut other, "people")
            .indexes
            .insert("mine".into(), samples::index("mine", true, &["shoe"]));
        for (from, to) in [(&empty, &expected), (&expected, &empty), (&other, &expected), (&expected, &other)]
        {
            assert_eq!(toward(from, to, &|_| true), *to);
            assert_eq!(toward(from, to, &|_| false), *from);
        }
    }

    #[test]
    fn what_stands_on_something_that_goes_goes_with_it() {
        let mut found = samples::schema();
        let people = samples::table_mut(&mut found, "people");
        people.columns.push(samples::column("shoe", Type::Date));
        people.indexes.insert("mine".into(), samples::index("mine", false, &["shoe", "age"]));
        people.checks.insert(
            "fits".into(),
            crate::schema::Check { name: "fits".into(), expression: "shoe > 1".into() },
        );
        assert_eq!(choose(&found, &["people.shoe"]).1, [""; 0]);
        let mut found = samples::schema();
        let mut extra = samples::table("extra", vec![samples::column("id", Type::Date)]);
        extra.primary_key = vec!["id".into()];
        found.tables.insert("extra".into(), extra);
        let key = samples::foreign_key("mine", "age", "extra");
        samples::table_mut(&mut found, "people").foreign_keys.insert("mine".into(), key);
        assert_eq!(choose(&found, &["extra"]).1, [""; 0]);
        // Chosen the other way round, the table stays.
        assert_eq!(choose(&found, &["people.mine"]).1, ["extra"]);
    }

    #[test]
    fn what_finds_no_ground_is_left_out_and_stays_a_difference() {
        let mut found = samples::schema();
        found.tables.remove("people");
        found.triggers.clear();
        samples::table_mut(&mut found, "gifts").foreign_keys.clear();
        assert_eq!(choose(&found, &["gifts.of_person", "log"]).1, ["gifts.of_person", "people", "log"]);
        assert_eq!(choose(&found, &["gifts.of_person", "people", "log"]).1, [""; 0]);
        let mut found = samples::schema();
        let people = samples::table_mut(&mut found, "people");
        people.columns.retain(|column| column.name != "mail");
        people.indexes.remove("by_mail");
        assert_eq!(choose(&found, &["people.by_mail"]).1, ["people.mail", "people.by_mail"]);
        samples::table_mut(&mut found, "people").primary_key.clear();
        samples::table_mut(&mut found, "gifts").foreign_keys.clear();
        let (result, left) = choose(&found, &["gifts.of_person"]);
        assert!(left.contains(&"gifts.of_person".to_owned()) && result == found);
    }

    #[test]
    fn a_word_that_is_a_missing_columns_name_takes_nothing_away() {
        let mut found = samples::schema();
        let people = samples::table_mut(&mut found, "people");
        people.columns.retain(|column| column.name != "mail");
        people.indexes.remove("by_mail");
        let check = crate::schema::Check { name: "mine".into(), expression: "name <> 'mail'".into() };
        people.checks.insert("mine".into(), check);
        assert_eq!(choose(&found, &[]).0, found);
    }

    #[test]
    fn a_missing_column_comes_where_it_belongs() {
        let mut found = samples::schema();
        let people = samples::table_mut(&mut found, "people");
        people.columns.retain(|column| column.name != "mail");
        people.indexes.remove("by_mail");
        people.columns.insert(2, samples::column("shoe", Type::Date));
        let (result, _) = choose(&found, &["people.mail"]);
        let names: Vec<&str> =
            result.tables["people"].columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["id", "name", "mail", "shoe", "age"]);
    }

    #[test]
    fn an_order_is_set_right_around_columns_that_are_not_expected() {
        let mut found = samples::schema();
        let people = samples::table_mut(&mut found, "people");
        people.columns.reverse();
        people.columns.insert(1, samples::column("shoe", Type::Date));
        let (result, left) = choose(&found, &["people"]);
        let names: Vec<&str> =
            result.tables["people"].columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["id", "name", "mail", "age", "shoe"]);
        assert_eq!(left, ["people.shoe"]);
    }

    #[test]
    fn a_columns_comment_and_its_type_are_two_decisions() {
        let mut found = samples::schema();
        let name = samples::column_mut(&mut found, "people", "name");
        name.comment = Some("Mine".into());
        name.ty = Type::Varchar(50);
        let only = |kind: ObjectKind| toward(&found, &samples::schema(), &move |one| one.kind == kind);
        let mut retyped = only(ObjectKind::Column);
        let column = samples::column_mut(&mut retyped, "people", "name");
        assert_eq!((column.ty.clone(), column.comment.as_deref()), (Type::Varchar(100), Some("Mine")));
        let mut silent = only(ObjectKind::Comment);
        let column = samples::column_mut(&mut silent, "people", "name");
        assert_eq!((column.ty.clone(), column.comment.as_deref()), (Type::Varchar(50), None));
    }

    #[test]
    fn what_would_be_lost_is_said_before() {
        let found = samples::schema();
        let mut wanted = found.clone();
        wanted.tables.remove("gifts");
        samples::column_mut(&mut wanted, "people", "name").ty = Type::Varchar(50);
        samples::table_mut(&mut wanted, "people").columns.pop();
        assert_eq!(
            losses(&found, &wanted),
            [
                "The table gifts goes, with all its rows.",
                "The values of people.name are brought from VARCHAR(100) to VARCHAR(50), which cannot hold all of them as they are.",
                "The column people.age goes, with all its values.",
            ]
        );
        assert!(losses(&found, &found).is_empty());
    }
}
