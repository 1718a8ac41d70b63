//! Checks of many tenants: by the clock, beside other work, and stopped in the middle.

use super::{ACTOR, by_hand, with_acme};
use crate::support::{Place, ask, work_off};
use tenantry::{
    store::{self, drift::fleet::Filter},
    usecases::{drift, life},
};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_check_goes_by_the_clock_and_once_at_a_time() {
    let (place, app) = with_acme().await;
    let stop = CancellationToken::new();
    drift::runs::keep_time(&app).await.unwrap();
    drift::runs::keep_time(&app).await.unwrap();
    let going_on = drift::fleet(&app, &ACTOR, &Filter::default()).await.unwrap().going_on.unwrap();
    assert_eq!((going_on.asked_by.as_str(), going_on.total), ("the schedule", 1));
    assert_eq!(drift::runs::ask_for_all(&app, &ACTOR).await.unwrap().id, going_on.id, "it goes on already");
    assert!(drift::runs::work(&app, &stop).await.unwrap());
    assert!(!drift::runs::work(&app, &stop).await.unwrap(), "there is nothing more to do");
    by_hand(&place, &app, "acme", "DROP INDEX members__idx_full_name").await;
    drift::runs::keep_time(&app).await.unwrap();
    assert!(!drift::runs::work(&app, &stop).await.unwrap(), "it is not time yet");
    app.clock.advance(25 * 3_600_000);
    drift::runs::keep_time(&app).await.unwrap();
    assert!(drift::runs::work(&app, &stop).await.unwrap());
    let fleet = drift::fleet(&app, &ACTOR, &Filter::default()).await.unwrap();
    assert_eq!((fleet.groups.len(), fleet.last.unwrap().tally.drifted), (1, 1));
}

#[tokio::test]
async fn a_process_that_vanishes_leaves_the_rest_of_a_check_to_another() {
    let place = Place::new();
    let app = place.open().await;
    for number in 0..140 {
        ask(&app, &format!("Tenant {number}"), &[]).await;
    }
    work_off(&app).await;
    place.wait_long();
    drift::runs::ask_for_all(&app, &ACTOR).await.unwrap();
    // Stopped after the first tenants, it lets go of the check at once.
    let stop = CancellationToken::new();
    stop.cancel();
    drift::runs::work(&app, &stop).await.unwrap();
    let fleet = drift::fleet(&app, &ACTOR, &Filter::default()).await.unwrap();
    let half = fleet.going_on.unwrap().tally.checked;
    assert!((1..140).contains(&half), "{half}");
    // Killed, it keeps it until its time is over.
    let mut write = app.store.write().await.unwrap();
    let until = app.now_ms() + 60_000;
    store::drift::runs::take(&mut write, "somebody who is gone", app.now_ms(), until).await.unwrap().unwrap();
    write.commit().await.unwrap();
    let other = place.open().await;
    assert!(!drift::runs::work(&other, &CancellationToken::new()).await.unwrap());
    place.wait_long();
    assert!(drift::runs::work(&other, &CancellationToken::new()).await.unwrap());
    let fleet = drift::fleet(&other, &ACTOR, &Filter::default()).await.unwrap();
    assert_eq!(fleet.last.as_ref().unwrap().tally.checked, 140, "each once");
    assert_eq!(fleet.at(Some(store::drift::Level::None)), 140);
}

#[tokio::test]
async fn nothing_is_said_about_a_tenant_that_a_job_has() {
    let (place, app) = with_acme().await;
    by_hand(&place, &app, "acme", "DROP INDEX members__idx_full_name").await;
    life::take_snapshot(&app, &ACTOR, "acme", "").await.unwrap();
    let run = drift::runs::check_now(&app, &ACTOR, None, &mut |_, _| {}).await.unwrap();
    assert_eq!((run.tally.busy, run.tally.checked), (1, 0));
    assert!(drift::check(&app, &ACTOR, "acme").await.is_err());
    assert!(drift::of_tenant(&app, &ACTOR, "acme").await.unwrap().differences.is_empty());
    work_off(&app).await;
    place.wait_long();
    let run = drift::runs::check_now(&app, &ACTOR, None, &mut |_, _| {}).await.unwrap();
    assert_eq!((run.tally.busy, run.tally.drifted), (0, 1));
}

#[tokio::test]
async fn tenants_that_are_out_of_use_are_looked_at_too_and_those_that_are_gone_are_not() {
    let (place, app) = with_acme().await;
    ask(&app, "Bravo", &[]).await;
    work_off(&app).await;
    by_hand(&place, &app, "bravo", "DROP INDEX members__idx_full_name").await;
    life::suspend(&app, &ACTOR, "bravo").await.unwrap();
    work_off(&app).await;
    place.wait_long();
    let run = drift::runs::check_now(&app, &ACTOR, None, &mut |_, _| {}).await.unwrap();
    assert_eq!((run.tally.checked, run.tally.drifted, run.tally.failed), (2, 1, 0));
    let report = drift::of_tenant(&app, &ACTOR, "bravo").await.unwrap();
    let id = vec![report.differences[0].difference.id.clone()];
    let (plans, refused) = drift::plans(&app, &ACTOR, drift::Target::Tenant("bravo"), &id).await.unwrap();
    assert!(plans.is_empty() && refused[0].1.contains("when it is in use again"), "{refused:?}");
}
