//! Reading SQL in the plan's MySQL dialect, always through a syntax tree: splitting a file into statements with their
//! places ([`read`]), saying what each does to a schema ([`operations`] makes [`operation::Operation`]s), what the
//! schema is afterwards ([`evolve`]), what a statement touches ([`effects`]), and what can go wrong with it ([`hazards`]). Pure: nothing
//! here runs SQL.

pub mod columns;
pub mod effects;
pub mod evolve;
pub mod expression;
pub mod hazards;
mod keys;
pub mod migration;
pub mod objects;
pub mod operation;
pub mod operations;
pub mod read;
mod reads;
pub mod variables;
