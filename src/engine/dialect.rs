//! The families of SQL that engines speak.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A family of engines that a file can be written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SqlDialect {
    /// MariaDB and MySQL.
    Mysql,
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

impl SqlDialect {
    /// The word in file names, such as `sqlite` in `002_members.sqlite.sql`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mysql => "mysql",
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }

    /// The family of a word in a file name.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Mysql, Self::Postgres, Self::Sqlite].into_iter().find(|dialect| dialect.as_str() == word)
    }
}

impl fmt::Display for SqlDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
