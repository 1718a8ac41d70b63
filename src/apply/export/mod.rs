//! Writing a tenant's data into a file.

pub mod archive;
pub mod csv;
pub mod pouring;
