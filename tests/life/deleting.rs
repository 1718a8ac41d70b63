//! Deleting, keeping after all, and what is left when a tenant could not be made.

use super::{ACTOR, DAY, named, remembered, saved, snapshots, status, with_acme};
use crate::support::{Place, ask, count, open_tenant, tenant, work_off};
use sqlx::Connection;
use tenantry::{
    error::Kind,
    faults::Faults,
    store::tenants::Status,
    usecases::life::{self, LastSnapshot},
};

#[tokio::test]
async fn a_deleted_tenant_is_kept_after_all_within_its_time_and_is_gone_for_good_after_it() {
    let (place, app) = with_acme().await;
    for wrong in ["", "acme", "Acme Inc"] {
        let error = life::delete(&app, &ACTOR, "acme", wrong, LastSnapshot::Needed).await.unwrap_err();
        assert!(error.fields["confirm"].contains("Acme"), "{error}");
    }
    life::delete(&app, &ACTOR, "acme", " Acme ", LastSnapshot::Needed).await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Deleting);
    assert_eq!(remembered(&place, &app, "acme").await, None);
    assert_eq!(snapshots(&app, "acme").await.len(), 1);
    place.clock.advance(7 * DAY - 1);
    assert_eq!(life::sweep(&app).await.unwrap().tenants, 0);
    life::keep(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Active);
    assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"]);
    place.clock.advance(2 * DAY);
    assert_eq!(life::sweep(&app).await.unwrap().tenants, 0, "it is kept");

    // The version that it stands at does not matter: its schema may be anything.
    let mut file = open_tenant(&place, &tenant(&app, "acme").await).await;
    sqlx::query("DROP TABLE tenant_info").execute(&mut file).await.unwrap();
    file.close().await.unwrap();
    life::delete(&app, &ACTOR, "acme", "Acme", LastSnapshot::Needed).await.unwrap();
    work_off(&app).await;
    place.clock.advance(7 * DAY);
    assert_eq!(life::sweep(&app).await.unwrap().tenants, 1);
    assert_eq!(life::sweep(&app).await.unwrap().tenants, 0);
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Deleted);
    assert!(place.files().is_empty(), "{:?}", place.files());
    assert_eq!(life::keep(&app, &ACTOR, "acme").await.unwrap_err().kind, Kind::Conflict);
    // Its slug and the name of its database are never given again.
    assert_eq!(ask(&app, "Acme", &[]).await.tenant.slug, "acme-2");
    assert_eq!(count(&app, "database_names").await, 2);
    work_off(&app).await;
    // Its last snapshot outlives it for a while, and makes a new tenant.
    let last = snapshots(&app, "acme").await.remove(0);
    life::restore_as_new(&app, &ACTOR, "acme", last.id, named("Acme again")).await.unwrap();
    work_off(&app).await;
    assert_eq!(remembered(&place, &app, "acme-again").await.unwrap(), ["first"]);
    place.clock.advance(31 * DAY);
    life::sweep(&app).await.unwrap();
    assert!(saved(&place).is_empty());
}

#[tokio::test]
async fn a_paused_or_archived_tenant_that_is_kept_after_all_is_paused_or_archived_again() {
    let (place, app) = with_acme().await;
    life::suspend(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    life::delete(&app, &ACTOR, "acme", "Acme", LastSnapshot::Needed).await.unwrap();
    work_off(&app).await;
    life::keep(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Suspended);
    assert_eq!(remembered(&place, &app, "acme").await, None);
    life::resume(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"]);
}

#[tokio::test]
async fn what_is_left_of_a_tenant_that_could_not_be_made_is_removed_and_its_slug_stays_taken() {
    let place = Place::new();
    // Not at once, and then never further than the seed.
    let app = place.open_with(Faults::armed(|name| matches!(name, "all:before" | "seed:begun"))).await;
    ask(&app, "Acme", &[]).await;
    for _ in 0..16 {
        work_off(&app).await;
        place.wait_long();
    }
    assert_eq!(status(&app, "acme").await, Status::Failed);
    life::give_up(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Deleted);
    assert!(place.files().is_empty());
    assert_eq!(count(&app, "events WHERE action = 'tenant_deleted'").await, 1);
    assert_eq!(ask(&app, "Acme", &[]).await.tenant.slug, "acme-2");
}
