//! Clones, snapshots and what is made from them.

use super::{ACTOR, DAY, named, remember, remembered, saved, snapshots, status, with_acme};
use crate::support::{ask, count, job_of, open_tenant, tenant, work_off};
use sqlx::{Connection, Row};
use tenantry::{
    error::Kind,
    store::{jobs::JobStatus, tenants::Status},
    usecases::life::{self, LastSnapshot, NewName},
};

#[tokio::test]
async fn a_clone_has_the_data_and_is_a_tenant_of_its_own() {
    let (place, app) = with_acme().await;
    let request = uuid::Uuid::new_v4();
    let form = NewName { request_id: Some(request), ..named("Acme East") };
    let started = life::clone_tenant(&app, &ACTOR, "acme", form.clone()).await.unwrap();
    // The other half of a double click.
    let again = life::clone_tenant(&app, &ACTOR, "acme", form).await.unwrap();
    assert_eq!(started.job_id, again.job_id);
    work_off(&app).await;
    let (original, copy) = (tenant(&app, "acme").await, tenant(&app, "acme-east").await);
    assert_eq!((original.status, copy.status), (Status::Active, Status::Active));
    assert_eq!(copy.schema_hash, original.schema_hash);
    assert_eq!(copy.modules, original.modules);
    assert_ne!(copy.database_name, original.database_name);
    assert_eq!(remembered(&place, &app, "acme-east").await.unwrap(), ["first"]);
    remember(&place, &app, "acme-east", "second").await;
    assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"]);
    let mut file = open_tenant(&place, &copy).await;
    let row = sqlx::query(
        "SELECT (SELECT tenant_id FROM tenant_info), (SELECT tenant_id FROM tenantry_owner),
            (SELECT email || ' ' || password_hash FROM users), (SELECT \"value\" FROM settings WHERE \"key\" = 'app.name'),
            (SELECT COUNT(*) FROM tenantry_ledger WHERE unit = 'copied from ' || ?)",
    )
    .bind(original.id.to_string())
    .fetch_one(&mut file)
    .await
    .unwrap();
    let id = copy.id.to_string();
    assert_eq!((row.get::<String, _>(0), row.get::<String, _>(1)), (id.clone(), id));
    assert!(row.get::<String, _>(2).starts_with("olga@example.org !"));
    assert_eq!(row.get::<String, _>(3), "Acme East");
    assert_eq!(row.get::<i64, _>(4), 1);
    file.close().await.unwrap();
    assert_eq!(count(&app, "invitations").await, 2);
    let error = life::clone_tenant(&app, &ACTOR, "acme", NewName::default()).await.unwrap_err();
    assert!(error.fields.contains_key("name") && error.fields.contains_key("email"));
}

#[tokio::test]
async fn a_snapshot_is_kept_for_its_time_and_comes_back_as_a_new_tenant_or_in_place() {
    let (place, app) = with_acme().await;
    life::take_snapshot(&app, &ACTOR, "acme", "before the import").await.unwrap();
    work_off(&app).await;
    let taken = snapshots(&app, "acme").await.remove(0);
    assert_eq!(taken.note.as_deref(), Some("before the import"));
    assert_eq!(taken.taken_by, "Command line");
    let file = place.folder.path().join("snapshots").join(&taken.file);
    assert_eq!(tenantry::digest::sha256_file(&file).unwrap(), taken.checksum);
    remember(&place, &app, "acme", "second").await;

    life::restore_as_new(&app, &ACTOR, "acme", taken.id, named("Acme as it was")).await.unwrap();
    work_off(&app).await;
    assert_eq!(remembered(&place, &app, "acme-as-it-was").await.unwrap(), ["first"]);
    assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first", "second"]);

    life::restore_over(&app, &ACTOR, "acme", taken.id).await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Active);
    assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"]);
    let all = snapshots(&app, "acme").await;
    assert_eq!(all.len(), 2);
    // What was there before is the newest snapshot, and comes back the same way.
    place.clock.advance(1_000);
    life::restore_over(&app, &ACTOR, "acme", all[0].id).await.unwrap();
    work_off(&app).await;
    assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first", "second"]);
    assert_eq!(place.files().len(), 2, "{:?}", place.files());

    place.clock.advance(29 * DAY);
    assert_eq!(life::sweep(&app).await.unwrap().snapshots, 0);
    place.clock.advance(DAY);
    assert_eq!(life::sweep(&app).await.unwrap().snapshots, 3);
    assert!(snapshots(&app, "acme").await.is_empty() && saved(&place).is_empty());
}

#[tokio::test]
async fn a_snapshot_that_has_changed_since_is_not_used_and_the_tenant_stays_as_it_is() {
    let (place, app) = with_acme().await;
    life::take_snapshot(&app, &ACTOR, "acme", "").await.unwrap();
    work_off(&app).await;
    let taken = snapshots(&app, "acme").await.remove(0);
    let file = place.folder.path().join("snapshots").join(&taken.file);
    let mut bytes = std::fs::read(&file).unwrap();
    let end = bytes.len() - 10;
    bytes[end] ^= 1;
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, bytes).unwrap();
    life::restore_over(&app, &ACTOR, "acme", taken.id).await.unwrap();
    work_off(&app).await;
    let (job, _) = job_of(&app, "acme").await;
    assert_eq!(job.status, JobStatus::Failed);
    assert!(job.problem.unwrap().contains("has changed since"));
    assert_eq!(status(&app, "acme").await, Status::Active);
    assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"]);
    // Nor is a snapshot of another tenant.
    ask(&app, "Other", &[]).await;
    work_off(&app).await;
    let error = life::restore_over(&app, &ACTOR, "other", taken.id).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
}

#[tokio::test]
async fn a_tenant_whose_file_is_gone_is_restored_from_its_snapshot_and_can_be_deleted() {
    let (place, app) = with_acme().await;
    life::take_snapshot(&app, &ACTOR, "acme", "").await.unwrap();
    work_off(&app).await;
    let taken = snapshots(&app, "acme").await.remove(0);
    let file = place.tenants_folder().join(format!("{}.db", tenant(&app, "acme").await.database_name));
    std::fs::remove_file(&file).unwrap();
    life::restore_over(&app, &ACTOR, "acme", taken.id).await.unwrap();
    work_off(&app).await;
    assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"]);
    std::fs::remove_file(&file).unwrap();
    life::delete(&app, &ACTOR, "acme", "Acme", LastSnapshot::Needed).await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Deleting);
}
