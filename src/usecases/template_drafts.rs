//! Drafts of new template versions: begun from a published one, edited file by file by several people at once, thrown away.
//! Checking and publishing them is in [`super::template_publishing`].

use super::{
    actor::Actor,
    permissions::Permission,
    templates::{find, no_such_version},
};
use crate::{
    app::App,
    digest::sha256_hex,
    error::{Error, Result},
    store::{
        self,
        template_drafts::{Change, Draft, DraftFile},
        templates::TemplateVersion,
    },
    templates::{
        Report,
        comparison::{self, FileDifference},
        file_path,
        manifest::{Manifest, read_manifest},
        manifest_edit::{self, Details, EditError, ModuleDetails},
        shelf::LARGEST_FILE,
    },
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Files of a draft at most.
const MOST_FILES: usize = 500;
/// All texts of a draft together, in bytes.
const LARGEST_DRAFT: usize = 16 << 20;
/// `modules/020_shop.sql` lies in one folder; one more for notes beside them.
const DEEPEST: usize = 2;
/// The manifest of every template.
const MANIFEST: &str = "template.toml";

/// Which part of the number a draft raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A repair: `1.2.3` becomes `1.2.4`.
    Patch,
    /// An addition: `1.2.3` becomes `1.3.0`.
    Minor,
    /// Something is changed or taken away that was relied on: `1.2.3` becomes `2.0.0`.
    Major,
}

impl Step {
    /// All of them, the smallest first.
    pub const ALL: [Step; 3] = [Step::Patch, Step::Minor, Step::Major];

    /// The next number after one, as small as it can be above those that are taken.
    pub fn after(self, number: &semver::Version, taken: &[semver::Version]) -> semver::Version {
        let mut next = semver::Version::new(number.major, number.minor, number.patch);
        loop {
            match self {
                Step::Patch => next.patch += 1,
                Step::Minor => next = semver::Version::new(next.major, next.minor + 1, 0),
                Step::Major => next = semver::Version::new(next.major + 1, 0, 0),
            }
            if !taken.contains(&next) {
                return next;
            }
        }
    }
}

/// How the last check of a draft went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftState {
    /// It was never checked.
    Unchecked,
    /// It changed since; this was found then.
    Changed(Report),
    /// It has problems.
    Problems(Report),
    /// Exactly these files were checked, and work.
    Clean(Report),
}

impl DraftState {
    /// What the last check found, whether it still holds or not.
    pub fn report(&self) -> Option<&Report> {
        match self {
            DraftState::Unchecked => None,
            DraftState::Changed(report) | DraftState::Problems(report) | DraftState::Clean(report) => {
                Some(report)
            }
        }
    }
}

/// A draft in full.
#[derive(Debug, Clone)]
pub struct DraftDetail {
    /// The draft.
    pub draft: Draft,
    /// The version that it came from.
    pub base: TemplateVersion,
    /// Its files, by the path that they are stored under.
    pub files: BTreeMap<String, DraftFile>,
    /// What its manifest says, where it can be read.
    pub manifest: Option<Manifest>,
    /// How the last check went.
    pub state: DraftState,
    /// Hash of all files as they are.
    pub digest: String,
}

impl DraftDetail {
    /// The texts of its files, by path.
    pub fn texts(&self) -> BTreeMap<String, String> {
        texts(&self.files)
    }

    /// The path of its manifest.
    pub fn manifest_path(&self) -> String {
        file_path::stored(&self.draft.template_type, MANIFEST)
    }
}

/// A draft in a list.
#[derive(Debug, Clone)]
pub struct DraftSummary {
    /// The draft.
    pub draft: Draft,
    /// Its name for people, and its number, where its manifest can be read.
    pub title: Option<(String, String)>,
}

pub(super) fn texts(files: &BTreeMap<String, DraftFile>) -> BTreeMap<String, String> {
    files.iter().map(|(path, file)| (path.clone(), file.text.clone())).collect()
}

/// Hash of files, names included.
pub(super) fn digest(texts: &BTreeMap<String, String>) -> String {
    let lengths: Vec<(&String, usize, &String)> =
        texts.iter().map(|(path, text)| (path, text.len(), text)).collect();
    // Strings and numbers always become JSON.
    sha256_hex(serde_json::to_string(&lengths).unwrap_or_default())
}

fn manifest_of(text: Option<&DraftFile>) -> Option<Manifest> {
    let mut report = Report::default();
    let manifest = read_manifest(MANIFEST, &text?.text, &mut report)?;
    report.is_clean().then_some(manifest)
}

pub(super) fn gone() -> Error {
    Error::not_found(
        "There is no such draft. It was published or thrown away. Look at the list of templates.",
    )
}

fn doer(actor: &Actor) -> String {
    actor.doer().name
}

/// Drafts of all templates.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<DraftSummary>> {
    actor.must(Permission::SeeTemplates)?;
    let mut read = app.store.read().await?;
    let mut summaries = Vec::new();
    for draft in store::template_drafts::list(&mut read).await? {
        let path = file_path::stored(&draft.template_type, MANIFEST);
        let file = store::template_drafts::file_at(&mut read, draft.id, &path).await?;
        let title = manifest_of(file.as_ref()).map(|found| (found.name, found.version.to_string()));
        summaries.push(DraftSummary { draft, title });
    }
    Ok(summaries)
}

/// A draft in full.
pub async fn show(app: &App, actor: &Actor, id: Uuid) -> Result<DraftDetail> {
    actor.must(Permission::SeeTemplates)?;
    let mut read = app.store.read().await?;
    let draft = store::template_drafts::by_id(&mut read, id).await?.ok_or_else(gone)?;
    let files = store::template_drafts::files(&mut read, id).await?;
    let base = store::templates::by_id(&mut read, draft.base_id).await?.ok_or_else(no_such_version)?;
    let digest = digest(&texts(&files));
    let state = match &draft.check {
        None => DraftState::Unchecked,
        Some(check) if check.digest != digest => DraftState::Changed(check.report.clone()),
        Some(check) if check.report.is_clean() => DraftState::Clean(check.report.clone()),
        Some(check) => DraftState::Problems(check.report.clone()),
    };
    let manifest = manifest_of(files.get(&file_path::stored(&draft.template_type, MANIFEST)));
    Ok(DraftDetail { draft, base, files, manifest, state, digest })
}

/// The numbers that a draft of a version may get, one for each step.
pub async fn next_numbers(
    app: &App,
    actor: &Actor,
    template_type: &str,
    version: &str,
) -> Result<Vec<(Step, semver::Version)>> {
    actor.must(Permission::EditTemplates)?;
    let base = find(app, template_type, version).await?;
    let there = store::templates::of_type(&mut *app.store.read().await?, template_type).await?;
    let taken: Vec<semver::Version> = there.iter().filter_map(TemplateVersion::number).collect();
    let number = base.number().unwrap_or_else(|| semver::Version::new(0, 0, 0));
    Ok(Step::ALL.into_iter().map(|step| (step, step.after(&number, &taken))).collect())
}

/// Begins a draft: a copy of a version's files with the next number. Asked for twice (a double click), it is the same draft.
pub async fn begin(app: &App, actor: &Actor, template_type: &str, version: &str, step: Step) -> Result<Uuid> {
    let numbers = next_numbers(app, actor, template_type, version).await?;
    let number = numbers.into_iter().find(|(known, _)| *known == step).map(|(_, number)| number.to_string());
    let number = number.ok_or_else(|| Error::internal(&"a step without a number"))?;
    let base = find(app, template_type, version).await?;
    let by = doer(actor);
    let mut write = app.store.write().await?;
    let mut files = store::templates::source(&mut write, base.id).await?.ok_or_else(no_such_version)?;
    if let Some(manifest) = files.get_mut(&file_path::stored(template_type, MANIFEST)) {
        *manifest = manifest_edit::with_version(&manifest.replace("\r\n", "\n"), &number)
            .map_err(|cause| Error::internal(&cause))?;
    }
    for draft in store::template_drafts::list(&mut write).await? {
        if draft.base_id == base.id && draft.edition == 1 && draft.created_by == by {
            let there = texts(&store::template_drafts::files(&mut write, draft.id).await?);
            if there == files {
                return Ok(draft.id);
            }
        }
    }
    let id = app.new_id();
    let change = Change { at_ms: app.now_ms(), by: &by };
    store::template_drafts::add(&mut write, id, template_type, base.id, &files, change).await?;
    let sentence = format!("Began a draft of {} {number} from {version}.", base.name);
    store::events::record(&mut write, None, change.at_ms, &actor.doer(), "template_draft_begun", &sentence)
        .await?;
    write.commit().await?;
    Ok(id)
}

/// What came of saving something that others may have changed meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// It is kept.
    Kept,
    /// Somebody else changed it since it was opened: nothing was saved. Theirs, or nothing where they took the file away.
    Clash(Option<DraftFile>),
}

/// A path that a person typed, as it is stored; the error is for the field.
fn typed_path(template_type: &str, typed: &str) -> std::result::Result<String, String> {
    let path = typed.trim();
    file_path::check(path, DEEPEST).map_err(|reason| format!("The name {reason}."))?;
    if path.split('/').any(|part| part.starts_with('.')) {
        return Err("The name begins with a dot; such files are never read.".into());
    }
    let stored = file_path::stored(template_type, path);
    file_path::check(&stored, DEEPEST + 2).map_err(|reason| format!("The name {reason}."))?;
    Ok(stored)
}

fn field(name: &'static str, text: impl Into<String>) -> Error {
    Error::invalid(BTreeMap::from([(name, text.into())]))
}

fn checked_text(text: &str) -> Result<String> {
    let text = text.replace("\r\n", "\n");
    if text.len() > LARGEST_FILE {
        return Err(field("text", "The file is larger than 1 MiB. Take something out of it."));
    }
    if text.contains('\0') {
        return Err(field("text", "The text has a NUL sign in it. Take it out."));
    }
    Ok(text)
}

/// Refuses what would make a draft too large.
fn check_size(files: &BTreeMap<String, DraftFile>, path: &str, text: &str) -> Result<()> {
    if files.len() >= MOST_FILES && !files.contains_key(path) {
        return Err(field("path", format!("A draft has at most {MOST_FILES} files.")));
    }
    let others: usize =
        files.iter().filter(|(known, _)| *known != path).map(|(_, file)| file.text.len()).sum();
    if others + text.len() > LARGEST_DRAFT {
        return Err(field("text", "All files together are larger than 16 MiB. Take something out."));
    }
    Ok(())
}

/// Saves a file. `edition` is the one that it was opened with, 0 for a file that somebody took away meanwhile; where that is
/// not what is there any more, nothing is saved. A text whose SQL is wrong is kept like any other.
pub async fn save(app: &App, actor: &Actor, id: Uuid, path: &str, text: &str, edition: i64) -> Result<Saved> {
    actor.must(Permission::EditTemplates)?;
    let text = checked_text(text)?;
    let mut write = app.store.write().await?;
    let draft = store::template_drafts::by_id(&mut write, id).await?.ok_or_else(gone)?;
    let stored = typed_path(&draft.template_type, path).map_err(|reason| field("path", reason))?;
    let files = store::template_drafts::files(&mut write, id).await?;
    let there = files.get(&stored);
    if there.map_or(0, |file| file.edition) != edition {
        // The same text twice is a double click, not a clash.
        return Ok(match there {
            Some(file) if file.text == text => Saved::Kept,
            there => Saved::Clash(there.cloned()),
        });
    }
    check_size(&files, &stored, &text)?;
    if there.is_none_or(|file| file.text != text) {
        let by = doer(actor);
        let change = Change { at_ms: app.now_ms(), by: &by };
        store::template_drafts::put_file(&mut write, id, &stored, &text, change).await?;
    }
    write.commit().await?;
    Ok(Saved::Kept)
}

/// Adds an empty file; gives its path as people write it.
pub async fn add_file(app: &App, actor: &Actor, id: Uuid, typed: &str) -> Result<String> {
    actor.must(Permission::EditTemplates)?;
    let mut write = app.store.write().await?;
    let draft = store::template_drafts::by_id(&mut write, id).await?.ok_or_else(gone)?;
    let stored = typed_path(&draft.template_type, typed).map_err(|reason| field("path", reason))?;
    let files = store::template_drafts::files(&mut write, id).await?;
    free(&files, &stored, None).map_err(|reason| field("path", reason))?;
    check_size(&files, &stored, "")?;
    let by = doer(actor);
    let text = if stored.starts_with("migrations/") { "-- UP\n\n-- DOWN\n" } else { "" };
    store::template_drafts::put_file(&mut write, id, &stored, text, Change { at_ms: app.now_ms(), by: &by })
        .await?;
    write.commit().await?;
    Ok(file_path::shown(&draft.template_type, &stored))
}

/// Whether a path can be taken: no other file has it, in large or small letters.
fn free(
    files: &BTreeMap<String, DraftFile>,
    path: &str,
    except: Option<&str>,
) -> std::result::Result<(), String> {
    let folded = path.to_lowercase();
    match files.keys().find(|known| Some(known.as_str()) != except && known.to_lowercase() == folded) {
        Some(_) => Err("There is a file of this name already.".into()),
        None => Ok(()),
    }
}

/// Gives a file another name; gives that as people write it.
pub async fn rename_file(
    app: &App,
    actor: &Actor,
    id: Uuid,
    from: &str,
    to: &str,
    edition: i64,
) -> Result<String> {
    actor.must(Permission::EditTemplates)?;
    let mut write = app.store.write().await?;
    let draft = store::template_drafts::by_id(&mut write, id).await?.ok_or_else(gone)?;
    let stored = typed_path(&draft.template_type, to).map_err(|reason| field("to", reason))?;
    let before = file_path::stored(&draft.template_type, from);
    let files = store::template_drafts::files(&mut write, id).await?;
    let file = unchanged(&files, &before, edition)?;
    free(&files, &stored, Some(&before)).map_err(|reason| field("to", reason))?;
    if stored != before {
        let by = doer(actor);
        let change = Change { at_ms: app.now_ms(), by: &by };
        store::template_drafts::remove_file(&mut write, id, &before, change).await?;
        store::template_drafts::put_file(&mut write, id, &stored, &file.text, change).await?;
    }
    write.commit().await?;
    Ok(file_path::shown(&draft.template_type, &stored))
}

/// A file as it was when the person looked at it.
fn unchanged<'a>(files: &'a BTreeMap<String, DraftFile>, path: &str, edition: i64) -> Result<&'a DraftFile> {
    match files.get(path) {
        None => Err(field("path", "There is no such file in this draft any more.")),
        Some(file) if file.edition != edition => Err(Error::conflict(format!(
            "{} changed this file since you opened it. Look at it again before you rename it or take it away.",
            file.changed_by
        ))),
        Some(file) => Ok(file),
    }
}

/// Takes a file out of a draft.
pub async fn remove_file(app: &App, actor: &Actor, id: Uuid, path: &str, edition: i64) -> Result<()> {
    actor.must(Permission::EditTemplates)?;
    let mut write = app.store.write().await?;
    let draft = store::template_drafts::by_id(&mut write, id).await?.ok_or_else(gone)?;
    let stored = file_path::stored(&draft.template_type, path);
    let files = store::template_drafts::files(&mut write, id).await?;
    unchanged(&files, &stored, edition)?;
    let by = doer(actor);
    store::template_drafts::remove_file(&mut write, id, &stored, Change { at_ms: app.now_ms(), by: &by })
        .await?;
    Ok(write.commit().await?)
}

fn unreadable(cause: EditError) -> Error {
    let text = cause.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    Error::conflict(format!("{first}{}.", letters.as_str()))
}

/// Saves the description of a template and its modules. `edition` is that of the manifest when it was opened.
pub async fn save_details(
    app: &App,
    actor: &Actor,
    id: Uuid,
    details: &Details,
    edition: i64,
) -> Result<Saved> {
    let shown = show(app, actor, id).await?;
    let file = shown.files.get(&shown.manifest_path()).ok_or_else(|| unreadable(EditError::Unreadable))?;
    let text = manifest_edit::with_details(&file.text, details).map_err(unreadable)?;
    check_manifest(&text)?;
    save(app, actor, id, MANIFEST, &text, edition).await
}

/// What is wrong with a form is told at the form; what it does not know of is left for the check.
fn check_manifest(text: &str) -> Result<()> {
    let mut report = Report::default();
    read_manifest(MANIFEST, text, &mut report);
    match report.problems.first() {
        None => Ok(()),
        Some(problem) => {
            Err(field("details", format!("In line {}: {}.", problem.line.unwrap_or(1), problem.reason)))
        }
    }
}

/// Adds a module: an entry in the manifest, and an empty file; gives the file's path as people write it.
pub async fn add_module(app: &App, actor: &Actor, id: Uuid, module: &ModuleDetails) -> Result<String> {
    actor.must(Permission::EditTemplates)?;
    let mut write = app.store.write().await?;
    let draft = store::template_drafts::by_id(&mut write, id).await?.ok_or_else(gone)?;
    let files = store::template_drafts::files(&mut write, id).await?;
    let path = file_path::stored(&draft.template_type, MANIFEST);
    let manifest = files.get(&path).ok_or_else(|| unreadable(EditError::Unreadable))?;
    let (text, file) = match manifest_edit::with_module(&manifest.text, module) {
        Ok(done) => done,
        Err(EditError::Unreadable) => return Err(unreadable(EditError::Unreadable)),
        Err(cause) => return Err(field("module", format!("Choose another name: {cause}."))),
    };
    check_manifest(&text).map_err(|error| field("module", error.message))?;
    let stored = file_path::stored(&draft.template_type, &format!("modules/{file}"));
    let by = doer(actor);
    let change = Change { at_ms: app.now_ms(), by: &by };
    store::template_drafts::put_file(&mut write, id, &path, &text, change).await?;
    if !files.contains_key(&stored) {
        store::template_drafts::put_file(&mut write, id, &stored, "", change).await?;
    }
    write.commit().await?;
    Ok(file_path::shown(&draft.template_type, &stored))
}

/// Takes a module out: its entry in the manifest, and its files.
pub async fn remove_module(app: &App, actor: &Actor, id: Uuid, name: &str) -> Result<()> {
    actor.must(Permission::EditTemplates)?;
    let mut write = app.store.write().await?;
    let draft = store::template_drafts::by_id(&mut write, id).await?.ok_or_else(gone)?;
    let files = store::template_drafts::files(&mut write, id).await?;
    let path = file_path::stored(&draft.template_type, MANIFEST);
    let manifest = files.get(&path).ok_or_else(|| unreadable(EditError::Unreadable))?;
    let (text, file) = manifest_edit::without_module(&manifest.text, name).map_err(unreadable)?;
    let Some(file) = file else {
        return Err(field("module", "There is no such module in this draft any more."));
    };
    let by = doer(actor);
    let change = Change { at_ms: app.now_ms(), by: &by };
    store::template_drafts::put_file(&mut write, id, &path, &text, change).await?;
    // With what replaces it on single engines, and its rows: `011_events.sql`, `011_events.seed.sqlite.sql`.
    let stem = file.strip_suffix("sql").unwrap_or(&file);
    let prefix = file_path::stored(&draft.template_type, &format!("modules/{stem}"));
    for path in files.keys().filter(|path| path.starts_with(&prefix)) {
        store::template_drafts::remove_file(&mut write, id, path, change).await?;
    }
    Ok(write.commit().await?)
}

/// How a draft differs from the version that it came from, file by file.
pub async fn differences(app: &App, actor: &Actor, id: Uuid) -> Result<(DraftDetail, Vec<FileDifference>)> {
    let shown = show(app, actor, id).await?;
    let before = store::templates::source(&mut *app.store.read().await?, shown.base.id).await?;
    let before = before.unwrap_or_default();
    let after = shown.texts();
    let found = app.blocking(move || comparison::compare(&before, &after)).await?;
    Ok((shown, found))
}

/// Throws a draft away.
pub async fn discard(app: &App, actor: &Actor, id: Uuid) -> Result<()> {
    let shown = show(app, actor, id).await?;
    actor.must(Permission::EditTemplates)?;
    let mut write = app.store.write().await?;
    if !store::template_drafts::remove(&mut write, id).await? {
        return Err(gone());
    }
    let number = shown.manifest.map_or_else(String::new, |manifest| format!(" {}", manifest.version));
    let sentence = format!("Threw the draft of {}{number} away.", shown.base.name);
    let now = app.now_ms();
    store::events::record(&mut write, None, now, &actor.doer(), "template_draft_discarded", &sentence)
        .await?;
    Ok(write.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_number_says_how_much_changes_and_is_never_one_that_is_taken() {
        let number = |text: &str| semver::Version::parse(text).unwrap();
        let next = |step: Step, taken: &[&str]| {
            let taken: Vec<_> = taken.iter().map(|text| number(text)).collect();
            step.after(&number("1.2.3"), &taken).to_string()
        };
        assert_eq!(Step::ALL.map(|step| next(step, &[])), ["1.2.4", "1.3.0", "2.0.0"]);
        assert_eq!(next(Step::Patch, &["1.2.4", "1.2.5"]), "1.2.6");
        assert_eq!(next(Step::Minor, &["1.3.0"]), "1.4.0");
        assert_eq!(next(Step::Major, &["2.0.0", "3.0.0"]), "4.0.0");
    }

    #[test]
    fn two_sets_of_files_never_have_one_hash_by_moving_text_between_them() {
        let files = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect()
        };
        let hashes = [
            files(&[("a", "bc")]),
            files(&[("ab", "c")]),
            files(&[("a", "b"), ("c", "")]),
            files(&[("a", ""), ("b", "c")]),
        ]
        .map(|files| digest(&files));
        for (index, hash) in hashes.iter().enumerate() {
            assert!(!hashes[index + 1..].contains(hash));
        }
    }
}
