//! The files of one template, taken from a source, checked for size and encoding, and sorted by what they are for.

use super::report::Report;
use super::source::{Source, SourceError};
use super::sql_file::{FileName, SqlFile, SqlText};
use super::template_type::MIGRATIONS_FOLDER;
use crate::engine::SqlDialect;
use std::collections::{BTreeMap, BTreeSet};

/// The largest file of a template, in bytes.
pub const LARGEST_FILE: usize = 1 << 20;
/// The most that all files of a template may have together, in bytes.
pub(super) const LARGEST_TEMPLATE: usize = 16 << 20;

/// The files of a template by what they are for.
#[derive(Default)]
pub(super) struct Shelf {
    /// `template.toml`.
    pub manifest: Option<SqlText>,
    /// `schema.sql`.
    pub schema: Bundle,
    /// `seed.sql`.
    pub seed: Bundle,
    /// By stem, such as `010_events`, and whether it is a seed.
    pub modules: BTreeMap<(String, bool), Bundle>,
    /// By name, such as `2025_01_01_add_phone`.
    pub migrations: BTreeMap<String, Bundle>,
    /// Every file that was read, by path.
    pub texts: BTreeMap<String, String>,
    /// Files that are there but could not be read; the report says why.
    pub unread: BTreeSet<String>,
    bytes: usize,
}

/// A file and what replaces it, as far as they were found.
#[derive(Default)]
pub(super) struct Bundle {
    base: Option<SqlText>,
    overrides: BTreeMap<SqlDialect, SqlText>,
}

/// What a path is, for one template.
#[derive(Clone, Copy)]
enum Place<'a> {
    Manifest,
    Sql(Part, &'a str),
    Elsewhere,
}

/// Where a file of SQL belongs.
#[derive(Clone, Copy)]
enum Part {
    Own,
    Modules,
    Migrations,
}

fn place<'a>(path: &'a str, folder: &str) -> Option<Place<'a>> {
    Some(match path.split('/').collect::<Vec<_>>().as_slice() {
        [own, "template.toml"] if *own == folder => Place::Manifest,
        [own, name] if *own == folder && is_sql(name) => Place::Sql(Part::Own, name),
        [own, "modules", name] if *own == folder && is_sql(name) => Place::Sql(Part::Modules, name),
        [MIGRATIONS_FOLDER, own, name] if *own == folder && is_sql(name) => {
            Place::Sql(Part::Migrations, name)
        }
        [own, ..] | [MIGRATIONS_FOLDER, own, _, ..] if *own == folder => Place::Elsewhere,
        [_] | [MIGRATIONS_FOLDER, _] if is_sql(path) => Place::Elsewhere,
        _ => return None,
    })
}

/// `.SQL` is none: it is reported as not read.
fn is_sql(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending == "sql")
}

impl Shelf {
    /// Reads every file of a template from a source. What cannot be read, or lies in the wrong place, is reported.
    pub fn fill(source: &dyn Source, folder: &str, files: &[String], report: &mut Report) -> Self {
        let mut shelf = Self::default();
        for path in files {
            match place(path, folder) {
                None => {}
                Some(Place::Elsewhere) => stray(path, report),
                Some(place) => shelf.take(source, path, place, report),
            }
        }
        shelf
    }

    fn take(&mut self, source: &dyn Source, path: &str, place: Place<'_>, report: &mut Report) {
        let Some(text) = self.load(source, path, report) else {
            self.unread.insert(path.to_owned());
            return;
        };
        if self.texts.insert(path.to_owned(), text.clone()).is_some() {
            return report.problem(path, None, "is there twice");
        }
        let text = SqlText { path: path.to_owned(), text };
        match place {
            Place::Manifest => self.manifest = Some(text),
            Place::Sql(part, name) => {
                if let Err(reason) = self.put(part, name, text) {
                    report.problem(path, None, reason);
                }
            }
            Place::Elsewhere => {}
        }
    }

    fn put(&mut self, part: Part, name: &str, text: SqlText) -> Result<(), String> {
        let name = FileName::parse(name)?;
        let bundle = match (part, name.stem, name.is_seed) {
            (Part::Own, "schema", false) => &mut self.schema,
            (Part::Own, "seed", false) => &mut self.seed,
            (Part::Own, ..) => {
                return Err(
                    "is none of a template's files: beside `template.toml` there are `schema.sql` and \
                    `seed.sql`, everything else goes into `modules/`"
                        .to_owned(),
                );
            }
            (Part::Modules, stem, is_seed) => self.modules.entry((stem.to_owned(), is_seed)).or_default(),
            (Part::Migrations, stem, false) => self.migrations.entry(stem.to_owned()).or_default(),
            (Part::Migrations, _, true) => {
                return Err("migrations have no seed; put the rows into the `-- UP` part".to_owned());
            }
        };
        match name.dialect {
            None => bundle.base = Some(text),
            Some(dialect) => {
                bundle.overrides.insert(dialect, text);
            }
        }
        Ok(())
    }

    fn load(&mut self, source: &dyn Source, path: &str, report: &mut Report) -> Option<String> {
        if self.bytes > LARGEST_TEMPLATE {
            return None;
        }
        let bytes = match source.read(path, LARGEST_FILE + 1) {
            Ok(bytes) => bytes,
            Err(SourceError::Unreadable { cause, .. }) => {
                report.problem(path, None, format!("cannot be read: {cause}"));
                return None;
            }
            Err(error) => {
                report.problem(path, None, error.to_string());
                return None;
            }
        };
        if bytes.len() > LARGEST_FILE {
            report.problem(path, None, "is larger than 1 MiB");
            return None;
        }
        self.bytes += bytes.len();
        if self.bytes > LARGEST_TEMPLATE {
            report.problem(path, None, "with this file the template is larger than 16 MiB");
            return None;
        }
        match decode(&bytes) {
            Ok(text) => Some(text),
            Err((line, reason)) => {
                report.problem(path, line, reason);
                None
            }
        }
    }
}

fn stray(path: &str, report: &mut Report) {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if ending == "sql" {
        report.problem(
            path,
            None,
            "is not read from here: tables go to `schema.sql` or `modules/`, migrations to `migrations/<template>/`, and names end in `.sql`",
        );
    } else if ending != "md" && !name.starts_with("readme") && !name.starts_with("license") {
        report.warning(path, None, "is not part of a template and is not read");
    }
}

/// The text in bytes: UTF-8, with or without a byte order mark, with any ends of lines. The error has the line.
fn decode(bytes: &[u8]) -> Result<String, (Option<usize>, String)> {
    let line = |offset: usize| Some(bytes.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err((None, "is in UTF-16; save it as UTF-8".to_owned()));
    }
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return Err((line(offset), "has a NUL byte; save the file as plain UTF-8 text".to_owned()));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")),
        Err(error) => {
            let offset = error.valid_up_to();
            let start = bytes.iter().take(offset).rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let reason = format!(
                "is not UTF-8: byte {} of this line is no character; save the file as UTF-8",
                offset - start + 1
            );
            Err((line(offset), reason))
        }
    }
}

impl Bundle {
    /// The file with what replaces it. Replacements of a file that is not there are reported.
    pub fn into_file(self, report: &mut Report) -> Option<SqlFile> {
        if let Some(base) = self.base {
            return Some(SqlFile { base, overrides: self.overrides });
        }
        for (dialect, text) in self.overrides {
            let base = text.path.replace(&format!(".{dialect}.sql"), ".sql");
            report.problem(text.path, None, format!("replaces `{base}`, which is missing"));
        }
        None
    }

    /// All files of it.
    pub fn into_texts(self) -> impl Iterator<Item = SqlText> {
        self.base.into_iter().chain(self.overrides.into_values())
    }
}
