//! One operation over the model as PostgreSQL statements. Pure: what it says depends on the schema before and after only.

use super::{
    Refusal, alter,
    expressions::Translator,
    names::{self, identifier},
    queries, rows, tables, views,
};
use crate::{
    engine::statement::{Statement, Words},
    schema::{Schema, Table, View},
    sql::operation::Operation,
};
use std::collections::BTreeSet;

/// The statements that carry the operation out on a database whose schema is `before`. Afterwards it is `after`, which is
/// `before` with the operation applied. An operation that has nothing to do (IF EXISTS) gives no statements.
pub fn render(before: &Schema, operation: &Operation, after: &Schema) -> Result<Vec<Statement>, Refusal> {
    let statements = match operation {
        Operation::CreateTable { table, if_not_exists } => {
            create_table(before, after, &table.name, *if_not_exists)?
        }
        Operation::DropTable { table, if_exists } => drop_table(before, table, *if_exists)?,
        Operation::AlterTable { table, changes } => alter::alter(before, table, changes, after)?,
        Operation::CreateView { view, or_replace } => create_view(before, after, view, *or_replace)?,
        Operation::DropView { view, if_exists } => {
            if *if_exists && find_view(before, view).is_none() {
                Vec::new()
            } else {
                if let Some(reader) = views::readers(before, view).into_iter().next() {
                    return Err(Refusal::new(format!(
                        "The view {view} cannot be dropped: the view {reader} reads it. Drop that one first."
                    )));
                }
                vec![plain(format!("DROP VIEW {}", identifier(view)))]
            }
        }
        Operation::Rows(statement) => rows::render(after, statement)?,
    };
    match statements.iter().find(|statement| statement.sql.contains('\0')) {
        Some(_) => {
            Err(Refusal::new("A name or a text has a zero byte, which PostgreSQL cannot keep; take it out."))
        }
        None => Ok(statements),
    }
}

/// A statement without values.
pub(super) fn plain(sql: impl Into<String>) -> Statement {
    Statement { sql: sql.into(), values: Vec::new() }
}

fn create_table(
    before: &Schema,
    after: &Schema,
    name: &str,
    if_not_exists: bool,
) -> Result<Vec<Statement>, Refusal> {
    if if_not_exists && tables::find_table(before, name).is_some() {
        return Ok(Vec::new());
    }
    let table = tables::find_table(after, name)
        .ok_or_else(|| Refusal::new(format!("The table {name} is not in the schema after its creation.")))?;
    tables::validate(after, table)?;
    refuse_name_clash(after, table)?;
    Ok(tables::create_table(after, table, Words::Template)?.into_iter().map(plain).collect())
}

/// In a schema of PostgreSQL tables, views and indexes share one list of names.
pub(super) fn refuse_name_clash(schema: &Schema, table: &Table) -> Result<(), Refusal> {
    let brought = |table: &Table| {
        let indexes = table.indexes.values().map(|index| names::index_name(&table.name, &index.name));
        indexes.chain([names::primary_key(&table.name), table.name.clone()]).collect::<Vec<_>>()
    };
    let own: BTreeSet<String> = brought(table).into_iter().collect();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for name in schema.views.keys().cloned().chain(schema.tables.values().flat_map(brought)) {
        if !taken.insert(name.clone()) && own.contains(&name) {
            return Err(Refusal::new(format!(
                "Two objects would be called {name} on PostgreSQL, where tables, views and indexes share their names \
                 (an index is called table__index); rename one."
            )));
        }
    }
    Ok(())
}

fn drop_table(before: &Schema, name: &str, if_exists: bool) -> Result<Vec<Statement>, Refusal> {
    let Some(table) = tables::find_table(before, name) else {
        return if if_exists {
            Ok(Vec::new())
        } else {
            Err(Refusal::new(format!("There is no table {name} to drop.")))
        };
    };
    for other in before.tables.values().filter(|other| other.name != table.name) {
        if let Some(key) = other.foreign_keys.values().find(|key| names::same(&key.foreign_table, name)) {
            return Err(Refusal::new(format!(
                "The table {name} cannot be dropped: the foreign key {} of {} refers to it. Drop that one first.",
                key.name, other.name
            )));
        }
    }
    if let Some(view) = views::readers(before, &table.name).into_iter().next() {
        return Err(Refusal::new(format!(
            "The table {name} cannot be dropped: the view {view} reads it. Drop that one first."
        )));
    }
    let mut statements = vec![plain(format!("DROP TABLE {}", identifier(&table.name)))];
    if tables::on_update_body(before, table).is_some() {
        statements.push(plain(format!("DROP FUNCTION {}()", identifier(&names::on_update(&table.name)))));
    }
    Ok(statements)
}

fn find_view<'a>(schema: &'a Schema, name: &str) -> Option<&'a View> {
    schema.views.values().find(|view| names::same(&view.name, name))
}

fn create_view(
    before: &Schema,
    after: &Schema,
    view: &View,
    or_replace: bool,
) -> Result<Vec<Statement>, Refusal> {
    if view.name.len() > names::LIMIT || ["pg_", "tenantry_"].iter().any(|start| view.name.starts_with(start))
    {
        return Err(Refusal::new(format!(
            "The view name {} is reserved or too long; choose another.",
            view.name
        )));
    }
    let mut statements = Vec::new();
    // PostgreSQL's OR REPLACE can only add columns at the end.
    let mut again = Vec::new();
    if or_replace && let Some(existing) = find_view(before, &view.name) {
        let readers = views::readers(before, &existing.name);
        for name in readers.iter().rev() {
            statements.push(plain(format!("DROP VIEW {}", identifier(name))));
        }
        again = readers;
        statements.push(plain(format!("DROP VIEW {}", identifier(&existing.name))));
    }
    statements.push(plain(queries::create_view(&mut Translator::over_schema(after), view)?));
    for reader in again.iter().filter_map(|name| after.views.get(name)) {
        statements.push(plain(queries::create_view(&mut Translator::over_schema(after), reader)?));
    }
    Ok(statements)
}
