//! The name of a kind of template, such as `ngo`. It is also the name of its folder.

use serde::Serialize;
use std::fmt;

const LONGEST: usize = 50;

/// The folder beside the templates that holds their migrations, and so can be no template.
pub const MIGRATIONS_FOLDER: &str = "migrations";

/// A template type: lower-case letters, digits and underscores, a letter first, at most 50 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TemplateType(String);

/// Why a text is not a template type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateTypeError {
    /// Other characters, or none.
    #[error(
        "a template's folder is named with lower-case letters, digits and underscores, a letter first, such as `ngo`"
    )]
    Characters,
    /// Too long.
    #[error("a template's folder has a name of at most {LONGEST} characters")]
    TooLong,
    /// The folder of migrations.
    #[error(
        "`{MIGRATIONS_FOLDER}` is the folder of all templates' migrations; give the template another name"
    )]
    Migrations,
}

impl TemplateType {
    /// Takes a folder's name as a template type.
    pub fn parse(text: &str) -> Result<Self, TemplateTypeError> {
        if !is_word(text) {
            Err(TemplateTypeError::Characters)
        } else if text.len() > LONGEST {
            Err(TemplateTypeError::TooLong)
        } else if text == MIGRATIONS_FOLDER {
            Err(TemplateTypeError::Migrations)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TemplateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is lower-case letters, digits and underscores, a letter first: the rule for every name in a template.
pub fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_of_the_plan_are_types() {
        for name in ["basic", "ngo", "political_party", "corporate", "v2_club"] {
            assert_eq!(TemplateType::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn other_characters_are_refused() {
        for name in ["", "NGO", "political-party", "a b", "2025", "_x", "../etc", "ngö"] {
            assert_eq!(TemplateType::parse(name), Err(TemplateTypeError::Characters), "{name:?}");
        }
    }

    #[test]
    fn the_folder_of_migrations_is_no_template() {
        assert_eq!(TemplateType::parse("migrations"), Err(TemplateTypeError::Migrations));
    }

    #[test]
    fn fifty_characters_fit_and_fifty_one_do_not() {
        assert!(TemplateType::parse(&"a".repeat(50)).is_ok());
        assert_eq!(TemplateType::parse(&"a".repeat(51)), Err(TemplateTypeError::TooLong));
    }
}
