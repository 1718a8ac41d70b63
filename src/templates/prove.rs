//! Proof by doing: on scratch databases of the engine, everything of a template applies, and every migration's `down`
//! restores exactly the schema that its `up` found.

use std::collections::BTreeMap;

use super::{
    compile::{Compiled, CompiledMigration, CompiledUnit, Compiler, check_variables},
    files::TemplateFiles,
    hazards::{self, MigrationHazards},
    order::ModuleOrder,
    report::Report,
};
use crate::{
    engine::{Engine, EngineError, Session, Unit},
    schema::{Schema, difference::differences},
    sql::variables::Variables,
};

/// Names of the modules of a template with these optional ones, in order, what they need included.
pub fn resolve(order: &ModuleOrder, chosen: &[String]) -> Result<Vec<String>, Vec<String>> {
    order
        .resolve(chosen)
        .map(|modules| modules.into_iter().map(|module| module.name).collect())
        .map_err(|unknown| unknown.names)
}

/// Values that are hard on quoting: what works with them works with tenants' real names.
fn sample() -> Variables {
    Variables::from([
        ("TENANT_ID", "0190a5c0-0000-7000-8000-000000000001".to_owned()),
        ("TENANT_SLUG", "proof".to_owned()),
        ("TENANT_NAME", "O'Hara \"& Söhne\"; DROP TABLE users; -- {{OWNER_EMAIL}} \\".to_owned()),
        ("OWNER_EMAIL", "o'hara@example.org".to_owned()),
        ("CURRENT_TIMESTAMP", "2026-01-01 00:00:00".to_owned()),
        ("SET_ON_APP", "!".to_owned()),
        ("TEMPLATE_NAME", "Proof".to_owned()),
        ("TEMPLATE_VERSION", "1.0.0".to_owned()),
    ])
}

/// What went wrong on a scratch database.
enum Failure {
    /// The template's fault: file, line, reason.
    Template(String, usize, String),
    /// Not the template's fault.
    Machine(EngineError),
}

async fn apply(session: &mut dyn Session, unit: &CompiledUnit, key: &str) -> Result<(), Failure> {
    let variables = sample();
    match session.apply(Unit { key, statements: &unit.statements, variables: &variables }).await {
        Ok(_) => Ok(()),
        Err(cause @ (EngineError::Statement { .. } | EngineError::Dangling(_))) => {
            let index = if let EngineError::Statement { index, .. } = &cause {
                *index
            } else {
                unit.origins.len().saturating_sub(1)
            };
            let (file, line) = unit.origins.get(index).cloned().unwrap_or_else(|| (unit.key.clone(), 1));
            let reason = match cause {
                EngineError::Statement { sql, cause, .. } => {
                    format!("the database refused this: {cause} (as {sql})")
                }
                other => other.to_string(),
            };
            Err(Failure::Template(file, line, reason))
        }
        Err(cause) => Err(Failure::Machine(cause)),
    }
}

async fn build(engine: &dyn Engine, units: &[CompiledUnit]) -> Result<Box<dyn Session>, Failure> {
    let mut session = engine.scratch().await.map_err(Failure::Machine)?;
    for unit in units {
        apply(session.as_mut(), unit, &unit.key).await?;
    }
    Ok(session)
}

/// Compiles a template version with chosen optional modules, and finds the schema that it makes by making it.
pub async fn compile(
    engine: &dyn Engine,
    files: &TemplateFiles,
    modules: &[String],
) -> Result<Compiled, CompileError> {
    let mut compiler = Compiler::new(engine);
    let units = compiler.template(files, modules);
    let report = compiler.into_report();
    if !report.is_clean() {
        return Err(CompileError::Template(report));
    }
    let expected = async {
        let mut session = build(engine, &units).await?;
        let schema = session.inspect().await.map_err(Failure::Machine);
        session.close().await;
        schema
    };
    let expected = match expected.await {
        Ok(schema) => schema,
        Err(Failure::Template(file, line, reason)) => {
            let mut report = Report::default();
            report.problem(file, Some(line), reason);
            return Err(CompileError::Template(report));
        }
        Err(Failure::Machine(cause)) => return Err(CompileError::Machine(cause)),
    };
    Ok(Compiled {
        source_hash: files.source_hash.clone(),
        modules: modules.to_vec(),
        units,
        expected_hash: expected.fingerprint(),
        snapshot: serde_json::to_string(&expected).unwrap_or_else(|_| "{}".into()),
        expected,
    })
}

/// Why a template version could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// Its files are wrong.
    #[error("{0}")]
    Template(Report),
    /// No scratch database could be had.
    #[error("no scratch database could be used: {0}")]
    Machine(EngineError),
}

/// What a proof found out.
#[derive(Debug, Clone)]
pub struct Proof {
    /// What is wrong; a template with problems is not imported.
    pub report: Report,
    /// The schema with every module, as the template says it.
    pub schema: Schema,
    /// The tables that each module adds.
    pub module_tables: BTreeMap<String, Vec<String>>,
    /// What each migration changes, in sentences.
    pub summaries: BTreeMap<String, Vec<String>>,
    /// What can go wrong with each migration, in their order.
    pub hazards: Vec<MigrationHazards>,
    /// Choices of modules that were built.
    pub choices: usize,
    /// Times that a migration went up and down.
    pub round_trips: usize,
}

/// Proves a template: the core alone, each optional module with what it needs, and all of them together are built; on
/// the first and the last of these, every migration goes up, down and up again, and all of them down.
pub async fn prove(engine: &dyn Engine, files: &TemplateFiles) -> Result<Proof, EngineError> {
    let mut proof = Proof {
        report: Report::default(),
        schema: Schema::default(),
        module_tables: BTreeMap::new(),
        summaries: BTreeMap::new(),
        hazards: hazards::of_template(files),
        choices: 0,
        round_trips: 0,
    };
    check_variables(files, &mut proof.report);
    hazards::warn(&proof.hazards, &mut proof.report);
    hazards::warn_of_seeds(files, &mut proof.report);
    let order = match files.module_order() {
        Ok(order) => order,
        Err(errors) => {
            for error in errors {
                proof.report.problem(
                    format!("{}/template.toml", files.template_type),
                    None,
                    error.to_string(),
                );
            }
            return Ok(proof);
        }
    };
    let optional: Vec<String> = files
        .modules
        .iter()
        .filter(|module| module.kind == super::ModuleKind::Optional)
        .map(|module| module.name.clone())
        .collect();
    // All modules first: it has every statement, so its report is the fullest.
    let mut choices = vec![optional.clone(), Vec::new()];
    choices.extend(optional.into_iter().map(|name| vec![name]));
    for (number, chosen) in choices.iter().enumerate() {
        let Ok(modules) = resolve(&order, chosen) else { continue };
        let mut compiler = Compiler::new(engine);
        let units = compiler.template(files, &modules);
        if number == 0 {
            proof.schema = compiler.schema().clone();
            proof.module_tables = compiler.added().clone();
        }
        // Migrations have to work where all optional modules are, and where none is.
        let migrations: Vec<CompiledMigration> = if number <= 1 {
            files.migrations.iter().map(|file| compiler.migration(file)).collect()
        } else {
            Vec::new()
        };
        proof
            .summaries
            .extend(migrations.iter().map(|migration| (migration.name.clone(), migration.summary.clone())));
        proof.report.append(compiler.into_report());
        if !proof.report.is_clean() {
            proof.report.sort();
            return Ok(proof);
        }
        match walk(engine, &units, &migrations).await {
            Ok(round_trips) => {
                proof.choices += 1;
                proof.round_trips += round_trips;
            }
            Err(Failure::Machine(cause)) => return Err(cause),
            Err(Failure::Template(file, line, reason)) => {
                let reason =
                    if chosen.is_empty() { format!("{reason} (with no optional module)") } else { reason };
                proof.report.problem(file, Some(line), reason);
                return Ok(proof);
            }
        }
    }
    Ok(proof)
}

async fn walk(
    engine: &dyn Engine,
    units: &[CompiledUnit],
    migrations: &[CompiledMigration],
) -> Result<usize, Failure> {
    let mut session = build(engine, units).await?;
    let walked = climb(session.as_mut(), migrations, engine.capabilities().column_places).await;
    session.close().await;
    walked
}

/// `has_places` is whether columns come back to where they were.
async fn climb(
    session: &mut dyn Session,
    migrations: &[CompiledMigration],
    has_places: bool,
) -> Result<usize, Failure> {
    let mut found = vec![session.inspect().await.map_err(Failure::Machine)?];
    for migration in migrations {
        apply(session, &migration.up, &format!("{} first", migration.up.key)).await?;
        apply(session, &migration.down, &migration.down.key).await?;
        let restored = session.inspect().await.map_err(Failure::Machine)?;
        if let Some(before) = found.last() {
            same(before, &restored, migration, has_places)?;
        }
        apply(session, &migration.up, &migration.up.key).await?;
        found.push(session.inspect().await.map_err(Failure::Machine)?);
    }
    // All the way down again: a `down` must also work where later migrations were there.
    for migration in migrations.iter().rev() {
        found.pop();
        apply(session, &migration.down, &format!("{} last", migration.down.key)).await?;
        let restored = session.inspect().await.map_err(Failure::Machine)?;
        if let Some(before) = found.last() {
            same(before, &restored, migration, has_places)?;
        }
    }
    Ok(migrations.len() * 2)
}

/// The same schema with the columns of each table by name.
fn without_places(schema: &Schema) -> Schema {
    let mut schema = schema.clone();
    for table in schema.tables.values_mut() {
        table.columns.sort_by(|one, other| one.name.cmp(&other.name));
    }
    schema
}

fn same(
    before: &Schema,
    restored: &Schema,
    migration: &CompiledMigration,
    has_places: bool,
) -> Result<(), Failure> {
    if !has_places {
        return same(&without_places(before), &without_places(restored), migration, true);
    }
    if before.fingerprint() == restored.fingerprint() {
        return Ok(());
    }
    let sentences: Vec<String> =
        differences(before, restored).into_iter().map(|difference| difference.sentence).collect();
    let (file, line) = migration.down.origins.first().cloned().unwrap_or_else(|| (migration.name.clone(), 1));
    Err(Failure::Template(
        file,
        line,
        format!("`-- DOWN` does not restore what `-- UP` found: {}", sentences.join(" ")),
    ))
}
