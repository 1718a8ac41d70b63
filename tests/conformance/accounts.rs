//! Accounts of tenants, where there are accounts, and what the place says of itself.

use crate::ground::{Ground, Tenant};
use tenantry::engine::{EngineError, TenantLock};
use uuid::Uuid;

pub async fn a_place_is_examined_and_found_in_order(ground: &Ground) {
    let examined = ground.engine.examine().await.unwrap();
    assert!(!examined.product.is_empty());
    assert_eq!(examined.problems, Vec::<String>::new());
    assert!(ground.engine.capabilities().shutting.ends_with('.'));
    assert!(!ground.engine.name().is_empty());
}

pub async fn passwords_are_changed_where_there_are_accounts(ground: &Ground) {
    let tenant = ground.filled().await;
    let (first, lock) = (ground.passwords.get(tenant.id()), tenant.later(4));
    if !ground.engine.capabilities().accounts {
        let refused = ground.engine.set_password(&tenant.name, &lock, "second").await;
        assert!(matches!(refused, Err(EngineError::Missing(_))), "{refused:?}");
        return;
    }
    let mut open = ground.enter(tenant).await.unwrap();
    let comes_in =
        async |password: &str| match ground.place.enter(&ground.engine.address(&tenant.name), password).await
        {
            Ok(application) => {
                application.close().await;
                true
            }
            Err(_) => false,
        };
    for _ in 0..2 {
        ground.engine.set_password(&tenant.name, &lock, "second").await.unwrap();
        assert!(comes_in("second").await && !comes_in(&first).await);
    }
    assert_eq!(open.number("SELECT COUNT(*) FROM people").await.unwrap(), 2, "what is open stays open");
    ground.passwords.set(tenant.id(), "second");
    ground.engine.open(&tenant.name, &lock).await.unwrap().close().await;
    let stale = ground.engine.set_password(&tenant.name, &tenant.lock, "third").await;
    assert!(matches!(stale, Err(EngineError::Stale)), "{stale:?}");
    let stranger = TenantLock { tenant_id: Uuid::now_v7(), ..lock };
    let foreign = ground.engine.set_password(&tenant.name, &stranger, "third").await;
    assert!(matches!(foreign, Err(EngineError::Foreign(_))), "{foreign:?}");
    // On what is shut it is for later.
    ground.engine.shut(&tenant.name, &lock).await.unwrap();
    ground.engine.set_password(&tenant.name, &lock, "fourth").await.unwrap();
    assert!(!comes_in("fourth").await);
    ground.engine.reopen(&tenant.name, &lock).await.unwrap();
    assert!(comes_in("fourth").await && !comes_in("second").await);
}

pub async fn a_tenants_account_opens_its_own_database_only(ground: &Ground) {
    let tenant = ground.filled().await;
    // Another whose name differs in one sign, which some engines take for any sign.
    let other =
        Tenant { name: tenant.name.as_str().replacen('_', "x", 1).parse().unwrap(), ..Tenant::new("x", 1) };
    ground.engine.create(&other.name, &other.lock).await.unwrap();
    ground.apply(&other, "one", "CREATE TABLE people (id INT PRIMARY KEY);").await.unwrap();
    assert!(ground.is_open(tenant).await && ground.is_open(&other).await);
    assert_eq!(ground.number(tenant, "SELECT COUNT(*) FROM people").await, 2);
    assert_eq!(ground.number(&other, "SELECT COUNT(*) FROM people").await, 0);
    if !ground.engine.capabilities().accounts {
        return;
    }
    let (own, others) = (ground.engine.address(&tenant.name), ground.engine.address(&other.name));
    let mixed: Vec<(&'static str, String)> = own
        .iter()
        .zip(&others)
        .map(|(own, other)| if ["Database", "Schema"].contains(&own.0) { other } else { own }.clone())
        .collect();
    assert_ne!(mixed, own);
    for (address, password) in [(&mixed, tenant.id()), (&others, tenant.id())] {
        let entered = ground.place.enter(address, &ground.passwords.get(password)).await;
        assert!(entered.is_err(), "{address:?}");
    }
}
