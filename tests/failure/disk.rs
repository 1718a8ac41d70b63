//! A disk that is full, or can only be read: a small one in memory, mounted for the test. Where that is not allowed, the test
//! runs itself once more in a namespace of its own, where it is.
#![cfg(target_os = "linux")]

use crate::{
    pages::{Wanted, attributes, create, describe, location, texts, value},
    program::Program,
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

/// A disk of its own in a file, that fails as disks do: what is written comes back refused, also what was open before.
struct FailingDisk {
    image: PathBuf,
    at: PathBuf,
}

impl FailingDisk {
    fn make(folder: &Path) -> FailingDisk {
        let disk = FailingDisk { image: folder.join("disk"), at: folder.join("data") };
        fs::File::create(&disk.image).unwrap().set_len(48 << 20).unwrap();
        fs::create_dir_all(&disk.at).unwrap();
        let made = Command::new("mkfs.ext4").arg("-q").arg(&disk.image).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        disk.mount();
        disk
    }

    fn mount(&self) {
        let done =
            Command::new("mount").args(["-o", "loop"]).arg(&self.image).arg(&self.at).output().unwrap();
        assert!(done.status.success(), "THIS TEST COULD NOT RUN: a disk in a file must be mounted: {done:?}");
    }

    fn fail(&self) {
        let done = Command::new("mount").args(["-o", "remount,abort"]).arg(&self.at).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    fn unmount(&self) {
        let done = Command::new("umount").arg(&self.at).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
}

impl Drop for FailingDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).output();
    }
}

/// Only root can mount a disk in a file; the test says so where it cannot run.
#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_can_suddenly_only_be_read_is_told_and_all_goes_on_once_it_can_be_written() {
    if !is_root() {
        eprintln!("NOT RUN: a disk in a file can be mounted by root only. Run this test once as root.");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let disk = FailingDisk::make(folder.path());
    let program = Program::start(folder.path(), "text").await;
    program.create("Before", "basic");
    program.wait("/tenants/before/setup", ".setup-links").await;
    disk.fail();
    // What is there can be read.
    for path in ["/tenants", "/tenants/before", "/tenants/before/structure", "/jobs", "/"] {
        let page = program.get(path).await;
        assert!(page.contains("Before") || path == "/jobs", "{path}: {page}");
    }
    // What is to be written is refused with the reason and what to do, and a reference that finds the cause.
    for (path, fields) in [
        ("/tenants/before/manage/pause", &[][..]),
        ("/tenants/before/manage/details", &[("name", "Other"), ("plan", "basic")]),
        ("/tenants/new", &[("name", "Acme"), ("email", "dana@example.org")]),
        ("/login", &[("email", "admin@example.org"), ("password", "correct-horse-battery-staple-7")]),
    ] {
        let answer = program.post(path, fields).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        let page = answer.text().await.unwrap();
        // SQLite keeps to itself what the system said, so the sentence names what it may be.
        let said = texts(&page, ".lead").join(" ");
        assert!(
            said.contains("Look whether its disk is full, missing or read-only")
                || said.contains("can only be read"),
            "{path}: {said}"
        );
        let line = program.line(&texts(&page, ".reference code")[0]).await;
        assert!(
            line.to_lowercase().contains("readonly")
                || line.contains("Read-only")
                || line.contains("disk I/O"),
            "{path}: {line}"
        );
    }
    // The disk comes back as disks do: with the program started again on it.
    drop(program);
    disk.unmount();
    disk.mount();
    let program = Program::start(folder.path(), "text").await;
    let page = program.get("/tenants/before").await;
    assert!(page.contains("Ready"), "{page}");
    program.create("After", "basic");
    program.wait("/tenants/after/setup", ".setup-links").await;
    drop(program);
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|done| done.stdout.starts_with(b"0\n"))
}
