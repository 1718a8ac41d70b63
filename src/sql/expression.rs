//! Expressions as texts in the plan's dialect: written from the tree, read back, and renamed in.

use sqlparser::{
    ast::{Expr, Ident, Value, VisitMut, VisitorMut},
    dialect::MySqlDialect,
    parser::Parser,
};
use std::ops::ControlFlow;

/// Makes string literals stand when the tree is written as text and read again: the parser takes backslashes away, and
/// the printer does not put them back.
struct Escape;

impl VisitorMut for Escape {
    type Break = ();

    fn pre_visit_value(&mut self, value: &mut sqlparser::ast::ValueWithSpan) -> ControlFlow<()> {
        if let Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) = &value.value {
            value.value = Value::SingleQuotedString(text.replace('\\', "\\\\"));
        }
        ControlFlow::Continue(())
    }
}

/// The text of a tree; read again, it is the same tree.
pub fn text<T: VisitMut + Clone + ToString>(tree: &T) -> String {
    let mut tree = tree.clone();
    let _ = tree.visit(&mut Escape);
    tree.to_string()
}

/// Reads an expression.
pub fn read(text: &str) -> Result<Expr, String> {
    let dialect = MySqlDialect {};
    let mut parser = Parser::new(&dialect).try_with_sql(text).map_err(|error| error.to_string())?;
    parser.parse_expr().map_err(|error| error.to_string())
}

struct Rename<'a> {
    before: &'a str,
    after: &'a str,
}

impl VisitorMut for Rename<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        let column = match expression {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last_mut(),
            _ => None,
        };
        if let Some(name) = column
            && name.value.eq_ignore_ascii_case(self.before)
        {
            *name = Ident { value: self.after.to_owned(), ..name.clone() };
        }
        ControlFlow::Continue(())
    }
}

/// The expression with a column renamed in it.
pub fn rename_column(text_before: &str, before: &str, after: &str) -> Result<String, String> {
    let mut tree = read(text_before)?;
    let _ = tree.visit(&mut Rename { before, after });
    Ok(text(&tree))
}

struct Names(Vec<String>);

impl VisitorMut for Names {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        match expression {
            Expr::Identifier(name) => self.0.push(name.value.clone()),
            Expr::CompoundIdentifier(parts) => self.0.extend(parts.last().map(|name| name.value.clone())),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// The columns that an expression reads.
pub fn columns(text: &str) -> Result<Vec<String>, String> {
    let mut tree = read(text)?;
    let mut names = Names(Vec::new());
    let _ = tree.visit(&mut names);
    Ok(names.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_back_as_the_same_tree() {
        for source in [r"a = 'it''s'", r#"name <> "x""#, r"path LIKE 'C:\\%'", "amount >= 0 AND (a OR b)"] {
            let tree = read(source).unwrap();
            let written = text(&tree);
            assert_eq!(text(&read(&written).unwrap()), written, "{source}");
        }
        assert_eq!(text(&read(r"'a\\b'").unwrap()), r"'a\\b'");
    }

    #[test]
    fn a_column_is_renamed_in_the_tree_and_not_in_strings() {
        let renamed = rename_column("email <> 'email' AND t.email IS NOT NULL", "email", "mail").unwrap();
        assert_eq!(renamed, "mail <> 'email' AND t.mail IS NOT NULL");
    }
}
