//! A database made at once from a ready image is what its units make one after the other.

use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Row, SqliteConnection, TypeInfo, ValueRef};
use std::{collections::BTreeSet, path::Path};
use tenantry::{
    engine::{
        DatabaseName, Draft, Drafted, Engine, EngineError, Marker, Presence, Statement, TenantLock, Unit,
        Whole, sqlite::Sqlite,
    },
    sql::variables::Variables,
    templates::{
        Embedded,
        compile::Compiled,
        files::{self, TemplateFiles},
        prove,
    },
};
use uuid::Uuid;

fn variables(lock: &TenantLock) -> Variables {
    Variables::from([
        ("TENANT_ID", lock.tenant_id.to_string()),
        ("TENANT_SLUG", "acme".to_owned()),
        ("TENANT_NAME", "O'Hara \"& Söhne\" {{OWNER_EMAIL}} 红十字会".to_owned()),
        ("OWNER_EMAIL", "dana@example.org".to_owned()),
        ("CURRENT_TIMESTAMP", "2026-01-01 00:00:00".to_owned()),
        ("SET_ON_APP", "!".to_owned()),
        ("TEMPLATE_NAME", "Acme".to_owned()),
        ("TEMPLATE_VERSION", "1.0.0".to_owned()),
    ])
}

struct Ground {
    folder: tempfile::TempDir,
    engine: Sqlite,
}

impl Ground {
    fn new() -> Ground {
        let folder = tempfile::tempdir().unwrap();
        Ground { engine: Sqlite::new(folder.path().to_owned()), folder }
    }

    fn file(&self, name: &DatabaseName) -> std::path::PathBuf {
        self.folder.path().join(format!("{name}.db"))
    }

    async fn draft(
        &self,
        name: &DatabaseName,
        lock: &TenantLock,
        compiled: &Compiled,
    ) -> Result<Drafted, EngineError> {
        let variables = variables(lock);
        let units = units(compiled, &variables);
        let key = format!("{} {}", compiled.source_hash, compiled.modules.join(" "));
        let whole = Whole { key: &key, units: &units, schema_hash: &compiled.expected_hash };
        self.engine.draft(name, lock, &whole).await
    }

    async fn ready(&self, name: &DatabaseName, lock: &TenantLock, compiled: &Compiled) -> Draft {
        match self.draft(name, lock, compiled).await.unwrap() {
            Drafted::Ready(draft) => draft,
            Drafted::Stepwise => panic!("{:?} cannot be made at once", compiled.modules),
        }
    }

    async fn unit_by_unit(&self, name: &DatabaseName, lock: &TenantLock, compiled: &Compiled) {
        let variables = variables(lock);
        self.engine.create(name, lock).await.unwrap();
        for unit in units(compiled, &variables) {
            let mut session = self.engine.open(name, lock).await.unwrap();
            session.apply(unit).await.unwrap();
            session.close().await;
        }
    }
}

fn lock() -> TenantLock {
    TenantLock { tenant_id: Uuid::now_v7(), job_id: Uuid::now_v7(), fence: 7 }
}

fn units<'a>(compiled: &'a Compiled, variables: &'a Variables) -> Vec<Unit<'a>> {
    let mut units: Vec<Unit<'a>> = compiled
        .units
        .iter()
        .map(|unit| Unit { key: &unit.key, statements: &unit.statements, variables })
        .collect();
    units.push(Unit { key: "baseline", statements: &[], variables });
    units
}

fn embedded() -> Vec<TemplateFiles> {
    let readings = files::read_all(&Embedded).unwrap();
    readings.into_iter().map(|reading| reading.template.expect("a built-in template is sound")).collect()
}

/// No optional module, each alone, each two, and all.
fn choices(template: &TemplateFiles) -> BTreeSet<Vec<String>> {
    let order = template.module_order().unwrap();
    let optional: Vec<String> = template
        .modules
        .iter()
        .filter(|module| module.kind == tenantry::templates::ModuleKind::Optional)
        .map(|module| module.name.clone())
        .collect();
    let mut chosen: Vec<Vec<String>> = vec![Vec::new(), optional.clone()];
    for first in &optional {
        for second in &optional {
            chosen.push(vec![first.clone(), second.clone()]);
        }
    }
    chosen.iter().map(|modules| prove::resolve(&order, modules).unwrap()).collect()
}

/// What a value is like: random ids and moments of the two ways differ, everything else must not.
fn likeness(text: String) -> String {
    let shape: String = text.chars().map(|c| if c.is_ascii_hexdigit() { '0' } else { c }).collect();
    if shape == "00000000-0000-0000-0000-000000000000" {
        return "(an id)".into();
    }
    if shape.starts_with("0000-00-00 00:00:00") && shape.chars().all(|c| "0-: .".contains(c)) {
        return "(a moment)".into();
    }
    text
}

async fn open(file: &Path) -> SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.unwrap()
}

/// Everything in a file that a reader could see, in order.
async fn everything(file: &Path) -> Vec<String> {
    let mut connection = open(file).await;
    let mut seen = Vec::new();
    for pragma in [
        "page_size",
        "encoding",
        "journal_mode",
        "auto_vacuum",
        "user_version",
        "application_id",
        "integrity_check",
    ] {
        let row =
            sqlx::query(AssertSqlSafe(format!("PRAGMA {pragma}"))).fetch_one(&mut connection).await.unwrap();
        seen.push(format!("{pragma} {}", value(&row, 0)));
    }
    let objects = sqlx::query("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let mut tables = Vec::new();
    for object in &objects {
        let line: Vec<String> = (0..4).map(|index| value(object, index)).collect();
        if line[0] == "table" {
            tables.push(line[1].clone());
        }
        seen.push(line.join(" | "));
    }
    for table in tables {
        let text = format!("SELECT rowid AS own_rowid, * FROM \"{table}\" ORDER BY rowid");
        let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(&mut connection).await.unwrap();
        for row in rows {
            let line: Vec<String> = (0..row.columns().len())
                .map(|index| format!("{}={}", row.columns()[index].name(), likeness(value(&row, index))))
                .collect();
            seen.push(format!("{table}: {}", line.join(" ")));
        }
    }
    connection.close().await.unwrap();
    seen
}

fn value(row: &sqlx::sqlite::SqliteRow, index: usize) -> String {
    let raw = row.try_get_raw(index).unwrap();
    if raw.is_null() {
        return "NULL".into();
    }
    match raw.type_info().name() {
        "INTEGER" => row.try_get_unchecked::<i64, _>(index).unwrap().to_string(),
        "REAL" => row.try_get_unchecked::<f64, _>(index).unwrap().to_string(),
        _ => row.try_get_unchecked::<String, _>(index).unwrap(),
    }
}

#[tokio::test]
async fn every_template_with_any_two_modules_is_the_same_made_at_once_and_unit_by_unit() {
    let ground = Ground::new();
    for template in embedded() {
        for modules in choices(&template) {
            let compiled = prove::compile(&ground.engine, &template, &modules).await.unwrap();
            let lock = lock();
            let slow = DatabaseName::derive("slow", Uuid::now_v7());
            let fast = DatabaseName::derive("fast", Uuid::now_v7());
            ground.unit_by_unit(&slow, &lock, &compiled).await;
            let draft = ground.ready(&fast, &lock, &compiled).await;
            ground.engine.publish(&draft).await.unwrap();
            let mut differing = Vec::new();
            let (slow, fast) = (everything(&ground.file(&slow)).await, everything(&ground.file(&fast)).await);
            for (one, other) in slow.iter().zip(&fast) {
                if one != other {
                    differing.push(format!("unit by unit {one}\nat once      {other}"));
                }
            }
            assert!(differing.is_empty(), "{} {modules:?}\n{}", template.template_type, differing.join("\n"));
            assert_eq!(slow.len(), fast.len());
            assert!(
                slow.iter().any(|line| line.starts_with("users:") && line.contains("红十字会")
                    || line.contains("(an id)"))
            );
        }
    }
}

#[tokio::test]
async fn one_image_serves_many_tenants_and_keeps_nothing_of_any() {
    let ground = Ground::new();
    let template = embedded().remove(0);
    let compiled = prove::compile(&ground.engine, &template, &["core".into()]).await.unwrap();
    let mut ids = BTreeSet::new();
    for _ in 0..3 {
        let lock = lock();
        let name = DatabaseName::derive("acme", lock.tenant_id);
        let draft = ground.ready(&name, &lock, &compiled).await;
        ground.engine.publish(&draft).await.unwrap();
        let mut connection = open(&ground.file(&name)).await;
        let users = sqlx::query("SELECT id, uuid FROM users").fetch_all(&mut connection).await.unwrap();
        assert_eq!(users.len(), 1);
        assert_eq!(users[0].get::<i64, _>(0), 1);
        ids.insert(users[0].get::<String, _>(1));
        let owner: String = sqlx::query("SELECT tenant_id FROM tenantry_owner")
            .fetch_one(&mut connection)
            .await
            .unwrap()
            .get(0);
        assert_eq!(owner, lock.tenant_id.to_string());
        connection.close().await.unwrap();
        // From here on the tenant is worked on like any other: its units are known to be done.
        let variables = variables(&lock);
        let mut session = ground.engine.open(&name, &lock).await.unwrap();
        for unit in units(&compiled, &variables) {
            assert_eq!(session.apply(unit).await.unwrap(), tenantry::engine::Applied::Before, "{}", unit.key);
        }
        assert_eq!(session.inspect().await.unwrap().fingerprint(), compiled.expected_hash);
        session.close().await;
    }
    assert_eq!(ids.len(), 3, "random ids are drawn for each tenant");
}

#[tokio::test]
async fn a_draft_has_no_name_before_it_is_published_and_takes_nobody_elses() {
    let ground = Ground::new();
    let template = embedded().remove(0);
    let compiled = prove::compile(&ground.engine, &template, &["core".into()]).await.unwrap();
    let lock = lock();
    let name = DatabaseName::derive("acme", lock.tenant_id);
    let draft = ground.ready(&name, &lock, &compiled).await;
    assert_eq!(ground.engine.look_up(&name).await.unwrap(), Presence::Absent);
    // Somebody is faster.
    std::fs::write(ground.file(&name), b"somebody's precious file").unwrap();
    assert!(matches!(ground.engine.publish(&draft).await, Err(EngineError::Foreign(_))));
    assert_eq!(std::fs::read(ground.file(&name)).unwrap(), b"somebody's precious file");
    assert_eq!(ground.draft(&name, &lock, &compiled).await.unwrap(), Drafted::Stepwise);
    std::fs::remove_file(ground.file(&name)).unwrap();

    // A draft that was never published goes with whatever is done next under that name.
    let _ = ground.ready(&name, &lock, &compiled).await;
    let marker = Marker { tenant_id: lock.tenant_id, job_id: lock.job_id };
    assert!(!ground.engine.remove(&name, &marker).await.unwrap());
    let left = std::fs::read_dir(ground.folder.path().join(".making")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn values_that_a_template_refuses_leave_the_image_usable_for_the_next_tenant() {
    let ground = Ground::new();
    let variables = |slug: &str| Variables::from([("TENANT_SLUG", slug.to_owned())]);
    let statement = |sql: &str, values: &[&str]| Statement {
        sql: sql.to_owned(),
        values: values.iter().map(|text| (*text).to_owned()).collect(),
    };
    let statements = [
        statement("CREATE TABLE a (slug TEXT CHECK (length(slug) < 5))", &[]),
        statement("INSERT INTO a VALUES (?)", &["{{TENANT_SLUG}}"]),
    ];
    let make = |slug: &'static str, schema: String| {
        let (ground, statements) = (&ground, &statements);
        async move {
            let (lock, variables) = (lock(), variables(slug));
            let units = [Unit { key: "all", statements, variables: &variables }];
            let whole = Whole { key: "narrow", units: &units, schema_hash: &schema };
            ground.engine.draft(&DatabaseName::derive("acme", lock.tenant_id), &lock, &whole).await
        }
    };
    let mut scratch = ground.engine.scratch().await.unwrap();
    let unit = Unit { key: "all", statements: &statements[..1], variables: &variables("x") };
    scratch.apply(unit).await.unwrap();
    let schema = scratch.inspect().await.unwrap().fingerprint();
    assert!(matches!(make("long slug", schema.clone()).await, Err(EngineError::Statement { .. })));
    assert!(matches!(make("four", schema.clone()).await.unwrap(), Drafted::Ready(_)));
    assert!(matches!(make("long slug", schema.clone()).await, Err(EngineError::Statement { .. })));
    assert!(matches!(make("more", schema).await.unwrap(), Drafted::Ready(_)));
    // An image that is not what was expected is not used.
    let other = Statement { sql: "CREATE TABLE b (x INTEGER)".into(), values: vec![] };
    let lock = lock();
    let units = [Unit { key: "all", statements: &[other], variables: &variables("x") }];
    let whole = Whole { key: "other", units: &units, schema_hash: "something else" };
    let name = DatabaseName::derive("acme", lock.tenant_id);
    assert_eq!(ground.engine.draft(&name, &lock, &whole).await.unwrap(), Drafted::Stepwise);
}
