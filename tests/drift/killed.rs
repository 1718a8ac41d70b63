//! The real program, killed with the signal that cannot be caught while it goes through a decision.

use super::{ACTOR, by_hand, found};
use crate::support::{Place, ask, count, work_off};
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tenantry::{
    app::App,
    clock::Clock,
    config::{Layer, Settings},
    faults::Faults,
    store::{self, drift::fleet::Filter},
    usecases::{
        drift::{self, ALL, Decision, runs},
        templates,
    },
};

const TENANTS: usize = 60;

fn worker(place: &Place) -> Child {
    Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .arg("worker")
        .env("TENANTRY_DATA_DIR", place.folder.path())
        .env("TENANTRY_LEASE_SECONDS", "0.3")
        .env("TENANTRY_RETRY_SECONDS", "0.1,0.1")
        .env("TENANTRY_DRIFT_HOURS", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn open(place: &Place) -> App {
    let data = ("TENANTRY_DATA_DIR".to_owned(), place.folder.path().display().to_string());
    let settings = Settings::gather(Layer::default(), std::iter::once(data)).unwrap();
    App::open(settings, Clock::System, Faults::none()).await.unwrap()
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_decision_each_tenant_has_its_turn_once() {
    let place = Place::new();
    let app = open(&place).await;
    templates::import_at_start(&app).await.unwrap();
    for number in 0..TENANTS {
        ask(&app, &format!("T{number}"), &[]).await;
    }
    work_off(&app).await;
    for number in 0..TENANTS {
        by_hand(&place, &app, &format!("t{number}"), "DROP INDEX members__idx_full_name").await;
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    runs::check_now(&app, &ACTOR, None, &mut |_, _| {}).await.unwrap();
    let fleet = drift::fleet(&app, &ACTOR, &Filter::default()).await.unwrap();
    let id = fleet.groups[0].difference.id.clone();
    let (plans, _) = drift::plans(&app, &ACTOR, ALL, std::slice::from_ref(&id)).await.unwrap();
    let repair = Decision::Repair { approved: &plans[0].hash, with_snapshot: false };
    let run = drift::decide(&app, &ACTOR, (&id, &[]), repair).await.unwrap().id.to_string();
    let state = async || runs::show(&app, &ACTOR, &run).await.unwrap();
    let begun = async || {
        let jobs = state().await.jobs.unwrap();
        jobs.open + jobs.done + jobs.failed
    };
    let (mut kills, mut in_the_middle) = (0, 0);
    let end = Instant::now() + Duration::from_mins(3);
    loop {
        let mut child = worker(&place);
        // It has come further than before, and dies a moment later.
        let before = begun().await;
        while begun().await == before && state().await.run.ended_ms.is_none() && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let is_ended = state().await.run.ended_ms.is_some();
        in_the_middle += i64::from(!is_ended);
        if is_ended || Instant::now() > end {
            break;
        }
        // The dead one's minute is over at once.
        let mut write = app.store.write().await.unwrap();
        store::sql("UPDATE drift_runs SET lease_until_ms = 0").run(&mut write).await.unwrap();
        write.commit().await.unwrap();
    }
    assert!(in_the_middle > 0, "{kills} kills, none of them in the middle");
    let mut child = worker(&place);
    while state().await.jobs.unwrap().open > 0 && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let shown = state().await;
    assert!(shown.refusals.is_empty(), "{:?}", shown.refusals);
    let jobs = shown.jobs.unwrap();
    let all = i64::try_from(TENANTS).unwrap();
    assert_eq!((shown.run.tally.checked, jobs.done, jobs.failed), (all, all, 0), "{jobs:?}");
    assert_eq!(count(&app, "jobs WHERE kind = 'repair'").await, all, "one job for each");
    for number in 0..TENANTS {
        let report = drift::check(&app, &ACTOR, &format!("t{number}")).await.unwrap();
        assert_eq!(found(&report), Vec::<String>::new());
    }
}
