//! A table of the model as SQLite's CREATE statements: the table, its indexes, its trigger.

use super::{
    Refusal, encoding,
    expressions::Translator,
    literals::{Literal, literal},
    names::{self, identifier, identifiers},
};
use crate::{
    engine::statement::Words,
    schema::{Column, Default, ForeignKey, Index, ReferentialAction, Schema, Table, Type},
};
use std::collections::BTreeMap;

/// CREATE TABLE, under the name given, which is the table's own but in a rebuild.
pub(super) fn create_table(table: &Table, name: &str, words: Words) -> Result<String, Refusal> {
    let mut lines = Vec::new();
    for column in &table.columns {
        lines.push(column_definition(table, column, words)?);
    }
    lines.extend(keys_in_definition(table));
    for check in table.checks.values() {
        let condition = expression(table, &check.expression, &format!("check {}", check.name), words)?;
        lines.push(format!("CONSTRAINT {} CHECK ({condition})", identifier(&check.name)));
    }
    lines.extend(table.foreign_keys.values().map(foreign_key));
    let comment = table
        .comment
        .as_ref()
        .map(|comment| encoding::kept("TABLE COMMENT", comment) + " ")
        .unwrap_or_default();
    Ok(format!("CREATE TABLE {} ({comment}\n    {}\n)", identifier(name), lines.join(",\n    ")))
}

/// The number of a unique key that stands in a table's definition, as SQLite calls its index; no template has one.
fn number_in_definition(table: &Table, index: &Index) -> Option<u32> {
    let rest = names::index_name(&table.name, &index.name);
    let rest = rest.strip_prefix("sqlite_autoindex_")?.strip_prefix(table.name.as_str())?;
    rest.strip_prefix('_')?.parse().ok()
}

/// The primary key, and unique keys that stand in the definition. SQLite numbers their indexes as they come, the one of the
/// primary key included, so each comes in its own place.
fn keys_in_definition(table: &Table) -> Vec<String> {
    let mut keys: Vec<(u32, String)> = Vec::new();
    for index in table.indexes.values() {
        if let Some(number) = number_in_definition(table, index) {
            let parts: Vec<String> = index
                .parts
                .iter()
                .map(|part| if part.is_expression { part.column.clone() } else { identifier(&part.column) })
                .collect();
            keys.push((number, format!("UNIQUE ({})", parts.join(", "))));
        }
    }
    if auto_increment_key(table).is_none() && !table.primary_key.is_empty() {
        let free = (1..).find(|number| !keys.iter().any(|(taken, _)| taken == number)).unwrap_or(1);
        keys.push((free, format!("PRIMARY KEY ({})", identifiers(&table.primary_key))));
    }
    keys.sort();
    keys.into_iter().map(|(_, key)| key).collect()
}

/// A column as CREATE TABLE and ADD COLUMN define it.
pub(super) fn column_definition(table: &Table, column: &Column, words: Words) -> Result<String, Refusal> {
    let is_key = auto_increment_key(table).is_some_and(|key| key.name == column.name);
    let mut pieces = vec![identifier(&column.name), encoding::declared(&column.ty, is_key)];
    // What a person made may have a key that is no row's duty: SQLite lets NULL into one that is no INTEGER.
    if !column.nullable || (words == Words::Template && is_in(&table.primary_key, &column.name)) {
        pieces.push("NOT NULL".to_owned());
    }
    if is_key {
        pieces.push("PRIMARY KEY AUTOINCREMENT".to_owned());
    }
    if let Some(default) = default_value(table, column, words)? {
        pieces.push(format!("DEFAULT {default}"));
    }
    let collation = column.collation.as_deref();
    let (clause, kept) = match (encoding::collation_clause(&column.ty, collation), collation) {
        (Ok((clause, kept)), _) => (clause.map(str::to_owned), kept),
        (Err(_), Some(own)) if words == Words::Own => (Some(identifier(own)), None),
        (Err(refusal), _) => return Err(refusal),
    };
    pieces.extend(clause.map(|name| format!("COLLATE {name}")));
    if let Some(check) = encoding::check(&column.ty, &column.name) {
        pieces.push(format!("CHECK ({check})"));
    }
    if let Some(generated) = &column.generated {
        let text = expression(table, &generated.expression, &format!("column {}", column.name), words)?;
        let kind = if generated.stored { "STORED" } else { "VIRTUAL" };
        pieces.push(format!("GENERATED ALWAYS AS ({text}) {kind}"));
    }
    pieces.extend(kept.map(|name| encoding::kept("COLLATION", name)));
    pieces.extend(column.comment.as_ref().map(|comment| encoding::kept("COMMENT", comment)));
    Ok(pieces.join(" "))
}

/// A column's default as it follows the word DEFAULT: a constant, or an expression in brackets.
pub(super) fn default_value(table: &Table, column: &Column, words: Words) -> Result<Option<String>, Refusal> {
    let Some(default) = &column.default else {
        return Ok(None);
    };
    if words == Words::Own {
        return Ok(Some(own_default(&column.ty, default)));
    }
    Ok(Some(match default {
        Default::Text(value) => {
            refuse_variables(value, &format!("The default of {}.{}", table.name, column.name))?;
            let written = literal(&column.ty, Literal::Text(value))?;
            if written.starts_with("CAST") { format!("({written})") } else { written }
        }
        Default::Number(value) => match &column.ty {
            // As written, in quotes: SQLite would make a floating number of it.
            Type::Decimal { .. } => {
                literal(&column.ty, Literal::Number(value))?;
                names::text(value)
            }
            _ => literal(&column.ty, Literal::Number(value))?,
        },
        Default::Boolean(true) => "TRUE".to_owned(),
        Default::Boolean(false) => "FALSE".to_owned(),
        Default::Now(digits) => {
            let own = fraction_digits(&column.ty).ok_or_else(|| {
                Refusal::new(format!(
                    "{}.{} is no DATETIME or TIMESTAMP, so CURRENT_TIMESTAMP cannot be its default.",
                    table.name, column.name
                ))
            })?;
            if own != *digits {
                return Err(Refusal::new(format!(
                    "The default of {}.{} has {digits} digits of a second and its type {own}; give both the same.",
                    table.name, column.name
                )));
            }
            bracketed_now(*digits)
        }
        Default::Uuid => format!("({})", encoding::UUID),
        Default::Expression(expression) => {
            let text = Translator::without_tables().text(expression).map_err(|refusal| {
                Refusal::new(format!("The default of {}.{}: {}", table.name, column.name, refusal.reason))
            })?;
            format!("({text})")
        }
    }))
}

/// A default as it was read: the opposite of [`encoding::decode_default`].
fn own_default(ty: &Type, default: &Default) -> String {
    match default {
        Default::Text(value) => names::text(value),
        Default::Number(value) if matches!(ty, Type::Decimal { .. }) => names::text(value),
        Default::Number(value) => value.clone(),
        Default::Boolean(true) => "TRUE".to_owned(),
        Default::Boolean(false) => "FALSE".to_owned(),
        Default::Now(digits) => bracketed_now(*digits),
        Default::Uuid => format!("({})", encoding::UUID),
        Default::Expression(written) => format!("({written})"),
    }
}

fn bracketed_now(digits: u8) -> String {
    if digits == 0 { encoding::now(0) } else { format!("({})", encoding::now(digits)) }
}

/// The CREATE INDEX statements of a table by the names that the indexes have on SQLite.
pub(super) fn create_indexes(table: &Table, words: Words) -> Result<BTreeMap<String, String>, Refusal> {
    let mut statements = BTreeMap::new();
    for index in table.indexes.values().filter(|index| number_in_definition(table, index).is_none()) {
        let name = names::index_name(&table.name, &index.name);
        statements.insert(name.clone(), create_index(table, index, &name, words)?);
    }
    Ok(statements)
}

fn create_index(table: &Table, index: &Index, name: &str, words: Words) -> Result<String, Refusal> {
    let mut parts = Vec::new();
    for part in &index.parts {
        let mut text = if part.is_expression {
            expression(table, &part.column, &format!("index {}", index.name), words)?
        } else if let Some(length) = part.prefix {
            let collation = match find(table, &part.column) {
                Some(column) => encoding::collation_clause(&column.ty, column.collation.as_deref())?.0,
                None => None,
            };
            prefix_expression(&part.column, length, collation.map(str::to_owned).as_ref())
        } else {
            identifier(&part.column)
        };
        if part.descending {
            text.push_str(" DESC");
        }
        parts.push(text);
    }
    let unique = if index.unique { "UNIQUE " } else { "" };
    let filter = index.filter.as_ref().map(|filter| format!(" WHERE {filter}")).unwrap_or_default();
    Ok(format!(
        "CREATE {unique}INDEX {} ON {} ({}){filter}",
        identifier(name),
        identifier(&table.name),
        parts.join(", ")
    ))
}

/// The indexed expression for the first `length` characters of a column.
pub(super) fn prefix_expression(column: &str, length: u32, collation: Option<&String>) -> String {
    let nocase = if collation.is_some_and(|name| name == "NOCASE") { " COLLATE NOCASE" } else { "" };
    format!("substr({}, 1, {length}){nocase}", identifier(column))
}

/// The trigger that does `ON UPDATE CURRENT_TIMESTAMP` for a table; `None` where no column asks for it.
///
/// As on MySQL it acts only when another column's value changed and the statement did not change the column itself.
/// The update that it makes changes none of the other columns, so it ends there even with recursive triggers on.
pub(super) fn on_update_trigger(table: &Table) -> Result<Option<String>, Refusal> {
    let touched: Vec<&Column> = table.columns.iter().filter(|column| column.on_update_now).collect();
    if touched.is_empty() {
        return Ok(None);
    }
    if let Some(column) = touched.iter().find(|column| fraction_digits(&column.ty).is_none()) {
        return Err(Refusal::new(format!(
            "{}.{} is no DATETIME or TIMESTAMP, so it cannot have ON UPDATE CURRENT_TIMESTAMP.",
            table.name, column.name
        )));
    }
    let row = ["rowid", "_rowid_", "oid"]
        .into_iter()
        .find(|name| find(table, name).is_none())
        .ok_or_else(|| Refusal::unsupported(format!("The table {}, which hides its row id,", table.name)))?;
    let mut changed: Vec<String> = table
        .columns
        .iter()
        .filter(|column| !column.on_update_now && column.generated.is_none())
        .map(on_update_watch)
        .collect();
    if changed.is_empty() {
        changed.push("FALSE".to_owned());
    }
    let untouched: Vec<String> =
        touched.iter().map(|column| format!("NEW.{0} IS OLD.{0}", identifier(&column.name))).collect();
    let set: Vec<String> = touched.iter().map(|column| on_update_assignment(column)).collect();
    let name = identifier(&table.name);
    Ok(Some(format!(
        "CREATE TRIGGER {trigger} AFTER UPDATE ON {name} FOR EACH ROW\n\
         WHEN ({untouched}) AND ({changed})\n\
         BEGIN\n    UPDATE {name} SET {set} WHERE {row} = NEW.{row};\nEND",
        trigger = identifier(&names::on_update_trigger(&table.name)),
        untouched = untouched.join(" OR "),
        changed = changed.join(" OR "),
        set = set.join(", "),
    )))
}

/// What the trigger asks of a column that it watches.
pub(super) fn on_update_watch(column: &Column) -> String {
    let name = identifier(&column.name);
    format!("NEW.{name} COLLATE BINARY IS NOT OLD.{name}")
}

/// What the trigger sets one column to.
pub(super) fn on_update_assignment(column: &Column) -> String {
    let name = identifier(&column.name);
    let now = encoding::now(fraction_digits(&column.ty).unwrap_or(0));
    format!("{name} = CASE WHEN NEW.{name} IS OLD.{name} THEN {now} ELSE NEW.{name} END")
}

/// The fraction digits of a type that holds a moment.
pub(super) fn fraction_digits(ty: &Type) -> Option<u8> {
    match ty {
        Type::Datetime(digits) | Type::Timestamp(digits) => Some(*digits),
        _ => None,
    }
}

/// The column that is `INTEGER PRIMARY KEY AUTOINCREMENT`.
pub(super) fn auto_increment_key(table: &Table) -> Option<&Column> {
    table.columns.iter().find(|column| column.auto_increment)
}

/// A column by its name, in any case.
pub(super) fn find<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.columns.iter().find(|column| names::same(&column.name, name))
}

/// A table by its name.
pub(super) fn find_table<'a>(schema: &'a Schema, name: &str) -> Option<&'a Table> {
    schema.tables.get(name).or_else(|| schema.tables.values().find(|table| names::same(&table.name, name)))
}

fn is_in(names: &[String], name: &str) -> bool {
    names.iter().any(|one| names::same(one, name))
}

fn expression(table: &Table, expression: &str, what: &str, words: Words) -> Result<String, Refusal> {
    if words == Words::Own {
        return Ok(expression.to_owned());
    }
    Translator::over_table(table)
        .text(expression)
        .map_err(|refusal| Refusal::new(format!("The {what} of {}: {}", table.name, refusal.reason)))
}

fn foreign_key(key: &ForeignKey) -> String {
    let action = |when: &str, action: ReferentialAction| match action {
        ReferentialAction::NoAction => String::new(),
        ReferentialAction::Cascade => format!(" ON {when} CASCADE"),
        ReferentialAction::SetNull => format!(" ON {when} SET NULL"),
        ReferentialAction::SetDefault => format!(" ON {when} SET DEFAULT"),
    };
    format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}){}{}",
        identifier(&key.name),
        identifiers(&key.columns),
        identifier(&key.foreign_table),
        identifiers(&key.foreign_columns),
        action("DELETE", key.on_delete),
        action("UPDATE", key.on_update),
    )
}

/// Refuses what would only fail later, or would hold less than MySQL promises.
pub(super) fn validate(schema: &Schema, table: &Table) -> Result<(), Refusal> {
    let name = &table.name;
    for word in [name.as_str()].into_iter().chain(table.columns.iter().map(|column| column.name.as_str())) {
        if word.contains('\0') {
            return Err(Refusal::new(format!("A name in the table {name} has a zero byte.")));
        }
    }
    if ["sqlite_", "tenantry_"].iter().any(|prefix| name.to_ascii_lowercase().starts_with(prefix)) {
        return Err(Refusal::new(format!(
            "The table name {name} is reserved; choose one that begins otherwise."
        )));
    }
    if let Some(key) = auto_increment_key(table) {
        let is_alone = matches!(table.primary_key.as_slice(), [only] if names::same(only, &key.name));
        let is_integer = matches!(key.ty, Type::Integer { .. });
        if !is_alone || !is_integer || table.columns.iter().filter(|column| column.auto_increment).count() > 1
        {
            return Err(Refusal::new(format!(
                "{name}.{} is AUTO_INCREMENT, which on SQLite only the one integer column of a primary key can be; \
                 make it the primary key by itself.",
                key.name
            )));
        }
    }
    for column in &table.columns {
        validate_column(table, column)?;
    }
    for (index, parts, is_unique) in keys(table) {
        for (column, prefix) in parts {
            let Some(column) = find(table, column) else {
                return Err(Refusal::new(format!(
                    "{index} of {name} names the column {column}, which is not there."
                )));
            };
            if is_unique && prefix.is_some() {
                return Err(Refusal::new(format!(
                    "{index} of {name} is unique over the beginning of {}, which SQLite cannot promise; make it unique \
                     over the whole column, or plain.",
                    column.name
                )));
            }
            if is_unique && matches!(column.ty, Type::Decimal { .. }) {
                return Err(Refusal::new(format!(
                    "{index} of {name} is unique over the DECIMAL column {}, which SQLite keeps as text, so that 1.5 and \
                     1.50 would be two values; use an integer of the smallest unit.",
                    column.name
                )));
            }
        }
    }
    table.foreign_keys.values().try_for_each(|key| validate_foreign_key(schema, table, key))
}

type Key<'a> = (String, Vec<(&'a str, Option<u32>)>, bool);

fn keys(table: &Table) -> Vec<Key<'_>> {
    let mut keys: Vec<Key> = table
        .indexes
        .values()
        .map(|index| {
            let parts = index.parts.iter().filter(|part| !part.is_expression);
            let parts = parts.map(|part| (part.column.as_str(), part.prefix)).collect();
            let is_plain = index.parts.iter().all(|part| !part.is_expression);
            (format!("The index {}", index.name), parts, index.unique && is_plain)
        })
        .collect();
    let primary = table.primary_key.iter().map(|column| (column.as_str(), None)).collect();
    keys.push(("The primary key".to_owned(), primary, true));
    keys
}

fn validate_column(table: &Table, column: &Column) -> Result<(), Refusal> {
    let name = format!("{}.{}", table.name, column.name);
    if let Some(comment) = &column.comment
        && comment.contains('\0')
    {
        return Err(Refusal::new(format!("The comment of {name} has a zero byte.")));
    }
    match &column.ty {
        Type::Other(written) => {
            return Err(Refusal::new(format!(
                "{name} has the type {written}, which SQLite has no counterpart for; choose another."
            )));
        }
        Type::Enum(members) => {
            for member in members {
                refuse_variables(member, &format!("A value of {name}"))?;
                literal(&column.ty, Literal::Text(member))?;
            }
            if members.is_empty() {
                return Err(Refusal::new(format!("The ENUM {name} has no values.")));
            }
        }
        Type::Integer { bits, .. } if ![8, 16, 24, 32, 64].contains(bits) => {
            return Err(Refusal::new(format!(
                "{name} has {bits} bits; SQLite's integers have 8, 16, 24, 32 or 64."
            )));
        }
        Type::Decimal { precision, scale, .. } if scale > precision || *precision == 0 => {
            return Err(Refusal::new(format!("{name} has more digits after the point than in all.")));
        }
        _ => {}
    }
    if column.generated.is_some() && (column.default.is_some() || is_in(&table.primary_key, &column.name)) {
        return Err(Refusal::new(format!(
            "{name} is computed, so it can be neither a primary key nor have a default."
        )));
    }
    Ok(())
}

fn validate_foreign_key(schema: &Schema, table: &Table, key: &ForeignKey) -> Result<(), Refusal> {
    let here = format!("The foreign key {} of {}", key.name, table.name);
    let parent = if names::same(&key.foreign_table, &table.name) {
        table
    } else {
        find_table(schema, &key.foreign_table).ok_or_else(|| {
            Refusal::new(format!(
                "{here} refers to {}, which is not there; create that table first.",
                key.foreign_table
            ))
        })?
    };
    if let Some(missing) = key.columns.iter().find(|column| find(table, column).is_none()) {
        return Err(Refusal::new(format!("{here} names the column {missing}, which is not there.")));
    }
    let matches = |columns: &[&str]| {
        columns.len() == key.foreign_columns.len()
            && columns.iter().all(|column| is_in(&key.foreign_columns, column))
    };
    let is_key = keys(parent).iter().any(|(_, parts, unique)| {
        *unique && matches(&parts.iter().map(|(column, _)| *column).collect::<Vec<_>>())
    });
    if !is_key {
        return Err(Refusal::new(format!(
            "{here} refers to {} ({}), which is neither the primary key nor unique; SQLite refuses rows then. Make it unique.",
            parent.name,
            key.foreign_columns.join(", ")
        )));
    }
    Ok(())
}

/// Variables are bound as values, and a definition has no values to bind.
pub(super) fn refuse_variables(value: &str, what: &str) -> Result<(), Refusal> {
    if has_variable(value) {
        return Err(Refusal::new(format!(
            "{what} holds a variable; variables can stand only in rows (INSERT, UPDATE, DELETE)."
        )));
    }
    Ok(())
}

/// Whether a text holds something like `{{TENANT_NAME}}`.
pub(super) fn has_variable(value: &str) -> bool {
    value.find("{{").is_some_and(|open| value.get(open..).is_some_and(|rest| rest.contains("}}")))
}
