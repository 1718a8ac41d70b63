//! One schema turned into another, both as SQLite gives them: what is written is what was read, word for word.
//!
//! Triggers, views and indexes that go or change are dropped first; then tables go, change, and come; then indexes, views and
//! triggers are made. A changed table is made anew with its rows ([`super::rebuild`]), or gets a column at its end. Foreign
//! keys are off meanwhile, and the session looks at all of them before it commits.

use super::{
    Refusal,
    alter::{Origins, Path},
    dialect::plain,
    names::{self, identifier, identifiers},
    rebuild::{guard, rebuild},
    tables,
    views::proof,
};
use crate::{
    engine::statement::{Statement, Words},
    schema::{Schema, Table, Trigger, View, mention::mentions},
};
use std::collections::{BTreeMap, BTreeSet};

/// What the names of checks begin with that stand for what the model has no place for.
const LEFT: &str = "sqlite: ";

/// The statements that turn the one schema into the other.
pub(super) fn change(found: &Schema, wanted: &Schema) -> Result<Vec<Statement>, Refusal> {
    if let Some(name) = wanted.functions.keys().next() {
        return Err(Refusal::new(format!("SQLite keeps no functions, so {name} cannot be made.")));
    }
    let mut work = Work { found, wanted, first: Vec::new(), middle: Vec::new(), last: Vec::new() };
    let mut rebuilt = BTreeSet::new();
    let mut narrowed = BTreeSet::new();
    for table in found.tables.values() {
        match tables::find_table(wanted, &table.name) {
            None => {
                narrowed.insert(table.name.as_str());
                work.middle.push(format!("DROP TABLE {}", identifier(&table.name)));
            }
            Some(now) if now == table => {}
            Some(now) => {
                if table.columns.iter().any(|column| tables::find(now, &column.name).is_none()) {
                    narrowed.insert(table.name.as_str());
                }
                if work.table(table, now)? {
                    rebuilt.insert(table.name.as_str());
                }
            }
        }
    }
    for table in wanted.tables.values().filter(|table| tables::find_table(found, &table.name).is_none()) {
        refuse_what_has_no_words(table)?;
        work.middle.push(tables::create_table(table, &table.name, Words::Own)?);
        work.last.extend(tables::create_indexes(table, Words::Own)?.into_values());
        work.last.extend(tables::on_update_trigger(table)?);
    }
    work.views_and_triggers(&rebuilt, &narrowed);
    let Work { first, middle, last, .. } = work;
    Ok(first.into_iter().chain(middle).chain(last).map(plain).collect())
}

struct Work<'a> {
    found: &'a Schema,
    wanted: &'a Schema,
    /// What goes before tables are touched.
    first: Vec<String>,
    middle: Vec<String>,
    /// What comes after all tables are there.
    last: Vec<String>,
}

impl Work<'_> {
    /// A table that changes; gives whether it was made anew.
    fn table(&mut self, old: &Table, new: &Table) -> Result<bool, Refusal> {
        let origins = Origins::by_name(old, new);
        let path =
            if old.name == new.name { Path::between(old, new, &origins, Words::Own)? } else { Path::Rebuild };
        let is_rebuilt = path == Path::Rebuild;
        let (old_trigger, new_trigger) = (tables::on_update_trigger(old)?, tables::on_update_trigger(new)?);
        let (old_indexes, new_indexes) =
            (tables::create_indexes(old, Words::Own)?, tables::create_indexes(new, Words::Own)?);
        let stays = |name: &String, sql: &String| new_indexes.get(name) == Some(sql);
        if is_rebuilt {
            refuse_what_has_no_words(new)?;
            // It looks at what is there before any of it is dropped.
            self.first.splice(0..0, guard(self.found, old).into_iter().map(|statement| statement.sql));
        }
        if old_trigger.is_some() && (is_rebuilt || old_trigger != new_trigger) {
            self.first.push(format!("DROP TRIGGER {}", identifier(&names::on_update_trigger(&old.name))));
        }
        for (name, _) in old_indexes.iter().filter(|(name, sql)| !stays(name, sql)) {
            self.first.push(format!("DROP INDEX {}", identifier(name)));
        }
        match path {
            Path::Nothing => {}
            Path::Add(columns) => {
                for column in &columns {
                    let definition = tables::column_definition(new, column, Words::Own)?;
                    self.middle
                        .push(format!("ALTER TABLE {} ADD COLUMN {definition}", identifier(&new.name)));
                }
            }
            Path::Rebuild => {
                let statements = rebuild(old, new, &origins, Words::Own)?;
                self.middle.extend(statements.into_iter().map(|statement| statement.sql));
            }
        }
        let made =
            new_indexes.iter().filter(|(name, sql)| is_rebuilt || old_indexes.get(*name) != Some(*sql));
        self.last.extend(made.map(|(_, sql)| sql.clone()));
        if is_rebuilt || old_trigger != new_trigger {
            self.last.extend(new_trigger);
        }
        Ok(is_rebuilt)
    }

    fn views_and_triggers(&mut self, rebuilt: &BTreeSet<&str>, narrowed: &BTreeSet<&str>) {
        let (found, wanted) = (self.found, self.wanted);
        let is_gone = |name: &str| {
            tables::find_table(wanted, name).is_none() && tables::find_table(found, name).is_some()
        };
        let dropped: BTreeMap<&String, &View> =
            found.views.iter().filter(|(name, view)| wanted.views.get(*name) != Some(*view)).collect();
        // A trigger goes with its table or its view.
        let goes_by_itself =
            |trigger: &Trigger| is_gone(&trigger.table) || dropped.contains_key(&trigger.table);
        let mut drops = Vec::new();
        for (name, trigger) in &found.triggers {
            if wanted.triggers.get(name) != Some(trigger) && !goes_by_itself(trigger) {
                drops.push(format!("DROP TRIGGER {}", identifier(&trigger.name)));
            }
        }
        drops.extend(dropped.keys().map(|name| format!("DROP VIEW {}", identifier(name))));
        self.first.extend(drops);
        let made: Vec<&View> = wanted
            .views
            .iter()
            .filter(|(name, view)| found.views.get(*name) != Some(*view))
            .map(|(_, view)| view)
            .collect();
        self.last.extend(made.iter().map(|view| create_view(view)));
        for (name, trigger) in &wanted.triggers {
            let is_new = found.triggers.get(name) != Some(trigger);
            if is_new || rebuilt.contains(trigger.table.as_str()) || goes_by_itself(trigger) {
                self.last.push(trigger.definition.clone());
            }
        }
        // A view that read what is gone would be broken, and SQLite would say nothing.
        let stays_readable = |view: &&View| narrowed.iter().any(|table| mentions(&view.query, table));
        let proven = wanted.views.values().filter(|view| made.contains(view) || stays_readable(view));
        self.last.extend(proven.map(|view| proof(&view.name).sql));
    }
}

fn create_view(view: &View) -> String {
    let columns =
        if view.columns.is_empty() { String::new() } else { format!(" ({})", identifiers(&view.columns)) };
    format!("CREATE VIEW {}{columns} AS {}", identifier(&view.name), view.query)
}

/// Some of what a person can write has no place in the model, and a table that has it cannot be written again.
fn refuse_what_has_no_words(table: &Table) -> Result<(), Refusal> {
    match table.checks.iter().find(|(name, _)| name.starts_with(LEFT)) {
        None => Ok(()),
        Some((name, check)) => Err(Refusal::new(format!(
            "The table {} has something that Tenantry cannot write again ({}: {}); it can be changed by hand only, or \
             together with that.",
            table.name,
            name.trim_start_matches(LEFT),
            check.expression
        ))),
    }
}
