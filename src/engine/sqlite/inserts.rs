//! INSERT and REPLACE.

use super::{
    Refusal,
    expressions::Translator,
    names::{self, identifier, identifiers},
    referring::refuse_actions,
    rows::{assigned, assignments, column_of, known, statement, target, translator},
    scope::{Kind, Sql},
    tables::{self, has_variable},
    tokens::unquote,
};
use crate::engine::constants::text_of;
use crate::{
    engine::statement::Statement,
    schema::{Column, Default, Schema, Table, Type},
};
use sqlparser::ast::{
    Assignment, Expr, Insert, ObjectName, OnInsert, Query, SelectItem, SetExpr, TableObject, Value,
};

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
        "{} INTO {} ({}) ",
        if *replace_into { "REPLACE" } else { "INSERT" },
        identifier(&table.name),
        identifiers(targets.iter().map(|column| column.name.as_str()))
    ));
    // The values of a row see no table, a SELECT sees its own.
    let mut values = Translator { binds: true, ..Translator::over_schema(schema) };
    if let Some(source) = source {
        let has_clause = *ignore || on.is_some();
        sql.push(source_rows(&mut values, table, &targets, source, has_clause)?);
    } else {
        let row: Result<Vec<_>, _> = targets
            .iter()
            .zip(assignments)
            .map(|(column, assignment)| assigned(&mut values, table, column, &assignment.value))
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
        // OR IGNORE would pass over rows that break a NOT NULL or a check as well; MySQL's IGNORE keeps them.
        None if *ignore => sql.push(Sql::new(" ON CONFLICT DO NOTHING")),
        None => {}
    }
    Ok(vec![statement(sql)])
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
    table: &Table,
    targets: &[&Column],
    source: &Query,
    has_conflict_clause: bool,
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
                .map(|(column, value)| assigned(translator, table, column, value))
                .collect();
            rows.push(Sql::fill("({})", [Sql::join(items?, ", ")]));
        }
        return Ok(Sql::fill("VALUES {}", [Sql::join(rows, ", ")]));
    }
    let mut source = source.clone();
    form_constants(translator, table, targets, &mut source.body)?;
    let (sql, results) = translator.query(&source)?;
    if results.len() != targets.len() {
        return Err(Refusal::new(format!(
            "The SELECT for {} gives {} values for {} columns.",
            table.name,
            results.len(),
            targets.len()
        )));
    }
    for (column, (_, kind)) in targets.iter().zip(&results) {
        let fits = match (&column.ty, kind) {
            (Type::Decimal { scale, .. }, Kind::Decimal { scale: from, .. }) => from <= scale,
            (Type::Decimal { .. }, Kind::Number) => false,
            _ => true,
        };
        if !fits {
            return Err(Refusal::unsupported(format!(
                "A computed value for the DECIMAL {}.{} in INSERT … SELECT",
                table.name, column.name
            )));
        }
    }
    // Without this SQLite would take ON CONFLICT for the ON of a join.
    Ok(if has_conflict_clause { Sql::fill("SELECT * FROM ({}) WHERE 1", [sql]) } else { sql })
}

/// Brings the constants among a SELECT's results into the form of their columns.
fn form_constants(
    translator: &mut Translator,
    table: &Table,
    targets: &[&Column],
    body: &mut SetExpr,
) -> Result<(), Refusal> {
    match body {
        SetExpr::Select(select) => {
            for (column, item) in targets.iter().zip(&mut select.projection) {
                let (SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }) = item
                else {
                    // After a star nobody knows which column is which.
                    return Ok(());
                };
                let is_constant = match value {
                    Expr::Value(constant) => match &constant.value {
                        Value::Number(..) | Value::Boolean(_) => true,
                        other => text_of(other).is_some_and(|text| !has_variable(text)),
                    },
                    _ => false,
                };
                if is_constant && !matches!(column.ty, Type::Binary(_) | Type::Varbinary(_) | Type::Blob(_)) {
                    let formed = assigned(translator, table, column, value)?.text;
                    *value = Expr::value(match formed.as_str() {
                        "NULL" => Value::Null,
                        text if text.starts_with('\'') => Value::SingleQuotedString(unquote(text)),
                        number => Value::Number(number.to_owned(), false),
                    });
                }
            }
            Ok(())
        }
        SetExpr::SetOperation { left, right, .. } => {
            form_constants(translator, table, targets, left)?;
            form_constants(translator, table, targets, right)
        }
        _ => Ok(()),
    }
}

/// ON DUPLICATE KEY UPDATE names no key and SQLite wants one: it is the only one that the row could meet.
fn upsert(
    schema: &Schema,
    table: &Table,
    targets: &[&Column],
    changes: &[Assignment],
    alias: Option<String>,
) -> Result<Sql, Refusal> {
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
    let mut keys: Vec<Vec<&str>> = Vec::new();
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
    let key = match keys.as_slice() {
        [key] => key,
        [] => {
            return Err(Refusal::new(format!(
                "ON DUPLICATE KEY UPDATE for {}: no unique key could be met by these columns.",
                table.name
            )));
        }
        several => {
            let names: Vec<String> = several.iter().map(|key| format!("({})", key.join(", "))).collect();
            return Err(Refusal::new(format!(
                "ON DUPLICATE KEY UPDATE for {} could meet several unique keys: {}. Leave the columns of all but one out, \
                 or write it for SQLite in an override file (NNN_name.sqlite.sql).",
                table.name,
                names.join(", ")
            )));
        }
    };
    let mut translator = translator(schema, table, &table.name);
    translator.inserted = Some(alias.into_iter().collect());
    let set = assignments(&mut translator, table, changes)?;
    Ok(Sql::fill(&format!("ON CONFLICT ({}) DO UPDATE SET {{}}", identifiers(key)), [set]))
}
