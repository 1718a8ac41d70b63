//! Checking, importing and showing templates.

use super::{actor::Actor, permissions::Permission, tenant_trouble::no_engine};
use crate::{
    app::App,
    clock::timestamp,
    engine::Engine,
    error::{Error, Result},
    schema::Schema,
    sql::migration,
    store::{
        self,
        templates::{Migration, Module, NewMigration, NewVersion, TemplateVersion},
    },
    templates::{
        Memory, ModuleKind, Reading, Report, Source, SourceError, TemplateFiles, archive, files,
        hazards::MigrationHazards,
        prove::{self, Proof},
        shelf::LARGEST_FILE,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

pub use super::templates_at_start::import_at_start;

/// What became of one template of an import.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is new.
    Imported,
    /// It is there already, unchanged.
    Unchanged,
    /// It was only checked, and may be imported.
    Proven,
    /// It was not imported; the report says why.
    Refused,
}

/// What came of checking or importing one template.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Imported {
    /// Its folder.
    pub template: String,
    /// Its version, where it could be read.
    pub version: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// What was found.
    pub report: Report,
    /// What can go wrong with its migrations, where it was proven.
    pub hazards: Vec<MigrationHazards>,
}

pub(super) fn unreadable(cause: &SourceError) -> Error {
    Error::unusable(format!("The templates cannot be read: {cause}."))
}

/// Copies a source into memory, and reads the templates of the copy.
pub(super) async fn read_all(
    app: &App,
    source: impl Source + Send + 'static,
) -> Result<(Memory, Vec<Reading>)> {
    let read = move || {
        let copy = Memory::copy(&source, LARGEST_FILE + 1)?;
        let readings = files::read_all(&copy)?;
        Ok((copy, readings))
    };
    app.blocking(read).await?.map_err(|cause| unreadable(&cause))
}

fn refused(reading: &Reading, mut report: Report) -> Imported {
    report.append(reading.report.clone());
    report.sort();
    let version = reading.template.as_ref().map(|template| template.version.to_string());
    Imported { template: reading.folder.clone(), version, fate: Fate::Refused, report, hazards: Vec::new() }
}

/// A template of ours takes a second; one with a hundred extras, each near the bound of a scratch database, would take hours.
const LONGEST_PROOF: Duration = Duration::from_mins(5);

/// Tries a template out on every engine that tenants can be placed on; the proof is that of the engine inside the program,
/// with what the others found wrong. A few at a time: each keeps a core busy. When the program starts, and does not know
/// yet whether servers answer, they are left out.
pub(super) async fn prove_one(app: &App, actor: &Actor, files: &TemplateFiles) -> Result<Proof> {
    let _turn = app.proving.acquire().await.map_err(|cause| Error::internal(&cause))?;
    let mut proof = prove_on(app.engines.own().as_ref(), files, "").await?;
    if *actor == Actor::Program || !proof.report.is_clean() {
        return Ok(proof);
    }
    let servers = app.engines.of_each_product().await.map_err(|cause| no_engine(&cause))?;
    for (name, engine) in servers {
        let found = prove_on(engine.as_ref(), files, &format!(" on the server {name}")).await?;
        for mut problem in found.report.problems {
            problem.reason = format!("on the server {name}: {}", problem.reason);
            proof.report.problems.push(problem);
        }
    }
    proof.report.sort();
    Ok(proof)
}

async fn prove_on(engine: &dyn Engine, files: &TemplateFiles, place: &str) -> Result<Proof> {
    let proof = tokio::time::timeout(LONGEST_PROOF, prove::prove(engine, files)).await;
    let proof = proof.map_err(|_| {
        Error::unusable(format!(
            "Trying {} out{place} took more than five minutes, and was stopped. Take out what makes so many rows.",
            files.template_type
        ))
    })?;
    proof.map_err(|cause| {
        let sentence = format!(
            "The templates could not be tried out{place}, because no scratch database could be used."
        );
        Error::unavailable(sentence, &cause)
    })
}

/// Checks templates: reads them, and proves on scratch databases that they work. Changes nothing.
pub async fn check(app: &App, actor: &Actor, source: impl Source + Send + 'static) -> Result<Vec<Imported>> {
    actor.must(Permission::ImportTemplates)?;
    let mut results = Vec::new();
    for reading in read_all(app, source).await?.1 {
        let Some(files) = &reading.template else {
            results.push(refused(&reading, Report::default()));
            continue;
        };
        let proof = prove_one(app, actor, files).await?;
        if proof.report.is_clean() {
            let hazards = proof.hazards;
            let mut report = proof.report;
            report.append(reading.report.clone());
            results.push(Imported {
                template: reading.folder.clone(),
                version: Some(files.version.to_string()),
                fate: Fate::Proven,
                report,
                hazards,
            });
        } else {
            results.push(refused(&reading, proof.report));
        }
    }
    Ok(results)
}

/// What a version that is there says of files that come with its number.
enum Known {
    /// There is none.
    New,
    /// It was made from the same files.
    Same,
    /// It was made from others.
    Frozen,
}

async fn known(connection: &mut store::Connection, files: &TemplateFiles) -> Result<Known> {
    let there = store::templates::of_type(connection, files.template_type.as_str()).await?;
    Ok(match there.iter().find(|known| known.version == files.version.to_string()) {
        None => Known::New,
        Some(known) if known.source_hash == files.source_hash => Known::Same,
        Some(_) => Known::Frozen,
    })
}

/// A published version never changes, whether a tenant uses it or not.
pub(super) fn frozen(files: &TemplateFiles, manifest: Option<&str>) -> Report {
    let mut next = files.version.clone();
    next.patch += 1;
    next.pre = semver::Prerelease::EMPTY;
    next.build = semver::BuildMetadata::EMPTY;
    let line =
        manifest.and_then(|text| text.lines().position(|line| line.trim_start().starts_with("version")));
    let mut report = Report::default();
    report.problem(
        format!("{}/template.toml", files.template_type),
        line.map(|index| index + 1),
        format!(
            "version {} is published, and a published version never changes; give the changed files a higher version, such as \"{next}\"",
            files.version
        ),
    );
    report
}

/// Imports templates: all of a source, or none where one is broken. What is there unchanged is not proven again.
pub async fn import(app: &App, actor: &Actor, source: impl Source + Send + 'static) -> Result<Vec<Imported>> {
    actor.must(Permission::ImportTemplates)?;
    let (copy, readings) = read_all(app, source).await?;
    import_readings(app, actor, &copy, &readings).await
}

pub(super) async fn import_readings(
    app: &App,
    actor: &Actor,
    copy: &Memory,
    readings: &[Reading],
) -> Result<Vec<Imported>> {
    let mut results = Vec::new();
    let mut ready = Vec::new();
    for reading in readings {
        let Some(files) = &reading.template else {
            results.push(refused(reading, Report::default()));
            continue;
        };
        let folder = files.template_type.to_string();
        let version = files.version.to_string();
        match known(&mut *app.store.read().await?, files).await? {
            Known::Same => {
                results.push(Imported {
                    template: folder,
                    version: Some(version),
                    fate: Fate::Unchanged,
                    report: reading.report.clone(),
                    hazards: Vec::new(),
                });
                continue;
            }
            Known::Frozen => {
                let texts = copy.texts(&folder);
                let manifest = texts.get(&format!("{folder}/template.toml")).map(String::as_str);
                results.push(refused(reading, frozen(files, manifest)));
                continue;
            }
            Known::New => {}
        }
        let proof = prove_one(app, actor, files).await?;
        if !proof.report.is_clean() {
            results.push(refused(reading, proof.report));
            continue;
        }
        ready.push(new_version(files, &proof, &copy.texts(&folder), &actor.doer().name, None)?);
        let mut report = proof.report;
        report.append(reading.report.clone());
        results.push(Imported {
            template: folder,
            version: Some(version),
            fate: Fate::Imported,
            report,
            hazards: proof.hazards,
        });
    }
    if results.iter().any(|result| result.fate == Fate::Refused) {
        // One broken template and nothing of the source is imported: the others were proven, and wait for its repair.
        for result in &mut results {
            if result.fate == Fate::Imported {
                result.fate = Fate::Proven;
            }
        }
        return Ok(results);
    }
    keep(app, actor, &ready).await?;
    Ok(results)
}

async fn keep(app: &App, actor: &Actor, ready: &[NewVersion]) -> Result<()> {
    if ready.is_empty() {
        return Ok(());
    }
    let now = app.now_ms();
    let mut write = app.store.write().await?;
    for new in ready {
        let there = store::templates::of_type(&mut write, &new.template_type).await?;
        if let Some(known) = there.iter().find(|known| known.version == new.version) {
            if known.source_hash == new.source_hash {
                continue;
            }
            return Err(Error::conflict(format!(
                "Somebody else published {} {} while these files were being checked. Give them a higher version.",
                new.template_type, new.version
            )));
        }
        store::templates::add(&mut write, new, &timestamp(now)).await?;
        let sentence = format!("Imported the template {} {}.", new.template_type, new.version);
        store::events::record(&mut write, None, now, &actor.doer(), "template_imported", &sentence).await?;
    }
    Ok(write.commit().await?)
}

/// Unpacks a zip; where it cannot be taken, the result says why with the names in it.
async fn unpack(app: &App, name: &str, bytes: Vec<u8>) -> Result<std::result::Result<Memory, Vec<Imported>>> {
    let called = name.to_owned();
    let unpacked = app.blocking(move || archive::open(&called, &bytes)).await?;
    Ok(unpacked.map_err(|report| {
        let (template, hazards) = (name.to_owned(), Vec::new());
        vec![Imported { template, version: None, fate: Fate::Refused, report, hazards }]
    }))
}

/// Imports the templates in a zip, as [`import`] does. `name` is what the report calls the zip.
pub async fn import_zip(app: &App, actor: &Actor, name: &str, bytes: Vec<u8>) -> Result<Vec<Imported>> {
    actor.must(Permission::ImportTemplates)?;
    match unpack(app, name, bytes).await? {
        Ok(memory) => import(app, actor, memory).await,
        Err(refused) => Ok(refused),
    }
}

/// Checks the templates in a zip, as [`check`] does.
pub async fn check_zip(app: &App, actor: &Actor, name: &str, bytes: Vec<u8>) -> Result<Vec<Imported>> {
    actor.must(Permission::ImportTemplates)?;
    match unpack(app, name, bytes).await? {
        Ok(memory) => check(app, actor, memory).await,
        Err(refused) => Ok(refused),
    }
}

/// The files of a version in a zip, and a name for it. Brought in again, it is unchanged.
pub async fn download(
    app: &App,
    actor: &Actor,
    template_type: &str,
    version: &str,
) -> Result<(String, Vec<u8>)> {
    actor.must(Permission::SeeTemplates)?;
    let found = find(app, template_type, version).await?;
    let files = store::templates::source(&mut *app.store.read().await?, found.id).await?;
    let files = files.ok_or_else(|| Error::internal(&"a version without files"))?;
    let packed = app.blocking(move || archive::pack(&files)).await?;
    let bytes = packed.map_err(|cause| Error::internal(&cause))?;
    Ok((format!("{template_type}-{version}.zip"), bytes))
}

/// A version by its type and number.
pub(super) async fn find(app: &App, template_type: &str, version: &str) -> Result<TemplateVersion> {
    let there = store::templates::of_type(&mut *app.store.read().await?, template_type).await?;
    there.into_iter().find(|known| known.version == version).ok_or_else(no_such_version)
}

pub(super) fn no_such_version() -> Error {
    Error::not_found("There is no such template version. Look for it in the list of templates.")
}

/// What is stored of a proven template.
pub(super) fn new_version(
    files: &TemplateFiles,
    proof: &Proof,
    texts: &BTreeMap<String, String>,
    published_by: &str,
    note: Option<String>,
) -> Result<NewVersion> {
    let json = |text: serde_json::Result<String>| text.map_err(|cause| Error::internal(&cause));
    let modules = files
        .modules
        .iter()
        .map(|module| Module {
            name: module.name.clone(),
            is_core: module.kind == ModuleKind::Core,
            dependencies: module.depends.clone(),
            title: module.title.clone(),
            description: module.description.clone(),
            schema_sql: module.schema_sql.base.text.clone(),
            seed_sql: module.seed_sql.as_ref().map(|seed| seed.base.text.clone()),
            tables: proof.module_tables.get(&module.name).cloned().unwrap_or_default(),
        })
        .collect();
    let seed = files.seed_sql.as_ref().map(|seed| seed.base.text.clone());
    Ok(NewVersion {
        template_type: files.template_type.to_string(),
        name: files.name.clone(),
        description: files.description.clone(),
        version: files.version.to_string(),
        schema_snapshot: json(serde_json::to_string(&proof.schema))?,
        seed_data: serde_json::json!({ "sql": seed }).to_string(),
        source_hash: files.source_hash.clone(),
        source: json(serde_json::to_string(texts))?,
        proof: serde_json::json!({ "engines": ["sqlite"], "choices": proof.choices, "round_trips": proof.round_trips }).to_string(),
        published_by: published_by.to_owned(),
        note,
        modules,
        migrations: files.migrations.iter().map(|file| new_migration(&file.name, &file.sql.base.text, proof)).collect::<Result<_>>()?,
    })
}

fn new_migration(name: &str, text: &str, proof: &Proof) -> Result<NewMigration> {
    let parts = migration::read(text).map_err(|_| Error::internal(&"a proven migration cannot be read"))?;
    Ok(NewMigration {
        migration: Migration {
            name: name.to_owned(),
            up: parts.up.text.trim().to_owned(),
            down: parts.down.text.trim().to_owned(),
            is_breaking: parts.head.breaking
                || proof.hazards.iter().any(|known| known.migration == name && known.is_breaking),
            completes_version: parts.head.version.map(|version| version.to_string()),
            summary: proof.summaries.get(name).cloned().unwrap_or_default(),
        },
        applies_to: parts.head.applies_to,
        min_version: parts.head.min_version.map(|version| version.to_string()),
        max_version: parts.head.max_version.map(|version| version.to_string()),
    })
}

/// A template version in full.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The version.
    pub version: TemplateVersion,
    /// All versions of its type.
    pub versions: Vec<TemplateVersion>,
    /// Its modules, in order.
    pub modules: Arc<Vec<Module>>,
    /// Its migrations, in order.
    pub migrations: Vec<Migration>,
    /// Its schema with all modules.
    pub schema: Arc<Schema>,
    /// How many tenants stand at it.
    pub tenants: i64,
    /// How many tenants stand at each version, by the version's row.
    pub uses: BTreeMap<i64, i64>,
}

/// All template versions with the number of tenants at each.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<(TemplateVersion, i64)>> {
    actor.must(Permission::SeeTemplates)?;
    let mut read = app.store.read().await?;
    let uses = store::templates::uses(&mut read).await?;
    let versions = store::templates::list(&mut read).await?;
    Ok(versions
        .into_iter()
        .map(|version| {
            let count = uses.get(&version.id).copied().unwrap_or_default();
            (version, count)
        })
        .collect())
}

/// The types of templates that there are, each with the name of its newest version.
pub async fn types(app: &App, actor: &Actor) -> Result<BTreeMap<String, String>> {
    actor.must(Permission::SeeTemplates)?;
    let versions = store::templates::list(&mut *app.store.read().await?).await?;
    Ok(versions.into_iter().map(|version| (version.template_type, version.name)).collect())
}

/// A template version in full.
pub async fn show(app: &App, actor: &Actor, template_type: &str, version: &str) -> Result<Detail> {
    actor.must(Permission::SeeTemplates)?;
    let mut read = app.store.read().await?;
    let versions = store::templates::of_type(&mut read, template_type).await?;
    let found = versions.iter().find(|known| known.version == version).cloned();
    let version = found.ok_or_else(no_such_version)?;
    Ok(Detail {
        modules: store::templates::modules(&mut read, version.id).await?,
        migrations: store::templates::migrations(&mut read, version.id).await?,
        schema: store::templates::snapshot(&mut read, version.id).await?.unwrap_or_default(),
        tenants: store::tenants::count_on_template(&mut read, version.id).await?,
        uses: store::templates::uses(&mut read).await?,
        versions,
        version,
    })
}

/// A template that new tenants can be made from: its newest published version, with its modules.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The version.
    pub version: TemplateVersion,
    /// Its modules, in order.
    pub modules: Arc<Vec<Module>>,
}

/// What new tenants can be made from, one version a type.
pub async fn offers(app: &App, actor: &Actor) -> Result<Vec<Offer>> {
    actor.must(Permission::CreateTenants)?;
    let mut read = app.store.read().await?;
    let mut newest: BTreeMap<String, TemplateVersion> = BTreeMap::new();
    for version in store::templates::list(&mut read).await?.into_iter().filter(|version| version.is_active) {
        let number = |version: &TemplateVersion| semver::Version::parse(&version.version).ok();
        let is_newer =
            newest.get(&version.template_type).is_none_or(|known| number(known) < number(&version));
        if is_newer {
            newest.insert(version.template_type.clone(), version);
        }
    }
    let mut offers = Vec::new();
    for version in newest.into_values() {
        let modules = store::templates::modules(&mut read, version.id).await?;
        offers.push(Offer { version, modules });
    }
    Ok(offers)
}

/// A choice that a tenant can be made from.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The row of the version.
    pub template_id: i64,
    /// Its template's type, such as `ngo`.
    pub template_type: String,
    /// Its name for people.
    pub template_name: String,
    /// The version.
    pub version: String,
    /// The optional modules, what they need included, in order.
    pub modules: Vec<String>,
    /// All modules in order, as (name, title).
    pub module_order: Vec<(String, String)>,
}

/// Turns what a form says into a choice: the newest version of the template, and the modules with what they need.
pub async fn choose(app: &App, template: &str, modules: &[String]) -> Result<Choice> {
    let field = |name: &'static str, text: String| Error::invalid(BTreeMap::from([(name, text)]));
    let offers = offers(app, &Actor::CommandLine).await?;
    let Some(offer) = offers.iter().find(|offer| offer.version.template_type == template) else {
        let known: Vec<&str> = offers.iter().map(|offer| offer.version.template_type.as_str()).collect();
        return Err(field("template", format!("Choose a template: {}.", known.join(", "))));
    };
    let by_name: BTreeMap<&str, &Module> =
        offer.modules.iter().map(|module| (module.name.as_str(), module)).collect();
    let mut wanted: BTreeSet<&str> =
        offer.modules.iter().filter(|module| module.is_core).map(|module| module.name.as_str()).collect();
    let mut open: Vec<&str> = Vec::new();
    for name in modules {
        match by_name.get(name.as_str()) {
            Some(module) => open.push(&module.name),
            None => {
                let known: Vec<&str> = offer
                    .modules
                    .iter()
                    .filter(|module| !module.is_core)
                    .map(|module| module.name.as_str())
                    .collect();
                return Err(field(
                    "modules",
                    format!("{} has no extra {name:?}. There are: {}.", offer.version.name, known.join(", ")),
                ));
            }
        }
    }
    while let Some(name) = open.pop() {
        if wanted.insert(name)
            && let Some(module) = by_name.get(name)
        {
            open.extend(module.dependencies.iter().map(String::as_str));
        }
    }
    // The stored order is the resolved one, so taking from it in order is enough.
    let chosen: Vec<&Module> =
        offer.modules.iter().filter(|module| wanted.contains(module.name.as_str())).collect();
    Ok(Choice {
        template_id: offer.version.id,
        template_type: offer.version.template_type.clone(),
        template_name: offer.version.name.clone(),
        version: offer.version.version.clone(),
        modules: chosen.iter().filter(|module| !module.is_core).map(|module| module.name.clone()).collect(),
        module_order: chosen.iter().map(|module| (module.name.clone(), module.title.clone())).collect(),
    })
}
