//! The control database: one file per noun, with the SQL beside the function that runs it.
//!
//! Only this folder writes to the control database. Functions take a connection, so that the caller owns the
//! transaction; start at [`Store`], which hands connections out.

pub mod claims;
mod columns;
mod counts;
pub mod customizations;
pub mod db;
pub mod drift;
pub mod events;
pub mod exports;
pub mod fresh;
pub mod invitations;
pub mod jobs;
pub mod known_browsers;
pub mod migrate;
pub mod new_tenant;
pub mod owners;
pub mod password_links;
pub mod scope;
pub mod search;
pub mod servers;
pub mod sessions;
pub mod settings;
pub mod sign_in_tries;
pub mod snapshots;
pub mod steps;
pub mod template_drafts;
mod template_shelf;
pub mod templates;
pub mod tenant_accounts;
pub mod tenant_drafts;
pub mod tenant_list;
pub mod tenants;
pub mod users;

pub use db::{Connection, Row, Store, StoreError, Ticket, Value, sql, sql_of};
pub use scope::Scope;
