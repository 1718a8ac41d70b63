//! What makes the program fast changes nothing of what it does: images, shared syncs, searching, starting.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod control;
mod images;
#[path = "../support/mod.rs"]
mod support;
