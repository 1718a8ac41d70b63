//! Copies: into new tenants and into files.

use crate::ground::{Ground, Tenant};
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tenantry::engine::{EngineError, Origin, Presence};
use uuid::Uuid;

pub async fn a_copy_has_the_same_structure_and_rows_and_its_own_marker(ground: &Ground) {
    let tenant = ground.filled().await;
    let copy = Tenant::new("copy", 2);
    // Run twice, it is made; and what was done in it since stays.
    ground.copy(tenant, &copy).await.unwrap();
    ground.write(&copy, "INSERT INTO people (id, name) VALUES (7, 'only here')").await;
    ground.copy(tenant, &copy).await.unwrap();
    assert_eq!(ground.inspect(&copy).await, ground.inspect(tenant).await);
    assert_eq!(ground.presence(&copy).await, Presence::Ours(copy.marker()));
    assert_eq!(ground.number(&copy, "SELECT COUNT(*) FROM people").await, 3);
    assert_eq!(ground.number(&copy, "SELECT COUNT(*) FROM a_names").await, 3);
    assert_eq!(ground.number(tenant, "SELECT COUNT(*) FROM people").await, 2);
    assert!(matches!(ground.engine.look(&copy.name, tenant.id()).await.err(), Some(EngineError::Foreign(_))));
    // The next number is not one that was given before.
    ground.write(&copy, "INSERT INTO people (name) VALUES ('next')").await;
    assert_eq!(ground.number(&copy, "SELECT COUNT(*) FROM people").await, 4);
    // References are kept within the copy.
    ground.engine.remove(&tenant.name, &tenant.marker()).await.unwrap();
    assert_eq!(
        ground.number(&copy, "SELECT COUNT(*) FROM gifts JOIN people ON people.id = person_id").await,
        1
    );
    assert!(ground.engine.remove(&copy.name, &copy.marker()).await.unwrap());
}

pub async fn a_copy_is_of_one_moment_while_the_original_is_written_to(ground: &Ground) {
    let tenant = ground.made().await;
    ground
        .apply(tenant, "one", "CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (id INT PRIMARY KEY);")
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&stop);
    let mut writer = ground.enter(tenant).await.unwrap();
    let writing = tokio::spawn(async move {
        let mut pairs = 0;
        while !ended.load(Ordering::SeqCst) {
            pairs += 1;
            for statement in [
                "BEGIN".to_owned(),
                format!("INSERT INTO a (id) VALUES ({pairs})"),
                format!("INSERT INTO b (id) VALUES ({pairs})"),
                "COMMIT".to_owned(),
            ] {
                writer.run(&statement).await.unwrap();
            }
        }
        writer.close().await;
        pairs
    });
    let mut most = 0;
    for fence in 2..7 {
        let copy = Tenant::new("copy", fence);
        ground.copy(tenant, &copy).await.unwrap();
        let (a, b) = ("SELECT COUNT(*) FROM a", "SELECT COUNT(*) FROM b");
        let number = ground.number(&copy, a).await;
        assert_eq!(number, ground.number(&copy, b).await);
        assert!(number >= most);
        most = number;
    }
    stop.store(true, Ordering::SeqCst);
    assert!(writing.await.unwrap() >= most && most > 0);
}

pub async fn a_copy_of_what_was_shut_away_is_as_good(ground: &Ground) {
    let tenant = ground.filled().await;
    let before = ground.inspect(tenant).await;
    ground.engine.shut(&tenant.name, &tenant.later(1)).await.unwrap();
    let copy = Tenant::new("copy", 2);
    ground.copy(tenant, &copy).await.unwrap();
    assert_eq!(ground.inspect(&copy).await, before);
    assert!(ground.is_open(&copy).await && !ground.is_open(tenant).await);
    ground.save(tenant, &ground.file("shut")).await;
    ground.engine.check_saved(&ground.file("shut"), tenant.id()).await.unwrap();
}

pub async fn a_copy_never_takes_the_place_of_what_is_in_use(ground: &Ground) {
    let tenant = ground.filled().await;
    let other = Tenant::new("other", 1);
    ground.engine.create(&other.name, &other.lock).await.unwrap();
    // Another job of the same tenant, and another tenant.
    for lock in [tenant.later(1), Tenant::new("x", 9).lock] {
        let thief = Tenant { name: tenant.name.clone(), lock, ..Tenant::new("x", 9) };
        let refused = ground.copy(&other, &thief).await;
        assert!(matches!(refused, Err(EngineError::Foreign(_))), "{refused:?}");
    }
    assert_eq!(ground.number(tenant, "SELECT COUNT(*) FROM people").await, 2);
    // A copy of another tenant's database under a wrong name of its tenant.
    let (never, origin) = (Tenant::new("never", 1), Origin::Database(&tenant.name, Uuid::now_v7()));
    let refused = ground.engine.create_from(origin, &never.name, &never.lock).await;
    assert!(matches!(refused, Err(EngineError::Foreign(_))), "{refused:?}");
    assert_eq!(ground.presence(&never).await, Presence::Absent);
}

pub async fn a_saved_file_becomes_a_tenant_again(ground: &Ground) {
    let tenant = ground.filled().await;
    let before = ground.inspect(tenant).await;
    let file = ground.file("saved");
    let saved = ground.engine.save(&tenant.name, tenant.id(), &file).await.unwrap();
    assert_eq!(saved.bytes, fs::metadata(&file).unwrap().len());
    assert!(saved.checksum.len() == 64 && saved.checksum.chars().all(|sign| sign.is_ascii_hexdigit()));
    ground.engine.check_saved(&file, tenant.id()).await.unwrap();
    // Nothing else is left beside it.
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    ground.engine.remove(&tenant.name, &tenant.marker()).await.unwrap();
    let again = Tenant::new("again", 2);
    let origin = Origin::File(&file, tenant.id());
    ground.engine.create_from(origin, &again.name, &again.lock).await.unwrap();
    assert_eq!(ground.inspect(&again).await, before);
    assert_eq!(ground.number(&again, "SELECT COUNT(*) FROM a_names").await, 2);
    assert_eq!(ground.presence(&again).await, Presence::Ours(again.marker()));
}

pub async fn a_file_that_is_no_copy_of_the_tenants_is_refused(ground: &Ground) {
    let tenant = ground.filled().await;
    let file = ground.file("saved");
    ground.save(tenant, &file).await;
    let other = ground.engine.check_saved(&file, Uuid::now_v7()).await;
    assert!(matches!(other, Err(EngineError::Foreign(_))), "{other:?}");
    let odd = ground.file("odd");
    for content in [&b""[..], b"garbage\n", &[0; 4096]] {
        fs::write(&odd, content).unwrap();
        assert!(ground.engine.check_saved(&odd, tenant.id()).await.is_err());
        let never = Tenant::new("never", 2);
        let origin = Origin::File(&odd, tenant.id());
        assert!(ground.engine.create_from(origin, &never.name, &never.lock).await.is_err());
        assert_eq!(ground.presence(&never).await, Presence::Absent);
    }
    assert!(ground.engine.check_saved(&ground.file("nothing"), tenant.id()).await.is_err());
}
