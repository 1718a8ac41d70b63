//! Files that a template's author wrote for PostgreSQL itself: split into statements, and held to what a template may do.

use crate::engine::Statement;
use sqlparser::{
    dialect::PostgreSqlDialect,
    tokenizer::{Token, TokenWithSpan, Tokenizer},
};

/// What a statement of a template may begin with. Everything that ends the unit's transaction, changes the session or
/// reaches out of the database is not here.
const ALLOWED: [&str; 8] = ["CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE", "WITH", "COMMENT"];

/// What CREATE, ALTER and DROP may be about; `OR REPLACE`, `UNIQUE` and the like lead there.
const KINDS: [&str; 9] =
    ["TABLE", "VIEW", "MATERIALIZED", "INDEX", "FUNCTION", "TRIGGER", "SEQUENCE", "TYPE", "DOMAIN"];

/// Words that lead to files, other servers, the rights of others and the end of the transaction, also inside a function.
const REFUSED: [&str; 9] =
    ["copy", "program", "definer", "dblink", "lo_import", "lo_export", "commit", "rollback", "set_config"];

/// Splits a text into statements, each with the line that it begins on.
pub(super) fn split(text: &str) -> Result<Vec<(Statement, usize)>, (usize, String)> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, text)
        .with_unescape(false)
        .tokenize_with_location()
        .map_err(|error| {
            let line = usize::try_from(error.location.line).unwrap_or(1);
            (line, format!("this cannot be read: {}", error.message))
        })?;
    let mut statements = Vec::new();
    let mut open: Vec<&TokenWithSpan> = Vec::new();
    for token in &tokens {
        if matches!(token.token, Token::Whitespace(_)) && open.is_empty() {
            continue;
        }
        if token.token == Token::SemiColon {
            finish(&mut open, &mut statements)?;
        } else if token.token != Token::EOF {
            open.push(token);
        }
    }
    finish(&mut open, &mut statements)?;
    Ok(statements)
}

fn finish(
    open: &mut Vec<&TokenWithSpan>,
    statements: &mut Vec<(Statement, usize)>,
) -> Result<(), (usize, String)> {
    let tokens = std::mem::take(open);
    let Some(first) = tokens.first() else { return Ok(()) };
    let line = usize::try_from(first.span.start.line).unwrap_or(1);
    let word = match &first.token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_uppercase(),
        other => return Err((line, format!("{other} begins no SQL statement"))),
    };
    if !ALLOWED.contains(&word.as_str()) {
        return Err((line, format!("{word} is not allowed in a template")));
    }
    let sql: String = tokens.iter().map(|token| token.token.to_string()).collect();
    let lower = sql.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    if ["CREATE", "ALTER", "DROP"].contains(&word.as_str()) {
        let kind = words.iter().skip(1).find(|word| !["or", "replace", "unique"].contains(*word));
        let kind = kind.map(|kind| kind.to_uppercase()).unwrap_or_default();
        if !KINDS.contains(&kind.as_str()) {
            return Err((line, format!("{word} {kind} is not allowed in a template")));
        }
    }
    let reaches_out =
        |word: &&&str| REFUSED.contains(*word) || word.starts_with("pg_") || word.starts_with("tenantry_");
    if let Some(refused) = words.iter().find(reaches_out) {
        return Err((line, format!("{refused} is not allowed in a file for one engine")));
    }
    let mut languages = words.windows(2).filter(|pair| pair.first() == Some(&"language"));
    if let Some(pair) = languages.find(|pair| !matches!(pair.last(), Some(&("sql" | "plpgsql")))) {
        return Err((line, format!("{} is not allowed; write functions in sql or plpgsql", pair.join(" "))));
    }
    if lower.contains("{{") {
        return Err((line, "variables are not allowed in a file for one engine".to_owned()));
    }
    statements.push((Statement { sql: sql.trim().to_owned(), values: Vec::new() }, line));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_stays_in_one_piece_and_as_it_was_written() {
        let text = "-- one\nCREATE FUNCTION f() RETURNS integer LANGUAGE sql AS $$ SELECT 1; SELECT 'it''s'; $$;\n\nDROP TABLE roles;\nCREATE UNIQUE INDEX i ON user_roles (role_id);";
        let found = split(text).unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!(found.first().unwrap().1, 2);
        assert!(found.first().unwrap().0.sql.contains("'it''s'"));
    }

    #[test]
    fn statements_that_reach_out_of_the_database_are_refused_with_their_line() {
        for text in [
            "COPY t TO '/tmp/x'",
            "COMMIT",
            "SET ROLE admin",
            "DO $$ BEGIN END $$",
            "CREATE EXTENSION dblink",
            "DELETE FROM tenantry_own.tenantry_owner",
            "CREATE ROLE x",
            "CREATE FUNCTION f() RETURNS integer LANGUAGE c AS 'x'",
            "CREATE OR REPLACE FUNCTION f() RETURNS integer SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'",
            "INSERT INTO t SELECT pg_read_file('x')",
        ] {
            assert_eq!(split(&format!("\n{text};")).unwrap_err().0, 2, "{text}");
        }
    }
}
