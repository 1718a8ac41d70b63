//! A disk that is full, or can only be read: a small one in memory, mounted for the test. Where that is not allowed, the test
//! runs itself once more in a namespace of its own, where it is.
#![cfg(target_os = "linux")]

use crate::{
    pages::{Wanted, attributes, create, describe, location, texts, value},
    support::{Place, ask, count, site::Site, tenant, work_off},
};
use reqwest::StatusCode;
use std::{
    fs,
    future::Future,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};
use tenantry::{
    store::{tenants::Status, users::Role},
    worker,
};
use tokio_util::sync::CancellationToken;

/// Set in the second run, inside the namespace.
const INSIDE: &str = "TENANTRY_TEST_INSIDE_NAMESPACE";

/// A small disk, gone at the end of the test.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, size: &str) -> Option<Disk> {
        fs::create_dir_all(at).unwrap();
        let options = format!("size={size},mode=0700");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).output();
        done.is_ok_and(|done| done.status.success()).then(|| Disk(at.to_owned()))
    }

    fn remount(&self, option: &str) {
        let done =
            Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(&self.0).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    /// Takes up all the room that is left.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.join("ballast");
        let mut file = fs::File::create(&ballast).unwrap();
        for size in [65_536, 4096, 512, 1] {
            let block = vec![0_u8; size];
            while file.write_all(&block).and_then(|()| file.flush()).is_ok() {}
        }
        ballast
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// Runs a test with the right to mount, here or in a namespace; a machine that gives it in neither way fails the test.
fn with_mounts<F: Future<Output = ()>>(name: &str, test: impl FnOnce() -> F) {
    let probe = tempfile::tempdir().unwrap();
    if Disk::mount(probe.path(), "64k").is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(test());
    }
    assert!(
        std::env::var_os(INSIDE).is_none(),
        "THIS TEST COULD NOT RUN: no file system can be mounted, not even in a namespace of our own"
    );
    let program = std::env::current_exe().unwrap();
    let again = Command::new("unshare")
        .arg("-Urm")
        .arg(program)
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .status();
    assert!(
        again.is_ok_and(|status| status.success()),
        "THIS TEST FAILED OR COULD NOT RUN: mounting needs root, or `unshare -Urm` must be allowed"
    );
}

#[test]
fn a_full_disk_is_told_and_what_was_asked_for_is_made_once_there_is_room_again() {
    with_mounts(
        "disk::a_full_disk_is_told_and_what_was_asked_for_is_made_once_there_is_room_again",
        async || {
            let place = Place::new();
            let disk = Disk::mount(place.folder.path(), "24m").unwrap();
            let site = Site::start_in(place).await;
            site.add("staff@example.org", Role::Staff).await;
            let staff = site.signed_in("staff@example.org").await;
            ask(&site.app, "Before", &[]).await;
            work_off(&site.app).await;
            let check = describe(&staff, &Wanted { name: "Refused", ..Wanted::default() }).await;
            let seen = value(&staff.text(&check).await, "seen");
            ask(&site.app, "Waits", &[]).await;
            let ballast = disk.fill();
            // What waits stays waiting, however often it is tried.
            let stop = CancellationToken::new();
            for _ in 0..6 {
                let _ = worker::run_next(&site.app, &stop).await;
                site.place.wait_long();
            }
            let staff_again = site.visitor();
            let words = [("email", "staff@example.org"), ("password", crate::support::site::PASSWORD)];
            let answer = staff_again.post("/login", &words).await;
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "nobody can sign in meanwhile");
            let page = answer.text().await.unwrap();
            assert!(texts(&page, ".lead")[0].starts_with("The disk is full. Free some space"), "{page}");
            assert!(!page.contains(crate::support::site::PASSWORD), "a password is never shown");
            assert_ne!(tenant(&site.app, "waits").await.status, Status::Failed);
            assert_ne!(tenant(&site.app, "waits").await.status, Status::Active);
            for path in ["/readyz", "/healthz"] {
                assert!(staff.get(path).await.status().as_u16() < 600, "{path} answers");
            }
            fs::remove_file(&ballast).unwrap();
            site.place.wait_long();
            work_off(&site.app).await;
            assert_eq!(tenant(&site.app, "waits").await.status, Status::Active, "it went on by itself");
            let staff = site.signed_in("staff@example.org").await;
            let ballast = disk.fill();
            let answer = staff.post(&check, &[("seen", &seen)]).await;
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            let page = answer.text().await.unwrap();
            assert!(texts(&page, ".lead")[0].starts_with("The disk is full. Free some space"), "{page}");
            assert_eq!(texts(&page, ".reference code").len(), 1);
            assert_eq!(
                attributes(&page, "main form", "action"),
                std::slice::from_ref(&check),
                "it can be sent again"
            );
            assert_eq!(count(&site.app, "tenants").await, 2, "nothing half-made");
            for path in ["/tenants", "/tenants/before", "/tenants/before/structure", "/jobs"] {
                assert_eq!(staff.get(path).await.status(), StatusCode::OK, "{path} can be read");
            }
            fs::remove_file(&ballast).unwrap();
            let again = staff.post(&check, &[("seen", &value(&page, "seen"))]).await;
            assert_eq!(location(&again), "/tenants/refused/setup");
            work_off(&site.app).await;
            assert_eq!(tenant(&site.app, "refused").await.status, Status::Active);
            assert_eq!(site.place.files().len(), 3, "{:?}", site.place.files());
        },
    );
}

/// The same for the disk that only the tenants' files are on: the control database can tell what happened.
async fn waits_for_the_disk(words: &str, hinder: impl FnOnce(&Disk) -> Box<dyn FnOnce(&Disk)>) {
    let place = Place::new();
    let disk = Disk::mount(&place.folder.path().join("tenants"), "3m").unwrap();
    let site = Site::start_in(place).await;
    site.add("staff@example.org", Role::Staff).await;
    ask(&site.app, "Before", &[]).await;
    work_off(&site.app).await;
    let relieve = hinder(&disk);
    let staff = site.signed_in("staff@example.org").await;
    let slug = create(&staff, &describe(&staff, &Wanted { name: "Waits", ..Wanted::default() }).await).await;
    // More often than a job is tried for other reasons.
    for _ in 0..6 {
        work_off(&site.app).await;
        assert_eq!(tenant(&site.app, &slug).await.status, Status::Provisioning);
        let staff = site.signed_in("staff@example.org").await;
        let page = staff.text(&format!("/tenants/{slug}/setup")).await;
        let said = texts(&page, ".trouble-card p").join(" ");
        assert!(said.contains(words) && said.contains("it is tried again by itself"), "{said}");
        assert_eq!(texts(&page, ".trouble-card button"), ["Try now"]);
        for path in ["/tenants", "/tenants/before", "/tenants/before/structure", "/"] {
            assert_eq!(staff.get(path).await.status(), StatusCode::OK, "{path} can be read");
        }
        site.place.wait_long();
    }
    relieve(&disk);
    work_off(&site.app).await;
    assert_eq!(tenant(&site.app, &slug).await.status, Status::Active, "it went on by itself");
    assert_eq!(site.place.files().len(), 2, "{:?}", site.place.files());
    let staff = site.signed_in("staff@example.org").await;
    assert_eq!(staff.get(&format!("/tenants/{slug}/structure")).await.status(), StatusCode::OK);
}

#[test]
fn a_tenant_waits_for_room_on_the_disk_and_is_made_by_itself() {
    with_mounts("disk::a_tenant_waits_for_room_on_the_disk_and_is_made_by_itself", || {
        waits_for_the_disk("The disk is full. Free some space", |disk| {
            let ballast = disk.fill();
            Box::new(move |_| fs::remove_file(ballast).unwrap())
        })
    });
}

#[test]
fn a_tenant_waits_for_a_disk_that_can_only_be_read_and_is_made_by_itself() {
    with_mounts("disk::a_tenant_waits_for_a_disk_that_can_only_be_read_and_is_made_by_itself", || {
        waits_for_the_disk("can only be read at the moment. Make it writable again", |disk| {
            disk.remount("ro");
            Box::new(|disk| disk.remount("rw"))
        })
    });
}
