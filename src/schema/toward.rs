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
    leave_out_foreign_keys(&mut result, found);
    let tables = &result.tables;
    let views = &result.views;
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
        ObjectKind::Table | ObjectKind::View | ObjectKind::Function | ObjectKind::Trigger => {}
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

/// Takes out what names a column that is not there.
fn leave_out_what_has_no_column(table: &mut Table, found: Option<&Table>, expected: Option<&Table>) {
    let names: BTreeSet<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let known = found.into_iter().chain(expected).flat_map(|table| &table.columns);
    let missing: Vec<&str> =
        known.map(|column| column.name.as_str()).filter(|name| !names.contains(name)).collect();
    if missing.is_empty() {
        return;
    }
    let has_all = |columns: &[String]| columns.iter().all(|column| !missing.contains(&column.as_str()));
    table.indexes.retain(|_, index| {
        index.parts.iter().all(|part| {
            if part.is_expression {
                !missing.iter().any(|name| mentions(&part.column, name))
            } else {
                !missing.contains(&part.column.as_str())
            }
        }) && !index.filter.as_ref().is_some_and(|filter| missing.iter().any(|name| mentions(filter, name)))
    });
    table.foreign_keys.retain(|_, key| has_all(&key.columns));
    table.checks.retain(|_, check| !missing.iter().any(|name| mentions(&check.expression, name)));
    if !has_all(&table.primary_key) {
        let before = found.map(|table| table.primary_key.clone()).unwrap_or_default();
        table.primary_key = if has_all(&before) {
            before
        } else {
            before.into_iter().filter(|name| has_all(std::slice::from_ref(name))).collect()
        };
    }
}

/// Takes out foreign keys whose table or columns are not there, and those that were to come and find no key there.
fn leave_out_foreign_keys(result: &mut Schema, found: &Schema) {
    let standing: BTreeSet<(String, String)> = result
        .tables
        .iter()
        .flat_map(|(name, table)| table.foreign_keys.iter().map(move |(key, value)| (name, key, value)))
        .filter(|(table, name, key)| {
            let was = found.tables.get(*table).and_then(|table| table.foreign_keys.get(*name));
            stands(result, found, key, was == Some(*key))
        })
        .map(|(table, name, _)| (table.clone(), name.clone()))
        .collect();
    for (name, table) in &mut result.tables {
        table.foreign_keys.retain(|key, _| standing.contains(&(name.clone(), key.clone())));
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
