//! Everything that is done to a tenant works on a server as it does beside the program.

use crate::{
    ground::{Application, Machine, with_machine},
    support::{ask, count, job_of, tenant, work_off},
};
use tenantry::{
    apply::export::archive::Contents,
    engine::server::Product,
    store::tenants::Status,
    usecases::{
        actor::Actor,
        exports::{self, Asked},
        invitations,
        life::{self, LastSnapshot, NewName},
        tenants,
    },
};

const ACTOR: Actor = Actor::CommandLine;
const DAY: i64 = 86_400_000;

fn named(name: &str) -> NewName {
    NewName { name: name.into(), email: "olga@example.org".into(), request_id: None }
}

async fn status(app: &tenantry::app::App, slug: &str) -> Status {
    let (job, steps) = job_of(app, slug).await;
    let found = tenant(app, slug).await.status;
    assert!(job.problem.is_none(), "{slug}: {:?} {:?} {steps:?}", job.problem, job.problem_detail);
    found
}

async fn a_tenant_lives(machine: Machine) {
    let product = machine.product();
    let (machine, place, app) = with_machine(machine).await;
    ask(&app, "Acme", &["events"]).await;
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Active);
    let acme = tenant(&app, "acme").await;
    assert_eq!((acme.engine.as_str(), acme.server_name.as_deref()), (product.word(), Some("s-1")));
    assert!(acme.schema_hash.is_some());
    let application = Application::of(&machine, &app, "acme").await;
    application.remember("first").await;
    let shown = tenants::overview(&app, &ACTOR, "acme").await.unwrap();
    let labels: Vec<&str> = shown.address.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels.contains(&"Schema"), machine.isolation() == "schema", "{labels:?}");
    assert!(shown.trouble.is_none() && shown.size.is_some_and(|bytes| bytes > 10_000), "{shown:?}");
    assert!(tenants::schema(&app, &ACTOR, "acme").await.unwrap().1.tables.contains_key("members"));

    // Out of use and in use again.
    life::suspend(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Suspended);
    assert_eq!(application.remembered().await, None, "its application still reads");
    life::resume(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Active);
    assert_eq!(application.remembered().await.unwrap(), ["first"]);

    copies(&machine, &app, &application).await;

    // The owner's password for the application is set under the tenant's own account.
    let link = invitations::make_link(&app, &ACTOR, "acme").await.unwrap();
    invitations::take_up(&app, &link.token, "correct horse battery staple".into()).await.unwrap();
    let hash = "SELECT password_hash FROM users WHERE email = 'dana@example.org'";
    assert!(application.ask(hash).await.unwrap()[0].starts_with("$argon2id$"));

    // Deleted, kept after all, deleted for good.
    life::delete(&app, &ACTOR, "acme", "Acme", LastSnapshot::Needed).await.unwrap();
    work_off(&app).await;
    assert_eq!(application.remembered().await, None);
    life::keep(&app, &ACTOR, "acme").await.unwrap();
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Active);
    assert!(application.remembered().await.is_some());
    for (slug, name) in [("acme", "Acme"), ("twin", "Twin"), ("as-it-was", "As it was")] {
        life::delete(&app, &ACTOR, slug, name, LastSnapshot::Needed).await.unwrap();
    }
    work_off(&app).await;
    place.clock.advance(8 * DAY);
    assert_eq!(life::sweep(&app).await.unwrap().tenants, 3);
    work_off(&app).await;
    assert_eq!(status(&app, "acme").await, Status::Deleted);
    assert_eq!(machine.left().await, Vec::<String>::new());
    assert_eq!(count(&app, "tenant_accounts").await, 0);
    assert!(place.files().is_empty(), "nothing of it is on this machine");
}

/// Snapshots, clones, restoring, exports.
async fn copies(machine: &Machine, app: &tenantry::app::App, application: &Application<'_>) {
    life::take_snapshot(app, &ACTOR, "acme", "before").await.unwrap();
    work_off(app).await;
    assert_eq!(status(app, "acme").await, Status::Active);
    let taken = life::snapshots(app, &ACTOR, "acme").await.unwrap().1.remove(0);
    application.remember("second").await;
    life::clone_tenant(app, &ACTOR, "acme", named("Twin")).await.unwrap();
    work_off(app).await;
    assert_eq!(status(app, "twin").await, Status::Active);
    let twin = Application::of(machine, app, "twin").await;
    assert_eq!(twin.remembered().await.unwrap(), ["first", "second"]);
    let owner = twin.ask("SELECT email FROM users").await.unwrap();
    assert_eq!(owner, ["olga@example.org"], "the copy has an owner of its own");
    let id = twin.ask("SELECT tenant_id FROM tenant_info").await.unwrap();
    assert_eq!(id, [tenant(app, "twin").await.id.to_string()]);

    life::restore_as_new(app, &ACTOR, "acme", taken.id, named("As it was")).await.unwrap();
    work_off(app).await;
    assert_eq!(status(app, "as-it-was").await, Status::Active);
    let before = Application::of(machine, app, "as-it-was").await;
    assert_eq!(before.remembered().await.unwrap(), ["first"]);

    life::restore_over(app, &ACTOR, "acme", taken.id).await.unwrap();
    work_off(app).await;
    assert_eq!(status(app, "acme").await, Status::Active);
    assert_eq!(application.remembered().await.unwrap(), ["first"]);
    // What there was before is a snapshot by itself.
    let saved = life::snapshots(app, &ACTOR, "acme").await.unwrap().1.remove(0);
    life::restore_over(app, &ACTOR, "acme", saved.id).await.unwrap();
    work_off(app).await;
    assert_eq!(application.remembered().await.unwrap(), ["first", "second"]);

    let contents = Contents { sql: true, csv: true, for_spreadsheets: false };
    let request_id = app.new_id();
    exports::ask(app, &ACTOR, "acme", &Asked { contents, request_id }).await.unwrap();
    work_off(app).await;
    assert_eq!(status(app, "acme").await, Status::Active);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_lives_on_mariadb() {
    a_tenant_lives(Machine::start(Product::MariaDb).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_lives_on_postgresql() {
    a_tenant_lives(Machine::start(Product::Postgres).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_lives_in_a_schema() {
    a_tenant_lives(Machine::schemas().await).await;
}
