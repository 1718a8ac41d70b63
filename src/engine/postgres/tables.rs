//! A table of the model as PostgreSQL's CREATE statements: the table, its indexes, its trigger, its comments.

use super::{
    Refusal,
    columns::{definition, now},
    expressions::Translator,
    literals::{Literal, literal},
    names::{self, LIMIT, WHOLE_NAME, identifier, identifiers, text},
    storage,
};
use crate::{
    engine::statement::Words,
    schema::{Check, Column, ForeignKey, Index, ReferentialAction, Schema, Table, Type},
};

/// CREATE TABLE, then everything that stands outside it, in order. What is made again in PostgreSQL's own words has no foreign
/// keys yet: they come when all tables are there.
pub(super) fn create_table(schema: &Schema, table: &Table, words: Words) -> Result<Vec<String>, Refusal> {
    let name = identifier(&table.name);
    let mut lines = Vec::new();
    let mut after = Vec::new();
    after.extend(table_comment(table));
    for column in &table.columns {
        let definition = definition(schema, table, column, words)?;
        lines.push(definition.text(&column.name, definition.default.as_deref()));
        if let Some(check) = &definition.check {
            after.push(type_check_comment(&table.name, &column.name, &check.comment));
        }
        after.extend(
            definition.comment.as_deref().map(|comment| column_comment(&table.name, &column.name, comment)),
        );
    }
    lines.extend(primary_key(table));
    for check in table.checks.values() {
        lines.push(check_clause(schema, table, check, words)?);
        after.extend(constraint_comment(&table.name, &check.name));
    }
    for key in table.foreign_keys.values().filter(|_| words == Words::Template) {
        lines.push(foreign_key(key));
        after.extend(constraint_comment(&table.name, &key.name));
    }
    let mut statements = vec![format!("CREATE TABLE {name} (\n    {}\n)", lines.join(",\n    "))];
    for index in table.indexes.values() {
        statements.extend(create_index(schema, table, index, words)?);
    }
    statements
        .extend(on_update(schema, table)?.into_iter().flat_map(|(function, trigger)| [function, trigger]));
    statements.extend(after);
    Ok(statements)
}

fn table_comment(table: &Table) -> Option<String> {
    let comment = table.comment.as_deref().filter(|comment| !comment.is_empty())?;
    Some(format!("COMMENT ON TABLE {} IS {}", identifier(&table.name), text(comment)))
}

/// COMMENT ON COLUMN.
pub(super) fn column_comment(table: &str, column: &str, comment: &str) -> String {
    format!("COMMENT ON COLUMN {}.{} IS {}", identifier(table), identifier(column), text(comment))
}

/// The comment by which a type is read back.
pub(super) fn type_check_comment(table: &str, column: &str, comment: &str) -> String {
    let name = identifier(&names::type_check(column));
    format!("COMMENT ON CONSTRAINT {name} ON {} IS {}", identifier(table), text(comment))
}

/// Keeps the whole name of a constraint whose name was cut.
pub(super) fn constraint_comment(table: &str, name: &str) -> Option<String> {
    let live = names::cut(name);
    (live != name).then(|| {
        format!(
            "COMMENT ON CONSTRAINT {} ON {} IS {}",
            identifier(&live),
            identifier(table),
            text(&format!("{WHOLE_NAME}{name}"))
        )
    })
}

/// The clause of the primary key.
pub(super) fn primary_key(table: &Table) -> Option<String> {
    (!table.primary_key.is_empty()).then(|| {
        format!(
            "CONSTRAINT {} PRIMARY KEY ({})",
            identifier(&names::primary_key(&table.name)),
            identifiers(&table.primary_key)
        )
    })
}

/// The clause of a check.
pub(super) fn check_clause(
    schema: &Schema,
    table: &Table,
    check: &Check,
    words: Words,
) -> Result<String, Refusal> {
    super::oddities::refuse(table, check)?;
    let what = format!("check {}", check.name);
    let condition = match words {
        Words::Own => check.expression.clone(),
        Words::Template => Translator::over_table(schema, table)
            .condition_text(&check.expression)
            .map_err(|refusal| Refusal::new(format!("The {what} of {}: {}", table.name, refusal.reason)))?,
    };
    Ok(format!("CONSTRAINT {} CHECK ({condition})", identifier(&names::cut(&check.name))))
}

/// CREATE INDEX, and the comment that keeps its whole name.
pub(super) fn create_index(
    schema: &Schema,
    table: &Table,
    index: &Index,
    words: Words,
) -> Result<Vec<String>, Refusal> {
    if index.filter.is_some() && words == Words::Template {
        return Err(Refusal::unsupported(format!("The index {} over some rows only", index.name)));
    }
    let mut parts = Vec::new();
    for part in &index.parts {
        let mut written = if part.is_expression {
            format!("({})", translate(schema, table, &part.column, &format!("index {}", index.name), words)?)
        } else if let Some(length) = part.prefix {
            let is_bytes = find(table, &part.column).is_some_and(|column| !storage::is_text(&column.ty));
            let name = identifier(&part.column);
            if is_bytes {
                format!("substring({name}, 1, {length})")
            } else {
                format!("\"left\"({name}, {length})")
            }
        } else {
            identifier(&part.column)
        };
        if part.descending {
            written.push_str(" DESC");
        }
        parts.push(written);
    }
    let unique = if index.unique { "UNIQUE " } else { "" };
    let whole = names::whole_index_name(&table.name, &index.name);
    let live = names::cut(&whole);
    let filter = index.filter.as_ref().map(|filter| format!(" WHERE {filter}")).unwrap_or_default();
    let mut statements = vec![format!(
        "CREATE {unique}INDEX {} ON {} ({}){filter}",
        identifier(&live),
        identifier(&table.name),
        parts.join(", ")
    )];
    if live != whole {
        let comment = text(&format!("{WHOLE_NAME}{whole}"));
        statements.push(format!("COMMENT ON INDEX {} IS {comment}", identifier(&live)));
    }
    Ok(statements)
}

/// The body of the function behind `ON UPDATE CURRENT_TIMESTAMP`; `None` where no column asks for it.
///
/// As on MySQL it acts only when another column's value changed and the statement did not change the column itself.
pub(super) fn on_update_body(schema: &Schema, table: &Table) -> Option<String> {
    let touched: Vec<&Column> = table.columns.iter().filter(|column| column.on_update_now).collect();
    if touched.is_empty() {
        return None;
    }
    // Byte by byte: a text that changed its case only has changed.
    let differs = |column: &Column| {
        let name = identifier(&column.name);
        let is_text = storage::is_text(&column.ty) && !storage::is_uuid(schema, table, column);
        let bytes = if is_text { " COLLATE \"C\"" } else { "" };
        format!("NEW.{name}{bytes} IS DISTINCT FROM OLD.{name}{bytes}")
    };
    let mut changed: Vec<String> = table
        .columns
        .iter()
        .filter(|column| !column.on_update_now && column.generated.is_none())
        .map(differs)
        .collect();
    if changed.is_empty() {
        changed.push("FALSE".to_owned());
    }
    let set: Vec<String> = touched
        .iter()
        .map(|column| {
            let name = identifier(&column.name);
            format!(
                "        IF NEW.{name} IS NOT DISTINCT FROM OLD.{name} THEN\n            NEW.{name} := {};\n        END IF;\n",
                now(&column.ty)
            )
        })
        .collect();
    Some(format!(
        "\nBEGIN\n    IF {} THEN\n{}    END IF;\n    RETURN NEW;\nEND\n",
        changed.join("\n        OR "),
        set.concat()
    ))
}

/// The function and the trigger behind `ON UPDATE CURRENT_TIMESTAMP`.
pub(super) fn on_update(schema: &Schema, table: &Table) -> Result<Option<(String, String)>, Refusal> {
    if let Some(column) = table
        .columns
        .iter()
        .find(|column| column.on_update_now && !matches!(column.ty, Type::Datetime(_) | Type::Timestamp(_)))
    {
        return Err(Refusal::new(format!(
            "{}.{} is no DATETIME or TIMESTAMP, so it cannot have ON UPDATE CURRENT_TIMESTAMP.",
            table.name, column.name
        )));
    }
    let Some(body) = on_update_body(schema, table) else {
        return Ok(None);
    };
    let name = identifier(&names::on_update(&table.name));
    Ok(Some((
        format!("CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {}", text(&body)),
        format!(
            "CREATE TRIGGER {name} BEFORE UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {name}()",
            identifier(&table.name)
        ),
    )))
}

/// Moves the counter behind an AUTO_INCREMENT column past the highest number there; it never goes back.
pub(super) fn move_counter(table: &Table, column: &Column) -> String {
    let name = identifier(&column.name);
    let counter =
        format!("pg_get_serial_sequence({}, {})", text(&identifier(&table.name)), text(&column.name));
    format!(
        "SELECT setval({counter}, GREATEST(COALESCE((SELECT max({name}) FROM {}), 0) + 1, nextval({counter})), false)",
        identifier(&table.name)
    )
}

/// A column by its name, in any case.
pub(super) fn find<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.columns.iter().find(|column| names::same(&column.name, name))
}

/// A table by its name.
pub(super) fn find_table<'a>(schema: &'a Schema, name: &str) -> Option<&'a Table> {
    schema.tables.get(name).or_else(|| schema.tables.values().find(|table| names::same(&table.name, name)))
}

/// An expression in a table's definition.
pub(super) fn translate(
    schema: &Schema,
    table: &Table,
    expression: &str,
    what: &str,
    words: Words,
) -> Result<String, Refusal> {
    if words == Words::Own {
        return Ok(expression.to_owned());
    }
    Translator::over_table(schema, table)
        .text(expression)
        .map_err(|refusal| Refusal::new(format!("The {what} of {}: {}", table.name, refusal.reason)))
}

/// The clause of a foreign key.
pub(super) fn foreign_key(key: &ForeignKey) -> String {
    let action = |when: &str, action: ReferentialAction| match action {
        ReferentialAction::NoAction => String::new(),
        ReferentialAction::Cascade => format!(" ON {when} CASCADE"),
        ReferentialAction::SetNull => format!(" ON {when} SET NULL"),
        ReferentialAction::SetDefault => format!(" ON {when} SET DEFAULT"),
    };
    format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}){}{}",
        identifier(&names::cut(&key.name)),
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
        if word.len() > LIMIT {
            return Err(Refusal::new(format!(
                "The name {word} is longer than {LIMIT} bytes, the most that PostgreSQL takes; choose a shorter one."
            )));
        }
    }
    if ["pg_", "tenantry_"].iter().any(|prefix| name.to_ascii_lowercase().starts_with(prefix)) {
        return Err(Refusal::new(format!(
            "The table name {name} is reserved; choose one that begins otherwise."
        )));
    }
    if let Some(check) = table.checks.keys().find(|check| check.starts_with("tenantry_")) {
        return Err(Refusal::new(format!(
            "The check name {check} of {name} is reserved; choose one that begins otherwise."
        )));
    }
    for column in &table.columns {
        validate_column(table, column)?;
    }
    for index in table.indexes.values() {
        for part in index.parts.iter().filter(|part| !part.is_expression) {
            if find(table, &part.column).is_none() {
                return Err(Refusal::new(format!(
                    "The index {} of {name} names the column {}, which is not there.",
                    index.name, part.column
                )));
            }
            if index.unique && part.prefix.is_some() {
                return Err(Refusal::new(format!(
                    "The index {} of {name} is unique over the beginning of {}, which is not kept without case on \
                     PostgreSQL; make it unique over the whole column, or plain.",
                    index.name, part.column
                )));
            }
        }
    }
    table.foreign_keys.values().try_for_each(|key| validate_foreign_key(schema, table, key))
}

fn validate_column(table: &Table, column: &Column) -> Result<(), Refusal> {
    let name = format!("{}.{}", table.name, column.name);
    match &column.ty {
        Type::Other(written) => {
            return Err(Refusal::new(format!(
                "{name} has the type {written}, which PostgreSQL has no counterpart for; choose another."
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
        Type::Decimal { precision, scale, .. } if scale > precision || *precision == 0 => {
            return Err(Refusal::new(format!("{name} has more digits after the point than in all.")));
        }
        Type::Char(0) | Type::Varchar(0) => {
            return Err(Refusal::new(format!(
                "{name} has the length 0, which PostgreSQL does not take; give it 1."
            )));
        }
        _ => {}
    }
    if column.auto_increment && !matches!(column.ty, Type::Integer { .. }) {
        return Err(Refusal::new(format!(
            "{name} is AUTO_INCREMENT, which on PostgreSQL only whole numbers can be."
        )));
    }
    if column.generated.is_some() && column.default.is_some() {
        return Err(Refusal::new(format!("{name} is computed, so it cannot have a default.")));
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
    for (own, foreign) in key.columns.iter().zip(&key.foreign_columns) {
        let own = find(table, own)
            .ok_or_else(|| Refusal::new(format!("{here} names the column {own}, which is not there.")))?;
        let Some(foreign) = find(parent, foreign) else { continue };
        if storage::is_uuid(schema, table, own) != storage::is_uuid(schema, parent, foreign) {
            return Err(Refusal::new(format!(
                "{here} has {} refer to a UUID of {}; make it a CHAR(36) as well.",
                own.name, parent.name
            )));
        }
    }
    let is_in = |name: &str| key.foreign_columns.iter().any(|column| names::same(column, name));
    let whole = |columns: &[&str]| {
        columns.len() == key.foreign_columns.len() && columns.iter().all(|column| is_in(column))
    };
    let primary: Vec<&str> = parent.primary_key.iter().map(String::as_str).collect();
    let is_key = whole(&primary)
        || parent.indexes.values().filter(|index| index.unique).any(|index| {
            let parts: Vec<&str> = index.parts.iter().map(|part| part.column.as_str()).collect();
            index.parts.iter().all(|part| !part.is_expression && part.prefix.is_none()) && whole(&parts)
        });
    if is_key {
        return Ok(());
    }
    Err(Refusal::new(format!(
        "{here} refers to {} ({}), which is neither the primary key nor unique; PostgreSQL refuses that. Make it unique.",
        parent.name,
        key.foreign_columns.join(", ")
    )))
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
    crate::sql::variables::has_variable(value)
}
