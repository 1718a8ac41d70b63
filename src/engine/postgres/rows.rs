//! Rows: what INSERT, REPLACE, UPDATE and DELETE have in common. Constants take the form of their column; texts with
//! variables become bound values.

use super::{
    Refusal, changes,
    expressions::Translator,
    functions::converted,
    inserts,
    literals::{Literal, literal},
    names::{self, identifier},
    queries::simple_name,
    scope::{BOUND, Kind, Relation, Scope, Sql},
    storage,
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

/// A whole statement: its bound values get their numbers.
pub(super) fn statement(sql: Sql) -> Statement {
    let mut text = String::with_capacity(sql.text.len());
    for (place, piece) in sql.text.split(BOUND).enumerate() {
        if place > 0 {
            text.push('$');
            text.push_str(&place.to_string());
        }
        text.push_str(piece);
    }
    Statement { sql: text, values: sql.values }
}

pub(super) fn translator<'a>(schema: &'a Schema, table: &Table, shown: &str) -> Translator<'a> {
    let scope = Scope { relations: vec![Relation::of_table(schema, table, shown)], results: Vec::new() };
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

/// What a column gets from an expression. A constant takes the column's form, anything else its type.
pub(super) fn assigned(
    translator: &mut Translator,
    schema: &Schema,
    table: &Table,
    column: &Column,
    value: &Expr,
) -> Result<Sql, Refusal> {
    let here = |refusal: Refusal| Refusal::new(format!("{}.{}: {}", table.name, column.name, refusal.reason));
    match value {
        Expr::Identifier(word)
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("DEFAULT") =>
        {
            return Ok(Sql::new("DEFAULT"));
        }
        Expr::Nested(inner) => return assigned(translator, schema, table, column, inner),
        Expr::Value(constant) => match &constant.value {
            // MySQL takes 0 and NULL for "the next number" too.
            Value::Number(number, _) if column.auto_increment && number.parse() == Ok(0_u64) => {
                return Ok(Sql::new("DEFAULT"));
            }
            Value::Null if column.auto_increment => return Ok(Sql::new("DEFAULT")),
            Value::Number(number, _) => {
                return literal(&column.ty, Literal::Number(number)).map(Sql::new).map_err(here);
            }
            Value::Boolean(constant) => {
                return literal(&column.ty, Literal::Boolean(*constant)).map(Sql::new).map_err(here);
            }
            other => {
                if let Some(text) = text_of(other) {
                    return if has_variable(text) {
                        translator.bound_text(text).map(|sql| bound(sql, schema, table, column)).map_err(here)
                    } else {
                        literal(&column.ty, Literal::Text(text)).map(Sql::new).map_err(here)
                    };
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
    if storage::is_uuid(schema, table, column) {
        return Ok(if kind == Kind::Uuid { sql } else { Sql::fill("CAST({} AS uuid)", [sql]) });
    }
    Ok(converted(sql, &kind, &column.ty))
}

/// A bound text as a column takes it. To a text it stays a text: a cast to its length would cut it in silence.
fn bound(sql: Sql, schema: &Schema, table: &Table, column: &Column) -> Sql {
    match &column.ty {
        Type::Timestamp(_) => Sql::fill("CAST({} AS timestamp) AT TIME ZONE 'UTC'", [sql]),
        Type::Binary(_) | Type::Varbinary(_) | Type::Blob(_) => Sql::fill("convert_to({}, 'UTF8')", [sql]),
        ty if storage::is_text(ty) && !storage::is_uuid(schema, table, column) => sql,
        _ => {
            let ty = storage::declared(schema, table, column);
            Sql::fill(&format!("CAST({{}} AS {ty})"), [sql])
        }
    }
}

pub(super) fn target<'a>(table: &'a Table, assignment: &Assignment) -> Result<&'a Column, Refusal> {
    match &assignment.target {
        AssignmentTarget::ColumnName(name) => column_of(table, name),
        AssignmentTarget::Tuple(_) => Err(Refusal::unsupported(format!("The assignment {assignment}"))),
    }
}

/// The SET list. MySQL sets from left to right and sees what it has just set, PostgreSQL sees the row as it was.
pub(super) fn assignments(
    translator: &mut Translator,
    schema: &Schema,
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
        let value = assigned(translator, schema, table, column, &change.value)?;
        if let Some(earlier) =
            set.iter().find(|name| translator.seen.iter().any(|read| names::same(read, name)))
        {
            return Err(Refusal::new(format!(
                "{change} reads {earlier}, which the same statement has set before: MySQL would see the new value and \
                 PostgreSQL the old one. Write two statements."
            )));
        }
        pieces.push(Sql::fill("{} = {}", [Sql::new(identifier(&column.name)), value]));
        set.push(&column.name);
    }
    Ok(Sql::join(pieces, ", "))
}
