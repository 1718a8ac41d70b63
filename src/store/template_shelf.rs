//! Template versions that were read, kept by this process. Their rows hold whole schemas and files, and reading past those
//! takes longer than anything else on most pages. What a version is made of never changes; whether it may be used does, and
//! that is told by a number that every such change counts up.

use super::{
    db::{Connection, Result},
    settings,
    templates::{Module, TemplateVersion},
};
use crate::schema::Schema;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The setting with the number of changes to the template versions.
const REVISION: &str = "templates_revision";

/// How many versions' modules and schemas are kept at most: a schema takes some 100 KB.
const MOST: usize = 64;

/// What this process keeps.
#[derive(Debug, Default)]
pub struct Shelf(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    versions: Option<(String, Arc<Vec<TemplateVersion>>)>,
    modules: BTreeMap<i64, Arc<Vec<Module>>>,
    schemas: BTreeMap<i64, Arc<Schema>>,
}

impl Shelf {
    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// All versions, as they were at a revision.
    pub fn versions(&self, revision: &str) -> Option<Arc<Vec<TemplateVersion>>> {
        self.with(|kept| {
            let (of, versions) = kept.versions.as_ref()?;
            (of == revision).then(|| Arc::clone(versions))
        })
    }

    /// Keeps all versions; `revision` was read before them.
    pub fn keep_versions(&self, revision: String, versions: Arc<Vec<TemplateVersion>>) {
        self.with(|kept| kept.versions = Some((revision, versions)));
    }

    /// The modules of a version.
    pub fn modules(&self, id: i64) -> Option<Arc<Vec<Module>>> {
        self.with(|kept| kept.modules.get(&id).cloned())
    }

    /// Keeps the modules of a version.
    pub fn keep_modules(&self, id: i64, modules: Arc<Vec<Module>>) {
        self.with(|kept| keep(&mut kept.modules, id, modules));
    }

    /// The schema of a version.
    pub fn schema(&self, id: i64) -> Option<Arc<Schema>> {
        self.with(|kept| kept.schemas.get(&id).cloned())
    }

    /// Keeps the schema of a version.
    pub fn keep_schema(&self, id: i64, schema: Arc<Schema>) {
        self.with(|kept| keep(&mut kept.schemas, id, schema));
    }
}

fn keep<T>(shelf: &mut BTreeMap<i64, T>, id: i64, value: T) {
    if shelf.len() >= MOST {
        shelf.clear();
    }
    shelf.insert(id, value);
}

/// The number of changes to the template versions so far, as a text.
pub async fn revision(connection: &mut Connection) -> Result<String> {
    Ok(settings::find(connection, REVISION).await?.unwrap_or_default())
}

/// Counts a change of the template versions, in the transaction that makes it.
pub async fn count_change(connection: &mut Connection) -> Result<()> {
    let number = revision(connection).await?.parse::<i64>().unwrap_or_default();
    settings::set(connection, REVISION, &(number + 1).to_string()).await
}
