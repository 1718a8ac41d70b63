//! The real program, killed at random moments while tenants are cloned, restored, paused and deleted: afterwards each has
//! all its rows, in one place, or is gone because that was asked for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]
#![cfg(unix)]

mod support;

use sqlx::{Connection, Row};
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use support::{Place, ask, count, open_tenant, tenant};
use tenantry::{
    app::App,
    clock::Clock,
    config::{Layer, Settings},
    faults::Faults,
    store::tenants::Status,
    usecases::{
        actor::Actor,
        life::{self, LastSnapshot, NewName},
        templates,
    },
};

const ACTOR: Actor = Actor::CommandLine;

fn worker(place: &Place) -> Child {
    Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .arg("worker")
        .env("TENANTRY_DATA_DIR", place.folder.path())
        .env("TENANTRY_LEASE_SECONDS", "0.3")
        .env("TENANTRY_RETRY_SECONDS", "0.1,0.1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn open(place: &Place) -> App {
    let data = ("TENANTRY_DATA_DIR".to_owned(), place.folder.path().display().to_string());
    let settings = Settings::gather(Layer::default(), std::iter::once(data)).unwrap();
    App::open(settings, Clock::System, Faults::none()).await.unwrap()
}

/// Waits until no job is left, with a worker running.
async fn settle(app: &App) {
    let deadline = Instant::now() + Duration::from_mins(3);
    while count(app, "jobs WHERE status IN ('queued', 'running')").await > 0 {
        assert!(Instant::now() < deadline, "something hangs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_the_program_loses_no_row_and_leaves_nothing_twice() {
    let kills: usize =
        std::env::var("TENANTRY_TORTURE").ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    let place = Place::new();
    let app = open(&place).await;
    templates::import_at_start(&app).await.unwrap();
    let mut child = worker(&place);
    ask(&app, "Acme", &[]).await;
    settle(&app).await;
    let mut file = open_tenant(&place, &tenant(&app, "acme").await).await;
    sqlx::query("CREATE TABLE own (id INTEGER PRIMARY KEY, filling BLOB)").execute(&mut file).await.unwrap();
    sqlx::query(
        "INSERT INTO own SELECT value, randomblob(2000) FROM (WITH RECURSIVE n(value) AS
            (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 3000) SELECT value FROM n)",
    )
    .execute(&mut file)
    .await
    .unwrap();
    file.close().await.unwrap();
    life::take_snapshot(&app, &ACTOR, "acme", "").await.unwrap();
    settle(&app).await;
    let snapshot = life::snapshots(&app, &ACTOR, "acme").await.unwrap().1.remove(0).id;
    let mut clones = 0;
    for number in 0..kills {
        let name =
            NewName { name: format!("Copy {number}"), email: "o@example.org".into(), request_id: None };
        let asked = match number % 6 {
            0 => life::suspend(&app, &ACTOR, "acme").await,
            1 => life::resume(&app, &ACTOR, "acme").await,
            2 => {
                clones += 1;
                life::clone_tenant(&app, &ACTOR, "acme", name).await
            }
            3 => life::restore_over(&app, &ACTOR, "acme", snapshot).await,
            4 => life::delete(&app, &ACTOR, "acme", "Acme", LastSnapshot::Needed).await,
            _ => life::keep(&app, &ACTOR, "acme").await,
        };
        asked.unwrap();
        tokio::time::sleep(Duration::from_millis(rand::random::<u64>() % 120)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        child = worker(&place);
        settle(&app).await;
        let (job, _) = support::job_of(&app, "acme").await;
        assert!(job.problem.is_none(), "a kill is no reason to give up: {job:?}");
    }
    child.kill().unwrap();
    child.wait().unwrap();

    assert_eq!(count(&app, "tenant_locks").await, 0);
    assert_eq!(count(&app, "tenants WHERE status = 'active'").await, 1 + clones);
    assert_eq!(tenant(&app, "acme").await.status, Status::Active);
    let mut expected = Vec::new();
    for number in (2..kills).step_by(6) {
        expected.push(format!("copy-{number}"));
    }
    expected.push("acme".into());
    for slug in &expected {
        let mut file = open_tenant(&place, &tenant(&app, slug).await).await;
        let rows: i64 = sqlx::query("SELECT COUNT(*) FROM own").fetch_one(&mut file).await.unwrap().get(0);
        assert_eq!(rows, 3000, "{slug}");
        let sound: String = sqlx::query("PRAGMA integrity_check").fetch_one(&mut file).await.unwrap().get(0);
        assert_eq!(sound, "ok", "{slug}");
        file.close().await.unwrap();
    }
    assert_eq!(place.files().len(), expected.len(), "{:?}", place.files());
}
