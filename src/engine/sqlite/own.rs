//! Files that a template's author wrote for SQLite itself: split into statements, and held to what a template may do.

use crate::engine::Statement;
use sqlparser::{
    dialect::SQLiteDialect,
    keywords::Keyword,
    tokenizer::{Token, TokenWithSpan, Tokenizer},
};

/// What a statement of a template may begin with. Everything that reaches out of the file (ATTACH, VACUUM INTO), ends
/// the unit's transaction (COMMIT) or changes the connection (PRAGMA) is not here.
const ALLOWED: [&str; 9] =
    ["CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "REINDEX"];

/// Splits a text into statements, each with the line that it begins on.
pub fn split(text: &str) -> Result<Vec<(Statement, usize)>, (usize, String)> {
    let tokens = Tokenizer::new(&SQLiteDialect {}, text).tokenize_with_location().map_err(|error| {
        (usize::try_from(error.location.line).unwrap_or(1), format!("this cannot be read: {}", error.message))
    })?;
    let mut statements = Vec::new();
    let mut open: Vec<&TokenWithSpan> = Vec::new();
    for token in &tokens {
        if matches!(token.token, Token::Whitespace(_)) && open.is_empty() {
            continue;
        }
        if token.token == Token::SemiColon && !is_inside_trigger(&open) {
            finish(&mut open, &mut statements)?;
        } else {
            open.push(token);
        }
    }
    finish(&mut open, &mut statements)?;
    Ok(statements)
}

fn words<'a>(tokens: &'a [&TokenWithSpan]) -> impl Iterator<Item = (String, Keyword)> + 'a {
    tokens.iter().filter_map(|token| match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some((word.value.to_uppercase(), word.keyword)),
        _ => None,
    })
}

/// Whether the statement so far is a trigger whose BEGIN has not met its END; CASE has an END of its own.
fn is_inside_trigger(tokens: &[&TokenWithSpan]) -> bool {
    let mut depth = 0_i32;
    let mut is_trigger = false;
    for (place, (word, _)) in words(tokens).enumerate() {
        match word.as_str() {
            "TRIGGER" if place <= 2 => is_trigger = true,
            "BEGIN" | "CASE" => depth += 1,
            "END" => depth -= 1,
            _ => {}
        }
    }
    is_trigger && depth > 0
}

fn finish(
    open: &mut Vec<&TokenWithSpan>,
    statements: &mut Vec<(Statement, usize)>,
) -> Result<(), (usize, String)> {
    let tokens = std::mem::take(open);
    let Some(first) = tokens.first() else { return Ok(()) };
    let line = usize::try_from(first.span.start.line).unwrap_or(1);
    let Some((word, _)) = words(&tokens).next() else {
        return Err((line, "this is no SQL statement".into()));
    };
    if !ALLOWED.contains(&word.as_str()) {
        return Err((line, format!("{word} is not allowed in a template")));
    }
    let sql: String = tokens.iter().map(|token| token.token.to_string()).collect();
    let lower = sql.to_lowercase();
    if lower.contains("load_extension") || lower.contains("tenantry_") || lower.contains("{{") {
        return Err((line, "load_extension, tables that begin with tenantry_, and variables are not allowed in a file for one engine".into()));
    }
    statements.push((Statement { sql: sql.trim().to_owned(), values: Vec::new() }, line));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_with_several_statements_stays_in_one_piece() {
        let text = "-- a trigger\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\n  UPDATE a SET x = CASE WHEN 1 THEN 2 END;\n  DELETE FROM b;\nEND;\nCREATE VIEW v AS SELECT ';' AS s;";
        let found = split(text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found.first().unwrap().1, 2);
        assert!(found.first().unwrap().0.sql.ends_with("END"));
        assert_eq!(found.get(1).unwrap().1, 6);
    }

    #[test]
    fn statements_that_reach_out_of_the_file_are_refused_with_their_line() {
        for text in [
            "ATTACH 'x' AS y",
            "PRAGMA foreign_keys = ON",
            "VACUUM INTO 'x'",
            "COMMIT",
            "BEGIN",
            "SELECT load_extension('x')",
            "DELETE FROM tenantry_owner",
        ] {
            assert_eq!(split(&format!("\n{text};")).unwrap_err().0, 2, "{text}");
        }
    }
}
