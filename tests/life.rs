//! What happens to tenants after they were made: each act is done wholly or not at all, whatever happens on the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod support;

use sqlx::{Connection, Row};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use support::{Place, ask, count, job_of, open_tenant, tenant, work_off};
use tenantry::{
    app::App,
    error::Kind,
    faults::Faults,
    store::{
        jobs::JobStatus,
        snapshots::Snapshot,
        tenants::{Plan, Status},
    },
    usecases::{
        actor::Actor,
        life::{self, LastSnapshot, NewName},
        tenants,
    },
};

const ACTOR: Actor = Actor::CommandLine;
const DAY: i64 = 86_400_000;

/// An installation with one tenant in use, Acme, that has a row of its own.
async fn with_acme() -> (Place, App) {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "Acme", &["events"]).await;
    work_off(&app).await;
    remember(&place, &app, "acme", "first").await;
    (place, app)
}

/// Writes a row into a tenant's database as its application would.
async fn remember(place: &Place, app: &App, slug: &str, word: &str) {
    let mut file = open_tenant(place, &tenant(app, slug).await).await;
    sqlx::query(
        "INSERT INTO settings (\"key\", \"value\", \"type\", \"group\") VALUES (?, 'x', 'string', 'own')",
    )
    .bind(format!("own.{word}"))
    .execute(&mut file)
    .await
    .unwrap();
    file.close().await.unwrap();
}

/// The words that were remembered; `None` where the application cannot read them.
async fn remembered(place: &Place, app: &App, slug: &str) -> Option<Vec<String>> {
    let mut file = open_tenant(place, &tenant(app, slug).await).await;
    let rows = sqlx::query("SELECT substr(\"key\", 5) FROM settings WHERE \"group\" = 'own' ORDER BY 1")
        .fetch_all(&mut file)
        .await;
    let _ = file.close().await;
    rows.ok().map(|rows| rows.iter().map(|row| row.get(0)).collect())
}

async fn status(app: &App, slug: &str) -> Status {
    tenant(app, slug).await.status
}

async fn snapshots(app: &App, slug: &str) -> Vec<Snapshot> {
    life::snapshots(app, &ACTOR, slug).await.unwrap().1
}

fn named(name: &str) -> NewName {
    NewName { name: name.into(), email: "olga@example.org".into(), request_id: None }
}

/// Names of files in the folder of snapshots.
fn saved(place: &Place) -> Vec<String> {
    let Ok(folders) = std::fs::read_dir(place.folder.path().join("snapshots")) else { return Vec::new() };
    folders
        .flatten()
        .flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten())
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect()
}

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

/// An act on Acme, and how things stand after it was done and after it was given up.
struct Act {
    name: &'static str,
    /// What is done before, such as pausing what is to be resumed.
    before: &'static [&'static str],
    done: Status,
    undone: Status,
}

const ACTS: [Act; 9] = [
    Act { name: "suspend", before: &[], done: Status::Suspended, undone: Status::Active },
    Act { name: "resume", before: &["suspend"], done: Status::Active, undone: Status::Suspended },
    Act { name: "archive", before: &[], done: Status::Archived, undone: Status::Active },
    Act { name: "unarchive", before: &["archive"], done: Status::Active, undone: Status::Archived },
    Act { name: "snapshot", before: &[], done: Status::Active, undone: Status::Active },
    Act { name: "restore", before: &["snapshot", "second"], done: Status::Active, undone: Status::Active },
    Act { name: "clone", before: &[], done: Status::Active, undone: Status::Active },
    Act { name: "delete", before: &[], done: Status::Deleting, undone: Status::Active },
    Act { name: "keep", before: &["delete"], done: Status::Active, undone: Status::Deleting },
];

async fn start(place: &Place, app: &App, act: &str) {
    match act {
        "suspend" => drop(life::suspend(app, &ACTOR, "acme").await.unwrap()),
        "resume" => drop(life::resume(app, &ACTOR, "acme").await.unwrap()),
        "archive" => drop(life::archive(app, &ACTOR, "acme").await.unwrap()),
        "unarchive" => drop(life::unarchive(app, &ACTOR, "acme").await.unwrap()),
        "snapshot" => drop(life::take_snapshot(app, &ACTOR, "acme", "").await.unwrap()),
        "restore" => {
            let taken = snapshots(app, "acme").await.remove(0);
            life::restore_over(app, &ACTOR, "acme", taken.id).await.unwrap();
        }
        "clone" => drop(life::clone_tenant(app, &ACTOR, "acme", named("Copy")).await.unwrap()),
        "delete" => drop(life::delete(app, &ACTOR, "acme", "Acme", LastSnapshot::Needed).await.unwrap()),
        "keep" => drop(life::keep(app, &ACTOR, "acme").await.unwrap()),
        "second" => remember(place, app, "acme", "second").await,
        other => panic!("{other}"),
    }
}

/// The place of an act, ready for it and with the program closed.
async fn ready_for(act: &Act) -> Place {
    let (place, app) = with_acme().await;
    for before in act.before {
        start(&place, &app, before).await;
        work_off(&app).await;
    }
    app.store.close().await;
    place
}

/// Whether everything is as it must be after the act was done.
async fn check_done(place: &Place, app: &App, act: &Act, at: &str) {
    let at = format!("{} stopped at {at}", act.name);
    assert_eq!(status(app, "acme").await, act.done, "{at}");
    assert_eq!(count(app, "tenant_locks").await, 0, "{at}");
    let words = remembered(place, app, "acme").await;
    let expected = (act.done == Status::Active).then(|| vec!["first".to_owned()]);
    assert_eq!(words, expected, "{at}");
    let files = if act.name == "clone" || act.done != Status::Active { 2 } else { 1 };
    assert_eq!(place.files().len(), files, "{at}: {:?}", place.files());
    let copies = usize::from(matches!(act.name, "snapshot" | "delete" | "keep"))
        + 2 * usize::from(act.name == "restore");
    assert_eq!(snapshots(app, "acme").await.len(), copies, "{at}");
    assert_eq!(saved(place).len(), copies, "{at}");
    if act.name == "clone" {
        assert_eq!(status(app, "copy").await, Status::Active, "{at}");
        assert_eq!(remembered(place, app, "copy").await.unwrap(), ["first"], "{at}");
    }
}

/// Whether everything is as it was before the act.
async fn check_undone(place: &Place, app: &App, act: &Act, at: &str) {
    let at = format!("{} taken back, stopped at {at}", act.name);
    assert_eq!(status(app, "acme").await, act.undone, "{at}");
    assert_eq!(count(app, "tenant_locks").await, 0, "{at}");
    let words = remembered(place, app, "acme").await;
    let all = if act.before.contains(&"second") {
        vec!["first".to_owned(), "second".to_owned()]
    } else {
        vec!["first".to_owned()]
    };
    assert_eq!(words, (act.undone == Status::Active).then_some(all), "{at}");
    let files = if act.undone == Status::Active { 1 } else { 2 };
    assert_eq!(place.files().len(), files, "{at}: {:?}", place.files());
    let copies = usize::from(matches!(act.name, "restore" | "keep"));
    assert_eq!(snapshots(app, "acme").await.len(), copies, "{at}");
    assert_eq!(saved(place).len(), copies, "{at}");
    if act.name == "clone" {
        assert_eq!(status(app, "copy").await, Status::Failed, "{at}");
    }
}

fn once(point: &str) -> (Faults, Arc<AtomicBool>) {
    let armed = Arc::new(AtomicBool::new(true));
    let (wanted, left) = (point.to_owned(), Arc::clone(&armed));
    (Faults::armed(move |name| name == wanted && left.swap(false, Ordering::SeqCst)), armed)
}

#[tokio::test]
async fn each_act_that_is_stopped_at_any_point_is_done_after_a_restart() {
    for act in &ACTS {
        let fresh = ready_for(act).await;
        let listening = fresh.copy();
        let (faults, passed) = Faults::listening();
        let app = listening.open_with(faults).await;
        start(&listening, &app, act.name).await;
        work_off(&app).await;
        check_done(&listening, &app, act, "nothing").await;
        let points = passed.lock().unwrap().clone();
        assert!(points.len() >= 4, "{points:?}");
        for point in points {
            let place = fresh.copy();
            let (faults, armed) = once(&point);
            let dying = place.open_with(faults).await;
            start(&place, &dying, act.name).await;
            work_off(&dying).await;
            assert!(!armed.load(Ordering::SeqCst), "{} did not pass {point}", act.name);
            dying.store.close().await;
            place.clock.advance(60_000);
            let app = place.open().await;
            work_off(&app).await;
            check_done(&place, &app, act, &point).await;
            // Every step that was stopped after it had acted was run twice.
            app.store.close().await;
        }
    }
}

#[tokio::test]
async fn each_act_that_is_given_up_is_taken_back_wholly_also_when_that_is_stopped_at_any_point() {
    for act in &ACTS {
        let fresh = ready_for(act).await;
        let mut points = vec![String::new()];
        let mut place = fresh.copy();
        let mut number = 0;
        while let Some(point) = points.get(number).cloned() {
            let app = place.open().await;
            start(&place, &app, act.name).await;
            let last = last_step(&app).await;
            app.store.close().await;
            // Its last step never ends, again and again, until it is given up.
            let stop = format!("{last}:begun");
            let passed = Arc::new(std::sync::Mutex::new(Vec::new()));
            let (seen, armed) = (Arc::clone(&passed), AtomicBool::new(true));
            let first = AtomicBool::new(true);
            let wanted = point.clone();
            let dying = place
                .open_with(Faults::armed(move |name| {
                    seen.lock().unwrap().push(name.to_owned());
                    (name == stop && first.swap(false, Ordering::SeqCst))
                        || (name == wanted && armed.swap(false, Ordering::SeqCst))
                }))
                .await;
            work_off(&dying).await;
            let mut write = dying.store.write().await.unwrap();
            tenantry::store::sql("UPDATE jobs SET crashes = 10 WHERE status = 'running'")
                .run(&mut write)
                .await
                .unwrap();
            write.commit().await.unwrap();
            place.clock.advance(60_000);
            work_off(&dying).await;
            if number == 0 {
                points =
                    passed.lock().unwrap().iter().filter(|name| name.contains("undo")).cloned().collect();
                points.insert(0, String::new());
                assert!(points.len() >= 4, "{points:?}");
            } else {
                assert!(passed.lock().unwrap().contains(&point), "{} did not pass {point}", act.name);
            }
            dying.store.close().await;
            place.clock.advance(60_000);
            let app = place.open().await;
            work_off(&app).await;
            check_undone(&place, &app, act, &point).await;
            assert_eq!(count(&app, "events WHERE action IN ('job_failed', 'tenant_failed')").await, 1);
            // The way on: another try.
            if number == 0 {
                let slug = if act.name == "clone" { "copy" } else { "acme" };
                life::retry(&app, &ACTOR, slug).await.unwrap();
                work_off(&app).await;
                check_done(&place, &app, act, "another try").await;
            }
            app.store.close().await;
            number += 1;
            place = fresh.copy();
        }
    }
}

async fn last_step(app: &App) -> String {
    let mut read = app.store.read().await.unwrap();
    tenantry::store::sql(
        "SELECT s.name FROM job_steps s JOIN jobs j ON j.id = s.job_id WHERE j.status = 'queued' ORDER BY s.position DESC",
    )
    .first(&mut read)
    .await
    .unwrap()
    .unwrap()
    .text("name")
    .unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn trouble_with_the_disk_is_waited_for_then_taken_back_and_the_way_on_works() {
    let (place, app) = with_acme().await;
    // Where folders belong there is a plain file: nothing can be put there.
    for (blocked, act) in [("tenants/.shut", "suspend"), ("snapshots", "snapshot"), ("snapshots", "delete")] {
        let blocked = place.folder.path().join(blocked);
        let _ = std::fs::remove_dir_all(&blocked);
        std::fs::write(&blocked, b"").unwrap();
        start(&place, &app, act).await;
        work_off(&app).await;
        let (job, _) = job_of(&app, "acme").await;
        assert_eq!((job.status, job.attempt), (JobStatus::Queued, 1), "{act}");
        assert!(job.problem.is_some());
        for _ in 0..4 {
            place.wait_long();
            work_off(&app).await;
        }
        let (job, _) = job_of(&app, "acme").await;
        assert_eq!((job.status, job.needs_person), (JobStatus::Failed, false), "{act}: {job:?}");
        assert_eq!(status(&app, "acme").await, Status::Active, "{act}");
        assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"], "{act}");
        std::fs::remove_file(&blocked).unwrap();
        life::retry(&app, &ACTOR, "acme").await.unwrap();
        work_off(&app).await;
        let (job, _) = job_of(&app, "acme").await;
        assert_eq!(job.status, JobStatus::Done, "{act}: {job:?}");
        match act {
            "suspend" => start(&place, &app, "resume").await,
            "delete" => start(&place, &app, "keep").await,
            _ => {}
        }
        work_off(&app).await;
        assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"], "{act}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_ask_first_say_what_is_wrong_and_show_the_steps() {
    use reqwest::StatusCode;
    use support::site::Site;
    use tenantry::store::users::Role;
    let site = Site::start().await;
    ask(&site.app, "Acme & Sons", &[]).await;
    work_off(&site.app).await;
    site.add("staff@example.org", Role::Staff).await;
    site.add("admin@example.org", Role::Admin).await;
    let owner = site.add("dana@example.org", Role::Owner).await;
    site.own(owner, "acme-sons").await;
    let staff = site.signed_in("staff@example.org").await;
    let admin = site.signed_in("admin@example.org").await;
    let owner = site.signed_in("dana@example.org").await;
    let manage = "/tenants/acme-sons/manage";

    let text = staff.text(manage).await;
    assert!(
        text.contains("Change name or plan") && !text.contains("Delete it") && !text.contains("Snapshots")
    );
    let text = owner.text("/tenants/acme-sons").await;
    assert!(!text.contains("Manage"), "owners see nothing of it");
    let text = admin.text(manage).await;
    for button in ["Pause it", "Archive it", "Clone it", "Take a snapshot", "Delete it"] {
        assert!(text.contains(button), "{button}");
    }

    let answer = admin.post(&format!("{manage}/delete"), &[("confirm", "Acme")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let text = answer.text().await.unwrap();
    assert!(text.contains("value=\"Acme\"") && text.contains("Nothing was deleted"), "{text}");
    let answer = admin.post(&format!("{manage}/clone"), &[("name", ""), ("email", "x")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await.unwrap().contains("name=\"request_id\""));
    // Without a snapshot there is nothing to restore: back to the list of them.
    assert_eq!(admin.get(&format!("{manage}/restore")).await.status(), StatusCode::SEE_OTHER);

    let answer = admin.post(&format!("{manage}/pause"), &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["location"], "/tenants/acme-sons/setup");
    assert!(admin.text("/tenants/acme-sons/setup").await.contains("Pausing "));
    // While it goes on nothing else can be begun, and the page says why.
    let answer = admin.post(&format!("{manage}/archive"), &[]).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    assert!(answer.text().await.unwrap().contains("has been going on for"));
    assert!(admin.text(manage).await.contains("has been going on for"));
    work_off(&site.app).await;
    assert!(admin.text("/tenants/acme-sons/setup").await.contains(" is paused"));
    assert!(admin.text("/tenants/acme-sons").await.contains("This tenant is paused"));
    assert!(admin.text("/jobs").await.contains("Pause a tenant"));
    assert!(admin.text(manage).await.contains("Resume it"));
    // The owner sees the tenant, and nothing of the job.
    assert_eq!(owner.get("/tenants/acme-sons/setup").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(staff.post(&format!("{manage}/resume"), &[]).await.status(), StatusCode::FORBIDDEN);
    let answer = admin.post(&format!("{manage}/details"), &[("name", "Acme"), ("plan", "premium")]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    work_off(&site.app).await;
    assert_eq!(tenant(&site.app, "acme-sons").await.name, "Acme");
}
