//! Trouble with the control database, and whether it may pass.

use crate::{disk::NotOnDisk, disk_trouble::DiskTrouble, error::Error};
use sqlx::error::ErrorKind;

/// Trouble with the control database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or is away.
    #[error("control database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row holds what this version cannot read.
    #[error("control database: column {column}: {reason}")]
    Unreadable {
        /// The column.
        column: String,
        /// Why.
        reason: String,
    },
    /// It was written by a newer version of the program.
    #[error(
        "The control database was written by a newer version of Tenantry (its schema is version {found}, this program knows {known}). Start the newer version, or restore a backup that this version made."
    )]
    Newer {
        /// Version found.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// The rows were written, but whether they are on the disk cannot be known.
    #[error("control database: {0}")]
    NotOnDisk(#[from] NotOnDisk),
    /// Its own schema could not be brought up to date.
    #[error("The control database could not be brought up to date: {0}")]
    Migration(String),
    /// The database that the settings name cannot be the control database: a sentence that says what to do.
    #[error("{0}")]
    Unfit(String),
    /// Somebody else writes, and did not end in time.
    #[error("control database: another process has written for too long")]
    Busy,
    /// A statement of this transaction failed before, and the server has taken all of it back.
    #[error("control database: a statement failed before, so nothing of its transaction was kept")]
    TakenBack,
}

/// The result of a store function.
pub type Result<T> = std::result::Result<T, StoreError>;

impl StoreError {
    /// Whether a unique constraint refused the row.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, StoreError::Database(sqlx::Error::Database(cause)) if cause.is_unique_violation())
    }

    /// Whether a NULL was refused where there must be a value.
    pub fn is_null(&self) -> bool {
        matches!(self, StoreError::Database(sqlx::Error::Database(cause)) if cause.kind() == ErrorKind::NotNullViolation)
    }

    /// Whether the database is locked, full, read-only or gone: trouble that may pass, and not a defect.
    pub fn is_out_of_reach(&self) -> bool {
        match self {
            StoreError::Database(sqlx::Error::Database(cause)) => {
                let code = cause.code().unwrap_or_default();
                if cause.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
                    sqlite_is_away(&code)
                } else if let Some(cause) = cause.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
                    mariadb_is_away(cause.number())
                } else {
                    postgres_is_away(&code)
                }
            }
            StoreError::Database(
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed,
            )
            | StoreError::NotOnDisk(_)
            | StoreError::Busy => true,
            _ => false,
        }
    }

    /// Whether the server has chosen this transaction among those that waited for each other: another try is all it takes.
    pub fn is_collision(&self) -> bool {
        let StoreError::Database(sqlx::Error::Database(cause)) = self else { return false };
        match cause.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
            Some(cause) => cause.number() == 1213,
            None => cause.code().is_some_and(|code| code == "40P01" || code == "40001"),
        }
    }
}

/// Primary result codes of SQLite: BUSY 5, LOCKED 6, READONLY 8, IOERR 10, CORRUPT 11, FULL 13, CANTOPEN 14.
fn sqlite_is_away(code: &str) -> bool {
    matches!(code.parse::<i32>().unwrap_or_default() & 0xff, 5 | 6 | 8 | 10 | 11 | 13 | 14)
}

/// Numbers of MariaDB and MySQL: no room (1021, 1037, 1041, 1114), too many connections (1040, 1203, 1226), no right to
/// come in any more (1044, 1045, 1049), ending (1053, 1927, 1317, 4031), waited too long (1205, 1213), only to be read (1290,
/// 1792, 1836).
fn mariadb_is_away(number: u16) -> bool {
    matches!(
        number,
        1021 | 1037
            | 1040
            | 1041
            | 1044
            | 1045
            | 1049
            | 1053
            | 1114
            | 1203
            | 1205
            | 1213
            | 1226
            | 1290
            | 1317
            | 1792
            | 1836
            | 1927
            | 4031
    )
}

/// SQLSTATEs of PostgreSQL: connections (08), no right to come in (28, 3D), rolled back (40), no room (53), waited too long
/// (55P03), ended by somebody or starting (57), disk or file trouble (58), only to be read (25006), idle too long (25P03).
fn postgres_is_away(code: &str) -> bool {
    ["08", "28", "3D", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class))
        || ["55P03", "25006", "25P03"].contains(&code)
}

impl From<StoreError> for Error {
    fn from(cause: StoreError) -> Self {
        if let Some(trouble) = DiskTrouble::of(&cause.to_string()) {
            Self::unavailable(trouble.words(), &cause)
        } else if cause.is_out_of_reach() {
            let words = match &cause {
                StoreError::Database(sqlx::Error::Database(said))
                    if said.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() =>
                {
                    OWN_FILE
                }
                StoreError::NotOnDisk(_) => OWN_FILE,
                _ => ANYWHERE,
            };
            Self::unavailable(words, &cause)
        } else {
            Self::internal(&cause)
        }
    }
}

const OWN_FILE: &str = "The control database cannot be used at the moment. Look whether its disk is full, missing or read-only, then try again.";
const ANYWHERE: &str = "The control database cannot be reached at the moment. Look whether its server is running, or its disk full, missing or read-only, then try again.";

#[cfg(test)]
mod tests {
    use super::{mariadb_is_away, postgres_is_away, sqlite_is_away};

    #[test]
    fn what_may_pass_is_told_from_what_is_a_defect() {
        assert!(sqlite_is_away("5") && sqlite_is_away("1544") && !sqlite_is_away("1"));
        assert!(
            mariadb_is_away(1040)
                && mariadb_is_away(1205)
                && !mariadb_is_away(1064)
                && !mariadb_is_away(1062)
        );
        assert!(postgres_is_away("57P01") && postgres_is_away("53300") && !postgres_is_away("42601"));
        assert!(!postgres_is_away("23505") && !postgres_is_away("25P02"));
    }
}
