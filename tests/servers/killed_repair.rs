//! The real program, killed with SIGKILL between any two messages of putting a tenant's structure right on MariaDB, where each
//! statement stands for itself: whoever comes next goes on with the repair, and then nothing differs.
//!
//! Without `TENANTRY_TORTURE` some messages are tried; with it, each.

use crate::{
    ground::{Application, Machine},
    killed::{behind_a_door, happened, open, settle, step},
    proxy::When,
    support::{Place, ask, job_of},
};
use std::{
    process::{Command, Stdio},
    sync::{Arc, OnceLock},
    time::Duration,
};
use tenantry::{
    app::App,
    engine::server::Product,
    store::jobs::JobStatus,
    usecases::{
        actor::Actor,
        drift::{self, Report},
    },
};

const ACTOR: Actor = Actor::CommandLine;

/// What somebody does: putting it back takes statements of every kind. Tables are made anew first, as InnoDB keeps what is left
/// of columns that came and went, and at some time has no room for another.
const BY_HAND: &str = "ALTER TABLE members FORCE; ALTER TABLE audit_logs FORCE; ALTER TABLE events FORCE;
    DROP INDEX idx_full_name ON members; ALTER TABLE audit_logs DROP COLUMN ip_address;
    DROP TABLE event_registrations; ALTER TABLE events MODIFY COLUMN title VARCHAR(300) NOT NULL;
    CREATE VIEW own_names AS SELECT first_name FROM members; ALTER TABLE members ADD COLUMN own INT, ADD INDEX own (own);
    CREATE TRIGGER own_told AFTER INSERT ON settings FOR EACH ROW DELETE FROM settings WHERE 1 = 0";

async fn check(app: &App) -> Report {
    drift::check(app, &ACTOR, "acme").await.unwrap()
}

fn ids(report: &Report) -> Vec<String> {
    let mut ids: Vec<String> = report.differences.iter().map(|one| one.difference.id.clone()).collect();
    ids.sort();
    ids
}

/// Puts differences back, as a program of its own.
fn put_back(place: &Place, ids: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    command
        .args(["drift", "repair", "acme", "--yes"])
        .args(ids)
        .env("TENANTRY_DATA_DIR", place.folder.path())
        .env("TENANTRY_LEASE_SECONDS", "0.3")
        .env("TENANTRY_RETRY_SECONDS", "0.05,0.05,0.05")
        .env("RUST_LOG", "warn")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_killed_between_any_two_messages_of_a_repair_on_mariadb() {
    let machine = Machine::start(Product::MariaDb).await;
    let (place, proxy) = behind_a_door(&machine).await;
    let app = open(&place).await;
    ask(&app, "Acme", &["events"]).await;
    settle(&app).await;
    Application::of(&machine, &app, "acme").await.remember("kept").await;
    app.store.close().await;
    let (mut at, mut killed, mut gone_on) = (1_usize, 0, 0);
    loop {
        let what = format!("message {at}");
        let app = open(&place).await;
        Application::of(&machine, &app, "acme").await.run(BY_HAND).await.unwrap();
        let before = ids(&check(&app).await);
        assert_eq!(before.len(), 8, "{what}");
        app.store.close().await;
        let when = if at.is_multiple_of(2) { When::Before } else { When::After };
        let (tell, told) = happened();
        let id = Arc::new(OnceLock::new());
        let target = Arc::clone(&id);
        proxy.arm(at, when, move || {
            let id: &u32 = target.wait();
            assert!(Command::new("kill").args(["-9", &id.to_string()]).status().unwrap().success());
            tell();
        });
        let mut child = put_back(&place, &before).spawn().unwrap();
        id.set(child.id()).unwrap();
        child.wait().unwrap();
        let is_over = proxy.disarm();
        if !is_over {
            told.recv_timeout(Duration::from_secs(10)).unwrap();
            killed += 1;
        }
        let app = open(&place).await;
        settle(&app).await;
        let mut after = check(&app).await;
        let (job, _) = job_of(&app, "acme").await;
        let was_asked = job.kind == "repair" && after.differences.is_empty();
        if was_asked {
            gone_on += 1;
            assert_eq!(job.status, JobStatus::Done, "{what}: {:?}", job.problem_detail);
        } else {
            // Killed before it had asked for anything, it has changed nothing.
            assert_eq!(ids(&after), before, "{what}: {:?} {:?}", job.problem, job.problem_detail);
            assert!(put_back(&place, &before).status().unwrap().success(), "{what}");
            after = check(&app).await;
        }
        assert!(after.differences.is_empty(), "{what}: {:?}", after.differences);
        let kept = Application::of(&machine, &app, "acme").await.remembered().await;
        assert_eq!(kept, Some(vec!["kept".to_owned()]), "{what}");
        app.store.close().await;
        if is_over {
            break;
        }
        at += step(29);
    }
    eprintln!("killed {killed} times at {at} messages; {gone_on} repairs went on");
    assert!(killed >= 10 && gone_on >= 5, "{killed} {gone_on}");
}
