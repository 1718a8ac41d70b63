//! Template versions that were compiled, by what they were compiled from: tenants of one version with the same modules
//! share one.

use super::compile::Compiled;
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::MutexGuard;

/// How many are kept. One takes about 100 KB.
const MOST: usize = 200;

/// What a version is compiled from: name of the engine, hash of its files, and its modules.
pub type Key = (&'static str, String, Vec<String>);

/// How many versions are compiled at the same time at most.
const LANES: usize = 16;

/// The compiled versions of this process.
#[derive(Debug, Default)]
pub struct Catalog {
    shelf: Mutex<Shelf>,
    lanes: [tokio::sync::Mutex<()>; LANES],
    compiled: AtomicU64,
}

/// Each with the number of its last use; the one that was not used for the longest time goes first.
#[derive(Debug, Default)]
struct Shelf {
    uses: u64,
    kept: BTreeMap<Key, (u64, Arc<Compiled>)>,
}

impl Catalog {
    /// A compiled version, where it is there.
    pub fn find(&self, key: &Key) -> Option<Arc<Compiled>> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.uses += 1;
        let now = shelf.uses;
        let (used, compiled) = shelf.kept.get_mut(key)?;
        *used = now;
        Some(Arc::clone(compiled))
    }

    /// Waits until nobody else compiles this version. Who has waited looks again whether it is there now.
    pub async fn alone(&self, key: &Key) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
        // There are as many lanes as the remainder can be.
        self.lanes[lane % LANES].lock().await
    }

    /// How many versions were compiled since the process began: each costs a scratch database.
    pub fn compiled(&self) -> u64 {
        self.compiled.load(Ordering::Relaxed)
    }

    /// Keeps a compiled version.
    pub fn keep(&self, key: Key, compiled: Arc<Compiled>) {
        self.compiled.fetch_add(1, Ordering::Relaxed);
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.uses += 1;
        let now = shelf.uses;
        shelf.kept.insert(key, (now, compiled));
        if shelf.kept.len() > MOST {
            let oldest = shelf.kept.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                shelf.kept.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    fn compiled(hash: &str) -> Arc<Compiled> {
        Arc::new(Compiled {
            source_hash: hash.to_owned(),
            modules: Vec::new(),
            units: Vec::new(),
            expected: Schema::default(),
            expected_hash: String::new(),
            snapshot: String::new(),
        })
    }

    #[test]
    fn among_many_versions_the_one_that_was_not_used_for_the_longest_time_goes_first() {
        let catalog = Catalog::default();
        let key = |number: usize| ("sqlite", number.to_string(), Vec::new());
        for number in 0..MOST {
            catalog.keep(key(number), compiled(&number.to_string()));
        }
        assert!(catalog.find(&key(0)).is_some());
        for number in MOST..MOST + 50 {
            catalog.keep(key(number), compiled(&number.to_string()));
            assert!(catalog.find(&key(0)).is_some(), "what is used all the time stays");
        }
        assert!(catalog.find(&key(1)).is_none());
        assert!(catalog.find(&key(60)).is_some());
        assert_eq!(catalog.shelf.lock().unwrap().kept.len(), MOST);
    }
}
