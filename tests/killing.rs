//! The real program, killed at random moments with the signal that cannot be caught: afterwards every tenant is complete
//! or gone, and nothing is there twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]
#![cfg(unix)]

mod support;

use sqlx::{Connection, Row};
use std::{
    collections::BTreeSet,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use support::{Place, ask, count, open_tenant};
use tenantry::{
    app::App,
    clock::Clock,
    config::{Layer, Settings},
    faults::Faults,
    store::{
        tenant_list::{Filter, Sort},
        tenants::Status,
    },
    usecases::{actor::Actor, templates, tenants},
};

/// Kills in the usual run; `TENANTRY_TORTURE=N` makes it N.
fn kills() -> usize {
    std::env::var("TENANTRY_TORTURE").ok().and_then(|text| text.parse().ok()).unwrap_or(100)
}

fn worker(place: &Place) -> Child {
    Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .arg("worker")
        .env("TENANTRY_DATA_DIR", place.folder.path())
        .env("TENANTRY_LEASE_SECONDS", "0.3")
        .env("TENANTRY_RETRY_SECONDS", "0.1,0.1")
        .env("TENANTRY_WORKERS", "2")
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

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_the_program_leaves_complete_tenants_and_nothing_twice() {
    let place = Place::new();
    let app = open(&place).await;
    templates::import_at_start(&app).await.unwrap();
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut state = seed;
    let mut next = move |below: u64| {
        // SplitMix64: a run can be repeated from its seed.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % below
    };
    let mut asked = BTreeSet::new();
    let mut child = worker(&place);
    for number in 0..kills() {
        // Work is always there when the program dies.
        while unfinished(&app).await < 4 {
            let created = ask(&app, "Acme", if asked.len() % 2 == 0 { &["events"] } else { &[] }).await;
            assert!(asked.insert(created.tenant.slug));
        }
        tokio::time::sleep(Duration::from_millis(next(350))).await;
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(!status.success(), "the program ended by itself at kill {number}: {status}");
        child = worker(&place);
    }
    let deadline = Instant::now() + Duration::from_mins(1);
    while unfinished(&app).await > 0 {
        assert!(Instant::now() < deadline, "something hangs");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let page = tenants::list(&app, &Actor::CommandLine, &Filter::default(), Sort::Oldest, None, 10_000)
        .await
        .unwrap()
        .page;
    assert_eq!(page.tenants.len(), asked.len());
    let mut expected = Vec::new();
    let mut ready = 0_i64;
    for tenant in &page.tenants {
        let (job, _) = support::job_of(&app, &tenant.slug).await;
        match tenant.status {
            Status::Active => {
                ready += 1;
                expected.push(format!("{}.db", tenant.database_name));
                let mut file = open_tenant(&place, tenant).await;
                let users: i64 =
                    sqlx::query("SELECT COUNT(*) FROM users").fetch_one(&mut file).await.unwrap().get(0);
                assert_eq!(users, 1);
                let sound: String =
                    sqlx::query("PRAGMA integrity_check").fetch_one(&mut file).await.unwrap().get(0);
                assert_eq!(sound, "ok");
                file.close().await.unwrap();
                let (_, schema) = tenants::schema(&app, &Actor::CommandLine, &tenant.slug).await.unwrap();
                assert_eq!(Some(schema.fingerprint()), tenant.schema_hash, "{}", tenant.slug);
            }
            Status::Failed => assert!(job.problem.is_some(), "{} is gone without a reason", tenant.slug),
            other => panic!("{} hangs in {}", tenant.slug, other.word()),
        }
    }
    expected.sort();
    assert_eq!(place.files(), expected, "no file is left over, and none is missing");
    assert!(
        ready * 10 >= i64::try_from(asked.len()).unwrap() * 9,
        "kills are no reason to give tenants up: {ready} of {}",
        asked.len()
    );
    assert_eq!(count(&app, "events WHERE action = 'tenant_ready'").await, ready);
    assert_eq!(count(&app, "invitations").await, ready);
    println!("{} kills, {} tenants asked for, {ready} ready", kills(), asked.len());
}

async fn unfinished(app: &App) -> i64 {
    count(app, "jobs WHERE status IN ('queued', 'running')").await
}
