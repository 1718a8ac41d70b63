//! Tenants: finding them, making one, watching it come up, and looking at it.

pub mod exports;
pub mod list;
pub mod new;
pub mod setup;
pub mod show;
