//! Views beside the tables that they read.

use super::{Refusal, dialect::plain, expressions::Translator, names::identifier, queries};
use crate::{engine::statement::Statement, schema::Schema};
use sqlparser::ast::visit_relations;
use std::{collections::BTreeSet, ops::ControlFlow};

/// Views that read the table, directly or through other views, nearest first.
pub(super) fn readers(schema: &Schema, table: &str) -> Vec<String> {
    let mut wanted: BTreeSet<String> = BTreeSet::from([table.to_ascii_lowercase()]);
    let mut found: Vec<String> = Vec::new();
    loop {
        let next: Vec<String> = schema
            .views
            .values()
            .filter(|view| !found.contains(&view.name))
            .filter(|view| relations(&view.query).iter().any(|name| wanted.contains(name)))
            .map(|view| view.name.clone())
            .collect();
        if next.is_empty() {
            return found;
        }
        wanted.extend(next.iter().map(|name| name.to_ascii_lowercase()));
        found.extend(next);
    }
}

fn relations(query: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Ok(query) = queries::parse(query) {
        let _ = visit_relations(&query, |relation| {
            if let Ok(name) = queries::simple_name(relation) {
                names.insert(name.value.to_ascii_lowercase());
            }
            ControlFlow::<()>::Continue(())
        });
    }
    names
}

/// Views whose SQLite text depends on the change are made anew; every view that reads the table is tried out.
///
/// # Errors
/// A view that could be read before the change and cannot be after it: MySQL would leave it broken.
pub(super) fn views(
    before: &Schema,
    after: &Schema,
    old: &str,
    new: &str,
    is_renamed: bool,
) -> Result<Vec<Statement>, Refusal> {
    let mut affected = readers(after, new);
    for name in readers(before, old) {
        if !affected.contains(&name) && after.views.contains_key(&name) {
            affected.push(name);
        }
    }
    let mut changed: Vec<(&String, String)> = Vec::new();
    for name in &affected {
        let (Some(old_view), Some(new_view)) = (before.views.get(name), after.views.get(name)) else {
            continue;
        };
        // After a rename SQLite has put the new names into the view itself.
        if is_renamed && old_view == new_view {
            continue;
        }
        // One that was not readable before has old names in its text since an earlier rename; SQLite knows the new ones.
        let Ok(old_sql) = queries::create_view(&mut Translator::over_schema(before), old_view) else {
            continue;
        };
        let sql = queries::create_view(&mut Translator::over_schema(after), new_view)?;
        if sql != old_sql {
            changed.push((name, sql));
        }
    }
    let mut statements: Vec<Statement> =
        changed.iter().map(|(name, _)| plain(format!("DROP VIEW {}", identifier(name)))).collect();
    statements.extend(changed.into_iter().map(|(_, sql)| plain(sql)));
    statements.extend(affected.iter().map(|name| proof(name)));
    Ok(statements)
}

/// SQLite takes any view; only reading it shows whether it works.
pub(super) fn proof(view: &str) -> Statement {
    plain(format!("SELECT * FROM {} LIMIT 0", identifier(view)))
}
