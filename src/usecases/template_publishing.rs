//! From a draft to a version that never changes: checking it, publishing it, and later retiring it and bringing it back.

use super::{
    actor::Actor,
    permissions::Permission,
    template_drafts::{digest, gone, show, texts},
    templates::{find, frozen, new_version, prove_one, read_all},
};
use crate::{
    app::App,
    clock::timestamp,
    error::{Error, Result},
    store::{self, template_drafts::Check},
    templates::{Memory, Report, TemplateFiles, prove::Proof},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The longest note, in letters.
const LONGEST_NOTE: usize = 2_000;

/// What came of trying a draft's files out.
struct Trial {
    report: Report,
    /// The template and its proof, where nothing is wrong.
    proven: Option<(TemplateFiles, Proof)>,
}

/// Tries files out on scratch databases. Changes nothing.
async fn try_out(
    app: &App,
    actor: &Actor,
    template_type: &str,
    files: &BTreeMap<String, String>,
) -> Result<Trial> {
    let broken = |report: Report| Trial { report, proven: None };
    if files.is_empty() {
        let mut report = Report::default();
        report.problem(format!("{template_type}/template.toml"), None, "is missing; the draft has no files");
        return Ok(broken(report));
    }
    let (_, readings) = read_all(app, Memory::of_texts(files.clone())).await?;
    let Some(reading) = readings.into_iter().find(|reading| reading.folder == template_type) else {
        return Err(Error::internal(&"a draft's files lie in another template's folder"));
    };
    let Some(template) = reading.template else { return Ok(broken(reading.report)) };
    let there = store::templates::of_type(&mut *app.store.read().await?, template_type).await?;
    if there.iter().any(|known| known.version == template.version.to_string()) {
        let manifest = files.get(&format!("{template_type}/template.toml")).map(String::as_str);
        return Ok(broken(frozen(&template, manifest)));
    }
    let proof = prove_one(app, actor, &template).await?;
    let mut report = proof.report.clone();
    report.append(reading.report);
    report.sort();
    let proven = report.is_clean().then_some((template, proof));
    Ok(Trial { report, proven })
}

/// Checks a draft on scratch databases, and keeps what was found with a hash of exactly the files that were checked.
pub async fn check(app: &App, actor: &Actor, id: Uuid) -> Result<Report> {
    actor.must(Permission::EditTemplates)?;
    let shown = show(app, actor, id).await?;
    let trial = try_out(app, actor, &shown.draft.template_type, &shown.texts()).await?;
    let check = Check { digest: shown.digest, at_ms: app.now_ms(), report: trial.report.clone() };
    let mut write = app.store.write().await?;
    store::template_drafts::set_checked(&mut write, id, &check).await?;
    write.commit().await?;
    Ok(trial.report)
}

/// Publishes a draft: its files become a version that never changes, and the draft is gone. Refused unless the last check
/// of exactly these files (`seen` is the hash of those that the person looked at) found nothing wrong.
pub async fn publish(app: &App, actor: &Actor, id: Uuid, seen: &str, note: &str) -> Result<(String, String)> {
    actor.must(Permission::PublishTemplates)?;
    let shown = show(app, actor, id).await?;
    let was_checked = |check: Option<&Check>, digest: &str| {
        check.is_some_and(|check| check.digest == digest && check.report.is_clean())
    };
    if !was_checked(shown.draft.check.as_ref(), &shown.digest) {
        return Err(Error::conflict(
            "Only a draft that was checked as it is, without problems, can be published. Check it, then publish it.",
        ));
    }
    if shown.digest != seen {
        return Err(Error::conflict(format!(
            "{} changed the draft since you looked at it. Look at what is different, then publish it.",
            shown.draft.changed_by
        )));
    }
    let note = note.trim().replace("\r\n", "\n");
    let letters = note.chars().count();
    if letters == 0 || letters > LONGEST_NOTE {
        let text = if letters == 0 {
            "Say in a sentence what is new.".to_owned()
        } else {
            format!("The note has {letters} letters. Use at most {LONGEST_NOTE}.")
        };
        return Err(Error::invalid(BTreeMap::from([("note", text)])));
    }
    let files = shown.texts();
    // Proven once more: the check may be old, and what a version stores comes from the proof.
    let trial = try_out(app, actor, &shown.draft.template_type, &files).await?;
    let Some((template, proof)) = trial.proven else {
        return Err(Error::conflict(
            "The draft does not work any more. Check it again, and look at what is found.",
        ));
    };
    let by = actor.doer();
    let new = new_version(&template, &proof, &files, &by.name, Some(note))?;
    let now = app.now_ms();
    let mut write = app.store.write().await?;
    let draft = store::template_drafts::by_id(&mut write, id).await?.ok_or_else(gone)?;
    let current = digest(&texts(&store::template_drafts::files(&mut write, id).await?));
    if current != shown.digest || !was_checked(draft.check.as_ref(), &current) {
        return Err(Error::conflict(format!(
            "{} changed the draft at the same moment. Look at what is different, then publish it.",
            draft.changed_by
        )));
    }
    if let Err(cause) = store::templates::add(&mut write, &new, &timestamp(now)).await {
        return Err(if cause.is_duplicate() {
            Error::conflict(format!(
                "Version {} was published by somebody else a moment ago. Give the draft a higher version.",
                new.version
            ))
        } else {
            cause.into()
        });
    }
    store::template_drafts::remove(&mut write, id).await?;
    let sentence = format!("Published the template {} {}.", new.name, new.version);
    store::events::record(&mut write, None, now, &by, "template_published", &sentence).await?;
    write.commit().await?;
    Ok((new.template_type, new.version))
}

/// Retires a version: no new tenant can be made from it, those that are there stay on it. Twice is as once.
pub async fn retire(app: &App, actor: &Actor, template_type: &str, version: &str) -> Result<()> {
    actor.must(Permission::PublishTemplates)?;
    let found = find(app, template_type, version).await?;
    let (now, by) = (app.now_ms(), actor.doer());
    let mut write = app.store.write().await?;
    if store::templates::retire(&mut write, found.id, now, &by.name).await? {
        let sentence = format!("Retired the template {} {version}.", found.name);
        store::events::record(&mut write, None, now, &by, "template_retired", &sentence).await?;
    }
    Ok(write.commit().await?)
}

/// Brings a retired version back: new tenants can be made from it again.
pub async fn bring_back(app: &App, actor: &Actor, template_type: &str, version: &str) -> Result<()> {
    actor.must(Permission::PublishTemplates)?;
    let found = find(app, template_type, version).await?;
    let (now, by) = (app.now_ms(), actor.doer());
    let mut write = app.store.write().await?;
    if store::templates::bring_back(&mut write, found.id).await? {
        let sentence = format!("Brought the template {} {version} back.", found.name);
        store::events::record(&mut write, None, now, &by, "template_brought_back", &sentence).await?;
    }
    Ok(write.commit().await?)
}
