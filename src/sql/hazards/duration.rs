//! What takes long where there are many rows.

use super::{
    Find,
    step::Step,
    types::{Fit, fit},
};
use crate::{
    schema::{Default, Table},
    sql::{
        objects::ObjectRef,
        operation::{Operation, Position, TableChange},
    },
};

fn one(object: ObjectRef, sentence: String) -> Vec<Find> {
    vec![(Some(object), sentence)]
}

pub(super) fn rewrites_table(step: &Step<'_>) -> Vec<Find> {
    if let Some((table, before, after)) = step.redefined() {
        let is_same = fit(&before.ty, &after.ty) == Fit::Same
            && before.nullable == after.nullable
            && before.collation == after.collation
            && before.generated == after.generated
            && before.auto_increment == after.auto_increment;
        return if is_same {
            Vec::new()
        } else {
            one(
                ObjectRef::column(&table.name, &before.name),
                format!("Writes or checks every row of {}, for {}.", table.name, before.name),
            )
        };
    }
    let Some((table, change)) = step.change() else { return Vec::new() };
    match change {
        TableChange::AddColumn { column, .. } => {
            let is_written = column.generated.as_ref().is_some_and(|generated| generated.stored)
                || matches!(column.default, Some(Default::Uuid | Default::Expression(_)))
                || column.auto_increment;
            if !is_written {
                return Vec::new();
            }
            one(
                ObjectRef::column(&table.name, &column.name),
                format!("Writes every row of {}, to compute {}.", table.name, column.name),
            )
        }
        TableChange::AddPrimaryKey(_) | TableChange::DropPrimaryKey => one(
            ObjectRef::table(&table.name),
            format!("Writes every row of {}, which is kept in the order of its key.", table.name),
        ),
        _ => Vec::new(),
    }
}

/// Where a column would come to stand, counted from 0, and how many others there are.
fn place(table: &Table, column: &str, position: &Position) -> (usize, usize) {
    let others: Vec<&str> = table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .filter(|name| !name.eq_ignore_ascii_case(column))
        .collect();
    let at = match position {
        Position::First => 0,
        Position::Last => others.len(),
        Position::After(name) => others
            .iter()
            .position(|other| other.eq_ignore_ascii_case(name))
            .map_or(others.len(), |index| index + 1),
    };
    (at, others.len())
}

pub(super) fn places_column(step: &Step<'_>) -> Vec<Find> {
    let Some((table, change)) = step.change() else { return Vec::new() };
    let name = match change {
        TableChange::AddColumn { column, position } => {
            let (at, others) = place(table, &column.name, position);
            if at == others {
                return Vec::new();
            }
            &column.name
        }
        TableChange::ChangeColumn { before, column, position: Some(position) } => {
            let now = table.columns.iter().position(|known| known.name.eq_ignore_ascii_case(before));
            if now == Some(place(table, before, position).0) {
                return Vec::new();
            }
            &column.name
        }
        _ => return Vec::new(),
    };
    one(
        ObjectRef::column(&table.name, name),
        format!("Puts the column {}.{name} between others.", table.name),
    )
}

pub(super) fn builds_index(step: &Step<'_>) -> Vec<Find> {
    match step.change() {
        Some((table, TableChange::AddIndex(index))) => one(
            ObjectRef::index(&table.name, &index.name),
            format!("Reads every row of {} to build the index {}.", table.name, index.name),
        ),
        _ => Vec::new(),
    }
}

pub(super) fn writes_every_row(step: &Step<'_>) -> Vec<Find> {
    let Operation::Rows(statement) = step.operation else { return Vec::new() };
    let sqlparser::ast::Statement::Update(update) = statement.as_ref() else { return Vec::new() };
    let Some(table) = crate::sql::operations::target(statement).filter(|table| !step.is_fresh_table(table))
    else {
        return Vec::new();
    };
    if update.selection.is_some() || update.limit.is_some() {
        return Vec::new();
    }
    let table = crate::sql::objects::table_name(step.before, &table);
    one(ObjectRef::table(table), format!("Writes every row of {table} in one statement."))
}
