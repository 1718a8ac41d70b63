//! One operation over the model as statements for MariaDB and MySQL. Pure: what it says depends on the schema before and
//! after only.

use super::{
    Refusal, expressions,
    tables::{self, find_table, own_keys},
    words::{identifier, identifiers, same, text},
};
use crate::{
    engine::{Statement, statement::Words},
    schema::{Column, ForeignKey, Schema, Table, View},
    sql::operation::{Operation, Position, TableChange},
};

/// The statements that carry the operation out on a database whose schema is `before`. Afterwards it is `after`, which is
/// `before` with the operation applied. An operation that has nothing to do (IF EXISTS) gives no statements.
pub fn render(before: &Schema, operation: &Operation, after: &Schema) -> Result<Vec<Statement>, Refusal> {
    let statements = match operation {
        Operation::CreateTable { table, if_not_exists } => {
            if *if_not_exists && find_table(before, &table.name).is_some() {
                return Ok(Vec::new());
            }
            let table = find_table(after, &table.name).unwrap_or(table);
            vec![plain(tables::create_table(table, Words::Template)?)]
        }
        Operation::DropTable { table, if_exists } => {
            if *if_exists && find_table(before, table).is_none() {
                return Ok(Vec::new());
            }
            drop_table(before, table)?
        }
        Operation::AlterTable { table, changes } => alter(before, table, changes, after)?,
        Operation::CreateView { view, or_replace } => vec![plain(create_view(view, *or_replace)?)],
        Operation::DropView { view, if_exists } => {
            if *if_exists && !before.views.values().any(|known| same(&known.name, view)) {
                return Ok(Vec::new());
            }
            vec![plain(format!("DROP VIEW {}", identifier(view)))]
        }
        Operation::Rows(statement) => vec![expressions::rows(statement)?],
    };
    match statements.iter().find(|statement| statement.sql.contains('\0')) {
        Some(_) => Err(Refusal::new("A name or a text has a zero byte; take it out.")),
        None => Ok(statements),
    }
}

/// A statement without values.
fn plain(sql: impl Into<String>) -> Statement {
    Statement { sql: sql.into(), values: Vec::new() }
}

fn drop_table(before: &Schema, name: &str) -> Result<Vec<Statement>, Refusal> {
    for other in before.tables.values().filter(|other| !same(&other.name, name)) {
        if let Some(key) = other.foreign_keys.values().find(|key| same(&key.foreign_table, name)) {
            return Err(Refusal::new(format!(
                "The table {name} cannot be dropped: the foreign key {} of {} refers to it. Drop that one first.",
                key.name, other.name
            )));
        }
    }
    Ok(vec![plain(format!("DROP TABLE {}", identifier(name)))])
}

fn create_view(view: &View, or_replace: bool) -> Result<String, Refusal> {
    let query = expressions::query(&view.query)
        .map_err(|refusal| Refusal::new(format!("The view {}: {}", view.name, refusal.reason)))?;
    let columns =
        if view.columns.is_empty() { String::new() } else { format!(" ({})", identifiers(&view.columns)) };
    let replace = if or_replace { "OR REPLACE " } else { "" };
    // Whoever reads the view needs the rights, not whoever made it: an account may be removed and come back.
    Ok(format!("CREATE {replace}SQL SECURITY INVOKER VIEW {}{columns} AS {query}", identifier(&view.name)))
}

/// One ALTER TABLE, as the template's author wrote it: it happens wholly or not at all.
fn alter(
    before: &Schema,
    name: &str,
    changes: &[TableChange],
    after: &Schema,
) -> Result<Vec<Statement>, Refusal> {
    let missing = || Refusal::new(format!("There is no table {name}."));
    let old = find_table(before, name).ok_or_else(missing)?;
    let renamed = changes.iter().rev().find_map(|change| match change {
        TableChange::RenameTable(name) => Some(name.as_str()),
        _ => None,
    });
    let new = find_table(after, renamed.unwrap_or(name)).ok_or_else(missing)?;
    tables::check(new)?;
    let mut clauses = Vec::new();
    let (keys_before, keys_after) = (own_keys(old), own_keys(new));
    for change in changes {
        clauses.push(clause(old, change, new)?);
    }
    for key in keys_before.keys().filter(|key| !keys_after.contains_key(*key)) {
        clauses.push(format!("DROP INDEX {}", identifier(key)));
    }
    // The index comes before the foreign key that needs it.
    let own = keys_after.iter().filter(|(key, _)| !keys_before.contains_key(*key));
    for (_, definition) in own {
        clauses.insert(0, format!("ADD {definition}"));
    }
    // Where the index is over a column of the same statement, the column has to come first; order is no matter otherwise.
    clauses.sort_by_key(|clause| !is_column_clause(clause));
    let mark = if fills_a_foreign_key(old, new) { SAME_REFERENCES } else { "" };
    Ok(vec![plain(format!("ALTER TABLE {} {}{mark}", identifier(name), clauses.join(", ")))])
}

/// What ends a statement that makes a column of a foreign key NOT NULL and changes no value in any. MySQL refuses it where it has to
/// write the table anew, unless foreign keys are not looked at meanwhile.
pub(super) const SAME_REFERENCES: &str = " /* what is referred to stays the same */";

fn fills_a_foreign_key(old: &Table, new: &Table) -> bool {
    let stays = |key: &&ForeignKey| new.foreign_keys.get(&key.name) == Some(*key);
    let pairs: Option<Vec<(&Column, &Column)>> = old
        .foreign_keys
        .values()
        .filter(stays)
        .flat_map(|key| &key.columns)
        .map(|name| Some((tables::find(old, name)?, tables::find(new, name)?)))
        .collect();
    let is_new = new.foreign_keys.values().any(|key| old.foreign_keys.get(&key.name) != Some(key));
    pairs.is_some_and(|pairs| {
        !is_new
            && pairs.iter().all(|(was, now)| was.ty == now.ty && was.collation == now.collation)
            && pairs.iter().any(|(was, now)| was.nullable && !now.nullable)
    })
}

fn is_column_clause(clause: &str) -> bool {
    ["ADD COLUMN", "CHANGE COLUMN", "RENAME COLUMN", "MODIFY COLUMN", "DROP COLUMN"]
        .iter()
        .any(|word| clause.starts_with(word))
}

fn place(position: &Position) -> String {
    match position {
        Position::Last => String::new(),
        Position::First => " FIRST".to_owned(),
        Position::After(other) => format!(" AFTER {}", identifier(other)),
    }
}

fn clause(old: &Table, change: &TableChange, new: &Table) -> Result<String, Refusal> {
    Ok(match change {
        TableChange::AddColumn { column, position } => {
            format!(
                "ADD COLUMN {}{}",
                tables::column_definition(new, column, Words::Template)?,
                place(position)
            )
        }
        TableChange::DropColumn(column) => format!("DROP COLUMN {}", identifier(column)),
        TableChange::ChangeColumn { before, column, position } => format!(
            "CHANGE COLUMN {} {}{}",
            identifier(before),
            tables::column_definition(new, column, Words::Template)?,
            position.as_ref().map(place).unwrap_or_default()
        ),
        TableChange::RenameColumn { before, after } => {
            format!("RENAME COLUMN {} TO {}", identifier(before), identifier(after))
        }
        TableChange::SetDefault { column, default: _ } => {
            let column = tables::find(new, column).ok_or_else(|| {
                Refusal::new(format!("{} has no column {column} to give a default.", old.name))
            })?;
            format!("MODIFY COLUMN {}", tables::column_definition(new, column, Words::Template)?)
        }
        TableChange::AddIndex(index) => format!("ADD {}", tables::index_definition(new, index)?),
        TableChange::DropIndex(index) => format!("DROP INDEX {}", identifier(index)),
        TableChange::RenameIndex { before, after } => {
            format!("RENAME INDEX {} TO {}", identifier(before), identifier(after))
        }
        TableChange::AddPrimaryKey(columns) => format!("ADD PRIMARY KEY ({})", identifiers(columns)),
        TableChange::DropPrimaryKey => "DROP PRIMARY KEY".to_owned(),
        TableChange::AddForeignKey(key) => format!("ADD {}", tables::foreign_key(new, key)?),
        TableChange::DropForeignKey(key) => format!("DROP FOREIGN KEY {}", identifier(key)),
        TableChange::AddCheck(check) => {
            format!("ADD {}", tables::check_definition(new, check, Words::Template)?)
        }
        TableChange::DropCheck(check) => format!("DROP CONSTRAINT {}", identifier(check)),
        TableChange::DropConstraint(name) => drop_constraint(old, name),
        TableChange::RenameTable(name) => format!("RENAME TO {}", identifier(name)),
        TableChange::SetComment(comment) => format!("COMMENT = {}", text(comment)),
    })
}

/// What kind of constraint a name is, the model tells; the servers disagree about DROP CONSTRAINT.
fn drop_constraint(table: &Table, name: &str) -> String {
    let word = if table.foreign_keys.keys().any(|key| same(key, name)) {
        "FOREIGN KEY"
    } else if table.indexes.keys().any(|index| same(index, name)) {
        "INDEX"
    } else {
        "CONSTRAINT"
    };
    format!("DROP {word} {}", identifier(name))
}
