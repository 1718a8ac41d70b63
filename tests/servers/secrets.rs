//! Passwords: encrypted in the control database, bound to their rows and to a key, shown once, changed by a job that can
//! be killed anywhere.

use crate::{
    ground::{Application, Machine, Who, with_server},
    support::{Place, ask, control::mariadb::ADMIN, job_of, work_off},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tenantry::{
    app::App,
    config::Secret,
    engine::server::Product,
    error::Kind,
    faults::Faults,
    store::{self, jobs::JobStatus},
    usecases::{actor::Actor, life, tenants},
    worker,
};
use tokio_util::sync::CancellationToken;

const ACTOR: Actor = Actor::CommandLine;

/// All bytes below a folder.
fn bytes_below(folder: &std::path::Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            all.extend(bytes_below(&entry.path()));
        } else {
            all.extend(std::fs::read(entry.path()).unwrap());
        }
    }
    all
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_on_the_disk_and_another_key_opens_nothing() {
    let (_machine, place, app) = with_server(Product::MariaDb).await;
    ask(&app, "Acme", &[]).await;
    work_off(&app).await;
    let password = life::show_password(&app, &ACTOR, "acme").await.unwrap().0;
    assert_eq!(password.len(), 32);
    let again = life::show_password(&app, &ACTOR, "acme").await.unwrap_err();
    assert!(again.kind == Kind::Conflict && again.message.contains("shown once"), "{again}");
    app.store.close().await;
    let bytes = bytes_below(place.folder.path());
    assert!(!holds(&bytes, &password) && !holds(&bytes, ADMIN.1));
    drop(app);

    let key = place.folder.path().join("secret.key");
    let right = std::fs::read(&key).unwrap();
    std::fs::write(&key, "0".repeat(64)).unwrap();
    let open = || App::open(place.settings(), place.clock.clone(), Faults::none());
    let said = open().await.unwrap_err().to_string();
    assert!(said.contains("another key") && said.contains("secret.key"), "{said}");
    std::fs::remove_file(&key).unwrap();
    let said = open().await.unwrap_err().to_string();
    assert!(said.contains("not there") && said.contains("backup"), "{said}");
    assert!(!key.exists(), "a key that opens nothing was made");
    // The same key from a variable does as well.
    let mut settings = place.settings();
    settings.secret_key = Some(Secret(String::from_utf8(right).unwrap()));
    let app = App::open(settings, place.clock.clone(), Faults::none()).await.unwrap();
    assert!(tenants::overview(&app, &ACTOR, "acme").await.unwrap().trouble.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_one_row_is_none_in_another() {
    let (_machine, _place, app) = with_server(Product::MariaDb).await;
    ask(&app, "Acme", &[]).await;
    ask(&app, "Other", &[]).await;
    work_off(&app).await;
    let mut write = app.store.write().await.unwrap();
    let sealed = store::sql("SELECT password FROM tenant_accounts ORDER BY tenant_id LIMIT 1");
    let sealed = sealed.one(&mut write).await.unwrap().text("password").unwrap();
    store::sql("UPDATE tenant_accounts SET password = ?").bind(sealed).run(&mut write).await.unwrap();
    write.commit().await.unwrap();
    let mut fine = 0;
    for slug in ["acme", "other"] {
        fine += usize::from(tenants::overview(&app, &ACTOR, slug).await.unwrap().trouble.is_none());
    }
    assert_eq!(fine, 1, "only the row that it was sealed for");
}

/// Gives an account another password, killed after so many points; then goes on until nothing is left to do. True where it
/// was killed at all.
async fn killed_after(points: usize, machine: &Machine) -> bool {
    let place = Place::new();
    let app = place.open().await;
    machine.add(&app, "s-1").await;
    ask(&app, "Acme", &[]).await;
    work_off(&app).await;
    let before = Application::of(machine, &app, "acme").await;
    life::new_password(&app, &ACTOR, "acme").await.unwrap();
    app.store.close().await;
    drop(app);
    let passed = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&passed);
    let faults = Faults::armed(move |_| counting.fetch_add(1, Ordering::SeqCst) >= points);
    let app = place.open_with(faults).await;
    let stop = CancellationToken::new();
    while worker::run_next(&app, &stop).await.unwrap_or(false) {}
    let was_killed = passed.load(Ordering::SeqCst) > points;
    app.store.close().await;
    drop(app);
    place.wait_long();
    let app = place.open().await;
    work_off(&app).await;
    let (job, _) = job_of(&app, "acme").await;
    assert_eq!(job.status, JobStatus::Done, "after {points}: {:?}", job.problem_detail);
    let after = Application::of(machine, &app, "acme").await;
    assert!(after.ask("SELECT email FROM users").await.is_some());
    assert!(before.ask("SELECT email FROM users").await.is_none(), "the old password still works");
    assert!(machine.ask(&Who::Admin, "", "SELECT 'x'").await.is_some());
    // A new one is shown once again.
    life::show_password(&app, &ACTOR, "acme").await.unwrap();
    was_killed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_that_is_killed_anywhere_is_the_one_that_works_in_the_end() {
    for product in Product::ALL {
        let machine = Machine::start(product).await;
        let mut points = 0;
        while killed_after(points, &machine).await {
            points += 1;
            assert!(points < 60, "it does not come to an end");
        }
        assert!(points >= 4, "it has no points to be killed at");
    }
}
