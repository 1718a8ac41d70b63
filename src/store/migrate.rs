//! Brings the control database's own schema up to date. Its migrations are in the plan's MySQL dialect and are rendered
//! for the engine in use, like any template.

use super::{
    columns::fitted,
    db::{Backend, Connection, Result, Store, StoreError, sql, sql_of},
};
use crate::{
    clock::timestamp,
    digest::sha256_hex,
    engine::{
        Statement, mariadb,
        postgres::{self, CREATE_COLLATION},
        sqlite,
    },
    schema::Schema,
    sql::{evolve, operation::Operation, operations::operation, read::split},
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
    (11, "drift", include_str!("schema/0011_drift.sql")),
    (12, "drift_decisions", include_str!("schema/0012_drift_decisions.sql")),
];

/// What belongs to a migration and has to be said in an engine's own words: one statement each.
fn own(version: i64, backend: Backend) -> &'static [&'static str] {
    match (version, backend) {
        (1, Backend::MariaDb) => FIRST_CLAIM,
        (1, Backend::Postgres) => FIRST_ON_POSTGRES,
        (6, Backend::Sqlite) => super::search::SQLITE,
        (9, Backend::Sqlite) => super::counts::SQLITE,
        (9, Backend::MariaDb) => super::counts::MARIADB,
        (9, Backend::Postgres) => super::counts::POSTGRES,
        _ => &[],
    }
}

/// The number of claims is a row from the beginning, so that claims can wait for each other there.
const FIRST_CLAIM: &[&str] =
    &["INSERT INTO settings (name, value) SELECT * FROM (SELECT 'fence' AS name, '0' AS value) AS new
    WHERE NOT EXISTS (SELECT 1 FROM settings s WHERE s.name = new.name)"];

/// Now, as the plan's TIMESTAMP columns hold it.
macro_rules! now {
    () => {
        "to_char(CURRENT_TIMESTAMP AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
    };
}

/// Names that are sorted and looked for without case, and moments that columns have by themselves.
const FIRST_ON_POSTGRES: &[&str] = &[
    "INSERT INTO settings (name, value) VALUES ('fence', '0')",
    "ALTER TABLE tenants ALTER COLUMN name TYPE varchar(255) COLLATE tenantry_ci",
    "ALTER TABLE users ALTER COLUMN name TYPE varchar(255) COLLATE tenantry_ci",
    concat!("ALTER TABLE tenant_templates ALTER COLUMN created_at SET DEFAULT ", now!()),
    concat!("ALTER TABLE tenant_templates ALTER COLUMN updated_at SET DEFAULT ", now!()),
    concat!("ALTER TABLE template_modules ALTER COLUMN created_at SET DEFAULT ", now!()),
    concat!("ALTER TABLE template_migrations ALTER COLUMN created_at SET DEFAULT ", now!()),
    concat!("ALTER TABLE tenant_customizations ALTER COLUMN created_at SET DEFAULT ", now!()),
    concat!("ALTER TABLE tenant_customizations ALTER COLUMN updated_at SET DEFAULT ", now!()),
    concat!("ALTER TABLE tenant_migrations_history ALTER COLUMN applied_at SET DEFAULT ", now!()),
    concat!("ALTER TABLE tenant_applied_migrations ALTER COLUMN applied_at SET DEFAULT ", now!()),
    concat!(
        "CREATE FUNCTION note_update() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
            IF NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN NEW.updated_at := ",
        now!(),
        "; END IF;
            RETURN NEW;
         END $$"
    ),
    "CREATE TRIGGER note_update BEFORE UPDATE ON tenant_templates FOR EACH ROW EXECUTE FUNCTION note_update()",
    "CREATE TRIGGER note_update BEFORE UPDATE ON tenant_customizations FOR EACH ROW EXECUTE FUNCTION note_update()",
];

/// What was applied, and when.
const OWN_TABLE: &str = "CREATE TABLE IF NOT EXISTS control_migrations (
    version INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    applied_at TEXT NOT NULL
)";

/// How far a migration has come, where changes of the structure cannot be taken back.
const PROGRESS_TABLE: &str = "CREATE TABLE IF NOT EXISTS control_progress (
    version INTEGER NOT NULL PRIMARY KEY,
    done INTEGER NOT NULL
)";

/// Applies what is missing; gives the names of what was applied. It is all of it or nothing, but on MariaDB and MySQL, where
/// the next start goes on at the statement at which this one stopped. A database of a newer version is left as it is, and so
/// is one of a server that holds anything else.
pub async fn migrate(store: &Store, now_ms: i64) -> Result<Vec<String>> {
    // A look without the write lock: most starts find nothing to do.
    if applied_version(&mut *store.read().await?).await? == newest() {
        return Ok(Vec::new());
    }
    let mut write = store.write().await?;
    let backend = write.backend();
    must_be_ours(&mut write).await?;
    if backend == Backend::Postgres {
        sql(CREATE_COLLATION).run_once(&mut write).await?;
    }
    sql(OWN_TABLE).run_once(&mut write).await?;
    if backend == Backend::MariaDb {
        sql(PROGRESS_TABLE).run_once(&mut write).await?;
    }
    let version = applied_version(&mut write).await?;
    let mut schema = Schema::default();
    let mut applied = Vec::new();
    for &(number, name, text) in MIGRATIONS {
        let mut statements = Vec::new();
        for (operation, before, after) in steps(&mut schema, text, backend)? {
            if number > version {
                let rendered = rendered(backend, &before, &operation, &after)
                    .map_err(|reason| StoreError::Migration(format!("{name}: {reason}")))?;
                statements.extend(rendered.into_iter().map(|statement| statement.sql));
            }
        }
        if number <= version {
            continue;
        }
        statements.extend(own(number, backend).iter().map(|own| (*own).to_owned()));
        apply(&mut write, number, statements).await?;
        sql("INSERT INTO control_migrations (version, name, digest, applied_at) VALUES (?, ?, ?, ?)")
            .bind(number)
            .bind(name)
            .bind(sha256_hex(text))
            .bind(timestamp(now_ms))
            .run(&mut write)
            .await?;
        applied.push(name.to_owned());
    }
    write.commit().await?;
    Ok(applied)
}

fn rendered(
    backend: Backend,
    before: &Schema,
    operation: &Operation,
    after: &Schema,
) -> std::result::Result<Vec<Statement>, String> {
    match backend {
        Backend::Sqlite => sqlite::render(before, operation, after).map_err(|refusal| refusal.reason),
        Backend::MariaDb => mariadb::render(before, operation, after).map_err(|refusal| refusal.reason),
        Backend::Postgres => postgres::render(before, operation, after).map_err(|refusal| refusal.reason),
    }
}

/// Runs the statements of a migration. MariaDB and MySQL commit each by itself, so what was done is noted after each; the one
/// after the last that was noted may have been done, too.
async fn apply(write: &mut Connection, version: i64, statements: Vec<String>) -> Result<()> {
    if write.backend() != Backend::MariaDb {
        for statement in statements {
            sql_of(statement).run_once(write).await?;
        }
        return Ok(());
    }
    let found = sql("SELECT done FROM control_progress WHERE version = ?").bind(version).first(write).await?;
    let stopped_at = found.map(|row| row.int("done")).transpose()?;
    if stopped_at.is_none() {
        sql("INSERT INTO control_progress (version, done) VALUES (?, 0)").bind(version).run(write).await?;
    }
    for (place, statement) in (0_i64..).zip(statements) {
        if stopped_at.is_some_and(|done| place < done) {
            continue;
        }
        match sql_of(statement).run_once(write).await {
            Err(cause) if stopped_at == Some(place) && is_done_already(&cause) => {}
            ran => ran?,
        }
        let note =
            sql("UPDATE control_progress SET done = ? WHERE version = ?").bind(place + 1).bind(version);
        note.run(write).await?;
    }
    Ok(())
}

/// MariaDB's numbers for a table, a column and an index that are there already.
fn is_done_already(cause: &StoreError) -> bool {
    let StoreError::Database(sqlx::Error::Database(cause)) = cause else { return false };
    let cause = cause.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>();
    cause.is_some_and(|cause| matches!(cause.number(), 1050 | 1060 | 1061))
}

/// Refuses a server's database with tables that are not ours: its name in the settings may be a slip.
async fn must_be_ours(connection: &mut Connection) -> Result<()> {
    if connection.backend() == Backend::Sqlite || has_table(connection, "control_migrations").await? {
        return Ok(());
    }
    let question = match connection.backend() {
        Backend::Sqlite => return Ok(()),
        Backend::MariaDb => {
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() LIMIT 1"
        }
        Backend::Postgres => {
            "SELECT relname::text AS name FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') LIMIT 1"
        }
    };
    match sql(question).first(connection).await? {
        None => Ok(()),
        Some(row) => Err(StoreError::Unfit(format!(
            "The database in TENANTRY_DATABASE_URL holds something else already (such as the table {}). Name an empty one.",
            row.text("name")?
        ))),
    }
}

async fn has_table(connection: &mut Connection, name: &'static str) -> Result<bool> {
    let question = match connection.backend() {
        Backend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?",
        Backend::MariaDb => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?"
        }
        Backend::Postgres => {
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ? AND relkind = 'r'"
        }
    };
    Ok(sql(question).bind(name).first(connection).await?.is_some())
}

fn newest() -> i64 {
    MIGRATIONS.iter().map(|(version, _, _)| *version).max().unwrap_or_default()
}

async fn applied_version(connection: &mut Connection) -> Result<i64> {
    if !has_table(connection, "control_migrations").await? {
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

type Step = (Operation, Schema, Schema);

/// The operations of a migration, each with the schema before and after it.
fn steps(schema: &mut Schema, text: &str, backend: Backend) -> Result<Vec<Step>> {
    let problem = |problem: &crate::sql::read::Problem| {
        StoreError::Migration(format!("line {}: {}", problem.line, problem.message))
    };
    let statements = split(text, 1).map_err(|problems| {
        problems.first().map_or_else(|| StoreError::Migration("unreadable".into()), problem)
    })?;
    let mut steps = Vec::new();
    for statement in statements {
        for operation in operation(&statement).map_err(|found| problem(&found))? {
            let operation = fitted(operation, backend);
            let before = schema.clone();
            evolve::apply(schema, &operation).map_err(StoreError::Migration)?;
            steps.push((operation, before, schema.clone()));
        }
    }
    Ok(steps)
}
