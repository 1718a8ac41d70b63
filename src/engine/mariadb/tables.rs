//! A table of the model as a CREATE TABLE, and its pieces as ALTER TABLE names them.

use super::{
    Refusal, expressions,
    words::{self, identifier, identifiers, same, text, type_words},
};
use crate::{
    engine::statement::Words,
    schema::{Check, Column, Default, ForeignKey, Index, ReferentialAction, Schema, Table, Type},
};
use std::collections::BTreeMap;

/// What every table ends with.
const OPTIONS: &str = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci";

/// The collation of databases that [`super::MariaDb`] makes.
pub(super) const COLLATION: &str = "utf8mb4_unicode_ci";

/// CREATE TABLE with everything that belongs to the table.
pub(super) fn create_table(table: &Table, words: Words) -> Result<String, Refusal> {
    check(table)?;
    let mut lines = Vec::new();
    for column in &table.columns {
        lines.push(column_definition(table, column, words)?);
    }
    if !table.primary_key.is_empty() {
        lines.push(format!("PRIMARY KEY ({})", identifiers(&table.primary_key)));
    }
    for index in table.indexes.values() {
        lines.push(index_definition(table, index)?);
    }
    lines.extend(own_keys(table).into_values());
    for condition in table.checks.values().filter(|check| !stands_at_a_column(table, check, words)) {
        lines.push(check_definition(table, condition, words)?);
    }
    for key in table.foreign_keys.values() {
        lines.push(foreign_key(table, key)?);
    }
    let comment = table.comment.as_ref().map(|comment| format!(" COMMENT={}", text(comment)));
    Ok(format!(
        "CREATE TABLE {} (\n    {}\n) {OPTIONS}{}",
        identifier(&table.name),
        lines.join(",\n    "),
        comment.unwrap_or_default()
    ))
}

/// Refuses what the servers would refuse with words that help nobody, or would do otherwise than was meant.
pub(super) fn check(table: &Table) -> Result<(), Refusal> {
    let name = &table.name;
    if name.to_ascii_lowercase().starts_with("tenantry_") {
        return Err(Refusal::new(format!(
            "The table name {name} is reserved; choose one that begins otherwise."
        )));
    }
    words::check_name("a table", name)?;
    for column in &table.columns {
        words::check_name(&format!("a column of {name}"), &column.name)?;
        if column.auto_increment && !is_first_of_a_key(table, &column.name) {
            return Err(Refusal::new(format!(
                "{name}.{} is AUTO_INCREMENT, and no key begins with it; make it the primary key.",
                column.name
            )));
        }
        if column.generated.is_some() && !column.nullable {
            return Err(Refusal::new(format!(
                "{name}.{} is computed and NOT NULL, which MariaDB does not take; leave NOT NULL out.",
                column.name
            )));
        }
    }
    for index in table.indexes.values() {
        words::check_name(&format!("an index of {name}"), &index.name)?;
    }
    let constraints = table.foreign_keys.keys().chain(table.checks.keys());
    for constraint in constraints {
        words::check_name(&format!("a constraint of {name}"), constraint)?;
    }
    Ok(())
}

fn is_first_of_a_key(table: &Table, column: &str) -> bool {
    let indexes = table.indexes.values().filter_map(|index| index.parts.first());
    let firsts = indexes.map(|part| &part.column).chain(table.primary_key.first());
    firsts.into_iter().any(|first| same(first, column))
}

/// A column as CREATE TABLE, ADD COLUMN and CHANGE COLUMN define it.
pub(super) fn column_definition(table: &Table, column: &Column, words: Words) -> Result<String, Refusal> {
    let place = || format!("{}.{}", table.name, column.name);
    let mut definition = vec![identifier(&column.name), type_words(&column.ty)];
    if words == Words::Own && column.collation.is_none() && is_text(&column.ty) {
        // A table that a person made may have another by itself.
        definition.push(format!("COLLATE {COLLATION}"));
    }
    if let Some(collation) = &column.collation {
        if !collation.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_') {
            return Err(Refusal::new(format!("{} has a collation that there is not.", place())));
        }
        definition.push(format!("COLLATE {collation}"));
    }
    if let Some(generated) = &column.generated {
        let kind = if generated.stored { "STORED" } else { "VIRTUAL" };
        let expression = within(&place(), in_words(&generated.expression, words))?;
        definition.push(format!("GENERATED ALWAYS AS ({expression}) {kind}"));
    } else {
        // Said in any case: a TIMESTAMP is NOT NULL by itself on some servers.
        definition.push(if column.nullable { "NULL" } else { "NOT NULL" }.to_owned());
        if let Some(default) = &column.default {
            definition
                .push(format!("DEFAULT {}", within(&place(), default_value(&column.ty, default, words))?));
        } else if column.nullable && !has_own_default(&column.ty) {
            definition.push("DEFAULT NULL".to_owned());
        }
        if column.on_update_now {
            definition.push(format!("ON UPDATE {}", now(fraction(&column.ty))));
        }
        if column.auto_increment {
            definition.push("AUTO_INCREMENT".to_owned());
        }
    }
    definition.extend(column.comment.as_ref().map(|comment| format!("COMMENT {}", text(comment))));
    let own = table.checks.values().find(|check| same(&check.name, &column.name));
    if let Some(check) = own.filter(|check| stands_at_a_column(table, check, words)) {
        definition.push(format!("CHECK ({})", check.expression));
    }
    Ok(definition.join(" "))
}

/// MariaDB calls a check that stands at a column as the column. A template's checks stand at the table.
fn stands_at_a_column(table: &Table, check: &Check, words: Words) -> bool {
    words == Words::Own && find(table, &check.name).is_some()
}

/// Types that have a collation.
fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::Char(_) | Type::Varchar(_) | Type::Text(_) | Type::Enum(_))
}

/// An expression in the servers' words.
fn in_words(expression: &str, words: Words) -> Result<String, Refusal> {
    match words {
        Words::Own => Ok(expression.to_owned()),
        Words::Template => expressions::render(expression),
    }
}

/// Types that no DEFAULT NULL is written for, because some servers warn about it.
fn has_own_default(ty: &Type) -> bool {
    matches!(ty, Type::Text(_) | Type::Blob(_) | Type::Json)
}

fn within<T>(place: &str, found: Result<T, Refusal>) -> Result<T, Refusal> {
    found.map_err(|refusal| Refusal::new(format!("{place}: {}", refusal.reason)))
}

fn fraction(ty: &Type) -> u8 {
    match ty {
        Type::Datetime(digits) | Type::Timestamp(digits) => *digits,
        _ => 0,
    }
}

fn now(digits: u8) -> String {
    if digits == 0 { "CURRENT_TIMESTAMP".to_owned() } else { format!("CURRENT_TIMESTAMP({digits})") }
}

fn default_value(ty: &Type, default: &Default, words: Words) -> Result<String, Refusal> {
    Ok(match default {
        // A long text takes an expression only, on MySQL.
        Default::Text(value) if has_own_default(ty) => format!("({})", text(value)),
        Default::Text(value) => text(value),
        Default::Number(value) => value.clone(),
        Default::Boolean(value) => if *value { "1" } else { "0" }.to_owned(),
        Default::Now(digits) => now(*digits),
        Default::Uuid => "(UUID())".to_owned(),
        Default::Expression(expression) => format!("({})", in_words(expression, words)?),
    })
}

/// An index as CREATE TABLE and ADD name it.
pub(super) fn index_definition(table: &Table, index: &Index) -> Result<String, Refusal> {
    if index.filter.is_some() {
        return Err(Refusal::new(format!(
            "The index {} of {} covers some rows only, which MariaDB and MySQL have no word for.",
            index.name, table.name
        )));
    }
    let mut parts = Vec::new();
    for part in &index.parts {
        if part.is_expression {
            return Err(Refusal::new(format!(
                "The index {} of {} is over an expression, which MariaDB does not take; make a computed column of it and index that.",
                index.name, table.name
            )));
        }
        let prefix = part.prefix.map(|length| format!("({length})")).unwrap_or_default();
        let order = if part.descending { " DESC" } else { "" };
        parts.push(format!("{}{prefix}{order}", identifier(&part.column)));
    }
    let kind = if index.unique { "UNIQUE KEY" } else { "KEY" };
    Ok(format!("{kind} {} ({})", identifier(&index.name), parts.join(", ")))
}

/// A check as CREATE TABLE and ADD name it.
pub(super) fn check_definition(table: &Table, check: &Check, words: Words) -> Result<String, Refusal> {
    super::oddities::refuse(table, check)?;
    let place = format!("The check {} of {}", check.name, table.name);
    let condition = within(&place, in_words(&check.expression, words))?;
    Ok(format!("CONSTRAINT {} CHECK ({condition})", identifier(&check.name)))
}

/// A foreign key as CREATE TABLE and ADD name it.
pub(super) fn foreign_key(table: &Table, key: &ForeignKey) -> Result<String, Refusal> {
    let action = |when: &str, action: ReferentialAction| match action {
        ReferentialAction::NoAction => Ok(String::new()),
        ReferentialAction::Cascade => Ok(format!(" ON {when} CASCADE")),
        ReferentialAction::SetNull => Ok(format!(" ON {when} SET NULL")),
        ReferentialAction::SetDefault => Err(Refusal::new(format!(
            "The foreign key {} of {} sets a default, which InnoDB does not do; use SET NULL.",
            key.name, table.name
        ))),
    };
    Ok(format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}){}{}",
        identifier(&key.name),
        identifiers(&key.columns),
        identifier(&key.foreign_table),
        identifiers(&key.foreign_columns),
        action("DELETE", key.on_delete)?,
        action("UPDATE", key.on_update)?,
    ))
}

/// The indexes that foreign keys bring along, by the keys' names. InnoDB wants an index that begins with a foreign key's
/// columns, and where there is none it makes one by itself, which it may take away again by itself. Made by us under
/// the key's name, it is there exactly as long as the model has no other index for the key.
pub(super) fn own_keys(table: &Table) -> BTreeMap<String, String> {
    let is_covered = |key: &ForeignKey| {
        let begins = |columns: &mut dyn Iterator<Item = &String>| {
            key.columns.iter().all(|wanted| columns.next().is_some_and(|column| same(column, wanted)))
        };
        let is_plain = |index: &&Index| {
            let mut parts = index.parts.iter().take(key.columns.len());
            index.name != key.name && parts.all(|part| !part.is_expression && part.prefix.is_none())
        };
        begins(&mut table.primary_key.iter())
            || table
                .indexes
                .values()
                .filter(is_plain)
                .any(|index| begins(&mut index.parts.iter().map(|part| &part.column)))
    };
    // One of the key's name may be there as an index that somebody wrote.
    let is_written = |key: &ForeignKey| table.indexes.contains_key(&key.name);
    let keys = table.foreign_keys.values().filter(|key| !is_covered(key) && !is_written(key));
    keys.map(|key| {
        (key.name.clone(), format!("KEY {} ({})", identifier(&key.name), identifiers(&key.columns)))
    })
    .collect()
}

/// A table by its name.
pub(super) fn find_table<'a>(schema: &'a Schema, name: &str) -> Option<&'a Table> {
    schema.tables.get(name).or_else(|| schema.tables.values().find(|table| same(&table.name, name)))
}

/// A column by its name.
pub(super) fn find<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.columns.iter().find(|column| same(&column.name, name))
}
