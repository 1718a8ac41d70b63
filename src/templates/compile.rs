//! From files to what an engine runs: every statement of a template version, with chosen modules, in the engine's
//! dialect, grouped into the units that provisioning applies one by one.

use std::collections::BTreeMap;

use super::{
    files::{MigrationFile, ModuleFiles, TemplateFiles},
    report::Report,
    sql_file::SqlFile,
};
use crate::{
    engine::{Engine, Statement},
    schema::Schema,
    sql::{evolve, migration, operation::Operation, operations::operation, read::split, variables},
};

/// The table of the plan in which a tenant's database says what it was made from.
pub(super) const TENANT_INFO: &str = "
CREATE TABLE tenant_info (
    id INT AUTO_INCREMENT PRIMARY KEY,
    tenant_id CHAR(36) NOT NULL,
    template_name VARCHAR(255),
    template_version VARCHAR(50),
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    INDEX idx_tenant (tenant_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What this database was made from';
INSERT INTO tenant_info (tenant_id, template_name, template_version)
VALUES ('{{TENANT_ID}}', '{{TEMPLATE_NAME}}', '{{TEMPLATE_VERSION}}');
";

/// A group of statements that is applied as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledUnit {
    /// Its name, which is the name of its step: `core_schema`, `module:events`, `seed`, `tenant_info`.
    pub key: String,
    /// What it does, in a few words for people: `6 tables`.
    pub summary: String,
    /// What it runs, in the engine's dialect.
    pub statements: Vec<Statement>,
    /// File and line of each statement.
    pub origins: Vec<(String, usize)>,
}

/// A template version with chosen modules, ready to be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// SHA-256 of the files that it was made from.
    pub source_hash: String,
    /// Its modules, core ones included, in order.
    pub modules: Vec<String>,
    /// What is applied, in order.
    pub units: Vec<CompiledUnit>,
    /// The schema that a tenant has then, read from a scratch database of the same engine.
    pub expected: Schema,
    /// Its fingerprint.
    pub expected_hash: String,
    /// Its JSON, for `template_snapshot`.
    pub snapshot: String,
}

/// A migration in an engine's dialect.
#[derive(Debug, Clone, PartialEq)]
pub struct CompiledMigration {
    /// Its name.
    pub name: String,
    /// What `up` runs.
    pub up: CompiledUnit,
    /// What `down` runs.
    pub down: CompiledUnit,
    /// What it changes, in sentences.
    pub summary: Vec<String>,
}

/// Translates statements one after the other, and follows the schema that they make.
pub struct Compiler<'a> {
    engine: &'a dyn Engine,
    schema: Schema,
    added: BTreeMap<String, Vec<String>>,
    report: Report,
    /// A statement was not understood, so that the schema may lack what it makes: what fails for that is no news.
    is_partial: bool,
}

impl<'a> Compiler<'a> {
    /// A compiler that starts from an empty database.
    pub fn new(engine: &'a dyn Engine) -> Self {
        Compiler {
            engine,
            schema: Schema::default(),
            added: BTreeMap::new(),
            report: Report::default(),
            is_partial: false,
        }
    }

    /// The schema so far, as the template says it.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The tables that each module added.
    pub fn added(&self) -> &BTreeMap<String, Vec<String>> {
        &self.added
    }

    /// What was wrong so far.
    pub fn into_report(self) -> Report {
        self.report
    }

    /// Whether nothing was wrong so far.
    pub fn is_clean(&self) -> bool {
        self.report.is_clean()
    }

    /// Adds the statements of a file to a unit.
    fn file(&mut self, unit: &mut CompiledUnit, file: &SqlFile) {
        let replaced = file.override_for(self.engine.dialect());
        self.text(unit, &file.base.path, &file.base.text, 1, replaced.is_none());
        if let Some(own) = replaced {
            self.own(unit, &own.path, &own.text, 1);
        }
    }

    /// Adds statements that are in the engine's own dialect already.
    fn own(&mut self, unit: &mut CompiledUnit, path: &str, text: &str, first_line: usize) {
        match self.engine.split_own(text) {
            Ok(statements) => {
                for (statement, line) in statements {
                    unit.statements.push(statement);
                    unit.origins.push((path.to_owned(), first_line + line - 1));
                }
            }
            Err((line, reason)) => self.report.problem(path, Some(first_line + line - 1), reason),
        }
    }

    /// Adds statements in the plan's dialect; without `run`, they only move the schema on.
    fn text(&mut self, unit: &mut CompiledUnit, path: &str, text: &str, first_line: usize, run: bool) {
        let statements = match split(text, first_line) {
            Ok(statements) => statements,
            Err(problems) => {
                for problem in problems {
                    self.report.problem(path, Some(problem.line), problem.message);
                }
                self.is_partial = true;
                return;
            }
        };
        for source in statements {
            let operations = match operation(&source) {
                Ok(operations) => operations,
                Err(problem) => {
                    self.report.problem(path, Some(problem.line), problem.message);
                    self.is_partial = true;
                    continue;
                }
            };
            for operation in operations {
                self.step(unit, path, source.line, &operation, run);
            }
        }
    }

    fn step(&mut self, unit: &mut CompiledUnit, path: &str, line: usize, operation: &Operation, run: bool) {
        let mut after = self.schema.clone();
        if let Err(reason) = evolve::apply(&mut after, operation) {
            if !self.is_partial {
                self.report.problem(path, Some(line), reason);
            }
            return;
        }
        if run {
            match self.engine.render(&self.schema, operation, &after) {
                Ok(statements) => {
                    unit.origins.extend(statements.iter().map(|_| (path.to_owned(), line)));
                    unit.statements.extend(statements);
                }
                Err(_) if self.is_partial => {}
                Err(reason) => self.report.problem(path, Some(line), reason),
            }
        }
        self.schema = after;
    }

    /// Everything of a template version with these modules (by name, in order), but not its migrations.
    pub fn template(&mut self, files: &TemplateFiles, modules: &[String]) -> Vec<CompiledUnit> {
        let chosen: Vec<&ModuleFiles> = modules
            .iter()
            .filter_map(|name| files.modules.iter().find(|module| module.name == *name))
            .collect();
        let mut units = Vec::new();
        let mut unit = new_unit("core_schema");
        self.file(&mut unit, &files.schema_sql);
        unit.summary = counted(self.schema.tables.len(), "table", "tables");
        units.push(unit);
        for module in &chosen {
            let before = self.schema.clone();
            let mut unit = new_unit(&format!("module:{}", module.name));
            self.file(&mut unit, &module.schema_sql);
            let added: Vec<String> = self
                .schema
                .tables
                .keys()
                .filter(|name| !before.tables.contains_key(*name))
                .cloned()
                .collect();
            unit.summary = counted(added.len(), "table", "tables");
            self.added.insert(module.name.clone(), added);
            units.push(unit);
        }
        let mut seed = new_unit("seed");
        let seeds = files.seed_sql.iter().chain(chosen.iter().filter_map(|module| module.seed_sql.as_ref()));
        for file in seeds {
            self.file(&mut seed, file);
        }
        seed.summary = counted(seed.statements.len(), "group of rows", "groups of rows");
        units.push(seed);
        let mut info = new_unit("tenant_info");
        self.text(&mut info, "tenant_info", TENANT_INFO, 1, true);
        "1 table".clone_into(&mut info.summary);
        units.push(info);
        units
    }

    /// A migration on top of the schema so far. The schema has moved on by its `up` afterwards.
    pub fn migration(&mut self, file: &MigrationFile) -> CompiledMigration {
        let mut up = new_unit(&format!("migration:{}", file.name));
        let mut down = new_unit(&format!("rollback:{}", file.name));
        let before = self.schema.clone();
        let parts = self.parts(&file.sql.base.path, &file.sql.base.text);
        let own = file.sql.override_for(self.engine.dialect());
        let own_parts = own.and_then(|own| self.parts(&own.path, &own.text));
        if let Some(parts) = &parts {
            self.text(&mut up, &file.sql.base.path, &parts.up.text, parts.up.first_line, own.is_none());
            let after = self.schema.clone();
            self.text(&mut down, &file.sql.base.path, &parts.down.text, parts.down.first_line, own.is_none());
            self.compare(&file.sql.base.path, parts.down.first_line, &before);
            self.schema = after;
        }
        if let (Some(own), Some(parts)) = (own, own_parts) {
            self.own(&mut up, &own.path, &parts.up.text, parts.up.first_line);
            self.own(&mut down, &own.path, &parts.down.text, parts.down.first_line);
        }
        let summary = changes(&before, &self.schema);
        CompiledMigration { name: file.name.clone(), up, down, summary }
    }

    fn parts(&mut self, path: &str, text: &str) -> Option<migration::Migration> {
        match migration::read(text) {
            Ok(parts) => Some(parts),
            Err(problems) => {
                for problem in problems {
                    self.report.problem(path, Some(problem.line), problem.message);
                }
                None
            }
        }
    }

    fn compare(&mut self, path: &str, line: usize, before: &Schema) {
        if !self.report.is_clean() {
            return;
        }
        for difference in crate::schema::difference::differences(before, &self.schema) {
            self.report.problem(
                path,
                Some(line),
                format!("`-- DOWN` does not restore what `-- UP` found: {}", difference.sentence),
            );
        }
    }
}

fn new_unit(key: &str) -> CompiledUnit {
    CompiledUnit { key: key.to_owned(), summary: String::new(), statements: Vec::new(), origins: Vec::new() }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// Checks that the seeds of a template use only variables that there are.
pub fn check_variables(files: &TemplateFiles, report: &mut Report) {
    let structure =
        std::iter::once(&files.schema_sql).chain(files.modules.iter().map(|module| &module.schema_sql));
    let seeds =
        files.seed_sql.iter().chain(files.modules.iter().filter_map(|module| module.seed_sql.as_ref()));
    let migrations = files.migrations.iter().map(|migration| &migration.sql);
    for file in structure.chain(seeds).chain(migrations) {
        for text in std::iter::once(&file.base).chain(file.overrides.values()) {
            for problem in variables::problems(&text.text) {
                report.problem(&text.path, Some(problem.line), problem.message);
            }
        }
    }
}

/// What changed from one schema to another, in sentences.
fn changes(before: &Schema, after: &Schema) -> Vec<String> {
    use crate::schema::difference::{Change, differences};
    let sentence = |difference: crate::schema::difference::Difference| {
        let what = match difference.change {
            Change::Added => "Adds",
            Change::Removed => "Removes",
            Change::Changed => "Changes",
        };
        format!("{what} the {} {}.", difference.kind, difference.object)
    };
    differences(before, after).into_iter().map(sentence).collect()
}
