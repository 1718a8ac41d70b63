//! What happens to rows.

use super::{Find, step::Step};
use crate::sql::{
    effects::{follow, replaced, row_targets, written},
    objects::{ObjectRef, table_name},
    operation::Operation,
    operations::target,
};
use sqlparser::ast::{Expr, FunctionArguments, Insert, ObjectName, Query, Statement, Visit, Visitor};
use std::{collections::BTreeSet, ops::ControlFlow};

/// The statement over rows.
fn statement<'a>(step: &Step<'a>) -> Option<&'a Statement> {
    match step.operation {
        Operation::Rows(statement) => Some(statement.as_ref()),
        _ => None,
    }
}

/// The tables that were there before the migration and that a statement takes rows from.
fn targets(step: &Step<'_>, statement: &Statement) -> Vec<String> {
    let all = row_targets(step.before, statement);
    all.into_iter().filter(|table| !step.is_fresh_table(table)).collect()
}

/// Whether an expression looks at nothing in the row, such as `1 = 1`.
fn is_constant(expression: &Expr) -> bool {
    struct Looks(bool);
    impl Visitor for Looks {
        type Break = ();

        fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
            self.0 |= matches!(expression, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
            ControlFlow::Continue(())
        }

        fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
            self.0 = true;
            ControlFlow::Continue(())
        }
    }
    let mut looks = Looks(false);
    let _ = expression.visit(&mut looks);
    !looks.0
}

fn is_everything(selection: Option<&Expr>, has_limit: bool) -> bool {
    !has_limit && selection.is_none_or(is_constant)
}

/// `, and those that refer to them in a, b`
fn followers(step: &Step<'_>, table: &str) -> String {
    let gone = follow(step.before, table);
    let tables: Vec<&str> = gone
        .iter()
        .filter_map(|object| match object {
            ObjectRef::Table { table } => Some(table.as_str()),
            _ => None,
        })
        .collect();
    if tables.is_empty() {
        String::new()
    } else {
        format!(", and with them the rows of {} that refer to them", tables.join(", "))
    }
}

fn one(table: &str, sentence: String) -> Vec<Find> {
    vec![(Some(ObjectRef::table(table)), sentence)]
}

/// A sentence for each table that loses rows; `end` is what the sentence says after the table's name.
fn each_target(step: &Step<'_>, statement: &Statement, begin: &str, end: &str) -> Vec<Find> {
    targets(step, statement)
        .into_iter()
        .flat_map(|table| {
            let sentence = format!("{begin} {table}{end}{}.", followers(step, &table));
            one(&table, sentence)
        })
        .collect()
}

pub(super) fn deletes_all(step: &Step<'_>) -> Vec<Find> {
    match statement(step) {
        Some(statement @ Statement::Delete(delete))
            if is_everything(delete.selection.as_ref(), delete.limit.is_some()) =>
        {
            each_target(step, statement, "Deletes every row of", "")
        }
        _ => Vec::new(),
    }
}

pub(super) fn deletes_some(step: &Step<'_>) -> Vec<Find> {
    match statement(step) {
        Some(statement @ Statement::Delete(delete))
            if !is_everything(delete.selection.as_ref(), delete.limit.is_some()) =>
        {
            each_target(step, statement, "Deletes rows of", "")
        }
        Some(statement @ Statement::Insert(Insert { replace_into: true, .. })) => {
            each_target(step, statement, "Deletes the rows of", " whose keys it puts in anew")
        }
        _ => Vec::new(),
    }
}

/// The columns that were there before the migration and that a statement writes, as `members.phone, members.email`.
fn overwritten(step: &Step<'_>, columns: &BTreeSet<ObjectRef>) -> Option<String> {
    let names: Vec<String> = columns
        .iter()
        .filter_map(|object| match object {
            ObjectRef::Column { table, column } if !step.is_fresh(table, column) => {
                Some(format!("{table}.{column}"))
            }
            _ => None,
        })
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// What is told of a statement that overwrites columns.
fn overwrites(step: &Step<'_>, columns: &BTreeSet<ObjectRef>, end: &str) -> Vec<Find> {
    let Some(names) = overwritten(step, columns) else { return Vec::new() };
    let table = columns.iter().find_map(|object| match object {
        ObjectRef::Column { table, .. } => Some(ObjectRef::table(table)),
        _ => None,
    });
    vec![(table, format!("Overwrites {names} {end}."))]
}

pub(super) fn overwrites_all(step: &Step<'_>) -> Vec<Find> {
    match statement(step) {
        Some(statement @ Statement::Update(update))
            if is_everything(update.selection.as_ref(), update.limit.is_some()) =>
        {
            overwrites(step, &written(step.before, statement), "in every row")
        }
        _ => Vec::new(),
    }
}

pub(super) fn overwrites_some(step: &Step<'_>) -> Vec<Find> {
    match statement(step) {
        Some(statement @ Statement::Update(update))
            if !is_everything(update.selection.as_ref(), update.limit.is_some()) =>
        {
            overwrites(step, &written(step.before, statement), "in some rows")
        }
        Some(Statement::Insert(insert)) => overwrites(step, &replaced(step.before, insert), "in some rows"),
        _ => Vec::new(),
    }
}

/// Functions that give something else each time, or on each server.
const UNSTEADY: &[&str] = &[
    "NOW",
    "CURRENT_TIMESTAMP",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "SYSDATE",
    "CURDATE",
    "CURRENT_DATE",
    "CURTIME",
    "CURRENT_TIME",
    "UTC_DATE",
    "UTC_TIME",
    "UTC_TIMESTAMP",
    "UUID",
    "UUID_SHORT",
    "RAND",
    "RANDOM",
    "RANDOM_BYTES",
    "CONNECTION_ID",
    "LAST_INSERT_ID",
    "FOUND_ROWS",
    "ROW_COUNT",
    "VERSION",
    "DATABASE",
    "SCHEMA",
    "USER",
    "CURRENT_USER",
    "SESSION_USER",
    "SYSTEM_USER",
];

/// What makes a statement give other rows each time, as a person writes it.
struct Unsteady(BTreeSet<String>);

impl Unsteady {
    fn function(&mut self, name: &ObjectName, has_arguments: bool) {
        let Some(last) = name.0.last().and_then(|part| part.as_ident()) else { return };
        let name = last.value.to_uppercase();
        // Of a moment that is given, UNIX_TIMESTAMP is always the same.
        if UNSTEADY.contains(&name.as_str()) || name == "UNIX_TIMESTAMP" && !has_arguments {
            self.0.insert(format!("{name}()"));
        }
    }
}

impl Visitor for Unsteady {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Function(function) => {
                let has_arguments =
                    matches!(&function.args, FunctionArguments::List(list) if !list.args.is_empty());
                self.function(&function.name, has_arguments);
            }
            Expr::Identifier(name)
                if name.quote_style.is_none() && name.value.to_uppercase().starts_with("CURRENT_") =>
            {
                self.function(&ObjectName::from(vec![name.clone()]), false);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if query.limit_clause.is_some() && query.order_by.is_none() {
            self.0.insert("a LIMIT without ORDER BY".to_owned());
        }
        ControlFlow::Continue(())
    }
}

pub(super) fn unsteady_rows(step: &Step<'_>) -> Vec<Find> {
    let Operation::Rows(statement) = step.operation else { return Vec::new() };
    let mut unsteady = Unsteady(BTreeSet::new());
    let _ = statement.visit(&mut unsteady);
    if unsteady.0.is_empty() {
        return Vec::new();
    }
    let table = target(statement).unwrap_or_default();
    let table = table_name(step.before, &table);
    let names: Vec<String> = unsteady.0.into_iter().collect();
    one(table, format!("The rows of {table} come out differently each time: it uses {}.", names.join(", ")))
}
