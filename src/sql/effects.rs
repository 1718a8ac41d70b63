//! What a statement touches: what it creates, changes, drops and reads. What is not understood is [`Effects::Unknown`], and
//! nobody may take that for nothing.

use super::{
    evolve,
    objects::{ObjectRef, column_name, table_name},
    operation::{Operation, TableChange},
    operations::{plain_name, target},
    reads,
};
use crate::schema::{ForeignKey, Index, ReferentialAction, Schema, Table};
use serde::Serialize;
use sqlparser::ast::{Assignment, AssignmentTarget, Insert, OnInsert, Statement};
use std::collections::BTreeSet;

/// What a statement does to a schema and to its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effects {
    /// It is understood, and touches this.
    Known(Touched),
    /// It is not understood, for this reason; it may do anything.
    Unknown(String),
}

/// The objects that a statement touches. One can be in several sets: `UPDATE a SET x = x + 1` reads and changes `a.x`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Touched {
    /// What is there afterwards and was not before.
    pub creates: BTreeSet<ObjectRef>,
    /// What is there before and afterwards, and is not the same, or has other rows or values.
    pub changes: BTreeSet<ObjectRef>,
    /// What was there before and is not afterwards. A rename drops one name and creates another.
    pub drops: BTreeSet<ObjectRef>,
    /// What has to be there for it.
    pub reads: BTreeSet<ObjectRef>,
}

impl Touched {
    /// Takes over what another statement touches.
    pub fn append(&mut self, mut other: Touched) {
        self.creates.append(&mut other.creates);
        self.changes.append(&mut other.changes);
        self.drops.append(&mut other.drops);
        self.reads.append(&mut other.reads);
    }
}

/// What an operation touches, on a database that has this schema.
pub fn effects(operation: &Operation, before: &Schema) -> Effects {
    let touched = match operation {
        Operation::CreateTable { table, if_not_exists } => create_table(before, table, *if_not_exists),
        Operation::DropTable { table, .. } => Ok(drop_table(before, table)),
        Operation::AlterTable { table, changes } => alter_table(before, table, changes),
        Operation::CreateView { view, .. } => reads::of_query(before, &view.query).map(|reads| {
            let name = std::iter::once(ObjectRef::view(&view.name)).collect();
            let is_there = before.views.contains_key(&view.name);
            let (creates, changes) = if is_there { (BTreeSet::new(), name) } else { (name, BTreeSet::new()) };
            Touched { creates, changes, reads, ..Touched::default() }
        }),
        Operation::DropView { view, .. } => {
            let is_there = before.views.contains_key(view);
            let drops = is_there.then(|| ObjectRef::view(view)).into_iter().collect();
            Ok(Touched { drops, ..Touched::default() })
        }
        Operation::Rows(statement) => Ok(rows(before, statement)),
    };
    match touched {
        Ok(touched) => Effects::Known(touched),
        Err(reason) => Effects::Unknown(reason),
    }
}

/// Everything in a table that has a name, the table included.
fn everything_in(table: &Table) -> BTreeSet<ObjectRef> {
    let name = &table.name;
    std::iter::once(ObjectRef::table(name))
        .chain(table.columns.iter().map(|column| ObjectRef::column(name, &column.name)))
        .chain((!table.primary_key.is_empty()).then(|| ObjectRef::primary_key(name)))
        .chain(table.indexes.keys().map(|index| ObjectRef::index(name, index)))
        .chain(table.foreign_keys.keys().map(|key| ObjectRef::foreign_key(name, key)))
        .chain(table.checks.keys().map(|check| ObjectRef::check(name, check)))
        .collect()
}

fn create_table(before: &Schema, table: &Table, if_not_exists: bool) -> Result<Touched, String> {
    let is_there = before.tables.keys().any(|known| known.eq_ignore_ascii_case(&table.name));
    if is_there && if_not_exists {
        return Ok(Touched::default());
    }
    let creates = everything_in(table);
    let mut reads = BTreeSet::new();
    for key in table.foreign_keys.values() {
        reads.extend(referred(before, key));
    }
    for check in table.checks.values() {
        reads.extend(reads::of_expression(before, &table.name, &check.expression)?);
    }
    for generated in table.columns.iter().filter_map(|column| column.generated.as_ref()) {
        reads.extend(reads::of_expression(before, &table.name, &generated.expression)?);
    }
    // Its own columns come with it; they do not have to be there.
    reads.retain(|object| !creates.contains(object));
    Ok(Touched { creates, reads, ..Touched::default() })
}

fn drop_table(before: &Schema, table: &str) -> Touched {
    let found = before.tables.get(table_name(before, table));
    Touched { drops: found.map(everything_in).unwrap_or_default(), ..Touched::default() }
}

/// The table and the columns that a foreign key refers to.
fn referred(schema: &Schema, key: &ForeignKey) -> BTreeSet<ObjectRef> {
    let table = table_name(schema, &key.foreign_table);
    let column = |name: &String| ObjectRef::column(table, column_name(schema, table, name));
    std::iter::once(ObjectRef::table(table)).chain(key.foreign_columns.iter().map(column)).collect()
}

fn alter_table(before: &Schema, table: &str, changes: &[TableChange]) -> Result<Touched, String> {
    let mut schema = before.clone();
    let mut name = table_name(before, table).to_owned();
    let mut all = Touched::default();
    for change in changes {
        all.append(alter(&schema, &name, change)?);
        let step = Operation::AlterTable { table: name.clone(), changes: vec![change.clone()] };
        // What does not fit is told where the operation is applied; the next clause is looked at all the same.
        if evolve::apply(&mut schema, &step).is_ok()
            && let TableChange::RenameTable(after) = change
        {
            name.clone_from(after);
        }
    }
    Ok(all)
}

/// The columns that an index covers or computes from.
fn covered(schema: &Schema, table: &str, index: &Index) -> Result<BTreeSet<ObjectRef>, String> {
    let mut found = BTreeSet::new();
    for part in &index.parts {
        if part.is_expression {
            found.extend(reads::of_expression(schema, table, &part.column)?);
        } else {
            found.insert(ObjectRef::column(table, column_name(schema, table, &part.column)));
        }
    }
    Ok(found)
}

/// What names a column in keys, indexes, checks and computed columns, of its table and of others.
fn users_of(schema: &Schema, table: &str, column: &str) -> BTreeSet<ObjectRef> {
    let mut found = BTreeSet::new();
    let object = ObjectRef::column(table, column);
    let has = |names: &[String]| names.iter().any(|name| name.eq_ignore_ascii_case(column));
    let computes =
        |text: &str| reads::of_expression(schema, table, text).is_ok_and(|all| all.contains(&object));
    for (name, other) in &schema.tables {
        for key in other.foreign_keys.values() {
            if name == table && has(&key.columns) || key.foreign_table == table && has(&key.foreign_columns) {
                found.insert(ObjectRef::foreign_key(name, &key.name));
            }
        }
    }
    let Some(own) = schema.tables.get(table) else { return found };
    if has(&own.primary_key) {
        found.insert(ObjectRef::primary_key(table));
    }
    for index in own.indexes.values() {
        if covered(schema, table, index).is_ok_and(|all| all.contains(&object)) {
            found.insert(ObjectRef::index(table, &index.name));
        }
    }
    for check in own.checks.values().filter(|check| computes(&check.expression)) {
        found.insert(ObjectRef::check(table, &check.name));
    }
    for other in &own.columns {
        if other.generated.as_ref().is_some_and(|generated| computes(&generated.expression)) {
            found.insert(ObjectRef::column(table, &other.name));
        }
    }
    found
}

fn alter(schema: &Schema, table: &str, change: &TableChange) -> Result<Touched, String> {
    let mut touched = Touched::default();
    let Touched { creates, changes, drops, reads } = &mut touched;
    let column = |name: &str| ObjectRef::column(table, column_name(schema, table, name));
    match change {
        TableChange::AddColumn { column: new, .. } => {
            creates.insert(ObjectRef::column(table, &new.name));
            if let Some(generated) = &new.generated {
                reads.extend(reads::of_expression(schema, table, &generated.expression)?);
            }
        }
        TableChange::DropColumn(name) => {
            drops.insert(column(name));
            changes.extend(users_of(schema, table, column_name(schema, table, name)));
        }
        TableChange::ChangeColumn { before, column: new, .. } if !before.eq_ignore_ascii_case(&new.name) => {
            drops.insert(column(before));
            creates.insert(ObjectRef::column(table, &new.name));
            changes.extend(users_of(schema, table, column_name(schema, table, before)));
        }
        TableChange::ChangeColumn { before, column: new, .. } => {
            changes.insert(column(before));
            if let Some(generated) = &new.generated {
                reads.extend(reads::of_expression(schema, table, &generated.expression)?);
            }
        }
        TableChange::RenameColumn { before, after } => {
            drops.insert(column(before));
            creates.insert(ObjectRef::column(table, after));
            changes.extend(users_of(schema, table, column_name(schema, table, before)));
        }
        TableChange::SetDefault { column: name, .. } => drop(changes.insert(column(name))),
        TableChange::AddIndex(index) => {
            creates.insert(ObjectRef::index(table, &index.name));
            reads.extend(covered(schema, table, index)?);
        }
        TableChange::DropIndex(name) => drop(drops.insert(ObjectRef::index(table, name))),
        TableChange::RenameIndex { before, after } => {
            drops.insert(ObjectRef::index(table, before));
            creates.insert(ObjectRef::index(table, after));
        }
        TableChange::AddPrimaryKey(names) => {
            creates.insert(ObjectRef::primary_key(table));
            reads.extend(names.iter().map(|name| column(name)));
        }
        TableChange::DropPrimaryKey => drop(drops.insert(ObjectRef::primary_key(table))),
        TableChange::AddForeignKey(key) => {
            creates.insert(ObjectRef::foreign_key(table, &key.name));
            reads.extend(key.columns.iter().map(|name| column(name)));
            reads.extend(referred(schema, key));
        }
        TableChange::DropForeignKey(name) => drop(drops.insert(ObjectRef::foreign_key(table, name))),
        TableChange::AddCheck(check) => {
            creates.insert(ObjectRef::check(table, &check.name));
            reads.extend(reads::of_expression(schema, table, &check.expression)?);
        }
        TableChange::DropCheck(name) => drop(drops.insert(ObjectRef::check(table, name))),
        TableChange::DropConstraint(name) => drop(drops.insert(constraint(schema, table, name))),
        TableChange::RenameTable(after) => {
            drops.insert(ObjectRef::table(table));
            creates.insert(ObjectRef::table(after));
            for (other, found) in &schema.tables {
                for key in found.foreign_keys.values().filter(|key| key.foreign_table == table) {
                    changes.insert(ObjectRef::foreign_key(other, &key.name));
                }
            }
        }
        TableChange::SetComment(_) => drop(changes.insert(ObjectRef::table(table))),
    }
    Ok(touched)
}

/// Which kind of constraint has the name.
pub(super) fn constraint(schema: &Schema, table: &str, name: &str) -> ObjectRef {
    let found = schema.tables.get(table);
    if found.is_some_and(|found| found.foreign_keys.contains_key(name)) {
        ObjectRef::foreign_key(table, name)
    } else if found.is_some_and(|found| found.indexes.contains_key(name)) {
        ObjectRef::index(table, name)
    } else {
        ObjectRef::check(table, name)
    }
}

fn rows(before: &Schema, statement: &Statement) -> Touched {
    let mut touched = Touched { reads: reads::of_statement(before, statement), ..Touched::default() };
    let Some(table) = target(statement) else { return touched };
    let table = table_name(before, &table);
    touched.changes.extend(written(before, statement));
    if matches!(statement, Statement::Delete(_) | Statement::Insert(Insert { replace_into: true, .. })) {
        touched.changes.extend(follow(before, table));
    }
    touched
}

/// The columns that a statement over rows writes, and the table where it adds or takes away rows.
pub(super) fn written(before: &Schema, statement: &Statement) -> BTreeSet<ObjectRef> {
    let Some(table) = target(statement) else { return BTreeSet::new() };
    let table = table_name(before, &table);
    let column = |name: &str| ObjectRef::column(table, column_name(before, table, name));
    let assigned = |assignments: &[Assignment]| -> BTreeSet<ObjectRef> {
        let names = assignments.iter().flat_map(|assignment| match &assignment.target {
            AssignmentTarget::ColumnName(name) => vec![name],
            AssignmentTarget::Tuple(names) => names.iter().collect(),
        });
        names.filter_map(reads::last_part).map(column).collect()
    };
    match statement {
        Statement::Insert(insert) => {
            let mut found = assigned(&insert.assignments);
            found.insert(ObjectRef::table(table));
            found.extend(
                insert.columns.iter().filter_map(|name| plain_name(name).ok()).map(|name| column(&name)),
            );
            if insert.columns.is_empty()
                && insert.assignments.is_empty()
                && let Some(known) = before.tables.get(table)
            {
                found.extend(known.columns.iter().map(|known| ObjectRef::column(table, &known.name)));
            }
            if let Some(OnInsert::DuplicateKeyUpdate(assignments)) = &insert.on {
                found.extend(assigned(assignments));
            }
            found
        }
        Statement::Update(update) => assigned(&update.assignments),
        _ => std::iter::once(ObjectRef::table(table)).collect(),
    }
}

/// What deleting rows of a table does to the rows that refer to them, and to those that refer to these.
pub(super) fn follow(schema: &Schema, table: &str) -> BTreeSet<ObjectRef> {
    let mut found = BTreeSet::new();
    let mut open = vec![table.to_owned()];
    let mut seen: BTreeSet<String> = open.iter().cloned().collect();
    while let Some(parent) = open.pop() {
        for (name, child) in &schema.tables {
            for key in child.foreign_keys.values().filter(|key| key.foreign_table == parent) {
                match key.on_delete {
                    ReferentialAction::Cascade => {
                        found.insert(ObjectRef::table(name));
                        if seen.insert(name.clone()) {
                            open.push(name.clone());
                        }
                    }
                    ReferentialAction::SetNull | ReferentialAction::SetDefault => {
                        found.extend(key.columns.iter().map(|column| ObjectRef::column(name, column)));
                    }
                    ReferentialAction::NoAction => {}
                }
            }
        }
    }
    found
}

#[cfg(test)]
#[path = "effects_tests.rs"]
mod tests;
