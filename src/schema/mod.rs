//! What a schema is: a normalised model, its canonical text and fingerprint, and how two of them differ and what it
//! takes to bring one to the other.
//!
//! Everything here is a plain function over values: no connection, no clock, no async. Start at [`model::Schema`].

pub mod difference;
pub mod fingerprint;
pub mod lines;
pub mod losses;
pub(crate) mod mention;
pub mod model;
pub mod plain;
#[cfg(test)]
mod samples;
pub mod severity;
pub mod text;
pub mod toward;

pub use difference::{Change, Difference, ObjectKind, differences};
pub use losses::losses;
pub use model::{
    Check, Column, Default, ForeignKey, Function, Generated, Index, IndexPart, Other, ReferentialAction,
    Schema, Table, Trigger, Type, View,
};
pub use severity::Severity;
pub use toward::toward;
