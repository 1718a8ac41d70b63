//! Tenantry: a self-hosted control plane for a SaaS in which every tenant has a database of its own.
//!
//! The map, left to right as imports may point (`tests/layers.rs` watches over it):
//! `schema`, `sql`, `picture` ► `engine` ► `templates` ► `store` ► `engines` ► `app` ► `apply` ► `usecases` ► `web` | `cli` | `worker`.

pub mod app;
pub mod apply;
pub mod cli;
pub mod clock;
pub mod config;
pub mod digest;
pub mod disk;
pub mod disk_trouble;
pub mod engine;
pub mod engines;
pub mod error;
pub mod faults;
pub mod picture;
pub mod schema;
pub mod slug;
pub mod sql;
pub mod store;
pub mod telemetry;
pub mod templates;
pub mod usecases;
pub mod vault;
pub mod web;
pub mod worker;
