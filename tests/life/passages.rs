//! Taking a tenant out of use and back, and changing what is said of it.

use super::{ACTOR, named, remembered, status, with_acme};
use crate::support::{Place, ask, count, job_of, open_tenant, tenant, work_off};
use tenantry::{
    error::Kind,
    faults::Faults,
    store::tenants::{Plan, Status},
    usecases::{
        life::{self, LastSnapshot},
        tenants,
    },
};

#[tokio::test]
async fn a_paused_tenant_cannot_be_used_by_its_application_and_comes_back_with_everything() {
    let (place, app) = with_acme().await;
    // A connection that the application has open all the time.
    let mut open = open_tenant(&place, &tenant(&app, "acme").await).await;
    life::suspend(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Suspended);
    assert!(sqlx::query("SELECT * FROM settings").fetch_all(&mut open).await.is_err());
    assert!(sqlx::query("DELETE FROM settings").execute(&mut open).await.is_err());
    drop(open);
    assert_eq!(remembered(&place, &app, "acme").await, None);
    // Its structure is still shown.
    assert!(!tenants::schema(&app, &ACTOR, "acme").await.unwrap().1.tables.is_empty());
    // What is paused cannot be paused again, and says what it is.
    let error = life::suspend(&app, &ACTOR, "acme").await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.message.contains("is paused"), "{error}");
    life::resume(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Active);
    assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"]);
    assert_eq!(place.files().len(), 1, "{:?}", place.files());
    for action in ["tenant_suspended", "tenant_resumed"] {
        assert_eq!(count(&app, &format!("events WHERE action = '{action}'")).await, 1);
    }
}

#[tokio::test]
async fn an_archived_tenant_is_kept_out_of_use_and_comes_back_also_when_it_was_paused_before() {
    let (place, app) = with_acme().await;
    life::suspend(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    life::archive(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Archived);
    assert_eq!(remembered(&place, &app, "acme").await, None);
    life::unarchive(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Active);
    assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"]);
}

#[tokio::test]
async fn name_and_plan_change_and_the_slug_and_the_database_stay() {
    let (place, app) = with_acme().await;
    let before = tenant(&app, "acme").await;
    life::change_details(&app, &ACTOR, "acme", Some("  Acme   Trust "), Some("premium"), None).await.unwrap();
    work_off(&app).await;
    let after = tenant(&app, "acme").await;
    assert_eq!((after.name.as_str(), after.plan), ("Acme Trust", Plan::Premium));
    assert_eq!((after.slug, after.database_name), (before.slug, before.database_name));
    assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"]);
    for (name, plan) in [(Some(""), None), (Some("a\nb\u{7}"), None), (None, Some("gold")), (None, None)] {
        let error = life::change_details(&app, &ACTOR, "acme", name, plan, None).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(!error.fields.is_empty());
    }
    let same = life::change_details(&app, &ACTOR, "acme", Some("Acme Trust"), Some("premium"), None).await;
    assert_eq!(same.unwrap_err().kind, Kind::Invalid);
    assert_eq!(count(&app, "events WHERE action IN ('tenant_renamed', 'tenant_plan_changed')").await, 2);
}

#[tokio::test]
async fn one_act_at_a_time_and_of_two_people_the_database_chooses_one() {
    let (place, app) = with_acme().await;
    let (first, second) =
        tokio::join!(life::suspend(&app, &ACTOR, "acme"), life::archive(&app, &ACTOR, "acme"));
    assert!(first.is_ok() != second.is_ok());
    let error = first.err().or(second.err()).unwrap();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.message.contains("has been going on for"), "{error}");
    place.clock.advance(65_000);
    let error = life::take_snapshot(&app, &ACTOR, "acme", "").await.unwrap_err();
    assert!(error.message.contains("for 1 minute"), "{error}");
    // The original of a copy is held, too.
    work_off(&app).await;
    let _ = (life::resume(&app, &ACTOR, "acme").await, life::unarchive(&app, &ACTOR, "acme").await);
    work_off(&app).await;
    life::clone_tenant(&app, &ACTOR, "acme", named("Copy")).await.unwrap();
    let error = life::delete(&app, &ACTOR, "acme", "Acme", LastSnapshot::Needed).await.unwrap_err();
    assert!(error.message.contains("Making Copy as a copy"), "{error}");
    work_off(&app).await;
    assert_eq!(status(&app, "copy").await, Status::Active);
    assert_eq!(count(&app, "tenant_locks").await, 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_tenant_that_needs_a_person_is_held_until_the_person_decides() {
    let place = Place::new();
    let app = place.open_with(Faults::armed(|name| matches!(name, "all:before" | "seed:begun"))).await;
    let database = ask(&app, "Acme", &[]).await.tenant.database_name;
    work_off(&app).await;
    place.wait_long();
    work_off(&app).await;
    // Taking down cannot work: a plain file is where the folder for it belongs.
    let making = place.tenants_folder().join(".making");
    std::fs::create_dir_all(&making).unwrap();
    std::fs::write(making.join(&database), b"").unwrap();
    for _ in 0..20 {
        place.wait_long();
        work_off(&app).await;
    }
    let (job, _) = job_of(&app, "acme").await;
    assert!(job.needs_person, "{job:?}");
    assert_eq!(count(&app, "tenant_locks").await, 1);
    std::fs::remove_file(making.join(&database)).unwrap();
    life::give_up(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Deleted);
    assert!(place.files().is_empty(), "{:?}", place.files());
}
