//! A snapshot in the place of what a tenant has.

use crate::ground::{Ground, Tenant, marker};
use std::path::PathBuf;
use tenantry::engine::{EngineError, Origin, Presence, TenantLock};
use uuid::Uuid;

const NUMBER: &str = "SELECT COUNT(*) FROM people";

/// A tenant with two people in its snapshot, and three in what was shut away by `lock`.
async fn shut(ground: &Ground) -> (&Tenant, PathBuf, TenantLock) {
    let tenant = ground.filled().await;
    let file = ground.file("saved");
    ground.save(tenant, &file).await;
    ground.write(tenant, "INSERT INTO people (id, name) VALUES (7, 'later')").await;
    ground.write(tenant, "CREATE VIEW by_the_tenant AS SELECT id FROM people").await;
    let lock = tenant.later(1);
    ground.engine.shut(&tenant.name, &lock).await.unwrap();
    (tenant, file, lock)
}

async fn put(ground: &Ground, tenant: &Tenant, file: &std::path::Path, lock: &TenantLock) {
    let origin = Origin::File(file, tenant.id());
    ground.engine.create_from(origin, &tenant.name, lock).await.unwrap();
    assert_eq!(ground.presence(tenant).await, Presence::Ours(marker(lock)));
    assert_eq!(ground.number(tenant, NUMBER).await, 2);
    assert!(!ground.inspect(tenant).await.views.contains_key("by_the_tenant"));
}

pub async fn a_snapshot_takes_the_place_of_what_was_shut_away_and_gives_it_back(ground: &Ground) {
    let (tenant, file, lock) = shut(ground).await;
    let before = ground.inspect(tenant).await;
    // Taken back before it was put there, and after.
    assert!(!ground.engine.remove(&tenant.name, &marker(&lock)).await.unwrap());
    for _ in 0..2 {
        put(ground, tenant, &file, &lock).await;
        put(ground, tenant, &file, &lock).await;
        assert!(ground.engine.remove(&tenant.name, &marker(&lock)).await.unwrap());
        assert!(ground.is_shut(tenant).await);
        assert!(!ground.is_open(tenant).await);
    }
    put(ground, tenant, &file, &lock).await;
    ground.engine.reopen(&tenant.name, &lock).await.unwrap();
    ground.engine.reopen(&tenant.name, &lock).await.unwrap();
    assert_eq!(ground.presence(tenant).await, Presence::Ours(tenant.marker()));
    assert_eq!(ground.number(tenant, NUMBER).await, 3);
    assert_eq!(ground.number(tenant, "SELECT COUNT(*) FROM by_the_tenant").await, 3);
    assert_eq!(ground.inspect(tenant).await, before);
    // What the older claim did is done.
    let stale = ground.engine.shut(&tenant.name, &tenant.lock).await;
    assert!(matches!(stale, Err(EngineError::Stale)), "{stale:?}");
}

pub async fn what_a_snapshot_has_replaced_can_be_forgotten_and_nothing_else(ground: &Ground) {
    let (tenant, file, lock) = shut(ground).await;
    let refused = ground.engine.forget_shut(&tenant.name, tenant.id()).await;
    assert!(matches!(refused, Err(EngineError::Foreign(_))), "it is all that there is: {refused:?}");
    put(ground, tenant, &file, &lock).await;
    assert!(ground.engine.forget_shut(&tenant.name, tenant.id()).await.unwrap());
    assert!(!ground.engine.forget_shut(&tenant.name, tenant.id()).await.unwrap());
    ground.apply_as(tenant, &lock, "more", "INSERT INTO people (name) VALUES ('more');").await.unwrap();
    assert_eq!(ground.number(tenant, NUMBER).await, 3);
    // The snapshot is the tenant's database now: it can be shut, and another one put in its place.
    let next = tenant.later(2);
    ground.engine.shut(&tenant.name, &next).await.unwrap();
    put(ground, tenant, &file, &next).await;
    ground.engine.reopen(&tenant.name, &next).await.unwrap();
    assert_eq!(ground.number(tenant, NUMBER).await, 3);
}

pub async fn everything_of_a_tenant_is_removed_at_once(ground: &Ground) {
    let (tenant, file, lock) = shut(ground).await;
    put(ground, tenant, &file, &lock).await;
    let refused = ground.engine.remove_all(&tenant.name, Uuid::now_v7()).await;
    assert!(matches!(refused, Err(EngineError::Foreign(_))), "{refused:?}");
    assert!(ground.engine.remove_all(&tenant.name, tenant.id()).await.unwrap());
    assert!(!ground.engine.remove_all(&tenant.name, tenant.id()).await.unwrap());
    assert_eq!(ground.presence(tenant).await, Presence::Absent);
    assert!(!ground.is_open(tenant).await);
    assert!(!ground.engine.forget_shut(&tenant.name, tenant.id()).await.unwrap());
    // Shut and nothing more.
    let other = Tenant::new("other", 1);
    ground.engine.create(&other.name, &other.lock).await.unwrap();
    ground.engine.shut(&other.name, &other.later(1)).await.unwrap();
    assert!(ground.engine.remove_all(&other.name, other.id()).await.unwrap());
    assert_eq!(ground.presence(&other).await, Presence::Absent);
}
