//! MariaDB and MySQL: a tenant is one database and one account on a server.
//!
//! The template's dialect is this family's own, so [`render`] mostly writes the model down again; [`inspect`] reads a live
//! database back into it. [`server`] makes and removes databases with their accounts, and a session works on one
//! under the tenant's own account.
//!
//! # Structure without transactions
//! Every structure statement ends the transaction that it meets. So the ledger in the tenant's database has a row for each
//! statement: begun, with a fingerprint of the object that it changes, and then done. That it is done goes to the disk together with
//! the beginning of the next one. Whoever comes after a kill finds out by the fingerprint whether the last statement happened (each
//! one happens wholly or not at all from MariaDB 10.6 and MySQL 8 on). Statements over rows share a transaction with their row of
//! the ledger.
//!
//! # What both servers take
//! MariaDB has no `->` and `->>` (the functions are written instead), no indexes over expressions, no NOT NULL on a computed
//! column; a template that wants one is told so on MySQL, too, so that what was proven on one runs on the other.

mod accounts;
mod aside;
mod catalog;
mod change;
mod definitions;
mod dialect;
mod engine;
mod examine;
mod expressions;
mod fingerprint;
mod inspect;
mod keep;
mod line;
#[doc(hidden)]
pub mod many;
mod mysql;
mod oddities;
mod others;
mod own;
mod reading;
mod routines;
mod scratch;
pub mod server;
mod session;
mod shut;
mod tables;
mod views;
mod words;

pub use dialect::render;
pub use inspect::inspect;
pub use server::MariaDb;

/// Why something in a template cannot be carried to MariaDB and MySQL, and what its author can do about it.
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
}
