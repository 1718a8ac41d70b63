//! SQLite: a tenant is one file.
//!
//! This folder says the neutral schema model, and the operations over it, in SQLite's words ([`render`]) and reads a
//! live database back into the model ([`inspect`]); `dialect.rs` is where to start. None of that opens a connection or
//! begins a transaction: [`engine`] makes and removes the files, and [`session`] works on one.
//!
//! # What a session owes these statements
//! - The connection was opened with the pragmas of [`MIGRATION_PRAGMAS`]. `foreign_keys` cannot be changed inside a
//!   transaction, and with it on, the rebuild of a table would fire the children's `ON DELETE`.
//! - Every list runs in one transaction, in order, and `PRAGMA foreign_key_check` reports nothing before the commit.
//! - Several operations may share that transaction.
//!
//! # Where SQLite differs from the template's dialect, knowingly
//! - `NOCASE` and `lower()` fold ASCII letters only: `É` and `é` stay different.
//! - A `BIGINT UNSIGNED` ends at 9,223,372,036,854,775,807; larger numbers are rejected, not rounded.
//! - DATETIME, TIMESTAMP and TIME hold exactly the fraction digits of their type, so that equal moments are equal texts.
//! - A `SELECT *` in a view follows its table.
//! - `ON UPDATE CURRENT_TIMESTAMP` cannot see that an UPDATE set the column to the value it had.

mod alter;
mod change;
mod changes;
mod dates;
mod definition;
mod dialect;
mod dump;
mod encoding;
pub mod engine;
mod expressions;
mod functions;
mod image;
mod inserts;
mod inspect;
mod keep;
mod literals;
mod many;
mod names;
mod own;
mod queries;
mod reading;
mod rebuild;
mod referring;
mod rows;
mod scope;
pub mod seen;
mod session;
mod split;
mod tables;
mod tokens;
mod views;

#[cfg(test)]
mod tests;

pub use dialect::render;
pub use engine::Sqlite;
pub use inspect::{InspectError, Seen, inspect, inspect_again};
#[doc(hidden)]
pub use many::TOLD;

/// Pragmas that a session sets on its connection, outside any transaction, before it runs rendered statements.
/// `legacy_alter_table` lets a rebuilt table take its name back while views and triggers mention it.
pub const MIGRATION_PRAGMAS: &[&str] = &["PRAGMA foreign_keys = OFF", "PRAGMA legacy_alter_table = ON"];

/// Why something in a template cannot be carried to SQLite, and what its author can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// A sentence or two: the thing, then the way out.
    pub reason: String,
}

impl Refusal {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }

    /// For what only SQLite itself can say: points at the override file.
    fn unsupported(what: impl std::fmt::Display) -> Self {
        Self::new(format!(
            "{what} cannot be carried to SQLite; write it for SQLite in an override file (NNN_name.sqlite.sql)"
        ))
    }
}
