//! ALTER TABLE: which way a table gets from what it is to what it shall be.
//!
//! SQLite can rename a table and its columns, and add a column at the end; names then follow into foreign keys, indexes,
//! views and triggers, because SQLite resolves them. Everything else is a rebuild, once for all clauses. SQLite's own
//! DROP COLUMN writes every row anew as well and refuses indexed columns, so it is not used.

use super::{
    Refusal,
    dialect::{plain, refuse_name_clash},
    names::{self, REBUILD_TABLE, identifier},
    rebuild::{guard, rebuild},
    tables,
    tokens::tokenize,
    views::views,
};
use crate::{
    engine::statement::{Statement, Words},
    schema::{Column, Schema, Table},
    sql::operation::{Position, TableChange},
};
use std::ops::ControlFlow;

/// The statements for the clauses of one ALTER TABLE.
pub(super) fn alter(
    before: &Schema,
    name: &str,
    changes: &[TableChange],
    after: &Schema,
) -> Result<Vec<Statement>, Refusal> {
    let old = tables::find_table(before, name)
        .ok_or_else(|| Refusal::new(format!("There is no table {name} to alter.")))?;
    let origins = Origins::follow(old, changes);
    let new = tables::find_table(after, &origins.table).ok_or_else(|| {
        Refusal::new(format!("The table {} is not in the schema after the ALTER TABLE.", origins.table))
    })?;
    tables::validate(after, new)?;
    refuse_name_clash(after, new)?;
    validate_children(after, new)?;

    let renames = origins.column_renames(old);
    let is_renamed = old.name != new.name || !renames.is_empty();
    let hand_made: Vec<_> = before
        .triggers
        .values()
        .filter(|trigger| names::same(&trigger.table, &old.name) || mentions(&trigger.definition, &old.name))
        .collect();
    if is_renamed && let Some(trigger) = hand_made.first() {
        return Err(Refusal::new(format!(
            "The trigger {} mentions {}, and its text would keep the old names; drop the trigger before the rename and \
             create it again after it.",
            trigger.name, old.name
        )));
    }

    let under_new_names = renamed_table(old, &new.name, &renames);
    let path = Path::between(&under_new_names, new, &origins, Words::Template)?;
    let mut statements = Vec::new();
    let old_trigger = tables::on_update_trigger(old)?;
    let new_trigger = tables::on_update_trigger(new)?;
    let is_rebuilt = path == Path::Rebuild;
    if is_rebuilt {
        statements.extend(guard(before, old));
    }
    let touches_trigger = is_renamed || is_rebuilt || old_trigger != new_trigger;
    if old_trigger.is_some() && touches_trigger {
        statements.push(plain(format!("DROP TRIGGER {}", identifier(&names::on_update_trigger(&old.name)))));
    }

    let old_indexes = tables::create_indexes(
        &Table { name: old.name.clone(), ..under_new_names.clone() },
        Words::Template,
    )?;
    let new_indexes = tables::create_indexes(new, Words::Template)?;
    for (index, sql) in &old_indexes {
        if new_indexes.get(index) != Some(sql) {
            statements.push(plain(format!("DROP INDEX {}", identifier(index))));
        }
    }
    statements.extend(rename_statements(old, new, &renames));
    match &path {
        Path::Nothing => {}
        Path::Add(columns) => {
            for column in columns {
                let definition = tables::column_definition(new, column, Words::Template)?;
                statements
                    .push(plain(format!("ALTER TABLE {} ADD COLUMN {definition}", identifier(&new.name))));
            }
        }
        Path::Rebuild => statements.extend(rebuild(&under_new_names, new, &origins, Words::Template)?),
    }
    for (index, sql) in new_indexes {
        if is_rebuilt || old_indexes.get(&index) != Some(&sql) {
            statements.push(plain(sql));
        }
    }
    if touches_trigger {
        statements.extend(new_trigger.map(plain));
    }
    if is_rebuilt {
        let on_table = hand_made.iter().filter(|trigger| names::same(&trigger.table, &old.name));
        statements.extend(on_table.map(|trigger| plain(trigger.definition.clone())));
    }
    statements.extend(views(before, after, &old.name, &new.name, is_renamed)?);
    Ok(statements)
}

/// Where each column of the table after the clauses comes from.
pub(super) struct Origins {
    table: String,
    /// Name afterwards, name before.
    columns: Vec<(String, String)>,
}

impl Origins {
    fn follow(old: &Table, changes: &[TableChange]) -> Self {
        let mut table = old.name.clone();
        let mut columns: Vec<(String, String)> =
            old.columns.iter().map(|column| (column.name.clone(), column.name.clone())).collect();
        let rename = |columns: &mut Vec<(String, String)>, before: &str, after: &str| {
            if let Some(found) = columns.iter_mut().find(|(name, _)| names::same(name, before)) {
                after.clone_into(&mut found.0);
            }
        };
        for change in changes {
            match change {
                TableChange::DropColumn(name) => columns.retain(|(column, _)| !names::same(column, name)),
                TableChange::ChangeColumn { before, column, position: _ } => {
                    rename(&mut columns, before, &column.name)
                }
                TableChange::RenameColumn { before, after } => rename(&mut columns, before, after),
                TableChange::RenameTable(name) => table.clone_from(name),
                // A new column is one that has no origin; the rest leaves the names as they are.
                TableChange::AddColumn {
                    column: _,
                    position: Position::Last | Position::First | Position::After(_),
                }
                | TableChange::SetDefault { .. }
                | TableChange::AddIndex(_)
                | TableChange::DropIndex(_)
                | TableChange::RenameIndex { .. }
                | TableChange::AddPrimaryKey(_)
                | TableChange::DropPrimaryKey
                | TableChange::AddForeignKey(_)
                | TableChange::DropForeignKey(_)
                | TableChange::AddCheck(_)
                | TableChange::DropCheck(_)
                | TableChange::DropConstraint(_)
                | TableChange::SetComment(_) => {}
            }
        }
        Self { table, columns }
    }

    /// Columns of one name, in any case, are one column.
    pub(super) fn by_name(old: &Table, new: &Table) -> Self {
        let pairs = new.columns.iter().filter_map(|column| {
            tables::find(old, &column.name).map(|before| (column.name.clone(), before.name.clone()))
        });
        Self { table: new.name.clone(), columns: pairs.collect() }
    }

    /// The name that a column had, or nothing where it is new.
    pub(super) fn origin(&self, column: &str) -> Option<&str> {
        self.columns.iter().find(|(after, _)| names::same(after, column)).map(|(_, before)| before.as_str())
    }

    fn column_renames(&self, old: &Table) -> Vec<(String, String)> {
        self.columns
            .iter()
            .filter(|(after, before)| after != before && tables::find(old, before).is_some())
            .map(|(after, before)| (before.clone(), after.clone()))
            .collect()
    }
}

fn mentions(definition: &str, name: &str) -> bool {
    tokenize(definition).iter().any(|token| token.name().is_some_and(|found| names::same(&found, name)))
}

/// The table after SQLite's own renames and nothing else.
fn renamed_table(old: &Table, name: &str, renames: &[(String, String)]) -> Table {
    let new_name = |column: &mut String| {
        if let Some((_, after)) = renames.iter().find(|(before, _)| names::same(before, column)) {
            column.clone_from(after);
        }
    };
    let mut table = Table { name: name.to_owned(), ..old.clone() };
    for column in &mut table.columns {
        new_name(&mut column.name);
        if let Some(generated) = &mut column.generated {
            generated.expression = rename_in_expression(&generated.expression, renames);
        }
    }
    table.primary_key.iter_mut().for_each(new_name);
    for part in table.indexes.values_mut().flat_map(|index| index.parts.iter_mut()) {
        if part.is_expression {
            part.column = rename_in_expression(&part.column, renames);
        } else {
            new_name(&mut part.column);
        }
    }
    for check in table.checks.values_mut() {
        check.expression = rename_in_expression(&check.expression, renames);
    }
    for key in table.foreign_keys.values_mut() {
        key.columns.iter_mut().for_each(new_name);
        if names::same(&key.foreign_table, &old.name) {
            name.clone_into(&mut key.foreign_table);
            key.foreign_columns.iter_mut().for_each(new_name);
        }
    }
    table
}

/// An expression over one table with its columns' new names; one that cannot be read stays, and is refused where it is
/// rendered.
fn rename_in_expression(expression: &str, renames: &[(String, String)]) -> String {
    use sqlparser::ast::{Expr, VisitMut, VisitorMut};
    struct Renamer<'a>(&'a [(String, String)]);
    impl VisitorMut for Renamer<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
            let name = match expression {
                Expr::Identifier(name) => Some(name),
                Expr::CompoundIdentifier(parts) => parts.last_mut(),
                _ => None,
            };
            if let Some(name) = name
                && let Some((_, after)) = self.0.iter().find(|(before, _)| names::same(before, &name.value))
            {
                name.value.clone_from(after);
                name.quote_style = Some('`');
            }
            ControlFlow::Continue(())
        }
    }
    if renames.is_empty() {
        return expression.to_owned();
    }
    match crate::engine::constants::parse(expression) {
        Ok(mut tree) => {
            let _ = tree.visit(&mut Renamer(renames));
            tree.to_string()
        }
        Err(_) => expression.to_owned(),
    }
}

/// How the table gets from its under_new_names form to the new one.
#[derive(Debug, PartialEq)]
pub(super) enum Path {
    Nothing,
    Add(Vec<Column>),
    Rebuild,
}

impl Path {
    pub(super) fn between(
        under_new_names: &Table,
        new: &Table,
        origins: &Origins,
        words: Words,
    ) -> Result<Self, Refusal> {
        // An expression of the old table may no longer be readable with the new names; then it is made anew.
        let same = |table: &Table| match tables::create_table(table, &table.name, words) {
            Ok(sql) => tables::create_table(new, &new.name, words).map(|new_sql| sql == new_sql),
            Err(_) => Ok(false),
        };
        let is_added = |column: &Column| origins.origin(&column.name).is_none();
        // A column dropped and added again under its name is another column.
        if origins.columns.len() != under_new_names.columns.len() {
            return Ok(Self::Rebuild);
        }
        if same(under_new_names)? {
            return Ok(Self::Nothing);
        }
        let added: Vec<Column> = new.columns.iter().filter(|column| is_added(column)).cloned().collect();
        let mut with_added = under_new_names.clone();
        with_added.columns.extend(added.iter().cloned());
        let can = added.iter().all(|column| can_be_added(new, column, words));
        if can && !added.is_empty() && same(&with_added)? { Ok(Self::Add(added)) } else { Ok(Self::Rebuild) }
    }
}

/// Whether SQLite's ADD COLUMN takes the column and gives the old rows what MySQL would.
fn can_be_added(table: &Table, column: &Column, words: Words) -> bool {
    let is_constant = match tables::default_value(table, column, words) {
        Ok(Some(default)) => !default.starts_with('(') && !default.starts_with("CURRENT"),
        Ok(None) => column.nullable,
        Err(_) => false,
    };
    let in_key = table.primary_key.iter().any(|key| names::same(key, &column.name));
    let refers =
        table.foreign_keys.values().any(|key| key.columns.iter().any(|own| names::same(own, &column.name)));
    is_constant && !in_key && !refers && column.generated.is_none() && !column.auto_increment
}

/// A foreign key of another table needs the columns that it refers to, and needs them unique.
fn validate_children(after: &Schema, parent: &Table) -> Result<(), Refusal> {
    after
        .tables
        .values()
        .filter(|child| {
            !names::same(&child.name, &parent.name)
                && child.foreign_keys.values().any(|key| names::same(&key.foreign_table, &parent.name))
        })
        .try_for_each(|child| tables::validate(after, child))
}

fn rename_statements(old: &Table, new: &Table, renames: &[(String, String)]) -> Vec<Statement> {
    let mut statements = Vec::new();
    if old.name == new.name && renames.is_empty() {
        return statements;
    }
    // Only without this pragma do references in other objects follow.
    statements.push(plain("PRAGMA legacy_alter_table = OFF"));
    let mut table = identifier(&old.name);
    if old.name != new.name {
        // SQLite takes names in another case for the same name and refuses them.
        if names::same(&old.name, &new.name) {
            statements.push(plain(format!("ALTER TABLE {table} RENAME TO {}", identifier(REBUILD_TABLE))));
            table = identifier(REBUILD_TABLE);
        }
        statements.push(plain(format!("ALTER TABLE {table} RENAME TO {}", identifier(&new.name))));
        table = identifier(&new.name);
    }
    let is_taken = |name: &str| old.columns.iter().any(|column| names::same(&column.name, name));
    let needs_step = renames.iter().any(|(_, after)| is_taken(after));
    let step = |place: usize| identifier(&format!("tenantry_column_{place}"));
    let rename = |from: &str, to: &str| plain(format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}"));
    for (place, (before, after)) in renames.iter().enumerate() {
        let to = if needs_step { step(place) } else { identifier(after) };
        statements.push(rename(&identifier(before), &to));
    }
    if needs_step {
        for (place, (_, after)) in renames.iter().enumerate() {
            statements.push(rename(&step(place), &identifier(after)));
        }
    }
    statements.push(plain("PRAGMA legacy_alter_table = ON"));
    statements
}
