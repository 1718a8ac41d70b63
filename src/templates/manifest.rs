//! `template.toml`: what a template is called, its version, and its modules. Every mistake in it is reported with its
//! line, not only the first.

use super::report::Report;
use super::template_type::is_word;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const TEMPLATE_KEYS: [&str; 4] = ["name", "description", "version", "modules"];
const MODULE_KEYS: [&str; 6] = ["name", "title", "description", "kind", "file", "depends"];

/// Whether every tenant has a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModuleKind {
    /// Every tenant of the template has it.
    Core,
    /// A tenant has it where somebody chose it.
    Optional,
}

/// A `template.toml`, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The template's name for people.
    pub name: String,
    /// One sentence for people.
    pub description: String,
    /// The version of its `schema.sql` and modules, before any migration.
    pub version: semver::Version,
    /// The modules, as the file lists them.
    pub modules: Vec<ManifestModule>,
}

/// One `[[modules]]` of a `template.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestModule {
    /// The line where it begins, counted from 1.
    pub line: usize,
    /// Its name in files, dependencies and the database.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// One sentence for people.
    pub description: String,
    /// Whether every tenant has it.
    pub kind: ModuleKind,
    /// The number at the front of its file's name.
    pub number: u16,
    /// Its file in `modules/`, such as `010_events.sql`.
    pub file: String,
    /// The names of the modules that it needs, each with its line.
    pub depends: Vec<(String, usize)>,
}

/// Reads the text of a `template.toml`. What is wrong goes into the report; `None` where something needed is wrong.
pub fn read_manifest(path: &str, text: &str, report: &mut Report) -> Option<Manifest> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            let line = error.span().map(|span| line_of(text, span.start));
            report.problem(path, line, format!("this is not TOML: {}", error.message()));
        }
        return None;
    }
    let mut reader = Reader { path, text, report };
    let table = document.get_ref();
    reader.refuse_unknown_keys(table, &TEMPLATE_KEYS, "a template");
    let name = reader.text(table, "name", 1, 255);
    let description = reader.text(table, "description", 1, 2_000);
    let version = reader.text(table, "version", 1, 50).and_then(|(text, line)| reader.version(&text, line));
    let modules = reader.modules(table);
    Some(Manifest { name: name?.0, description: description?.0, version: version?, modules: modules? })
}

struct Reader<'a> {
    path: &'a str,
    text: &'a str,
    report: &'a mut Report,
}

impl Reader<'_> {
    fn problem(&mut self, line: usize, reason: impl Into<String>) {
        self.report.problem(self.path, Some(line), reason);
    }

    fn line<T>(&self, value: &Spanned<T>) -> usize {
        line_of(self.text, value.span().start)
    }

    fn refuse_unknown_keys(&mut self, table: &DeTable<'_>, known: &[&str], of: &str) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let reason = format!("`{}` is no key of {of}; the keys are {}", key.get_ref(), known.join(", "));
            self.problem(self.line(key), reason);
        }
    }

    /// A text that must be there, with its line. `owner_line` is where to point when it is not.
    fn text(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        owner_line: usize,
        longest: usize,
    ) -> Option<(String, usize)> {
        let Some(value) = table.get(key) else {
            self.problem(owner_line, format!("`{key}` is missing"));
            return None;
        };
        let line = self.line(value);
        let Some(text) = value.get_ref().as_str().map(str::trim) else {
            let found = value.get_ref().type_str();
            self.problem(line, format!("`{key}` must be a text in quotes, not {found}"));
            return None;
        };
        if text.is_empty() {
            self.problem(line, format!("`{key}` is empty"));
        } else if text.chars().count() > longest {
            self.problem(line, format!("`{key}` is longer than {longest} characters"));
        } else if text.chars().any(|c| c.is_control() && c != '\n') {
            self.problem(line, format!("`{key}` has a control character in it"));
        } else {
            return Some((text.to_owned(), line));
        }
        None
    }

    fn version(&mut self, text: &str, line: usize) -> Option<semver::Version> {
        match semver::Version::parse(text) {
            Ok(version) => Some(version),
            Err(error) => {
                self.problem(
                    line,
                    format!("`{text}` is no version ({error}); write three numbers, such as \"1.0.0\""),
                );
                None
            }
        }
    }

    fn modules(&mut self, table: &DeTable<'_>) -> Option<Vec<ManifestModule>> {
        let Some(value) = table.get("modules") else {
            return Some(Vec::new());
        };
        let Some(entries) = value.get_ref().as_array() else {
            self.problem(self.line(value), "`modules` must be a list; begin each module with [[modules]]");
            return None;
        };
        // Every module is read before any of them fails the whole, so that all mistakes are in one report.
        let modules: Vec<Option<ManifestModule>> = entries.iter().map(|entry| self.module(entry)).collect();
        modules.into_iter().collect()
    }

    fn module(&mut self, entry: &Spanned<DeValue<'_>>) -> Option<ManifestModule> {
        let line = self.line(entry);
        let Some(table) = entry.get_ref().as_table() else {
            self.problem(line, "a module must be a table; begin each module with [[modules]]");
            return None;
        };
        self.refuse_unknown_keys(table, &MODULE_KEYS, "a module");
        let name = self.text(table, "name", line, 100).and_then(|(name, line)| self.module_name(name, line));
        let title = self.text(table, "title", line, 255);
        let description = self.text(table, "description", line, 2_000);
        let kind = self.text(table, "kind", line, 50).and_then(|(kind, line)| self.kind(&kind, line));
        let file = self
            .text(table, "file", line, 150)
            .and_then(|(file, line)| self.module_file(file, line, name.as_deref()));
        let depends = self.depends(table);
        let (file, number) = file?;
        Some(ManifestModule {
            line,
            name: name?,
            title: title?.0,
            description: description?.0,
            kind: kind?,
            number,
            file,
            depends: depends?,
        })
    }

    fn module_name(&mut self, name: String, line: usize) -> Option<String> {
        if is_word(&name) {
            return Some(name);
        }
        self.problem(
            line,
            format!(
                "`{name}` is no module name: use lower-case letters, digits and underscores, a letter first"
            ),
        );
        None
    }

    fn kind(&mut self, kind: &str, line: usize) -> Option<ModuleKind> {
        match kind {
            "core" => Some(ModuleKind::Core),
            "optional" => Some(ModuleKind::Optional),
            _ => {
                self.problem(line, format!("`kind` is \"core\" or \"optional\", not \"{kind}\""));
                None
            }
        }
    }

    /// The file and its number: `010_events.sql` for the module `events`.
    fn module_file(&mut self, file: String, line: usize, name: Option<&str>) -> Option<(String, u16)> {
        let Some((number, rest)) = numbered(&file) else {
            self.problem(
                line,
                format!("`{file}` is no module file: it needs three digits, an underscore, the module's name and .sql, such as `010_events.sql`"),
            );
            return None;
        };
        if let Some(name) = name
            && rest != name
        {
            self.problem(
                line,
                format!("the file of the module `{name}` must be named `{number:03}_{name}.sql`"),
            );
            return None;
        }
        Some((file, number))
    }

    fn depends(&mut self, table: &DeTable<'_>) -> Option<Vec<(String, usize)>> {
        let Some(value) = table.get("depends") else {
            return Some(Vec::new());
        };
        let Some(entries) = value.get_ref().as_array() else {
            self.problem(self.line(value), "`depends` must be a list of module names, such as [\"members\"]");
            return None;
        };
        let mut names = Some(Vec::new());
        for entry in entries {
            let line = self.line(entry);
            if let Some(name) = entry.get_ref().as_str() {
                if let Some(names) = &mut names {
                    names.push((name.to_owned(), line));
                }
            } else {
                self.problem(line, "`depends` must be a list of module names, such as [\"members\"]");
                names = None;
            }
        }
        names
    }
}

/// The parts of `010_events.sql`: the number and the name.
fn numbered(file: &str) -> Option<(u16, &str)> {
    let (number, name) = file.strip_suffix(".sql")?.split_once('_')?;
    let digits = number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    if digits && is_word(name) { Some((number.parse().ok()?, name)) } else { None }
}

/// The line, counted from 1, that a byte of a text is on.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = \"NGO\"\ndescription = \"For charities.\"\nversion = \"1.0.0\"\n\n\
        [[modules]]\nname = \"members\"\ntitle = \"Members\"\ndescription = \"Who belongs.\"\nkind = \"core\"\n\
        file = \"002_members.sql\"\ndepends = [\"core\"]\n";

    fn problems(text: &str) -> Vec<(Option<usize>, String)> {
        let mut report = Report::default();
        let manifest = read_manifest("t/template.toml", text, &mut report);
        assert_eq!(manifest.is_none() || !report.is_clean(), !report.is_clean(), "{report}");
        report.problems.into_iter().map(|found| (found.line, found.reason)).collect()
    }

    #[test]
    fn a_good_manifest_is_read_whole() {
        let mut report = Report::default();
        let manifest = read_manifest("t/template.toml", GOOD, &mut report).unwrap();
        assert!(report.is_clean(), "{report}");
        assert_eq!(manifest.name, "NGO");
        assert_eq!(manifest.version, semver::Version::new(1, 0, 0));
        let module = &manifest.modules[0];
        assert_eq!((module.name.as_str(), module.number, module.kind), ("members", 2, ModuleKind::Core));
        assert_eq!(module.line, 5);
        assert_eq!(module.depends, [("core".to_owned(), 11)]);
    }

    #[test]
    fn text_that_is_not_toml_is_reported_with_its_line() {
        let found = problems("name = \"a\"\ndescription = no quotes\n");
        assert_eq!(found[0].0, Some(2), "{found:?}");
        assert!(found[0].1.starts_with("this is not TOML"), "{found:?}");
    }

    #[test]
    fn a_key_given_twice_is_reported_at_the_second() {
        let found = problems(&GOOD.replacen("version", "name", 1));
        assert_eq!(found[0].0, Some(3), "{found:?}");
    }

    #[test]
    fn every_mistake_is_in_one_report() {
        let text = GOOD
            .replace("\"1.0.0\"", "\"1.0\"")
            .replace("title = \"Members\"", "titel = \"Members\"")
            .replace("\"core\"\nfile", "\"must\"\nfile")
            .replace("002_members.sql", "2-members.sql");
        let found = problems(&text);
        let lines: Vec<_> = found.iter().map(|(line, _)| line.unwrap()).collect();
        assert_eq!(lines, [3, 7, 5, 9, 10], "{found:?}");
    }

    #[test]
    fn a_missing_key_points_to_its_owner() {
        assert_eq!(
            problems(&GOOD.replace("description = \"For charities.\"\n", "")),
            [(Some(1), "`description` is missing".to_owned())]
        );
        assert_eq!(
            problems(&GOOD.replace("kind = \"core\"\n", "")),
            [(Some(5), "`kind` is missing".to_owned())]
        );
    }

    #[test]
    fn a_file_must_carry_its_modules_name() {
        let found = problems(&GOOD.replace("002_members.sql", "002_people.sql"));
        assert_eq!(
            found,
            [(Some(10), "the file of the module `members` must be named `002_members.sql`".to_owned())]
        );
    }

    #[test]
    fn a_file_cannot_leave_the_folder_of_modules() {
        for file in ["../002_members.sql", "002_../members.sql", "/etc/passwd", "002_members.sql\\u0000.sql"]
        {
            assert_eq!(problems(&GOOD.replace("002_members.sql", file)).len(), 1, "{file}");
        }
    }

    #[test]
    fn values_of_another_kind_are_named() {
        let found = problems(&GOOD.replace("\"1.0.0\"", "1.0"));
        assert_eq!(found, [(Some(3), "`version` must be a text in quotes, not float".to_owned())]);
        assert_eq!(problems(&GOOD.replace("[\"core\"]", "\"core\""))[0].0, Some(11));
        assert_eq!(problems(&GOOD.replace("[\"core\"]", "[1]"))[0].0, Some(11));
        assert_eq!(problems(&GOOD.replace("[[modules]]", "[modules]"))[0].0, Some(5));
    }
}
