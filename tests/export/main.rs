//! Exports: what goes into the files, that it comes back bit by bit, at one moment, with little memory, and that a stop
//! at any point leaves no half file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod command;
mod files;
mod jobs;
#[path = "../support/mod.rs"]
mod support;
