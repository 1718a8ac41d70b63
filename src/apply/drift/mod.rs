//! What a tenant's database should be beside what it is. Expected is the template version with the tenant's modules, made on
//! a scratch database of the same engine, and what the tenant has of its own.

mod cause;
mod compare;
mod expected;
pub mod repair;

pub use compare::{compare, level, look, look_at, plain_words};
pub use expected::{Expected, expected, expected_with};
