//! The rebuild: a new table, the rows copied, the new table in the old one's place.
//!
//! It drops what hangs on the table. What the model knows is made again; a guard runs first and fails, with a name, if the
//! live table has a column, an index or a trigger that the model does not know.

use super::{
    Refusal,
    alter::Origins,
    dialect::plain,
    literals::{Literal, literal},
    names::{self, REBUILD_TABLE, identifier, identifiers},
    tables,
};
use crate::{
    engine::statement::{Statement, Words},
    schema::{Column, Schema, Table, Type},
};

/// Fails, saying why, where the live table has something that the rebuild would lose, or where the connection is not set
/// up for one: with foreign keys on, dropping the old table would delete the rows that refer to it.
pub(super) fn guard(before: &Schema, old: &Table) -> Vec<Statement> {
    let list = |names: &mut dyn Iterator<Item = String>| {
        names.map(|name| names::text(&name)).collect::<Vec<_>>().join(", ")
    };
    let columns = list(&mut old.columns.iter().map(|column| column.name.clone()));
    let triggers = before.triggers.values().filter(|trigger| names::same(&trigger.table, &old.name));
    let objects = list(
        &mut old
            .indexes
            .values()
            .map(|index| names::index_name(&old.name, &index.name))
            .chain([names::on_update_trigger(&old.name)])
            .chain(triggers.map(|trigger| trigger.name.clone())),
    );
    let name = names::text(&old.name);
    let reason = identifier(&format!(
        "{} has columns, indexes or triggers that the plan does not know and a rebuild would lose",
        old.name
    ));
    vec![
        plain(format!(
            "CREATE TEMP TABLE tenantry_guard (lost TEXT CONSTRAINT {reason} CHECK (lost IS NULL), \
             pragma TEXT CONSTRAINT \"foreign_keys must be off and legacy_alter_table on for a rebuild\" \
             CHECK (pragma IS NULL))"
        )),
        plain(format!(
            "INSERT INTO tenantry_guard (lost) SELECT name FROM pragma_table_xinfo({name}) WHERE name NOT IN ({columns}) \
             UNION ALL SELECT name FROM main.sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL \
             AND tbl_name = {name} COLLATE NOCASE AND name NOT IN ({objects})"
        )),
        plain(
            "INSERT INTO tenantry_guard (pragma) SELECT 'on' FROM pragma_foreign_keys WHERE foreign_keys <> 0 \
             UNION ALL SELECT 'off' FROM pragma_legacy_alter_table WHERE legacy_alter_table = 0",
        ),
        plain("DROP TABLE tenantry_guard"),
    ]
}

/// Makes the table anew and copies its rows.
pub(super) fn rebuild(
    under_new_names: &Table,
    new: &Table,
    origins: &Origins,
    words: Words,
) -> Result<Vec<Statement>, Refusal> {
    let name = identifier(&new.name);
    let mut statements = vec![plain(tables::create_table(new, REBUILD_TABLE, words)?)];
    let mut targets = Vec::new();
    let mut values = Vec::new();
    for column in new.columns.iter().filter(|column| column.generated.is_none()) {
        let source = origins.origin(&column.name).and_then(|_| tables::find(under_new_names, &column.name));
        let value = match source {
            Some(source) => Some(copied(source, column)),
            None => first_value(new, column, words)?,
        };
        if let Some(value) = value {
            targets.push(column.name.as_str());
            values.push(value);
        }
    }
    if !targets.is_empty() {
        statements.push(plain(format!(
            "INSERT INTO {REBUILD_TABLE} ({}) SELECT {} FROM {name}",
            identifiers(targets),
            values.join(", ")
        )));
    }
    if tables::auto_increment_key(new).is_some() && tables::auto_increment_key(under_new_names).is_some() {
        let old_name = names::text(&new.name);
        statements.push(plain(format!("DELETE FROM sqlite_sequence WHERE name = '{REBUILD_TABLE}'")));
        statements.push(plain(format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT '{REBUILD_TABLE}', seq FROM sqlite_sequence WHERE name = {old_name}"
        )));
    }
    statements.push(plain(format!("DROP TABLE {name}")));
    statements.push(plain(format!("ALTER TABLE {REBUILD_TABLE} RENAME TO {name}")));
    Ok(statements)
}

/// A column's value brought into its new type. What does not fit is left as it is, and the type's check refuses it: a
/// change of type never changes a value in silence.
fn copied(source: &Column, target: &Column) -> String {
    let name = identifier(&source.name);
    let zeros = |digits: u8| "0".repeat(usize::from(digits));
    match (&source.ty, &target.ty) {
        (Type::Decimal { scale: before, .. }, Type::Decimal { scale: after, .. }) if after < before => {
            // Only zeros are cut off.
            let point = format!("instr({name}, '.')");
            let kept = if *after == 0 { format!("{point} - 1") } else { format!("{point} + {after}") };
            format!(
                "CASE WHEN {point} > 0 AND ltrim(substr({name}, {point} + 1 + {after}), '0') = '' \
                 THEN substr({name}, 1, {kept}) ELSE {name} END"
            )
        }
        (Type::Float | Type::Double, Type::Decimal { scale, .. }) => {
            format!("CASE WHEN {name} IS NOT NULL THEN printf('%.{scale}f', {name}) END")
        }
        (Type::Date, Type::Datetime(digits) | Type::Timestamp(digits)) => {
            let fraction = if *digits == 0 { String::new() } else { format!(".{}", zeros(*digits)) };
            format!("{name} || ' 00:00:00{fraction}'")
        }
        (Type::Datetime(_) | Type::Timestamp(_), Type::Date) => format!("substr({name}, 1, 10)"),
        (
            Type::Datetime(before) | Type::Timestamp(before) | Type::Time(before),
            Type::Datetime(after) | Type::Timestamp(after) | Type::Time(after),
        ) if matches!(source.ty, Type::Time(_)) == matches!(target.ty, Type::Time(_)) && before != after => {
            if after > before {
                let point = if *before == 0 { "." } else { "" };
                format!("{name} || '{point}{}'", zeros(after - before))
            } else {
                let cut = u16::from(before - after) + u16::from(*after == 0);
                format!("substr({name}, 1, length({name}) - {cut})")
            }
        }
        (
            Type::Char(_) | Type::Varchar(_) | Type::Text(_),
            Type::Binary(_) | Type::Varbinary(_) | Type::Blob(_),
        ) => {
            format!("CAST({name} AS BLOB)")
        }
        (
            Type::Binary(_) | Type::Varbinary(_) | Type::Blob(_),
            Type::Char(_) | Type::Varchar(_) | Type::Text(_),
        ) => {
            format!("CAST({name} AS TEXT)")
        }
        _ => name,
    }
}

/// What the rows that are there get in a new column; `None` where SQLite gives it (the next number).
fn first_value(table: &Table, column: &Column, words: Words) -> Result<Option<String>, Refusal> {
    if column.auto_increment {
        return Ok(None);
    }
    if let Some(default) = tables::default_value(table, column, words)? {
        return Ok(Some(default));
    }
    if column.nullable {
        return Ok(Some("NULL".to_owned()));
    }
    // What MySQL gives a NOT NULL column without a default.
    let value = match &column.ty {
        Type::Integer { .. } | Type::Boolean | Type::Float | Type::Double | Type::Year => "0".to_owned(),
        Type::Decimal { .. } => literal(&column.ty, Literal::Number("0"))?,
        Type::Char(_) | Type::Varchar(_) | Type::Text(_) => "''".to_owned(),
        Type::Binary(length) => format!("zeroblob({length})"),
        Type::Varbinary(_) | Type::Blob(_) => "X''".to_owned(),
        Type::Json => "'null'".to_owned(),
        Type::Time(_) => literal(&column.ty, Literal::Text("00:00:00"))?,
        Type::Enum(members) => members.first().map(|member| names::text(member)).unwrap_or_default(),
        // MySQL has no such date in its strict mode either; with rows in the table this fails there too.
        Type::Date | Type::Datetime(_) | Type::Timestamp(_) | Type::Other(_) => "NULL".to_owned(),
    };
    Ok(Some(value))
}
