//! The variables of seeds, such as `{{TENANT_NAME}}`. They stand in string literals, and what they stand for never becomes
//! part of the SQL: the dialects bind it.

use super::read::Problem;
use std::collections::BTreeMap;

/// The variables that a seed may use.
pub const KNOWN: [&str; 6] =
    ["TENANT_ID", "TENANT_SLUG", "TENANT_NAME", "OWNER_EMAIL", "CURRENT_TIMESTAMP", "SET_ON_APP"];

/// Values by the names of variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl<const N: usize> From<[(&str, String); N]> for Variables {
    fn from(values: [(&str, String); N]) -> Self {
        Variables(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// A piece of a text.
enum Piece<'a> {
    Plain(&'a str),
    Variable(&'a str),
}

/// A text as plain pieces and variables, in order.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, behind)) = after.split_once("}}") else { break };
        found.push(Piece::Plain(before));
        found.push(Piece::Variable(name));
        rest = behind;
    }
    found.push(Piece::Plain(rest));
    found
}

impl Variables {
    /// The text with its variables filled in, in one pass: a value that looks like a variable stays as it is. What is no
    /// variable of ours stays as it is, too.
    pub fn fill(&self, text: &str) -> String {
        pieces(text)
            .into_iter()
            .map(|piece| match piece {
                Piece::Plain(text) => text.to_owned(),
                Piece::Variable(name) => {
                    self.0.get(name.trim()).cloned().unwrap_or_else(|| format!("{{{{{name}}}}}"))
                }
            })
            .collect()
    }
}

/// Whether a text has a variable in it.
pub fn has_variable(text: &str) -> bool {
    pieces(text).iter().any(|piece| matches!(piece, Piece::Variable(_)))
}

/// Variables of a file that there are not.
pub fn problems(text: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut line = 1;
    for piece in pieces(text) {
        let (piece, unknown) = match piece {
            Piece::Plain(text) => (text, false),
            Piece::Variable(name) => (name, !KNOWN.contains(&name.trim())),
        };
        if unknown {
            let known = KNOWN.map(|name| format!("{{{{{name}}}}}")).join(", ");
            let message = format!("{{{{{piece}}}}} is no variable; there are {known}");
            found.push(Problem { line, column: 1, message });
        }
        line += piece.matches('\n').count();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_looks_like_a_variable_stays_as_it_is() {
        let values = Variables::from([
            ("TENANT_NAME", "{{OWNER_EMAIL}}".to_owned()),
            ("OWNER_EMAIL", "a@b.c".to_owned()),
        ]);
        assert_eq!(
            values.fill("<{{TENANT_NAME}} {{OWNER_EMAIL}} {{X}} {{"),
            "<{{OWNER_EMAIL}} a@b.c {{X}} {{"
        );
    }

    #[test]
    fn an_unknown_variable_is_told_with_its_line() {
        let found = problems("'{{TENANT_NAME}}'\n\n'{{TENANT_NAM}}'");
        assert_eq!(found.len(), 1);
        assert_eq!(found.first().map(|problem| problem.line), Some(3));
    }

    proptest::proptest! {
        #[test]
        fn filling_without_values_changes_nothing(text in "(?s)[a{} \n]{0,60}") {
            proptest::prop_assert_eq!(Variables::default().fill(&text), text);
        }
    }
}
