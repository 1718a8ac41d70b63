//! One schema turned into another, both as the server gives them: what is written is what was read, word for word.
//!
//! Nothing here is part of a transaction, so that each statement happens wholly or not at all, and a unit that was cut off goes
//! on where it was: a table changes in one ALTER TABLE. Only foreign keys in its way are dropped before by a statement of
//! their own, and made last, when all tables are as they shall be; InnoDB does not let a key go and come under its name in
//! one statement, nor a column change its type under a key. Where an ALTER TABLE between is refused, such keys are missing, and
//! show as differences, until the change is tried again.

use super::{
    Refusal, oddities, others,
    tables::{self, find, find_table, own_keys},
    views::{self, in_order, reads},
    words::{identifier, identifiers, same, text},
};
use crate::{
    engine::statement::{Statement, Words},
    schema::{Column, Function, Index, Schema, Table, Trigger, plain::oddity},
};
use std::collections::{BTreeMap, BTreeSet};

/// The statements that turn the one schema into the other.
pub(super) fn change(found: &Schema, wanted: &Schema) -> Result<Vec<Statement>, Refusal> {
    refuse_broken_views(found, wanted)?;
    let mut statements = Vec::new();
    programs_go(found, wanted, &mut statements);
    let passing = keys_in_the_way(found, wanted);
    for (table, keys) in by_table(&passing) {
        let clauses: Vec<String> =
            keys.iter().map(|key| format!("DROP FOREIGN KEY {}", identifier(key))).collect();
        statements.push(format!("ALTER TABLE {} {}", identifier(table), clauses.join(", ")));
    }
    for table in found.tables.values().filter(|table| !wanted.tables.contains_key(&table.name)) {
        statements.push(format!("DROP TABLE {}", identifier(&table.name)));
    }
    for (name, table) in &wanted.tables {
        match found.tables.get(name) {
            None => {
                let alone = Table { foreign_keys: BTreeMap::new(), ..table.clone() };
                statements.push(tables::create_table(&alone, Words::Own)?);
            }
            Some(was) => {
                statements.extend(oddities::mend(was, table)?);
                statements.extend(alter(was, table)?);
            }
        }
    }
    for (name, table) in &wanted.tables {
        let mut clauses = Vec::new();
        for key in table.foreign_keys.values() {
            let was = found.tables.get(name).and_then(|was| was.foreign_keys.get(&key.name));
            if was != Some(key) || passing.contains(&(name.as_str(), key.name.as_str())) {
                clauses.push(format!("ADD {}", tables::foreign_key(table, key)?));
            }
        }
        if !clauses.is_empty() {
            // A new table gets the indexes of its keys together with them.
            if !found.tables.contains_key(name) {
                let own = own_keys(table).into_values().map(|definition| format!("ADD {definition}"));
                clauses.splice(0..0, own);
            }
            statements.push(format!("ALTER TABLE {} {}", identifier(name), clauses.join(", ")));
        }
    }
    programs_come(found, wanted, &mut statements);
    statements.extend(others::drop_statements(found, wanted)?);
    Ok(statements.into_iter().map(|sql| Statement { sql, values: Vec::new() }).collect())
}

/// The server lets a view stand that reads what is gone, and says so only to whoever reads it.
fn refuse_broken_views(found: &Schema, wanted: &Schema) -> Result<(), Refusal> {
    let gone = found.tables.keys().chain(found.views.keys());
    let gone: Vec<&String> =
        gone.filter(|name| !wanted.tables.contains_key(*name) && !wanted.views.contains_key(*name)).collect();
    for view in wanted.views.values() {
        if let Some(name) = gone.iter().find(|name| reads(&view.query, name)) {
            return Err(Refusal::new(format!(
                "The view {} reads {name}, which would be gone; take the view away as well, or leave {name}.",
                view.name
            )));
        }
    }
    Ok(())
}

/// Triggers, views and functions that go or change.
fn programs_go(found: &Schema, wanted: &Schema, statements: &mut Vec<String>) {
    for (_, trigger) in going(&found.triggers, &wanted.triggers) {
        // It goes with its table.
        if wanted.tables.contains_key(&trigger.table) {
            statements.push(format!("DROP TRIGGER {}", identifier(&trigger.name)));
        }
    }
    for (name, _) in going(&found.views, &wanted.views) {
        statements.push(format!("DROP VIEW {}", identifier(name)));
    }
    for (_, function) in going(&found.functions, &wanted.functions) {
        statements.push(format!("DROP {} {}", kind_of(function), identifier(&function.name)));
    }
}

/// Functions, views and triggers that come or have changed.
fn programs_come(found: &Schema, wanted: &Schema, statements: &mut Vec<String>) {
    statements
        .extend(going(&wanted.functions, &found.functions).map(|(_, function)| function.definition.clone()));
    let queries: BTreeMap<&str, &str> =
        going(&wanted.views, &found.views).map(|(name, view)| (name.as_str(), view.query.as_str())).collect();
    statements
        .extend(in_order(queries).into_iter().filter_map(|name| wanted.views.get(name)).map(views::create));
    for (name, trigger) in &wanted.triggers {
        if found.triggers.get(name) != Some(trigger) || !found.tables.contains_key(&trigger.table) {
            statements.extend(create_trigger(trigger));
        }
    }
}

/// What is in the one and not, or otherwise, in the other.
fn going<'a, T: PartialEq>(
    from: &'a BTreeMap<String, T>,
    to: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = (&'a String, &'a T)> {
    from.iter().filter(|(name, value)| to.get(*name) != Some(*value))
}

fn kind_of(function: &Function) -> &'static str {
    let words = function.definition.split_whitespace().take(3);
    if words.into_iter().any(|word| word.eq_ignore_ascii_case("PROCEDURE")) {
        "PROCEDURE"
    } else {
        "FUNCTION"
    }
}

/// The model has a trigger's moment, its event and its body.
fn create_trigger(trigger: &Trigger) -> Option<String> {
    let (moment, rest) = trigger.definition.split_once(' ')?;
    let (event, body) = rest.split_once(' ')?;
    Some(format!(
        "CREATE TRIGGER {} {moment} {event} ON {} FOR EACH ROW {body}",
        identifier(&trigger.name),
        identifier(&trigger.table)
    ))
}

fn by_table<'a>(keys: &BTreeSet<(&'a str, &'a str)>) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (table, key) in keys {
        tables.entry(table).or_default().push(key);
    }
    tables
}

/// Foreign keys that go, change, or would keep a table from changing, as (table, key).
fn keys_in_the_way<'a>(found: &'a Schema, wanted: &Schema) -> BTreeSet<(&'a str, &'a str)> {
    let mut keys = BTreeSet::new();
    for (name, table) in &found.tables {
        let now = wanted.tables.get(name);
        for key in table.foreign_keys.values() {
            let stays = now.and_then(|now| now.foreign_keys.get(&key.name)) == Some(key);
            let parent = find_table(found, &key.foreign_table);
            let parent_now = parent.and_then(|parent| wanted.tables.get(&parent.name));
            let is_free = |was: Option<&Table>, now: Option<&Table>, columns: &[String]| match (was, now) {
                (Some(was), Some(now)) => leaves_alone(was, now, columns),
                (None, None) => true,
                _ => false,
            };
            // A key among dropped tables would keep one of them.
            let keeps_own =
                now.is_some_and(|now| own_keys(table).get(&key.name) == own_keys(now).get(&key.name));
            if !stays
                || !keeps_own
                || !is_free(Some(table), now, &key.columns)
                || !is_free(parent, parent_now, &key.foreign_columns)
            {
                keys.insert((name.as_str(), key.name.as_str()));
            }
        }
    }
    keys
}

/// Whether a change of a table touches neither these columns nor an index that begins with them.
fn leaves_alone(was: &Table, now: &Table, columns: &[String]) -> bool {
    let same_column = |name: &String| match (find(was, name), find(now, name)) {
        (Some(was), Some(now)) => {
            was.name == now.name
                && was.ty == now.ty
                && was.nullable == now.nullable
                && was.collation == now.collation
                && was.generated == now.generated
                && was.auto_increment == now.auto_increment
        }
        _ => false,
    };
    let serves = |index: &&Index| {
        index
            .parts
            .first()
            .is_some_and(|part| columns.first().is_some_and(|column| same(&part.column, column)))
    };
    let indexes = |table: &Table| -> Vec<Index> { table.indexes.values().filter(serves).cloned().collect() };
    columns.iter().all(same_column) && was.primary_key == now.primary_key && indexes(was) == indexes(now)
}

/// One ALTER TABLE with everything that changes but foreign keys; none where nothing does.
fn alter(was: &Table, now: &Table) -> Result<Option<String>, Refusal> {
    tables::check(now)?;
    let mut clauses = Vec::new();
    let remade: BTreeSet<&str> = now
        .columns
        .iter()
        .filter(|column| find(was, &column.name).is_some_and(|before| is_remade(before, column)))
        .map(|column| column.name.as_str())
        .collect();
    let (mut drops, mut adds) = (Vec::new(), Vec::new());
    let over_remade = |index: &Index| index.parts.iter().any(|part| remade.contains(part.column.as_str()));
    for (name, index) in &was.indexes {
        if now.indexes.get(name) != Some(index) || over_remade(index) {
            drops.push(format!("DROP INDEX {}", identifier(name)));
        }
    }
    for (name, index) in &now.indexes {
        if was.indexes.get(name) != Some(index) || over_remade(index) {
            adds.push(format!("ADD {}", tables::index_definition(now, index)?));
        }
    }
    let (own_before, own_now) = (own_keys(was), own_keys(now));
    for name in
        own_before.iter().filter(|(name, text)| own_now.get(*name) != Some(*text)).map(|(name, _)| name)
    {
        drops.push(format!("DROP INDEX {}", identifier(name)));
    }
    adds.extend(
        own_now
            .iter()
            .filter(|(name, text)| own_before.get(*name) != Some(*text))
            .map(|(_, text)| format!("ADD {text}")),
    );
    if was.primary_key != now.primary_key {
        if !was.primary_key.is_empty() {
            drops.push("DROP PRIMARY KEY".to_owned());
        }
        if !now.primary_key.is_empty() {
            adds.push(format!("ADD PRIMARY KEY ({})", identifiers(&now.primary_key)));
        }
    }
    let mut beside = BTreeSet::new();
    for (name, check) in &was.checks {
        if now.checks.get(name) == Some(check) || oddity(name).is_some() {
            continue;
        }
        match find(now, name) {
            // MariaDB calls a check that stands at a column as the column, and only a new definition of it takes it away.
            Some(column) if find(was, name).is_some() => {
                beside.insert(column.name.as_str());
                // MySQL, which does not know these words, does not read the comment either.
                drops.push(format!("DROP CONSTRAINT /*M! IF EXISTS */ {}", identifier(name)));
            }
            _ if find(was, name).is_some() => {}
            _ => drops.push(format!("DROP CONSTRAINT {}", identifier(name))),
        }
    }
    for (name, check) in &now.checks {
        if was.checks.get(name) != Some(check) && find(now, name).is_none() {
            adds.push(format!("ADD {}", tables::check_definition(now, check, Words::Own)?));
        } else if was.checks.get(name) != Some(check) {
            beside.extend(find(now, name).map(|column| column.name.as_str()));
        }
    }
    clauses.extend(drops);
    clauses.extend(columns(was, now, &remade, &beside)?);
    clauses.extend(adds);
    if was.comment != now.comment {
        clauses.push(format!("COMMENT = {}", text(now.comment.as_deref().unwrap_or_default())));
    }
    Ok((!clauses.is_empty()).then(|| format!("ALTER TABLE {} {}", identifier(&now.name), clauses.join(", "))))
}

/// A computed column is another column where its expression is another: the servers do not turn the one into the other, and
/// it has no values of its own. One that is stored and becomes a plain one keeps its values.
fn is_remade(was: &Column, now: &Column) -> bool {
    match (&was.generated, &now.generated) {
        (None, None) => false,
        (Some(before), None) => !before.stored,
        (before, after) => before != after || was.ty != now.ty || was.collation != now.collation,
    }
}

/// The clauses that take every column to its definition and its place.
fn columns(
    was: &Table,
    now: &Table,
    remade: &BTreeSet<&str>,
    beside: &BTreeSet<&str>,
) -> Result<Vec<String>, Refusal> {
    let mut clauses = Vec::new();
    let mut order: Vec<String> = Vec::new();
    for column in &was.columns {
        match find(now, &column.name) {
            Some(after) if !remade.contains(after.name.as_str()) => order.push(after.name.clone()),
            _ => clauses.push(format!("DROP COLUMN {}", identifier(&column.name))),
        }
    }
    let mut previous: Option<&str> = None;
    for (place, column) in now.columns.iter().enumerate() {
        let definition = || tables::column_definition(now, column, Words::Own);
        let position = match previous {
            None => " FIRST".to_owned(),
            Some(previous) => format!(" AFTER {}", identifier(previous)),
        };
        let stands = order.get(place).is_some_and(|name| *name == column.name);
        let before = find(was, &column.name).filter(|_| !remade.contains(column.name.as_str()));
        match before {
            None => {
                clauses.push(format!("ADD COLUMN {}{position}", definition()?));
                order.insert(place.min(order.len()), column.name.clone());
            }
            Some(before) => {
                let moved = if stands { String::new() } else { position };
                if !stands {
                    order.retain(|name| *name != column.name);
                    order.insert(place.min(order.len()), column.name.clone());
                }
                if before != column || !stands || beside.contains(column.name.as_str()) {
                    clauses.push(format!(
                        "CHANGE COLUMN {} {}{moved}",
                        identifier(&before.name),
                        definition()?
                    ));
                }
            }
        }
        previous = Some(&column.name);
    }
    Ok(clauses)
}
