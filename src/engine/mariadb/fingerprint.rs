//! What a structure statement is about, and how that looks now: told apart before and after the statement, it says whether
//! the statement happened.

use super::words::identifier;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, MySqlConnection, Row};

/// What a statement does to the transaction that it is run in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Adds, changes or removes rows; part of the transaction.
    Rows,
    /// Changes structure, and ends the transaction; with the object that it names, where it is a table or a view.
    Structure(Option<String>),
}

/// The words of a statement up to the first bracket: enough to know its object.
fn first_words(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        if words.len() > 12 || first == '(' {
            break;
        }
        if first == '`' {
            let inner = rest.get(1..).unwrap_or_default();
            let mut end = 0;
            // A doubled quote belongs to the name.
            while let Some(at) = inner.get(end..).and_then(|text| text.find('`')) {
                end += at;
                if inner.get(end + 1..).is_some_and(|text| text.starts_with('`')) {
                    end += 2;
                } else {
                    break;
                }
            }
            words.push(inner.get(..end).unwrap_or(inner).replace("``", "`"));
            rest = inner.get(end + 1..).unwrap_or_default().trim_start();
        } else {
            let end = rest.find(|sign: char| sign.is_whitespace() || sign == '(' || sign == '`');
            let end = end.unwrap_or(rest.len()).max(first.len_utf8());
            words.push(rest.get(..end).unwrap_or(rest).to_owned());
            rest = rest.get(end..).unwrap_or_default().trim_start();
        }
    }
    words
}

/// What a statement is.
pub(super) fn kind(sql: &str) -> Kind {
    let words = first_words(sql);
    let is = |at: usize, word: &str| words.get(at).is_some_and(|found| found.eq_ignore_ascii_case(word));
    if ["INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "SELECT"].iter().any(|word| is(0, word)) {
        return Kind::Rows;
    }
    if is(0, "DROP") && is(1, "SEQUENCE") {
        return Kind::Structure(words.get(2).cloned());
    }
    let object =
        words.iter().position(|word| word.eq_ignore_ascii_case("TABLE") || word.eq_ignore_ascii_case("VIEW"));
    let mut place = match object {
        Some(place) if place <= 7 => place + 1,
        _ => return Kind::Structure(None),
    };
    while ["IF", "NOT", "EXISTS"].iter().any(|word| is(place, word)) {
        place += 1;
    }
    Kind::Structure(words.get(place).cloned())
}

/// How an object looks now; without a name, the names and texts of everything that has no table of its own.
pub(super) async fn now(
    connection: &mut MySqlConnection,
    database: &str,
    object: Option<&str>,
) -> Result<String, sqlx::Error> {
    let text = match object {
        Some(name) => definition(connection, name).await?.unwrap_or_default(),
        None => {
            let rows = sqlx::query(
                "SELECT CONVERT(CONCAT_WS('|', trigger_name, action_statement) USING utf8mb4)
                 FROM information_schema.triggers WHERE event_object_schema = ?
                 UNION ALL SELECT CONVERT(CONCAT_WS('|', routine_name, routine_definition) USING utf8mb4)
                 FROM information_schema.routines WHERE routine_schema = ?
                 UNION ALL SELECT CONVERT(CONCAT_WS('|', table_name, index_name, column_name) USING utf8mb4)
                 FROM information_schema.statistics WHERE table_schema = ? ORDER BY 1",
            )
            .bind(database)
            .bind(database)
            .bind(database)
            .fetch_all(connection)
            .await?;
            let mut all = String::new();
            for row in rows {
                all.push_str(&row.try_get::<Option<String>, _>(0)?.unwrap_or_default());
                all.push('\0');
            }
            all
        }
    };
    Ok(hex(&Sha256::digest(text)))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The statement that would make a table or view; `None` where there is none of that name.
async fn definition(connection: &mut MySqlConnection, name: &str) -> Result<Option<String>, sqlx::Error> {
    const NO_SUCH_TABLE: &str = "42S02";
    let query = format!("SHOW CREATE TABLE {}", identifier(name));
    match sqlx::raw_sql(AssertSqlSafe(query)).fetch_one(connection).await {
        Ok(row) => Ok(Some(without_counter(&row.try_get::<String, _>(1)?))),
        Err(sqlx::Error::Database(cause)) if cause.code().as_deref() == Some(NO_SUCH_TABLE) => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// The next number of a table grows with its rows, and says nothing about its structure.
fn without_counter(text: &str) -> String {
    match text.split_once(" AUTO_INCREMENT=") {
        // In a comment there may be anything; the options come after the last bracket.
        Some((before, after)) if !after.contains("\n)") => {
            let digits = after.chars().take_while(char::is_ascii_digit).count();
            format!("{before}{}", after.get(digits..).unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_names_its_object() {
        let object = |name: &str| Kind::Structure(Some(name.to_owned()));
        for (sql, expected) in [
            ("CREATE TABLE `a``b` (id INT)", object("a`b")),
            ("CREATE TABLE IF NOT EXISTS t(id INT)", object("t")),
            ("ALTER TABLE `members` ADD COLUMN x INT", object("members")),
            ("DROP TABLE `x`", object("x")),
            ("CREATE OR REPLACE SQL SECURITY INVOKER VIEW `v` AS SELECT 1", object("v")),
            ("DROP VIEW IF EXISTS v", object("v")),
            ("CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1", Kind::Structure(None)),
            ("DROP SEQUENCE `own numbers`", object("own numbers")),
            ("INSERT INTO `table` VALUES (1)", Kind::Rows),
            ("WITH a AS (SELECT 1) DELETE FROM b", Kind::Rows),
            ("RENAME", Kind::Structure(None)),
        ] {
            assert_eq!(kind(sql), expected, "{sql}");
        }
    }

    #[test]
    fn the_next_number_of_a_table_is_no_part_of_its_structure() {
        let text =
            |counter: &str| format!("CREATE TABLE `a` (\n  `id` int\n) ENGINE=InnoDB{counter} COMMENT='x'");
        assert_eq!(without_counter(&text(" AUTO_INCREMENT=17")), text(""));
        let odd = "CREATE TABLE `a` (\n  `id` int COMMENT ' AUTO_INCREMENT=3'\n) ENGINE=InnoDB";
        assert_eq!(without_counter(odd), odd);
    }
}
