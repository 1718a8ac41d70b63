//! Making a database at once instead of unit by unit.

use super::{DatabaseName, TenantLock, Unit};
use std::time::Duration;

/// Everything that a new database is made of.
#[derive(Debug, Clone, Copy)]
pub struct Whole<'a> {
    /// Names the statements: databases of one key differ in the values of their variables only.
    pub key: &'a str,
    /// The units, in order.
    pub units: &'a [Unit<'a>],
    /// Fingerprint of the schema that they make.
    pub schema_hash: &'a str,
}

/// A database that is complete and on the disk, and has no name yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The name that it will have.
    pub name: DatabaseName,
    /// Whose it is, and who made it.
    pub lock: TenantLock,
    /// How long each unit took.
    pub took: Vec<Duration>,
}

/// What came of asking for a database at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drafted {
    /// It was made.
    Ready(Draft),
    /// It cannot be made at once here, or there is something under its name: unit by unit is the way.
    Stepwise,
}
