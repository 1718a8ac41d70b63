//! What a schema is after an operation. Everything is checked before anything changes.

use super::{
    columns, expression,
    operation::{Operation, Position, TableChange},
    operations::target,
};
use crate::schema::{Column, ForeignKey, Schema, Table};

type Done = Result<(), String>;

/// Applies an operation. On an error, which says in plain words what does not fit, the schema is as before.
pub fn apply(schema: &mut Schema, operation: &Operation) -> Done {
    if let Operation::Rows(statement) = operation {
        return match target(statement) {
            Some(table) if known(schema, &table).is_none() => Err(no_table(&table)),
            Some(_) => Ok(()),
            None => Err("rows are changed in one table at a time; write it with a subquery".into()),
        };
    }
    let mut after = schema.clone();
    match operation {
        Operation::CreateTable { table, if_not_exists } => {
            if is_taken(&after, &table.name) {
                return if *if_not_exists {
                    Ok(())
                } else {
                    Err(format!("there is a {} already", table.name))
                };
            }
            create(&mut after, table)?;
        }
        Operation::DropTable { table, if_exists } => match known(&after, table) {
            Some(name) => drop_table(&mut after, &name)?,
            None if *if_exists => {}
            None => return Err(no_table(table)),
        },
        Operation::AlterTable { table, changes } => {
            let mut name = known(&after, table).ok_or_else(|| no_table(table))?;
            for change in changes {
                alter(&mut after, &mut name, change)?;
            }
        }
        Operation::CreateView { view, or_replace } => {
            let replaces = *or_replace && after.views.contains_key(&view.name);
            if !replaces && is_taken(&after, &view.name) {
                return Err(format!("there is a {} already", view.name));
            }
            after.views.insert(view.name.clone(), view.clone());
        }
        Operation::DropView { view, if_exists } => {
            if after.views.remove(view).is_none() && !if_exists {
                return Err(format!("there is no view {view}"));
            }
        }
        Operation::Rows(_) => {}
    }
    *schema = after;
    Ok(())
}

fn no_table(table: &str) -> String {
    format!("there is no table {table} here yet")
}

/// The table's name as it was created; case does not count.
fn known(schema: &Schema, table: &str) -> Option<String> {
    schema.tables.keys().find(|name| name.eq_ignore_ascii_case(table)).cloned()
}

fn is_taken(schema: &Schema, name: &str) -> bool {
    known(schema, name).is_some() || schema.views.keys().any(|view| view.eq_ignore_ascii_case(name))
}

fn column<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
}

fn must_have(table: &Table, name: &str) -> Result<usize, String> {
    table
        .columns
        .iter()
        .position(|column| column.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| format!("{} has no column {name}", table.name))
}

fn create(schema: &mut Schema, table: &Table) -> Done {
    let mut seen = std::collections::BTreeSet::new();
    for column in &table.columns {
        if !seen.insert(column.name.to_lowercase()) {
            return Err(format!("{} has two columns named {}", table.name, column.name));
        }
    }
    for name in &table.primary_key {
        must_have(table, name)?;
    }
    schema.tables.insert(
        table.name.clone(),
        Table { foreign_keys: std::collections::BTreeMap::new(), ..table.clone() },
    );
    check_table(table)?;
    for key in table.foreign_keys.values() {
        add_foreign_key(schema, &table.name, key)?;
    }
    Ok(())
}

/// What a table says about its own columns.
fn check_table(table: &Table) -> Done {
    for index in table.indexes.values() {
        for part in &index.parts {
            if part.is_expression {
                reads(table, &part.column)?;
            } else {
                must_have(table, &part.column)?;
            }
        }
    }
    for check in table.checks.values() {
        reads(table, &check.expression)?;
    }
    for column in &table.columns {
        if let Some(generated) = &column.generated {
            reads(table, &generated.expression)?;
        }
        if column.auto_increment && !is_first_of_a_key(table, &column.name) {
            return Err(format!("{}.{} is AUTO_INCREMENT, so it must be a key", table.name, column.name));
        }
    }
    if table.columns.iter().filter(|column| column.auto_increment).count() > 1 {
        return Err(format!("{} has more than one AUTO_INCREMENT column", table.name));
    }
    Ok(())
}

fn is_first_of_a_key(table: &Table, name: &str) -> bool {
    let first_in = |columns: Option<&str>| columns.is_some_and(|column| column.eq_ignore_ascii_case(name));
    first_in(table.primary_key.first().map(String::as_str))
        || table.indexes.values().any(|index| first_in(index.parts.first().map(|part| part.column.as_str())))
}

/// Every column that an expression reads must be there.
fn reads(table: &Table, text: &str) -> Done {
    for name in expression::columns(text)? {
        must_have(table, &name)?;
    }
    Ok(())
}

fn add_foreign_key(schema: &mut Schema, table: &str, key: &ForeignKey) -> Done {
    let mut key = key.clone();
    let foreign = known(schema, &key.foreign_table)
        .ok_or_else(|| format!("{table} refers to {}, which is not here yet", key.foreign_table))?;
    let (Some(own), Some(other)) = (schema.tables.get(table), schema.tables.get(&foreign)) else {
        return Err(no_table(table));
    };
    if key.foreign_columns.is_empty() {
        key.foreign_columns.clone_from(&other.primary_key);
    }
    if key.columns.len() != key.foreign_columns.len() {
        return Err(format!(
            "the foreign key {} has {} columns here and {} there",
            key.name,
            key.columns.len(),
            key.foreign_columns.len()
        ));
    }
    for (mine, theirs) in key.columns.iter().zip(&key.foreign_columns) {
        must_have(own, mine)?;
        must_have(other, theirs)?;
        let (mine, theirs) = (column(own, mine), column(other, theirs));
        if mine.map(|column| &column.ty) != theirs.map(|column| &column.ty) {
            return Err(format!(
                "the foreign key {} joins {}.{} and {}.{}, which have different types",
                key.name,
                table,
                mine.map(|column| column.name.as_str()).unwrap_or_default(),
                foreign,
                theirs.map(|column| column.name.as_str()).unwrap_or_default()
            ));
        }
        if key.on_delete == crate::schema::ReferentialAction::SetNull
            && mine.is_some_and(|column| !column.nullable)
        {
            return Err(format!("the foreign key {} sets a column to NULL that takes no NULL", key.name));
        }
    }
    let is_key = |columns: Vec<&str>| {
        columns.len() == key.foreign_columns.len()
            && columns.iter().zip(&key.foreign_columns).all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    let fits = is_key(other.primary_key.iter().map(String::as_str).collect())
        || other.indexes.values().any(|index| {
            index.unique && is_key(index.parts.iter().map(|part| part.column.as_str()).collect())
        });
    if !fits {
        return Err(format!(
            "the foreign key {} refers to {foreign}({}), which is no key there",
            key.name,
            key.foreign_columns.join(", ")
        ));
    }
    key.foreign_table = foreign;
    let Some(own) = schema.tables.get_mut(table) else { return Err(no_table(table)) };
    if own.foreign_keys.contains_key(&key.name) {
        return Err(format!("{table} has a foreign key {} already", key.name));
    }
    own.foreign_keys.insert(key.name.clone(), key);
    Ok(())
}

fn drop_table(schema: &mut Schema, name: &str) -> Done {
    for (other, table) in &schema.tables {
        if let Some(key) = table.foreign_keys.values().find(|key| other != name && key.foreign_table == name)
        {
            return Err(format!("{name} cannot go: {other} refers to it ({})", key.name));
        }
    }
    no_view_reads(schema, name, None)?;
    schema.tables.remove(name);
    Ok(())
}

/// A view that names the table, and the column, stands in the way. Names are compared word by word, so this may be
/// stricter than an engine, never laxer.
fn no_view_reads(schema: &Schema, table: &str, column: Option<&str>) -> Done {
    for view in schema.views.values() {
        let words: Vec<String> = view
            .query
            .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*'))
            .map(str::to_lowercase)
            .collect();
        let has = |word: &str| words.iter().any(|found| *found == word.to_lowercase());
        if has(table) && column.is_none_or(|column| has(column) || has("*")) {
            let what = column.map_or_else(|| table.to_owned(), |column| format!("{table}.{column}"));
            return Err(format!(
                "the view {} reads {what}; drop the view first, and make it again afterwards",
                view.name
            ));
        }
    }
    Ok(())
}

fn place(table: &mut Table, column: Column, position: &Position) -> Done {
    let index = match position {
        Position::First => 0,
        Position::Last => table.columns.len(),
        Position::After(name) => must_have(table, name)? + 1,
    };
    table.columns.insert(index.min(table.columns.len()), column);
    Ok(())
}

fn alter(schema: &mut Schema, name: &mut String, change: &TableChange) -> Done {
    let gone = no_table(name);
    let Some(before) = schema.tables.get(name.as_str()).cloned() else { return Err(gone) };
    let mut table = before.clone();
    match change {
        TableChange::AddColumn { column: new, position } => {
            if column(&table, &new.name).is_some() {
                return Err(format!("{name} has a column {} already", new.name));
            }
            place(&mut table, new.clone(), position)?;
        }
        TableChange::DropColumn(column) => {
            let index = must_have(&table, column)?;
            let real = table.columns.remove(index).name;
            free_to_go(schema, &before, &real)?;
            if table.columns.is_empty() {
                return Err(format!("{real} is the only column of {name}; drop the table instead"));
            }
            // As in MySQL: the column leaves its indexes, and an index without columns is gone.
            for index in table.indexes.values_mut() {
                index.parts.retain(|part| part.is_expression || !part.column.eq_ignore_ascii_case(&real));
            }
            table.indexes.retain(|_, index| !index.parts.is_empty());
        }
        TableChange::ChangeColumn { before: old, column: new, position } => {
            let index = must_have(&table, old)?;
            let real = table.columns.remove(index).name;
            if real != new.name {
                if column(&table, &new.name).is_some() {
                    return Err(format!("{name} has a column {} already", new.name));
                }
                rename_in(schema, &mut table, &real, &new.name)?;
            }
            let position = match position {
                Some(position) => position.clone(),
                None if index == 0 => Position::First,
                None => Position::After(
                    table.columns.get(index - 1).map(|column| column.name.clone()).unwrap_or_default(),
                ),
            };
            let mut new = new.clone();
            if table.primary_key.iter().any(|key| key.eq_ignore_ascii_case(&new.name)) {
                new.nullable = false;
            }
            place(&mut table, new, &position)?;
        }
        TableChange::RenameColumn { before: old, after } => {
            let index = must_have(&table, old)?;
            let real = table.columns.get(index).map(|column| column.name.clone()).unwrap_or_default();
            if column(&table, after).is_some_and(|found| found.name != real) {
                return Err(format!("{name} has a column {after} already"));
            }
            if let Some(column) = table.columns.get_mut(index) {
                column.name.clone_from(after);
            }
            rename_in(schema, &mut table, &real, after)?;
        }
        TableChange::SetDefault { column, default } => {
            let index = must_have(&table, column)?;
            if let Some(column) = table.columns.get_mut(index) {
                column.default = default.clone().map(|default| columns::in_one_spelling(&column.ty, default));
            }
        }
        TableChange::AddIndex(index) => {
            if table.indexes.contains_key(&index.name) {
                return Err(format!("{name} has an index {} already", index.name));
            }
            table.indexes.insert(index.name.clone(), index.clone());
        }
        TableChange::DropIndex(index) => {
            if table.indexes.remove(index).is_none() {
                return Err(format!("{name} has no index {index}"));
            }
        }
        TableChange::RenameIndex { before: old, after } => {
            let Some(mut index) = table.indexes.remove(old) else {
                return Err(format!("{name} has no index {old}"));
            };
            index.name.clone_from(after);
            if table.indexes.insert(after.clone(), index).is_some() {
                return Err(format!("{name} has an index {after} already"));
            }
        }
        TableChange::AddPrimaryKey(columns) => {
            if !table.primary_key.is_empty() {
                return Err(format!("{name} has a primary key already"));
            }
            for column in columns {
                let index = must_have(&table, column)?;
                if let Some(column) = table.columns.get_mut(index) {
                    column.nullable = false;
                }
            }
            table.primary_key.clone_from(columns);
        }
        TableChange::DropPrimaryKey => {
            if table.primary_key.is_empty() {
                return Err(format!("{name} has no primary key"));
            }
            table.primary_key.clear();
        }
        TableChange::AddForeignKey(key) => {
            add_foreign_key(schema, name, key)?;
            return Ok(());
        }
        TableChange::DropForeignKey(key) => {
            if table.foreign_keys.remove(key).is_none() {
                return Err(format!("{name} has no foreign key {key}"));
            }
        }
        TableChange::AddCheck(check) => {
            let mut check = check.clone();
            // An unnamed check was numbered without knowing the table; the next free number is taken.
            if check.name.starts_with(&format!("chk_{name}_")) {
                let free = (1..)
                    .map(|number| format!("chk_{name}_{number}"))
                    .find(|made| !table.checks.contains_key(made));
                check.name = free.unwrap_or(check.name);
            }
            if table.checks.contains_key(&check.name) {
                return Err(format!("{name} has a check {} already", check.name));
            }
            table.checks.insert(check.name.clone(), check);
        }
        TableChange::DropCheck(check) => {
            if table.checks.remove(check).is_none() {
                return Err(format!("{name} has no check {check}"));
            }
        }
        TableChange::DropConstraint(constraint) => {
            let was_there = table.checks.remove(constraint).is_some()
                || table.foreign_keys.remove(constraint).is_some()
                || table.indexes.get(constraint).is_some_and(|index| index.unique)
                    && table.indexes.remove(constraint).is_some();
            if !was_there {
                return Err(format!("{name} has no constraint {constraint}"));
            }
        }
        TableChange::RenameTable(after) => {
            if is_taken(schema, after) {
                return Err(format!("there is a {after} already"));
            }
            no_view_reads(schema, name, None)?;
            schema.tables.remove(name.as_str());
            table.name.clone_from(after);
            schema.tables.insert(after.clone(), table);
            for other in schema.tables.values_mut() {
                for key in other.foreign_keys.values_mut().filter(|key| key.foreign_table == *name) {
                    key.foreign_table.clone_from(after);
                }
            }
            name.clone_from(after);
            return Ok(());
        }
        TableChange::SetComment(comment) => {
            table.comment = Some(comment.clone()).filter(|text| !text.is_empty())
        }
    }
    check_table(&table)?;
    schema.tables.insert(name.clone(), table);
    still_keys(schema, name)
}

/// Whether a column may go: nothing that stays needs it.
fn free_to_go(schema: &Schema, table: &Table, column: &str) -> Done {
    let is_it = |name: &String| name.eq_ignore_ascii_case(column);
    let name = &table.name;
    if table.primary_key.iter().any(is_it) {
        return Err(format!("{name}.{column} is part of the primary key"));
    }
    if let Some(key) = table.foreign_keys.values().find(|key| key.columns.iter().any(is_it)) {
        return Err(format!("{name}.{column} is part of the foreign key {}; drop that first", key.name));
    }
    for other in schema.tables.values() {
        if let Some(key) = other
            .foreign_keys
            .values()
            .find(|key| key.foreign_table == *name && key.foreign_columns.iter().any(is_it))
        {
            return Err(format!(
                "{}.{} refers to {name}.{column}; drop that foreign key first",
                other.name, key.name
            ));
        }
    }
    for check in table.checks.values() {
        if expression::columns(&check.expression)?.iter().any(is_it) {
            return Err(format!("the check {} reads {name}.{column}; drop that first", check.name));
        }
    }
    for generated in table
        .columns
        .iter()
        .filter_map(|column| column.generated.as_ref().map(|generated| (column, generated)))
    {
        if expression::columns(&generated.1.expression)?.iter().any(is_it) {
            return Err(format!("{name}.{} is computed from {column}", generated.0.name));
        }
    }
    no_view_reads(schema, name, Some(column))
}

/// A renamed column is renamed wherever its table and other tables' foreign keys name it.
fn rename_in(schema: &mut Schema, table: &mut Table, before: &str, after: &str) -> Done {
    no_view_reads(schema, &table.name, Some(before))?;
    let rename = |names: &mut Vec<String>| {
        for name in names.iter_mut().filter(|name| name.eq_ignore_ascii_case(before)) {
            after.clone_into(name);
        }
    };
    rename(&mut table.primary_key);
    for index in table.indexes.values_mut() {
        for part in &mut index.parts {
            if part.is_expression {
                part.column = expression::rename_column(&part.column, before, after)?;
            } else if part.column.eq_ignore_ascii_case(before) {
                after.clone_into(&mut part.column);
            }
        }
    }
    for key in table.foreign_keys.values_mut() {
        rename(&mut key.columns);
        if key.foreign_table == table.name {
            rename(&mut key.foreign_columns);
        }
    }
    for check in table.checks.values_mut() {
        check.expression = expression::rename_column(&check.expression, before, after)?;
    }
    for generated in table.columns.iter_mut().filter_map(|column| column.generated.as_mut()) {
        generated.expression = expression::rename_column(&generated.expression, before, after)?;
    }
    for other in schema.tables.values_mut().filter(|other| other.name != table.name) {
        for key in other.foreign_keys.values_mut().filter(|key| key.foreign_table == table.name) {
            rename(&mut key.foreign_columns);
        }
    }
    Ok(())
}

/// Foreign keys that refer to a changed table must still find a key of the same types there.
fn still_keys(schema: &Schema, changed: &str) -> Done {
    for (name, table) in &schema.tables {
        for key in table.foreign_keys.values().filter(|key| name == changed || key.foreign_table == changed) {
            let mut without = schema.clone();
            if let Some(table) = without.tables.get_mut(name) {
                table.foreign_keys.remove(&key.name);
            }
            add_foreign_key(&mut without, name, key)?;
        }
    }
    Ok(())
}
