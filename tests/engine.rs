//! The contract of an engine: whole units, the right tenant, and nobody else's database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

use sqlx::{Connection, Row};
use tenantry::{
    engine::{
        Applied, DatabaseName, Engine, EngineError, Marker, Presence, Statement, TenantLock, Unit,
        sqlite::Sqlite,
    },
    sql::variables::Variables,
};
use uuid::Uuid;

struct Ground {
    folder: tempfile::TempDir,
    engine: Sqlite,
    name: DatabaseName,
    lock: TenantLock,
}

impl Ground {
    fn new() -> Ground {
        let folder = tempfile::tempdir().unwrap();
        let tenant_id = Uuid::now_v7();
        Ground {
            engine: Sqlite::new(folder.path().to_owned()),
            folder,
            name: DatabaseName::derive("acme", tenant_id),
            lock: TenantLock { tenant_id, job_id: Uuid::now_v7(), fence: 1 },
        }
    }

    async fn made() -> Ground {
        let ground = Ground::new();
        ground.engine.create(&ground.name, &ground.lock).await.unwrap();
        ground
    }

    fn marker(&self) -> Marker {
        Marker { tenant_id: self.lock.tenant_id, job_id: self.lock.job_id }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join(format!("{}.db", self.name))
    }

    async fn apply(&self, lock: &TenantLock, key: &str, texts: &[&str]) -> Result<Applied, EngineError> {
        let statements: Vec<Statement> =
            texts.iter().map(|sql| Statement { sql: (*sql).to_owned(), values: Vec::new() }).collect();
        let mut session = self.engine.open(&self.name, lock).await?;
        let applied =
            session.apply(Unit { key, statements: &statements, variables: &Variables::default() }).await;
        session.close().await;
        applied
    }

    async fn number(&self, query: &'static str) -> i64 {
        use sqlx::ConnectOptions;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.file());
        let mut connection = options.connect().await.unwrap();
        let found = sqlx::query(query).fetch_one(&mut connection).await.unwrap().get(0);
        connection.close().await.unwrap();
        found
    }
}

#[tokio::test]
async fn a_unit_happens_wholly_or_not_at_all_structure_included() {
    let ground = Ground::made().await;
    let failed = ground
        .apply(&ground.lock, "one", &["CREATE TABLE a (id INTEGER)", "INSERT INTO a VALUES (1)", "NONSENSE"])
        .await;
    assert!(matches!(failed, Err(EngineError::Statement { index: 2, .. })), "{failed:?}");
    assert_eq!(ground.number("SELECT COUNT(*) FROM sqlite_master WHERE name = 'a'").await, 0);
    assert_eq!(ground.number("SELECT COUNT(*) FROM tenantry_ledger").await, 0);
    let first = ground.apply(&ground.lock, "one", &["CREATE TABLE a (id INTEGER)"]).await.unwrap();
    assert!(matches!(first, Applied::Now { .. }));
    assert_eq!(
        ground.apply(&ground.lock, "one", &["CREATE TABLE a (id INTEGER)"]).await.unwrap(),
        Applied::Before
    );
    assert_eq!(ground.number("SELECT COUNT(*) FROM tenantry_ledger").await, 1);
}

#[tokio::test]
async fn rows_that_refer_to_nothing_undo_their_unit() {
    let ground = Ground::made().await;
    let texts = [
        "CREATE TABLE a (id INTEGER PRIMARY KEY)",
        "CREATE TABLE b (a_id INTEGER REFERENCES a(id))",
        "INSERT INTO b VALUES (7)",
    ];
    assert!(matches!(ground.apply(&ground.lock, "one", &texts).await, Err(EngineError::Dangling(_))));
    assert_eq!(ground.number("SELECT COUNT(*) FROM sqlite_master WHERE name IN ('a', 'b')").await, 0);
}

#[tokio::test]
async fn a_database_is_opened_only_for_the_tenant_whose_marker_it_has() {
    let ground = Ground::made().await;
    let other = TenantLock { tenant_id: Uuid::now_v7(), ..ground.lock };
    assert!(matches!(
        ground.apply(&other, "x", &["CREATE TABLE x (id INTEGER)"]).await,
        Err(EngineError::Foreign(_))
    ));
    assert!(ground.engine.look(&ground.name, other.tenant_id).await.is_err());
    assert!(ground.engine.look(&ground.name, ground.lock.tenant_id).await.is_ok());
}

#[tokio::test]
async fn a_newer_claim_shuts_an_older_one_out() {
    let ground = Ground::made().await;
    let newer = TenantLock { fence: 5, ..ground.lock };
    ground.apply(&newer, "new", &["CREATE TABLE a (id INTEGER)"]).await.unwrap();
    assert!(matches!(ground.apply(&ground.lock, "old", &["DROP TABLE a"]).await, Err(EngineError::Stale)));
    assert_eq!(ground.number("SELECT COUNT(*) FROM sqlite_master WHERE name = 'a'").await, 1);
}

#[tokio::test]
async fn making_twice_is_making_once_and_what_is_not_ours_is_never_overwritten_nor_removed() {
    let ground = Ground::made().await;
    ground.engine.create(&ground.name, &ground.lock).await.unwrap();
    let stranger = TenantLock { tenant_id: Uuid::now_v7(), job_id: Uuid::now_v7(), fence: 2 };
    assert!(matches!(ground.engine.create(&ground.name, &stranger).await, Err(EngineError::Foreign(_))));
    let of_stranger = Marker { tenant_id: stranger.tenant_id, job_id: stranger.job_id };
    assert!(matches!(ground.engine.remove(&ground.name, &of_stranger).await, Err(EngineError::Foreign(_))));
    // Another job of the same tenant did not make it either.
    let of_other_job = Marker { job_id: Uuid::now_v7(), ..ground.marker() };
    assert!(matches!(ground.engine.remove(&ground.name, &of_other_job).await, Err(EngineError::Foreign(_))));
    assert_eq!(ground.engine.look_up(&ground.name).await.unwrap(), Presence::Ours(ground.marker()));
    assert!(ground.engine.remove(&ground.name, &ground.marker()).await.unwrap());
    assert!(!ground.engine.remove(&ground.name, &ground.marker()).await.unwrap());
    assert_eq!(ground.engine.look_up(&ground.name).await.unwrap(), Presence::Absent);
    for content in [&b"not a database"[..], b"", b"SQLite format 3\0 but cut off"] {
        std::fs::write(ground.file(), content).unwrap();
        assert!(matches!(ground.engine.look_up(&ground.name).await.unwrap(), Presence::Foreign(_)));
        assert!(ground.engine.create(&ground.name, &ground.lock).await.is_err());
        assert!(ground.engine.remove(&ground.name, &ground.marker()).await.is_err());
        assert_eq!(std::fs::read(ground.file()).unwrap(), content);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_tenants_file_is_readable_by_its_account_only() {
    use std::os::unix::fs::PermissionsExt;
    let ground = Ground::made().await;
    assert_eq!(std::fs::metadata(ground.file()).unwrap().permissions().mode() & 0o777, 0o600);
}
