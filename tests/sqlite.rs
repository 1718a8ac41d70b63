//! What only SQLite has: files, their journals and locks, and who may read them. What every engine does is in `conformance/`.
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
async fn a_file_that_is_not_ours_is_never_overwritten_nor_removed_whatever_is_in_it() {
    let ground = Ground::new();
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

/// A connection as a tenant's application has it.
async fn application(ground: &Ground) -> sqlx::SqliteConnection {
    use sqlx::ConnectOptions;
    sqlx::sqlite::SqliteConnectOptions::new()
        .filename(ground.file())
        .busy_timeout(std::time::Duration::from_millis(200))
        .connect()
        .await
        .unwrap()
}

fn later(lock: &TenantLock, by: i64) -> TenantLock {
    TenantLock { job_id: Uuid::now_v7(), fence: lock.fence + by, ..*lock }
}

#[tokio::test]
async fn a_database_that_was_shut_away_cannot_be_read_or_written_even_over_an_open_connection() {
    for journal in ["PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = WAL"] {
        let ground = Ground::made().await;
        ground.apply(&ground.lock, "one", &["CREATE TABLE a (id INTEGER)"]).await.unwrap();
        let mut open = application(&ground).await;
        sqlx::query(journal).execute(&mut open).await.unwrap();
        sqlx::query("INSERT INTO a VALUES (1)").execute(&mut open).await.unwrap();
        let lock = later(&ground.lock, 1);
        ground.engine.shut(&ground.name, &lock).await.unwrap();
        ground.engine.shut(&ground.name, &lock).await.unwrap();
        assert!(sqlx::query("SELECT * FROM a").fetch_all(&mut open).await.is_err(), "{journal}");
        assert!(sqlx::query("INSERT INTO a VALUES (2)").execute(&mut open).await.is_err(), "{journal}");
        let mut fresh = application(&ground).await;
        assert!(sqlx::query("SELECT * FROM a").fetch_all(&mut fresh).await.is_err(), "{journal}");
        fresh.close().await.unwrap();
        assert!(matches!(ground.engine.look_up(&ground.name).await.unwrap(), Presence::Shut(_)));
        assert!(matches!(ground.apply(&lock, "two", &["DROP TABLE a"]).await, Err(EngineError::Shut(_))));
        // Tenantry itself still sees what is in it.
        let mut look = ground.engine.look(&ground.name, lock.tenant_id).await.unwrap();
        assert!(look.inspect().await.unwrap().tables.contains_key("a"));
        look.close().await;
        let after = later(&lock, 1);
        ground.engine.reopen(&ground.name, &after).await.unwrap();
        ground.engine.reopen(&ground.name, &after).await.unwrap();
        assert_eq!(ground.number("SELECT COUNT(*) FROM a").await, 1, "{journal}");
        // A worker of the shutting that was away too long changes nothing any more.
        assert!(matches!(ground.engine.shut(&ground.name, &lock).await, Err(EngineError::Stale)));
        assert_eq!(ground.number("SELECT COUNT(*) FROM a").await, 1, "{journal}");
        let left: Vec<_> = std::fs::read_dir(ground.folder.path().join(".shut")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn a_file_that_an_application_holds_locked_is_not_shut_and_stays_whole() {
    let ground = Ground::made().await;
    ground
        .apply(&ground.lock, "one", &["CREATE TABLE a (id INTEGER)", "INSERT INTO a VALUES (1)"])
        .await
        .unwrap();
    let mut open = application(&ground).await;
    let mut transaction = open.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    sqlx::query("INSERT INTO a VALUES (2)").execute(&mut *transaction).await.unwrap();
    let lock = later(&ground.lock, 1);
    let refused = ground.engine.shut(&ground.name, &lock).await;
    assert!(matches!(refused, Err(EngineError::OutOfReach(_))), "{refused:?}");
    transaction.commit().await.unwrap();
    assert_eq!(ground.number("SELECT COUNT(*) FROM a").await, 2);
    ground.engine.shut(&ground.name, &lock).await.unwrap();
    ground.engine.reopen(&ground.name, &lock).await.unwrap();
    assert_eq!(ground.number("SELECT COUNT(*) FROM a").await, 2);
}
