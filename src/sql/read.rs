//! A file of SQL as statements, each with its place.

use sqlparser::{
    ast::Statement,
    dialect::MySqlDialect,
    parser::{Parser, ParserError},
    tokenizer::{Location, Token, TokenWithSpan, Tokenizer},
};

/// Something wrong at a place, in words for whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1.
    pub column: usize,
    /// What is wrong, and what to do about it.
    pub message: String,
}

/// One statement of a file.
#[derive(Debug, Clone)]
pub struct SourceStatement {
    /// Its syntax tree.
    pub ast: Statement,
    /// Its text, as it was written.
    pub text: String,
    /// The line that it begins on.
    pub line: usize,
    /// The column that it begins at.
    pub column: usize,
}

/// Deeper nesting than this is refused; no template needs it, and a stack has an end.
const DEEPEST: usize = 60;

/// More words than this without a comma are refused, those around a parenthesis counted with those in it: `1 + 1 + 1 …` becomes a
/// tree as deep as it is long, which the parser does not count.
const LONGEST_CHAIN: usize = 2_000;

/// More SELECTs than this in one UNION are refused, for the same reason.
const MOST_UNIONS: usize = 200;

/// Splits a text into statements. `first_line` is the number of its first line in the file. Every statement that cannot be
/// read is a problem; the others are looked at all the same, so that one pass tells everything.
pub fn split(text: &str, first_line: usize) -> Result<Vec<SourceStatement>, Vec<Problem>> {
    let mut statements = Vec::new();
    let mut problems = Vec::new();
    for found in each(text, first_line).map_err(|problem| vec![problem])? {
        match found {
            Ok(statement) => statements.push(statement),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(statements) } else { Err(problems) }
}

/// A text as statements in their order, each as it was read or with what is wrong with it. The error is about the whole text,
/// where not even its words can be told apart.
pub fn each(text: &str, first_line: usize) -> Result<Vec<Result<SourceStatement, Problem>>, Problem> {
    let tokens =
        Tokenizer::new(&MySqlDialect {}, text).tokenize_with_location().map_err(|error| Problem {
            line: line_of(error.location, first_line),
            column: number(error.location.column),
            message: format!("this cannot be read: {}", error.message),
        })?;
    let lines: Vec<&str> = text.split('\n').collect();
    let mut found = Vec::new();
    for part in tokens.split(|token| token.token == Token::SemiColon) {
        let part = trimmed(part);
        let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
        let line = line_of(first.span.start, first_line);
        let column = number(first.span.start.column);
        found.push(match parse(part) {
            Ok(ast) => {
                let text = cut(&lines, first.span.start, last.span.end);
                Ok(SourceStatement { ast, text, line, column })
            }
            Err((message, place)) => {
                let place = place.unwrap_or(first.span.start);
                Err(Problem { line: line_of(place, first_line), column: number(place.column), message })
            }
        });
    }
    Ok(found)
}

fn number(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX).max(1)
}

fn line_of(place: Location, first_line: usize) -> usize {
    first_line.saturating_add(number(place.line)).saturating_sub(1)
}

fn is_blank(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Whitespace(_))
}

fn trimmed(mut part: &[TokenWithSpan]) -> &[TokenWithSpan] {
    while let [first, rest @ ..] = part
        && is_blank(first)
    {
        part = rest;
    }
    while let [rest @ .., last] = part
        && is_blank(last)
    {
        part = rest;
    }
    part
}

/// The text between two places; columns count characters.
fn cut(lines: &[&str], start: Location, end: Location) -> String {
    let (first, last) = (number(start.line) - 1, number(end.line) - 1);
    let piece = |index: usize, line: &str| -> String {
        let from = if index == first { number(start.column) - 1 } else { 0 };
        let to = if index == last { number(end.column) - 1 } else { usize::MAX };
        line.chars().skip(from).take(to.saturating_sub(from)).collect()
    };
    let pieces = lines.iter().enumerate().skip(first).take(last.saturating_sub(first) + 1);
    pieces.map(|(index, line)| piece(index, line)).collect::<Vec<_>>().join("\n")
}

/// The unquoted words of a statement in capitals, and where they stand.
fn words(part: &[TokenWithSpan]) -> Vec<(String, usize)> {
    part.iter()
        .enumerate()
        .filter_map(|(index, token)| match &token.token {
            Token::Word(word) if word.quote_style.is_none() => Some((word.value.to_uppercase(), index)),
            _ => None,
        })
        .collect()
}

fn parse(part: &[TokenWithSpan]) -> Result<Statement, (String, Option<Location>)> {
    if let Some(brace) = part.windows(2).find(|pair| pair.iter().all(|token| token.token == Token::LBrace)) {
        let place = brace.first().map(|token| token.span.start);
        return Err(("a variable stands in quotes, as in '{{TENANT_NAME}}'".into(), place));
    }
    let found = words(part);
    let spelled: Vec<&str> = found.iter().map(|(word, _)| word.as_str()).collect();
    if let Some(advice) = not_taken(&spelled) {
        return Err((advice.to_owned(), None));
    }
    if is_too_long(part) || spelled.iter().filter(|word| is_union(word)).count() > MOST_UNIONS {
        return Err(("this is too long a chain; make several statements of it".to_owned(), None));
    }
    let dialect = MySqlDialect {};
    let tokens = with_drop_check(part, &found);
    let mut parser = Parser::new(&dialect).with_recursion_limit(DEEPEST).with_tokens_with_locations(tokens);
    let explain = |error: ParserError, parser: &Parser| {
        let place = parser.get_current_token().span.start;
        let place = (place.line > 0).then_some(place);
        let message = match error {
            ParserError::RecursionLimitExceeded => "this is nested too deeply".to_owned(),
            ParserError::TokenizerError(text) | ParserError::ParserError(text) => {
                let plain = text.split(" at Line:").next().unwrap_or(&text).to_owned();
                format!(
                    "this is not understood: {}",
                    plain.replace("Expected:", "expected").replace("EOF", "the end of the statement")
                )
            }
        };
        (message, place)
    };
    let statement = parser.parse_statement().map_err(|error| explain(error, &parser))?;
    let rest = parser.peek_token();
    if rest.token != Token::EOF {
        return Err((format!("{:?} is not understood here", rest.token.to_string()), Some(rest.span.start)));
    }
    Ok(statement)
}

fn is_union(word: &str) -> bool {
    matches!(word, "UNION" | "EXCEPT" | "INTERSECT" | "MINUS")
}

/// Whether more words follow one another without a comma than a tree can bear.
fn is_too_long(part: &[TokenWithSpan]) -> bool {
    // How many words since the last comma, for each parenthesis that is open.
    let mut open = vec![0_usize];
    let mut sum = 0_usize;
    for token in part.iter().filter(|token| !is_blank(token)) {
        match token.token {
            Token::LParen => open.push(0),
            Token::RParen if open.len() > 1 => sum -= open.pop().unwrap_or_default(),
            Token::Comma => sum -= open.last_mut().map(std::mem::take).unwrap_or_default(),
            _ => {}
        }
        if let Some(last) = open.last_mut() {
            *last += 1;
            sum += 1;
        }
        if sum > LONGEST_CHAIN {
            return true;
        }
    }
    false
}

/// Statements that a template cannot have in this dialect, and what to write instead.
fn not_taken(words: &[&str]) -> Option<&'static str> {
    match words {
        ["DELIMITER", ..] => Some("DELIMITER belongs to a client program; leave it out"),
        ["CREATE", rest @ ..]
            if rest.iter().take(3).any(|word| matches!(*word, "FUNCTION" | "PROCEDURE")) =>
        {
            Some(
                "functions and procedures are written for each engine, in files such as 002_name.postgres.sql beside this one; SQLite has none",
            )
        }
        ["CREATE", rest @ ..] if rest.iter().take(3).any(|word| *word == "TRIGGER") => {
            Some("triggers are written for each engine, in files such as 002_name.sqlite.sql beside this one")
        }
        ["ALTER", "TABLE", .., "CONVERT", "TO", _, "SET", _] | ["ALTER", "TABLE", _, "CONVERT", ..] => {
            Some("CONVERT TO CHARACTER SET is not taken: every table is utf8mb4 from the start")
        }
        ["ALTER", "TABLE", _, "ENGINE", ..] | ["ALTER", "TABLE", "ENGINE", ..] => {
            Some("ALTER TABLE … ENGINE is not taken: every table is InnoDB from the start")
        }
        _ => None,
    }
}

/// MySQL's `DROP CHECK name` is the parser's `DROP CONSTRAINT name`.
fn with_drop_check(part: &[TokenWithSpan], words: &[(String, usize)]) -> Vec<TokenWithSpan> {
    let mut tokens = part.to_vec();
    let is_alter = words.first().is_some_and(|(word, _)| word == "ALTER");
    for pair in words.windows(2).filter(|_| is_alter) {
        if let [(drop, _), (check, index)] = pair
            && drop == "DROP"
            && check == "CHECK"
            && let Some(token) = tokens.get_mut(*index)
        {
            token.token = Token::make_keyword("CONSTRAINT");
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_know_their_text_and_their_place() {
        let found = split("-- a comment; with a semicolon\nSELECT 1;\n\n  SELECT ';',\n 2 ;", 10).unwrap();
        let places: Vec<_> = found
            .iter()
            .map(|statement| (statement.line, statement.column, statement.text.as_str()))
            .collect();
        assert_eq!(places, [(11, 1, "SELECT 1"), (13, 3, "SELECT ';',\n 2")]);
    }

    #[test]
    fn every_statement_that_cannot_be_read_is_told_with_its_line() {
        let problems = split("CREATE TABLE a (id INT);\nCREATE TABLE;\nSELECT 1;\nSELEKT 2;", 1).unwrap_err();
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn what_is_not_taken_says_what_to_write_instead() {
        for (text, part) in [
            ("ALTER TABLE t ENGINE=InnoDB", "InnoDB from the start"),
            ("ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", "utf8mb4 from the start"),
            ("CREATE FUNCTION f() RETURNS INT RETURN 1", "for each engine"),
            ("CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1", ".sqlite.sql"),
            ("DELIMITER //", "client program"),
            ("INSERT INTO a (b) VALUES ({{TENANT_NAME}})", "in quotes"),
        ] {
            let problems = split(text, 1).unwrap_err();
            assert!(problems.first().unwrap().message.contains(part), "{text}: {problems:?}");
        }
    }

    #[test]
    fn drop_check_is_read() {
        assert!(split("ALTER TABLE t DROP CHECK c", 1).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,200}") {
            let _ = split(&text, 1);
        }

        #[test]
        fn no_mixture_of_sql_words_makes_it_panic(words in proptest::collection::vec(
            proptest::sample::select(vec!["CREATE", "TABLE", "ALTER", "DROP", "CHECK", "(", ")", ",", "'a'", "`b`", "x", "INT", "DEFAULT", ";", "INDEX", "ON", "{{", "}}", "1", "--\n"]), 0..30)) {
            let _ = split(&words.join(" "), 1);
        }
    }
}
