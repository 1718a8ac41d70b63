//! What a schema is: a normalised model, its canonical text and fingerprint, and how two of them differ.
//!
//! Everything here is a plain function over values: no connection, no clock, no async. Start at [`model::Schema`].

pub mod difference;
pub mod fingerprint;
pub mod model;
pub mod text;

pub use model::{
    Check, Column, Default, ForeignKey, Generated, Index, IndexPart, ReferentialAction, Schema, Table,
    Trigger, Type, View,
};
