//! What somebody changes by hand in a tenant on a server is found, put back, and nothing is said of a server that is away.

use crate::{
    ground::{Application, Machine, Who, with_machine},
    support::{ask, job_of, tenant, work_off},
};
use tenantry::{
    engine::server::Product,
    store::{drift::Level, jobs::JobStatus},
    usecases::{
        actor::Actor,
        drift::{self, Target},
    },
};

const ACTOR: Actor = Actor::CommandLine;

/// What somebody does, and what is found of it.
const CHANGES: &[(&str, &str)] = &[
    ("DROP INDEX idx_full_name ON members", "removed index members.idx_full_name"),
    ("CREATE INDEX own_phone ON members (phone)", "added index members.own_phone"),
    ("ALTER TABLE members ADD COLUMN blood_group VARCHAR(3)", "added column members.blood_group"),
    ("ALTER TABLE audit_logs DROP COLUMN ip_address", "removed column audit_logs.ip_address"),
    ("CREATE TABLE own_notes (id INT PRIMARY KEY)", "added table own_notes"),
    ("CREATE VIEW own_names AS SELECT first_name FROM members", "added view own_names"),
];

async fn is_found_and_put_back(machine: Machine) {
    let (mut machine, place, app) = with_machine(machine).await;
    ask(&app, "Acme", &["events"]).await;
    ask(&app, "Bravo", &["events"]).await;
    work_off(&app).await;
    app.clock.advance(1);
    let database = tenant(&app, "acme").await.database_name;
    let run = drift::runs::check_now(&app, &ACTOR, None, &mut |_, _| {}).await.unwrap();
    assert_eq!((run.tally.checked, run.tally.drifted), (2, 0), "{run:?}");
    let in_schemas = machine.isolation() == "schema";
    for (statement, expected) in CHANGES {
        let statement = if machine.product() == Product::Postgres && statement.starts_with("DROP INDEX") {
            let names = machine
                .ask(
                    &Who::Admin,
                    if in_schemas { "" } else { &database },
                    "SELECT schemaname || '.' || quote_ident(indexname) FROM pg_indexes WHERE indexname LIKE '%members%full_name%'
                     AND schemaname NOT LIKE 'tenantry%' ORDER BY schemaname",
                )
                .await
                .unwrap();
            let own = names.iter().find(|name| !in_schemas || name.starts_with(&database)).unwrap();
            format!("DROP INDEX {own}")
        } else {
            (*statement).to_owned()
        };
        // As the application does, which has the tenant's account.
        let done = Application::of(&machine, &app, "acme").await.run(&statement).await;
        done.unwrap_or_else(|cause| panic!("{statement}: {cause}"));
        app.clock.advance(1);
        let report = drift::check(&app, &ACTOR, "acme").await.unwrap();
        let found: Vec<String> = report
            .differences
            .iter()
            .map(|noted| &noted.difference)
            .map(|difference| format!("{} {} {}", difference.change, difference.kind, difference.object))
            .collect();
        assert_eq!(found, [*expected], "{statement}: {:?}", report.last);
        let ids: Vec<String> = report.differences.iter().map(|noted| noted.difference.id.clone()).collect();
        let target = Target::Tenant("acme");
        let (plans, refused) = drift::plans(&app, &ACTOR, target, &ids).await.unwrap();
        assert!(refused.is_empty(), "{statement}: {refused:?}");
        drift::repair(&app, &ACTOR, "acme", &ids, (&plans[0].hash, false)).await.unwrap();
        work_off(&app).await;
        let (job, _) = job_of(&app, "acme").await;
        assert_eq!(job.status, JobStatus::Done, "{statement}: {:?} {:?}", job.problem, job.problem_detail);
        app.clock.advance(1);
        let after = drift::check(&app, &ACTOR, "acme").await.unwrap();
        assert!(after.differences.is_empty(), "{statement}: {:?}", after.differences);
        assert_eq!(after.last.unwrap().level, Some(Level::None), "{statement}");
    }
    // Somebody drops the database of one, and then the server goes away: each tenant has its sentence.
    if !in_schemas {
        let bravo = tenant(&app, "bravo").await.database_name;
        machine
            .ask(&Who::Admin, "", &format!("DROP DATABASE \"{bravo}\"").replace('"', quote(&machine)))
            .await;
        let report = drift::check(&app, &ACTOR, "bravo").await.unwrap();
        let problem = report.last.unwrap().problem.unwrap();
        assert!(problem.contains("not where it should be"), "{problem}");
    }
    machine.down();
    place.wait_long();
    let run = drift::runs::check_now(&app, &ACTOR, None, &mut |_, _| {}).await.unwrap();
    assert_eq!((run.tally.failed, run.tally.checked), (2, 0));
    let report = drift::of_tenant(&app, &ACTOR, "acme").await.unwrap();
    let problem = report.last.unwrap().problem.unwrap();
    assert!(problem.contains("s-1") || problem.contains("server"), "{problem}");
}

fn quote(machine: &Machine) -> &'static str {
    if machine.product() == Product::MariaDb { "`" } else { "\"" }
}

#[tokio::test]
async fn on_mariadb() {
    is_found_and_put_back(Machine::start(Product::MariaDb).await).await;
}

#[tokio::test]
async fn on_postgres() {
    is_found_and_put_back(Machine::start(Product::Postgres).await).await;
}

#[tokio::test]
async fn in_schemas_of_postgres() {
    is_found_and_put_back(Machine::schemas().await).await;
}
