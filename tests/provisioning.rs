//! Making tenants: complete or gone, whatever happens on the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod support;

use sqlx::{Connection, Row};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};
use support::{Place, ask, count, form, job_of, open_tenant, tenant, work_off};
use tenantry::{
    faults::Faults,
    store::{
        jobs::{self, Claim, Direction, JobStatus, StepStatus},
        tenants::Status,
    },
    usecases::{actor::Actor, tenants},
};
use uuid::Uuid;

#[tokio::test]
async fn an_ngo_tenant_gets_its_tables_its_rows_and_an_owner_without_a_usable_password() {
    let place = Place::new();
    let app = place.open().await;
    let created = ask(&app, "Acme Foundation", &["event_shifts"]).await;
    assert_eq!(created.tenant.status, Status::Pending);
    work_off(&app).await;
    let made = tenant(&app, "acme-foundation").await;
    assert_eq!(made.status, Status::Active);
    assert_eq!(made.modules, ["events", "volunteers", "event_shifts"]);
    assert_eq!(made.schema_hash.as_ref().unwrap().len(), 64);

    let mut file = open_tenant(&place, &made).await;
    for table in ["users", "roles", "members", "donations", "events", "volunteers", "tenant_info"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")))
            .fetch_one(&mut file)
            .await
            .unwrap();
    }
    assert!(sqlx::query("SELECT * FROM grants").fetch_one(&mut file).await.is_err(), "not chosen, not there");
    let owner = sqlx::query("SELECT email, password_hash FROM users").fetch_all(&mut file).await.unwrap();
    assert_eq!(owner.len(), 1);
    assert_eq!(owner[0].get::<String, _>(0), "dana@example.org");
    let hash: String = owner[0].get(1);
    assert!(hash.starts_with('!') && !hash.contains("{{"), "{hash}");
    let info = sqlx::query("SELECT tenant_id, template_name, template_version FROM tenant_info")
        .fetch_one(&mut file)
        .await
        .unwrap();
    assert_eq!(info.get::<String, _>(0), made.id.to_string());
    assert_eq!(info.get::<String, _>(2), "1.0.0");
    let ledger =
        sqlx::query("SELECT unit FROM tenantry_ledger ORDER BY id").fetch_all(&mut file).await.unwrap();
    assert_eq!(ledger.first().unwrap().get::<String, _>(0), "core_schema");
    let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut file).await.unwrap();
    assert!(dangling.is_empty());
    file.close().await.unwrap();

    let (job, steps) = job_of(&app, "acme-foundation").await;
    assert_eq!(job.status, JobStatus::Done);
    assert!(steps.iter().all(|step| matches!(step.status, StepStatus::Done | StepStatus::Skipped)));
    assert_eq!(count(&app, "invitations").await, 1);
    assert_eq!(count(&app, "tenant_migrations_history").await, 1);
}

#[tokio::test]
async fn names_that_look_like_sql_or_like_variables_stay_plain_text() {
    let place = Place::new();
    let app = place.open().await;
    for name in ["O'Hara \"& Sons\"; DROP TABLE users; --", "{{OWNER_EMAIL}} \\' ; SELECT 1", "红十字会 🎗"]
    {
        let created = ask(&app, name, &[]).await;
        work_off(&app).await;
        let made = tenant(&app, &created.tenant.slug).await;
        assert_eq!(made.status, Status::Active, "{name}");
        let mut file = open_tenant(&place, &made).await;
        let kept: String = sqlx::query("SELECT value FROM settings WHERE \"key\" = 'app.name'")
            .fetch_one(&mut file)
            .await
            .unwrap()
            .get(0);
        assert_eq!(kept, name);
        file.close().await.unwrap();
    }
}

/// Opens the program, lets it work until it "dies" at a point, and lets its lease run out: nothing but the data folder is
/// left.
async fn die_at(place: &Place, point: &str) {
    let armed = Arc::new(AtomicBool::new(true));
    let (wanted, once) = (point.to_owned(), Arc::clone(&armed));
    let dying = place
        .open_with(Faults::armed(move |name| name == wanted && once.swap(false, Ordering::SeqCst)))
        .await;
    work_off(&dying).await;
    assert!(!armed.load(Ordering::SeqCst), "{point} was not passed");
    dying.store.close().await;
    place.wait_long();
}

/// An installation in which "Acme" was asked for, and the points that a worker passes there.
async fn points_of(fresh: &Place) -> Vec<String> {
    let listening = fresh.copy();
    let (faults, passed) = Faults::listening();
    let app = listening.open_with(faults).await;
    work_off(&app).await;
    app.store.close().await;
    let points = passed.lock().unwrap();
    points.clone()
}

async fn is_complete(place: &Place, why: &str) {
    let app = place.open().await;
    work_off(&app).await;
    let made = tenant(&app, "acme").await;
    assert_eq!(made.status, Status::Active, "{why}");
    assert_eq!(place.files(), [format!("{}.db", made.database_name)], "{why}");
    assert_eq!(count(&app, "tenants").await, 1);
    assert_eq!(count(&app, "invitations").await, 1);
    assert_eq!(count(&app, "tenant_migrations_history WHERE status = 'applied'").await, 1, "{why}");
    assert_eq!(count(&app, "events WHERE action = 'tenant_ready'").await, 1, "{why}");
    let (job, steps) = job_of(&app, "acme").await;
    assert_eq!(job.status, JobStatus::Done, "{why}");
    assert!(
        steps.iter().all(|step| matches!(step.status, StepStatus::Done | StepStatus::Skipped)),
        "{why}: {steps:?}"
    );
    let mut file = open_tenant(place, &made).await;
    let users: i64 = sqlx::query("SELECT COUNT(*) FROM users").fetch_one(&mut file).await.unwrap().get(0);
    assert_eq!(users, 1, "{why}");
    file.close().await.unwrap();
    app.store.close().await;
}

#[tokio::test]
async fn a_stop_at_any_point_ends_in_a_complete_tenant_after_a_restart() {
    // One installation with its templates imported and a tenant asked for, copied for each run.
    let fresh = Place::new();
    let app = fresh.open().await;
    ask(&app, "Acme", &["events"]).await;
    app.store.close().await;
    let points = points_of(&fresh).await;
    assert_eq!(
        points,
        ["all:before", "all:begun", "all:prepared", "all:published", "all:recorded"],
        "a first try makes everything at once"
    );
    for point in points {
        let place = fresh.copy();
        die_at(&place, &point).await;
        is_complete(&place, &format!("stopped at {point}")).await;
    }
    // What was stopped goes on step by step, and may be stopped again at any of them: once with a draft lying about that
    // nobody has published, and once with everything made but its record, where each step finds its work done.
    for (first, kind_of_point) in [("all:prepared", ""), ("all:published", ":acted")] {
        let stopped = fresh.copy();
        die_at(&stopped, first).await;
        let points = points_of(&stopped).await;
        assert!(points.len() > 40, "{points:?}");
        for point in points.iter().filter(|point| point.ends_with(kind_of_point)) {
            let place = stopped.copy();
            die_at(&place, point).await;
            is_complete(&place, &format!("stopped at {first}, then at {point}")).await;
        }
    }
}

#[tokio::test]
async fn what_was_made_at_once_is_taken_back_like_anything_else() {
    for point in ["all:begun", "all:prepared", "all:published"] {
        let place = Place::new();
        let app = place.open().await;
        ask(&app, "Acme", &[]).await;
        app.store.close().await;
        die_at(&place, point).await;
        let app = place.open().await;
        let (job, _) = job_of(&app, "acme").await;
        let mut write = app.store.write().await.unwrap();
        let claim = Claim { job_id: job.id, fence: job.fence };
        jobs::put_back(&mut write, claim, Direction::Undo, 0, 0, None).await.unwrap();
        write.commit().await.unwrap();
        work_off(&app).await;
        assert_eq!(tenant(&app, "acme").await.status, Status::Failed, "{point}");
        assert!(place.files().is_empty(), "{point}: {:?}", place.files());
        tenants::retry(&app, &Actor::CommandLine, "acme").await.unwrap();
        work_off(&app).await;
        assert_eq!(tenant(&app, "acme").await.status, Status::Active, "{point}");
        app.store.close().await;
    }
}

#[tokio::test]
async fn steps_done_at_once_say_the_same_as_steps_done_one_by_one() {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "At once", &["events"]).await;
    work_off(&app).await;
    app.store.close().await;
    let app = place
        .open_with(Faults::armed({
            let once = AtomicBool::new(true);
            move |name| name == "all:before" && once.swap(false, Ordering::SeqCst)
        }))
        .await;
    ask(&app, "One by one", &["events"]).await;
    work_off(&app).await;
    place.wait_long();
    work_off(&app).await;
    let (_, at_once) = job_of(&app, "at-once").await;
    let (_, one_by_one) = job_of(&app, "one-by-one").await;
    let said = |steps: &[tenantry::store::jobs::Step]| {
        steps
            .iter()
            .map(|step| (step.name.clone(), step.status, step.note.clone(), step.attempts))
            .collect::<Vec<_>>()
    };
    assert_eq!(said(&at_once), said(&one_by_one));
    assert!(at_once.iter().all(|step| step.started_ms.is_some() && step.ended_ms >= step.started_ms));
    let tenants = [tenant(&app, "at-once").await, tenant(&app, "one-by-one").await];
    assert_eq!(tenants[0].schema_hash, tenants[1].schema_hash);
}

#[tokio::test]
async fn every_step_can_run_twice() {
    // A stop right after a step has acted, before that is recorded, makes the next worker run it again: at each step.
    let place = Place::new();
    let seen = Arc::new(Mutex::new(std::collections::BTreeSet::new()));
    let remember = Arc::clone(&seen);
    let app = place
        .open_with(Faults::armed(move |name| {
            (name == "all:before" || name.ends_with(":acted"))
                && remember.lock().unwrap().insert(name.to_owned())
        }))
        .await;
    ask(&app, "Twice", &["grants"]).await;
    for _ in 0..40 {
        work_off(&app).await;
        place.wait_long();
    }
    let (job, steps) = job_of(&app, "twice").await;
    assert_eq!(job.status, JobStatus::Done, "{job:?}");
    assert!(steps.iter().all(|step| step.attempts == 2), "{steps:?}");
    assert_eq!(seen.lock().unwrap().len(), steps.len() + 1);
    assert_eq!(count(&app, "events WHERE action = 'tenant_ready'").await, 1);
}

#[tokio::test]
async fn a_database_that_belongs_to_somebody_else_is_an_error_and_stays_as_it_is() {
    let place = Place::new();
    let app = place.open().await;
    let created = ask(&app, "Acme", &[]).await;
    let foreign = place.tenants_folder().join(format!("{}.db", created.tenant.database_name));
    std::fs::write(&foreign, b"somebody's precious file").unwrap();
    work_off(&app).await;
    let failed = tenant(&app, "acme").await;
    assert_eq!(failed.status, Status::Failed);
    let (job, _) = job_of(&app, "acme").await;
    assert!(job.problem.as_ref().unwrap().contains("was not touched"), "{job:?}");
    assert!(job.reference.is_some());
    assert_eq!(std::fs::read(&foreign).unwrap(), b"somebody's precious file");

    // The way on: the file is moved away, and the retry button works, pressed twice too.
    std::fs::rename(&foreign, place.folder.path().join("elsewhere")).unwrap();
    tenants::retry(&app, &Actor::CommandLine, "acme").await.unwrap();
    tenants::retry(&app, &Actor::CommandLine, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(tenant(&app, "acme").await.status, Status::Active);
}

#[tokio::test]
async fn a_tenants_file_is_refused_to_another_tenants_job() {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "First", &[]).await;
    work_off(&app).await;
    let first = tenant(&app, "first").await;
    let second = ask(&app, "Second", &[]).await.tenant;
    // The first tenant's file, with the first tenant's marker, under the second one's name.
    let path = |name: &str| place.tenants_folder().join(format!("{name}.db"));
    std::fs::copy(path(&first.database_name), path(&second.database_name)).unwrap();
    let before = std::fs::read(path(&second.database_name)).unwrap();
    work_off(&app).await;
    assert_eq!(tenant(&app, "second").await.status, Status::Failed);
    assert_eq!(std::fs::read(path(&second.database_name)).unwrap(), before);
}

#[cfg(unix)]
#[tokio::test]
async fn trouble_that_may_pass_is_tried_three_times_with_back_off_and_then_taken_back() {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "Acme", &[]).await;
    // A plain file where the folder of new databases belongs: no file can be made there.
    std::fs::write(place.tenants_folder().join(".making"), b"").unwrap();
    work_off(&app).await;
    let (job, _) = job_of(&app, "acme").await;
    assert_eq!((job.status, job.attempt), (JobStatus::Queued, 1));
    assert_eq!(job.run_after_ms - support::now(&place.clock), 60_000);
    place.clock.advance(60_000);
    work_off(&app).await;
    let (job, _) = job_of(&app, "acme").await;
    assert_eq!((job.status, job.attempt), (JobStatus::Queued, 2));
    assert_eq!(job.run_after_ms - support::now(&place.clock), 120_000);
    std::fs::remove_file(place.tenants_folder().join(".making")).unwrap();
    std::fs::create_dir(place.tenants_folder().join(".making")).unwrap();
    std::fs::write(
        place.tenants_folder().join(".making").join(tenant(&app, "acme").await.database_name),
        b"",
    )
    .unwrap();
    place.clock.advance(120_000);
    work_off(&app).await;
    let failed = tenant(&app, "acme").await;
    let (job, _) = job_of(&app, "acme").await;
    assert_eq!(job.direction, tenantry::store::jobs::Direction::Undo);
    // Every attempt is a row of the history.
    assert_eq!(count(&app, "tenant_migrations_history WHERE status = 'failed'").await, 3);
    std::fs::remove_dir_all(place.tenants_folder().join(".making")).unwrap();
    for _ in 0..4 {
        place.wait_long();
        work_off(&app).await;
    }
    let _ = failed;
    assert_eq!(tenant(&app, "acme").await.status, Status::Failed);
    tenants::retry(&app, &Actor::CommandLine, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(tenant(&app, "acme").await.status, Status::Active);
}

#[tokio::test]
async fn a_worker_that_was_away_too_long_finds_the_job_taken_and_changes_nothing() {
    let place = Place::new();
    let app = place.open().await;
    let created = ask(&app, "Acme", &[]).await;
    let now = support::now(&place.clock);
    let mut write = app.store.write().await.unwrap();
    let old =
        tenantry::store::jobs::claim(&mut write, "old", None, now, now + 10_000).await.unwrap().unwrap();
    write.commit().await.unwrap();
    place.wait_long();
    work_off(&app).await;
    assert_eq!(tenant(&app, "acme").await.status, Status::Active);
    // The old worker wakes up, and tries to write into the tenant's database with its old number.
    let lock =
        tenantry::engine::TenantLock { tenant_id: created.tenant.id, job_id: old.id, fence: old.fence };
    let name = created.tenant.database_name.parse().unwrap();
    let mut session = app.engines.own().open(&name, &lock).await.unwrap();
    let statements = [tenantry::engine::Statement { sql: "DELETE FROM users".into(), values: vec![] }];
    let unit = tenantry::engine::Unit {
        key: "late",
        statements: &statements,
        variables: &tenantry::sql::variables::Variables::default(),
    };
    assert!(matches!(session.apply(unit).await, Err(tenantry::engine::EngineError::Stale)));
}

#[tokio::test]
async fn many_people_asking_for_one_name_at_once_get_different_tenants() {
    let place = Place::new();
    let app = place.open().await;
    let asked: Vec<_> = (0..40)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { ask(&app, "Acme", &[]).await.tenant })
        })
        .collect();
    let mut slugs = std::collections::BTreeSet::new();
    let mut names = std::collections::BTreeSet::new();
    for task in asked {
        let made = task.await.unwrap();
        assert!(slugs.insert(made.slug.clone()), "{}", made.slug);
        assert!(names.insert(made.database_name.clone()));
    }
    assert!(slugs.contains("acme") && slugs.contains("acme-2"));
    // "Acme Foods" is another name, not the 41st Acme.
    assert_eq!(ask(&app, "Acme Foods", &[]).await.tenant.slug, "acme-foods");
}

#[tokio::test]
async fn one_form_sent_many_times_at_once_makes_one_tenant() {
    let place = Place::new();
    let app = place.open().await;
    let request = Uuid::new_v4();
    let sent: Vec<_> = (0..20)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move {
                let form = tenants::CreateForm { request_id: Some(request), ..form("Acme", &[]) };
                tenants::create(&app, &Actor::CommandLine, form).await.unwrap()
            })
        })
        .collect();
    let mut ids = std::collections::BTreeSet::new();
    let mut new = 0;
    for task in sent {
        let created = task.await.unwrap();
        ids.insert(created.tenant.id);
        new += usize::from(created.is_new);
    }
    assert_eq!((ids.len(), new), (1, 1));
    assert_eq!(count(&app, "jobs").await, 1);
}

#[tokio::test]
async fn a_form_with_mistakes_is_answered_with_a_sentence_for_each_and_leaves_nothing_behind() {
    let place = Place::new();
    let app = place.open().await;
    let bad = tenants::CreateForm {
        name: "  ".into(),
        note: String::new(),
        email: "dana".into(),
        plan: "gold".into(),
        template: "nonprofit".into(),
        modules: vec![],
        place: String::new(),
        request_id: None,
    };
    let error = tenants::create(&app, &Actor::CommandLine, bad).await.unwrap_err();
    assert_eq!(error.fields.keys().copied().collect::<Vec<_>>(), ["email", "name", "plan", "template"]);
    let error = tenants::create(&app, &Actor::CommandLine, form("Acme", &["ghosts"])).await.unwrap_err();
    assert!(error.fields["modules"].contains("ghosts") && error.fields["modules"].contains("events"));
    for table in ["tenants", "jobs", "database_names"] {
        assert_eq!(count(&app, table).await, 0);
    }
}

/// A template whose seed works with short slugs only, which no proof can know.
fn narrow() -> tenantry::templates::Memory {
    let files = [
        ("narrow/template.toml", "name = \"Narrow\"\ndescription = \"Narrow.\"\nversion = \"1.0.0\"\n"),
        (
            "narrow/schema.sql",
            "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, slug VARCHAR(10) NOT NULL);\n",
        ),
        ("narrow/seed.sql", "INSERT INTO users (slug) VALUES ('{{TENANT_SLUG}}');\n"),
    ];
    tenantry::templates::Memory::of_texts(
        files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect(),
    )
}

#[tokio::test]
async fn a_stop_at_any_point_of_taking_back_ends_with_nothing_left_and_a_reason() {
    let fresh = Place::new();
    let app = fresh.open().await;
    tenantry::usecases::templates::import(&app, &Actor::CommandLine, narrow()).await.unwrap();
    app.store.close().await;
    let asked = || tenants::CreateForm { template: "narrow".into(), ..form("Much too long a name", &[]) };
    let listening = fresh.copy();
    let (faults, passed) = Faults::listening();
    let app = listening.open_with(faults).await;
    tenants::create(&app, &Actor::CommandLine, asked()).await.unwrap();
    work_off(&app).await;
    let points: Vec<String> = passed
        .lock()
        .unwrap()
        .iter()
        .filter(|name| name.contains("undo") || name.ends_with(":undone"))
        .cloned()
        .collect();
    assert!(points.len() >= 16, "{points:?}");
    for point in points {
        let place = fresh.copy();
        let armed = Arc::new(AtomicBool::new(true));
        let (wanted, once) = (point.clone(), Arc::clone(&armed));
        let dying = place
            .open_with(Faults::armed(move |name| name == wanted && once.swap(false, Ordering::SeqCst)))
            .await;
        tenants::create(&dying, &Actor::CommandLine, asked()).await.unwrap();
        work_off(&dying).await;
        assert!(!armed.load(Ordering::SeqCst), "{point} was not passed");
        dying.store.close().await;
        place.wait_long();
        let app = place.open().await;
        work_off(&app).await;
        assert_eq!(tenant(&app, "much-too-long-a-name").await.status, Status::Failed, "stopped at {point}");
        assert!(place.files().is_empty(), "stopped at {point}: {:?}", place.files());
        let (job, steps) = job_of(&app, "much-too-long-a-name").await;
        assert!(
            !job.needs_person && job.problem.as_ref().unwrap().contains("refused"),
            "stopped at {point}: {job:?}"
        );
        assert!(job.problem_detail.as_ref().unwrap().contains("INSERT"), "{job:?}");
        assert!(steps.iter().all(|step| matches!(step.status, StepStatus::Undone | StepStatus::Waiting)));
        assert_eq!(count(&app, "events WHERE action = 'tenant_failed'").await, 1, "stopped at {point}");
    }
}

#[tokio::test]
async fn a_worker_that_is_asked_to_stop_hands_its_job_back_at_once() {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "Acme", &[]).await;
    let stop = tokio_util::sync::CancellationToken::new();
    stop.cancel();
    assert!(tenantry::worker::run_next(&app, &stop).await.unwrap());
    let (job, steps) = job_of(&app, "acme").await;
    assert_eq!((job.status, job.attempt, job.crashes), (JobStatus::Queued, 0, 0));
    assert!(job.lease_until_ms.is_none() && steps.iter().all(|step| step.status == StepStatus::Waiting));
    // No waiting for a lease: the next worker goes on at once.
    work_off(&app).await;
    assert_eq!(tenant(&app, "acme").await.status, Status::Active);
}

#[tokio::test]
async fn a_job_whose_worker_vanishes_again_and_again_at_one_step_is_given_up_with_a_reason() {
    let place = Place::new();
    let app = place.open_with(Faults::armed(|name| ["all:begun", "seed:begun"].contains(&name))).await;
    ask(&app, "Acme", &[]).await;
    for _ in 0..12 {
        work_off(&app).await;
        place.wait_long();
    }
    work_off(&app).await;
    assert_eq!(tenant(&app, "acme").await.status, Status::Failed);
    let (job, _) = job_of(&app, "acme").await;
    assert!(job.problem.as_ref().unwrap().contains("ended each time"), "{job:?}");
    assert!(place.files().is_empty());
}
