//! Several processes of the real program on one control database: every job is done once, by whomever it may be.

use crate::support::{
    Place,
    control::{Database, Host, On, mariadb, postgres},
    count,
};
use reqwest::{Client, StatusCode, redirect::Policy};
use sqlx::{ConnectOptions, Executor};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tenantry::{
    app::App,
    error::Kind,
    store::{
        tenant_list::{Filter, Sort},
        tenants::Status,
    },
    usecases::{actor::Actor, tenants},
};

/// One of the program's processes, ended with the test.
struct Process {
    child: Child,
    /// The first line that it wrote.
    said: String,
}

impl Process {
    fn start(place: &Place, command: &str) -> Process {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenantry"))
            .arg(command)
            .env("TENANTRY_DATA_DIR", place.folder.path())
            .env("TENANTRY_DATABASE_URL", place.database().unwrap().url())
            .env("TENANTRY_LISTEN", "127.0.0.1:0")
            .env("TENANTRY_ADMIN_EMAIL", "root@example.org")
            .env("TENANTRY_ADMIN_PASSWORD", "seven-lazy-llamas")
            .env("TENANTRY_LEASE_SECONDS", "1")
            .env("TENANTRY_RETRY_SECONDS", "0.2,0.2")
            .env("TENANTRY_WORKERS", "2")
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        lines.read_line(&mut said).unwrap();
        // Whatever else it says has to go somewhere.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Process { child, said }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        let ended = self.child.wait().unwrap();
        assert!(!ended.success());
    }

    /// Where it listens.
    fn base(&self) -> String {
        self.said.split_whitespace().find(|word| word.starts_with("http")).unwrap().to_owned()
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A place with the built-in templates imported, and the program of this process on it, which works on no job.
async fn place(database: Database) -> (Place, App) {
    let place = Place::with(Some(database)).of_today();
    let app = place.import().await;
    (place, app)
}

async fn ask(app: &App, number: usize) {
    let form = crate::support::form(
        &format!("Acme {number}"),
        if number.is_multiple_of(2) { &["events"] } else { &[] },
    );
    tenants::create(app, &Actor::CommandLine, form).await.unwrap();
}

async fn unfinished(app: &App) -> i64 {
    count(app, "jobs WHERE status IN ('queued', 'running')").await
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(90);
    while !holds().await {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// Tenants are asked for, from `number` on, until one is being made: however fast the processes are, there is work in
/// the middle of which one of them can be killed.
async fn until_work_is_under_way(app: &App, number: &mut usize) {
    until("a job is worked on", async || {
        while unfinished(app).await < 4 {
            ask(app, *number).await;
            *number += 1;
        }
        count(app, "jobs WHERE status = 'running'").await > 0
    })
    .await;
}

/// Every tenant was made, once: what is recorded once for each is there once for each.
async fn all_were_made_once(place: &Place, app: &App, number: usize) {
    let wanted = i64::try_from(number).unwrap();
    let list =
        tenants::list(app, &Actor::CommandLine, &Filter::default(), Sort::Oldest, None, 1_000).await.unwrap();
    assert_eq!(list.page.tenants.len(), number);
    for tenant in &list.page.tenants {
        assert_eq!(tenant.status, Status::Active, "{}", tenant.slug);
    }
    assert_eq!(place.files().len(), number, "{:?}", place.files());
    assert_eq!(count(app, "jobs WHERE status = 'done'").await, wanted);
    assert_eq!(count(app, "events WHERE action = 'tenant_ready'").await, wanted);
    assert_eq!(count(app, "tenant_migrations_history WHERE status = 'applied'").await, wanted);
    assert_eq!(count(app, "invitations").await, wanted);
    assert_eq!(count(app, "tenant_locks").await, 0);
    // A number of a claim is never given twice.
    let mut read = app.store.read().await.unwrap();
    let row = tenantry::store::sql(
        "SELECT COUNT(*) AS n, COUNT(DISTINCT fence) AS fences FROM jobs WHERE fence > 0",
    )
    .one(&mut read)
    .await
    .unwrap();
    assert_eq!(row.int("n").unwrap(), row.int("fences").unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_and_two_workers_share_the_jobs_and_one_that_is_killed_is_made_up_for() {
    for on in On::SERVERS {
        let host = Host::shared(on).await.unwrap();
        let (place, app) = place(host.empty().await).await;
        let mut serve = Process::start(&place, "serve");
        let mut first = Process::start(&place, "worker");
        let mut second = Process::start(&place, "worker");
        let base = serve.base();
        for number in 0..13 {
            ask(&app, number).await;
        }
        // In the middle of whatever it does.
        let mut number = 13;
        until_work_is_under_way(&app, &mut number).await;
        first.kill();
        while number < 30 {
            ask(&app, number).await;
            number += 1;
        }
        sign_in(&base).await;
        until("every job ends", async || unfinished(&app).await == 0).await;
        assert!(serve.is_running() && second.is_running());
        all_were_made_once(&place, &app, number).await;
        app.store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_are_killed_at_random_moments_leave_complete_tenants_and_nothing_twice() {
    for on in On::SERVERS {
        let host = Host::shared(on).await.unwrap();
        let (place, app) = place(host.empty().await).await;
        let mut steady = Process::start(&place, "worker");
        let mut number = 0;
        for _ in 0..10 {
            let mut killed = Process::start(&place, "worker");
            // Work is always there when one of them dies.
            while unfinished(&app).await < 4 {
                ask(&app, number).await;
                number += 1;
            }
            let moment = rand::random_range(0..200);
            tokio::time::sleep(Duration::from_millis(moment)).await;
            killed.kill();
        }
        until("every job ends", async || unfinished(&app).await == 0).await;
        assert!(steady.is_running());
        all_were_made_once(&place, &app, number).await;
        app.store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_are_one_to_whoever_is_signed_in_and_one_goes_on_without_the_other() {
    for on in On::SERVERS {
        let host = Host::shared(on).await.unwrap();
        let (place, app) = place(host.empty().await).await;
        // Both start at once on an empty list of people: there is one administrator afterwards.
        let (mut first, mut second) = std::thread::scope(|scope| {
            let other = scope.spawn(|| Process::start(&place, "serve"));
            (Process::start(&place, "serve"), other.join().unwrap())
        });
        let (one, two) = (first.base(), second.base());
        assert_eq!(count(&app, "users").await, 1);
        for number in 0..30 {
            ask(&app, number).await;
        }
        let client = sign_in(&one).await;
        let path = |base: &str, path: &str| format!("{base}{path}");
        let page = client.get(path(&two, "/tenants")).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK, "signed in at one is signed in at the other");
        let mut number = 30;
        until_work_is_under_way(&app, &mut number).await;
        first.kill();
        // What was asked for of one is done by the other.
        let check = client.post(path(&two, "/drift/check")).header("Sec-Fetch-Site", "same-origin");
        assert_eq!(check.send().await.unwrap().status(), StatusCode::SEE_OTHER);
        until("every job ends", async || unfinished(&app).await == 0).await;
        until("the check ends", async || count(&app, "drift_runs WHERE ended_ms IS NULL").await == 0).await;
        assert!(second.is_running());
        all_were_made_once(&place, &app, number).await;
        // Signed out is signed out everywhere, and after a start as well.
        let mut third = Process::start(&place, "serve");
        let out = client.post(path(&two, "/logout")).header("Sec-Fetch-Site", "same-origin");
        assert_eq!(out.send().await.unwrap().status(), StatusCode::SEE_OTHER);
        let page = client.get(path(&third.base(), "/tenants")).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::SEE_OTHER, "it leads to the sign-in page");
        third.kill();
        app.store.close().await;
    }
}

/// The administrator of the settings comes in, and sees what others have made.
async fn sign_in(base: &str) -> Client {
    let client = Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
    let request = client.post(format!("{base}/login")).header("Sec-Fetch-Site", "same-origin");
    let fields = [("email", "root@example.org"), ("password", "seven-lazy-llamas")];
    assert_eq!(request.form(&fields).send().await.unwrap().status(), StatusCode::SEE_OTHER);
    let page = client.get(format!("{base}/tenants")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Acme 29"), "{page}");
    client
}

/// A server of the test's own, which is killed and comes again.
enum Own {
    MariaDb(mariadb::Server),
    Postgres(postgres::Postgres),
}

impl Own {
    async fn start(on: On) -> Own {
        match on {
            On::File => panic!("a file is on no server"),
            On::MariaDb => Own::MariaDb(mariadb::Server::start().await),
            On::Postgres => Own::Postgres(postgres::Postgres::start()),
        }
    }

    async fn database(&self) -> Database {
        let url = match self {
            Own::MariaDb(server) => {
                server.admin().await.execute("CREATE DATABASE control").await.unwrap();
                format!("{}/control", server.url())
            }
            Own::Postgres(server) => {
                let mut admin = server.options().connect().await.unwrap();
                admin.execute("CREATE DATABASE control TEMPLATE template0").await.unwrap();
                format!("{}/control", server.url().strip_suffix("/postgres").unwrap())
            }
        };
        Database { host: Host::Elsewhere(url), name: "control".into() }
    }

    fn down(&mut self) {
        match self {
            Own::MariaDb(server) => server.down(),
            Own::Postgres(server) => server.down(),
        }
    }

    async fn up(&mut self) {
        match self {
            Own::MariaDb(server) => server.up().await,
            Own::Postgres(server) => server.up(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_server_is_away_pages_say_so_and_afterwards_everything_goes_on() {
    for on in On::SERVERS {
        let mut own = Own::start(on).await;
        let (place, app) = place(own.database().await).await;
        let mut serve = Process::start(&place, "serve");
        let mut worker = Process::start(&place, "worker");
        let base = serve.base();
        let mut number = 0;
        while number < 10 {
            ask(&app, number).await;
            number += 1;
        }
        until_work_is_under_way(&app, &mut number).await;
        own.down();
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let form = client.post(format!("{base}/login")).header("Sec-Fetch-Site", "same-origin");
        let began = Instant::now();
        let away = form.form(&[("email", "root@example.org"), ("password", "x")]).send().await.unwrap();
        let (status, text) = (away.status(), away.text().await.unwrap());
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{text}");
        assert!(text.contains("control database cannot be reached"), "{text}");
        assert!(began.elapsed() < Duration::from_secs(15), "a page waited for {:?}", began.elapsed());
        let refused = tenants::find(&app, &Actor::CommandLine, "acme-0").await.unwrap_err();
        assert_eq!(refused.kind, Kind::Unavailable, "{refused}");
        own.up().await;
        until("the server is found again", async || {
            tenants::find(&app, &Actor::CommandLine, "acme-0").await.is_ok()
        })
        .await;
        for _ in 0..5 {
            ask(&app, number).await;
            number += 1;
        }
        until("every job ends", async || unfinished(&app).await == 0).await;
        assert!(serve.is_running() && worker.is_running());
        all_were_made_once(&place, &app, number).await;
        app.store.close().await;
    }
}

#[test]
fn a_program_that_finds_no_server_says_so_in_a_sentence_and_ends() {
    for scheme in ["mysql", "postgres"] {
        let folder = tempfile::tempdir().unwrap();
        let ended = Command::new(env!("CARGO_BIN_EXE_tenantry"))
            .arg("worker")
            .env("TENANTRY_DATA_DIR", folder.path())
            .env("TENANTRY_DATABASE_URL", format!("{scheme}://somebody:hidden@127.0.0.1:1/control"))
            .output()
            .unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.starts_with("The control database control on 127.0.0.1:1 cannot be reached"), "{said}");
        assert!(said.lines().count() == 1 && !said.contains("hidden"), "{said}");
    }
}
