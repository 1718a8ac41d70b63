//! Doing things to tenants' databases: each job kind has its steps here, every step with its undo beside it.
//!
//! A step may be run twice (its effects are recorded where they happen), and knows nothing of jobs: `crate::worker`
//! records it before and after.

pub mod export;
pub mod kinds;
pub mod owner;
pub mod provision;
pub mod template;
pub mod work;
