//! Files that a template's author wrote for MariaDB and MySQL: split into statements, and held to what a template may do.
//! The tenant's account bounds them in any case; this says it earlier, and with the line.

use crate::engine::Statement;
use sqlparser::{
    dialect::MySqlDialect,
    tokenizer::{Token, TokenWithSpan, Tokenizer},
};

/// What a statement of a template may begin with. Nothing here leaves the database, ends a transaction or changes the
/// session.
const ALLOWED: [&str; 8] = ["CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE", "REPLACE", "RENAME"];
/// Objects that reach out of the database, after CREATE, ALTER, DROP or RENAME.
const OUTSIDE: [&str; 9] =
    ["DATABASE", "SCHEMA", "USER", "ROLE", "SERVER", "TABLESPACE", "EVENT", "LOGFILE", "PACKAGE"];

/// Splits a text into statements, each with the line that it begins on.
pub(super) fn split(text: &str) -> Result<Vec<(Statement, usize)>, (usize, String)> {
    let tokens = Tokenizer::new(&MySqlDialect {}, text).tokenize_with_location().map_err(|error| {
        (usize::try_from(error.location.line).unwrap_or(1), format!("this cannot be read: {}", error.message))
    })?;
    let mut statements = Vec::new();
    let mut open: Vec<&TokenWithSpan> = Vec::new();
    for token in &tokens {
        if matches!(token.token, Token::Whitespace(_)) && open.is_empty() {
            continue;
        }
        if token.token == Token::SemiColon && !is_inside_body(&open) {
            finish(&mut open, &mut statements)?;
        } else {
            open.push(token);
        }
    }
    finish(&mut open, &mut statements)?;
    Ok(statements)
}

fn words(tokens: &[&TokenWithSpan]) -> Vec<String> {
    let word = |token: &&TokenWithSpan| match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
        _ => None,
    };
    tokens.iter().filter_map(word).collect()
}

/// Whether the statement so far is a trigger or routine whose BEGIN has not met its END.
fn is_inside_body(tokens: &[&TokenWithSpan]) -> bool {
    let words = words(tokens);
    let has_body =
        words.iter().take(8).any(|word| ["TRIGGER", "PROCEDURE", "FUNCTION"].contains(&word.as_str()));
    let mut depth = 0_i32;
    let mut before = "";
    for word in &words {
        match word.as_str() {
            "BEGIN" | "CASE" => depth += 1,
            // END IF, END LOOP and their like end what is not counted.
            "IF" | "LOOP" | "WHILE" | "REPEAT" if before == "END" => depth += 1,
            "END" => depth -= 1,
            _ => {}
        }
        before = word;
    }
    has_body && depth > 0
}

fn finish(
    open: &mut Vec<&TokenWithSpan>,
    statements: &mut Vec<(Statement, usize)>,
) -> Result<(), (usize, String)> {
    let tokens = std::mem::take(open);
    let Some(first) = tokens.first() else { return Ok(()) };
    let line = usize::try_from(first.span.start.line).unwrap_or(1);
    let words = words(&tokens);
    let Some(word) = words.first() else {
        return Err((line, "this is no SQL statement".into()));
    };
    if !ALLOWED.contains(&word.as_str()) {
        return Err((line, format!("{word} is not allowed in a template")));
    }
    let is_structure = !["INSERT", "UPDATE", "DELETE", "REPLACE"].contains(&word.as_str());
    if is_structure && words.iter().skip(1).take(6).any(|word| OUTSIDE.contains(&word.as_str())) {
        return Err((
            line,
            "a template changes its own database only, no accounts, servers or events".into(),
        ));
    }
    let sql: String = tokens.iter().map(|token| token.token.to_string()).collect();
    let lower = sql.to_lowercase();
    if ["tenantry_", "{{", "load_file", "outfile", "dumpfile", "definer", "get_lock"]
        .iter()
        .any(|word| lower.contains(word))
    {
        return Err((line, "files of the server, DEFINER, GET_LOCK, tables that begin with tenantry_, and variables are not allowed in a file for one engine".into()));
    }
    statements.push((Statement { sql: sql.trim().to_owned(), values: Vec::new() }, line));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_with_several_statements_stays_in_one_piece() {
        let text = "-- a trigger\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN\n  IF NEW.x IS NULL THEN SET NEW.x = CASE WHEN 1 THEN 2 END; END IF;\n  SET NEW.y = 1;\nEND;\nCREATE VIEW v AS SELECT ';' AS s;";
        let found = split(text).unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found.first().unwrap().1, 2);
        assert_eq!(found.get(1).unwrap().1, 6);
    }

    #[test]
    fn statements_that_reach_out_of_the_database_are_refused_with_their_line() {
        for text in [
            "CREATE DATABASE other",
            "DROP USER root",
            "GRANT ALL ON *.* TO x",
            "SET GLOBAL x = 1",
            "LOAD DATA INFILE '/etc/passwd' INTO TABLE a",
            "INSERT INTO a SELECT load_file('/etc/passwd')",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM a",
            "USE mysql",
            "COMMIT",
            "DELETE FROM tenantry_owner",
            "CREATE DEFINER = root@localhost VIEW v AS SELECT 1",
        ] {
            assert_eq!(split(&format!("\n{text};")).unwrap_err().0, 2, "{text}");
        }
    }
}
