//! Views beside the tables that they read.

use super::queries;
use crate::schema::Schema;
use sqlparser::ast::visit_relations;
use std::{collections::BTreeSet, ops::ControlFlow};

/// Views that read the table or view, directly or through other views, nearest first.
pub(super) fn readers(schema: &Schema, table: &str) -> Vec<String> {
    let mut wanted: BTreeSet<String> = BTreeSet::from([table.to_ascii_lowercase()]);
    let mut found: Vec<String> = Vec::new();
    loop {
        let next: Vec<String> = schema
            .views
            .values()
            .filter(|view| !wanted.contains(&view.name.to_ascii_lowercase()))
            .filter(|view| relations(&view.query).iter().any(|name| wanted.contains(name)))
            .map(|view| view.name.clone())
            .collect();
        if next.is_empty() {
            return in_order(schema, found);
        }
        wanted.extend(next.iter().map(|name| name.to_ascii_lowercase()));
        found.extend(next);
    }
}

/// Every view after those that it reads.
fn in_order(schema: &Schema, mut waiting: Vec<String>) -> Vec<String> {
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let names: BTreeSet<String> = waiting.iter().map(|name| name.to_ascii_lowercase()).collect();
        let (ready, rest): (Vec<String>, Vec<String>) = waiting.into_iter().partition(|name| {
            schema.views.get(name).is_none_or(|view| relations(&view.query).is_disjoint(&names))
        });
        if ready.is_empty() {
            ordered.extend(rest);
            return ordered;
        }
        ordered.extend(ready);
        waiting = rest;
    }
    ordered
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
