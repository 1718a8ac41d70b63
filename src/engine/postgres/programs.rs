//! Functions, views and triggers around a change of tables: which have to go, and in which order they come.

use super::{
    names::{self, identifier},
    queries,
};
use crate::schema::{Function, Schema, View, mention::mentions};
use std::collections::BTreeSet;

/// Triggers that go or change, or that stand on a table whose columns change.
pub(super) fn passing_triggers<'a>(
    found: &'a Schema,
    wanted: &Schema,
    touched: &BTreeSet<&str>,
) -> BTreeSet<&'a str> {
    let passes = |name: &str| {
        found.triggers.get(name).is_some_and(|trigger| {
            wanted.triggers.get(name) != Some(trigger) || touched.contains(trigger.table.as_str())
        })
    };
    found.triggers.keys().map(String::as_str).filter(|name| passes(name)).collect()
}

/// Functions by when they are made.
pub(super) struct Functions<'a> {
    /// Before tables change: defaults and checks may call them.
    pub(super) early: Vec<&'a Function>,
    /// When all tables are there.
    pub(super) late: Vec<&'a Function>,
    gone: Vec<&'a Function>,
}

/// What PostgreSQL lets no `OR REPLACE` change: everything before the language.
fn head(function: &Function) -> &str {
    function.definition.split("\n LANGUAGE").next().unwrap_or_default()
}

fn drop_function(function: &Function) -> String {
    let kind =
        if function.definition.starts_with("CREATE OR REPLACE PROCEDURE") { "PROCEDURE" } else { "FUNCTION" };
    // Its name has the types of its arguments, as PostgreSQL quotes them; the name itself is in the definition.
    let signature = signature(function);
    format!("DROP {kind} {signature}")
}

/// The quoted name with the arguments, as DROP takes them.
fn signature(function: &Function) -> String {
    let arguments = function.name.find('(').and_then(|at| function.name.get(at..)).unwrap_or("()");
    let bare = function.name.strip_suffix(arguments).unwrap_or(&function.name);
    format!("{}{arguments}", identifier(bare))
}

impl<'a> Functions<'a> {
    pub(super) fn between(found: &'a Schema, wanted: &'a Schema) -> Self {
        let mut functions = Functions { early: Vec::new(), late: Vec::new(), gone: Vec::new() };
        for (name, function) in &wanted.functions {
            let was = found.functions.get(name);
            if was == Some(function) {
                continue;
            }
            let is_other = was.is_some_and(|was| head(was) != head(function));
            if let Some(was) = was.filter(|_| is_other) {
                functions.gone.push(was);
            }
            let new_tables = wanted.tables.keys().filter(|table| !found.tables.contains_key(*table));
            let needs_tables = function.definition.contains("BEGIN ATOMIC")
                || new_tables.into_iter().any(|table| mentions(head(function), table));
            if is_other || needs_tables {
                functions.late.push(function)
            } else {
                functions.early.push(function)
            }
        }
        // What stood behind a trigger of ours that a person took away is made use of again.
        let is_ours = |name: &str| {
            wanted.tables.values().any(|table| {
                table.columns.iter().any(|column| column.on_update_now)
                    && name.strip_suffix("()") == Some(names::on_update(&table.name).as_str())
            })
        };
        functions.gone.extend(
            found
                .functions
                .iter()
                .filter(|(name, _)| !wanted.functions.contains_key(*name) && !is_ours(name))
                .map(|(_, function)| function),
        );
        functions
    }

    pub(super) fn finish(&self, all: &mut Vec<String>) {
        all.extend(self.gone.iter().map(|function| drop_function(function)));
        all.extend(self.late.iter().map(|function| function.definition.clone()));
    }
}

/// Views that go or change, or that read what changes, each after what it reads.
pub(super) fn passing_views<'a>(
    found: &'a Schema,
    wanted: &Schema,
    touched: &BTreeSet<&str>,
) -> Vec<&'a View> {
    let mut names: BTreeSet<&str> = touched.clone();
    let mut passing: Vec<&View> = Vec::new();
    loop {
        let next: Vec<&View> = found
            .views
            .values()
            .filter(|view| !passing.contains(view))
            .filter(|view| {
                wanted.views.get(&view.name) != Some(*view)
                    || names.iter().any(|name| reads(&view.query, name))
            })
            .collect();
        if next.is_empty() {
            return in_order(passing);
        }
        names.extend(next.iter().map(|view| view.name.as_str()));
        passing.extend(next);
    }
}

/// Whether a view's query reads a table or view.
fn reads(query: &str, name: &str) -> bool {
    match queries::relations_in_own_words(query) {
        Some(relations) => relations.contains(name),
        // Too much rather than too little: it only goes and comes back.
        None => mentions(query, name),
    }
}

pub(super) fn in_order(mut waiting: Vec<&View>) -> Vec<&View> {
    let mut ordered: Vec<&View> = Vec::new();
    while !waiting.is_empty() {
        let waits = |view: &&View| {
            waiting.iter().any(|other| other.name != view.name && reads(&view.query, &other.name))
        };
        let next = waiting.iter().position(|view| !waits(view)).unwrap_or(0);
        ordered.push(waiting.remove(next));
    }
    ordered
}

/// The statements that make a view.
pub(super) fn create_view(view: &View) -> Vec<String> {
    let columns = if view.columns.is_empty() {
        String::new()
    } else {
        format!(" ({})", names::identifiers(&view.columns))
    };
    let mut parts = view.query.split(AND_CREATE);
    let whole = parts.next().unwrap_or_default();
    let (kind, query) = whole.strip_prefix(MATERIALIZED).map_or(("", whole), |query| (MATERIALIZED, query));
    let link = if query.starts_with(OPTIONS) { "" } else { "AS " };
    let made = format!("CREATE {kind}VIEW {}{columns} {link}{query}", identifier(&view.name));
    std::iter::once(made).chain(parts.map(|index| format!("CREATE {index}"))).collect()
}

/// The statement that drops a view.
pub(super) fn drop_view(view: &View) -> String {
    let kind = if view.query.starts_with(MATERIALIZED) { MATERIALIZED } else { "" };
    format!("DROP {kind}VIEW {}", identifier(&view.name))
}

/// What the query of a view begins with that keeps its rows; a query by itself never does.
const MATERIALIZED: &str = "MATERIALIZED ";

/// The query of a view that keeps its rows, with the indexes on it.
pub(super) fn materialized(query: &str, indexes: &[String]) -> String {
    let mut whole = format!("{MATERIALIZED}{query}");
    for index in indexes {
        whole.push_str(AND_THEN);
        whole.push_str(index);
    }
    whole
}

/// What the query of a view with options begins with; a query by itself never does.
const OPTIONS: &str = "WITH (";

/// The query of a view that has options, with them.
pub(super) fn view_with_options(options: &str, query: &str) -> String {
    format!("{OPTIONS}{options}) AS {query}")
}

/// What stands between a view that keeps its rows and the first word of an index on it.
const AND_CREATE: &str = ";\nCREATE ";

/// What stands between making a trigger and switching it off.
const AND_THEN: &str = ";\n";

/// A trigger's definition, where it is not switched on as a new one is with the statement that does that.
pub(super) fn trigger_as_it_is(definition: &str, table: &str, name: &str, enabled: &str) -> String {
    let how = match enabled {
        "D" => "DISABLE",
        "A" => "ENABLE ALWAYS",
        "R" => "ENABLE REPLICA",
        _ => return definition.to_owned(),
    };
    format!("{definition}{AND_THEN}ALTER TABLE {} {how} TRIGGER {}", identifier(table), identifier(name))
}

/// The statements that make a trigger as its definition says.
pub(super) fn create_trigger(definition: &str) -> Vec<String> {
    match definition.rsplit_once(AND_THEN) {
        Some((made, then)) if then.starts_with("ALTER TABLE ") => vec![made.to_owned(), then.to_owned()],
        _ => vec![definition.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str, query: &str) -> View {
        View { name: name.to_owned(), columns: Vec::new(), query: query.to_owned() }
    }

    #[test]
    fn a_view_that_keeps_its_rows_comes_with_its_indexes() {
        let indexes = ["CREATE UNIQUE INDEX i ON v USING btree (id)", "CREATE INDEX j ON v USING btree (a)"];
        let kept = view("v", &materialized("SELECT 1 AS id", &indexes.map(str::to_owned)));
        let made = create_view(&kept);
        assert_eq!(made, ["CREATE MATERIALIZED VIEW \"v\" AS SELECT 1 AS id", indexes[0], indexes[1]]);
        assert_eq!(drop_view(&kept), "DROP MATERIALIZED VIEW \"v\"");
        assert_eq!(drop_view(&view("v", "SELECT 1")), "DROP VIEW \"v\"");
    }

    #[test]
    fn views_are_made_after_what_they_read() {
        let views = [
            view("a", " SELECT b.id FROM b WHERE (b.kind)::text = 'c'::text"),
            view("b", " SELECT c.id, c.kind FROM public.c"),
            view("c", " SELECT t.id, t.kind FROM t"),
        ];
        let names: Vec<&str> =
            in_order(views.iter().collect()).into_iter().map(|view| view.name.as_str()).collect();
        assert_eq!(names, ["c", "b", "a"]);
    }

    #[test]
    fn a_function_is_dropped_by_its_quoted_name_and_its_arguments() {
        let function = Function {
            name: "it's(a integer, b text[])".to_owned(),
            definition: "CREATE OR REPLACE FUNCTION public.\"it's\"(a integer, b text[])\n RETURNS integer\n LANGUAGE sql".to_owned(),
        };
        assert_eq!(drop_function(&function), "DROP FUNCTION \"it's\"(a integer, b text[])");
        assert!(head(&function).ends_with("RETURNS integer"));
    }
}
