//! What was read of a live database. Most tenants have one of a few schemas, so what catalogs say is made into a schema once,
//! and tenants whose catalogs say the same share it.

use crate::schema::Schema;
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How many schemas an engine remembers: a fleet is on a few at a time.
const MOST: usize = 64;

/// A schema that was read from a live database, with its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The schema.
    pub schema: Arc<Schema>,
    /// What [`Schema::fingerprint`] gives.
    pub fingerprint: Arc<str>,
}

impl From<Schema> for Inspected {
    fn from(schema: Schema) -> Self {
        let fingerprint = schema.fingerprint().into();
        Self { schema: Arc::new(schema), fingerprint }
    }
}

/// A digest of all that catalogs say of one database, in the order in which they say it. Two that are the same are of the same
/// schema, where the same engine asks the same questions.
#[derive(Debug, Default)]
pub(super) struct Said(Sha256);

impl Said {
    /// Adds a value; its length stands before it, so no two rows run together.
    pub(super) fn value(&mut self, value: Option<&[u8]>) {
        let length = value.map_or(u64::MAX, |value| u64::try_from(value.len()).unwrap_or(u64::MAX));
        self.0.update(length.to_be_bytes());
        self.0.update(value.unwrap_or_default());
    }

    /// Adds how many rows there are, or another number that the schema depends on.
    pub(super) fn number(&mut self, number: usize) {
        self.0.update(u64::try_from(number).unwrap_or(u64::MAX).to_be_bytes());
    }

    pub(super) fn end(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// Schemas by what catalogs said of a database that has them.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<BTreeMap<[u8; 32], Inspected>>>);

impl Known {
    /// The schema that catalogs have told of in the same words before, or the one that is made of them now.
    pub(super) fn or_read<E>(
        &self,
        said: [u8; 32],
        read: impl FnOnce() -> Result<Schema, E>,
    ) -> Result<Inspected, E> {
        if let Some(known) = self.get(&said) {
            return Ok(known);
        }
        let inspected = Inspected::from(read()?);
        self.keep(said, &inspected);
        Ok(inspected)
    }

    pub(super) fn get(&self, said: &[u8; 32]) -> Option<Inspected> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(said).cloned()
    }

    pub(super) fn keep(&self, said: [u8; 32], inspected: &Inspected) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            // Any of them: which it is depends on the digests, so on nothing.
            known.pop_first();
        }
        known.insert(said, inspected.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn said(values: &[Option<&str>]) -> [u8; 32] {
        let mut said = Said::default();
        for value in values {
            said.value(value.map(str::as_bytes));
        }
        said.end()
    }

    #[test]
    fn what_is_said_in_other_words_is_something_else() {
        let all = [&[Some("ab")][..], &[Some("a"), Some("b")], &[Some("ab"), None], &[Some("ab"), Some("")]];
        for (place, one) in all.iter().enumerate() {
            for (other, another) in all.iter().enumerate() {
                assert_eq!(said(one) == said(another), place == other);
            }
        }
    }

    #[test]
    fn the_same_words_are_read_once_and_memory_has_an_end() {
        let known = Known::default();
        let mut reads = 0;
        for _ in 0..3 {
            let read = || {
                reads += 1;
                Ok::<_, Infallible>(Schema::default())
            };
            known.or_read(said(&[Some("a")]), read).unwrap();
        }
        assert_eq!(reads, 1);
        for number in 0..500 {
            known
                .or_read(said(&[Some(&number.to_string())]), || Ok::<_, Infallible>(Schema::default()))
                .unwrap();
        }
        assert_eq!(known.0.lock().unwrap().len(), MOST);
    }
}
