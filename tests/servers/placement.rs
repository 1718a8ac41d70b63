//! Where new tenants go, and what happens when they cannot.

use crate::{
    ground::{Machine, with_server},
    support::{ask, form, job_of, tenant, work_off},
};
use tenantry::{
    app::App,
    engine::server::Product,
    error::Kind,
    store::{self, jobs::JobStatus, tenants::Status},
    usecases::{
        actor::Actor,
        overview,
        servers::{self, ServerForm},
        tenants::{self, CreateForm},
    },
};

const ACTOR: Actor = Actor::CommandLine;

async fn create(app: &App, name: &str, place: &str) -> tenantry::error::Result<tenants::Created> {
    tenants::create(app, &ACTOR, CreateForm { place: place.into(), ..form(name, &[]) }).await
}

async fn server_of(app: &App, slug: &str) -> Option<String> {
    tenant(app, slug).await.server_name
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_goes_where_it_is_wanted_and_where_there_is_room() {
    let (machine, _place, app) = with_server(Product::MariaDb).await;
    let form = |name: &str, region: &str, capacity: &str| ServerForm {
        name: name.into(),
        region: region.into(),
        capacity: capacity.into(),
        ..ServerForm::default()
    };
    // One machine under two names is as good as two for the rules.
    machine.add_with(&app, form("eu-1", "eu", "1")).await;
    servers::set_draining(&app, &ACTOR, "s-1", true).await.unwrap();
    assert_eq!(create(&app, "One", "").await.unwrap().tenant.server_name.as_deref(), Some("eu-1"));
    let full = create(&app, "Two", "").await.unwrap_err();
    assert!(full.fields["place"].contains("Every server"), "{full}");
    let full = create(&app, "Two", "server:eu-1").await.unwrap_err();
    assert!(full.fields["place"].contains("1 of 1 places"), "{full}");
    let drained = create(&app, "Two", "server:s-1").await.unwrap_err();
    assert!(drained.fields["place"].contains("takes no new tenants"), "{drained}");
    assert!(create(&app, "Two", "among:postgres:").await.unwrap_err().fields.contains_key("place"));
    assert!(create(&app, "Two", "elsewhere").await.unwrap_err().fields.contains_key("place"));
    assert_eq!(create(&app, "Beside", "own").await.unwrap().tenant.engine, "sqlite");
    servers::set_draining(&app, &ACTOR, "s-1", false).await.unwrap();
    assert_eq!(create(&app, "Three", "").await.unwrap().tenant.server_name.as_deref(), Some("s-1"));
    work_off(&app).await;
    for slug in ["one", "beside", "three"] {
        assert_eq!(tenant(&app, slug).await.status, Status::Active, "{slug}");
    }
    // What was refused has left nothing.
    assert!(tenants::find(&app, &ACTOR, "two").await.is_err());
    // A server that has tenants stays in the list.
    assert_eq!(servers::remove(&app, &ACTOR, "s-1").await.unwrap_err().kind, Kind::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_holds_when_many_ask_at_once() {
    let (machine, _place, app) = with_server(Product::MariaDb).await;
    servers::set_draining(&app, &ACTOR, "s-1", true).await.unwrap();
    let small = ServerForm { name: "small".into(), capacity: "3".into(), ..ServerForm::default() };
    machine.add_with(&app, small).await;
    let asked = (0..8).map(|number| {
        let app = app.clone();
        tokio::spawn(async move { create(&app, &format!("Tenant {number}"), "").await.is_ok() })
    });
    let mut placed = 0;
    for one in asked.collect::<Vec<_>>() {
        placed += usize::from(one.await.unwrap());
    }
    assert_eq!(placed, 3);
    assert_eq!(servers::find(&app, &ACTOR, "small").await.unwrap().tenants, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_server_is_down_a_tenant_goes_elsewhere_or_waits_and_says_so() {
    let (mut machine, place, app) = with_server(Product::MariaDb).await;
    let other = Machine::start(Product::MariaDb).await;
    other.add(&app, "s-2").await;
    let Machine::MariaDb(server) = &mut machine else { unreachable!() };
    server.down();

    // Wanted anywhere: s-1 was as good as s-2, and is not there.
    let first = ask(&app, "Anywhere", &[]).await.tenant;
    assert_eq!(first.server_name.as_deref(), Some("s-1"));
    work_off(&app).await;
    assert_eq!(tenant(&app, "anywhere").await.status, Status::Active);
    assert_eq!(server_of(&app, "anywhere").await.as_deref(), Some("s-2"));
    let (_, steps) = job_of(&app, "anywhere").await;
    let note = steps.first().unwrap().note.clone().unwrap();
    assert_eq!(note, "s-1 could not be reached, so the tenant goes to s-2.");
    let events = tenants::history(&app, &ACTOR, "anywhere", None, 50).await.unwrap().1;
    assert!(events.iter().any(|event| event.sentence == note));
    // Found out on the way: the next one does not try s-1 first.
    assert!(servers::find(&app, &ACTOR, "s-1").await.unwrap().is_in_trouble());
    assert_eq!(ask(&app, "Next", &[]).await.tenant.server_name.as_deref(), Some("s-2"));

    // Wanted there and nowhere else: it waits, and nothing is lost.
    create(&app, "There", "server:s-1").await.unwrap();
    work_off(&app).await;
    let (job, _) = job_of(&app, "there").await;
    assert_eq!(job.status, JobStatus::Queued);
    assert!(job.run_after_ms > app.now_ms());
    let problem = job.problem.unwrap();
    assert!(problem.contains("server") && problem.contains("Nothing is lost"), "{problem}");
    server.up().await;
    place.wait_long();
    work_off(&app).await;
    assert_eq!(tenant(&app, "there").await.status, Status::Active);
    assert_eq!(server_of(&app, "there").await.as_deref(), Some("s-1"));
    let server = servers::test(&app, &ACTOR, "s-1").await.unwrap();
    assert!(!server.is_in_trouble());
    assert_eq!(server.tried.unwrap().scratch, Some(0), "what templates were tried out on is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_server_went_down_is_seen_and_says_what_is_the_matter() {
    let (mut machine, _place, app) = with_server(Product::MariaDb).await;
    ask(&app, "Acme", &[]).await;
    work_off(&app).await;
    let Machine::MariaDb(server) = &mut machine else { unreachable!() };
    server.down();
    let shown = tenants::overview(&app, &ACTOR, "acme").await.unwrap();
    let trouble = shown.trouble.unwrap();
    assert!(trouble.message.contains("Nothing is lost") && trouble.reference.is_some(), "{trouble}");
    assert!(!shown.address.is_empty());
    let tried = servers::test(&app, &ACTOR, "s-1").await.unwrap().tried.unwrap();
    assert!(tried.problem.unwrap().contains("whether the server runs"));
    assert!(tried.product.unwrap().contains("MariaDB"), "what it was stays known");
    // The start page says so to whoever looks after servers.
    let seen = overview::show(&app, &ACTOR).await.unwrap().servers.unwrap();
    assert!(seen.len() == 1 && seen[0].0 == "s-1", "{seen:?}");
    // A list of tenants asks no server.
    let list = store::servers::all(&mut app.store.read().await.unwrap()).await.unwrap();
    assert_eq!(list.len(), 1);
    servers::watch(&app).await.unwrap();
    server.up().await;
    servers::watch(&app).await.unwrap();
    assert!(overview::show(&app, &ACTOR).await.unwrap().servers.unwrap().is_empty());
    let events = overview::show(&app, &ACTOR).await.unwrap().events.unwrap();
    assert_eq!(events[0].sentence, "The server s-1 can be used again.");
    assert!(tenants::overview(&app, &ACTOR, "acme").await.unwrap().trouble.is_none());
}
