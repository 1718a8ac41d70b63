//! The real program, and separately the server, killed with SIGKILL between any two messages of setting a tenant up:
//! afterwards the tenant is complete, or was never asked for; nothing is there twice and nothing is left over.
//!
//! Without `TENANTRY_TORTURE` some twenty messages are tried; with it, each.

use crate::{
    ground::Machine,
    proxy::{Proxy, When},
    support::{Place, control::mariadb::Server, count},
};
use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    time::{Duration, Instant},
};
use tenantry::{
    app::App,
    clock::Clock,
    config::{Layer, Settings},
    engine::server::Product,
    faults::Faults,
    store::tenants::Status,
    usecases::{actor::Actor, templates, tenants},
    worker,
};
use tokio_util::sync::CancellationToken;

const ACTOR: Actor = Actor::CommandLine;

/// How far it is from one message that is tried to the next.
pub fn step(otherwise: usize) -> usize {
    if std::env::var_os("TENANTRY_TORTURE").is_some() { 1 } else { otherwise }
}

pub async fn open(place: &Place) -> App {
    let variables = [
        ("TENANTRY_DATA_DIR", place.folder.path().display().to_string()),
        ("TENANTRY_LEASE_SECONDS", "0.3".into()),
        ("TENANTRY_RETRY_SECONDS", "0.05,0.05,0.05".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let settings = Settings::gather(Layer::default(), variables.into_iter()).unwrap();
    App::open(settings, Clock::System, Faults::none()).await.unwrap()
}

/// An installation whose server is behind a door.
pub async fn behind_a_door(machine: &Machine) -> (Place, Proxy) {
    let url = machine.url();
    let port = url.rsplit(':').next().unwrap().split('/').next().unwrap().parse().unwrap();
    let proxy = Proxy::to(port);
    let place = Place::new();
    let app = open(&place).await;
    templates::import_at_start(&app).await.unwrap();
    let isolation = machine.isolation().into();
    let form =
        tenantry::usecases::servers::ServerForm { name: "s-1".into(), isolation, ..Default::default() };
    let form = form.with_url(&url.replace(&port.to_string(), &proxy.port.to_string())).unwrap();
    tenantry::usecases::servers::add(&app, &ACTOR, &form).await.unwrap();
    app.store.close().await;
    (place, proxy)
}

/// Works until no job is left.
pub async fn settle(app: &App) {
    let stop = CancellationToken::new();
    let end = Instant::now() + Duration::from_mins(1);
    while count(app, "jobs WHERE status IN ('queued', 'running')").await > 0 {
        if !worker::run_next(app, &stop).await.unwrap() {
            assert!(Instant::now() < end, "something hangs");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// The tenant of this number is in use and exactly as its template says, or there is none.
async fn is_whole_or_gone(machine: &Machine, app: &App, slug: &str, what: &str) -> bool {
    let Ok(tenant) = tenants::find(app, &ACTOR, slug).await else {
        let left = machine.left().await;
        let begin = slug.replace('-', "_");
        assert!(!left.iter().any(|name| name.starts_with(&begin)), "{what}: {left:?}");
        return false;
    };
    assert_eq!(tenant.status, Status::Active, "{what}");
    let (_, schema) = tenants::schema(app, &ACTOR, slug).await.unwrap();
    assert_eq!(Some(schema.fingerprint()), tenant.schema_hash, "{what}");
    let application = crate::ground::Application::of(machine, app, slug).await;
    for (sql, rows) in [("SELECT email FROM users", 1), ("SELECT tenant_id FROM tenant_info", 1)] {
        assert_eq!(application.ask(sql).await.map(|found| found.len()), Some(rows), "{what}: {sql}");
    }
    true
}

/// A message to whoever waits that it has happened.
pub fn happened() -> (impl FnOnce() + Send, Receiver<()>) {
    let (sender, receiver) = channel();
    (
        move || {
            let _ = sender.send(());
        },
        receiver,
    )
}

/// Sets a tenant up, as a program of its own.
fn create(place: &Place, slug: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    command
        .args(["tenants", "create", "--name", slug, "--email", "a@b.co", "--template", "basic", "--wait"])
        .env("TENANTRY_DATA_DIR", place.folder.path())
        .env("TENANTRY_LEASE_SECONDS", "0.3")
        .env("TENANTRY_RETRY_SECONDS", "0.05,0.05,0.05")
        .env("RUST_LOG", "warn")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

async fn the_program_is_killed(machine: Machine, step: usize) {
    let (place, proxy) = behind_a_door(&machine).await;
    let (mut at, mut killed, mut whole) = (1_usize, 0, 0);
    loop {
        let when = if at.is_multiple_of(2) { When::Before } else { When::After };
        let slug = format!("t-{at}");
        let mut command = create(&place, &slug);
        let (tell, told) = happened();
        let id = Arc::new(std::sync::OnceLock::new());
        let target = Arc::clone(&id);
        proxy.arm(at, when, move || {
            let id: &u32 = target.wait();
            assert!(Command::new("kill").args(["-9", &id.to_string()]).status().unwrap().success());
            tell();
        });
        let mut child = command.spawn().unwrap();
        id.set(child.id()).unwrap();
        child.wait().unwrap();
        if proxy.disarm() {
            break;
        }
        told.recv_timeout(Duration::from_secs(10)).unwrap();
        killed += 1;
        let app = open(&place).await;
        settle(&app).await;
        whole += usize::from(is_whole_or_gone(&machine, &app, &slug, &format!("{at} {when:?}")).await);
        app.store.close().await;
        at += step;
    }
    eprintln!("killed {killed} times at {at} messages; {whole} tenants are whole");
    assert!(killed >= 10 && whole >= killed - 2, "{killed} {whole}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_killed_between_any_two_messages_to_mariadb() {
    the_program_is_killed(Machine::start(Product::MariaDb).await, step(7)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_killed_between_any_two_messages_to_postgresql() {
    the_program_is_killed(Machine::start(Product::Postgres).await, step(13)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_killed_between_any_two_messages_about_a_schema() {
    the_program_is_killed(Machine::schemas().await, step(7)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_killed_between_any_two_messages() {
    let mut machine = Machine::start(Product::MariaDb).await;
    let (place, proxy) = behind_a_door(&machine).await;
    let (mut at, mut killed) = (1_usize, 0);
    loop {
        let when = if at.is_multiple_of(2) { When::Before } else { When::After };
        let slug = format!("t-{at}");
        let Machine::MariaDb(server) = &mut machine else { unreachable!() };
        let pid_file = server.pid_file();
        let (tell, told) = happened();
        proxy.arm(at, when, move || {
            Server::kill(&pid_file);
            tell();
        });
        let child = create(&place, &slug).stderr(Stdio::piped()).spawn().unwrap();
        if told.recv_timeout(Duration::from_secs(20)).is_ok() {
            killed += 1;
            server.down();
            server.up().await;
        }
        // It goes on by itself when the server is back.
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{at} {when:?}: {}", String::from_utf8_lossy(&ended.stderr));
        if proxy.disarm() {
            break;
        }
        let app = open(&place).await;
        let is_whole = is_whole_or_gone(&machine, &app, &slug, &format!("{at} {when:?}")).await;
        assert!(is_whole, "{at} {when:?}: it was asked for");
        app.store.close().await;
        at += step(11);
    }
    eprintln!("the server was killed {killed} times at {at} messages");
    assert!(killed >= 8, "{killed}");
}
