//! Which statements of a new database are the same for every tenant: its structure. Rows depend on the tenant, on chance
//! and on the time, and stay behind; structure that comes after rows may go before them only where that changes nothing.

use crate::engine::Statement;
use std::collections::BTreeSet;

/// What a statement does, as far as its first words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind<'a> {
    /// Adds, changes or removes rows.
    Rows,
    /// Makes a table.
    NewTable(&'a str),
    /// Makes an index or a trigger on a table.
    On(&'a str),
    /// Changes structure in another way.
    Other,
}

/// Statements parted into those that may run once for all tenants, and those that run for each.
#[derive(Debug, PartialEq, Eq)]
pub struct Parted<'a> {
    /// Structure, in order.
    pub structure: Vec<&'a Statement>,
    /// For each unit, its statements about rows, in order.
    pub rows: Vec<Vec<Statement>>,
}

/// The words of a statement: names without their quotes, and every other sign by itself; texts are left out.
fn words(sql: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' | '`' | '\'' => {
                let inner = rest.get(1..).unwrap_or_default();
                let end = inner.find(first).unwrap_or(inner.len());
                let after = inner.get(end + 1..).unwrap_or_default();
                ((first != '\'').then(|| inner.get(..end).unwrap_or_default()), after)
            }
            _ if first.is_alphanumeric() || first == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                (Some(word), after)
            }
            _ => {
                let (word, after) = rest.split_at(first.len_utf8());
                (Some(word), after)
            }
        };
        words.extend(word);
        rest = after.trim_start();
    }
    words
}

fn kind<'a>(words: &[&'a str]) -> Kind<'a> {
    let is = |at: usize, word: &str| words.get(at).is_some_and(|found| found.eq_ignore_ascii_case(word));
    if ["INSERT", "UPDATE", "DELETE", "REPLACE"].iter().any(|word| is(0, word)) {
        return Kind::Rows;
    }
    if !is(0, "CREATE") {
        return Kind::Other;
    }
    // `IF NOT EXISTS` is no business of a new database.
    if is(1, "TABLE") && !is(2, "IF") && is(3, "(") {
        return words.get(2).map_or(Kind::Other, |table| Kind::NewTable(table));
    }
    if is(1, "INDEX") || is(1, "TRIGGER") || (is(1, "UNIQUE") && is(2, "INDEX")) {
        let on = words.iter().position(|word| word.eq_ignore_ascii_case("ON"));
        return on.and_then(|on| words.get(on + 1)).map_or(Kind::Other, |table| Kind::On(table));
    }
    Kind::Other
}

/// Parts the statements of a database's units, or says that they cannot be parted. The first `before_rows` statements come
/// before the first row.
///
/// Up to the first row, everything is structure. From there on only a new table may go before the rows, with its indexes
/// and triggers: no row statement before it can know it, and none that does may come between.
pub fn part<'a>(units: &[&'a [Statement]], before_rows: usize) -> Option<Parted<'a>> {
    let mut parted = Parted { structure: Vec::new(), rows: Vec::new() };
    let mut late: BTreeSet<&str> = BTreeSet::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut place = 0;
    for unit in units {
        let mut rows = Vec::new();
        for statement in *unit {
            let words = words(&statement.sql);
            let is_first_part = place < before_rows;
            place += 1;
            if is_first_part {
                parted.structure.push(statement);
                continue;
            }
            match kind(&words) {
                Kind::Rows => {
                    used.extend(words.iter().map(|word| word.to_lowercase()));
                    rows.push(statement.clone());
                }
                Kind::NewTable(table) if !used.contains(&table.to_lowercase()) => {
                    late.insert(table);
                    parted.structure.push(statement);
                }
                Kind::On(table) if late.contains(table) && !used.contains(&table.to_lowercase()) => {
                    parted.structure.push(statement);
                }
                Kind::NewTable(_) | Kind::On(_) | Kind::Other => return None,
            }
        }
        parted.rows.push(rows);
    }
    Some(parted)
}

/// Whether a statement is about rows. A table that is rebuilt has its rows copied: such a statement comes among structure.
pub fn is_about_rows(statement: &Statement) -> bool {
    kind(&words(&statement.sql)) == Kind::Rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(texts: &[&str]) -> Vec<Statement> {
        texts.iter().map(|sql| Statement { sql: (*sql).to_owned(), values: Vec::new() }).collect()
    }

    #[test]
    fn a_table_made_after_rows_goes_before_them_with_its_indexes_and_triggers() {
        let first = statements(&["CREATE TABLE a (x)", "INSERT INTO a VALUES ('info')"]);
        let second = statements(&[
            "CREATE TABLE \"info\" (x)",
            "CREATE UNIQUE INDEX \"i\" ON \"info\" (x)",
            "CREATE TRIGGER t AFTER UPDATE ON info BEGIN SELECT 1; END",
            "INSERT INTO info VALUES (1)",
        ]);
        let parted = part(&[&first, &second], 1).unwrap();
        assert_eq!(parted.structure.len(), 4);
        assert_eq!(parted.rows.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn structure_that_rows_before_it_could_notice_is_not_moved() {
        for texts in [
            ["CREATE TABLE a (x)", "INSERT INTO a VALUES (1)", "CREATE INDEX i ON a (x)"],
            ["CREATE TABLE a (x)", "INSERT INTO a VALUES (1)", "ALTER TABLE a ADD COLUMN y"],
            ["CREATE TABLE a (x)", "INSERT INTO a VALUES (1)", "DROP TABLE a"],
            ["CREATE TABLE a (x)", "INSERT INTO a SELECT x FROM b", "CREATE TABLE b (x)"],
            ["CREATE TABLE a (x)", "INSERT INTO a VALUES (1)", "CREATE TABLE b AS SELECT * FROM a"],
            ["CREATE TABLE a (x)", "INSERT INTO a VALUES (1)", "CREATE VIEW v AS SELECT * FROM a"],
        ] {
            let unit = statements(&texts);
            assert_eq!(part(&[&unit], 1), None, "{texts:?}");
        }
        let unit = statements(&[
            "CREATE TABLE a (x)",
            "INSERT INTO a VALUES (1)",
            "CREATE TABLE b (x)",
            "INSERT INTO b VALUES (1)",
            "CREATE TRIGGER t AFTER INSERT ON b BEGIN DELETE FROM a; END",
        ]);
        assert_eq!(part(&[&unit], 1), None, "its rows were there before the trigger");
    }
}
