//! Reads the files of a template into values, and reports what is wrong with names, places and `template.toml`.
//! What the SQL says is not looked at here.

use super::manifest::{ManifestModule, ModuleKind, read_manifest};
use super::order::{ModuleOrder, OrderedModule};
use super::report::Report;
use super::shelf::{Bundle, Shelf};
use super::source::{Source, SourceError};
use super::sql_file::SqlFile;
use super::template_type::{MIGRATIONS_FOLDER, TemplateType, is_word};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A template, as its files say it. Nothing in it has been parsed as SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFiles {
    /// The name of its folder.
    pub template_type: TemplateType,
    /// Its name for people.
    pub name: String,
    /// One sentence for people.
    pub description: String,
    /// The version of `schema.sql` and the modules, before any migration.
    pub version: semver::Version,
    /// The tables that every tenant has, made before any module.
    pub schema_sql: SqlFile,
    /// Rows that every tenant begins with, put in after all modules are made.
    pub seed_sql: Option<SqlFile>,
    /// The modules, each after all that it depends on.
    pub modules: Vec<ModuleFiles>,
    /// The migrations, by name.
    pub migrations: Vec<MigrationFile>,
    /// SHA-256 (hex) of every file that belongs to the template, so that a change of any of them shows. A byte order
    /// mark and the ends of lines do not count.
    pub source_hash: String,
}

/// A module of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleFiles {
    /// Its name in dependencies and the database.
    pub name: String,
    /// The number of its file.
    pub number: u16,
    /// Its name for people.
    pub title: String,
    /// One sentence for people.
    pub description: String,
    /// Whether every tenant has it.
    pub kind: ModuleKind,
    /// The modules that it needs.
    pub depends: Vec<String>,
    /// Its tables.
    pub schema_sql: SqlFile,
    /// Its rows, put in after the template's own seed.
    pub seed_sql: Option<SqlFile>,
}

/// A migration: the raw file, with its head, its `-- UP` and its `-- DOWN` part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationFile {
    /// The file's name without `.sql`, such as `2025_01_01_add_phone_country_code`.
    pub name: String,
    /// The file, and what replaces it on single engines.
    pub sql: SqlFile,
}

impl TemplateFiles {
    /// The order of the modules, to resolve a choice of them.
    pub fn module_order(&self) -> Result<ModuleOrder, Vec<super::order::OrderError>> {
        let modules = self.modules.iter().map(|module| OrderedModule {
            name: module.name.clone(),
            number: module.number,
            kind: module.kind,
            depends: module.depends.clone(),
        });
        ModuleOrder::new(modules.collect())
    }
}

/// What came of reading one template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The folder's name, as it was found.
    pub folder: String,
    /// The template; `None` exactly where the report has problems.
    pub template: Option<TemplateFiles>,
    /// What was found.
    pub report: Report,
}

/// Reads every template of a source, in the order of their names.
pub fn read_all(source: &dyn Source) -> Result<Vec<Reading>, SourceError> {
    let files = source.files()?;
    let folders: BTreeSet<&str> = files
        .iter()
        .filter_map(|path| match path.split('/').collect::<Vec<_>>().as_slice() {
            [MIGRATIONS_FOLDER, folder, _, ..] => Some(*folder),
            [folder, _, ..] if *folder != MIGRATIONS_FOLDER => Some(*folder),
            _ => None,
        })
        .collect();
    if folders.is_empty() {
        return Err(SourceError::NoTemplates);
    }
    Ok(folders.into_iter().map(|folder| read_files(source, folder, &files)).collect())
}

/// Reads one template of a source.
pub fn read(source: &dyn Source, folder: &str) -> Result<Reading, SourceError> {
    Ok(read_files(source, folder, &source.files()?))
}

fn read_files(source: &dyn Source, folder: &str, files: &[String]) -> Reading {
    let mut report = Report::default();
    let template = match TemplateType::parse(folder) {
        Ok(template_type) => {
            let shelf = Shelf::fill(source, folder, files, &mut report);
            build(template_type, shelf, &mut report)
        }
        Err(error) => {
            report.problem(folder, None, error.to_string());
            None
        }
    };
    report.sort();
    let template = template.filter(|_| report.is_clean());
    Reading { folder: folder.to_owned(), template, report }
}

fn build(template_type: TemplateType, shelf: Shelf, report: &mut Report) -> Option<TemplateFiles> {
    let manifest_path = format!("{template_type}/template.toml");
    let manifest = if let Some(file) = &shelf.manifest {
        read_manifest(&manifest_path, &file.text, report)
    } else {
        let reason = "is missing; it names the template, its version and its modules";
        missing(&manifest_path, reason, &shelf.unread, report)
    };
    let schema = shelf.schema.into_file(report).or_else(|| {
        let reason = "is missing; it makes the tables that every tenant has";
        missing(&format!("{template_type}/schema.sql"), reason, &shelf.unread, report)
    });
    let seed = shelf.seed.into_file(report);
    let migrations = migrations(shelf.migrations, report);
    let manifest = manifest?;
    let modules = modules(&manifest_path, manifest.modules, shelf.modules, &shelf.unread, report);
    Some(TemplateFiles {
        template_type,
        name: manifest.name,
        description: manifest.description,
        version: manifest.version,
        schema_sql: schema?,
        seed_sql: seed,
        modules: modules?,
        migrations,
        source_hash: hash(&shelf.texts),
    })
}

/// Reports a file that is not there. One that is there but could not be read has been reported already.
fn missing<T>(path: &str, reason: &str, unread: &BTreeSet<String>, report: &mut Report) -> Option<T> {
    if !unread.contains(path) {
        report.problem(path, None, reason);
    }
    None
}

fn modules(
    manifest_path: &str,
    listed: Vec<ManifestModule>,
    mut found: BTreeMap<(String, bool), Bundle>,
    unread: &BTreeSet<String>,
    report: &mut Report,
) -> Option<Vec<ModuleFiles>> {
    warn_of_shared_numbers(manifest_path, &listed, report);
    let order = in_order(manifest_path, &listed, report);
    let mut by_name = BTreeMap::new();
    for module in listed {
        let stem = module.file.strip_suffix(".sql").unwrap_or(&module.file).to_owned();
        let path = manifest_path.replace("template.toml", &format!("modules/{}", module.file));
        let schema = found.remove(&(stem.clone(), false)).and_then(|bundle| bundle.into_file(report));
        let seed = found.remove(&(stem, true)).and_then(|bundle| bundle.into_file(report));
        let Some(schema_sql) = schema else {
            if !unread.contains(&path) && !by_name.contains_key(&module.name) {
                report.problem(
                    manifest_path,
                    Some(module.line),
                    format!("the module `{}` has no file: `modules/{}` is missing", module.name, module.file),
                );
            }
            continue;
        };
        by_name.insert(
            module.name.clone(),
            ModuleFiles {
                name: module.name,
                number: module.number,
                title: module.title,
                description: module.description,
                kind: module.kind,
                depends: module.depends.into_iter().map(|(name, _)| name).collect(),
                schema_sql,
                seed_sql: seed,
            },
        );
    }
    for text in found.into_values().flat_map(Bundle::into_texts) {
        report.problem(text.path, None, "belongs to no module; list it in `template.toml`, or take it away");
    }
    order?.into_iter().map(|name| by_name.remove(&name)).collect()
}

fn in_order(path: &str, listed: &[ManifestModule], report: &mut Report) -> Option<Vec<String>> {
    let modules = listed.iter().map(|module| OrderedModule {
        name: module.name.clone(),
        number: module.number,
        kind: module.kind,
        depends: module.depends.iter().map(|(name, _)| name.clone()).collect(),
    });
    match ModuleOrder::new(modules.collect()) {
        Ok(order) => Some(order.modules().iter().map(|module| module.name.clone()).collect()),
        Err(errors) => {
            for error in errors {
                let (name, dependency) = error.place();
                // The last of a name: for a name given twice that is the one to change.
                let line = listed.iter().rfind(|module| module.name == name).map(|module| {
                    let entry = module.depends.iter().rfind(|(entry, _)| Some(entry.as_str()) == dependency);
                    entry.map_or(module.line, |(_, line)| *line)
                });
                report.problem(path, line, error.to_string());
            }
            None
        }
    }
}

fn warn_of_shared_numbers(path: &str, listed: &[ManifestModule], report: &mut Report) {
    let mut seen: BTreeMap<u16, &str> = BTreeMap::new();
    for module in listed {
        if let Some(other) = seen.insert(module.number, &module.name)
            && other != module.name
        {
            let reason = format!(
                "the modules `{other}` and `{}` share the number {:03}; their names decide the order",
                module.name, module.number
            );
            report.warning(path, Some(module.line), reason);
        }
    }
}

fn migrations(found: BTreeMap<String, Bundle>, report: &mut Report) -> Vec<MigrationFile> {
    let mut migrations = Vec::with_capacity(found.len());
    for (name, bundle) in found {
        if let Err(reason) = check_migration_name(&name) {
            for text in bundle.into_texts() {
                report.problem(text.path, None, reason);
            }
        } else if let Some(sql) = bundle.into_file(report) {
            migrations.push(MigrationFile { name, sql });
        }
    }
    migrations
}

fn check_migration_name(name: &str) -> Result<(), &'static str> {
    let form =
        "a migration is named with its date and what it does, such as `2025_01_31_add_phone_to_users.sql`";
    let mut parts = name.splitn(4, '_');
    let mut number = |digits: usize| {
        let part = parts.next()?;
        let well_formed = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        if well_formed { part.parse::<i16>().ok() } else { None }
    };
    let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else {
        return Err(form);
    };
    if !parts.next().is_some_and(is_word) {
        return Err(form);
    }
    let is_date = i8::try_from(month).is_ok_and(|month| {
        i8::try_from(day).is_ok_and(|day| jiff::civil::Date::new(year, month, day).is_ok())
    });
    if !is_date {
        return Err("the date in the name is no date of the calendar");
    }
    if name.len() > 255 { Err("the name is longer than 255 characters") } else { Ok(()) }
}

/// The lengths keep two files from passing for one.
fn hash(texts: &BTreeMap<String, String>) -> String {
    let mut hasher = Sha256::new();
    for (path, text) in texts {
        hasher.update(format!("{} {path} {}\n", path.len(), text.len()));
        hasher.update(text);
    }
    hasher.finalize().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
