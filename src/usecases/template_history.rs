//! What changed from one version of a template to the next, in sentences.

use super::{actor::Actor, permissions::Permission, templates::Detail};
use crate::{
    app::App,
    error::Result,
    store::{
        self,
        templates::{Migration, Module, TemplateVersion},
    },
    templates::changes,
};

/// What is new in a version.
#[derive(Debug, Clone)]
pub struct News {
    /// The version before it, by number.
    pub since: TemplateVersion,
    /// A sentence for each change.
    pub sentences: Vec<String>,
}

/// What is new in a version since an earlier one: since that of the number `since`, else since the one before it; nothing for
/// the first.
pub async fn news(app: &App, actor: &Actor, detail: &Detail, since: Option<&str>) -> Result<Option<News>> {
    actor.must(Permission::SeeTemplates)?;
    let number = detail.version.number();
    let earlier = || detail.versions.iter().filter(|version| version.number() < number);
    let asked = since.and_then(|since| earlier().find(|version| version.version == since));
    let Some(since) = asked.or_else(|| earlier().max_by_key(|version| version.number())).cloned() else {
        return Ok(None);
    };
    let mut read = app.store.read().await?;
    let schema = store::templates::snapshot(&mut read, since.id).await?.unwrap_or_default();
    let modules = store::templates::modules(&mut read, since.id).await?;
    let migrations = store::templates::migrations(&mut read, since.id).await?;
    let files = store::templates::source(&mut read, since.id).await?.unwrap_or_default();
    let now = store::templates::source(&mut read, detail.version.id).await?.unwrap_or_default();
    let mut sentences = changes::sentences(&schema, &detail.schema);
    sentences.extend(of_modules(&modules, &detail.modules));
    sentences.extend(of_migrations(&migrations, &detail.migrations));
    let rows = |path: &&String| path.rsplit('/').next().is_some_and(|name| name.contains("seed."));
    let seeds = |files: &std::collections::BTreeMap<String, String>| -> Vec<(String, String)> {
        files.iter().filter(|(path, _)| rows(path)).map(|(path, text)| (path.clone(), text.clone())).collect()
    };
    if seeds(&files) != seeds(&now) {
        sentences.push("Changes the rows that a new tenant begins with.".into());
    }
    if sentences.is_empty() {
        sentences.push("Changes words only: nothing that a database holds.".into());
    }
    Ok(Some(News { since, sentences }))
}

fn of_modules(before: &[Module], after: &[Module]) -> Vec<String> {
    let find = |list: &'_ [Module], name: &str| list.iter().find(|module| module.name == name).cloned();
    let mut sentences = Vec::new();
    for module in after {
        let kind = if module.is_core { "module" } else { "extra" };
        match find(before, &module.name) {
            None => sentences.push(format!("Adds the {kind} {}.", module.title)),
            Some(old) if old.is_core != module.is_core => sentences.push(if module.is_core {
                format!("Includes {} in every tenant.", module.title)
            } else {
                format!("Makes {} an extra that can be left out.", module.title)
            }),
            Some(old) if old.dependencies != module.dependencies => {
                sentences.push(format!("Changes what {} needs.", module.title));
            }
            Some(_) => {}
        }
    }
    for module in before.iter().filter(|module| find(after, &module.name).is_none()) {
        sentences.push(format!("Takes {} out.", module.title));
    }
    sentences
}

fn of_migrations(before: &[Migration], after: &[Migration]) -> Vec<String> {
    let mut sentences = Vec::new();
    for migration in after {
        match before.iter().find(|known| known.name == migration.name) {
            None => sentences.push(format!("Adds the migration {}.", migration.name)),
            Some(old) if (&old.up, &old.down) != (&migration.up, &migration.down) => {
                sentences.push(format!("Rewrites the migration {}.", migration.name));
            }
            Some(_) => {}
        }
    }
    for migration in before.iter().filter(|old| !after.iter().any(|known| known.name == old.name)) {
        sentences.push(format!("Takes the migration {} out.", migration.name));
    }
    sentences
}
