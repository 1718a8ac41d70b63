//! Which statements of a new database are the same for every tenant: its structure. Rows depend on the tenant, on chance and
//! on the time, and stay behind; structure that comes after rows goes before them only where that changes nothing.

use crate::engine::Statement;
use std::collections::BTreeSet;

/// Statements parted into those that run once for all tenants, and those that run for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parted {
    /// Structure, in order.
    pub(super) structure: Vec<Statement>,
    /// For each unit, its statements about rows, in order.
    pub(super) rows: Vec<Vec<Statement>>,
}

impl Parted {
    /// The statements about rows of each unit.
    pub(super) fn each(&self) -> Vec<&[Statement]> {
        self.rows.iter().map(Vec::as_slice).collect()
    }
}

/// The words of a statement outside of its texts: names as they are, other words in small letters.
fn words(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        match first {
            '"' | '\'' => {
                let inner = rest.get(1..).unwrap_or_default();
                let end = inner.find(first).unwrap_or(inner.len());
                if first == '"' {
                    words.push(inner.get(..end).unwrap_or_default().to_owned());
                }
                rest = inner.get(end + 1..).unwrap_or_default();
            }
            _ if first.is_alphanumeric() || first == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                words.push(word.to_lowercase());
                rest = after;
            }
            _ => rest = rest.get(first.len_utf8()..).unwrap_or_default(),
        }
    }
    words
}

/// What a structure statement is about, as far as that matters to rows before it.
#[derive(Debug, PartialEq, Eq)]
enum About {
    /// Nothing that rows could notice.
    Nothing,
    /// A table that it makes, without rows.
    New(String),
    /// A table that is there.
    Table(String),
    /// Anything.
    Anything,
}

fn about(words: &[String]) -> About {
    let is = |place: usize, word: &str| words.get(place).is_some_and(|found| found == word);
    let named = |word: Option<&String>| word.cloned().map_or(About::Anything, About::Table);
    if is(0, "comment") {
        return About::Nothing;
    }
    if is(0, "alter") && is(1, "table") {
        return named(words.get(2));
    }
    if !is(0, "create") {
        return About::Anything;
    }
    if is(1, "table") && !words.iter().any(|word| word == "select") {
        return words.get(2).cloned().map_or(About::Anything, About::New);
    }
    if is(1, "function") || (is(1, "or") && is(2, "replace") && is(3, "function")) {
        return About::Nothing;
    }
    if is(1, "index") || is(1, "trigger") || (is(1, "unique") && is(2, "index")) {
        let on = words.iter().position(|word| word == "on");
        return named(on.and_then(|on| words.get(on + 1)));
    }
    About::Anything
}

/// Parts the statements of a database's units, or says that they cannot be parted.
pub(super) fn part(units: &[&[Statement]]) -> Option<Parted> {
    let mut parted = Parted { structure: Vec::new(), rows: Vec::new() };
    let mut late: BTreeSet<String> = BTreeSet::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    for unit in units {
        let mut rows = Vec::new();
        for statement in *unit {
            let words = words(&statement.sql);
            let first = words.first().map(String::as_str).unwrap_or_default();
            if ["insert", "update", "delete", "with", "select"].contains(&first) {
                used.extend(words);
                rows.push(statement.clone());
                continue;
            }
            // Structure takes no values, and once for all is enough only where it has none.
            let may_go_first = statement.values.is_empty()
                && (used.is_empty()
                    || match about(&words) {
                        About::Nothing => true,
                        About::New(table) => !used.contains(&table) && late.insert(table),
                        About::Table(table) => late.contains(&table) && !used.contains(&table),
                        About::Anything => false,
                    });
            if !may_go_first {
                return None;
            }
            parted.structure.push(statement.clone());
        }
        parted.rows.push(rows);
    }
    Some(parted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(texts: &[&str]) -> Vec<Statement> {
        texts.iter().map(|sql| Statement { sql: (*sql).to_owned(), values: Vec::new() }).collect()
    }

    #[test]
    fn a_table_made_after_rows_goes_before_them_with_what_is_on_it() {
        let first = statements(&["CREATE TABLE \"a\" (x integer)", "INSERT INTO \"a\" VALUES ('info')"]);
        let second = statements(&[
            "CREATE TABLE \"info\" (x integer REFERENCES \"a\")",
            "CREATE UNIQUE INDEX \"i\" ON \"info\" (x)",
            "COMMENT ON TABLE \"info\" IS 'it''s'",
            "CREATE OR REPLACE FUNCTION \"f\"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "CREATE TRIGGER \"t\" BEFORE UPDATE ON \"info\" FOR EACH ROW EXECUTE FUNCTION \"f\"()",
            "ALTER TABLE \"info\" ADD CONSTRAINT \"c\" CHECK (x > 0)",
            "INSERT INTO \"info\" VALUES (1)",
        ]);
        let parted = part(&[&first, &second]).unwrap();
        assert_eq!(parted.structure.len(), 7);
        assert_eq!(parted.rows.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn structure_that_rows_before_it_could_notice_is_not_moved() {
        for late in [
            "CREATE INDEX i ON a (x)",
            "ALTER TABLE a ADD COLUMN y integer",
            "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()",
            "DROP TABLE a",
            "CREATE TABLE b AS SELECT * FROM a",
            "DO 'BEGIN END'",
        ] {
            let unit = statements(&["CREATE TABLE a (x integer)", "INSERT INTO a VALUES (1)", late]);
            assert_eq!(part(&[&unit]), None, "{late}");
        }
        let mut unit = statements(&["CREATE TABLE a (x integer)"]);
        unit[0].values.push("{{TENANT_NAME}}".into());
        assert_eq!(part(&[&unit]), None);
    }
}
