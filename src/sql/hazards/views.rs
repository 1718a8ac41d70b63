//! Views that go, or that come back with another query.

use super::{Find, step::Step};
use crate::{
    schema::View,
    sql::{objects::ObjectRef, operation::Operation},
};
use sqlparser::{
    ast::{Expr, SelectItem, SetExpr},
    dialect::MySqlDialect,
    parser::Parser,
};

fn one(view: &str, sentence: String) -> Vec<Find> {
    vec![(Some(ObjectRef::view(view)), sentence)]
}

/// The names of a view's columns in small letters, where the view says them.
fn columns(view: &View) -> Option<Vec<String>> {
    if !view.columns.is_empty() {
        return Some(view.columns.iter().map(|name| name.to_lowercase()).collect());
    }
    let dialect = MySqlDialect {};
    let query = Parser::new(&dialect).try_with_sql(&view.query).ok()?.parse_query().ok()?;
    let mut body = query.body.as_ref();
    // The first SELECT of a UNION names the columns.
    while let SetExpr::SetOperation { left, .. } = body {
        body = left.as_ref();
    }
    let SetExpr::Select(select) = body else { return None };
    let name = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.to_lowercase()),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.to_lowercase()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
            parts.last().map(|last| last.value.to_lowercase())
        }
        _ => None,
    };
    select.projection.iter().map(name).collect()
}

/// The view of this name that was there before the migration, and what has its name in the end; told where it goes or is
/// replaced.
fn replaced<'a>(step: &Step<'a>) -> Option<(&'a View, Option<&'a View>)> {
    let (Operation::DropView { view: name, .. }
    | Operation::CreateView { view: View { name, .. }, or_replace: true }) = step.operation
    else {
        return None;
    };
    Some((
        step.start.views.get(name).filter(|_| step.before.views.contains_key(name))?,
        step.end.views.get(name),
    ))
}

pub(super) fn drops_view(step: &Step<'_>) -> Vec<Find> {
    match replaced(step) {
        Some((view, None)) => one(&view.name, format!("Drops the view {}.", view.name)),
        _ => Vec::new(),
    }
}

pub(super) fn narrows_view(step: &Step<'_>) -> Vec<Find> {
    let Some((before, Some(after))) = replaced(step) else { return Vec::new() };
    if before == after {
        return Vec::new();
    }
    match (columns(before), columns(after)) {
        (Some(had), Some(has)) => {
            let gone: Vec<String> = had.into_iter().filter(|name| !has.contains(name)).collect();
            if gone.is_empty() {
                return Vec::new();
            }
            one(&before.name, format!("The view {} has no {} any more.", before.name, gone.join(", ")))
        }
        _ => one(
            &before.name,
            format!(
                "The view {} may have other columns than before: not all of them are named.",
                before.name
            ),
        ),
    }
}

pub(super) fn replaces_view(step: &Step<'_>) -> Vec<Find> {
    match replaced(step) {
        Some((before, Some(after))) if before != after => {
            one(&before.name, format!("The view {} has another query from now on.", before.name))
        }
        _ => Vec::new(),
    }
}
