//! The hazards of a template's migrations, told from its files alone: no database is needed, so they can be told at any time,
//! of versions that were published long ago, too.

use super::{ModuleKind, compile::TENANT_INFO, files::TemplateFiles, prove::resolve, report::Report};
use crate::{
    engine::SqlDialect,
    schema::Schema,
    sql::{
        hazards::{
            Hazard,
            analysis::{self, is_breaking},
            own_words,
        },
        migration,
    },
};
use std::collections::BTreeMap;

/// A migration's hazards, and what its author says of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MigrationHazards {
    /// Its name.
    pub migration: String,
    /// Its file.
    pub file: String,
    /// Whether it needs an approval: because of a hazard, or because its author says so.
    pub is_breaking: bool,
    /// Whether its author says that it is breaking.
    #[serde(skip)]
    pub is_said_to_be: bool,
    /// Its hazards, the heaviest first.
    pub hazards: Vec<Hazard>,
}

fn engine_name(dialect: SqlDialect) -> &'static str {
    match dialect {
        SqlDialect::Mysql => "MariaDB and MySQL",
        SqlDialect::Postgres => "PostgreSQL",
        SqlDialect::Sqlite => "SQLite",
    }
}

/// The hazards of each migration, in order, on a tenant that has every module.
pub fn of_template(files: &TemplateFiles) -> Vec<MigrationHazards> {
    let mut schema = analysis::schema_after(&Schema::default(), &files.schema_sql.base.text);
    let optional: Vec<String> = files
        .modules
        .iter()
        .filter(|module| module.kind == ModuleKind::Optional)
        .map(|module| module.name.clone())
        .collect();
    // Modules without an order are a problem that the proof tells.
    let order = files.module_order().ok();
    for name in order.and_then(|order| resolve(&order, &optional).ok()).unwrap_or_default() {
        if let Some(module) = files.modules.iter().find(|module| module.name == name) {
            schema = analysis::schema_after(&schema, &module.schema_sql.base.text);
        }
    }
    schema = analysis::schema_after(&schema, TENANT_INFO);
    let mut found = Vec::new();
    for file in &files.migrations {
        let mut analysis = analysis::migration(&schema, &file.sql.base.text);
        schema = analysis.after;
        for dialect in file.sql.overrides.keys() {
            analysis.hazards.splice(0..0, own_words(engine_name(*dialect)));
        }
        let is_said_to_be =
            migration::read(&file.sql.base.text).is_ok_and(|migration| migration.head.breaking);
        found.push(MigrationHazards {
            migration: file.name.clone(),
            file: file.sql.base.path.clone(),
            is_breaking: is_said_to_be || is_breaking(&analysis.hazards),
            is_said_to_be,
            hazards: analysis.hazards,
        });
    }
    found
}

/// Warns of what makes the rows of a template's seeds different for each tenant without need.
pub(super) fn warn_of_seeds(files: &TemplateFiles, report: &mut Report) {
    let modules = files.modules.iter().filter_map(|module| module.seed_sql.as_ref());
    for seed in files.seed_sql.iter().chain(modules) {
        for hazard in analysis::statements(&Schema::default(), &seed.base.text, 1).hazards {
            if hazard.rule == "unsteady-rows" {
                let reason = format!("{} {}", hazard.sentence, hazard.advice);
                report.warning(&seed.base.path, hazard.line, reason);
            }
        }
    }
}

/// Warns of migrations that are breaking though their authors do not say so. It stops nothing.
pub(super) fn warn(found: &[MigrationHazards], report: &mut Report) {
    for migration in found.iter().filter(|found| found.is_breaking && !found.is_said_to_be) {
        if let Some(first) = migration.hazards.first() {
            report.warning(
                &migration.file,
                first.line,
                format!(
                    "this needs an approval, though its head does not say `-- breaking: true`. {}",
                    first.sentence
                ),
            );
        }
    }
}

/// The hazards of one migration, or none where it is not there.
pub fn by_name(found: Vec<MigrationHazards>) -> BTreeMap<String, MigrationHazards> {
    found.into_iter().map(|migration| (migration.migration.clone(), migration)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::{Embedded, Memory, read, read_all};

    /// A template with one table and one migration.
    fn template(head: &str, up: &str, down: &str, more: &[(&str, &str)]) -> TemplateFiles {
        let mut texts: BTreeMap<String, String> = [
            (
                "demo/template.toml",
                "name = \"Demo\"\ndescription = \"For tests only.\"\nversion = \"1.0.0\"\n",
            ),
            ("demo/schema.sql", "CREATE TABLE members (id INT PRIMARY KEY, phone VARCHAR(30) NULL);"),
        ]
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .into();
        let file = format!("{head}-- UP\n{up};\n-- DOWN\n{down};\n");
        texts.insert("migrations/demo/2025_01_01_change.sql".into(), file);
        texts.extend(more.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
        let reading = read(&Memory::of_texts(texts), "demo").unwrap();
        reading.template.unwrap_or_else(|| panic!("{}", reading.report))
    }

    #[test]
    fn a_breaking_hazard_makes_a_migration_breaking_whatever_its_author_says() {
        let (up, down) = (
            "ALTER TABLE members DROP COLUMN phone",
            "ALTER TABLE members ADD COLUMN phone VARCHAR(30) NULL",
        );
        for head in ["", "-- breaking: false\n"] {
            let found = of_template(&template(head, up, down, &[]));
            assert_eq!(found.len(), 1);
            assert!(found[0].is_breaking && !found[0].is_said_to_be, "{head}");
            let mut report = Report::default();
            warn(&found, &mut report);
            assert!(report.is_clean());
            let text = report.to_string();
            assert!(
                text.contains("Drops the column members.phone") && text.contains("-- breaking: true"),
                "{text}"
            );
        }
        let said = of_template(&template("-- breaking: true\n", up, down, &[]));
        let mut report = Report::default();
        warn(&said, &mut report);
        assert!(said[0].is_breaking && report.warnings.is_empty());
    }

    #[test]
    fn an_author_may_call_breaking_what_no_rule_finds() {
        let (up, down) = ("ALTER TABLE members ADD COLUMN a INT NULL", "ALTER TABLE members DROP COLUMN a");
        assert!(!of_template(&template("", up, down, &[]))[0].is_breaking);
        let said = of_template(&template("-- breaking: true\n", up, down, &[]));
        assert!(said[0].is_breaking && said[0].hazards.is_empty());
    }

    #[test]
    fn a_seed_that_differs_each_time_is_warned_of_and_a_variable_is_not() {
        let seed = "INSERT INTO members (id, phone) VALUES (1, '{{CURRENT_TIMESTAMP}}');\nINSERT INTO members (id, phone) VALUES (2, UUID());\n";
        let (up, down) = ("ALTER TABLE members ADD COLUMN a INT NULL", "ALTER TABLE members DROP COLUMN a");
        let mut report = Report::default();
        warn_of_seeds(&template("", up, down, &[("demo/seed.sql", seed)]), &mut report);
        let told: Vec<_> = report.warnings.iter().map(|found| (found.file.as_str(), found.line)).collect();
        assert_eq!(told, [("demo/seed.sql", Some(2))]);
        assert!(report.to_string().contains("it uses UUID()"), "{report}");
    }

    #[test]
    fn a_file_for_one_engine_makes_a_migration_breaking() {
        let (up, down) = ("ALTER TABLE members ADD COLUMN a INT NULL", "ALTER TABLE members DROP COLUMN a");
        let own =
            "-- UP\nALTER TABLE members ADD COLUMN a INTEGER;\n-- DOWN\nALTER TABLE members DROP COLUMN a;";
        let found =
            of_template(&template("", up, down, &[("migrations/demo/2025_01_01_change.sqlite.sql", own)]));
        assert!(found[0].is_breaking);
        let rules: Vec<_> = found[0].hazards.iter().map(|hazard| hazard.rule).collect();
        assert_eq!(rules, ["engine-statements"]);
    }

    #[test]
    fn the_templates_of_the_program_say_breaking_where_they_are_and_only_there() {
        let mut seen = 0;
        for reading in read_all(&Embedded).unwrap() {
            for migration in of_template(&reading.template.unwrap()) {
                assert_eq!(
                    is_breaking(&migration.hazards),
                    migration.is_said_to_be,
                    "{}: {:#?}",
                    migration.file,
                    migration.hazards
                );
                seen += 1;
            }
        }
        assert!(seen >= 16);
    }
}
