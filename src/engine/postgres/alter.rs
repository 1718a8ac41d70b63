//! ALTER TABLE: how a table gets from what it is to what it shall be. PostgreSQL changes columns in place; names follow into
//! keys, indexes and views by themselves. Only views stand in the way of a type, so they go and come back.

use super::{
    Refusal,
    columns::{definition, first_value, using},
    dialect::{plain, refuse_name_clash},
    expressions::Translator,
    names::{self, identifier, text},
    queries, storage, tables, views,
};
use crate::{
    engine::statement::{Statement, Words},
    schema::{Column, Schema, Table},
    sql::operation::{Position, TableChange},
};

/// The statements for the clauses of one ALTER TABLE.
pub(super) fn alter(
    before: &Schema,
    name: &str,
    changes: &[TableChange],
    after: &Schema,
) -> Result<Vec<Statement>, Refusal> {
    let old = tables::find_table(before, name)
        .ok_or_else(|| Refusal::new(format!("There is no table {name} to alter.")))?;
    let origins = Origins::follow(old, changes);
    let new = tables::find_table(after, &origins.table).ok_or_else(|| {
        Refusal::new(format!("The table {} is not in the schema after the ALTER TABLE.", origins.table))
    })?;
    tables::validate(after, new)?;
    refuse_name_clash(after, new)?;
    refuse_other_tables(before, after, old, new)?;
    let mut work = Work {
        before,
        after,
        old,
        new,
        origins: &origins,
        words: Words::Template,
        statements: Vec::new(),
        touches_views: false,
    };
    work.run()?;
    let Work { statements, touches_views, .. } = work;
    if statements.is_empty() || !touches_views {
        return Ok(statements.into_iter().map(plain).collect());
    }
    around_views(before, after, old, statements)
}

/// Views that read the table go before it changes and come back after it. Renames alone need none of that: PostgreSQL's views
/// follow by themselves, and a view whose text still has an old name could not be made again.
fn around_views(
    before: &Schema,
    after: &Schema,
    old: &Table,
    statements: Vec<String>,
) -> Result<Vec<Statement>, Refusal> {
    let readers = views::readers(before, &old.name);
    let mut around: Vec<String> =
        readers.iter().rev().map(|view| format!("DROP VIEW {}", identifier(view))).collect();
    around.extend(statements);
    for view in readers.iter().filter_map(|name| after.views.get(name)) {
        around.push(queries::create_view(&mut Translator::over_schema(after), view)?);
    }
    Ok(around.into_iter().map(plain).collect())
}

/// A key can make a `uuid` of a column of another table; that one would have to change with it.
fn refuse_other_tables(before: &Schema, after: &Schema, old: &Table, new: &Table) -> Result<(), Refusal> {
    for table in after.tables.values().filter(|table| table.name != new.name) {
        let Some(was) = before.tables.get(&table.name).filter(|was| was.name != old.name) else { continue };
        for (column, earlier) in table.columns.iter().zip(&was.columns) {
            if storage::declared(after, table, column) != storage::declared(before, was, earlier) {
                return Err(Refusal::new(format!(
                    "{}.{} refers to {} and would change its type with it; drop that foreign key first, and add it again \
                     after the change.",
                    table.name, column.name, old.name
                )));
            }
        }
        tables::validate(after, table)?;
    }
    Ok(())
}

/// The change of one table, and the statements for it so far.
pub(super) struct Work<'a> {
    pub before: &'a Schema,
    pub after: &'a Schema,
    pub old: &'a Table,
    pub new: &'a Table,
    pub origins: &'a Origins,
    pub words: Words,
    pub statements: Vec<String>,
    pub touches_views: bool,
}

impl Work<'_> {
    fn say(&mut self, sql: impl Into<String>) {
        self.statements.push(sql.into());
    }

    /// ALTER TABLE with one clause, under the table's new name.
    pub(super) fn table(&mut self, clause: impl std::fmt::Display) {
        self.say(format!("ALTER TABLE {} {clause}", identifier(&self.new.name)));
    }

    /// What an old column is called from now on; `None` where it goes.
    fn now_called(&self, column: &str) -> Option<&str> {
        self.origins
            .columns
            .iter()
            .find(|(_, before)| names::same(before, column))
            .map(|(after, _)| after.as_str())
    }

    fn run(&mut self) -> Result<(), Refusal> {
        let (old, new) = (self.old, self.new);
        let old_trigger = tables::on_update(self.before, old)?;
        let new_trigger = tables::on_update(self.after, new)?;
        if old_trigger.is_some() && old_trigger != new_trigger {
            let name = identifier(&names::on_update(&old.name));
            self.say(format!("DROP TRIGGER {name} ON {}", identifier(&old.name)));
            self.say(format!("DROP FUNCTION {name}()"));
        }
        self.drop_keys();
        self.rename();
        let mut pairs = Vec::new();
        for column in &old.columns {
            match self.now_called(&column.name).and_then(|name| tables::find(new, name)) {
                Some(now) => pairs.push((column, now)),
                None => {
                    self.touches_views = true;
                    self.table(format!("DROP COLUMN {}", identifier(&column.name)));
                }
            }
        }
        for (was, now) in pairs {
            self.change_column(was, now)?;
        }
        for column in new.columns.iter().filter(|column| self.origins.origin(&column.name).is_none()) {
            self.add_column(column)?;
        }
        self.add_keys()?;
        if old_trigger != new_trigger {
            for sql in new_trigger.into_iter().flat_map(|(function, trigger)| [function, trigger]) {
                self.say(sql);
            }
        }
        if old.comment != new.comment {
            let comment = new.comment.as_deref().filter(|comment| !comment.is_empty());
            let comment = comment.map_or("NULL".to_owned(), text);
            self.say(format!("COMMENT ON TABLE {} IS {comment}", identifier(&new.name)));
        }
        Ok(())
    }

    /// The old table's own names put into the words of the new one, so that what only follows a rename is the same.
    fn renamed(&self) -> Table {
        let new_name = |column: &mut String| {
            if let Some(after) = self.now_called(column) {
                *column = after.to_owned();
            }
        };
        let mut table = Table { name: self.new.name.clone(), ..self.old.clone() };
        table.columns.iter_mut().for_each(|column| new_name(&mut column.name));
        table.primary_key.iter_mut().for_each(new_name);
        for part in table.indexes.values_mut().flat_map(|index| index.parts.iter_mut()) {
            if !part.is_expression {
                new_name(&mut part.column);
            }
        }
        for key in table.foreign_keys.values_mut() {
            key.columns.iter_mut().for_each(new_name);
            if names::same(&key.foreign_table, &self.old.name) {
                key.foreign_table.clone_from(&self.new.name);
                key.foreign_columns.iter_mut().for_each(new_name);
            }
        }
        table
    }

    /// Drops what is another afterwards, while everything still has its old name.
    fn drop_keys(&mut self) {
        let (old, new) = (self.old, self.new);
        let under_new_names = self.renamed();
        let table = identifier(&old.name);
        let drop =
            |name: &str| format!("ALTER TABLE {table} DROP CONSTRAINT {}", identifier(&names::cut(name)));
        let drops_column = |name: &str| self.now_called(name).is_none();
        let mut statements = Vec::new();
        for (name, key) in &under_new_names.foreign_keys {
            if new.foreign_keys.get(name) != Some(key) {
                statements.push(drop(name));
            }
        }
        for (name, check) in &old.checks {
            if new.checks.get(name) != Some(check) && !self.same_check(name) {
                statements.push(drop(name));
            }
        }
        for (name, index) in &under_new_names.indexes {
            if new.indexes.get(name) != Some(index) {
                let live = names::index_name(&old.name, name);
                // One that only has another name now is renamed.
                if self.renamed_index(name).is_none() {
                    statements.push(format!("DROP INDEX {}", identifier(&live)));
                }
            }
        }
        if !old.primary_key.is_empty()
            && (under_new_names.primary_key != new.primary_key
                || old.primary_key.iter().any(|name| drops_column(name)))
        {
            statements.push(drop(&names::primary_key(&old.name)));
        }
        self.statements.extend(statements);
    }

    fn same_check(&self, name: &str) -> bool {
        let (Some(was), Some(now)) = (self.old.checks.get(name), self.new.checks.get(name)) else {
            return false;
        };
        // A check whose text only follows a rename has followed it in the database as well.
        let mut followed = was.expression.clone();
        for (after, before) in self.origins.columns.iter().filter(|(after, before)| after != before) {
            match crate::sql::expression::rename_column(&followed, before, after) {
                Ok(renamed) => followed = renamed,
                Err(_) => return false,
            }
        }
        followed == now.expression
    }

    /// The new name of an index that is otherwise as it was.
    fn renamed_index(&self, name: &str) -> Option<String> {
        let under_new_names = self.renamed();
        let was = under_new_names.indexes.get(name)?;
        if self.new.indexes.contains_key(name) {
            return None;
        }
        self.new
            .indexes
            .values()
            .find(|now| {
                !under_new_names.indexes.contains_key(&now.name)
                    && now.parts == was.parts
                    && now.unique == was.unique
                    && now.filter == was.filter
            })
            .map(|now| now.name.clone())
    }

    fn rename(&mut self) {
        let (old, new) = (self.old, self.new);
        if old.name != new.name {
            self.say(format!("ALTER TABLE {} RENAME TO {}", identifier(&old.name), identifier(&new.name)));
            if !old.primary_key.is_empty() && self.renamed().primary_key == new.primary_key {
                self.table(format!(
                    "RENAME CONSTRAINT {} TO {}",
                    identifier(&names::primary_key(&old.name)),
                    identifier(&names::primary_key(&new.name))
                ));
            }
        }
        let under_new_names = self.renamed();
        let mut index_names: Vec<(String, String)> = Vec::new();
        for (name, index) in &under_new_names.indexes {
            let now = if new.indexes.get(name) == Some(index) {
                Some(name.clone())
            } else {
                self.renamed_index(name)
            };
            if let Some(now) = now {
                index_names.push((
                    names::whole_index_name(&old.name, name),
                    names::whole_index_name(&new.name, &now),
                ));
            }
        }
        for (was, now) in index_names.into_iter().filter(|(was, now)| was != now) {
            let (was_live, now_live) = (names::cut(&was), names::cut(&now));
            self.say(format!("ALTER INDEX {} RENAME TO {}", identifier(&was_live), identifier(&now_live)));
            if was_live != was || now_live != now {
                let comment = if now_live == now {
                    "NULL".to_owned()
                } else {
                    text(&format!("{}{now}", names::WHOLE_NAME))
                };
                self.say(format!("COMMENT ON INDEX {} IS {comment}", identifier(&now_live)));
            }
        }
        self.rename_columns();
    }

    fn rename_columns(&mut self) {
        let renames: Vec<(String, String)> = self
            .origins
            .columns
            .iter()
            .filter(|(after, before)| after != before && tables::find(self.old, before).is_some())
            .map(|(after, before)| (before.clone(), after.clone()))
            .collect();
        let needs_step =
            renames.iter().any(|(_, after)| self.old.columns.iter().any(|column| column.name == *after));
        let rename =
            |from: &str, to: &str| format!("RENAME COLUMN {} TO {}", identifier(from), identifier(to));
        for (place, (before, after)) in renames.iter().enumerate() {
            let step = format!("tenantry_column_{place}");
            self.table(rename(before, if needs_step { &step } else { after }));
        }
        if needs_step {
            for (place, (_, after)) in renames.iter().enumerate() {
                self.table(rename(&format!("tenantry_column_{place}"), after));
            }
        }
    }

    pub(super) fn change_column(&mut self, was: &Column, now: &Column) -> Result<(), Refusal> {
        let old = definition(self.before, self.old, was, self.words)?;
        let new = definition(self.after, self.new, now, self.words)?;
        let name = identifier(&now.name);
        let same_generated = was.generated.is_some() == now.generated.is_some()
            && (old.generated == new.generated || was.name != now.name);
        if !same_generated || (old.generated.is_some() && old.full_type() != new.full_type()) {
            // A computed column has no values of its own to lose; a plain one that becomes computed loses them on MySQL too.
            self.touches_views = true;
            self.table(format!("DROP COLUMN {name}"));
            return self.add_column(now);
        }
        let changes_type = old.full_type() != new.full_type();
        let check_stays = old.check.as_ref().map(|check| &check.comment)
            == new.check.as_ref().map(|check| &check.comment)
            && was.name == now.name
            && !changes_type;
        if old.check.is_some() && !check_stays {
            self.table(format!("DROP CONSTRAINT {}", identifier(&names::type_check(&was.name))));
        }
        if old.default.is_some() && (changes_type || old.default != new.default) {
            self.table(format!("ALTER COLUMN {name} DROP DEFAULT"));
        }
        if old.identity && !new.identity {
            self.table(format!("ALTER COLUMN {name} DROP IDENTITY"));
        }
        if changes_type {
            self.touches_views = true;
            let using = using(was, now, &old, &new, &name);
            self.table(format!("ALTER COLUMN {name} TYPE {} USING {using}", new.full_type()));
        }
        if old.not_null != new.not_null {
            let act = if new.not_null { "SET" } else { "DROP" };
            self.table(format!("ALTER COLUMN {name} {act} NOT NULL"));
        }
        if let Some(default) = &new.default
            && (changes_type || old.default != new.default)
        {
            self.table(format!("ALTER COLUMN {name} SET DEFAULT {default}"));
        }
        if new.identity && !old.identity {
            self.table(format!("ALTER COLUMN {name} ADD GENERATED BY DEFAULT AS IDENTITY"));
            self.say(tables::move_counter(self.new, now));
        }
        if let Some(check) = new.check.as_ref().filter(|_| !check_stays) {
            let constraint = identifier(&names::type_check(&now.name));
            self.table(format!("ADD CONSTRAINT {constraint} CHECK ({})", check.condition));
            self.say(tables::type_check_comment(&self.new.name, &now.name, &check.comment));
        }
        if old.comment != new.comment {
            let comment = new.comment.as_deref().map_or("NULL".to_owned(), text);
            self.say(format!("COMMENT ON COLUMN {}.{name} IS {comment}", identifier(&self.new.name)));
        }
        Ok(())
    }

    pub(super) fn add_column(&mut self, column: &Column) -> Result<(), Refusal> {
        let definition = definition(self.after, self.new, column, self.words)?;
        let name = identifier(&column.name);
        let needs_first = definition.not_null
            && definition.default.is_none()
            && !definition.identity
            && definition.generated.is_none();
        let first = if needs_first { first_value(self.after, self.new, column) } else { None };
        let default = definition.default.clone().or_else(|| first.clone());
        self.table(format!("ADD COLUMN {}", definition.text(&column.name, default.as_deref())));
        if first.is_some() {
            self.table(format!("ALTER COLUMN {name} DROP DEFAULT"));
        }
        if let Some(check) = &definition.check {
            self.say(tables::type_check_comment(&self.new.name, &column.name, &check.comment));
        }
        if let Some(comment) = &definition.comment {
            self.say(tables::column_comment(&self.new.name, &column.name, comment));
        }
        Ok(())
    }

    fn add_keys(&mut self) -> Result<(), Refusal> {
        let new = self.new;
        let under_new_names = self.renamed();
        let lost = self.old.primary_key.iter().any(|name| self.now_called(name).is_none());
        if (under_new_names.primary_key != new.primary_key || lost)
            && let Some(clause) = tables::primary_key(new)
        {
            self.table(format!("ADD {clause}"));
        }
        let renamed: Vec<String> =
            under_new_names.indexes.keys().filter_map(|name| self.renamed_index(name)).collect();
        for (name, index) in &new.indexes {
            if under_new_names.indexes.get(name) != Some(index) && !renamed.contains(name) {
                for sql in tables::create_index(self.after, new, index, self.words)? {
                    self.say(sql);
                }
            }
        }
        for (name, check) in &new.checks {
            if self.old.checks.get(name) != Some(check) && !self.same_check(name) {
                let clause = tables::check_clause(self.after, new, check, self.words)?;
                self.table(format!("ADD {clause}"));
                self.statements.extend(tables::constraint_comment(&new.name, name));
            }
        }
        for (name, key) in &new.foreign_keys {
            if under_new_names.foreign_keys.get(name) != Some(key) {
                self.table(format!("ADD {}", tables::foreign_key(key)));
                self.statements.extend(tables::constraint_comment(&new.name, name));
            }
        }
        Ok(())
    }
}

/// Where each column of the table after the clauses comes from.
pub(super) struct Origins {
    table: String,
    /// Name afterwards, name before.
    columns: Vec<(String, String)>,
}

impl Origins {
    fn follow(old: &Table, changes: &[TableChange]) -> Self {
        let mut table = old.name.clone();
        let mut columns: Vec<(String, String)> =
            old.columns.iter().map(|column| (column.name.clone(), column.name.clone())).collect();
        let rename = |columns: &mut Vec<(String, String)>, before: &str, after: &str| {
            if let Some(found) = columns.iter_mut().find(|(name, _)| names::same(name, before)) {
                after.clone_into(&mut found.0);
            }
        };
        for change in changes {
            match change {
                TableChange::DropColumn(name) => columns.retain(|(column, _)| !names::same(column, name)),
                TableChange::ChangeColumn { before, column, position: _ } => {
                    rename(&mut columns, before, &column.name)
                }
                TableChange::RenameColumn { before, after } => rename(&mut columns, before, after),
                TableChange::RenameTable(name) => table.clone_from(name),
                // A new column is one that has no origin; the rest leaves the names as they are.
                TableChange::AddColumn {
                    column: _,
                    position: Position::Last | Position::First | Position::After(_),
                }
                | TableChange::SetDefault { .. }
                | TableChange::AddIndex(_)
                | TableChange::DropIndex(_)
                | TableChange::RenameIndex { .. }
                | TableChange::AddPrimaryKey(_)
                | TableChange::DropPrimaryKey
                | TableChange::AddForeignKey(_)
                | TableChange::DropForeignKey(_)
                | TableChange::AddCheck(_)
                | TableChange::DropCheck(_)
                | TableChange::DropConstraint(_)
                | TableChange::SetComment(_) => {}
            }
        }
        Self { table, columns }
    }

    /// Columns of one name are one column.
    pub(super) fn by_name(old: &Table, new: &Table) -> Self {
        let both = new.columns.iter().filter(|column| old.columns.iter().any(|was| was.name == column.name));
        let columns = both.map(|column| (column.name.clone(), column.name.clone())).collect();
        Self { table: new.name.clone(), columns }
    }

    /// The name that a column had, or nothing where it is new.
    fn origin(&self, column: &str) -> Option<&str> {
        self.columns.iter().find(|(after, _)| names::same(after, column)).map(|(_, before)| before.as_str())
    }
}
