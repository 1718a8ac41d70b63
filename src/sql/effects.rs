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
use sqlparser::ast::{
    Assignment, AssignmentTarget, FromTable, Insert, ObjectName, OnInsert, Statement, TableFactor,
    TableObject, TableWithJoins, Update, UpdateTableFromKind,
};
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

/// What the names in a FROM stand for: alias and table, the joined ones included.
fn named(before: &Schema, tables: &[&TableWithJoins]) -> Vec<(String, String)> {
    let factors = tables.iter().flat_map(|table| {
        std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation))
    });
    let name = |factor: &TableFactor| match factor {
        TableFactor::Table { name, alias, .. } => {
            let name = plain_name(name).ok()?;
            let called = alias.as_ref().map_or(name.clone(), |alias| alias.name.value.clone());
            Some((called, table_name(before, &name).to_owned()))
        }
        _ => None,
    };
    factors.filter_map(name).collect()
}

/// The tables that a statement takes rows from or puts rows into; none for an UPDATE, whose columns say it.
pub(super) fn row_targets(before: &Schema, statement: &Statement) -> Vec<String> {
    let Statement::Delete(delete) = statement else {
        let is_insert = matches!(statement, Statement::Insert(_));
        let table = target(statement).filter(|_| is_insert);
        return table.iter().map(|table| table_name(before, table).to_owned()).collect();
    };
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let all: Vec<&TableWithJoins> = from.iter().chain(delete.using.iter().flatten()).collect();
    let known = named(before, &all);
    if delete.tables.is_empty() {
        let firsts: Vec<&TableWithJoins> = from.iter().collect();
        return named(before, &firsts).into_iter().map(|(_, table)| table).collect();
    }
    let meant = delete.tables.iter().filter_map(reads::last_part).map(|name| {
        let found = known.iter().find(|(called, _)| called.eq_ignore_ascii_case(name));
        found.map_or_else(|| table_name(before, name).to_owned(), |(_, table)| table.clone())
    });
    meant.collect()
}

/// The columns that assignments of an UPDATE write. Without its table in front, a name counts for each table that has it.
fn updated(before: &Schema, update: &Update) -> BTreeSet<ObjectRef> {
    let mut tables = vec![&update.table];
    if let Some(UpdateTableFromKind::BeforeSet(more) | UpdateTableFromKind::AfterSet(more)) = &update.from {
        tables.extend(more);
    }
    let known = named(before, &tables);
    let mut found = BTreeSet::new();
    for name in assigned(&update.assignments) {
        let Some(column) = reads::last_part(name) else { continue };
        let qualifier =
            name.0.len().checked_sub(2).and_then(|at| name.0.get(at)).and_then(|part| part.as_ident());
        let has = |table: &str| {
            before.tables.get(table).is_some_and(|table| {
                table.columns.iter().any(|known| known.name.eq_ignore_ascii_case(column))
            })
        };
        // A column that no table has is told of the first one, never of none.
        let is_known = known.iter().any(|(_, table)| has(table));
        let meant = known.iter().enumerate().filter(|(at, (called, table))| match qualifier {
            Some(qualifier) => called.eq_ignore_ascii_case(&qualifier.value),
            None => has(table) || (*at == 0 && !is_known),
        });
        for (_, (_, table)) in meant {
            found.insert(ObjectRef::column(table, column_name(before, table, column)));
        }
    }
    found
}

fn assigned(assignments: &[Assignment]) -> impl Iterator<Item = &ObjectName> {
    assignments.iter().flat_map(|assignment| match &assignment.target {
        AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
        AssignmentTarget::Tuple(names) => names.as_slice(),
    })
}

fn rows(before: &Schema, statement: &Statement) -> Touched {
    let mut touched = Touched { reads: reads::of_statement(before, statement), ..Touched::default() };
    touched.changes.extend(written(before, statement));
    if matches!(statement, Statement::Delete(_) | Statement::Insert(Insert { replace_into: true, .. })) {
        for table in row_targets(before, statement) {
            touched.changes.extend(follow(before, &table));
        }
    }
    touched
}

/// The columns that a statement over rows writes, and the tables where it adds or takes away rows.
pub(super) fn written(before: &Schema, statement: &Statement) -> BTreeSet<ObjectRef> {
    let mut found: BTreeSet<ObjectRef> =
        row_targets(before, statement).iter().map(|table| ObjectRef::table(table)).collect();
    match statement {
        Statement::Update(update) => found.extend(updated(before, update)),
        Statement::Insert(insert) => {
            let Some(table) = target(statement) else { return found };
            let table = table_name(before, &table);
            let names =
                insert.columns.iter().chain(assigned(&insert.assignments)).filter_map(reads::last_part);
            let before_names = found.len();
            found.extend(names.map(|name| ObjectRef::column(table, column_name(before, table, name))));
            if found.len() == before_names
                && let Some(known) = before.tables.get(table)
            {
                found.extend(known.columns.iter().map(|known| ObjectRef::column(table, &known.name)));
            }
            found.extend(replaced(before, insert));
        }
        _ => {}
    }
    found
}

/// The columns that an INSERT writes in rows that are there already: those of its ON DUPLICATE KEY UPDATE.
pub(super) fn replaced(before: &Schema, insert: &Insert) -> BTreeSet<ObjectRef> {
    let (TableObject::TableName(name), Some(OnInsert::DuplicateKeyUpdate(assignments))) =
        (&insert.table, &insert.on)
    else {
        return BTreeSet::new();
    };
    let Ok(table) = plain_name(name) else { return BTreeSet::new() };
    let table = table_name(before, &table);
    assigned(assignments)
        .filter_map(reads::last_part)
        .map(|name| ObjectRef::column(table, column_name(before, table, name)))
        .collect()
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
