//! What goes away or gets another name.

use super::{
    Find,
    step::{Step, column},
};
use crate::{
    schema::{Index, Table},
    sql::{
        effects::constraint,
        objects::{ObjectRef, table_name},
        operation::{Operation, TableChange},
        reads,
    },
};

fn one(object: ObjectRef, sentence: String) -> Vec<Find> {
    vec![(Some(object), sentence)]
}

pub(super) fn drops_table(step: &Step<'_>) -> Vec<Find> {
    let Operation::DropTable { table, .. } = step.operation else { return Vec::new() };
    match step.table(table) {
        Some(table) if !step.is_fresh_table(&table.name) => {
            one(ObjectRef::table(&table.name), format!("Drops the table {} and every row in it.", table.name))
        }
        _ => Vec::new(),
    }
}

pub(super) fn drops_column(step: &Step<'_>) -> Vec<Find> {
    let Some((table, TableChange::DropColumn(name))) = step.change() else { return Vec::new() };
    let Some(gone) = column(table, name).filter(|gone| !step.is_fresh(&table.name, &gone.name)) else {
        return Vec::new();
    };
    let values = if gone.generated.is_some() {
        "Drops the computed column {}, which programs may still read."
    } else {
        "Drops the column {} and every value in it."
    };
    let object = ObjectRef::column(&table.name, &gone.name);
    one(object, values.replace("{}", &format!("{}.{}", table.name, gone.name)))
}

/// The index that a change takes away from a table.
fn dropped_index<'a>(step: &Step<'a>) -> Option<(&'a Table, &'a Index)> {
    let (table, change) = step.change()?;
    let (TableChange::DropIndex(name) | TableChange::DropConstraint(name)) = change else { return None };
    Some((table, super::step::index(table, name)?))
}

/// The columns and expressions of an index, to compare.
fn parts(index: &Index) -> Vec<String> {
    index.parts.iter().map(|part| part.column.to_lowercase()).collect()
}

/// The indexes that a table has in the end, its primary key among them.
fn end_indexes(step: &Step<'_>, table: &str) -> Vec<(bool, Vec<String>)> {
    let Some(found) = step.end.tables.get(table_name(step.end, table)) else { return Vec::new() };
    let key: Vec<String> = found.primary_key.iter().map(|name| name.to_lowercase()).collect();
    found
        .indexes
        .values()
        .map(|index| (index.unique, parts(index)))
        .chain((!key.is_empty()).then_some((true, key)))
        .collect()
}

pub(super) fn drops_index(step: &Step<'_>) -> Vec<Find> {
    let Some((table, index)) = dropped_index(step).filter(|(_, index)| !index.unique) else {
        return Vec::new();
    };
    let gone = parts(index);
    if end_indexes(step, &table.name).iter().any(|(_, other)| other.starts_with(&gone)) {
        return Vec::new();
    }
    one(
        ObjectRef::index(&table.name, &index.name),
        format!("Drops the index {} of {}, which searches may need.", index.name, table.name),
    )
}

pub(super) fn drops_unique(step: &Step<'_>) -> Vec<Find> {
    let Some((table, index)) = dropped_index(step).filter(|(_, index)| index.unique) else {
        return Vec::new();
    };
    let gone = parts(index);
    if end_indexes(step, &table.name).iter().any(|(unique, other)| *unique && *other == gone) {
        return Vec::new();
    }
    one(
        ObjectRef::index(&table.name, &index.name),
        format!("From now on {} may hold the same {} twice.", table.name, gone.join(", ")),
    )
}

pub(super) fn drops_foreign_key(step: &Step<'_>) -> Vec<Find> {
    let Some((table, change)) = step.change() else { return Vec::new() };
    let name = match change {
        TableChange::DropForeignKey(name) => name,
        TableChange::DropConstraint(name)
            if matches!(constraint(step.before, &table.name, name), ObjectRef::ForeignKey { .. }) =>
        {
            name
        }
        _ => return Vec::new(),
    };
    let Some(key) = table.foreign_keys.get(name) else { return Vec::new() };
    let end = step.end.tables.get(table_name(step.end, &table.name));
    let is_made_again = end.is_some_and(|end| {
        end.foreign_keys
            .values()
            .any(|other| other.columns == key.columns && other.foreign_table == key.foreign_table)
    });
    if is_made_again {
        return Vec::new();
    }
    one(
        ObjectRef::foreign_key(&table.name, name),
        format!(
            "From now on {}.{} may name rows of {} that are not there.",
            table.name,
            key.columns.join(", "),
            key.foreign_table
        ),
    )
}

pub(super) fn drops_check(step: &Step<'_>) -> Vec<Find> {
    let Some((table, change)) = step.change() else { return Vec::new() };
    let (TableChange::DropCheck(name) | TableChange::DropConstraint(name)) = change else {
        return Vec::new();
    };
    let Some(check) = table.checks.get(name) else { return Vec::new() };
    let end = step.end.tables.get(table_name(step.end, &table.name));
    if end.is_some_and(|end| end.checks.values().any(|other| other.expression == check.expression)) {
        return Vec::new();
    }
    one(
        ObjectRef::check(&table.name, name),
        format!("From now on {} takes rows that its check {name} refused.", table.name),
    )
}

pub(super) fn renames_table(step: &Step<'_>) -> Vec<Find> {
    match step.change() {
        Some((table, TableChange::RenameTable(after))) => {
            one(ObjectRef::table(&table.name), format!("Calls the table {} {after} from now on.", table.name))
        }
        _ => Vec::new(),
    }
}

pub(super) fn renames_column(step: &Step<'_>) -> Vec<Find> {
    let Some((table, change)) = step.change() else { return Vec::new() };
    let (before, after) = match change {
        TableChange::RenameColumn { before, after } => (before, after),
        TableChange::ChangeColumn { before, column, .. } => (before, &column.name),
        _ => return Vec::new(),
    };
    match column(table, before) {
        Some(known) if known.name != *after && !step.is_fresh(&table.name, &known.name) => one(
            ObjectRef::column(&table.name, &known.name),
            format!("Calls the column {}.{} {after} from now on.", table.name, known.name),
        ),
        _ => Vec::new(),
    }
}

pub(super) fn changes_primary_key(step: &Step<'_>) -> Vec<Find> {
    let Some((table, change)) = step.change() else { return Vec::new() };
    let sentence = match change {
        TableChange::DropPrimaryKey => format!("Takes the primary key of {} away.", table.name),
        TableChange::AddPrimaryKey(columns) => {
            format!("Makes {} the primary key of {}.", columns.join(", "), table.name)
        }
        _ => return Vec::new(),
    };
    one(ObjectRef::primary_key(&table.name), sentence)
}

pub(super) fn view_in_the_way(step: &Step<'_>) -> Vec<Find> {
    // Only tables and columns go by a name that a view's query says.
    let gone = |object: &&ObjectRef| matches!(object, ObjectRef::Table { .. } | ObjectRef::Column { .. });
    let gone: Vec<&ObjectRef> = step.touched.drops.iter().filter(gone).collect();
    if gone.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for view in step.before.views.values() {
        let object = Some(ObjectRef::view(&view.name));
        match reads::of_query(step.before, &view.query) {
            Ok(reads) => {
                // A table that goes takes its columns along; it is named alone.
                if let Some(object_gone) = gone.iter().find(|gone| reads.contains(**gone)) {
                    found.push((
                        object,
                        format!("The view {} reads {object_gone}, and cannot be read without it.", view.name),
                    ));
                }
            }
            Err(_) => found.push((
                object,
                format!("The view {} may read what goes; its query is not understood.", view.name),
            )),
        }
    }
    found
}
