//! Tenants on real database servers, through the use cases and the command line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod cli;
mod drift;
mod ground;
mod killed;
mod killed_repair;
mod life;
mod placement;
mod proxy;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
