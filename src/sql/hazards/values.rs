//! What the rows and the programs that are there have to bear: types, NULL, defaults, keys, checks.

use super::{
    Find,
    step::Step,
    types::{Fit, fit},
};
use crate::{
    schema::{Column, Default},
    sql::{
        objects::{ObjectRef, table_name},
        operation::{Operation, TableChange},
        reads,
    },
};

fn one(object: ObjectRef, sentence: String) -> Vec<Find> {
    vec![(Some(object), sentence)]
}

/// A sentence about a column that was there and gets another definition.
fn redefined(step: &Step<'_>, say: fn(&str, &Column, &Column) -> Option<String>) -> Vec<Find> {
    let Some((table, before, after)) = step.redefined() else { return Vec::new() };
    let name = format!("{}.{}", table.name, before.name);
    let sentence = say(&name, before, after);
    sentence.map(|text| one(ObjectRef::column(&table.name, &before.name), text)).unwrap_or_default()
}

pub(super) fn narrows_type(step: &Step<'_>) -> Vec<Find> {
    redefined(step, |name, before, after| {
        (fit(&before.ty, &after.ty) == Fit::Narrower)
            .then(|| format!("Narrows the column {name} from {} to {}.", before.ty, after.ty))
    })
}

pub(super) fn removes_choice(step: &Step<'_>) -> Vec<Find> {
    redefined(step, |name, before, after| match fit(&before.ty, &after.ty) {
        Fit::Without(gone) => Some(format!("Takes {} out of the list of {name}.", quoted(&gone))),
        _ => None,
    })
}

fn quoted(texts: &[String]) -> String {
    let all: Vec<String> = texts.iter().map(|text| format!("'{text}'")).collect();
    all.join(", ")
}

pub(super) fn changes_kind(step: &Step<'_>) -> Vec<Find> {
    redefined(step, |name, before, after| {
        (fit(&before.ty, &after.ty) == Fit::Another)
            .then(|| format!("Turns the values of {name} from {} into {}.", before.ty, after.ty))
    })
}

pub(super) fn not_null(step: &Step<'_>) -> Vec<Find> {
    redefined(step, |name, before, after| {
        (before.nullable && !after.nullable)
            .then(|| format!("Allows no NULL in the column {name} any more, which may hold some."))
    })
}

/// Whether a row can be added without saying what goes into the column.
fn fills_itself(column: &Column) -> bool {
    column.nullable || column.default.is_some() || column.generated.is_some() || column.auto_increment
}

pub(super) fn required_column(step: &Step<'_>) -> Vec<Find> {
    let Some((table, change)) = step.change() else { return Vec::new() };
    match change {
        TableChange::AddColumn { column, .. } if !fills_itself(column) => one(
            ObjectRef::column(&table.name, &column.name),
            format!(
                "Adds the column {}.{}, which takes no NULL, without a default.",
                table.name, column.name
            ),
        ),
        // Added a moment ago, filled, and made NOT NULL now.
        TableChange::ChangeColumn { before, column, .. }
            if step.is_fresh(&table.name, before)
                && step.column(&table.name, before).is_some_and(fills_itself)
                && !fills_itself(column) =>
        {
            one(
                ObjectRef::column(&table.name, &column.name),
                format!("Every new row of {} must say its {} from now on.", table.name, column.name),
            )
        }
        _ => Vec::new(),
    }
}

pub(super) fn new_unique(step: &Step<'_>) -> Vec<Find> {
    let Some((table, TableChange::AddIndex(index))) = step.change() else { return Vec::new() };
    if !index.unique
        || index.parts.iter().any(|part| !part.is_expression && step.is_empty(&table.name, &part.column))
    {
        return Vec::new();
    }
    let columns: Vec<&str> = index.parts.iter().map(|part| part.column.as_str()).collect();
    one(
        ObjectRef::index(&table.name, &index.name),
        format!("Allows each {} only once in {}, which may hold some twice.", columns.join(", "), table.name),
    )
}

pub(super) fn new_foreign_key(step: &Step<'_>) -> Vec<Find> {
    let Some((table, TableChange::AddForeignKey(key))) = step.change() else { return Vec::new() };
    if key.columns.iter().any(|column| step.is_empty(&table.name, column)) {
        return Vec::new();
    }
    one(
        ObjectRef::foreign_key(&table.name, &key.name),
        format!(
            "Every {}.{} must be in {} from now on; some may not be.",
            table.name,
            key.columns.join(", "),
            key.foreign_table
        ),
    )
}

pub(super) fn new_check(step: &Step<'_>) -> Vec<Find> {
    let Some((table, TableChange::AddCheck(check))) = step.change() else { return Vec::new() };
    let is_new = |object: &ObjectRef| match object {
        ObjectRef::Column { table, column } => step.is_untouched(table, column),
        _ => false,
    };
    let reads = reads::of_expression(step.before, &table.name, &check.expression).unwrap_or_default();
    if !reads.is_empty() && reads.iter().all(is_new) {
        return Vec::new();
    }
    one(
        ObjectRef::check(&table.name, &check.name),
        format!("Every row of {} must meet {} from now on; some may not.", table.name, check.expression),
    )
}

/// Foreign keys that a step makes, by their table.
pub(super) fn unindexed_foreign_key(step: &Step<'_>) -> Vec<Find> {
    let (table, keys): (&str, Vec<_>) = match step.operation {
        Operation::CreateTable { table, .. } => (&table.name, table.foreign_keys.values().collect()),
        Operation::AlterTable { table, changes } => (
            table,
            changes
                .iter()
                .filter_map(|change| match change {
                    TableChange::AddForeignKey(key) => Some(key),
                    _ => None,
                })
                .collect(),
        ),
        _ => return Vec::new(),
    };
    let Some(end) = step.end.tables.get(table_name(step.end, table)) else { return Vec::new() };
    let leads = |columns: &[String], names: Vec<&str>| {
        let mut first: Vec<String> =
            names.iter().take(columns.len()).map(|name| name.to_lowercase()).collect();
        let mut wanted: Vec<String> = columns.iter().map(|name| name.to_lowercase()).collect();
        first.sort();
        wanted.sort();
        first == wanted
    };
    let mut found = Vec::new();
    for key in keys.into_iter().filter(|key| end.foreign_keys.contains_key(&key.name)) {
        let indexed = leads(&key.columns, end.primary_key.iter().map(String::as_str).collect())
            || end.indexes.values().any(|index| {
                leads(&key.columns, index.parts.iter().map(|part| part.column.as_str()).collect())
            });
        if !indexed {
            let sentence = format!(
                "No index of {} begins with {}, which the foreign key {} needs.",
                end.name,
                key.columns.join(", "),
                key.name
            );
            found.push((Some(ObjectRef::foreign_key(&end.name, &key.name)), sentence));
        }
    }
    found
}

/// A column with its default before and after, where that is what changes.
fn defaults<'a>(step: &Step<'a>) -> Option<(&'a str, &'a Column, Option<&'a Default>, bool)> {
    let (table, change) = step.change()?;
    match change {
        TableChange::SetDefault { column, default } => {
            let before = step.column(&table.name, column)?;
            (!step.is_fresh(&table.name, column) && before.default != *default).then_some((
                table.name.as_str(),
                before,
                default.as_ref(),
                before.nullable,
            ))
        }
        _ => {
            let (_, before, after) = step.redefined()?;
            (before.default != after.default).then_some((
                table.name.as_str(),
                before,
                after.default.as_ref(),
                after.nullable,
            ))
        }
    }
}

pub(super) fn drops_default(step: &Step<'_>) -> Vec<Find> {
    match defaults(step) {
        Some((table, column, None, false)) => one(
            ObjectRef::column(table, &column.name),
            format!("Every new row of {table} must say its {} from now on: its default goes.", column.name),
        ),
        _ => Vec::new(),
    }
}

pub(super) fn changes_default(step: &Step<'_>) -> Vec<Find> {
    let mut found = match defaults(step) {
        Some((_, _, None, false)) | None => Vec::new(),
        Some((table, column, _, _)) => one(
            ObjectRef::column(table, &column.name),
            format!(
                "New rows of {table} that do not say their {} get another value than before.",
                column.name
            ),
        ),
    };
    found.extend(redefined(step, |name, before, after| {
        (before.on_update_now && !after.on_update_now)
            .then(|| format!("{name} no longer notes when its row was changed."))
    }));
    found
}

pub(super) fn drops_numbering(step: &Step<'_>) -> Vec<Find> {
    redefined(step, |name, before, after| {
        (before.auto_increment && !after.auto_increment)
            .then(|| format!("New rows get no number in {name} by themselves any more."))
    })
}

pub(super) fn changes_collation(step: &Step<'_>) -> Vec<Find> {
    redefined(step, |name, before, after| {
        (before.collation != after.collation)
            .then(|| format!("Compares and sorts the values of {name} by other rules."))
    })
}

pub(super) fn changes_computation(step: &Step<'_>) -> Vec<Find> {
    redefined(step, |name, before, after| match (&before.generated, &after.generated) {
        (None, Some(_)) => Some(format!("Computes {name} from now on; the values kept in it go.")),
        (Some(_), None) => Some(format!("Computes {name} no longer; programs must fill it in.")),
        (Some(had), Some(has)) if had.expression != has.expression => {
            Some(format!("Computes {name} in another way, for all rows."))
        }
        _ => None,
    })
}
