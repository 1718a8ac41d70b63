//! Rows: what INSERT, REPLACE, UPDATE and DELETE have in common. Constants take the form of their column; texts with
//! variables become bound values.

use super::{
    Refusal, changes,
    expressions::Translator,
    inserts,
    literals::{Literal, literal},
    names::{self, identifier},
    queries::simple_name,
    scope::{Kind, Relation, Scope, Sql},
    tables::{self, has_variable},
};
use crate::engine::constants::text_of;
use crate::{
    engine::statement::Statement,
    schema::{Column, Schema, Table, Type},
};
use sqlparser::ast::{self, Assignment, AssignmentTarget, Expr, ObjectName, UnaryOperator, Value};

/// The statements for one statement over rows.
pub(super) fn render(schema: &Schema, statement: &ast::Statement) -> Result<Vec<Statement>, Refusal> {
    match statement {
        ast::Statement::Insert(insert) => inserts::insert_rows(schema, insert),
        ast::Statement::Update(update) => changes::update_rows(schema, update),
        ast::Statement::Delete(delete) => changes::delete_rows(schema, delete),
        other => Err(Refusal::unsupported(format!("The statement {other}"))),
    }
}

pub(super) fn statement(sql: Sql) -> Statement {
    Statement { sql: sql.text, values: sql.values }
}

pub(super) fn translator<'a>(schema: &'a Schema, table: &Table, shown: &str) -> Translator<'a> {
    let scope = Scope { relations: vec![Relation::of_table(table, shown)], results: Vec::new() };
    Translator { binds: true, scopes: vec![scope], ..Translator::over_schema(schema) }
}

pub(super) fn known<'a>(schema: &'a Schema, name: &ObjectName) -> Result<&'a Table, Refusal> {
    let name = simple_name(name)?;
    tables::find_table(schema, &name.value).ok_or_else(|| Refusal::new(format!("There is no table {name}.")))
}

pub(super) fn column_of<'a>(table: &'a Table, name: &ObjectName) -> Result<&'a Column, Refusal> {
    let last = name.0.last().and_then(|part| part.as_ident());
    let name = last.ok_or_else(|| Refusal::new(format!("{name} is not a column.")))?;
    tables::find(table, &name.value)
        .ok_or_else(|| Refusal::new(format!("{} has no column {}.", table.name, name.value)))
}

/// What a column gets from an expression. A constant takes the column's form; a computed exact number is rounded to it.
pub(super) fn assigned(
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
                return literal(&column.ty, Literal::Number(number)).map(Sql::new).map_err(here);
            }
            Value::Boolean(constant) => {
                return literal(&column.ty, Literal::Boolean(*constant)).map(Sql::new).map_err(here);
            }
            other => {
                if let Some(text) = text_of(other)
                    && !has_variable(text)
                {
                    return literal(&column.ty, Literal::Text(text)).map(Sql::new).map_err(here);
                }
            }
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
            if let Expr::Value(constant) = expr.as_ref()
                && let Value::Number(number, _) = &constant.value
            {
                let number = format!("-{number}");
                return literal(&column.ty, Literal::Number(&number)).map(Sql::new).map_err(here);
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

pub(super) fn default_of(table: &Table, column: &Column) -> Result<String, Refusal> {
    if column.auto_increment {
        return Ok("NULL".to_owned());
    }
    match tables::default_value(table, column, crate::engine::statement::Words::Template)? {
        Some(default) => Ok(default),
        None if column.nullable => Ok("NULL".to_owned()),
        None => Err(Refusal::new(format!("{}.{} has no default.", table.name, column.name))),
    }
}

pub(super) fn target<'a>(table: &'a Table, assignment: &Assignment) -> Result<&'a Column, Refusal> {
    match &assignment.target {
        AssignmentTarget::ColumnName(name) => column_of(table, name),
        AssignmentTarget::Tuple(_) => Err(Refusal::unsupported(format!("The assignment {assignment}"))),
    }
}

/// The SET list. MySQL sets from left to right and sees what it has just set, SQLite sees the row as it was.
pub(super) fn assignments(
    translator: &mut Translator,
    table: &Table,
    changes: &[Assignment],
) -> Result<Sql, Refusal> {
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
        if let Some(earlier) =
            set.iter().find(|name| translator.seen.iter().any(|read| names::same(read, name)))
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
