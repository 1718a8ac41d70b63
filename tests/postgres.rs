//! What the PostgreSQL dialect says runs on a real server, and what the server then has is what was asked for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it should be"
)]

#[path = "postgres/alter.rs"]
mod alter;
#[path = "postgres/copies.rs"]
mod copies;
#[path = "postgres/create.rs"]
mod create;
#[path = "postgres/engine.rs"]
mod engine;
#[path = "postgres/ground.rs"]
mod ground;
#[path = "postgres/isolation.rs"]
mod isolation;
#[path = "postgres/killed.rs"]
mod killed;
#[path = "postgres/life.rs"]
mod life;
#[path = "postgres/queries.rs"]
mod queries;
#[path = "postgres/rows.rs"]
mod rows;
#[path = "postgres/schemas.rs"]
mod schemas;
#[path = "support/servers.rs"]
#[allow(dead_code, reason = "not every test needs everything of it")]
mod servers;
#[path = "postgres/templates.rs"]
mod templates;
#[path = "postgres/tenant.rs"]
mod tenant;
#[path = "postgres/tls.rs"]
mod tls;
#[path = "postgres/whole.rs"]
mod whole;
