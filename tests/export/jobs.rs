//! Exports as jobs: asked for, written, downloaded, removed; stopped at every point, on a full disk, after their time.

use crate::{
    files::unzip,
    support::{self, Place, ask, site::Site, work_off},
};
use reqwest::StatusCode;
use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tenantry::{
    app::App,
    apply::export::archive::Contents,
    error::Kind,
    faults::Faults,
    store::{self, exports::ExportState, users::Role},
    usecases::{
        actor::Actor,
        exports::{self, Asked},
    },
};
use uuid::Uuid;

const EXPORT: Uuid = Uuid::from_u128(0x0199_c2f4_7a31_7cc0_9a54_2b1f_0e6c_8d11);
const DAY: i64 = 86_400_000;

fn asked(id: Uuid) -> Asked {
    Asked { contents: Contents { sql: true, csv: true, for_spreadsheets: true }, request_id: id }
}

async fn ask_for(app: &App, slug: &str, id: Uuid) {
    exports::ask(app, &Actor::CommandLine, slug, &asked(id)).await.unwrap();
}

async fn state(app: &App, id: Uuid) -> (ExportState, Option<String>) {
    let mut read = app.store.read().await.unwrap();
    let export = store::exports::find(&mut read, id).await.unwrap().unwrap();
    (export.state, export.file.map(|file| file.file))
}

/// Every file of exports, finished or not.
fn files(place: &Place) -> Vec<PathBuf> {
    let folder = place.folder.path().join("exports");
    let list =
        |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> =
        list(folder.clone()).chain(list(folder.join(".making"))).filter(|path| !path.is_dir()).collect();
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_asked_for_watched_downloaded_in_parts_and_removed() {
    let site = Site::start().await;
    let created = ask(&site.app, "上海社区 \"志愿者\" / 协会", &[]).await;
    work_off(&site.app).await;
    let slug = created.tenant.slug;
    site.add("admin@example.org", Role::Admin).await;
    site.add("staff@example.org", Role::Staff).await;
    let admin = site.signed_in("admin@example.org").await;
    let page = format!("/tenants/{slug}/exports");
    assert!(admin.text(&format!("/tenants/{slug}")).await.contains(&page), "the tenant's page leads there");

    let nothing = admin.post(&page, &[("for_spreadsheets", "1")]).await;
    assert_eq!(nothing.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.text().await.unwrap().contains("Choose at least one form"));
    let id = EXPORT.to_string();
    let fields = [("form", "sql"), ("form", "csv"), ("for_spreadsheets", "1"), ("request_id", id.as_str())];
    for _ in 0..2 {
        assert_eq!(
            admin.post(&page, &fields).await.status(),
            StatusCode::SEE_OTHER,
            "a double click is one export"
        );
    }
    assert_eq!(support::count(&site.app, "exports").await, 1);
    let waiting = admin.text(&page).await;
    assert!(waiting.contains("hx-trigger=\"every 2s\"") && !waiting.contains(">Download"), "{waiting}");
    let file = format!("{page}/{id}");
    assert_eq!(admin.get(&file).await.status(), StatusCode::NOT_FOUND, "nothing is there before it is whole");
    let early = admin.post(&format!("{file}/remove"), &[]).await;
    assert_eq!(early.status(), StatusCode::CONFLICT);
    let other = exports::ask(&site.app, &Actor::CommandLine, &slug, &asked(Uuid::from_u128(7))).await;
    assert_eq!(other.unwrap_err().kind, Kind::Conflict, "one job at a time has a tenant");
    work_off(&site.app).await;

    let ready = admin.text(&page).await;
    assert!(
        ready.contains(">Download")
            && ready.contains("tables for spreadsheets")
            && !ready.contains("every 2s")
    );
    let answer = admin.get(&file).await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("content-type"), "application/zip");
    let names = header("content-disposition");
    assert!(names.contains(&format!("filename=\"{slug}-2025-11-24.zip\"")), "{names}");
    assert!(names.ends_with("filename*=UTF-8''%E4%B8%8A%E6%B5%B7%E7%A4%BE%E5%8C%BA%20%E5%BF%97%E6%84%BF%E8%80%85%20%E5%8D%8F%E4%BC%9A%202025-11-24.zip"), "{names}");
    let (tag, length) = (header("etag"), header("content-length"));
    let whole = answer.bytes().await.unwrap();
    assert_eq!(length, whole.len().to_string());
    let saved = site.place.folder.path().join("saved.zip");
    fs::write(&saved, &whole).unwrap();
    assert!(unzip(&saved).contains_key("dump.sql"));

    let part = |known: &str| {
        admin
            .client
            .get(format!("{}{file}", site.base))
            .header("Range", "bytes=100-199")
            .header("If-Range", known)
            .send()
    };
    let answer = part(&tag).await.unwrap();
    assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(answer.headers()["content-range"], format!("bytes 100-199/{}", whole.len()));
    assert_eq!(answer.bytes().await.unwrap(), whole.slice(100..200));
    assert_eq!(part("\"another file\"").await.unwrap().bytes().await.unwrap().len(), whole.len());
    assert_eq!(support::count(&site.app, "events WHERE action = 'export_downloaded'").await, 1);

    let staff = site.signed_in("staff@example.org").await;
    assert_eq!(staff.get(&file).await.status(), StatusCode::FORBIDDEN);
    assert!(!staff.text(&format!("/tenants/{slug}")).await.contains(&page));
    ask(&site.app, "Other", &[]).await;
    assert_eq!(admin.get(&format!("/tenants/other/exports/{id}")).await.status(), StatusCode::NOT_FOUND);

    for _ in 0..2 {
        assert_eq!(admin.post(&format!("{file}/remove"), &[]).await.status(), StatusCode::SEE_OTHER);
    }
    assert!(files(&site.place).is_empty());
    assert_eq!(admin.get(&file).await.status(), StatusCode::NOT_FOUND);
    assert!(admin.text(&page).await.contains("There is no export of this tenant"));
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_at_any_point_it_goes_on_and_no_half_file_is_ever_listed() {
    let fresh = Place::new();
    let app = fresh.open().await;
    ask(&app, "Acme", &[]).await;
    work_off(&app).await;
    app.store.close().await;
    let listening = fresh.copy();
    let (faults, passed) = Faults::listening();
    let app = listening.open_with(faults).await;
    ask_for(&app, "acme", EXPORT).await;
    work_off(&app).await;
    let points: Vec<String> = passed.lock().unwrap().clone();
    assert!(points.len() >= 10 && points.contains(&"write_export:named".to_owned()), "{points:?}");
    for point in points {
        let place = fresh.copy();
        let armed = Arc::new(AtomicBool::new(true));
        let (wanted, once) = (point.clone(), Arc::clone(&armed));
        let dying = place
            .open_with(Faults::armed(move |name| name == wanted && once.swap(false, Ordering::SeqCst)))
            .await;
        ask_for(&dying, "acme", EXPORT).await;
        work_off(&dying).await;
        assert!(!armed.load(Ordering::SeqCst), "{point} was not passed");
        if state(&dying, EXPORT).await.0 == ExportState::Waiting {
            let early =
                exports::download(&dying, &Actor::CommandLine, "acme", &EXPORT.to_string(), true).await;
            assert_eq!(early.unwrap_err().kind, Kind::NotFound, "stopped at {point}");
        }
        // A sweep in the middle takes nothing away that the job still needs.
        exports::sweep(&dying).await.unwrap();
        dying.store.close().await;
        place.wait_long();
        let app = place.open().await;
        work_off(&app).await;
        exports::sweep(&app).await.unwrap();
        let (state, name) = state(&app, EXPORT).await;
        assert_eq!(state, ExportState::Ready, "stopped at {point}");
        let found = files(&place);
        assert_eq!(found, [place.folder.path().join("exports").join(name.unwrap())], "stopped at {point}");
        assert!(unzip(&found[0]).contains_key("manifest.json"));
        assert_eq!(
            support::count(&app, "events WHERE action = 'export_ready'").await,
            1,
            "stopped at {point}"
        );
        assert_eq!(support::count(&app, "tenant_locks").await, 0, "stopped at {point}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_in_the_middle_is_told_plainly_and_the_half_file_goes() {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "Acme", &[]).await;
    work_off(&app).await;
    // The next claim's file is on a device that is always full.
    let fence = store::settings::find(&mut app.store.read().await.unwrap(), "fence").await.unwrap().unwrap();
    let next = fence.parse::<i64>().unwrap() + 1;
    let making = place.folder.path().join("exports/.making");
    fs::create_dir_all(&making).unwrap();
    std::os::unix::fs::symlink("/dev/full", making.join(format!("{EXPORT}-{next}.zip"))).unwrap();
    ask_for(&app, "acme", EXPORT).await;
    work_off(&app).await;
    let (tenant, found) = exports::list(&app, &Actor::CommandLine, "acme").await.unwrap();
    let problem = found[0].1.as_ref().unwrap().problem.clone().unwrap();
    assert!(problem.contains("The disk is full"), "{problem}");
    assert_eq!(tenant.status, store::tenants::Status::Active, "the tenant itself is not touched");
    assert!(files(&place).is_empty(), "{:?}", files(&place));
    place.wait_long();
    work_off(&app).await;
    assert_eq!(state(&app, EXPORT).await.0, ExportState::Ready, "it goes on by itself when there is room");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_up_it_leaves_nothing_behind_and_the_tenant_is_free() {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "Acme", &[]).await;
    work_off(&app).await;
    // Where the folder should be is a file.
    fs::write(place.folder.path().join("exports"), "in the way").unwrap();
    ask_for(&app, "acme", EXPORT).await;
    for _ in 0..8 {
        work_off(&app).await;
        place.wait_long();
    }
    let (_, found) = exports::list(&app, &Actor::CommandLine, "acme").await.unwrap();
    assert_eq!(found[0].0.state, ExportState::Failed, "{found:?}");
    assert!(found[0].1.as_ref().unwrap().problem.as_ref().unwrap().contains("could not be written"));
    assert_eq!(support::tenant(&app, "acme").await.status, store::tenants::Status::Active);
    assert_eq!(support::count(&app, "tenant_locks").await, 0);
    fs::remove_file(place.folder.path().join("exports")).unwrap();
    exports::remove(&app, &Actor::CommandLine, "acme", &EXPORT.to_string()).await.unwrap();
    let again = Uuid::from_u128(8);
    ask_for(&app, "acme", again).await;
    work_off(&app).await;
    assert_eq!(state(&app, again).await.0, ExportState::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_goes_after_its_time_and_strangers_files_stay() {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "Acme", &[]).await;
    work_off(&app).await;
    ask_for(&app, "acme", EXPORT).await;
    work_off(&app).await;
    let folder = place.folder.path().join("exports");
    fs::write(folder.join("notes.txt"), "somebody's own").unwrap();
    fs::write(folder.join(format!("{}-1.zip", Uuid::from_u128(9))), "of no export").unwrap();
    place.clock.advance(7 * DAY - 1);
    assert_eq!(exports::sweep(&app).await.unwrap(), 1, "only what belongs to no export");
    assert_eq!(state(&app, EXPORT).await.0, ExportState::Ready);
    place.clock.advance(1);
    assert_eq!(exports::sweep(&app).await.unwrap(), 1);
    assert_eq!(files(&place), [folder.join("notes.txt")]);
    let gone = exports::download(&app, &Actor::CommandLine, "acme", &EXPORT.to_string(), true).await;
    assert_eq!(gone.unwrap_err().kind, Kind::NotFound);
}
