//! Copies of databases that were stopped or damaged.

use crate::Ground;
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::fs;
use tenantry::engine::{DatabaseName, Engine, EngineError, Origin, TenantLock};
use uuid::Uuid;

const UNIT: [&str; 4] = [
    "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL, twice INT AS (CHAR_LENGTH(name) * 2) VIRTUAL)",
    "CREATE TABLE gifts (id INT PRIMARY KEY, person_id INT NOT NULL, CONSTRAINT of_person FOREIGN KEY (person_id) REFERENCES people (id))",
    "CREATE SQL SECURITY INVOKER VIEW names AS SELECT name FROM people",
    "INSERT INTO people (name) VALUES ('O''Hara'), ('日本')",
];

async fn ground() -> Ground {
    let ground = Ground::made().await;
    ground.apply(&ground.lock, "one", &UNIT).await.unwrap();
    let mut tenant = ground.as_tenant().await.unwrap();
    let trigger =
        "CREATE TRIGGER t BEFORE INSERT ON people FOR EACH ROW BEGIN SET NEW.name = TRIM(NEW.name); END";
    tenant.execute(trigger).await.unwrap();
    tenant.close().await.unwrap();
    ground
}

fn another(name: &str) -> (DatabaseName, TenantLock) {
    let tenant_id = Uuid::now_v7();
    (DatabaseName::derive(name, tenant_id), TenantLock { tenant_id, job_id: Uuid::now_v7(), fence: 9 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_stopped_in_the_middle_is_made_anew() {
    let ground = ground().await;
    let origin = Origin::Database(&ground.name, ground.lock.tenant_id);
    let (name, lock) = another("copy");
    ground.engine.create(&name, &lock).await.unwrap();
    let mut admin = ground.server.admin().await;
    for half in [
        format!("CREATE TABLE `{name}`.people (id INT)"),
        format!("CREATE TABLE `{name}`.left_over (id INT)"),
    ] {
        admin.execute(AssertSqlSafe(half)).await.unwrap();
    }
    ground.engine.create_from(origin, &name, &lock).await.unwrap();
    let mut copy = ground.engine.look(&name, lock.tenant_id).await.unwrap();
    let mut first = ground.engine.look(&ground.name, ground.lock.tenant_id).await.unwrap();
    assert_eq!(copy.inspect().await.unwrap(), first.inspect().await.unwrap());
    // What somebody else has made stays.
    let stranger = TenantLock { tenant_id: Uuid::now_v7(), job_id: Uuid::now_v7(), fence: 1 };
    let refused = ground.engine.create_from(origin, &name, &stranger).await;
    assert!(matches!(refused, Err(EngineError::Foreign(_))), "{refused:?}");
    let way = ground.server.folder().join("copies").join(format!("{}.copy", lock.job_id));
    assert!(!way.exists(), "nothing is left on the way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_file_that_is_not_whole_is_refused() {
    let ground = ground().await;
    let tenant = ground.lock.tenant_id;
    let file = ground.server.folder().join("saved");
    ground.engine.save(&ground.name, tenant, &file).await.unwrap();
    ground.engine.check_saved(&file, tenant).await.unwrap();
    let whole = fs::read(&file).unwrap();
    for damaged in [&whole[..whole.len() / 2], &whole[..whole.len() - 2], b"", b"garbage\n"] {
        fs::write(&file, damaged).unwrap();
        assert!(matches!(ground.engine.check_saved(&file, tenant).await, Err(EngineError::Foreign(_))));
        let (name, lock) = another("never");
        assert!(ground.engine.create_from(Origin::File(&file, tenant), &name, &lock).await.is_err());
        assert!(matches!(ground.engine.look_up(&name).await.unwrap(), tenantry::engine::Presence::Absent));
    }
}
