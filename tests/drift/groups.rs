//! Decisions about all tenants that differ in the same way, or about some of them.

use super::{ACTOR, by_hand, check, found, level};
use crate::support::{Place, ask, count, job_of, tenant, work_off};
use tenantry::{
    app::App,
    error::Kind,
    store::{
        self,
        drift::{Level, fleet::Filter},
        users::{Role, User},
    },
    usecases::{
        actor::Actor,
        drift::{
            self, ALL, Decision, Ignore,
            runs::{self, Shown},
        },
        life,
    },
};
use tokio_util::sync::CancellationToken;

/// Decides, and has it done; the jobs that it begins are not worked on.
async fn carry_out(app: &App, id: &str, only: &[&str], decision: Decision<'_>) -> Shown {
    let only: Vec<String> = only.iter().map(|slug| (*slug).to_owned()).collect();
    let run = drift::decide(app, &ACTOR, (id, &only), decision).await.unwrap();
    assert!(runs::work(app, &CancellationToken::new()).await.unwrap());
    let shown = runs::show(app, &ACTOR, &run.id.to_string()).await.unwrap();
    assert!(shown.run.ended_ms.is_some());
    shown
}

/// Tenants that have lost an index or have a column too many, checked; gives the id of the difference.
async fn all_differing(place: &Place, app: &App, names: &[&str], statement: &str) -> String {
    for name in names {
        ask(app, name, &[]).await;
    }
    work_off(app).await;
    place.wait_long();
    for name in names {
        by_hand(place, app, &name.to_lowercase(), statement).await;
    }
    runs::check_now(app, &ACTOR, None, &mut |_, _| {}).await.unwrap();
    let fleet = drift::fleet(app, &ACTOR, &Filter::default()).await.unwrap();
    fleet.groups[0].difference.id.clone()
}

const LOST: &str = "DROP INDEX members__idx_full_name";
const OWN: &str = "ALTER TABLE audit_logs ADD COLUMN own TEXT";

#[tokio::test]
async fn one_decision_holds_for_all_tenants_with_the_same_difference() {
    let place = Place::new();
    let app = place.open().await;
    for name in ["One", "Two", "Three", "Four"] {
        ask(&app, name, &[]).await;
    }
    work_off(&app).await;
    place.wait_long();
    for slug in ["one", "two", "three"] {
        by_hand(&place, &app, slug, "DROP INDEX members__idx_full_name").await;
    }
    let run = drift::runs::check_now(&app, &ACTOR, None, &mut |_, _| {}).await.unwrap();
    assert_eq!((run.tally.checked, run.tally.drifted), (4, 3));
    let fleet = drift::fleet(&app, &ACTOR, &tenantry::store::drift::fleet::Filter::default()).await.unwrap();
    assert_eq!(fleet.groups.len(), 1);
    assert_eq!(fleet.groups[0].tenants, 3);
    let id = vec![fleet.groups[0].difference.id.clone()];
    let (plans, refused) = drift::plans(&app, &ACTOR, ALL, &id).await.unwrap();
    assert_eq!((plans.len(), plans[0].tenants.len(), refused.len()), (1, 3, 0), "one text for all three");
    let repair = Decision::Repair { approved: &plans[0].hash, with_snapshot: false };
    let shown = carry_out(&app, &id[0], &[], repair).await;
    assert_eq!((shown.run.total, shown.run.tally.checked, shown.refusals.len()), (3, 3, 0));
    assert_eq!(shown.jobs.unwrap().open, 3, "each tenant has a job");
    work_off(&app).await;
    let ends = runs::show(&app, &ACTOR, &shown.run.id.to_string()).await.unwrap().jobs.unwrap();
    assert_eq!((ends.open, ends.done, ends.failed), (0, 3, 0));
    place.wait_long();
    let run = drift::runs::check_now(&app, &ACTOR, None, &mut |_, _| {}).await.unwrap();
    assert_eq!((run.tally.checked, run.tally.drifted), (4, 0));
    let fleet = drift::fleet(&app, &ACTOR, &tenantry::store::drift::fleet::Filter::default()).await.unwrap();
    assert!(fleet.groups.is_empty());
}

#[tokio::test]
async fn of_a_group_each_tenant_gets_the_sql_that_was_shown_for_it_and_no_other() {
    let place = Place::new();
    let app = place.open().await;
    for name in ["One", "Two", "Three", "Four", "Five"] {
        ask(&app, name, &[]).await;
    }
    work_off(&app).await;
    place.wait_long();
    for slug in ["one", "two", "three", "four"] {
        by_hand(&place, &app, slug, "ALTER TABLE audit_logs DROP COLUMN ip_address").await;
    }
    // Rows stand in a table that is to be rebuilt, so other SQL is needed here.
    by_hand(&place, &app, "three", "CREATE INDEX own_x ON audit_logs (user_agent)").await;
    drift::runs::check_now(&app, &ACTOR, None, &mut |_, _| {}).await.unwrap();
    let filter = tenantry::store::drift::fleet::Filter::default();
    let fleet = drift::fleet(&app, &ACTOR, &filter).await.unwrap();
    let lost = fleet.groups.iter().find(|group| group.tenants == 4).unwrap();
    let id = vec![lost.difference.id.clone()];
    // One has been paused since: it has its turn when it is in use again.
    life::suspend(&app, &ACTOR, "four").await.unwrap();
    work_off(&app).await;
    let (plans, refused) = drift::plans(&app, &ACTOR, ALL, &id).await.unwrap();
    let mut slugs: Vec<Vec<&str>> = plans
        .iter()
        .map(|planned| planned.tenants.iter().map(|tenant| tenant.slug.as_str()).collect())
        .collect();
    for slugs in &mut slugs {
        slugs.sort_unstable();
    }
    assert_eq!(slugs, [vec!["one", "two"], vec!["three"]], "the SQL of most tenants comes first");
    assert!(refused.len() == 1 && refused[0].1.contains("Four is paused"), "{refused:?}");
    let repair = Decision::Repair { approved: &plans[1].hash, with_snapshot: false };
    assert_eq!(
        carry_out(&app, &id[0], &[], repair).await.run.scope.unwrap(),
        [tenant(&app, "three").await.id]
    );
    work_off(&app).await;
    let (left, _) = drift::plans(&app, &ACTOR, ALL, &id).await.unwrap();
    assert_eq!((left.len(), left[0].tenants.len()), (1, 2));
    assert_eq!(left[0].hash, plans[0].hash);
    // What nobody needs any more is refused as a whole.
    let error = drift::decide(&app, &ACTOR, (&id[0], &[]), repair).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.message.contains("Look at the SQL that is needed now"), "{}", error.message);
}

#[tokio::test]
async fn a_group_is_looked_at_left_alone_and_counts_again_as_one() {
    let place = Place::new();
    let app = place.open().await;
    for name in ["One", "Two", "Three"] {
        ask(&app, name, &[]).await;
    }
    work_off(&app).await;
    place.wait_long();
    for slug in ["one", "two", "three"] {
        by_hand(&place, &app, slug, "DROP INDEX members__idx_full_name").await;
    }
    drift::runs::check_now(&app, &ACTOR, None, &mut |_, _| {}).await.unwrap();
    let all = tenantry::store::drift::fleet::Filter::default();
    let alone = tenantry::store::drift::fleet::Filter { is_ignored: true, ..all.clone() };
    let id = drift::fleet(&app, &ACTOR, &all).await.unwrap().groups[0].difference.id.clone();
    let form = Ignore { reason: "They load a large file.".into(), days: "5".into() };
    // One has been mended by hand since: those with the difference are looked at again, and nobody else.
    by_hand(&place, &app, "three", "CREATE INDEX members__idx_full_name ON members (last_name, first_name)")
        .await;
    assert_eq!(runs::ask_for_group(&app, &ACTOR, &id, &[]).await.unwrap().total, 3);
    app.clock.advance(1);
    assert!(drift::runs::work(&app, &tokio_util::sync::CancellationToken::new()).await.unwrap());
    let fleet = drift::fleet(&app, &ACTOR, &all).await.unwrap();
    assert_eq!(
        (fleet.groups[0].tenants, fleet.last.unwrap().tally.checked),
        (2, 3),
        "the check of all was before"
    );
    let shown = carry_out(&app, &id, &[], Decision::Ignore(&form)).await;
    assert_eq!((shown.run.total, shown.run.tally.checked), (2, 2));
    assert!(drift::fleet(&app, &ACTOR, &all).await.unwrap().groups.is_empty());
    assert_eq!(drift::fleet(&app, &ACTOR, &alone).await.unwrap().groups[0].tenants, 2);
    let group = drift::group(&app, &ACTOR, &id).await.unwrap();
    assert_eq!((group.number, group.number_ignored), (0, 2));
    assert_eq!(carry_out(&app, &id, &[], Decision::Count).await.run.tally.checked, 2);
    assert_eq!(drift::fleet(&app, &ACTOR, &all).await.unwrap().groups[0].tenants, 2);
    assert_eq!(level(&drift::of_tenant(&app, &ACTOR, "one").await.unwrap()), Level::Medium);
}
#[tokio::test]
async fn of_a_group_those_that_were_ticked_are_decided_about_and_no_others() {
    let place = Place::new();
    let app = place.open().await;
    let id = all_differing(&place, &app, &["One", "Two", "Three", "Four"], OWN).await;
    let shown =
        carry_out(&app, &id, &["one", "three"], Decision::Keep { reason: "The board wants it." }).await;
    assert_eq!((shown.run.total, shown.run.tally.checked, shown.refusals.len()), (2, 2, 0));
    let left = drift::group(&app, &ACTOR, &id).await.unwrap();
    let names: Vec<&str> = left.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["Four", "Two"]);
    let form = Ignore { reason: "For now.".into(), days: "3".into() };
    let shown = carry_out(&app, &id, &["two"], Decision::Ignore(&form)).await;
    assert_eq!((shown.run.total, shown.run.tally.checked), (1, 1));
    let (plans, _) =
        drift::plans(&app, &ACTOR, drift::Target::Group(&["four".into()]), std::slice::from_ref(&id))
            .await
            .unwrap();
    let slugs: Vec<&str> = plans[0].tenants.iter().map(|tenant| tenant.slug.as_str()).collect();
    assert_eq!(slugs, ["four"]);
    // Somebody has done with it what was ticked.
    let only = ["one".to_owned()];
    let error = drift::decide(&app, &ACTOR, (&id, &only), Decision::Keep { reason: "x" }).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.message.contains("Nothing was changed"), "{}", error.message);
}

#[tokio::test]
async fn a_decision_that_is_sent_twice_is_one() {
    let place = Place::new();
    let app = place.open().await;
    let id = all_differing(&place, &app, &["One", "Two"], LOST).await;
    let (plans, _) = drift::plans(&app, &ACTOR, drift::ALL, std::slice::from_ref(&id)).await.unwrap();
    let repair = Decision::Repair { approved: &plans[0].hash, with_snapshot: false };
    let first = carry_out(&app, &id, &[], repair).await;
    assert_eq!((first.run.tally.checked, first.run.tally.busy), (2, 0));
    let second = drift::decide(&app, &ACTOR, (&id, &[]), repair).await.unwrap();
    assert_eq!(second.id, first.run.id);
    // Fewer tenants, or something else, is another decision; and so is the same on another day.
    let only = ["two".to_owned()];
    let fewer = drift::decide(&app, &ACTOR, (&id, &only), repair).await.unwrap();
    assert_ne!(fewer.id, first.run.id);
    let form = Ignore { reason: "For now.".into(), days: "3".into() };
    let ignored = drift::decide(&app, &ACTOR, (&id, &[]), Decision::Ignore(&form)).await.unwrap();
    app.clock.advance(7);
    let again = drift::decide(&app, &ACTOR, (&id, &[]), Decision::Ignore(&form)).await.unwrap();
    assert_eq!(again.id, ignored.id);
    let other = Ignore { reason: "For long.".into(), ..form };
    let other = drift::decide(&app, &ACTOR, (&id, &[]), Decision::Ignore(&other)).await.unwrap();
    assert_ne!(other.id, ignored.id);
    app.clock.advance(60_000);
    let later = drift::decide(&app, &ACTOR, (&id, &[]), repair).await.unwrap();
    assert_ne!(later.id, first.run.id);
}

#[tokio::test]
async fn what_cannot_be_done_in_a_tenant_is_said_with_its_name_and_the_others_are_done() {
    let place = Place::new();
    let app = place.open().await;
    let id = all_differing(
        &place,
        &app,
        &["One", "Two", "Three"],
        "ALTER TABLE audit_logs DROP COLUMN ip_address",
    )
    .await;
    let (plans, _) = drift::plans(&app, &ACTOR, ALL, std::slice::from_ref(&id)).await.unwrap();
    let repair = Decision::Repair { approved: &plans[0].hash, with_snapshot: false };
    let run = drift::decide(&app, &ACTOR, (&id, &[]), repair).await.unwrap();
    // Before its turn comes, one gets a job of another kind, and another is changed once more by hand.
    life::suspend(&app, &ACTOR, "two").await.unwrap();
    by_hand(&place, &app, "three", "CREATE INDEX own_x ON audit_logs (user_agent)").await;
    runs::work(&app, &CancellationToken::new()).await.unwrap();
    work_off(&app).await;
    let shown = runs::show(&app, &ACTOR, &run.id.to_string()).await.unwrap();
    assert_eq!((shown.run.tally.checked, shown.run.tally.failed), (2, 1));
    assert_eq!(shown.refusals[0].name, "Two");
    assert!(shown.refusals[0].why.contains("try again when it has ended"), "{}", shown.refusals[0].why);
    let jobs = shown.jobs.unwrap();
    assert_eq!((jobs.done, jobs.failed), (1, 1));
    assert_eq!(jobs.problems[0].0, "Three");
    assert!(jobs.problems[0].1.contains("not as it was when the SQL was approved"), "{:?}", jobs.problems);
}

#[tokio::test]
async fn a_turn_that_is_taken_twice_does_nothing_twice() {
    let again = async |app: &App| {
        // As if the process had been killed before it noted how far it was.
        let mut write = app.store.write().await.unwrap();
        store::sql("UPDATE drift_runs SET position = NULL, ended_ms = NULL, checked = 0, failed = 0, lease_until_ms = 0 WHERE act <> 'check'")
            .run(&mut write)
            .await
            .unwrap();
        write.commit().await.unwrap();
        runs::work(app, &CancellationToken::new()).await.unwrap();
    };
    for (decision, statement) in [
        (Decision::Keep { reason: "The board wants it." }, OWN),
        (Decision::Repair { approved: "", with_snapshot: false }, LOST),
    ] {
        let place = Place::new();
        let app = place.open().await;
        let id = all_differing(&place, &app, &["One", "Two", "Three"], statement).await;
        let (plans, _) = drift::plans(&app, &ACTOR, ALL, std::slice::from_ref(&id)).await.unwrap();
        let decision = match decision {
            Decision::Repair { .. } => Decision::Repair { approved: &plans[0].hash, with_snapshot: false },
            other => other,
        };
        let run = carry_out(&app, &id, &[], decision).await.run.id.to_string();
        again(&app).await;
        work_off(&app).await;
        again(&app).await;
        work_off(&app).await;
        let shown = runs::show(&app, &ACTOR, &run).await.unwrap();
        assert_eq!((shown.run.tally.checked, shown.refusals.len()), (3, 0), "{:?}", shown.refusals);
        if let Some(jobs) = shown.jobs {
            assert_eq!((jobs.open, jobs.done, jobs.failed), (0, 3, 0), "{jobs:?}");
            assert_eq!(count(&app, "jobs WHERE kind = 'repair'").await, 3);
        } else {
            assert_eq!(count(&app, "tenant_customizations WHERE is_active = 1").await, 3);
        }
        app.clock.advance(1);
        for slug in ["one", "two", "three"] {
            assert_eq!(found(&check(&app, slug).await), Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn what_was_decided_is_not_done_for_somebody_who_may_not_decide_it_any_more() {
    let place = Place::new();
    let app = place.open().await;
    let id = all_differing(&place, &app, &["One"], OWN).await;
    let user = User {
        id: app.new_id(),
        email: "adam@example.org".into(),
        name: "Adam".into(),
        role: Role::Admin,
        password_hash: "x".into(),
        is_active: true,
    };
    let mut write = app.store.write().await.unwrap();
    store::users::add(&mut write, &user, app.now_ms()).await.unwrap();
    write.commit().await.unwrap();
    let adam =
        Actor::Person { id: user.id, name: user.name.clone(), email: user.email.clone(), role: Role::Admin };
    let form = Ignore { reason: "For now.".into(), days: "3".into() };
    for decision in [Decision::Keep { reason: "Mine." }, Decision::Ignore(&form)] {
        let run = drift::decide(&app, &adam, (&id, &[]), decision).await.unwrap();
        let mut write = app.store.write().await.unwrap();
        store::users::set_role(&mut write, user.id, Role::Staff).await.unwrap();
        write.commit().await.unwrap();
        runs::work(&app, &CancellationToken::new()).await.unwrap();
        let shown = runs::show(&app, &ACTOR, &run.id.to_string()).await.unwrap();
        assert!(
            shown.refusals[0].why.starts_with("Adam may not decide this any more."),
            "{:?}",
            shown.refusals
        );
        let group = drift::group(&app, &ACTOR, &id).await.unwrap();
        assert_eq!((group.number, group.number_ignored), (1, 0), "nothing was done");
    }
}

#[tokio::test]
async fn many_jobs_are_not_added_where_many_wait_already() {
    let place = Place::new();
    let app = place.open().await;
    let names: Vec<String> = (0..70).map(|number| format!("T{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let id = all_differing(&place, &app, &names, LOST).await;
    let (plans, _) = drift::plans(&app, &ACTOR, ALL, std::slice::from_ref(&id)).await.unwrap();
    let repair = Decision::Repair { approved: &plans[0].hash, with_snapshot: false };
    let run = drift::decide(&app, &ACTOR, (&id, &[]), repair).await.unwrap().id.to_string();
    let stop = CancellationToken::new();
    let working = tokio::spawn({
        let (app, stop) = (app.clone(), stop.clone());
        async move { runs::work(&app, &stop).await.unwrap() }
    });
    let begun = async || runs::show(&app, &ACTOR, &run).await.unwrap().jobs.unwrap();
    while begun().await.open < 64 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(begun().await.open, 64, "others get their turn");
    // When they are done, it goes on.
    work_off(&app).await;
    assert!(working.await.unwrap());
    work_off(&app).await;
    let jobs = begun().await;
    assert_eq!((jobs.done, jobs.failed), (70, 0));
}

#[tokio::test]
async fn a_list_and_ticked_tenants_are_checked() {
    let (place, app) = super::with_acme().await;
    ask(&app, "Blue", &[]).await;
    ask(&app, "Corner", &[]).await;
    work_off(&app).await;
    place.wait_long();
    by_hand(&place, &app, "blue", LOST).await;
    ask(&app, "Waiting", &[]).await;
    let checked = async |run: store::drift::runs::Run| {
        runs::work(&app, &CancellationToken::new()).await.unwrap();
        let tally = runs::show(&app, &ACTOR, &run.id.to_string()).await.unwrap().run.tally;
        (run.total, tally.checked, tally.drifted)
    };
    let ticked = ["blue".to_owned(), "acme".to_owned(), "blue".to_owned()];
    assert_eq!(checked(runs::ask_for_some(&app, &ACTOR, &ticked).await.unwrap()).await, (2, 2, 1));
    let filter = store::tenant_list::Filter { search: Some("corner".into()), ..Default::default() };
    assert_eq!(checked(runs::ask_for_list(&app, &ACTOR, &filter).await.unwrap()).await, (1, 1, 0));
    let all = store::tenant_list::Filter::default();
    assert_eq!(checked(runs::ask_for_list(&app, &ACTOR, &all).await.unwrap()).await, (3, 3, 1));
    assert_eq!(
        runs::ask_for_some(&app, &ACTOR, &[]).await.unwrap_err().message,
        "Tick the tenants that are to be checked."
    );
    // One whose database is gone by then is named with what is in the way.
    let run = runs::ask_for_some(&app, &ACTOR, &["blue".into(), "corner".into()]).await.unwrap();
    let corner = tenant(&app, "corner").await;
    std::fs::remove_file(place.tenants_folder().join(format!("{}.db", corner.database_name))).unwrap();
    runs::work(&app, &CancellationToken::new()).await.unwrap();
    let shown = runs::show(&app, &ACTOR, &run.id.to_string()).await.unwrap();
    assert_eq!((shown.run.tally.checked, shown.run.tally.failed), (1, 1));
    assert_eq!(shown.refusals[0].name, "Corner");
    let (job, _) = job_of(&app, "waiting").await;
    assert_eq!(job.kind, "provision", "nothing else was done");
}
