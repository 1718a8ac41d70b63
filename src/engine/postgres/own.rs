//! Files that a template's author wrote for PostgreSQL itself: split into statements, and held to what a template may do.

use crate::engine::Statement;
use sqlparser::{
    dialect::PostgreSqlDialect,
    tokenizer::{Token, TokenWithSpan, Tokenizer},
};

/// What a statement of a template may begin with. Everything that ends the unit's transaction, changes the session or
/// reaches out of the database is not here.
const ALLOWED: [&str; 8] = ["CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE", "WITH", "COMMENT"];

/// Words that lead out of the tenant's own tables: to files, other databases, roles and the program's own tables.
const REFUSED: [&str; 16] = [
    "tenantry_",
    "pg_read",
    "pg_ls",
    "pg_write",
    "lo_import",
    "lo_export",
    "dblink",
    "extension",
    "database",
    "role",
    "user mapping",
    "server",
    "language plperlu",
    "language plpython",
    "language c",
    "{{",
];

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
    if let Some(refused) = REFUSED.iter().find(|refused| lower.contains(*refused)) {
        return Err((line, format!("{refused} is not allowed in a file for one engine")));
    }
    statements.push((Statement { sql: sql.trim().to_owned(), values: Vec::new() }, line));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_stays_in_one_piece_and_as_it_was_written() {
        let text = "-- one\nCREATE FUNCTION f() RETURNS integer LANGUAGE sql AS $$ SELECT 1; SELECT 'it''s'; $$;\n\nDROP TABLE t;";
        let found = split(text).unwrap();
        assert_eq!(found.len(), 2);
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
        ] {
            assert_eq!(split(&format!("\n{text};")).unwrap_err().0, 2, "{text}");
        }
    }
}
