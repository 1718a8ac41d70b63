//! Databases that are made at once, where the engine can.

use crate::{
    ground::{Ground, Tenant},
    templates::{template, variables},
};
use tenantry::{
    engine::{Applied, Draft, Drafted, EngineError, Presence, Unit, Whole},
    sql::variables::Variables,
    templates::{compile::Compiled, prove},
};

fn units<'a>(compiled: &'a Compiled, variables: &'a Variables) -> Vec<Unit<'a>> {
    let units = compiled.units.iter();
    units.map(|unit| Unit { key: &unit.key, statements: &unit.statements, variables }).collect()
}

async fn compiled(ground: &Ground) -> Compiled {
    prove::compile(ground.engine.as_ref(), &template("basic"), &[]).await.unwrap()
}

async fn draft(ground: &Ground, compiled: &Compiled, tenant: &Tenant) -> Drafted {
    let variables = variables(tenant);
    let units = units(compiled, &variables);
    let whole = Whole { key: &compiled.source_hash, units: &units, schema_hash: &compiled.expected_hash };
    ground.engine.draft(&tenant.name, &tenant.lock, &whole).await.unwrap()
}

/// A draft, on an engine that can make one.
async fn ready(ground: &Ground, compiled: &Compiled, tenant: &Tenant) -> Option<Draft> {
    match draft(ground, compiled, tenant).await {
        Drafted::Ready(draft) => Some(draft),
        Drafted::Stepwise => None,
    }
}

/// How many rows there are in all tables.
async fn rows(ground: &Ground, tenant: &Tenant) -> Vec<(String, u64)> {
    let session = ground.engine.look(&tenant.name, tenant.id()).await.unwrap();
    let reading = session.read().await.unwrap();
    let rows = reading.tables().iter().map(|table| (table.name.clone(), table.rows)).collect();
    reading.close().await;
    rows
}

pub async fn a_database_that_is_made_at_once_is_as_good_as_unit_by_unit(ground: &Ground) {
    let compiled = compiled(ground).await;
    let whole = Tenant::new("whole", 1);
    let Some(draft) = ready(ground, &compiled, &whole).await else {
        assert!(!ground.engine.capabilities().whole, "it says that it can");
        return;
    };
    assert!(ground.engine.capabilities().whole, "it says that it cannot");
    assert_eq!((draft.name.clone(), draft.lock), (whole.name.clone(), whole.lock));
    assert_eq!(
        ground.presence(&whole).await,
        Presence::Absent,
        "nothing has the name before it is published"
    );
    ground.engine.publish(&draft).await.unwrap();
    assert_eq!(ground.presence(&whole).await, Presence::Ours(whole.marker()));

    let steps = ground.made().await;
    let mut session = ground.engine.open(&steps.name, &steps.lock).await.unwrap();
    for unit in units(&compiled, &variables(steps)) {
        session.apply(unit).await.unwrap();
    }
    session.close().await;
    assert_eq!(ground.inspect(&whole).await, ground.inspect(steps).await);
    assert_eq!(rows(ground, &whole).await, rows(ground, steps).await);
    // The ledger knows what was done.
    let mut session = ground.engine.open(&whole.name, &whole.lock).await.unwrap();
    for unit in units(&compiled, &variables(&whole)) {
        assert_eq!(session.apply(unit).await.unwrap(), Applied::Before, "{}", unit.key);
    }
    session.close().await;
    // And the application comes in.
    assert_eq!(ground.number(&whole, "SELECT COUNT(*) FROM users").await, 1);
}

pub async fn a_draft_never_takes_a_name_that_something_has(ground: &Ground) {
    let compiled = compiled(ground).await;
    let tenant = ground.filled().await;
    assert_eq!(draft(ground, &compiled, tenant).await, Drafted::Stepwise);
    assert!(ground.is_open(tenant).await);
    let late = Tenant::new("late", 1);
    let Some(draft) = ready(ground, &compiled, &late).await else { return };
    // Somebody was faster.
    ground.place.put_foreign(&late.name).await;
    let before = ground.place.foreign(&late.name).await;
    let refused = ground.engine.publish(&draft).await;
    assert!(matches!(refused, Err(EngineError::Foreign(_))), "{refused:?}");
    assert_eq!(ground.place.foreign(&late.name).await, before);
}
