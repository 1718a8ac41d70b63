//! A database that was shut away is nobody's but Tenantry's, and comes back as it was.

use crate::ground::{Ground, Tenant};
use tenantry::engine::{EngineError, Presence, TenantLock};
use uuid::Uuid;

pub async fn a_database_that_was_shut_away_cannot_be_used_even_over_an_open_connection(ground: &Ground) {
    let tenant = ground.filled().await;
    let mut open = ground.enter(tenant).await.unwrap();
    open.run("INSERT INTO people (id, name) VALUES (7, 'x')").await.unwrap();
    let lock = tenant.later(1);
    for _ in 0..2 {
        ground.engine.shut(&tenant.name, &lock).await.unwrap();
        assert!(open.number("SELECT COUNT(*) FROM people").await.is_err());
        assert!(open.run("INSERT INTO people (id, name) VALUES (8, 'x')").await.is_err());
        assert!(!ground.is_open(tenant).await);
        assert!(ground.is_shut(tenant).await);
    }
    let refused = ground.engine.open(&tenant.name, &lock).await.err();
    assert!(matches!(refused, Some(EngineError::Shut(_))), "{refused:?}");
    let refused = ground.engine.create(&tenant.name, &tenant.lock).await;
    assert!(matches!(refused, Err(EngineError::Foreign(_))), "{refused:?}");
}

pub async fn what_was_shut_away_is_seen_by_tenantry_and_comes_back_whole(ground: &Ground) {
    let tenant = ground.filled().await;
    let before = ground.inspect(tenant).await;
    let lock = tenant.later(1);
    ground.engine.shut(&tenant.name, &lock).await.unwrap();
    assert_eq!(ground.inspect(tenant).await, before);
    ground.engine.check(&tenant.name, tenant.id()).await.unwrap();
    let session = ground.engine.look(&tenant.name, tenant.id()).await.unwrap();
    assert_eq!(crate::reading::rows(session.read().await.unwrap(), "people").await.len(), 2);
    assert!(ground.engine.size(&tenant.name).await.unwrap() > 1000);
    let after = tenant.later(2);
    for _ in 0..2 {
        ground.engine.reopen(&tenant.name, &after).await.unwrap();
        assert!(ground.is_open(tenant).await);
        assert_eq!(ground.presence(tenant).await, Presence::Ours(tenant.marker()));
    }
    assert_eq!(ground.inspect(tenant).await, before);
    ground.apply_as(tenant, &after, "more", "INSERT INTO people (name) VALUES ('later');").await.unwrap();
    assert_eq!(ground.number(tenant, "SELECT COUNT(*) FROM people").await, 3);
}

pub async fn an_older_claim_does_not_shut(ground: &Ground) {
    let tenant = ground.filled().await;
    let (old, new) = (tenant.later(1), tenant.later(2));
    ground.engine.shut(&tenant.name, &new).await.unwrap();
    ground.engine.reopen(&tenant.name, &new).await.unwrap();
    let refused = ground.engine.shut(&tenant.name, &old).await;
    assert!(matches!(refused, Err(EngineError::Stale)), "{refused:?}");
    assert!(ground.is_open(tenant).await);
}

pub async fn an_older_claim_does_not_open(ground: &Ground) {
    let tenant = ground.filled().await;
    let (old, new) = (tenant.later(1), tenant.later(2));
    ground.engine.shut(&tenant.name, &new).await.unwrap();
    let refused = ground.engine.reopen(&tenant.name, &old).await;
    assert!(matches!(refused, Err(EngineError::Stale)), "an older claim opened it: {refused:?}");
    assert!(!ground.is_open(tenant).await);
    ground.engine.reopen(&tenant.name, &new).await.unwrap();
}

pub async fn nobody_elses_database_is_shut_opened_or_removed(ground: &Ground) {
    let tenant = ground.filled().await;
    let stranger = TenantLock { tenant_id: Uuid::now_v7(), job_id: Uuid::now_v7(), fence: 9 };
    let foreign = |refused: Result<(), EngineError>| {
        assert!(matches!(refused, Err(EngineError::Foreign(_))), "{refused:?}");
    };
    foreign(ground.engine.shut(&tenant.name, &stranger).await);
    foreign(ground.engine.remove_all(&tenant.name, stranger.tenant_id).await.map(|_| ()));
    assert!(ground.is_open(tenant).await);
    ground.engine.shut(&tenant.name, &tenant.later(1)).await.unwrap();
    foreign(ground.engine.reopen(&tenant.name, &stranger).await);
    foreign(ground.engine.remove_all(&tenant.name, stranger.tenant_id).await.map(|_| ()));
    foreign(ground.engine.forget_shut(&tenant.name, stranger.tenant_id).await.map(|_| ()));
    let thief = Tenant { name: tenant.name.clone(), ..Tenant::new("thief", 9) };
    let other = Tenant::new("other", 1);
    ground.engine.create(&other.name, &other.lock).await.unwrap();
    foreign(ground.copy(&other, &thief).await);
    assert!(matches!(ground.presence(tenant).await, Presence::Shut(_)));
    ground.engine.reopen(&tenant.name, &tenant.later(1)).await.unwrap();
    assert!(ground.is_open(tenant).await);
}
