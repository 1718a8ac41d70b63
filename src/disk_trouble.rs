//! What is the matter with a disk, as far as an error tells. Databases, files and libraries each say it in words of their
//! own, and by the time that a person is told only the words are left.

/// Trouble that ends when somebody looks after the disk, and not before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskTrouble {
    /// Nothing more fits.
    Full,
    /// Nothing may be written.
    ReadOnly,
}

impl DiskTrouble {
    /// Reads the words of an error: those of the system (ENOSPC, EDQUOT, EROFS) and of SQLite (FULL, READONLY).
    pub fn of(cause: &str) -> Option<Self> {
        let says = |words: &[&str]| words.iter().any(|words| cause.contains(words));
        if says(&["No space left on device", "database or disk is full", "Disk quota exceeded"]) {
            Some(Self::Full)
        } else if says(&["Read-only file system", "attempt to write a readonly database"]) {
            Some(Self::ReadOnly)
        } else {
            None
        }
    }

    /// What happened and what to do, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Full => {
                "The disk is full. Free some space on the disk of the data folder; what waits goes on by itself then."
            }
            Self::ReadOnly => {
                "The disk of the data folder can only be read at the moment. Make it writable again; what waits goes on by itself then."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DiskTrouble::{self, Full, ReadOnly};

    #[test]
    fn the_words_of_systems_and_of_sqlite_are_known() {
        let found = [
            "A file cannot be made: No space left on device (os error 28)",
            "error returned from database: (code: 13) database or disk is full",
            "Read-only file system (os error 30)",
            "(code: 1544) attempt to write a readonly database",
            "database disk image is malformed",
        ]
        .map(DiskTrouble::of);
        assert_eq!(found, [Some(Full), Some(Full), Some(ReadOnly), Some(ReadOnly), None]);
    }
}
