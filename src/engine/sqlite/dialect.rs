//! One operation over the model as SQLite statements. Pure: what it says depends on the schema before and after only.

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
                vec![plain(format!("DROP VIEW {}", identifier(view)))]
            }
        }
        Operation::Rows(statement) => rows::render(after, statement)?,
    };
    match statements.iter().find(|statement| statement.sql.contains('\0')) {
        Some(_) => {
            Err(Refusal::new("A name or a text has a zero byte, which SQLite cannot read; take it out."))
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
    let mut statements = vec![plain(tables::create_table(table, &table.name, Words::Template)?)];
    statements.extend(tables::create_indexes(table, Words::Template)?.into_values().map(plain));
    statements.extend(tables::on_update_trigger(table)?.map(plain));
    Ok(statements)
}

/// On SQLite tables, views and indexes share one list of names.
pub(super) fn refuse_name_clash(schema: &Schema, table: &Table) -> Result<(), Refusal> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let all =
        schema.tables.keys().chain(schema.views.keys()).cloned().chain(schema.tables.values().flat_map(
            |other| other.indexes.values().map(|index| names::index_name(&other.name, &index.name)),
        ));
    let own: BTreeSet<String> = table
        .indexes
        .values()
        .map(|index| names::index_name(&table.name, &index.name).to_ascii_lowercase())
        .chain([table.name.to_ascii_lowercase()])
        .collect();
    for name in all {
        let name = name.to_ascii_lowercase();
        if !taken.insert(name.clone()) && own.contains(&name) {
            return Err(Refusal::new(format!(
                "Two objects would be called {name} on SQLite, where tables, views and indexes share their names \
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
            Ok(vec![plain(format!("DROP TABLE {}", identifier(name)))])
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
    Ok(vec![plain(format!("DROP TABLE {}", identifier(&table.name)))])
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
    let mut statements = Vec::new();
    if or_replace && let Some(existing) = find_view(before, &view.name) {
        statements.push(plain(format!("DROP VIEW {}", identifier(&existing.name))));
    }
    statements.push(plain(queries::create_view(&mut Translator::over_schema(after), view)?));
    statements.push(views::proof(&view.name));
    Ok(statements)
}
