//! Databases that somebody has changed by hand: what is found, how bad it is, and the three ways on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod command;
mod corpus;
mod deciding;
mod fleet;
mod groups;
mod killed;
#[path = "../support/mod.rs"]
mod support;

use support::{Place, ask, open_tenant, tenant, work_off};
use tenantry::{
    app::App,
    store::drift::{Level, Noted},
    usecases::{
        actor::Actor,
        drift::{self, Report},
    },
};

const ACTOR: Actor = Actor::CommandLine;

/// An installation with one tenant in use, Acme, with the module of events.
async fn with_acme() -> (Place, App) {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "Acme", &["events"]).await;
    work_off(&app).await;
    app.clock.advance(1);
    (place, app)
}

/// Changes a tenant's database behind Tenantry's back.
async fn by_hand(place: &Place, app: &App, slug: &str, statements: &str) {
    use sqlx::Connection;
    let mut file = open_tenant(place, &tenant(app, slug).await).await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned())).execute(&mut file).await.unwrap();
    file.close().await.unwrap();
}

async fn check(app: &App, slug: &str) -> Report {
    // What a job has done in this very millisecond, nothing can be said about.
    app.clock.advance(1);
    drift::check(app, &ACTOR, slug).await.unwrap()
}

fn level(report: &Report) -> Level {
    report.last.as_ref().unwrap().level.unwrap()
}

/// What differs, as `change kind object`.
fn found(report: &Report) -> Vec<String> {
    let words = |noted: &Noted| {
        let difference = &noted.difference;
        format!("{} {} {}", difference.change, difference.kind, difference.object)
    };
    let mut all: Vec<String> = report.differences.iter().map(words).collect();
    all.sort();
    all
}

fn ids(report: &Report) -> Vec<String> {
    report.differences.iter().map(|noted| noted.difference.id.clone()).collect()
}

/// Approves the SQL for what differs and runs it; gives the SQL.
async fn put_back(app: &App, slug: &str, ids: &[String]) -> String {
    let target = drift::Target::Tenant(slug);
    let (plans, refused) = drift::plans(app, &ACTOR, target, ids).await.unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    let planned = &plans[0];
    let approved = (planned.hash.as_str(), !planned.plan.losses.is_empty());
    drift::repair(app, &ACTOR, slug, ids, approved).await.unwrap();
    work_off(app).await;
    planned.plan.statements.join(";\n")
}
