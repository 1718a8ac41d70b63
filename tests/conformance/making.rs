//! Databases come to be, are found again, and go; and nobody else's are touched.

use crate::ground::{Ground, Tenant};
use std::time::{Duration, Instant};
use tenantry::{
    engine::{DatabaseName, EngineError, Marker, Presence, TenantLock, Unit},
    schema::Schema,
    sql::variables::Variables,
};
use uuid::Uuid;

pub async fn a_database_is_made_once_and_removed_by_its_maker_only(ground: &Ground) {
    let tenant = &ground.tenant;
    assert_eq!(ground.presence(tenant).await, Presence::Absent);
    let tenant = ground.filled().await;
    ground.made().await;
    assert_eq!(ground.number(tenant, "SELECT COUNT(*) FROM people").await, 2, "made twice, it is as it was");
    let marker = tenant.marker();
    assert_eq!(ground.presence(tenant).await, Presence::Ours(marker));
    let stranger = TenantLock { tenant_id: Uuid::now_v7(), job_id: Uuid::now_v7(), fence: 2 };
    for other in [stranger, tenant.later(1)] {
        let refused = ground.engine.create(&tenant.name, &other).await;
        assert!(matches!(refused, Err(EngineError::Foreign(_))), "{refused:?}");
    }
    for other in [Marker { job_id: Uuid::now_v7(), ..marker }, Marker { tenant_id: Uuid::now_v7(), ..marker }]
    {
        let refused = ground.engine.remove(&tenant.name, &other).await;
        assert!(matches!(refused, Err(EngineError::Foreign(_))), "{refused:?}");
    }
    assert!(ground.is_open(tenant).await);
    assert!(ground.engine.remove(&tenant.name, &marker).await.unwrap());
    assert!(!ground.engine.remove(&tenant.name, &marker).await.unwrap());
    assert_eq!(ground.presence(tenant).await, Presence::Absent);
    assert!(!ground.is_open(tenant).await);
}

pub async fn a_database_is_opened_for_its_own_tenant_only(ground: &Ground) {
    let tenant = ground.made().await;
    let stranger = TenantLock { tenant_id: Uuid::now_v7(), ..tenant.lock };
    for refused in [
        ground.engine.open(&tenant.name, &stranger).await.err(),
        ground.engine.look(&tenant.name, stranger.tenant_id).await.err(),
        ground.engine.check(&tenant.name, stranger.tenant_id).await.err(),
        ground.engine.save(&tenant.name, stranger.tenant_id, &ground.file("never")).await.err(),
    ] {
        assert!(matches!(refused, Some(EngineError::Foreign(_))), "{refused:?}");
    }
    assert!(!ground.file("never").exists());
    ground.engine.open(&tenant.name, &tenant.lock).await.unwrap().close().await;
    ground.engine.look(&tenant.name, tenant.id()).await.unwrap().close().await;
    ground.engine.check(&tenant.name, tenant.id()).await.unwrap();
}

pub async fn what_is_not_ours_is_never_touched(ground: &Ground) {
    let (tenant, other) = (&ground.tenant, Tenant::new("other", 1));
    ground.place.put_foreign(&tenant.name).await;
    let before = ground.place.foreign(&tenant.name).await;
    ground.engine.create(&other.name, &other.lock).await.unwrap();
    assert!(matches!(ground.presence(tenant).await, Presence::Foreign(_)));
    assert!(ground.engine.create(&tenant.name, &tenant.lock).await.is_err());
    assert!(ground.copy(&other, tenant).await.is_err());
    assert!(ground.engine.open(&tenant.name, &tenant.lock).await.is_err());
    assert!(ground.engine.look(&tenant.name, tenant.id()).await.is_err());
    assert!(ground.engine.shut(&tenant.name, &tenant.lock).await.is_err());
    assert!(ground.engine.reopen(&tenant.name, &tenant.lock).await.is_err());
    assert!(ground.engine.remove(&tenant.name, &tenant.marker()).await.is_err());
    assert!(ground.engine.remove_all(&tenant.name, tenant.id()).await.is_err());
    assert!(!matches!(ground.engine.forget_shut(&tenant.name, tenant.id()).await, Ok(true)));
    assert_eq!(ground.place.foreign(&tenant.name).await, before);
}

pub async fn the_address_leads_the_application_to_its_database(ground: &Ground) {
    let tenant = ground.filled().await;
    ground.write(tenant, "INSERT INTO people (id, name) VALUES (7, 'by the application')").await;
    assert_eq!(ground.number(tenant, "SELECT COUNT(*) FROM people").await, 3);
    assert!(ground.engine.size(&tenant.name).await.unwrap() > 1000);
    assert_eq!(ground.engine.size(&Tenant::new("none", 1).name).await.unwrap_or(0), 0);
}

pub async fn the_longest_name_there_is_works(ground: &Ground) {
    let long = "a".repeat(200);
    let (one, other) = (Tenant::new(&long, 1), Tenant::new(&long, 1));
    assert!(one.name.as_str().len() <= ground.engine.capabilities().name_limit);
    for tenant in [&one, &other] {
        ground.engine.create(&tenant.name, &tenant.lock).await.unwrap();
        ground.apply(tenant, "one", "CREATE TABLE people (id INT PRIMARY KEY)").await.unwrap();
    }
    ground.write(&one, "INSERT INTO people (id) VALUES (1)").await;
    assert_eq!(ground.number(&one, "SELECT COUNT(*) FROM people").await, 1);
    assert_eq!(ground.number(&other, "SELECT COUNT(*) FROM people").await, 0);
    assert!(ground.engine.remove(&one.name, &one.marker()).await.unwrap());
    assert!(ground.is_open(&other).await, "the one that is named alike stays");
}

pub async fn what_is_not_there_is_missing(ground: &Ground) {
    let tenant = &ground.tenant;
    for refused in [
        ground.engine.open(&tenant.name, &tenant.lock).await.err(),
        ground.engine.look(&tenant.name, tenant.id()).await.err(),
        ground.engine.check(&tenant.name, tenant.id()).await.err(),
        ground.engine.save(&tenant.name, tenant.id(), &ground.file("never")).await.err(),
        ground.engine.shut(&tenant.name, &tenant.lock).await.err(),
        ground.engine.reopen(&tenant.name, &tenant.lock).await.err(),
        ground.copy(tenant, &Tenant::new("copy", 1)).await.err(),
    ] {
        assert!(matches!(refused, Some(EngineError::Missing(_))), "{refused:?}");
        assert!(!refused.unwrap().may_pass());
    }
    assert!(!ground.engine.remove(&tenant.name, &tenant.marker()).await.unwrap());
    assert!(!ground.engine.remove_all(&tenant.name, tenant.id()).await.unwrap());
    assert!(!ground.engine.forget_shut(&tenant.name, tenant.id()).await.unwrap());
    let name: DatabaseName = tenant.name.clone();
    assert!(!ground.engine.address(&name).is_empty(), "where it will be can be said before");
}

pub async fn a_scratch_database_is_empty_and_gone_when_it_is_closed_or_dropped(ground: &Ground) {
    for is_dropped in [false, true] {
        let mut session = ground.scratch().await;
        assert_eq!(session.inspect().await.unwrap(), Schema::default());
        let table = format!("only_{}", Uuid::now_v7().simple());
        let text = format!("CREATE TABLE {table} (id INT PRIMARY KEY)");
        let (statements, after) = ground.render(&Schema::default(), &text);
        let unit = Unit { key: "one", statements: &statements, variables: &Variables::default() };
        session.apply(unit).await.unwrap();
        assert_eq!(session.inspect().await.unwrap().tables.len(), after.tables.len());
        // What one has is nothing to another.
        let mut other = ground.scratch().await;
        assert_eq!(other.inspect().await.unwrap(), Schema::default());
        other.close().await;
        let counted = ground.engine.examine().await.unwrap().scratch;
        assert_eq!(counted > 0, ground.engine.capabilities().accounts, "what is on a server is counted");
        if is_dropped {
            drop(session);
        } else {
            session.close().await;
            assert!(!ground.place.has_table(&table).await);
        }
        let end = Instant::now() + Duration::from_secs(30);
        while ground.place.has_table(&table).await {
            assert!(Instant::now() < end, "{table} is still there");
            tokio::task::yield_now().await;
        }
    }
}

pub async fn nothing_is_swept_up_that_somebody_uses(ground: &Ground) {
    let tenant = ground.filled().await;
    let mut scratch = ground.scratch().await;
    ground.engine.sweep().await.unwrap();
    assert_eq!(scratch.inspect().await.unwrap(), Schema::default());
    scratch.close().await;
    assert!(ground.is_open(tenant).await);
    ground.engine.check(&tenant.name, tenant.id()).await.unwrap();
}
