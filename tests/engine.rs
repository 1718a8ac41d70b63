//! The contract of an engine: whole units, the right tenant, and nobody else's database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

use sqlx::{Connection, Row};
use tenantry::{
    engine::{
        Applied, DatabaseName, Engine, EngineError, Marker, Origin, Presence, Statement, TenantLock, Unit,
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

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_of_one_moment_while_the_original_is_written_to_and_has_its_own_marker() {
    let ground = Ground::made().await;
    let texts = ["CREATE TABLE a (id INTEGER PRIMARY KEY)", "CREATE TABLE b (id INTEGER PRIMARY KEY)"];
    ground.apply(&ground.lock, "one", &texts).await.unwrap();
    let file = ground.file();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let ended = std::sync::Arc::clone(&stop);
    let writer = tokio::spawn(async move {
        use sqlx::ConnectOptions;
        let mut open = sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.unwrap();
        let mut pairs = 0_i64;
        while !ended.load(std::sync::atomic::Ordering::SeqCst) {
            let mut both = open.begin_with("BEGIN IMMEDIATE").await.unwrap();
            sqlx::query("INSERT INTO a DEFAULT VALUES").execute(&mut *both).await.unwrap();
            sqlx::query("INSERT INTO b DEFAULT VALUES").execute(&mut *both).await.unwrap();
            both.commit().await.unwrap();
            pairs += 1;
        }
        open.close().await.unwrap();
        pairs
    });
    for round in 0..5 {
        let tenant_id = Uuid::now_v7();
        let copy = Ground {
            folder: tempfile::tempdir().unwrap(),
            engine: ground.engine.clone(),
            name: DatabaseName::derive("copy", tenant_id),
            lock: TenantLock { tenant_id, job_id: Uuid::now_v7(), fence: 10 + round },
        };
        let origin = Origin::Database(&ground.name, ground.lock.tenant_id);
        ground.engine.create_from(origin, &copy.name, &copy.lock).await.unwrap();
        ground.engine.create_from(origin, &copy.name, &copy.lock).await.unwrap();
        assert_eq!(ground.engine.look_up(&copy.name).await.unwrap(), Presence::Ours(copy.marker()));
        let path = ground.folder.path().join(format!("{}.db", copy.name));
        std::fs::copy(&path, copy.file()).unwrap();
        assert_eq!(copy.number("SELECT (SELECT COUNT(*) FROM a) = (SELECT COUNT(*) FROM b)").await, 1);
        assert_eq!(copy.number("SELECT COUNT(*) FROM tenantry_ledger").await, 2);
        assert_eq!(
            copy.number("SELECT COUNT(*) FROM tenantry_ledger WHERE unit LIKE 'copied from %'").await,
            1
        );
        assert!(ground.engine.remove(&copy.name, &copy.marker()).await.unwrap());
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(writer.await.unwrap() > 0);
    // A copy of another tenant's database is no copy of this one's.
    let stranger = Origin::Database(&ground.name, Uuid::now_v7());
    let lock = TenantLock { tenant_id: Uuid::now_v7(), job_id: Uuid::now_v7(), fence: 99 };
    let name = DatabaseName::derive("other", lock.tenant_id);
    assert!(matches!(ground.engine.create_from(stranger, &name, &lock).await, Err(EngineError::Foreign(_))));
    assert_eq!(ground.engine.look_up(&name).await.unwrap(), Presence::Absent);
}

#[tokio::test]
async fn a_saved_copy_takes_the_place_of_what_was_shut_away_and_gives_it_back() {
    let ground = Ground::made().await;
    ground
        .apply(&ground.lock, "one", &["CREATE TABLE a (id INTEGER)", "INSERT INTO a VALUES (1)"])
        .await
        .unwrap();
    let tenant = ground.lock.tenant_id;
    let file = ground.folder.path().join("saved").join("one.db");
    let saved = ground.engine.save(&ground.name, tenant, &file).await.unwrap();
    assert_eq!(saved.bytes, std::fs::metadata(&file).unwrap().len());
    assert_eq!(saved.checksum.len(), 64);
    ground.engine.check_saved(&file, tenant).await.unwrap();
    assert!(ground.engine.check_saved(&file, Uuid::now_v7()).await.is_err());
    ground.apply(&ground.lock, "two", &["INSERT INTO a VALUES (2)"]).await.unwrap();

    let lock = later(&ground.lock, 1);
    ground.engine.shut(&ground.name, &lock).await.unwrap();
    assert!(ground.engine.forget_shut(&ground.name, tenant).await.is_err(), "it is all that there is");
    // Taken back before it was put there, and after.
    let marker = Marker { tenant_id: tenant, job_id: lock.job_id };
    assert!(!ground.engine.remove(&ground.name, &marker).await.unwrap());
    for _ in 0..2 {
        ground.engine.create_from(Origin::File(&file, tenant), &ground.name, &lock).await.unwrap();
        assert_eq!(ground.number("SELECT COUNT(*) FROM a").await, 1);
        assert!(ground.engine.remove(&ground.name, &marker).await.unwrap());
    }
    ground.engine.reopen(&ground.name, &lock).await.unwrap();
    assert_eq!(ground.number("SELECT COUNT(*) FROM a").await, 2);

    ground.engine.shut(&ground.name, &lock).await.unwrap();
    ground.engine.create_from(Origin::File(&file, tenant), &ground.name, &lock).await.unwrap();
    assert!(ground.engine.forget_shut(&ground.name, tenant).await.unwrap());
    assert!(!ground.engine.forget_shut(&ground.name, tenant).await.unwrap());
    assert_eq!(ground.number("SELECT COUNT(*) FROM a").await, 1);

    assert!(ground.engine.remove_all(&ground.name, Uuid::now_v7()).await.is_err());
    ground.engine.shut(&ground.name, &later(&lock, 1)).await.unwrap();
    assert!(ground.engine.remove_all(&ground.name, tenant).await.unwrap());
    assert!(!ground.engine.remove_all(&ground.name, tenant).await.unwrap());
    assert_eq!(ground.engine.look_up(&ground.name).await.unwrap(), Presence::Absent);
}
