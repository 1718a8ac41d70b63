//! Checks of many tenants: by the clock, beside other work, and stopped in the middle.

use super::{ACTOR, by_hand, check, with_acme};
use crate::support::{Place, ask, work_off};
use tenantry::{
    store::{
        self,
        drift::{Level, fleet::Filter},
    },
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
    let times = (app.now_ms(), until);
    let which = store::drift::runs::Which::Checks;
    store::drift::runs::take(&mut write, which, "somebody who is gone", times).await.unwrap().unwrap();
    write.commit().await.unwrap();
    let other = place.open().await;
    assert!(!drift::runs::work(&other, &CancellationToken::new()).await.unwrap());
    place.wait_long();
    assert!(drift::runs::work(&other, &CancellationToken::new()).await.unwrap());
    let fleet = drift::fleet(&other, &ACTOR, &Filter::default()).await.unwrap();
    assert_eq!(fleet.last.as_ref().unwrap().tally.checked, 140, "each once");
    assert_eq!(fleet.at(Some(Level::None)), 140);
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

#[tokio::test]
async fn the_list_is_narrowed_by_level_and_template_version_and_turned_page_by_page() {
    let (place, app) = with_acme().await;
    let columns: Vec<String> =
        (0..60).map(|number| format!("ALTER TABLE audit_logs ADD COLUMN own_{number:02} TEXT")).collect();
    by_hand(&place, &app, "acme", &columns.join(";")).await;
    by_hand(&place, &app, "acme", "DROP INDEX members__email").await;
    check(&app, "acme").await;
    let first = drift::fleet(&app, &ACTOR, &Filter::default()).await.unwrap();
    assert!(first.is_cut);
    assert_eq!(first.groups[0].difference.object, "members.email", "the worst comes first");
    let second = Filter { skipped: 1, ..Filter::default() };
    let second = drift::fleet(&app, &ACTOR, &second).await.unwrap();
    assert!(!second.is_cut);
    let mut all: Vec<&str> =
        first.groups.iter().chain(&second.groups).map(|group| group.difference.object.as_str()).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 61);
    let of = |version: (&str, &str)| Filter {
        severity: Some(Level::High),
        version: Some((version.0.into(), version.1.into())),
        ..Filter::default()
    };
    let count = &first.counts[0];
    let high = drift::fleet(&app, &ACTOR, &of((&count.template_type, &count.version))).await.unwrap();
    assert_eq!(high.groups.len(), 1);
    let other = drift::fleet(&app, &ACTOR, &of((&count.template_type, "99.0.0"))).await.unwrap();
    assert!(other.groups.is_empty());
}

#[tokio::test]
async fn a_fleet_on_three_states_costs_three_replays() {
    let place = Place::new();
    let app = place.open().await;
    for number in 0..12 {
        let modules: &[&str] = [&[][..], &["events"], &["events", "campaigns"]][number % 3];
        ask(&app, &format!("Tenant {number}"), modules).await;
    }
    work_off(&app).await;
    drop(app);
    place.wait_long();
    let app = place.open().await;
    let before = app.catalog.compiled();
    let (mut quiet, mut silent) = (|_: &[_], _: &[_]| {}, |_: &[_], _: &[_]| {});
    let (one, other) = tokio::join!(
        drift::runs::check_now(&app, &ACTOR, None, &mut quiet),
        drift::runs::check_now(&app, &ACTOR, None, &mut silent),
    );
    assert_eq!((one.unwrap().tally.checked, other.unwrap().tally.checked), (12, 12));
    assert_eq!(app.catalog.compiled() - before, 3, "two checks at the same time share them");
}
