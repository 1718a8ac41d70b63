//! The engine on a server: databases come to life whole, are worked on under a fence, and go.

use crate::{ground::engine, servers::Postgres as Server};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};
use tenantry::{
    engine::{Applied, DatabaseName, Engine, EngineError, Marker, Presence, TenantLock, Unit},
    sql::variables::Variables,
    templates::{Embedded, compile::Compiler, prove, read},
};
use uuid::Uuid;

fn lock(fence: i64) -> TenantLock {
    TenantLock { tenant_id: Uuid::now_v7(), job_id: Uuid::now_v7(), fence }
}

async fn names(server: &Server, like: &str) -> Vec<String> {
    let mut admin = server.options().connect().await.unwrap();
    let sql = format!("SELECT datname::text FROM pg_database WHERE datname LIKE '{like}'");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut admin).await.unwrap();
    rows.iter().map(|row| row.try_get(0).unwrap()).collect()
}

#[tokio::test]
async fn a_database_is_made_worked_on_and_removed() {
    let server = Server::shared();
    let engine = engine(&server, server.options(), 8);
    let lock = lock(5);
    let name = DatabaseName::derive("acme", lock.tenant_id);
    assert_eq!(engine.look_up(&name).await.unwrap(), Presence::Absent);
    engine.create(&name, &lock).await.unwrap();
    engine.create(&name, &lock).await.unwrap();
    let marker = Marker { tenant_id: lock.tenant_id, job_id: lock.job_id };
    assert_eq!(engine.look_up(&name).await.unwrap(), Presence::Ours(marker));
    let other = TenantLock { job_id: Uuid::now_v7(), ..lock };
    assert!(matches!(engine.create(&name, &other).await, Err(EngineError::Foreign(_))));

    let files = read(&Embedded, "basic").unwrap().template.unwrap();
    let modules = prove::resolve(&files.module_order().unwrap(), &[]).unwrap();
    let mut compiler = Compiler::new(&engine);
    let units = compiler.template(&files, &modules);
    let expected = compiler.schema().clone();
    let report = compiler.into_report();
    assert!(report.is_clean(), "{report}");
    let variables = Variables::default();
    let mut session = engine.open(&name, &lock).await.unwrap();
    for (place, unit) in units.iter().enumerate() {
        let unit = Unit { key: &unit.key, statements: &unit.statements, variables: &variables };
        assert!(matches!(session.apply(unit).await.unwrap(), Applied::Now { .. }), "{place}");
        assert_eq!(session.apply(unit).await.unwrap(), Applied::Before);
    }
    let live = session.inspect().await.unwrap();
    assert_eq!(live.tables.keys().collect::<Vec<_>>(), expected.tables.keys().collect::<Vec<_>>());
    let unit = Unit { key: "late", statements: &[], variables: &variables };
    let mut newer = engine.open(&name, &TenantLock { fence: 6, ..lock }).await.unwrap();
    newer.apply(unit).await.unwrap();
    assert!(matches!(session.apply(Unit { key: "later", ..unit }).await, Err(EngineError::Stale)));
    let mut looking = engine.look(&name, lock.tenant_id).await.unwrap();
    assert_eq!(looking.inspect().await.unwrap(), live);
    assert!(looking.apply(unit).await.is_err());
    assert!(matches!(engine.look(&name, Uuid::now_v7()).await.err(), Some(EngineError::Foreign(_))));
    assert!(engine.size(&name).await.unwrap() > 1_000_000);

    let wrong = Marker { job_id: Uuid::now_v7(), ..marker };
    assert!(engine.remove(&name, &wrong).await.is_err());
    assert!(engine.remove(&name, &marker).await.unwrap());
    assert!(!engine.remove(&name, &marker).await.unwrap());
}

#[tokio::test]
async fn a_unit_that_fails_leaves_nothing_and_a_scratch_database_goes_with_its_session() {
    let server = Server::start();
    let engine = engine(&server, server.options(), 8);
    let mut session = engine.scratch().await.unwrap();
    assert_eq!(names(&server, "tenantry-scratch-%").await.len(), 1);
    let statements: Vec<_> = engine
        .split_own("CREATE TABLE a (id integer);\nINSERT INTO a VALUES ('x');")
        .unwrap()
        .into_iter()
        .map(|(statement, _)| statement)
        .collect();
    let variables = Variables::default();
    let failed = session.apply(Unit { key: "one", statements: &statements, variables: &variables }).await;
    assert!(matches!(failed, Err(EngineError::Statement { index: 1, .. })), "{failed:?}");
    assert!(session.inspect().await.unwrap().tables.is_empty());
    session.close().await;
    assert_eq!(names(&server, "tenantry-scratch-%").await, [""; 0]);
}
