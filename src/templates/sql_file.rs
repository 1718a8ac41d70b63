//! A file of SQL with the files that replace it on single engines, and what the names of such files say.

use crate::engine::SqlDialect;
use std::collections::BTreeMap;

/// The text of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlText {
    /// The file, relative to the folder that holds the templates.
    pub path: String,
    /// What is in it, without a byte order mark and with `\n` at the ends of lines.
    pub text: String,
}

/// A file in the plan's MySQL dialect, and the files beside it that replace it on single engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFile {
    /// The file that every engine without one of its own takes, in the plan's MySQL dialect.
    pub base: SqlText,
    /// Files in an engine's own dialect. They run there instead of `base`, as they are.
    pub overrides: BTreeMap<SqlDialect, SqlText>,
}

impl SqlFile {
    /// The file that replaces this one on an engine, if there is one.
    pub fn override_for(&self, dialect: SqlDialect) -> Option<&SqlText> {
        self.overrides.get(&dialect)
    }
}

/// What the name of a file of SQL says: `010_events.seed.sqlite.sql` is the seed of `010_events`, for SQLite only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileName<'a> {
    /// The name without what follows the first dot.
    pub stem: &'a str,
    /// Whether it holds a module's rows rather than its tables.
    pub is_seed: bool,
    /// The engine that it is for, where it replaces another file.
    pub dialect: Option<SqlDialect>,
}

impl<'a> FileName<'a> {
    /// Reads a name that ends in `.sql`; an error is the reason, for the report.
    pub fn parse(name: &'a str) -> Result<Self, String> {
        let mut parts = name.strip_suffix(".sql").unwrap_or(name).split('.');
        let stem = parts.next().unwrap_or_default();
        let rest: Vec<&str> = parts.collect();
        let (is_seed, engine) = match rest.as_slice() {
            [] => (false, None),
            ["seed"] => (true, None),
            ["seed", engine] => (true, Some(*engine)),
            [engine] => (false, Some(*engine)),
            _ => {
                return Err(
                    "the name has too many dots; the longest form is `010_events.seed.sqlite.sql`".into()
                );
            }
        };
        let dialect = match engine {
            None => None,
            Some(word) => Some(SqlDialect::from_word(word).ok_or_else(|| {
                format!("`{word}` is no engine; a file for one engine ends in `.sqlite.sql`, `.postgres.sql` or `.mysql.sql`")
            })?),
        };
        Ok(Self { stem, is_seed, dialect })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_says_seed_and_engine() {
        let read = |name| FileName::parse(name).map(|name| (name.stem, name.is_seed, name.dialect));
        assert_eq!(read("010_events.sql"), Ok(("010_events", false, None)));
        assert_eq!(read("010_events.seed.sql"), Ok(("010_events", true, None)));
        assert_eq!(read("010_events.sqlite.sql"), Ok(("010_events", false, Some(SqlDialect::Sqlite))));
        assert_eq!(
            read("010_events.seed.postgres.sql"),
            Ok(("010_events", true, Some(SqlDialect::Postgres)))
        );
        assert_eq!(read("schema.mysql.sql"), Ok(("schema", false, Some(SqlDialect::Mysql))));
    }

    #[test]
    fn an_engine_that_nobody_knows_is_named() {
        assert!(FileName::parse("010_events.oracle.sql").unwrap_err().contains("`oracle`"));
        assert!(FileName::parse("010_events.sqlite.seed.sql").is_err());
        assert!(FileName::parse("a.seed.sqlite.b.sql").is_err());
    }
}
