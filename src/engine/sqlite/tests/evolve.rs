//! A small application of operations to a model, so that these tests stand by themselves.

use super::*;
use crate::sql::operation::Position;

pub fn applied(before: &Schema, operation: &Operation) -> Result<Schema, String> {
    let mut schema = before.clone();
    match operation {
        Operation::CreateTable { table, .. } => {
            schema.tables.entry(table.name.clone()).or_insert_with(|| table.clone());
        }
        Operation::DropTable { table, .. } => {
            schema.tables.remove(table);
        }
        Operation::AlterTable { table, changes } => {
            let mut changed = schema.tables.remove(table).ok_or("no such table")?;
            for change in changes {
                one(&mut changed, change)?;
            }
            let renames: Vec<_> = changes
                .iter()
                .filter_map(|change| match change {
                    TableChange::RenameColumn { before, after } => Some((before.clone(), after.clone())),
                    TableChange::ChangeColumn { before, column, .. } => {
                        Some((before.clone(), column.name.clone()))
                    }
                    _ => None,
                })
                .collect();
            let new = changed.name.clone();
            schema.tables.insert(new.clone(), changed);
            for key in schema.tables.values_mut().flat_map(|table| table.foreign_keys.values_mut()) {
                if key.foreign_table == *table {
                    key.foreign_table.clone_from(&new);
                    for column in &mut key.foreign_columns {
                        rename(column, &renames);
                    }
                }
            }
        }
        Operation::CreateView { view, .. } => {
            schema.views.insert(view.name.clone(), view.clone());
        }
        Operation::DropView { view, .. } => {
            schema.views.remove(view);
        }
        Operation::Rows(_) => {}
    }
    Ok(schema)
}

fn rename(name: &mut String, renames: &[(String, String)]) {
    if let Some((_, after)) = renames.iter().find(|(before, _)| before == name) {
        name.clone_from(after);
    }
}

fn place(table: &mut Table, column: Column, position: &Position) -> Result<(), String> {
    let at = match position {
        Position::Last => table.columns.len(),
        Position::First => 0,
        Position::After(name) => 1 + find(table, name)?,
    };
    if column.auto_increment {
        table.primary_key = vec![column.name.clone()];
    }
    table.columns.insert(at, column);
    Ok(())
}

fn find(table: &Table, name: &str) -> Result<usize, String> {
    table.columns.iter().position(|column| column.name == name).ok_or(format!("no column {name}"))
}

fn rename_column(table: &mut Table, before: &str, after: &str) {
    let renames = [(before.to_owned(), after.to_owned())];
    table.columns.iter_mut().for_each(|column| rename(&mut column.name, &renames));
    table.primary_key.iter_mut().for_each(|column| rename(column, &renames));
    for part in table.indexes.values_mut().flat_map(|index| index.parts.iter_mut()) {
        rename(&mut part.column, &renames);
    }
    for key in table.foreign_keys.values_mut() {
        key.columns.iter_mut().for_each(|column| rename(column, &renames));
    }
}

fn one(table: &mut Table, change: &TableChange) -> Result<(), String> {
    match change {
        TableChange::AddColumn { column, position } => place(table, column.clone(), position)?,
        TableChange::DropColumn(name) => {
            let at = find(table, name)?;
            table.columns.remove(at);
            for index in table.indexes.values_mut() {
                index.parts.retain(|part| part.column != *name);
            }
            table.indexes.retain(|_, index| !index.parts.is_empty());
            table.primary_key.retain(|column| column != name);
        }
        TableChange::ChangeColumn { before, column, position } => {
            let at = find(table, before)?;
            rename_column(table, before, &column.name);
            table.columns.remove(at);
            match position {
                Some(position) => place(table, column.clone(), position)?,
                None => table.columns.insert(at, column.clone()),
            }
        }
        TableChange::RenameColumn { before, after } => {
            find(table, before)?;
            rename_column(table, before, after);
        }
        TableChange::SetDefault { column, default } => {
            let at = find(table, column)?;
            table.columns[at].default.clone_from(default);
        }
        TableChange::AddIndex(index) => {
            table.indexes.insert(index.name.clone(), index.clone());
        }
        TableChange::DropIndex(name) => {
            table.indexes.remove(name);
        }
        TableChange::RenameIndex { before, after } => {
            let mut index = table.indexes.remove(before).ok_or("no index")?;
            index.name.clone_from(after);
            table.indexes.insert(after.clone(), index);
        }
        TableChange::AddPrimaryKey(columns) => {
            table.primary_key.clone_from(columns);
            for column in &mut table.columns {
                column.nullable &= !columns.contains(&column.name);
            }
        }
        TableChange::DropPrimaryKey => table.primary_key.clear(),
        TableChange::AddForeignKey(key) => {
            table.foreign_keys.insert(key.name.clone(), key.clone());
        }
        TableChange::DropForeignKey(name) => {
            table.foreign_keys.remove(name);
        }
        TableChange::AddCheck(check) => {
            table.checks.insert(check.name.clone(), check.clone());
        }
        TableChange::DropCheck(name) | TableChange::DropConstraint(name) => {
            table.checks.remove(name);
        }
        TableChange::RenameTable(name) => table.name.clone_from(name),
        TableChange::SetComment(comment) => table.comment = Some(comment.clone()),
    }
    Ok(())
}
