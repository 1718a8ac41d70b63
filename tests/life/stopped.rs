//! Every act stopped at every point: done after a restart, or taken back wholly.

use super::{ACTOR, named, remember, remembered, saved, snapshots, status, with_acme};
use crate::support::{Place, count, job_of, work_off};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tenantry::{
    app::App,
    faults::Faults,
    store::{jobs::JobStatus, tenants::Status},
    usecases::life::{self, LastSnapshot},
};

/// An act on Acme, and how things stand after it was done and after it was given up.
struct Act {
    name: &'static str,
    /// What is done before, such as pausing what is to be resumed.
    before: &'static [&'static str],
    done: Status,
    undone: Status,
}

const ACTS: [Act; 9] = [
    Act { name: "suspend", before: &[], done: Status::Suspended, undone: Status::Active },
    Act { name: "resume", before: &["suspend"], done: Status::Active, undone: Status::Suspended },
    Act { name: "archive", before: &[], done: Status::Archived, undone: Status::Active },
    Act { name: "unarchive", before: &["archive"], done: Status::Active, undone: Status::Archived },
    Act { name: "snapshot", before: &[], done: Status::Active, undone: Status::Active },
    Act { name: "restore", before: &["snapshot", "second"], done: Status::Active, undone: Status::Active },
    Act { name: "clone", before: &[], done: Status::Active, undone: Status::Active },
    Act { name: "delete", before: &[], done: Status::Deleting, undone: Status::Active },
    Act { name: "keep", before: &["delete"], done: Status::Active, undone: Status::Deleting },
];

async fn start(place: &Place, app: &App, act: &str) {
    match act {
        "suspend" => drop(life::suspend(app, &ACTOR, "acme").await.unwrap()),
        "resume" => drop(life::resume(app, &ACTOR, "acme").await.unwrap()),
        "archive" => drop(life::archive(app, &ACTOR, "acme").await.unwrap()),
        "unarchive" => drop(life::unarchive(app, &ACTOR, "acme").await.unwrap()),
        "snapshot" => drop(life::take_snapshot(app, &ACTOR, "acme", "").await.unwrap()),
        "restore" => {
            let taken = snapshots(app, "acme").await.remove(0);
            life::restore_over(app, &ACTOR, "acme", taken.id).await.unwrap();
        }
        "clone" => drop(life::clone_tenant(app, &ACTOR, "acme", named("Copy")).await.unwrap()),
        "delete" => drop(life::delete(app, &ACTOR, "acme", "Acme", LastSnapshot::Needed).await.unwrap()),
        "keep" => drop(life::keep(app, &ACTOR, "acme").await.unwrap()),
        "second" => remember(place, app, "acme", "second").await,
        other => panic!("{other}"),
    }
}

/// The place of an act, ready for it and with the program closed.
async fn ready_for(act: &Act) -> Place {
    let (place, app) = with_acme().await;
    for before in act.before {
        start(&place, &app, before).await;
        work_off(&app).await;
    }
    app.store.close().await;
    place
}

/// Whether everything is as it must be after the act was done.
async fn check_done(place: &Place, app: &App, act: &Act, at: &str) {
    let at = format!("{} stopped at {at}", act.name);
    assert_eq!(status(app, "acme").await, act.done, "{at}");
    assert_eq!(count(app, "tenant_locks").await, 0, "{at}");
    let words = remembered(place, app, "acme").await;
    let expected = (act.done == Status::Active).then(|| vec!["first".to_owned()]);
    assert_eq!(words, expected, "{at}");
    let files = if act.name == "clone" || act.done != Status::Active { 2 } else { 1 };
    assert_eq!(place.files().len(), files, "{at}: {:?}", place.files());
    let copies = usize::from(matches!(act.name, "snapshot" | "delete" | "keep"))
        + 2 * usize::from(act.name == "restore");
    assert_eq!(snapshots(app, "acme").await.len(), copies, "{at}");
    assert_eq!(saved(place).len(), copies, "{at}");
    if act.name == "clone" {
        assert_eq!(status(app, "copy").await, Status::Active, "{at}");
        assert_eq!(remembered(place, app, "copy").await.unwrap(), ["first"], "{at}");
    }
}

/// Whether everything is as it was before the act.
async fn check_undone(place: &Place, app: &App, act: &Act, at: &str) {
    let at = format!("{} taken back, stopped at {at}", act.name);
    assert_eq!(status(app, "acme").await, act.undone, "{at}");
    assert_eq!(count(app, "tenant_locks").await, 0, "{at}");
    let words = remembered(place, app, "acme").await;
    let all = if act.before.contains(&"second") {
        vec!["first".to_owned(), "second".to_owned()]
    } else {
        vec!["first".to_owned()]
    };
    assert_eq!(words, (act.undone == Status::Active).then_some(all), "{at}");
    let files = if act.undone == Status::Active { 1 } else { 2 };
    assert_eq!(place.files().len(), files, "{at}: {:?}", place.files());
    let copies = usize::from(matches!(act.name, "restore" | "keep"));
    assert_eq!(snapshots(app, "acme").await.len(), copies, "{at}");
    assert_eq!(saved(place).len(), copies, "{at}");
    if act.name == "clone" {
        assert_eq!(status(app, "copy").await, Status::Failed, "{at}");
    }
}

fn once(point: &str) -> (Faults, Arc<AtomicBool>) {
    let armed = Arc::new(AtomicBool::new(true));
    let (wanted, left) = (point.to_owned(), Arc::clone(&armed));
    (Faults::armed(move |name| name == wanted && left.swap(false, Ordering::SeqCst)), armed)
}

#[tokio::test]
async fn each_act_that_is_stopped_at_any_point_is_done_after_a_restart() {
    for act in &ACTS {
        let fresh = ready_for(act).await;
        let listening = fresh.copy();
        let (faults, passed) = Faults::listening();
        let app = listening.open_with(faults).await;
        start(&listening, &app, act.name).await;
        work_off(&app).await;
        check_done(&listening, &app, act, "nothing").await;
        let points = passed.lock().unwrap().clone();
        assert!(points.len() >= 4, "{points:?}");
        for point in points {
            let place = fresh.copy();
            let (faults, armed) = once(&point);
            let dying = place.open_with(faults).await;
            start(&place, &dying, act.name).await;
            work_off(&dying).await;
            assert!(!armed.load(Ordering::SeqCst), "{} did not pass {point}", act.name);
            dying.store.close().await;
            place.clock.advance(60_000);
            let app = place.open().await;
            work_off(&app).await;
            check_done(&place, &app, act, &point).await;
            // Every step that was stopped after it had acted was run twice.
            app.store.close().await;
        }
    }
}

#[tokio::test]
async fn each_act_that_is_given_up_is_taken_back_wholly_also_when_that_is_stopped_at_any_point() {
    for act in &ACTS {
        let fresh = ready_for(act).await;
        let mut points = vec![String::new()];
        let mut place = fresh.copy();
        let mut number = 0;
        while let Some(point) = points.get(number).cloned() {
            let app = place.open().await;
            start(&place, &app, act.name).await;
            let last = last_step(&app).await;
            app.store.close().await;
            // Its last step never ends, again and again, until it is given up.
            let stop = format!("{last}:begun");
            let passed = Arc::new(std::sync::Mutex::new(Vec::new()));
            let (seen, armed) = (Arc::clone(&passed), AtomicBool::new(true));
            let first = AtomicBool::new(true);
            let wanted = point.clone();
            let dying = place
                .open_with(Faults::armed(move |name| {
                    seen.lock().unwrap().push(name.to_owned());
                    (name == stop && first.swap(false, Ordering::SeqCst))
                        || (name == wanted && armed.swap(false, Ordering::SeqCst))
                }))
                .await;
            work_off(&dying).await;
            let mut write = dying.store.write().await.unwrap();
            tenantry::store::sql("UPDATE jobs SET crashes = 10 WHERE status = 'running'")
                .run(&mut write)
                .await
                .unwrap();
            write.commit().await.unwrap();
            place.clock.advance(60_000);
            work_off(&dying).await;
            if number == 0 {
                points =
                    passed.lock().unwrap().iter().filter(|name| name.contains("undo")).cloned().collect();
                points.insert(0, String::new());
                assert!(points.len() >= 4, "{points:?}");
            } else {
                assert!(passed.lock().unwrap().contains(&point), "{} did not pass {point}", act.name);
            }
            dying.store.close().await;
            place.clock.advance(60_000);
            let app = place.open().await;
            work_off(&app).await;
            check_undone(&place, &app, act, &point).await;
            assert_eq!(count(&app, "events WHERE action IN ('job_failed', 'tenant_failed')").await, 1);
            // The way on: another try.
            if number == 0 {
                let slug = if act.name == "clone" { "copy" } else { "acme" };
                life::retry(&app, &ACTOR, slug).await.unwrap();
                work_off(&app).await;
                check_done(&place, &app, act, "another try").await;
            }
            app.store.close().await;
            number += 1;
            place = fresh.copy();
        }
    }
}

async fn last_step(app: &App) -> String {
    let mut read = app.store.read().await.unwrap();
    tenantry::store::sql(
        "SELECT s.name FROM job_steps s JOIN jobs j ON j.id = s.job_id WHERE j.status = 'queued' ORDER BY s.position DESC",
    )
    .first(&mut read)
    .await
    .unwrap()
    .unwrap()
    .text("name")
    .unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn trouble_with_the_disk_is_waited_for_then_taken_back_and_the_way_on_works() {
    let (place, app) = with_acme().await;
    // Where folders belong there is a plain file: nothing can be put there.
    for (blocked, act) in [("tenants/.shut", "suspend"), ("snapshots", "snapshot"), ("snapshots", "delete")] {
        let blocked = place.folder.path().join(blocked);
        let _ = std::fs::remove_dir_all(&blocked);
        std::fs::write(&blocked, b"").unwrap();
        start(&place, &app, act).await;
        work_off(&app).await;
        let (job, _) = job_of(&app, "acme").await;
        assert_eq!((job.status, job.attempt), (JobStatus::Queued, 1), "{act}");
        assert!(job.problem.is_some());
        for _ in 0..4 {
            place.wait_long();
            work_off(&app).await;
        }
        let (job, _) = job_of(&app, "acme").await;
        assert_eq!((job.status, job.needs_person), (JobStatus::Failed, false), "{act}: {job:?}");
        assert_eq!(status(&app, "acme").await, Status::Active, "{act}");
        assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"], "{act}");
        std::fs::remove_file(&blocked).unwrap();
        life::retry(&app, &ACTOR, "acme").await.unwrap();
        work_off(&app).await;
        let (job, _) = job_of(&app, "acme").await;
        assert_eq!(job.status, JobStatus::Done, "{act}: {job:?}");
        match act {
            "suspend" => start(&place, &app, "resume").await,
            "delete" => start(&place, &app, "keep").await,
            _ => {}
        }
        work_off(&app).await;
        assert_eq!(remembered(&place, &app, "acme").await.unwrap(), ["first"], "{act}");
    }
}
