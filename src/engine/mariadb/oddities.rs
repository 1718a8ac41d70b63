//! What a person can do to a table that the model has no place for: each is shown as a check under a name that no template can
//! write (`crate::schema::plain`), and can be taken back by itself.

use super::{
    Refusal,
    catalog::Texts,
    tables::{self, COLLATION},
    words::identifier,
};
use crate::{
    engine::statement::Words,
    schema::{
        Check, Table,
        plain::{MARIADB, cannot_be_written, oddity},
    },
};

/// The kind of table that keeps the history of its rows.
pub(super) const WITH_HISTORY: &str = "SYSTEM VERSIONED";

fn add(table: &mut Table, what: &str, said: &str) {
    let name = format!("{MARIADB} {what}");
    table.checks.insert(name.clone(), Check { name, expression: said.to_owned() });
}

/// Adds what a row of `Catalog::Tables` says.
pub(super) fn read_table(row: &Texts, table: &mut Table) -> Result<(), sqlx::Error> {
    if row.is(2, WITH_HISTORY)? {
        add(table, "history of rows", "kept");
    }
    if !row.is(3, "InnoDB")? {
        add(table, "storage engine", &row.text(3)?);
    }
    if !row.is(5, COLLATION)? {
        add(table, "collation of new columns", &row.text(5)?);
    }
    let options = row.text(4)?;
    let (parted, others): (Vec<&str>, Vec<&str>) =
        options.split_whitespace().partition(|word| word.eq_ignore_ascii_case("partitioned"));
    if !parted.is_empty() {
        add(table, "partitions", "on");
    }
    if !others.is_empty() {
        add(table, "options", &others.join(" "));
    }
    Ok(())
}

/// Adds that a column is hidden from those who do not name it.
pub(super) fn read_column(extra: &str, column: &str, table: &mut Table) {
    if extra.split([' ', ',']).any(|word| word == "invisible") {
        add(table, &format!("hidden column {column}"), "INVISIBLE");
    }
}

/// Adds what a row of `Catalog::Indexes` says, which stands there for each part of the index.
pub(super) fn read_index(row: &Texts, index: &str, table: &mut Table) -> Result<(), sqlx::Error> {
    if !row.is(7, "BTREE")? {
        add(table, &format!("kind of index {index}"), &row.text(7)?);
    }
    let unused = row.text(8)?;
    if !unused.is_empty() {
        add(table, &format!("unused index {index}"), &unused);
    }
    Ok(())
}

/// Refuses what cannot be written again.
pub(super) fn refuse(table: &Table, check: &Check) -> Result<(), Refusal> {
    cannot_be_written(&table.name, check).map_or(Ok(()), |why| Err(Refusal::new(why)))
}

/// The statements that take back what a table has and shall not have, before anything else of it changes.
pub(super) fn mend(old: &Table, new: &Table) -> Result<Vec<String>, Refusal> {
    let mut clauses = Vec::new();
    for check in old.checks.values().filter(|check| !new.checks.contains_key(&check.name)) {
        if let Some(what) = oddity(&check.name) {
            clauses.extend(mended(old, new, what, &check.expression)?);
        }
    }
    // A table that keeps its rows' history lets nothing else be done to it.
    clauses.sort_by_key(|clause| !clause.starts_with("DROP SYSTEM"));
    Ok(clauses.into_iter().map(|clause| format!("ALTER TABLE {} {clause}", identifier(&new.name))).collect())
}

fn mended(old: &Table, new: &Table, what: &str, said: &str) -> Result<Option<String>, Refusal> {
    if let Some(name) = what.strip_prefix("hidden column ") {
        let stays = tables::find(old, name).filter(|_| tables::find(new, name).is_some());
        let Some(column) = stays else { return Ok(None) };
        return Ok(Some(format!("MODIFY COLUMN {}", tables::column_definition(old, column, Words::Own)?)));
    }
    if let Some(name) = what.strip_prefix("unused index ") {
        // MariaDB's word and MySQL's.
        let used = if said == "IGNORED" { "NOT IGNORED" } else { "VISIBLE" };
        let stays = new.indexes.contains_key(name);
        return Ok(stays.then(|| format!("ALTER INDEX {} {used}", identifier(name))));
    }
    if let Some(name) = what.strip_prefix("kind of index ") {
        let Some(index) = old.indexes.get(name).filter(|_| new.indexes.contains_key(name)) else {
            return Ok(None);
        };
        let definition = tables::index_definition(old, index)?;
        return Ok(Some(format!("DROP INDEX {}, ADD {definition}", identifier(name))));
    }
    let clause = match what {
        "history of rows" => "DROP SYSTEM VERSIONING",
        "storage engine" => "ENGINE = InnoDB",
        "collation of new columns" => "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
        "partitions" => "REMOVE PARTITIONING",
        "options" => "ROW_FORMAT = DEFAULT, KEY_BLOCK_SIZE = 0",
        _ => return Ok(None),
    };
    Ok(Some(clause.to_owned()))
}
