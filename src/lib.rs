//! Tenantry: a self-hosted control plane for a SaaS in which every tenant has a database of its own.
//!
//! The map, left to right as imports may point:
//! `schema`, `sql` ► `engine` ► `templates` ► `store` ► `apply` ► `usecases` ► `web` | `cli` | `worker`.

pub mod app;
pub mod apply;
pub mod cli;
pub mod config;
pub mod engine;
pub mod error;
pub mod faults;
pub mod schema;
pub mod slug;
pub mod sql;
pub mod store;
pub mod telemetry;
pub mod templates;
pub mod usecases;
pub mod web;
pub mod worker;
