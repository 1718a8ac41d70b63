//! What a person meets when something is not as it should be: what the page says, what the state is, and that the way on
//! works.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod damaged;
mod disk;
mod files;
mod forms;
mod names;
mod pages;
mod program;
mod references;
mod stale;
#[path = "../support/mod.rs"]
mod support;
mod wizard;
