//! One change of a migration with all that a rule needs to judge it: what was there before the migration, what the migration
//! itself has made, and what is there in the end.

use crate::{
    schema::{Column, Index, Schema, Table},
    sql::{
        effects::Touched,
        objects::{ObjectRef, table_name},
        operation::{Operation, TableChange},
    },
};
use std::collections::BTreeSet;

/// What a migration has made so far. Nobody's rows and nobody's programs depend on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fresh {
    /// Tables that it created.
    tables: BTreeSet<String>,
    /// Columns that it added to tables that were there.
    columns: BTreeSet<(String, String)>,
    /// Those of these columns in which nothing but their default can be.
    untouched: BTreeSet<(String, String)>,
}

fn pair(table: &str, column: &str) -> (String, String) {
    (table.to_lowercase(), column.to_lowercase())
}

impl Fresh {
    /// Moves on by a change that was made.
    pub fn follow(&mut self, operation: &Operation, touched: &Touched) {
        match operation {
            Operation::CreateTable { table, .. } => {
                if touched.creates.contains(&ObjectRef::table(&table.name)) {
                    self.tables.insert(table.name.to_lowercase());
                }
            }
            Operation::DropTable { table, .. } => {
                self.tables.remove(&table.to_lowercase());
                self.forget(&table.to_lowercase());
            }
            Operation::AlterTable { table, changes } => {
                for change in changes {
                    self.alter(table, change);
                }
            }
            Operation::Rows(_) => {
                for object in &touched.changes {
                    if let ObjectRef::Column { table, column } = object {
                        self.untouched.remove(&pair(table, column));
                    }
                }
            }
            Operation::CreateView { .. } | Operation::DropView { .. } => {}
        }
    }

    fn forget(&mut self, table: &str) {
        self.columns.retain(|(own, _)| own != table);
        self.untouched.retain(|(own, _)| own != table);
    }

    fn alter(&mut self, table: &str, change: &TableChange) {
        match change {
            TableChange::AddColumn { column, .. } => {
                self.columns.insert(pair(table, &column.name));
                self.untouched.insert(pair(table, &column.name));
            }
            TableChange::DropColumn(column) => {
                self.columns.remove(&pair(table, column));
                self.untouched.remove(&pair(table, column));
            }
            TableChange::RenameColumn { before, after } => self.rename(table, before, after),
            TableChange::ChangeColumn { before, column, .. } => self.rename(table, before, &column.name),
            TableChange::RenameTable(after) => {
                let (before, after) = (table.to_lowercase(), after.to_lowercase());
                if self.tables.remove(&before) {
                    self.tables.insert(after.clone());
                }
                for set in [&mut self.columns, &mut self.untouched] {
                    *set = std::mem::take(set)
                        .into_iter()
                        .map(
                            |(own, column)| {
                                if own == before { (after.clone(), column) } else { (own, column) }
                            },
                        )
                        .collect();
                }
            }
            _ => {}
        }
    }

    fn rename(&mut self, table: &str, before: &str, after: &str) {
        for set in [&mut self.columns, &mut self.untouched] {
            if set.remove(&pair(table, before)) {
                set.insert(pair(table, after));
            }
        }
    }
}

/// One change: an ALTER TABLE has exactly one clause here.
#[derive(Debug)]
pub(super) struct Step<'a> {
    /// What it does.
    pub operation: &'a Operation,
    /// The schema before the migration.
    pub start: &'a Schema,
    /// The schema that it finds.
    pub before: &'a Schema,
    /// The schema when all is done.
    pub end: &'a Schema,
    /// What it touches.
    pub touched: &'a Touched,
    /// What the migration made before it.
    pub fresh: &'a Fresh,
}

impl<'a> Step<'a> {
    /// Whether a table was made by this migration itself.
    pub fn is_fresh_table(&self, table: &str) -> bool {
        self.fresh.tables.contains(&table.to_lowercase())
    }

    /// Whether a column was made by this migration itself, alone or with its table.
    pub fn is_fresh(&self, table: &str, column: &str) -> bool {
        self.is_fresh_table(table) || self.fresh.columns.contains(&pair(table, column))
    }

    /// Whether a column is new and every row has only NULL in it.
    pub fn is_empty(&self, table: &str, column: &str) -> bool {
        let is_null = |column: &Column| {
            column.nullable
                && column.default.is_none()
                && column.generated.is_none()
                && !column.auto_increment
        };
        self.fresh.untouched.contains(&pair(table, column)) && self.column(table, column).is_some_and(is_null)
    }

    /// Whether a column is new and nothing was written to it yet.
    pub fn is_untouched(&self, table: &str, column: &str) -> bool {
        self.fresh.untouched.contains(&pair(table, column))
    }

    /// The table and the one change of it, where the table was there before the migration: what is in a new one cannot be
    /// lost, and is nobody's yet.
    pub fn change(&self) -> Option<(&'a Table, &'a TableChange)> {
        let Operation::AlterTable { table, changes } = self.operation else { return None };
        let found = self.table(table).filter(|_| !self.is_fresh_table(table))?;
        changes.first().map(|change| (found, change))
    }

    /// A column that was there before the migration, and its definition from now on.
    pub fn redefined(&self) -> Option<(&'a Table, &'a Column, &'a Column)> {
        let (table, change) = self.change()?;
        let TableChange::ChangeColumn { before, column: after, .. } = change else { return None };
        let before = column(table, before).filter(|before| !self.is_fresh(&table.name, &before.name))?;
        Some((table, before, after))
    }

    /// A table that the step finds.
    pub fn table(&self, name: &str) -> Option<&'a Table> {
        self.before.tables.get(table_name(self.before, name))
    }

    /// A column that the step finds.
    pub fn column(&self, table: &str, name: &str) -> Option<&'a Column> {
        self.table(table).and_then(|table| column(table, name))
    }
}

/// An index of a table, in any case.
pub(super) fn index<'a>(table: &'a Table, name: &str) -> Option<&'a Index> {
    table.indexes.values().find(|index| index.name.eq_ignore_ascii_case(name))
}

/// A column of a table, in any case.
pub(super) fn column<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
}
