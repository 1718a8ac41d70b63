//! Tenants: finding them, making one, watching it come up, and looking at it.

pub mod exports;
pub mod list;
pub mod manage;
pub mod new;
pub mod owners;
pub mod setup;
pub mod show;
