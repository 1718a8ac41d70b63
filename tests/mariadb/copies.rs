//! Copies of databases: into files, into new tenants, and what happens when one is stopped or damaged.

use crate::Ground;
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::fs;
use tenantry::engine::{DatabaseName, Engine, EngineError, Origin, TenantLock};
use uuid::Uuid;

const UNIT: [&str; 4] = [
    "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL, twice INT AS (id * 2) VIRTUAL)",
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
async fn a_copy_has_the_same_structure_and_rows_and_an_account_of_its_own() {
    let ground = ground().await;
    let origin = Origin::Database(&ground.name, ground.lock.tenant_id);
    for _ in 0..2 {
        let (name, lock) = another("copy");
        ground.engine.create_from(origin, &name, &lock).await.unwrap();
        // Run twice, it is made.
        ground.engine.create_from(origin, &name, &lock).await.unwrap();
        let mut copy = ground.engine.look(&name, lock.tenant_id).await.unwrap();
        let mut first = ground.engine.look(&ground.name, ground.lock.tenant_id).await.unwrap();
        assert_eq!(copy.inspect().await.unwrap(), first.inspect().await.unwrap());
        copy.close().await;
        first.close().await;
        let count = format!("SELECT COUNT(*) FROM `{name}`.people");
        assert_eq!(ground.number(&count).await, 2);
        assert!(matches!(
            ground.engine.look(&name, ground.lock.tenant_id).await,
            Err(EngineError::Foreign(_))
        ));
        // One that is shut away can be copied, too.
        let shut = TenantLock { job_id: Uuid::now_v7(), fence: 2, ..ground.lock };
        ground.engine.shut(&ground.name, &shut).await.unwrap();
        let (name, lock) = another("of-shut");
        ground.engine.create_from(origin, &name, &lock).await.unwrap();
        ground.engine.reopen(&ground.name, &TenantLock { fence: 3, ..shut }).await.unwrap();
    }
    assert_eq!(
        fs::read_dir(ground.server.folder().join("copies")).unwrap().count(),
        0,
        "nothing is left on the way"
    );
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
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_file_becomes_a_tenant_again_and_a_damaged_one_does_not() {
    let ground = ground().await;
    let tenant = ground.lock.tenant_id;
    let file = ground.server.folder().join("saved");
    let saved = ground.engine.save(&ground.name, tenant, &file).await.unwrap();
    assert_eq!(fs::metadata(&file).unwrap().len(), saved.bytes);
    assert_eq!(saved.checksum.len(), 64);
    ground.engine.check_saved(&file, tenant).await.unwrap();
    assert!(matches!(ground.engine.check_saved(&file, Uuid::now_v7()).await, Err(EngineError::Foreign(_))));
    let (name, lock) = another("again");
    ground.engine.create_from(Origin::File(&file, tenant), &name, &lock).await.unwrap();
    assert_eq!(ground.number(&format!("SELECT COUNT(*) FROM `{name}`.names")).await, 2);
    let whole = fs::read(&file).unwrap();
    for damaged in [&whole[..whole.len() / 2], &whole[..whole.len() - 2], b"", b"garbage\n"] {
        fs::write(&file, damaged).unwrap();
        assert!(matches!(ground.engine.check_saved(&file, tenant).await, Err(EngineError::Foreign(_))));
        let (name, lock) = another("never");
        assert!(ground.engine.create_from(Origin::File(&file, tenant), &name, &lock).await.is_err());
        assert!(matches!(ground.engine.look_up(&name).await.unwrap(), tenantry::engine::Presence::Absent));
    }
}
