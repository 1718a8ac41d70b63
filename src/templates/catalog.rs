//! Template versions that were compiled, by what they were compiled from: tenants of one version with the same modules
//! share one.

use super::compile::Compiled;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How many are kept. One takes about 100 KB.
const MOST: usize = 200;

/// What a version is compiled from: hash of its files, and its modules.
pub type Key = (String, Vec<String>);

/// The compiled versions of this process.
#[derive(Debug, Default)]
pub struct Catalog(Mutex<BTreeMap<Key, Arc<Compiled>>>);

impl Catalog {
    /// A compiled version, where it is there.
    pub fn find(&self, key: &Key) -> Option<Arc<Compiled>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Keeps a compiled version.
    pub fn keep(&self, key: Key, compiled: Arc<Compiled>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key, compiled);
    }
}
