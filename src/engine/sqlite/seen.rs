//! Tenants' files that were opened and found in order, by what the file system says of them: a file that has not changed
//! since is in order still, and opening it takes a hundred times as long as asking.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// How many files are remembered.
const MOST: usize = 20_000;

/// What the file system says of a file; it differs after every change.
type State = (u64, u64, u64, i128, i128);

/// The files of this process.
#[derive(Debug, Clone, Default)]
pub(super) struct InOrder(Arc<Mutex<BTreeMap<PathBuf, (State, Uuid)>>>);

impl InOrder {
    /// Whether the file was found to be the tenant's, and has not changed since.
    pub(super) fn knows(&self, file: &Path, tenant: Uuid) -> bool {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = files.get(file).copied() else { return false };
        drop(files);
        state(file).is_some_and(|now| known == (now, tenant))
    }

    /// Remembers that the file, in the state that it had before it was opened, is the tenant's.
    pub(super) fn note(&self, file: &Path, before: Option<State>, tenant: Uuid) {
        let Some(before) = before else { return };
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if files.len() >= MOST {
            files.clear();
        }
        files.insert(file.to_owned(), (before, tenant));
    }
}

/// The file's state; `None` where there is no plain file, or where the system cannot tell.
#[cfg(unix)]
pub(super) fn state(file: &Path) -> Option<State> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::symlink_metadata(file).ok().filter(std::fs::Metadata::is_file)?;
    let moment =
        |seconds: i64, nanoseconds: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    let changed = moment(found.ctime(), found.ctime_nsec());
    Some((found.dev(), found.ino(), found.size(), moment(found.mtime(), found.mtime_nsec()), changed))
}

#[cfg(not(unix))]
pub(super) fn state(_: &Path) -> Option<State> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_until_it_changes_or_is_asked_for_another_tenant() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("acme.db");
        std::fs::write(&file, "one").unwrap();
        let (ours, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let known = InOrder::default();
        assert!(!known.knows(&file, ours));
        known.note(&file, state(&file), ours);
        assert!(known.knows(&file, ours));
        assert!(!known.knows(&file, theirs));
        std::fs::write(&file, "other").unwrap();
        assert!(!known.knows(&file, ours));
        known.note(&file, state(&file), ours);
        // The same content in another file under the same name.
        std::fs::rename(&file, folder.path().join("old.db")).unwrap();
        assert!(!known.knows(&file, ours));
        std::fs::write(&file, "other").unwrap();
        assert!(!known.knows(&file, ours));
    }
}
