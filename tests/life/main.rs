//! What happens to tenants after they were made: each act is done wholly or not at all, whatever happens on the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod copies;
mod deleting;
mod pages;
mod passages;
mod stopped;
#[path = "../support/mod.rs"]
mod support;

use sqlx::{Connection, Row};
use support::{Place, ask, open_tenant, tenant, work_off};
use tenantry::{
    app::App,
    store::{snapshots::Snapshot, tenants::Status},
    usecases::{
        actor::Actor,
        life::{self, NewName},
    },
};

const ACTOR: Actor = Actor::CommandLine;

const DAY: i64 = 86_400_000;

/// An installation with one tenant in use, Acme, that has a row of its own.
async fn with_acme() -> (Place, App) {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "Acme", &["events"]).await;
    work_off(&app).await;
    remember(&place, &app, "acme", "first").await;
    (place, app)
}

/// Writes a row into a tenant's database as its application would.
async fn remember(place: &Place, app: &App, slug: &str, word: &str) {
    let mut file = open_tenant(place, &tenant(app, slug).await).await;
    sqlx::query(
        "INSERT INTO settings (\"key\", \"value\", \"type\", \"group\") VALUES (?, 'x', 'string', 'own')",
    )
    .bind(format!("own.{word}"))
    .execute(&mut file)
    .await
    .unwrap();
    file.close().await.unwrap();
}

/// The words that were remembered; `None` where the application cannot read them.
async fn remembered(place: &Place, app: &App, slug: &str) -> Option<Vec<String>> {
    let mut file = open_tenant(place, &tenant(app, slug).await).await;
    let rows = sqlx::query("SELECT substr(\"key\", 5) FROM settings WHERE \"group\" = 'own' ORDER BY 1")
        .fetch_all(&mut file)
        .await;
    let _ = file.close().await;
    rows.ok().map(|rows| rows.iter().map(|row| row.get(0)).collect())
}

async fn status(app: &App, slug: &str) -> Status {
    tenant(app, slug).await.status
}

async fn snapshots(app: &App, slug: &str) -> Vec<Snapshot> {
    life::snapshots(app, &ACTOR, slug).await.unwrap().1
}

fn named(name: &str) -> NewName {
    NewName { name: name.into(), email: "olga@example.org".into(), request_id: None }
}

/// Names of files in the folder of snapshots.
fn saved(place: &Place) -> Vec<String> {
    let Ok(folders) = std::fs::read_dir(place.folder.path().join("snapshots")) else { return Vec::new() };
    folders
        .flatten()
        .flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten())
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect()
}
