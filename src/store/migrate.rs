//! Brings the control database's own schema up to date. Its migrations are in the plan's MySQL dialect and are rendered
//! for the engine in use, like any template.

use super::db::{Connection, Result, Store, StoreError, sql, sql_of};
use crate::{
    clock::timestamp,
    digest::sha256_hex,
    engine::sqlite::render,
    schema::Schema,
    sql::{evolve, operations::operation, read::split},
};

/// Version, name and text of each migration, in order. A migration that was released never changes.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("schema/0001_first.sql")),
    (2, "people", include_str!("schema/0002_people.sql")),
    (3, "tenant_drafts", include_str!("schema/0003_tenant_drafts.sql")),
    (4, "templates", include_str!("schema/0004_templates.sql")),
    (5, "life", include_str!("schema/0005_life.sql")),
    (6, "speed", include_str!("schema/0006_speed.sql")),
    (7, "export", include_str!("schema/0007_export.sql")),
    (8, "look", include_str!("schema/0008_look.sql")),
    (9, "counts", include_str!("schema/0009_counts.sql")),
    (10, "servers", include_str!("schema/0010_servers.sql")),
];

/// What belongs to a migration and has to be said in an engine's own words, by its version: one statement each.
const OWN: &[(i64, &[&str])] = &[(6, super::search::SQLITE), (9, super::counts::SQLITE)];

/// What was applied, and when.
const OWN_TABLE: &str = "CREATE TABLE IF NOT EXISTS control_migrations (
    version INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    applied_at TEXT NOT NULL
)";

/// Applies what is missing, all of it or nothing; gives the names of what was applied. A database of a newer version is
/// left as it is.
pub async fn migrate(store: &Store, now_ms: i64) -> Result<Vec<String>> {
    // A look without the write lock: most starts find nothing to do.
    if applied_version(&mut *store.read().await?).await? == newest() {
        return Ok(Vec::new());
    }
    let mut write = store.write().await?;
    sql(OWN_TABLE).run(&mut write).await?;
    let version = applied_version(&mut write).await?;
    let mut schema = Schema::default();
    let mut applied = Vec::new();
    for &(number, name, text) in MIGRATIONS {
        for (statement, before, after) in steps(&mut schema, text)? {
            if number <= version {
                continue;
            }
            for rendered in render(&before, &statement, &after)
                .map_err(|refusal| StoreError::Migration(format!("{name}: {}", refusal.reason)))?
            {
                sql_of(rendered.sql).run(&mut write).await?;
            }
        }
        if number > version {
            for own in OWN.iter().filter(|(of, _)| *of == number).flat_map(|(_, statements)| *statements) {
                sql(own).run(&mut write).await?;
            }
            sql("INSERT INTO control_migrations (version, name, digest, applied_at) VALUES (?, ?, ?, ?)")
                .bind(number)
                .bind(name)
                .bind(sha256_hex(text))
                .bind(timestamp(now_ms))
                .run(&mut write)
                .await?;
            applied.push(name.to_owned());
        }
    }
    write.commit().await?;
    Ok(applied)
}

fn newest() -> i64 {
    MIGRATIONS.iter().map(|(version, _, _)| *version).max().unwrap_or_default()
}

async fn applied_version(connection: &mut Connection) -> Result<i64> {
    let there = sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'control_migrations'")
        .first(connection)
        .await?;
    if there.is_none() {
        return Ok(0);
    }
    let row =
        sql("SELECT COALESCE(MAX(version), 0) AS version FROM control_migrations").one(connection).await?;
    let found = row.int("version")?;
    if found > newest() {
        return Err(StoreError::Newer { found, known: newest() });
    }
    Ok(found)
}

type Step = (crate::sql::operation::Operation, Schema, Schema);

/// The operations of a migration, each with the schema before and after it.
fn steps(schema: &mut Schema, text: &str) -> Result<Vec<Step>> {
    let problem = |problem: &crate::sql::read::Problem| {
        StoreError::Migration(format!("line {}: {}", problem.line, problem.message))
    };
    let statements = split(text, 1).map_err(|problems| {
        problems.first().map_or_else(|| StoreError::Migration("unreadable".into()), problem)
    })?;
    let mut steps = Vec::new();
    for statement in statements {
        for operation in operation(&statement).map_err(|found| problem(&found))? {
            let before = schema.clone();
            evolve::apply(schema, &operation).map_err(StoreError::Migration)?;
            steps.push((operation, before, schema.clone()));
        }
    }
    Ok(steps)
}
