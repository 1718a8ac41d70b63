//! Tenantry: a self-hosted control plane for a SaaS in which every tenant has a database of its own.
//!
//! The map, left to right as imports may point:
//! `schema`, `sql` ► `engine` ► `templates` ► `store` ► `apply` ► `usecases` ► `web` | `cli` | `worker`.

pub mod engine;
pub mod schema;
pub mod sql;
pub mod web;
