//! The database engines that tenants live on. Nothing engine-specific is anywhere else.

pub mod sqlite;
pub mod statement;
