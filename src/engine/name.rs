//! The name of a tenant's database: made once from the slug and the tenant's id, stored, and never recomputed.

use std::fmt;
use uuid::Uuid;

/// A database name that every engine takes: small letters, digits and `_`, starting with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatabaseName(String);

/// PostgreSQL's limit, the shortest of all: names of 64 bytes would be cut there, and two could meet.
const LIMIT: usize = 63;

/// Digits of the id that follow the slug. The last twelve of a version 7 UUID are random.
const ID_DIGITS: usize = 12;

impl DatabaseName {
    /// Makes the name for a new tenant. The slug is cut before the id is put on, so that names of long slugs differ.
    pub fn derive(slug: &str, id: Uuid) -> DatabaseName {
        let hex = id.simple().to_string();
        let tail = hex.get(hex.len() - ID_DIGITS..).unwrap_or(&hex);
        let stem: String = slug
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .take(LIMIT - ID_DIGITS - 1 - 2)
            .collect();
        let stem = stem.trim_matches('_');
        // A name that starts with a digit needs quoting in some tools of some engines.
        let stem = if stem.starts_with(|c: char| c.is_ascii_alphabetic()) {
            stem.to_owned()
        } else {
            format!("t_{stem}")
        };
        let stem = stem.trim_end_matches('_');
        DatabaseName(format!("{stem}_{tail}"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for DatabaseName {
    type Err = String;

    /// Reads a stored name; anything that was not made by [`DatabaseName::derive`] is refused.
    fn from_str(text: &str) -> Result<Self, String> {
        let well_formed = text.len() <= LIMIT
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if well_formed {
            Ok(DatabaseName(text.to_owned()))
        } else {
            Err(format!("{text:?} is no name of a tenant database"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_slugs_that_differ_only_at_their_end_get_different_names_within_the_limit() {
        let long = "a".repeat(200);
        let first = DatabaseName::derive(&format!("{long}-1"), Uuid::now_v7());
        let second = DatabaseName::derive(&format!("{long}-2"), Uuid::now_v7());
        assert_ne!(first, second);
        assert!(first.as_str().len() <= 63 && second.as_str().len() <= 63);
    }

    #[test]
    fn names_have_no_dashes_no_capitals_and_do_not_start_with_a_digit() {
        for slug in ["acme-foods", "mysql", "information-schema", "2024-club", "---", "postgres"] {
            let name = DatabaseName::derive(slug, Uuid::now_v7());
            assert!(name.as_str().parse::<DatabaseName>().is_ok(), "{name}");
            assert_ne!(name.as_str(), slug);
        }
    }

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_refused() {
        for text in ["../x", "a/b", "", "A", "1a", "a.db", &"a".repeat(64)] {
            assert!(text.parse::<DatabaseName>().is_err(), "{text}");
        }
    }
}
