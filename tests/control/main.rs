//! The control database on each of the three engines: made, brought up to date, lived with, shared by processes, and lost for
//! a while.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod drift;
mod life;
mod migrating;
mod processes;
#[path = "../support/mod.rs"]
mod support;
