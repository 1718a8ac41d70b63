//! Rows that refer to rows being deleted or changed.

use super::{
    Refusal,
    names::{self, identifier, identifiers},
    rows::statement,
    scope::Sql,
};
use crate::{
    engine::statement::Statement,
    schema::{Column, ReferentialAction, Schema, Table},
};

/// A session that changes structure has foreign keys off, so what a DELETE does to the rows that refer to it is said here.
/// With foreign keys on it has the same effect.
pub(super) fn children(
    schema: &Schema,
    parent: &Table,
    rows: &Sql,
    path: &mut Vec<String>,
    statements: &mut Vec<Statement>,
) -> Result<(), Refusal> {
    for child in schema.tables.values() {
        for key in child.foreign_keys.values().filter(|key| names::same(&key.foreign_table, &parent.name)) {
            if key.on_delete == ReferentialAction::NoAction {
                continue;
            }
            if path.iter().any(|name| names::same(name, &child.name)) {
                return Err(Refusal::unsupported(format!(
                    "DELETE from {}, whose rows go with others of {} in a circle,",
                    parent.name, child.name
                )));
            }
            let columns = identifiers(&key.columns);
            let left = if key.columns.len() == 1 { columns } else { format!("({columns})") };
            let frame = format!("WHERE {left} IN (SELECT {} FROM {{}})", identifiers(&key.foreign_columns));
            let referring = Sql::fill(&frame, [rows.clone()]);
            let name = Sql::new(identifier(&child.name));
            match key.on_delete {
                ReferentialAction::NoAction => {}
                ReferentialAction::Cascade => {
                    let rows = Sql::fill("{} {}", [name, referring]);
                    path.push(child.name.clone());
                    children(schema, child, &rows, path, statements)?;
                    path.pop();
                    statements.push(statement(Sql::fill("DELETE FROM {}", [rows])));
                }
                ReferentialAction::SetNull => {
                    let set: Vec<Sql> = key
                        .columns
                        .iter()
                        .map(|column| Sql::new(format!("{} = NULL", identifier(column))))
                        .collect();
                    let pieces = [name, Sql::join(set, ", "), referring];
                    statements.push(statement(Sql::fill("UPDATE {} SET {} {}", pieces)));
                }
                ReferentialAction::SetDefault => {
                    return Err(Refusal::unsupported(format!("ON DELETE SET DEFAULT of {}", child.name)));
                }
            }
        }
    }
    Ok(())
}

/// Refuses what deletes rows that others would follow.
pub(super) fn refuse_actions(schema: &Schema, parent: &Table, what: &str) -> Result<(), Refusal> {
    for child in schema.tables.values() {
        let key = child.foreign_keys.values().find(|key| {
            names::same(&key.foreign_table, &parent.name) && key.on_delete != ReferentialAction::NoAction
        });
        if let Some(key) = key {
            return Err(Refusal::new(format!(
                "{what} deletes rows of {} that {} refers to ({}); write INSERT … ON DUPLICATE KEY UPDATE.",
                parent.name, child.name, key.name
            )));
        }
    }
    Ok(())
}

/// Refuses a change of a key that others would follow.
pub(super) fn refuse_key_change(schema: &Schema, parent: &Table, column: &Column) -> Result<(), Refusal> {
    for child in schema.tables.values() {
        let key = child.foreign_keys.values().find(|key| {
            names::same(&key.foreign_table, &parent.name)
                && key.on_update != ReferentialAction::NoAction
                && key.foreign_columns.iter().any(|name| names::same(name, &column.name))
        });
        if let Some(key) = key {
            return Err(Refusal::unsupported(format!(
                "UPDATE of {}.{}, which {} follows ({}),",
                parent.name, column.name, child.name, key.name
            )));
        }
    }
    Ok(())
}
