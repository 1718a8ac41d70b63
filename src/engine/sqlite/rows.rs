//! INSERT, REPLACE, UPDATE and DELETE. Constants take the form of their column; texts with variables become bound values.

use super::{
    Refusal,
    expressions::{Translator, text_of},
    literals::{Literal, literal},
    names::{self, identifier, identifiers},
    queries::simple_name,
    scope::{Kind, Relation, Scope, Sql},
    tables::{self, has_variable},
    tokens::unquote,
};
use crate::{
    engine::statement::Statement,
    schema::{Column, Default, ReferentialAction, Schema, Table, Type},
};
use sqlparser::ast::{
    self, Assignment, AssignmentTarget, Delete, Expr, FromTable, Insert, ObjectName, OnInsert, OrderByExpr,
    Query, SelectItem, SetExpr, TableFactor, TableObject, TableWithJoins, UnaryOperator, Update, Value,
};

/// The statements for one statement over rows.
pub(super) fn render(schema: &Schema, statement: &ast::Statement) -> Result<Vec<Statement>, Refusal> {
    match statement {
        ast::Statement::Insert(insert) => insert_rows(schema, insert),
        ast::Statement::Update(update) => update_rows(schema, update),
        ast::Statement::Delete(delete) => delete_rows(schema, delete),
        other => Err(Refusal::unsupported(format!("The statement {other}"))),
    }
}

fn statement(sql: Sql) -> Statement {
    Statement {
        sql: sql.text,
        values: sql.values,
    }
}

fn translator<'a>(schema: &'a Schema, table: &Table, shown: &str) -> Translator<'a> {
    let scope = Scope {
        relations: vec![Relation::of_table(table, shown)],
        results: Vec::new(),
    };
    Translator {
        binds: true,
        scopes: vec![scope],
        ..Translator::over_schema(schema)
    }
}

fn known<'a>(schema: &'a Schema, name: &ObjectName) -> Result<&'a Table, Refusal> {
    let name = simple_name(name)?;
    tables::find_table(schema, &name.value).ok_or_else(|| Refusal::new(format!("There is no table {name}.")))
}

fn column_of<'a>(table: &'a Table, name: &ObjectName) -> Result<&'a Column, Refusal> {
    let last = name.0.last().and_then(|part| part.as_ident());
    let name = last.ok_or_else(|| Refusal::new(format!("{name} is not a column.")))?;
    tables::find(table, &name.value)
        .ok_or_else(|| Refusal::new(format!("{} has no column {}.", table.name, name.value)))
}

/// What a column gets from an expression. A constant takes the column's form; a computed exact number is rounded to it.
fn assigned(
    translator: &mut Translator,
    table: &Table,
    column: &Column,
    value: &Expr,
) -> Result<Sql, Refusal> {
    let here = |refusal: Refusal| Refusal::new(format!("{}.{}: {}", table.name, column.name, refusal.reason));
    match value {
        Expr::Identifier(word)
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("DEFAULT") =>
        {
            return Ok(Sql::new(default_of(table, column)?));
        }
        Expr::Nested(inner) => return assigned(translator, table, column, inner),
        Expr::Value(constant) => match &constant.value {
            Value::Number(number, _) => {
                // MySQL takes 0 for "the next number" too.
                if column.auto_increment && number.parse() == Ok(0_u64) {
                    return Ok(Sql::new("NULL"));
                }
                return literal(&column.ty, Literal::Number(number))
                    .map(Sql::new)
                    .map_err(here);
            }
            Value::Boolean(constant) => {
                return literal(&column.ty, Literal::Boolean(*constant))
                    .map(Sql::new)
                    .map_err(here);
            }
            other => {
                if let Some(text) = text_of(other)
                    && !has_variable(text)
                {
                    return literal(&column.ty, Literal::Text(text))
                        .map(Sql::new)
                        .map_err(here);
                }
            }
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => {
            if let Expr::Value(constant) = expr.as_ref()
                && let Value::Number(number, _) = &constant.value
            {
                let number = format!("-{number}");
                return literal(&column.ty, Literal::Number(&number))
                    .map(Sql::new)
                    .map_err(here);
            }
        }
        _ => {}
    }
    let (sql, kind) = translator.expression(value).map_err(here)?;
    match (&column.ty, kind) {
        (Type::Decimal { scale, .. }, Kind::Decimal { scale: from, .. }) if from <= *scale => Ok(sql),
        (Type::Decimal { precision, scale, .. }, Kind::Integer | Kind::Number | Kind::Decimal { .. }) => {
            if *precision > 15 {
                return Err(here(Refusal::unsupported(
                    "A computed value for a DECIMAL of more than 15 digits",
                )));
            }
            // NULL would become 0 in printf.
            let number = translator.number(value).map_err(here)?.0;
            Ok(Sql::fill(
                &format!("CASE WHEN {{}} IS NOT NULL THEN printf('%.{scale}f', {{}}) END"),
                [number.clone(), number],
            ))
        }
        _ => Ok(sql),
    }
}

fn default_of(table: &Table, column: &Column) -> Result<String, Refusal> {
    if column.auto_increment {
        return Ok("NULL".to_owned());
    }
    match tables::default_value(table, column)? {
        Some(default) => Ok(default),
        None if column.nullable => Ok("NULL".to_owned()),
        None => Err(Refusal::new(format!(
            "{}.{} has no default.",
            table.name, column.name
        ))),
    }
}

fn insert_rows(schema: &Schema, insert: &Insert) -> Result<Vec<Statement>, Refusal> {
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
    let mut values = Translator {
        binds: true,
        ..Translator::over_schema(schema)
    };
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
        assignments
            .iter()
            .map(|assignment| target(table, assignment))
            .collect::<Result<_, _>>()?
    } else if columns.is_empty() {
        table.columns.iter().collect()
    } else {
        columns
            .iter()
            .map(|name| column_of(table, name))
            .collect::<Result<_, _>>()?
    };
    match found.iter().find(|column| column.generated.is_some()) {
        Some(column) => Err(Refusal::new(format!(
            "{}.{} is computed and takes no value; list the other columns.",
            table.name, column.name
        ))),
        None if found.is_empty() => Err(Refusal::new(format!(
            "The INSERT into {} names no columns.",
            table.name
        ))),
        None => Ok(found),
    }
}

fn target<'a>(table: &'a Table, assignment: &Assignment) -> Result<&'a Column, Refusal> {
    match &assignment.target {
        AssignmentTarget::ColumnName(name) => column_of(table, name),
        AssignmentTarget::Tuple(_) => Err(Refusal::unsupported(format!("The assignment {assignment}"))),
    }
}

fn source_rows(
    translator: &mut Translator,
    table: &Table,
    targets: &[&Column],
    source: &Query,
    has_conflict_clause: bool,
) -> Result<Sql, Refusal> {
    if let (SetExpr::Values(values), None, None, None) = (
        source.body.as_ref(),
        &source.with,
        &source.order_by,
        &source.limit_clause,
    ) {
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
    Ok(if has_conflict_clause {
        Sql::fill("SELECT * FROM ({}) WHERE 1", [sql])
    } else {
        sql
    })
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
    let columns = unique.map(|index| {
        index
            .parts
            .iter()
            .map(|part| part.column.as_str())
            .collect::<Vec<_>>()
    });
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
            let names: Vec<String> = several
                .iter()
                .map(|key| format!("({})", key.join(", ")))
                .collect();
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
    Ok(Sql::fill(
        &format!("ON CONFLICT ({}) DO UPDATE SET {{}}", identifiers(key)),
        [set],
    ))
}

/// The SET list. MySQL sets from left to right and sees what it has just set, SQLite sees the row as it was.
fn assignments(translator: &mut Translator, table: &Table, changes: &[Assignment]) -> Result<Sql, Refusal> {
    let mut pieces = Vec::new();
    let mut set: Vec<&str> = Vec::new();
    for change in changes {
        let column = target(table, change)?;
        if column.generated.is_some() {
            return Err(Refusal::new(format!(
                "{}.{} is computed and takes no value.",
                table.name, column.name
            )));
        }
        translator.seen.clear();
        let value = assigned(translator, table, column, &change.value)?;
        if let Some(earlier) = set
            .iter()
            .find(|name| translator.seen.iter().any(|read| names::same(read, name)))
        {
            return Err(Refusal::new(format!(
                "{change} reads {earlier}, which the same statement has set before: MySQL would see the new value and \
                 SQLite the old one. Write two statements."
            )));
        }
        pieces.push(Sql::fill("{} = {}", [Sql::new(identifier(&column.name)), value]));
        set.push(&column.name);
    }
    Ok(Sql::join(pieces, ", "))
}

fn single_table<'a>(
    schema: &'a Schema,
    table: &TableWithJoins,
    what: &str,
) -> Result<(&'a Table, Option<String>), Refusal> {
    if !table.joins.is_empty() {
        return Err(Refusal::new(format!(
            "{what} with JOIN is not known on SQLite; name the other tables in a subquery: WHERE id IN (SELECT …)."
        )));
    }
    match &table.relation {
        TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } => Ok((
            known(schema, name)?,
            alias.as_ref().map(|alias| alias.name.value.clone()),
        )),
        other => Err(Refusal::unsupported(format!("{what} of {other}"))),
    }
}

fn row_id(table: &Table) -> Result<&'static str, Refusal> {
    ["rowid", "_rowid_", "oid"]
        .into_iter()
        .find(|name| tables::find(table, name).is_none())
        .ok_or_else(|| Refusal::unsupported(format!("The table {}, which hides its row id,", table.name)))
}

/// The condition of an UPDATE or DELETE; SQLite as it is built here has no LIMIT there.
fn condition(
    translator: &mut Translator,
    table: &Table,
    shown: Option<&str>,
    selection: Option<&Expr>,
    order_by: &[OrderByExpr],
    limit: Option<&Expr>,
) -> Result<Option<Sql>, Refusal> {
    let selected = match selection {
        Some(selection) => Some(translator.number(selection)?.0),
        None => None,
    };
    let Some(limit) = limit else {
        // Without a limit the order decides nothing that can be seen.
        return Ok(selected);
    };
    let row = row_id(table)?;
    let alias = shown
        .map(|alias| format!(" AS {}", identifier(alias)))
        .unwrap_or_default();
    let mut inner = Sql::new(format!("SELECT {row} FROM {}{alias}", identifier(&table.name)));
    if let Some(selected) = selected {
        inner.push(Sql::fill(" WHERE {}", [selected]));
    }
    if !order_by.is_empty() {
        inner.push(Sql::fill(" ORDER BY {}", [translator.order(order_by)?]));
    }
    inner.push(Sql::fill(" LIMIT {}", [translator.plain(limit)?]));
    Ok(Some(Sql::fill(&format!("{row} IN ({{}})"), [inner])))
}

fn update_rows(schema: &Schema, update: &Update) -> Result<Vec<Statement>, Refusal> {
    let Update {
        update_token: _,
        optimizer_hints: _,
        table,
        assignments: changes,
        from,
        selection,
        returning,
        output,
        or,
        order_by,
        limit,
    } = update;
    if from.is_some() || returning.is_some() || output.is_some() || or.is_some() {
        return Err(Refusal::unsupported("This form of UPDATE"));
    }
    let (table, shown) = single_table(schema, table, "UPDATE")?;
    for change in changes {
        let column = target(table, change)?;
        refuse_key_change(schema, table, column)?;
    }
    let mut translator = translator(schema, table, shown.as_deref().unwrap_or(&table.name));
    let alias = shown
        .as_ref()
        .map(|alias| format!(" AS {}", identifier(alias)))
        .unwrap_or_default();
    let set = assignments(&mut translator, table, changes)?;
    let mut sql = Sql::fill(
        &format!("UPDATE {{}}{alias} SET {{}}"),
        [Sql::new(identifier(&table.name)), set],
    );
    let condition = condition(
        &mut translator,
        table,
        shown.as_deref(),
        selection.as_ref(),
        order_by,
        limit.as_ref(),
    )?;
    if let Some(condition) = condition {
        sql.push(Sql::fill(" WHERE {}", [condition]));
    }
    Ok(vec![statement(sql)])
}

fn delete_rows(schema: &Schema, delete: &Delete) -> Result<Vec<Statement>, Refusal> {
    let Delete {
        delete_token: _,
        optimizer_hints: _,
        tables: listed,
        from: FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from),
        using,
        selection,
        returning,
        output,
        order_by,
        limit,
    } = delete;
    if !listed.is_empty() || using.is_some() || returning.is_some() || output.is_some() {
        return Err(Refusal::new(
            "DELETE of several tables is not known on SQLite; delete from one table WHERE id IN (SELECT …).",
        ));
    }
    let [table] = from.as_slice() else {
        return Err(Refusal::unsupported("This form of DELETE"));
    };
    let (table, shown) = single_table(schema, table, "DELETE")?;
    let mut translator = translator(schema, table, shown.as_deref().unwrap_or(&table.name));
    let condition = condition(
        &mut translator,
        table,
        shown.as_deref(),
        selection.as_ref(),
        order_by,
        limit.as_ref(),
    )?;
    let alias = shown
        .as_ref()
        .map(|alias| format!(" AS {}", identifier(alias)))
        .unwrap_or_default();
    let rows = match condition {
        Some(condition) => Sql::fill(
            &format!("{}{alias} WHERE {{}}", identifier(&table.name)),
            [condition],
        ),
        None => Sql::new(format!("{}{alias}", identifier(&table.name))),
    };
    let mut statements = Vec::new();
    children(
        schema,
        table,
        &rows,
        &mut vec![table.name.clone()],
        &mut statements,
    )?;
    statements.push(statement(Sql::fill("DELETE FROM {}", [rows])));
    Ok(statements)
}

/// A session that changes structure has foreign keys off, so what a DELETE does to the rows that refer to it is said here.
/// With foreign keys on it has the same effect.
fn children(
    schema: &Schema,
    parent: &Table,
    rows: &Sql,
    path: &mut Vec<String>,
    statements: &mut Vec<Statement>,
) -> Result<(), Refusal> {
    for child in schema.tables.values() {
        for key in child
            .foreign_keys
            .values()
            .filter(|key| names::same(&key.foreign_table, &parent.name))
        {
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
            let left = if key.columns.len() == 1 {
                columns
            } else {
                format!("({columns})")
            };
            let frame = format!(
                "WHERE {left} IN (SELECT {} FROM {{}})",
                identifiers(&key.foreign_columns)
            );
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
                    return Err(Refusal::unsupported(format!(
                        "ON DELETE SET DEFAULT of {}",
                        child.name
                    )));
                }
            }
        }
    }
    Ok(())
}

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

fn refuse_key_change(schema: &Schema, parent: &Table, column: &Column) -> Result<(), Refusal> {
    for child in schema.tables.values() {
        let key = child.foreign_keys.values().find(|key| {
            names::same(&key.foreign_table, &parent.name)
                && key.on_update != ReferentialAction::NoAction
                && key
                    .foreign_columns
                    .iter()
                    .any(|name| names::same(name, &column.name))
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
