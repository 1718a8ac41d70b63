//! Doing things to tenants' databases: each job kind has its steps here, every step with its undo beside it.
//!
//! A step may be run twice (its effects are recorded where they happen), and knows nothing of jobs: `crate::worker`
//! records it before and after.

pub mod account;
pub mod copy;
pub mod delete;
pub mod details;
pub mod drift;
pub mod export;
pub mod ground;
pub mod kinds;
mod own_sql;
pub mod owner;
pub mod passage;
pub mod placement;
pub mod provision;
pub mod restore;
pub mod snapshot;
pub mod template;
pub mod work;
