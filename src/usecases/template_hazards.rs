//! What can go wrong with the migrations of a template version. It is told from the files each time, and not kept: so it is
//! told of versions that were published before a rule was there, too.

use super::{actor::Actor, permissions::Permission, templates::Detail};
use crate::{
    app::App,
    error::{Error, Result},
    store,
    templates::{
        self, Memory,
        hazards::{MigrationHazards, by_name, of_template},
    },
};
use std::collections::BTreeMap;

/// The hazards of each migration of a version, by its name. A migration that is breaking here is breaking, whatever was noted
/// when the version was published.
pub async fn of_version(
    app: &App,
    actor: &Actor,
    detail: &Detail,
) -> Result<BTreeMap<String, MigrationHazards>> {
    actor.must(Permission::SeeTemplates)?;
    if detail.migrations.is_empty() {
        return Ok(BTreeMap::new());
    }
    let texts = store::templates::source(&mut *app.store.read().await?, detail.version.id).await?;
    let texts = texts.ok_or_else(|| Error::internal(&"a version without files"))?;
    let folder = detail.version.template_type.clone();
    let read = move || templates::read(&Memory::of_texts(texts), &folder);
    let reading =
        app.blocking(move || read().map(|reading| reading.template.map(|files| of_template(&files))));
    let found = reading.await?.map_err(|cause| Error::internal(&cause))?;
    found.map(by_name).ok_or_else(|| Error::internal(&"a published version that cannot be read"))
}
