//! What the text of a CREATE statement says that no pragma does: checks, constraint names, collations, comments.
//!
//! The text comes from `sqlite_schema`, so SQLite has already found it valid. Whatever is not understood is kept as a
//! residue and shown, never dropped.

use super::{
    encoding,
    tokens::{Kind, Token, tokenize},
};
use crate::schema::ReferentialAction;

/// A CREATE TABLE.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TableText {
    pub comment: Option<String>,
    pub columns: Vec<ColumnText>,
    pub checks: Vec<(Option<String>, String)>,
    pub foreign_keys: Vec<ForeignKeyText>,
    /// What follows the closing bracket: STRICT, WITHOUT ROWID, or a whole virtual table.
    pub options: String,
    /// Pieces that the model has no place for.
    pub residue: Vec<String>,
}

/// One column of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ColumnText {
    pub name: String,
    pub checks: Vec<(Option<String>, String)>,
    pub collation: Option<String>,
    /// A collation's name that SQLite does not know, kept in a comment.
    pub kept_collation: Option<String>,
    pub comment: Option<String>,
    pub auto_increment: bool,
    pub generated: Option<(String, bool)>,
    /// Pieces that the model has no place for.
    pub residue: Vec<String>,
}

/// A foreign key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ForeignKeyText {
    pub name: Option<String>,
    pub columns: Vec<String>,
    pub foreign_table: String,
    /// Empty where the text leaves them out.
    pub foreign_columns: Vec<String>,
    pub on_delete: ReferentialAction,
    pub on_update: ReferentialAction,
    /// MATCH and DEFERRABLE.
    pub residue: String,
}

/// One part of a CREATE INDEX, and its condition.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct IndexText {
    pub parts: Vec<String>,
    pub filter: Option<String>,
}

/// A CREATE VIEW.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ViewText {
    pub columns: Vec<String>,
    pub query: String,
}

/// Reads a CREATE TABLE; `None` where it has no list of columns (a virtual table, say).
pub(super) fn table(sql: &str) -> Option<TableText> {
    let tokens = tokenize(sql);
    if tokens.iter().take(6).any(|token| token.is_word("VIRTUAL")) {
        return None;
    }
    let open = tokens.iter().position(|token| token.is("("))?;
    let close = closing(&tokens, open)?;
    let mut table = TableText { options: slice(sql, tokens.get(close + 1..)?), ..TableText::default() };
    for (place, item) in items(tokens.get(open + 1..close)?).into_iter().enumerate() {
        if place == 0 {
            let mut before = item.iter().take_while(|token| token.kind == Kind::Comment);
            table.comment = before.find_map(|token| encoding::decode_kept("TABLE COMMENT", token.text));
        }
        let words = significant(item);
        let mut reader = Reader { sql, tokens: &words, place: 0 };
        if reader.peek().is_some_and(|token| begins_constraint(token)) {
            reader.table_constraints(&mut table);
        } else {
            let (mut column, foreign_keys) = reader.column()?;
            for token in item.iter().filter(|token| token.kind == Kind::Comment) {
                column.comment = column.comment.or_else(|| encoding::decode_kept("COMMENT", token.text));
                column.kept_collation =
                    column.kept_collation.or_else(|| encoding::decode_kept("COLLATION", token.text));
            }
            table.foreign_keys.extend(foreign_keys);
            table.columns.push(column);
        }
    }
    Some(table)
}

/// Reads a CREATE INDEX.
pub(super) fn index(sql: &str) -> Option<IndexText> {
    let tokens = tokenize(sql);
    // The name may be anything, but ON follows it and the table's name follows that.
    let on = tokens.iter().position(|token| token.is_word("ON"))?;
    let open = on + tokens.get(on..)?.iter().position(|token| token.is("("))?;
    let close = closing(&tokens, open)?;
    let parts = items(tokens.get(open + 1..close)?).into_iter().map(|item| slice(sql, item)).collect();
    let rest = significant(tokens.get(close + 1..)?);
    let filter = match rest.split_first() {
        Some((word, condition)) if word.is_word("WHERE") => Some(slice(sql, condition)),
        _ => None,
    };
    Some(IndexText { parts, filter })
}

/// Reads a CREATE VIEW.
pub(super) fn view(sql: &str) -> Option<ViewText> {
    let tokens = tokenize(sql);
    let word = significant(&tokens).iter().position(|token| token.is_word("VIEW"))?;
    let words = significant(&tokens);
    let body = word + words.get(word..)?.iter().position(|token| token.is_word("AS"))?;
    let head = words.get(word..body)?;
    let columns = match head.iter().position(|token| token.is("(")) {
        Some(open) => head.get(open + 1..)?.iter().filter_map(Token::name).collect(),
        None => Vec::new(),
    };
    Some(ViewText { columns, query: slice(sql, words.get(body + 1..)?) })
}

/// The column of `substr("column", 1, n)` and its length: how the index of a beginning is written.
pub(super) fn prefix_part(part: &str) -> Option<(String, u32)> {
    let tokens = tokenize(part);
    match tokens.as_slice() {
        [function, open, column, comma, one, second, length, close, ..]
            if function.is_word("substr")
                && open.is("(")
                && column.kind == Kind::Quoted
                && comma.is(",")
                && one.text == "1"
                && second.is(",")
                && close.is(")") =>
        {
            Some((column.name()?, length.text.parse().ok()?))
        }
        _ => None,
    }
}

fn begins_constraint(token: &Token) -> bool {
    ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].iter().any(|word| token.is_word(word))
}

/// Pieces between commas outside brackets.
fn items<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut depth = 0_usize;
    tokens
        .split(|token| {
            if token.is("(") {
                depth += 1;
            } else if token.is(")") {
                depth = depth.saturating_sub(1);
            }
            depth == 0 && token.is(",")
        })
        .filter(|item| !item.is_empty())
        .collect()
}

fn significant<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    tokens.iter().copied().filter(|token| token.kind != Kind::Comment).collect()
}

fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().skip(open) {
        if token.is("(") {
            depth += 1;
        } else if token.is(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(place);
            }
        }
    }
    None
}

fn slice(sql: &str, tokens: &[Token]) -> String {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => sql.get(first.start..last.end).unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

struct Reader<'t, 'a> {
    sql: &'a str,
    tokens: &'t [Token<'a>],
    place: usize,
}

impl<'a> Reader<'_, 'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.place)
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.tokens.get(self.place).copied();
        self.place += usize::from(token.is_some());
        token
    }

    fn takes(&mut self, words: &[&str]) -> bool {
        let found = words.iter().enumerate().all(|(offset, word)| {
            self.tokens.get(self.place + offset).is_some_and(|token| token.is_word(word))
        });
        if found {
            self.place += words.len();
        }
        found
    }

    /// The inside of brackets that open here.
    fn brackets(&mut self) -> Option<Vec<Token<'a>>> {
        if !self.peek()?.is("(") {
            return None;
        }
        let close = closing(self.tokens, self.place)?;
        let inside = self.tokens.get(self.place + 1..close)?.to_vec();
        self.place = close + 1;
        Some(inside)
    }

    fn bracketed_text(&mut self) -> Option<String> {
        self.brackets().map(|inside| slice(self.sql, &inside))
    }

    fn name_list(&mut self) -> Vec<String> {
        self.brackets().unwrap_or_default().iter().filter_map(Token::name).collect()
    }

    /// `ON CONFLICT x` and words like it, which have no place in the model.
    fn conflict(&mut self, what: &str, residue: &mut Vec<String>) {
        if self.takes(&["ON", "CONFLICT"]) {
            let way = self.next().map(|token| token.text).unwrap_or_default();
            residue.push(format!("{what} ON CONFLICT {}", way.to_ascii_uppercase()));
        }
    }

    fn column(&mut self) -> Option<(ColumnText, Vec<ForeignKeyText>)> {
        let mut column = ColumnText { name: self.next()?.name()?, ..ColumnText::default() };
        let mut foreign_keys = Vec::new();
        // The type: the pragma gives it.
        while self.peek().is_some_and(|token| !begins_column_constraint(token)) {
            if self.brackets().is_none() {
                self.next();
            }
        }
        let mut name: Option<String> = None;
        while let Some(token) = self.peek().copied() {
            if self.takes(&["CONSTRAINT"]) {
                if let Some(unused) = name.take() {
                    column.residue.push(format!("CONSTRAINT {unused}"));
                }
                name = self.next().and_then(|token| token.name());
            } else if self.takes(&["CHECK"]) {
                if let Some(condition) = self.bracketed_text() {
                    column.checks.push((name.take(), condition));
                }
                self.conflict("CHECK", &mut column.residue);
            } else if self.takes(&["COLLATE"]) {
                column.collation = self.next().and_then(|token| token.name());
            } else if self.takes(&["PRIMARY", "KEY"]) {
                if self.takes(&["DESC"]) {
                    column.residue.push("PRIMARY KEY DESC".to_owned());
                }
                self.takes(&["ASC"]);
                self.conflict("PRIMARY KEY", &mut column.residue);
                column.auto_increment |= self.takes(&["AUTOINCREMENT"]);
            } else if self.takes(&["NOT", "NULL"]) {
                self.conflict("NOT NULL", &mut column.residue);
            } else if self.takes(&["NULL"]) {
                self.conflict("NULL", &mut column.residue);
            } else if self.takes(&["UNIQUE"]) {
                self.conflict("UNIQUE", &mut column.residue);
            } else if self.takes(&["DEFAULT"]) {
                if self.brackets().is_none()
                    && self.next().is_some_and(|token| token.is("-") || token.is("+"))
                {
                    self.next();
                }
            } else if self.takes(&["REFERENCES"]) {
                let columns = vec![column.name.clone()];
                foreign_keys.extend(self.references(name.take(), columns));
            } else if self.takes(&["GENERATED", "ALWAYS", "AS"]) || self.takes(&["AS"]) {
                let expression = self.bracketed_text().unwrap_or_default();
                let stored = self.takes(&["STORED"]);
                self.takes(&["VIRTUAL"]);
                column.generated = Some((expression, stored));
            } else {
                column.residue.push(token.text.to_owned());
                self.next();
            }
        }
        if let Some(unused) = name {
            column.residue.push(format!("CONSTRAINT {unused}"));
        }
        Some((column, foreign_keys))
    }

    /// SQLite takes table constraints without commas between them, so one piece may hold several.
    fn table_constraints(&mut self, table: &mut TableText) {
        let mut name: Option<String> = None;
        while let Some(token) = self.peek().copied() {
            if self.takes(&["CONSTRAINT"]) {
                name = self.next().and_then(|token| token.name());
            } else if self.takes(&["CHECK"]) {
                if let Some(condition) = self.bracketed_text() {
                    table.checks.push((name.take(), condition));
                }
                self.conflict("CHECK", &mut table.residue);
            } else if self.takes(&["FOREIGN", "KEY"]) {
                let columns = self.name_list();
                if self.takes(&["REFERENCES"]) {
                    table.foreign_keys.extend(self.references(name.take(), columns));
                }
            } else if self.takes(&["PRIMARY", "KEY"]) {
                let inside = self.brackets().unwrap_or_default();
                self.key_residue("PRIMARY KEY", name.take(), &inside, table);
            } else if self.takes(&["UNIQUE"]) {
                let inside = self.brackets().unwrap_or_default();
                self.key_residue("UNIQUE", name.take(), &inside, table);
            } else {
                table.residue.push(token.text.to_owned());
                self.next();
            }
        }
    }

    fn key_residue(&mut self, what: &str, name: Option<String>, inside: &[Token], table: &mut TableText) {
        if let Some(name) = name {
            table.residue.push(format!("{what} named {name}"));
        }
        for item in items(inside) {
            if let [column, last] = item
                && last.is_word("AUTOINCREMENT")
            {
                let name = column.name().unwrap_or_default();
                let named = |candidate: &&mut ColumnText| candidate.name.eq_ignore_ascii_case(&name);
                if let Some(column) = table.columns.iter_mut().find(named) {
                    column.auto_increment = true;
                }
            } else if item.len() > 1 {
                table.residue.push(format!("{what} ({})", slice(self.sql, item)));
            }
        }
        self.conflict(what, &mut table.residue);
    }

    fn references(&mut self, name: Option<String>, columns: Vec<String>) -> Option<ForeignKeyText> {
        let foreign_table = self.next()?.name()?;
        let foreign_columns = self.name_list();
        let mut key = ForeignKeyText {
            name,
            columns,
            foreign_table,
            foreign_columns,
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
            residue: String::new(),
        };
        let mut residue = Vec::new();
        loop {
            if self.takes(&["ON", "DELETE"]) {
                key.on_delete = self.action();
            } else if self.takes(&["ON", "UPDATE"]) {
                key.on_update = self.action();
            } else if self.takes(&["MATCH"]) {
                residue.push(format!("MATCH {}", self.next().map(|token| token.text).unwrap_or_default()));
            } else if self.takes(&["NOT", "DEFERRABLE"]) {
                residue.push("NOT DEFERRABLE".to_owned());
            } else if self.takes(&["DEFERRABLE"]) {
                residue.push("DEFERRABLE".to_owned());
            } else if self.takes(&["INITIALLY"]) {
                residue
                    .push(format!("INITIALLY {}", self.next().map(|token| token.text).unwrap_or_default()));
            } else {
                break;
            }
        }
        key.residue = residue.join(" ").to_ascii_uppercase();
        Some(key)
    }

    fn action(&mut self) -> ReferentialAction {
        if self.takes(&["SET", "NULL"]) {
            ReferentialAction::SetNull
        } else if self.takes(&["SET", "DEFAULT"]) {
            ReferentialAction::SetDefault
        } else if self.takes(&["CASCADE"]) {
            ReferentialAction::Cascade
        } else {
            // NO ACTION has two words, RESTRICT one.
            if !self.takes(&["NO", "ACTION"]) {
                self.takes(&["RESTRICT"]);
            }
            ReferentialAction::NoAction
        }
    }
}

fn begins_column_constraint(token: &Token) -> bool {
    [
        "CONSTRAINT",
        "PRIMARY",
        "NOT",
        "NULL",
        "UNIQUE",
        "CHECK",
        "DEFAULT",
        "COLLATE",
        "REFERENCES",
        "GENERATED",
        "AS",
        "DEFERRABLE",
    ]
    .iter()
    .any(|word| token.is_word(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_table_written_by_hand_is_read_whole() {
        let read = table(
            "CREATE TABLE [odd one] ('a b' VARCHAR(3) NOT NULL ON CONFLICT IGNORE DEFAULT (1 + (2)) -- , x\n\
             CHECK (length(\"a b\") < 3), `c` INTEGER PRIMARY KEY DESC, d AS (c + 1) STORED, \
             e REFERENCES p ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED UNIQUE, \
             CONSTRAINT k CHECK (c > 0) FOREIGN KEY (d) REFERENCES q(z) ON UPDATE RESTRICT) STRICT, WITHOUT ROWID",
        )
        .unwrap();
        let names: Vec<_> = read.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["a b", "c", "d", "e"]);
        assert_eq!(read.columns[0].residue, ["NOT NULL ON CONFLICT IGNORE"]);
        assert_eq!(read.columns[0].checks, [(None, "length(\"a b\") < 3".to_owned())]);
        assert_eq!(read.columns[1].residue, ["PRIMARY KEY DESC"]);
        assert_eq!(read.columns[2].generated, Some(("c + 1".to_owned(), true)));
        assert_eq!(read.foreign_keys[0].residue, "DEFERRABLE INITIALLY DEFERRED");
        assert_eq!(read.foreign_keys[1].foreign_columns, ["z"]);
        assert_eq!(read.checks, [(Some("k".to_owned()), "c > 0".to_owned())]);
        assert_eq!(read.options, "STRICT, WITHOUT ROWID");
    }

    #[test]
    fn indexes_and_views_written_by_hand_are_read() {
        let read =
            index("CREATE UNIQUE INDEX \"on\" ON t(a DESC, lower(b), c COLLATE \"x\") WHERE a IN (1, 2)")
                .unwrap();
        assert_eq!(read.parts, ["a DESC", "lower(b)", "c COLLATE \"x\""]);
        assert_eq!(read.filter.as_deref(), Some("a IN (1, 2)"));
        let read = view("CREATE VIEW v (a, \"b c\") AS SELECT 1, 2 -- end").unwrap();
        assert_eq!(
            (read.columns, read.query.as_str()),
            (vec!["a".to_owned(), "b c".to_owned()], "SELECT 1, 2")
        );
        assert_eq!(prefix_part("substr(\"a\"\"b\", 1, 10)"), Some(("a\"b".to_owned(), 10)));
        assert_eq!(prefix_part("substr(a, 1, 10)"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(sql in "(CREATE |TABLE |INDEX |VIEW |AS |ON |\\(|\\)|,|CHECK|KEY|[a-z'\"\\[ ü/*-]){0,40}") {
            let _ = (table(&sql), index(&sql), view(&sql), prefix_part(&sql));
        }
    }
}
