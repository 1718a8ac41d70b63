//! UPDATE and DELETE.

use super::{
    Refusal,
    expressions::Translator,
    names::identifier,
    referring::{children, refuse_key_change},
    rows::{assignments, known, statement, target, translator},
    scope::Sql,
    tables,
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
    let alias = shown.as_ref().map(|alias| format!(" AS {}", identifier(alias))).unwrap_or_default();
    let set = assignments(&mut translator, table, changes)?;
    let mut sql =
        Sql::fill(&format!("UPDATE {{}}{alias} SET {{}}"), [Sql::new(identifier(&table.name)), set]);
    let condition =
        condition(&mut translator, table, shown.as_deref(), selection.as_ref(), order_by, limit.as_ref())?;
    if let Some(condition) = condition {
        sql.push(Sql::fill(" WHERE {}", [condition]));
    }
    Ok(vec![statement(sql)])
}

/// DELETE from one table, and what it does to the rows that refer to it.
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
    let condition =
        condition(&mut translator, table, shown.as_deref(), selection.as_ref(), order_by, limit.as_ref())?;
    let alias = shown.as_ref().map(|alias| format!(" AS {}", identifier(alias))).unwrap_or_default();
    let rows = match condition {
        Some(condition) => Sql::fill(&format!("{}{alias} WHERE {{}}", identifier(&table.name)), [condition]),
        None => Sql::new(format!("{}{alias}", identifier(&table.name))),
    };
    let mut statements = Vec::new();
    children(schema, table, &rows, &mut vec![table.name.clone()], &mut statements)?;
    statements.push(statement(Sql::fill("DELETE FROM {}", [rows])));
    Ok(statements)
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
        TableFactor::Table { name, alias, args: None, .. } => {
            Ok((known(schema, name)?, alias.as_ref().map(|alias| alias.name.value.clone())))
        }
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
    let alias = shown.map(|alias| format!(" AS {}", identifier(alias))).unwrap_or_default();
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
