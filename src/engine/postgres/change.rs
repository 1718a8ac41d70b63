//! One schema turned into another, both as PostgreSQL gives them: what is written is what was read, word for word.
//!
//! All of it is one transaction. What hangs on something that changes goes first and comes back: views that read a table whose
//! columns go or change their type, triggers, foreign keys, checks and indexes over such columns, computed columns that are
//! computed from them. PostgreSQL has no places for columns, so a new one is the last, and an order alone is no change.

use super::{
    Refusal,
    alter::{Origins, Work},
    columns::definition,
    dialect::plain,
    inspect::conditions,
    letters,
    names::{self, identifier, text},
    oddities,
    others::Others,
    programs::{
        Functions, create_trigger, create_view, drop_view, in_order, passing_triggers, passing_views,
    },
    tables,
};
use crate::{
    engine::statement::{Statement, Words},
    schema::{Check, Column, Index, Schema, Table, View, mention::mentions, plain::oddity},
};
use std::collections::BTreeSet;

/// The statements that turn the one schema into the other.
pub(super) fn change(found: &Schema, wanted: &Schema) -> Result<Vec<Statement>, Refusal> {
    oddities::refuse_anothers(found, wanted)?;
    let (renames, renamed) = letters::renamed(found, wanted);
    let found = renamed.as_ref().unwrap_or(found);
    let mut turns = Vec::new();
    for (name, old) in &found.tables {
        if let Some(new) = wanted.tables.get(name) {
            turns.push(Turn::between(found, old, wanted, new)?);
        }
    }
    let gone: Vec<&str> =
        found.tables.keys().filter(|name| !wanted.tables.contains_key(*name)).map(String::as_str).collect();
    let touched: BTreeSet<&str> = turns
        .iter()
        .filter(|turn| turn.is_felt())
        .map(|turn| turn.old.name.as_str())
        .chain(gone.iter().copied())
        .collect();

    let mut all = renames;
    let others = Others::between(found, wanted)?;
    let functions = Functions::between(found, wanted);
    if !functions.early.is_empty() || !functions.late.is_empty() {
        // A body may name what comes later; it is looked at when it runs.
        all.push("SET LOCAL check_function_bodies = off".to_owned());
    }
    let views = passing_views(found, wanted, &touched);
    all.extend(views.iter().rev().map(|view| drop_view(view)));
    let triggers = passing_triggers(found, wanted, &touched);
    for name in &triggers {
        if let Some(trigger) =
            found.triggers.get(*name).filter(|trigger| !gone.contains(&trigger.table.as_str()))
        {
            // With a view it has gone already.
            if !views.iter().any(|view| view.name == trigger.table) {
                all.push(format!(
                    "DROP TRIGGER {} ON {}",
                    identifier(&trigger.name),
                    identifier(&trigger.table)
                ));
            }
        }
    }
    let keys = passing_keys(found, wanted, &turns);
    for (table, key) in keys.iter().filter(|(table, _)| wanted.tables.contains_key(*table)) {
        let key = identifier(&names::cut(key));
        all.push(format!("ALTER TABLE {} DROP CONSTRAINT {key}", identifier(table)));
    }
    if !gone.is_empty() {
        // Together, because they may refer to each other.
        all.push(format!("DROP TABLE {}", names::identifiers(&gone)));
        for table in gone.iter().filter_map(|name| found.tables.get(*name)) {
            if tables::on_update_body(found, table).is_some() {
                all.push(format!("DROP FUNCTION {}()", identifier(&names::on_update(&table.name))));
            }
        }
    }
    all.extend(others.early);
    all.extend(functions.early.iter().map(|function| function.definition.clone()));
    for turn in &turns {
        turn.drops(&mut all);
    }
    for turn in &turns {
        turn.columns(&mut all)?;
    }
    for table in wanted.tables.values().filter(|table| !found.tables.contains_key(&table.name)) {
        all.extend(tables::create_table(wanted, table, Words::Own)?);
    }
    for turn in &turns {
        turn.adds(&mut all)?;
    }
    for table in wanted.tables.values() {
        for key in table.foreign_keys.values() {
            let place = (table.name.as_str(), key.name.as_str());
            let was = found.tables.get(&table.name).and_then(|was| was.foreign_keys.get(&key.name));
            if was.is_none() || keys.contains(&place) {
                all.push(format!("ALTER TABLE {} ADD {}", identifier(&table.name), tables::foreign_key(key)));
                all.extend(tables::constraint_comment(&table.name, &key.name));
            }
        }
    }
    for turn in &turns {
        all.extend(oddities::mend(turn.old, wanted, turn.new)?);
    }
    functions.finish(&mut all);
    all.extend(others.late);
    let new_views: Vec<&View> =
        wanted.views.values().filter(|view| found.views.get(&view.name) != Some(*view)).collect();
    let again =
        views.iter().filter_map(|view| wanted.views.get(&view.name)).filter(|view| !new_views.contains(view));
    all.extend(in_order(new_views.iter().copied().chain(again).collect()).into_iter().flat_map(create_view));
    for (name, trigger) in &wanted.triggers {
        let comes = found.triggers.get(name) != Some(trigger)
            || triggers.contains(&name.as_str())
            || views.iter().any(|view| view.name == trigger.table);
        if comes {
            all.extend(create_trigger(&trigger.definition));
        }
    }
    Ok(all.into_iter().map(plain).collect())
}

/// How one table gets from what it is to what it shall be.
struct Turn<'a> {
    found: &'a Schema,
    old: &'a Table,
    wanted: &'a Schema,
    new: &'a Table,
    origins: Origins,
    /// Columns that go, or change their type, or are made anew.
    changed: BTreeSet<&'a str>,
    /// Computed columns that are made anew.
    remade: BTreeSet<&'a str>,
}

impl<'a> Turn<'a> {
    fn between(
        found: &'a Schema,
        old: &'a Table,
        wanted: &'a Schema,
        new: &'a Table,
    ) -> Result<Self, Refusal> {
        let (mut changed, mut remade) = (BTreeSet::new(), BTreeSet::new());
        for column in &old.columns {
            let Some(now) = column_of(new, &column.name) else {
                changed.insert(column.name.as_str());
                continue;
            };
            let before = definition(found, old, column, Words::Own)?;
            let after = definition(wanted, new, now, Words::Own)?;
            let is_retyped = before.full_type() != after.full_type();
            // Only a stored one can become a plain column as it is.
            let is_virtual = column.generated.as_ref().is_some_and(|generated| !generated.stored);
            let is_other = is_retyped || before.generated != after.generated;
            if (after.generated.is_some() || is_virtual) && is_other {
                remade.insert(column.name.as_str());
            }
            if is_retyped || remade.contains(column.name.as_str()) {
                changed.insert(column.name.as_str());
            }
        }
        // What is computed from a column that changes stands in its way.
        for column in &old.columns {
            let stays_computed = column_of(new, &column.name).is_some_and(|now| now.generated.is_some());
            if let Some(generated) = column.generated.as_ref().filter(|_| stays_computed)
                && changed.iter().any(|name| *name != column.name && mentions(&generated.expression, name))
            {
                remade.insert(&column.name);
            }
        }
        changed.extend(remade.iter().copied());
        Ok(Turn { found, old, wanted, new, origins: Origins::by_name(old, new), changed, remade })
    }

    /// Whether views and triggers notice it.
    fn is_felt(&self) -> bool {
        !self.changed.is_empty()
    }

    fn touches(&self, expression: &str) -> bool {
        self.changed.iter().any(|name| mentions(expression, name))
    }

    fn index_stays(&self, index: &Index) -> bool {
        let over_remade = index.parts.iter().any(|part| {
            if part.is_expression || part.prefix.is_some() {
                self.touches(&part.column)
            } else {
                self.remade.contains(part.column.as_str())
            }
        });
        self.new.indexes.get(&index.name) == Some(index)
            && !over_remade
            && !index.filter.as_ref().is_some_and(|filter| self.touches(filter))
    }

    fn check_stays(&self, name: &str, expression: &str) -> bool {
        self.new.checks.get(name).is_some_and(|check| check.expression == expression)
            && !self.touches(expression)
    }

    fn key_stays(&self) -> bool {
        self.old.primary_key == self.new.primary_key
            && !self.old.primary_key.iter().any(|name| self.remade.contains(name.as_str()))
    }

    /// Whether what is behind `ON UPDATE CURRENT_TIMESTAMP` is the same, in whichever order the columns are.
    fn touching_stays(&self) -> bool {
        let before = tables::on_update_body(self.found, self.old);
        let after = tables::on_update_body(self.wanted, self.new);
        before.as_deref().map(conditions) == after.as_deref().map(conditions)
    }

    fn drops(&self, all: &mut Vec<String>) {
        let table = identifier(&self.old.name);
        if !self.touching_stays() && tables::on_update_body(self.found, self.old).is_some() {
            let name = identifier(&names::on_update(&self.old.name));
            all.push(format!("DROP TRIGGER {name} ON {table}"));
            all.push(format!("DROP FUNCTION {name}()"));
        }
        for (name, check) in self.old.checks.iter().filter(|(name, _)| oddity(name).is_none()) {
            if !self.check_stays(name, &check.expression) {
                all.push(format!("ALTER TABLE {table} DROP CONSTRAINT {}", identifier(&names::cut(name))));
            }
        }
        for index in self.old.indexes.values().filter(|index| !self.index_stays(index)) {
            let live = identifier(&names::index_name(&self.old.name, &index.name));
            // One that a person made may belong to a constraint of its name, and goes with that.
            all.push(format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {live}"));
            all.push(format!("DROP INDEX IF EXISTS {live}"));
        }
        if !self.key_stays() && !self.old.primary_key.is_empty() {
            all.push(oddities::drop_primary_key(&self.old.name));
        }
    }

    fn columns(&self, all: &mut Vec<String>) -> Result<(), Refusal> {
        let table = identifier(&self.new.name);
        let goes = |column: &&Column| {
            column_of(self.new, &column.name).is_none() || self.remade.contains(column.name.as_str())
        };
        // Computed ones first: they stand on others.
        let (computed, others): (Vec<&Column>, Vec<&Column>) =
            self.old.columns.iter().filter(goes).partition(|column| column.generated.is_some());
        for column in computed.into_iter().chain(others) {
            all.push(format!("ALTER TABLE {table} DROP COLUMN {}", identifier(&column.name)));
        }
        let mut work = Work {
            before: self.found,
            after: self.wanted,
            old: self.old,
            new: self.new,
            origins: &self.origins,
            words: Words::Own,
            statements: Vec::new(),
            touches_views: false,
        };
        for column in &self.old.columns {
            let Some(now) = column_of(self.new, &column.name) else { continue };
            if self.remade.contains(column.name.as_str())
                || column == now && !self.changed.contains(column.name.as_str())
            {
                // A column in a key may have to change though it reads the same.
                continue;
            }
            if column.generated.is_some() && now.generated.is_none() {
                work.table(format!("ALTER COLUMN {} DROP EXPRESSION", identifier(&column.name)));
                work.change_column(&Column { generated: None, ..column.clone() }, now)?;
            } else {
                work.change_column(column, now)?;
            }
        }
        let comes = |column: &&Column| {
            column_of(self.old, &column.name).is_none() || self.remade.contains(column.name.as_str())
        };
        let (computed, others): (Vec<&Column>, Vec<&Column>) =
            self.new.columns.iter().filter(comes).partition(|column| column.generated.is_some());
        for column in others.into_iter().chain(computed) {
            work.add_column(column)?;
        }
        all.extend(work.statements);
        Ok(())
    }

    fn adds(&self, all: &mut Vec<String>) -> Result<(), Refusal> {
        let table = identifier(&self.new.name);
        if !self.key_stays()
            && let Some(clause) = tables::primary_key(self.new)
        {
            all.push(format!("ALTER TABLE {table} ADD {clause}"));
        }
        for index in self.new.indexes.values() {
            if !self.old.indexes.get(&index.name).is_some_and(|was| self.index_stays(was)) {
                all.extend(tables::create_index(self.wanted, self.new, index, Words::Own)?);
            }
        }
        for (name, check) in &self.new.checks {
            let is_there = |was: &Check| oddity(name).is_some() || self.check_stays(name, &was.expression);
            if !self.old.checks.get(name).is_some_and(is_there) {
                all.push(format!(
                    "ALTER TABLE {table} ADD {}",
                    tables::check_clause(self.wanted, self.new, check, Words::Own)?
                ));
                all.extend(tables::constraint_comment(&self.new.name, name));
            }
        }
        if !self.touching_stays()
            && let Some((function, trigger)) = tables::on_update(self.wanted, self.new)?
        {
            all.extend([function, trigger]);
        }
        if self.old.comment != self.new.comment {
            let comment = self.new.comment.as_deref().filter(|comment| !comment.is_empty());
            all.push(format!("COMMENT ON TABLE {table} IS {}", comment.map_or("NULL".to_owned(), text)));
        }
        Ok(())
    }
}

fn column_of<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.columns.iter().find(|column| column.name == name)
}

/// Foreign keys that go or change, or that a change of a column or of the key that they refer to meets, as (table, key).
fn passing_keys<'a>(found: &'a Schema, wanted: &Schema, turns: &[Turn<'_>]) -> BTreeSet<(&'a str, &'a str)> {
    let turn_of = |name: &str| turns.iter().find(|turn| names::same(&turn.old.name, name));
    let mut keys = BTreeSet::new();
    for (name, table) in &found.tables {
        for key in table.foreign_keys.values() {
            let now = wanted.tables.get(name).and_then(|now| now.foreign_keys.get(&key.name));
            let meets = |table: &str, columns: &[String]| {
                turn_of(table)
                    .is_none_or(|turn| columns.iter().any(|column| turn.changed.contains(column.as_str())))
            };
            let loses_ground = turn_of(&key.foreign_table).is_none_or(|turn| {
                !turn.key_stays()
                    || turn.old.indexes.values().any(|index| index.unique && !turn.index_stays(index))
            });
            if now != Some(key)
                || meets(name, &key.columns)
                || meets(&key.foreign_table, &key.foreign_columns)
                || loses_ground
            {
                keys.insert((name.as_str(), key.name.as_str()));
            }
        }
    }
    keys
}
