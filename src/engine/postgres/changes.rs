//! UPDATE and DELETE. What PostgreSQL's own forms lack (JOIN, ORDER BY, LIMIT) goes over the rows' places.

use super::{
    Refusal,
    expressions::Translator,
    names::{self, identifier},
    rows::{assigned, assignments, known, statement, target},
    scope::{Scope, Sql},
    storage,
};
use crate::{
    engine::statement::Statement,
    schema::{Schema, Table},
};
use sqlparser::ast::{Delete, Expr, FromTable, OrderByExpr, TableFactor, TableWithJoins, Update};

/// UPDATE of one table.
pub(super) fn update_rows(schema: &Schema, update: &Update) -> Result<Vec<Statement>, Refusal> {
    let Update {
        update_token: _,
        optimizer_hints: _,
        table: from_table,
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
    let (table, shown) = first_table(schema, from_table, "UPDATE")?;
    let mut translator = Translator { binds: true, ..Translator::over_schema(schema) };
    translator.scopes.push(Scope::default());
    let all = translator.table_with_joins(from_table)?;
    let selected = selected(&mut translator, selection.as_ref())?;
    let is_plain = from_table.joins.is_empty() && limit.is_none();
    if is_plain {
        let set = assignments(&mut translator, schema, table, changes)?;
        let mut sql = Sql::fill("UPDATE {} SET {}", [all, set]);
        if let Some(condition) = selected {
            sql.push(Sql::fill(" WHERE {}", [condition]));
        }
        return Ok(vec![statement(sql)]);
    }
    // The new values are read where the other tables are in sight, and set by the rows' places.
    let mut values = vec![Sql::new(format!("{}.ctid", identifier(&shown)))];
    let mut set = Vec::new();
    let mut names = vec!["r".to_owned()];
    for (place, change) in changes.iter().enumerate() {
        let column = target(table, change)?;
        if column.generated.is_some() {
            return Err(Refusal::new(format!(
                "{}.{} is computed and takes no value.",
                table.name, column.name
            )));
        }
        let value = assigned(&mut translator, schema, table, column, &change.value)?;
        if value.text == "DEFAULT" {
            return Err(Refusal::new(format!(
                "{}.{} is set to its DEFAULT in an UPDATE with JOIN or LIMIT; write the value.",
                table.name, column.name
            )));
        }
        let is_uuid = storage::is_uuid(schema, table, column);
        let ty = storage::declared(schema, table, column);
        // A cast to its length would cut a text; the assignment refuses it.
        let ty = if storage::is_text(&column.ty) && !is_uuid { "text" } else { ty.as_str() };
        values.push(Sql::fill(&format!("CAST({{}} AS {ty})"), [value]));
        set.push(format!("{} = s.c{place}", identifier(&column.name)));
        names.push(format!("c{place}"));
    }
    let mut rows = Sql::fill("SELECT {} FROM {}", [Sql::join(values, ", "), all]);
    rows.push(tail(&mut translator, selected, order_by, limit.as_ref())?);
    let own = identifier(&table.name);
    let pieces = [own.clone(), set.join(", ")].map(Sql::new).into_iter().chain([rows]);
    let pieces = pieces.chain([names.join(", "), own].map(Sql::new));
    Ok(vec![statement(Sql::fill("UPDATE {} SET {} FROM ({}) AS s ({}) WHERE {}.ctid = s.r", pieces))])
}

/// DELETE from one table; rows that refer to it follow by themselves.
pub(super) fn delete_rows(schema: &Schema, delete: &Delete) -> Result<Vec<Statement>, Refusal> {
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
    if using.is_some() || returning.is_some() || output.is_some() || listed.len() > 1 {
        return Err(Refusal::new(
            "DELETE of several tables is not known on PostgreSQL; delete from one table WHERE id IN (SELECT …).",
        ));
    }
    let [from_table] = from.as_slice() else {
        return Err(Refusal::unsupported("This form of DELETE"));
    };
    let (table, shown) = first_table(schema, from_table, "DELETE")?;
    if let Some(named) = listed.first()
        && !names::same(&super::queries::simple_name(named)?.value, &shown)
    {
        return Err(Refusal::new(format!("DELETE {named} must name the first table of its FROM, {shown}.")));
    }
    let mut translator = Translator { binds: true, ..Translator::over_schema(schema) };
    translator.scopes.push(Scope::default());
    let all = translator.table_with_joins(from_table)?;
    let selected = selected(&mut translator, selection.as_ref())?;
    if from_table.joins.is_empty() && limit.is_none() {
        let mut sql = Sql::fill("DELETE FROM {}", [all]);
        if let Some(condition) = selected {
            sql.push(Sql::fill(" WHERE {}", [condition]));
        }
        return Ok(vec![statement(sql)]);
    }
    let mut rows = Sql::fill("SELECT {}.ctid FROM {}", [Sql::new(identifier(&shown)), all]);
    rows.push(tail(&mut translator, selected, order_by, limit.as_ref())?);
    let own = Sql::new(identifier(&table.name));
    Ok(vec![statement(Sql::fill("DELETE FROM {} WHERE ctid IN ({})", [own, rows]))])
}

/// The table that the statement changes, and what the statement calls it.
fn first_table<'a>(
    schema: &'a Schema,
    table: &TableWithJoins,
    what: &str,
) -> Result<(&'a Table, String), Refusal> {
    match &table.relation {
        TableFactor::Table { name, alias, args: None, .. } => {
            let table = known(schema, name)?;
            Ok((
                table,
                alias
                    .as_ref()
                    .map_or_else(|| name.to_string().replace('`', ""), |alias| alias.name.value.clone()),
            ))
        }
        other => Err(Refusal::unsupported(format!("{what} of {other}"))),
    }
}

fn selected(translator: &mut Translator, selection: Option<&Expr>) -> Result<Option<Sql>, Refusal> {
    selection.map(|selection| translator.condition(selection)).transpose()
}

fn tail(
    translator: &mut Translator,
    selected: Option<Sql>,
    order_by: &[OrderByExpr],
    limit: Option<&Expr>,
) -> Result<Sql, Refusal> {
    let mut sql = Sql::default();
    if let Some(condition) = selected {
        sql.push(Sql::fill(" WHERE {}", [condition]));
    }
    if !order_by.is_empty() {
        sql.push(Sql::fill(" ORDER BY {}", [translator.order(order_by)?]));
    }
    if let Some(limit) = limit {
        sql.push(Sql::fill(" LIMIT {}", [translator.plain(limit)?]));
    }
    Ok(sql)
}
