//! INSERT and REPLACE.

use super::{
    Refusal,
    dialect::plain,
    expressions::Translator,
    functions::converted,
    names::{self, identifier, identifiers},
    rows::{assigned, assignments, column_of, known, statement, target, translator},
    scope::{Kind, Sql},
    storage,
    tables::{self, move_counter},
};
use crate::{
    engine::statement::Statement,
    schema::{Column, Default, ReferentialAction, Schema, Table},
};
use sqlparser::ast::{Assignment, Insert, ObjectName, OnInsert, Query, SetExpr, TableObject};

/// INSERT, with what happens to rows whose key is there already.
pub(super) fn insert_rows(schema: &Schema, insert: &Insert) -> Result<Vec<Statement>, Refusal> {
    let Insert {
        insert_token: _,
        optimizer_hints: _,
        or,
        ignore,
        into: _,
        table,
        table_alias,
        columns,
        overwrite,
        source,
        assignments,
        partitioned,
        after_columns,
        has_table_keyword: _,
        on,
        returning,
        output,
        replace_into,
        priority: _,
        insert_alias,
        settings,
        format_clause,
        multi_table_insert_type,
        multi_table_into_clauses,
        multi_table_when_clauses,
        multi_table_else_clause,
    } = insert;
    let strange = or.is_some()
        || table_alias.is_some()
        || *overwrite
        || partitioned.is_some()
        || !after_columns.is_empty()
        || returning.is_some()
        || output.is_some()
        || settings.is_some()
        || format_clause.is_some()
        || multi_table_insert_type.is_some()
        || !multi_table_into_clauses.is_empty()
        || !multi_table_when_clauses.is_empty()
        || multi_table_else_clause.is_some();
    let TableObject::TableName(name) = table else {
        return Err(Refusal::unsupported("This form of INSERT"));
    };
    if strange {
        return Err(Refusal::unsupported("This form of INSERT"));
    }
    let table = known(schema, name)?;
    if *replace_into {
        refuse_actions(schema, table, "REPLACE")?;
    }
    let targets = targets(table, columns, assignments, source.is_some())?;
    let mut sql = Sql::new(format!(
        "INSERT INTO {} ({}) ",
        identifier(&table.name),
        identifiers(targets.iter().map(|column| column.name.as_str()))
    ));
    // The values of a row see no table, a SELECT sees its own.
    let mut values = Translator { binds: true, ..Translator::over_schema(schema) };
    if let Some(source) = source {
        sql.push(source_rows(&mut values, schema, table, &targets, source)?);
    } else {
        let row: Result<Vec<_>, _> = targets
            .iter()
            .zip(assignments)
            .map(|(column, assignment)| assigned(&mut values, schema, table, column, &assignment.value))
            .collect();
        sql.push(Sql::fill("VALUES ({})", [Sql::join(row?, ", ")]));
    }
    match on {
        Some(OnInsert::DuplicateKeyUpdate(changes)) => {
            let alias = insert_alias.as_ref().map(|alias| alias.row_alias.to_string());
            sql.push(Sql::new(" "));
            sql.push(upsert(schema, table, &targets, changes, alias)?);
        }
        Some(_) => return Err(Refusal::unsupported("ON CONFLICT")),
        None if *replace_into => {
            let key = met_key(table, &targets, "REPLACE")?;
            let set: Vec<String> = table
                .columns
                .iter()
                .filter(|column| {
                    column.generated.is_none() && !key.iter().any(|name| names::same(name, &column.name))
                })
                .map(|column| format!("{0} = excluded.{0}", identifier(&column.name)))
                .collect();
            let act =
                if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) };
            sql.push(Sql::new(format!(" ON CONFLICT ({}) DO {act}", identifiers(key))));
        }
        None if *ignore => sql.push(Sql::new(" ON CONFLICT DO NOTHING")),
        None => {}
    }
    let mut statements = vec![statement(sql)];
    // A number that was given leaves the counter behind it where it was.
    let given = targets.iter().find(|column| column.auto_increment);
    statements.extend(given.map(|column| plain(move_counter(table, column))));
    Ok(statements)
}

/// Refuses what deletes rows that others would follow.
fn refuse_actions(schema: &Schema, parent: &Table, what: &str) -> Result<(), Refusal> {
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

fn targets<'a>(
    table: &'a Table,
    columns: &[ObjectName],
    assignments: &[Assignment],
    has_source: bool,
) -> Result<Vec<&'a Column>, Refusal> {
    let found: Vec<&Column> = if !has_source {
        assignments.iter().map(|assignment| target(table, assignment)).collect::<Result<_, _>>()?
    } else if columns.is_empty() {
        table.columns.iter().collect()
    } else {
        columns.iter().map(|name| column_of(table, name)).collect::<Result<_, _>>()?
    };
    match found.iter().find(|column| column.generated.is_some()) {
        Some(column) => Err(Refusal::new(format!(
            "{}.{} is computed and takes no value; list the other columns.",
            table.name, column.name
        ))),
        None if found.is_empty() => {
            Err(Refusal::new(format!("The INSERT into {} names no columns.", table.name)))
        }
        None => Ok(found),
    }
}

fn source_rows(
    translator: &mut Translator,
    schema: &Schema,
    table: &Table,
    targets: &[&Column],
    source: &Query,
) -> Result<Sql, Refusal> {
    if let (SetExpr::Values(values), None, None, None) =
        (source.body.as_ref(), &source.with, &source.order_by, &source.limit_clause)
    {
        let mut rows = Vec::new();
        for row in &values.rows {
            if row.content.len() != targets.len() {
                return Err(Refusal::new(format!(
                    "A row for {} has {} values for {} columns.",
                    table.name,
                    row.content.len(),
                    targets.len()
                )));
            }
            let items: Result<Vec<_>, _> = targets
                .iter()
                .zip(&row.content)
                .map(|(column, value)| assigned(translator, schema, table, column, value))
                .collect();
            rows.push(Sql::fill("({})", [Sql::join(items?, ", ")]));
        }
        return Ok(Sql::fill("VALUES {}", [Sql::join(rows, ", ")]));
    }
    let (sql, results) = translator.query(source)?;
    if results.len() != targets.len() {
        return Err(Refusal::new(format!(
            "The SELECT for {} gives {} values for {} columns.",
            table.name,
            results.len(),
            targets.len()
        )));
    }
    // Every value is brought into its column's type; constants of the SELECT are texts and numbers until then.
    let values = targets.iter().zip(&results).enumerate().map(|(place, (column, (_, kind)))| {
        let value = Sql::new(format!("s.c{place}"));
        let constant = kind == &Kind::Constant;
        if storage::is_uuid(schema, table, column) {
            Sql::fill("CAST({} AS uuid)", [value])
        } else if constant {
            converted(value, &Kind::COMPUTED_TEXT, &column.ty)
        } else {
            converted(value, kind, &column.ty)
        }
    });
    let values = Sql::join(values, ", ");
    let names: Vec<String> = (0..targets.len()).map(|place| format!("c{place}")).collect();
    Ok(Sql::fill(&format!("SELECT {{}} FROM ({{}}) AS s ({})", names.join(", ")), [values, sql]))
}

/// ON DUPLICATE KEY UPDATE names no key and PostgreSQL wants one: it is the only one that the row could meet.
fn upsert(
    schema: &Schema,
    table: &Table,
    targets: &[&Column],
    changes: &[Assignment],
    alias: Option<String>,
) -> Result<Sql, Refusal> {
    let key = met_key(table, targets, "ON DUPLICATE KEY UPDATE")?;
    let mut translator = translator(schema, table, &table.name);
    translator.inserted = Some(alias.into_iter().collect());
    let set = assignments(&mut translator, schema, table, changes)?;
    Ok(Sql::fill("ON CONFLICT ({}) DO UPDATE SET {}", [Sql::new(identifiers(key)), set]))
}

/// The one unique key that a row of these columns could meet.
fn met_key<'a>(table: &'a Table, targets: &[&Column], what: &str) -> Result<Vec<&'a str>, Refusal> {
    let is_given = |name: &str| targets.iter().any(|column| names::same(&column.name, name));
    // A key can be met unless a column of it always gets a new value, or none.
    let is_new = |name: &str| {
        !is_given(name)
            && tables::find(table, name).is_some_and(|column| {
                column.auto_increment
                    || matches!(column.default, Some(Default::Uuid))
                    || (column.default.is_none() && column.nullable)
            })
    };
    let mut keys: Vec<Vec<&'a str>> = Vec::new();
    let unique = table.indexes.values().filter(|index| index.unique);
    let columns = unique.map(|index| index.parts.iter().map(|part| part.column.as_str()).collect::<Vec<_>>());
    let primary = table.primary_key.iter().map(String::as_str).collect::<Vec<_>>();
    for key in columns.chain([primary]) {
        let mut sorted = key.clone();
        sorted.sort_unstable();
        let is_known = keys.iter().any(|known| {
            let mut known = known.clone();
            known.sort_unstable();
            known == sorted
        });
        if !key.is_empty() && !is_known && !key.iter().any(|column| is_new(column)) {
            keys.push(key);
        }
    }
    match keys.as_slice() {
        [key] => Ok(key.clone()),
        [] => Err(Refusal::new(format!(
            "{what} for {}: no unique key could be met by these columns.",
            table.name
        ))),
        several => {
            let names: Vec<String> = several.iter().map(|key| format!("({})", key.join(", "))).collect();
            Err(Refusal::new(format!(
                "{what} for {} could meet several unique keys: {}. Leave the columns of all but one out, or write it for \
                 PostgreSQL in an override file (NNN_name.postgres.sql).",
                table.name,
                names.join(", ")
            )))
        }
    }
}
