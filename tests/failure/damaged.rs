//! What can be done with a tenant whose file is damaged or gone: each act ends in a sentence and a state, and there is a way on.

use crate::{
    pages::{location, texts},
    support::{
        ask, job_of,
        site::{Site, Visitor},
        tenant, work_off,
    },
};
use reqwest::StatusCode;
use std::{fs, path::PathBuf};
use tenantry::{
    store::{jobs::JobStatus, tenants::Status, users::Role},
    usecases::{actor::Actor, life},
};

const DAY: i64 = 86_400_000;

async fn with_acme() -> (Site, PathBuf) {
    let site = Site::start().await;
    site.add("adam@example.org", Role::Admin).await;
    ask(&site.app, "Acme", &["events"]).await;
    work_off(&site.app).await;
    let name = tenant(&site.app, "acme").await.database_name;
    let file = site.place.tenants_folder().join(format!("{name}.db"));
    (site, file)
}

/// Sends the form of an act, and lets every try of it run.
async fn act(site: &Site, admin: &Visitor<'_>, name: &str, fields: &[(&str, &str)]) -> String {
    let answer = admin.post(&format!("/tenants/acme/manage/{name}"), fields).await;
    let to = location(&answer);
    for _ in 0..4 {
        work_off(&site.app).await;
        site.place.clock.advance(130_000);
    }
    to
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_on_a_damaged_tenant_say_so_and_leave_it_as_it_is() {
    let (site, file) = with_acme().await;
    let admin = site.signed_in("adam@example.org").await;
    let good = fs::read(&file).unwrap();
    let garbage = b"not a database at all ".repeat(500);
    fs::write(&file, &garbage).unwrap();
    let copy = [("name", "Copy"), ("email", "olga@example.org"), ("request_id", "")];
    for (name, fields) in [
        ("pause", &[][..]),
        ("archive", &[]),
        ("snapshot", &[("note", "Before the move")]),
        ("delete", &[("confirm", "Acme"), ("last", "needed")]),
        ("clone", &copy),
    ] {
        let to = act(&site, &admin, name, fields).await;
        let page = admin.text(&to).await;
        let said = texts(&page, ".trouble-card p").join(" ");
        assert!(
            said.contains("What lies in the place of this tenant's database is damaged"),
            "{name}: {said} {page}"
        );
        assert_eq!(texts(&page, ".trouble-card code")[0].len(), 9, "{name}: a reference");
        assert_eq!(tenant(&site.app, "acme").await.status, Status::Active, "{name}");
        assert_eq!(fs::read(&file).unwrap(), garbage, "{name}: it was left as it is");
    }
    // What only the control database holds can be changed all the same.
    act(&site, &admin, "details", &[("name", "Acme Ltd"), ("plan", "basic")]).await;
    assert_eq!(tenant(&site.app, "acme").await.name, "Acme Ltd");
    // One way on: the file is put back.
    fs::write(&file, &good).unwrap();
    act(&site, &admin, "snapshot", &[("note", "Good")]).await;
    // Another: it is moved away, and a snapshot takes its place.
    fs::write(&file, &garbage).unwrap();
    fs::remove_file(&file).unwrap();
    let snapshot = life::snapshots(&site.app, &Actor::CommandLine, "acme").await.unwrap().1.remove(0).id;
    let over = [("snapshot", snapshot.to_string()), ("way", "over".to_owned())];
    act(&site, &admin, "restore", &over.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    assert!(texts(&admin.text("/tenants/acme").await, "main .alert").is_empty());
    assert!(admin.text("/tenants/acme/structure").await.contains("<svg"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_tenant_is_deleted_without_a_last_snapshot_by_who_says_so() {
    let (site, file) = with_acme().await;
    let admin = site.signed_in("adam@example.org").await;
    assert!(
        !admin.text("/tenants/acme/manage/delete").await.contains("name=\"last\""),
        "nothing is wrong yet"
    );
    let garbage = b"not a database at all ".repeat(500);
    fs::write(&file, &garbage).unwrap();
    let page = admin.text("/tenants/acme/manage/delete").await;
    assert!(texts(&page, "select[name=last] option")[1].contains("Delete it without one"), "{page}");
    assert!(!texts(&page, ".is-kept").iter().any(|line| line.contains("last snapshot")), "{page}");
    act(&site, &admin, "delete", &[("confirm", "Acme"), ("last", "without")]).await;
    let (job, steps) = job_of(&site.app, "acme").await;
    assert_eq!(job.status, JobStatus::Done);
    assert!(steps[0].note.as_deref().unwrap().contains("no last snapshot can be made"), "{steps:?}");
    assert_eq!(tenant(&site.app, "acme").await.status, Status::Deleting);
    assert_eq!(fs::read(&file).unwrap(), garbage);
    site.place.clock.advance(8 * DAY);
    assert_eq!(life::sweep(&site.app).await.unwrap().tenants, 1);
    work_off(&site.app).await;
    assert_eq!(tenant(&site.app, "acme").await.status, Status::Deleted);
    assert_eq!(fs::read(&file).unwrap(), garbage, "what is not known to be ours is never removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_file_is_gone_is_deleted_as_any_other() {
    let (site, file) = with_acme().await;
    let admin = site.signed_in("adam@example.org").await;
    fs::remove_file(&file).unwrap();
    act(&site, &admin, "delete", &[("confirm", "Acme")]).await;
    assert_eq!(tenant(&site.app, "acme").await.status, Status::Deleting);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_about_a_tenant_that_somebody_else_changed_says_so_and_does_nothing() {
    let (site, _) = with_acme().await;
    site.add("ada@example.org", Role::Admin).await;
    let (adam, ada) = (site.signed_in("adam@example.org").await, site.signed_in("ada@example.org").await);
    // Adam's forms are open; Ada archives the tenant.
    for open in ["details", "pause", "snapshot", "clone", "delete", "archive"] {
        assert_eq!(
            adam.get(&format!("/tenants/acme/manage/{open}")).await.status(),
            StatusCode::OK,
            "{open}"
        );
    }
    location(&ada.post("/tenants/acme/manage/archive", &[]).await);
    // While her job waits, one after the other is refused.
    for (name, fields) in [
        ("pause", &[][..]),
        ("delete", &[("confirm", "Acme")]),
        ("archive", &[]),
        ("details", &[("name", "New"), ("plan", "basic")]),
    ] {
        let answer = adam.post(&format!("/tenants/acme/manage/{name}"), fields).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT, "{name}");
        let page = answer.text().await.unwrap();
        assert!(!texts(&page, ".problems").join(" ").is_empty(), "{name}: {page}");
    }
    work_off(&site.app).await;
    assert_eq!(tenant(&site.app, "acme").await.status, Status::Archived);
    // An archived tenant cannot be paused; the page says what it is.
    for name in ["pause", "archive", "resume"] {
        let answer = adam.post(&format!("/tenants/acme/manage/{name}"), &[]).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT, "{name}");
        let said = texts(&answer.text().await.unwrap(), "form").join(" ").to_lowercase();
        assert!(said.contains("archived"), "{name}: {said}");
        work_off(&site.app).await;
        assert_eq!(tenant(&site.app, "acme").await.status, Status::Archived, "{name}");
    }
}
