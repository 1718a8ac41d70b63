//! Unexpected changes, with what is known of them on each engine.

use crate::support::{Place, ask, control::On, open_tenant, site::Site, tenant, work_off};
use sqlx::Connection;
use tenantry::{
    app::App,
    store::drift::{Level, fleet::Filter},
    usecases::{
        actor::Actor,
        drift::{self, ALL, Decision, Ignore},
        life,
    },
};
use tokio_util::sync::CancellationToken;

const ACTOR: Actor = Actor::CommandLine;

async fn by_hand(place: &Place, app: &App, slug: &str, statements: &'static str) {
    let mut file = open_tenant(place, &tenant(app, slug).await).await;
    sqlx::raw_sql(statements).execute(&mut file).await.unwrap();
    file.close().await.unwrap();
}

async fn groups(app: &App, filter: &Filter) -> Vec<(String, i64)> {
    let fleet = drift::fleet(app, &ACTOR, filter).await.unwrap();
    fleet.groups.into_iter().map(|group| (group.difference.object, group.tenants)).collect()
}

/// Decides about a group and has it done; for how many it was, and was not.
async fn decided(app: &App, id: &str, decision: Decision<'_>) -> (i64, usize) {
    let run = drift::decide(app, &ACTOR, (id, &[]), decision).await.unwrap();
    drift::runs::work(app, &CancellationToken::new()).await.unwrap();
    let shown = drift::runs::show(app, &ACTOR, &run.id.to_string()).await.unwrap();
    assert_eq!(shown.run.tally.failed, i64::try_from(shown.refusals.len()).unwrap());
    (shown.run.tally.checked, shown.refusals.len())
}

#[tokio::test]
async fn what_differs_is_found_counted_decided_and_forgotten() {
    for on in On::ALL {
        let site = Site::start_in(Place::on(on)).await;
        let app = &site.app;
        for name in ["One", "Two", "Three"] {
            ask(app, name, &["events"]).await;
        }
        work_off(app).await;
        for slug in ["one", "two"] {
            let lost = "DROP INDEX members__idx_full_name; ALTER TABLE audit_logs ADD COLUMN own TEXT";
            by_hand(&site.place, app, slug, lost).await;
        }
        site.place.wait_long();
        drift::runs::ask_for_all(app, &ACTOR).await.unwrap();
        assert!(drift::runs::work(app, &CancellationToken::new()).await.unwrap(), "{on:?}");
        let all = Filter::default();
        let fleet = drift::fleet(app, &ACTOR, &all).await.unwrap();
        assert_eq!((fleet.tenants(), fleet.at(Some(Level::Medium))), (3, 2), "{on:?}");
        assert_eq!(fleet.last.as_ref().unwrap().tally.drifted, 2, "{on:?}");
        let count = &fleet.counts[0];
        let version = Some((count.template_type.clone(), count.version.clone()));
        let narrow = Filter { severity: Some(Level::Medium), version, ..all.clone() };
        let objects = [("audit_logs.own".to_owned(), 2), ("members.idx_full_name".to_owned(), 2)];
        assert_eq!(groups(app, &narrow).await, objects, "{on:?}");
        assert!(groups(app, &Filter { skipped: 1, ..all.clone() }).await.is_empty(), "{on:?}");
        let id = |at: usize| fleet.groups[at].difference.id.clone();

        let form = Ignore { reason: "They load a large file.".into(), days: "5".into() };
        assert_eq!(decided(app, &id(1), Decision::Ignore(&form)).await, (2, 0), "{on:?}");
        let group = drift::group(app, &ACTOR, &id(1)).await.unwrap();
        assert_eq!((group.number, group.number_ignored, group.ignored.len()), (0, 2, 2), "{on:?}");
        app.clock.advance(6 * 86_400_000);
        drift::runs::keep_time(app).await.unwrap();
        let keep = Decision::Keep { reason: "The board wants it." };
        assert_eq!(decided(app, &id(0), keep).await, (2, 0), "{on:?}");
        let (plans, refused) = drift::plans(app, &ACTOR, ALL, &[id(1)]).await.unwrap();
        assert_eq!((plans.len(), plans[0].tenants.len(), refused.len()), (1, 2, 0), "{on:?}");
        // One gets another job before its turn.
        let repair = Decision::Repair { approved: &plans[0].hash, with_snapshot: false };
        life::suspend(app, &ACTOR, "two").await.unwrap();
        assert_eq!(decided(app, &id(1), repair).await, (1, 1), "{on:?}");
        work_off(app).await;
        life::resume(app, &ACTOR, "two").await.unwrap();
        work_off(app).await;
        assert_eq!(decided(app, &id(1), repair).await, (1, 0), "{on:?}");
        work_off(app).await;
        site.place.wait_long();
        let run = drift::runs::check_now(app, &ACTOR, None, &mut |_, _| {}).await.unwrap();
        assert_eq!((run.tally.checked, run.tally.drifted), (3, 0), "{on:?}");
        assert!(groups(app, &all).await.is_empty(), "{on:?}");
        let report = drift::of_tenant(app, &ACTOR, "two").await.unwrap();
        assert_eq!(report.own, [("column".to_owned(), "audit_logs.own".to_owned())], "{on:?}");
    }
}
