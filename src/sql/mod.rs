//! Reading SQL in the plan's MySQL dialect, always through a syntax tree: splitting a file into statements with their
//! places ([`read`]), saying what each does to a schema ([`operations`] makes [`operation::Operation`]s), and what the
//! schema is afterwards ([`evolve`]). Pure: nothing here runs SQL.

pub mod columns;
pub mod evolve;
pub mod expression;
mod keys;
pub mod migration;
pub mod operation;
pub mod operations;
pub mod read;
pub mod variables;
