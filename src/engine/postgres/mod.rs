//! PostgreSQL: a tenant is a database, or a schema in a database that tenants share, and a role on a server.
//!
//! This folder says the neutral schema model, and the operations over it, in PostgreSQL's words ([`render`]) and reads a
//! live schema back into the model ([`inspect`]); `dialect.rs` is where to start. None of that opens a connection or
//! begins a transaction. [`Postgres`] is a server: `engine.rs` is where to start there.
//!
//! # Who does what
//! The administrator makes databases, roles and our own things in an empty database, and never enters one that a tenant's
//! statements have run in: a function there could be called by what looks like one of PostgreSQL's. Everything else is done
//! by the tenant's own role; where that may not enter, by a passing role that is a member of it. Where tenants are schemas
//! (`schemas.rs`), the administrator's database is theirs too: there it asks the catalog only, and searches no other schema.
//!
//! # What a session owes these statements
//! - Every list runs in one transaction, in order, with the time zone UTC and `standard_conforming_strings` on.
//! - The first statement of a database is [`CREATE_COLLATION`].
//! - Bound values are texts; the statement casts them.
//!
//! # Texts without case
//! MySQL compares texts without case, PostgreSQL does not. Columns of a unique key or the primary key (and those that refer
//! to such a column) have the collation `tenantry_ci`, which is nondeterministic: it is the only way in which PostgreSQL itself
//! keeps `Ada@x.org` and `ada@x.org` from both being there, keys and `ON CONFLICT` included. The other text columns keep the
//! database's collation, because PostgreSQL before 18 refuses LIKE and ILIKE on a nondeterministic one, and applications
//! search in those. What Tenantry runs itself (seeds, migrations, views, checks) names `tenantry_ci` wherever texts are
//! compared, sorted or grouped, and LIKE becomes ILIKE. Accents count, as on SQLite.
//!
//! # Where PostgreSQL differs from the template's dialect, knowingly
//! - A `BIGINT UNSIGNED` is a `bigint` and ends at 9,223,372,036,854,775,807, as on SQLite; larger numbers are rejected. A
//!   `numeric` would hold them, but the same ids would have two types, and joins of the two use no index.
//! - `CHAR(36) DEFAULT (UUID())`, and what refers to it, is a `uuid`: it takes UUIDs only and gives them in small letters.
//! - TIME holds times of a day, not durations; a TIMESTAMP rounds to its digits where MySQL cuts.
//! - A new column comes last, wherever AFTER puts it: PostgreSQL has no places, and a table written anew for looks would
//!   lock its readers out. `SELECT *` is written out, so a view's columns keep the template's order.
//! - A computed column is always stored.
//! - A type that PostgreSQL has no word for is the next one with a check named `tenantry_type_<column>`, whose comment is
//!   the type in the template's words; a check cannot be altered, so the two cannot part.
//! - `ON DUPLICATE KEY UPDATE` cannot meet the same row twice in one statement.
//! - `ON UPDATE CURRENT_TIMESTAMP` cannot see that an UPDATE set the column to the value it had.

mod accounts;
mod alone;
mod alter;
mod archive;
mod casts;
mod catalog;
mod change;
mod changes;
mod columns;
mod container;
mod dates;
mod dialect;
mod engine;
mod examine;
mod expressions;
mod functions;
mod home;
mod inserts;
mod inspect;
mod json;
mod keep;
mod letters;
mod literals;
#[doc(hidden)]
pub mod many;
mod marks;
mod names;
mod oddities;
mod others;
mod own;
mod parts;
mod programs;
mod queries;
mod questions;
mod reading;
mod relations;
mod rows;
mod schemas;
mod scope;
mod scratch;
mod server;
mod session;
mod shut;
mod snapshot;
mod storage;
mod structure;
mod tables;
mod templates;
mod views;
mod whole;

pub use dialect::render;
pub use inspect::{InspectError, inspect};
pub use server::Postgres;

/// Makes the collation without case that texts in keys have; a database has it once, and running it again is harmless.
pub const CREATE_COLLATION: &str = "CREATE COLLATION IF NOT EXISTS tenantry_ci \
    (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";

/// Why something in a template cannot be carried to PostgreSQL, and what its author can do about it.
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

    /// For what only PostgreSQL itself can say: points at the override file.
    fn unsupported(what: impl std::fmt::Display) -> Self {
        Self::new(format!(
            "{what} cannot be carried to PostgreSQL; write it for PostgreSQL in an override file (NNN_name.postgres.sql)"
        ))
    }
}
