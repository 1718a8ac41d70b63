//! Putting back, keeping and leaving alone.

use super::{ACTOR, by_hand, check, found, ids, level, put_back, with_acme};
use crate::support::{job_of, tenant, work_off};
use tenantry::{
    app::App,
    error::Kind,
    store::{drift::Level, jobs::JobStatus},
    usecases::{
        actor::Actor,
        drift::{self, Ignore, Target},
        life::{self, NewName},
    },
};

const ACME: &str = "acme";

async fn kept(app: &App, id: &str) {
    drift::adopt(app, &ACTOR, ACME, id, "The board wants it.").await.unwrap();
}

#[tokio::test]
async fn a_kept_column_is_expected_and_found_missing_when_it_goes_and_a_clone_has_it_too() {
    let (place, app) = with_acme().await;
    by_hand(
        &place,
        &app,
        "acme",
        "ALTER TABLE audit_logs ADD COLUMN blood_group TEXT; CREATE INDEX own_x ON members (phone)",
    )
    .await;
    let report = check(&app, "acme").await;
    let column = report.differences.iter().find(|noted| noted.difference.kind == "column").unwrap();
    kept(&app, &column.difference.id).await;
    let report = drift::of_tenant(&app, &ACTOR, "acme").await.unwrap();
    assert_eq!(found(&report), ["added index members.own_x"], "the other difference is still one");
    assert_eq!(report.own, [("column".to_owned(), "audit_logs.blood_group".to_owned())]);
    assert_eq!(found(&check(&app, "acme").await), ["added index members.own_x"]);
    let name = NewName { name: "Copy".into(), email: "olga@example.org".into(), request_id: None };
    life::clone_tenant(&app, &ACTOR, "acme", name).await.unwrap();
    work_off(&app).await;
    assert_eq!(
        found(&check(&app, "copy").await),
        ["added index members.own_x"],
        "a clone keeps what is its original's own"
    );
    by_hand(&place, &app, "acme", "ALTER TABLE audit_logs DROP COLUMN blood_group").await;
    let report = check(&app, "acme").await;
    assert_eq!(found(&report), ["added index members.own_x", "removed column audit_logs.blood_group"]);
    put_back(&app, "acme", &ids(&report)).await;
    assert_eq!(found(&check(&app, "acme").await), Vec::<String>::new());
    let (_, expected, live) = drift::schemas(&app, &ACTOR, "acme").await.unwrap();
    assert!(live.tables["audit_logs"].columns.iter().any(|column| column.name == "blood_group"));
    assert_eq!(expected.fingerprint(), live.fingerprint());
}

#[tokio::test]
async fn what_is_missing_cannot_be_kept_and_a_reason_is_wanted() {
    let (place, app) = with_acme().await;
    by_hand(
        &place,
        &app,
        "acme",
        "ALTER TABLE audit_logs DROP COLUMN ip_address; ALTER TABLE events ADD COLUMN own TEXT",
    )
    .await;
    let report = check(&app, "acme").await;
    for noted in &report.differences {
        let tried = drift::adopt(&app, &ACTOR, ACME, &noted.difference.id, "Why not.").await;
        assert_eq!(tried.is_ok(), noted.difference.change == "added", "{}", noted.difference.sentence);
    }
    let left = check(&app, "acme").await;
    let error = drift::adopt(&app, &ACTOR, ACME, &ids(&left)[0], "  ").await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(error.fields.contains_key("reason"), "{error:?}");
    let error = drift::adopt(&app, &ACTOR, ACME, "0123456789abcdef", "Why not.").await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
}

#[tokio::test]
async fn what_is_left_alone_does_not_count_until_its_day_and_then_counts_again_by_itself() {
    let (place, app) = with_acme().await;
    by_hand(&place, &app, "acme", "DROP INDEX members__email").await;
    let report = check(&app, "acme").await;
    assert_eq!(level(&report), Level::High);
    let id = &ids(&report)[0];
    for (reason, days) in [("", "5"), ("Because", "0"), ("Because", "367"), ("Because", "many")] {
        let form = Ignore { reason: reason.into(), days: days.into() };
        assert_eq!(
            drift::ignore(&app, &ACTOR, ACME, id, &form).await.unwrap_err().kind,
            Kind::Invalid,
            "{reason} {days}"
        );
    }
    let form = Ignore { reason: "They import twice on purpose.".into(), days: "5".into() };
    drift::ignore(&app, &ACTOR, ACME, id, &form).await.unwrap();
    let report = check(&app, "acme").await;
    assert_eq!((level(&report), report.differences.len()), (Level::None, 1));
    assert_eq!(report.differences[0].ignored.as_ref().unwrap().reason, "They import twice on purpose.");
    drift::stop_ignoring(&app, &ACTOR, "acme", id).await.unwrap();
    assert_eq!(level(&drift::of_tenant(&app, &ACTOR, "acme").await.unwrap()), Level::High);
    drift::ignore(&app, &ACTOR, ACME, id, &form).await.unwrap();
    app.clock.advance(6 * 86_400_000);
    drift::runs::keep_time(&app).await.unwrap();
    let report = drift::of_tenant(&app, &ACTOR, "acme").await.unwrap();
    assert_eq!(level(&report), Level::High);
    assert!(report.differences[0].ignored.is_none());
    assert_eq!(tenant(&app, "acme").await.slug, "acme");
}

#[tokio::test]
async fn sql_that_was_not_approved_is_never_run() {
    let (place, app) = with_acme().await;
    by_hand(&place, &app, "acme", "DROP INDEX members__idx_full_name; CREATE INDEX own_x ON members (phone)")
        .await;
    let report = check(&app, "acme").await;
    let id = report
        .differences
        .iter()
        .find(|noted| noted.difference.change == "removed")
        .unwrap()
        .difference
        .id
        .clone();
    let one = [id];
    let (plans, _) = drift::plans(&app, &ACTOR, Target::Tenant(ACME), &one).await.unwrap();
    assert_eq!(plans[0].plan.statements.len(), 1);
    // Another text than the one that was shown.
    drift::repair(&app, &ACTOR, ACME, &one, ("0".repeat(64).as_str(), false)).await.unwrap();
    work_off(&app).await;
    let (job, _) = job_of(&app, "acme").await;
    assert_eq!(job.status, JobStatus::Failed);
    assert!(job.problem.unwrap().contains("not as it was when the SQL was approved"));
    assert_eq!(found(&check(&app, "acme").await).len(), 2, "nothing was changed");
    // What was chosen is put back, and nothing else.
    put_back(&app, "acme", &one).await;
    assert_eq!(found(&check(&app, "acme").await), ["added index members.own_x"]);
    // Put back a second time, there is nothing to do.
    let (plans, refused) = drift::plans(&app, &ACTOR, Target::Tenant(ACME), &one).await.unwrap();
    assert!(plans.is_empty() && refused.len() == 1, "{refused:?}");
}

#[tokio::test]
async fn rows_that_the_template_does_not_allow_stop_the_repair_and_nothing_is_lost() {
    let (place, app) = with_acme().await;
    by_hand(
        &place,
        &app,
        "acme",
        "DROP INDEX members__email;
         INSERT INTO members (first_name, last_name, email, join_date) VALUES ('A', 'B', 'x@example.org', '2026-01-02'), ('C', 'D', 'x@example.org', '2026-01-02')",
    )
    .await;
    let report = check(&app, "acme").await;
    put_back(&app, "acme", &ids(&report)).await;
    let (job, _) = job_of(&app, "acme").await;
    assert_eq!(job.status, JobStatus::Failed);
    assert!(job.problem.unwrap().contains("refused"), "the database says no");
    assert!(job.problem_detail.unwrap().to_lowercase().contains("unique"));
    assert_eq!(found(&check(&app, "acme").await), ["removed index members.email"]);
}

#[tokio::test]
async fn what_takes_rows_away_says_so_and_keeps_a_snapshot_first() {
    let (place, app) = with_acme().await;
    by_hand(
        &place,
        &app,
        "acme",
        "CREATE TABLE own_notes (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO own_notes VALUES (1, 'x')",
    )
    .await;
    let report = check(&app, "acme").await;
    let (plans, _) = drift::plans(&app, &ACTOR, Target::Tenant(ACME), &ids(&report)).await.unwrap();
    assert_eq!(plans[0].plan.losses, ["The table own_notes goes, with all its rows."]);
    put_back(&app, "acme", &ids(&report)).await;
    let (_, snapshots) = life::snapshots(&app, &ACTOR, "acme").await.unwrap();
    assert_eq!(snapshots.len(), 1);
    assert_eq!(snapshots[0].reason.word(), "before_repair");
}

#[tokio::test]
async fn a_repair_that_was_stopped_at_any_point_ends_after_a_restart() {
    for point in ["compare", "save", "change", "check"] {
        for moment in ["before", "begun", "acted", "recorded"] {
            let (place, app) = with_acme().await;
            by_hand(
                &place,
                &app,
                "acme",
                "DROP INDEX members__idx_full_name; ALTER TABLE audit_logs DROP COLUMN ip_address",
            )
            .await;
            let report = check(&app, "acme").await;
            let chosen = ids(&report);
            let (plans, _) = drift::plans(&app, &ACTOR, Target::Tenant(ACME), &chosen).await.unwrap();
            drift::repair(&app, &ACTOR, ACME, &chosen, (&plans[0].hash, false)).await.unwrap();
            drop(app);
            let stopping = {
                let point = format!("{point}:{moment}");
                place.open_with(tenantry::faults::Faults::armed(move |name| name == point)).await
            };
            work_off(&stopping).await;
            drop(stopping);
            place.wait_long();
            let app = place.open().await;
            work_off(&app).await;
            assert_eq!(found(&check(&app, "acme").await), Vec::<String>::new(), "{point}:{moment}");
        }
    }
}

#[tokio::test]
async fn staff_may_look_and_only_administrators_decide() {
    let (place, app) = with_acme().await;
    by_hand(&place, &app, "acme", "DROP INDEX members__idx_full_name").await;
    let staff = Actor::Person {
        id: uuid::Uuid::new_v4(),
        name: "Sam".into(),
        email: "sam@example.org".into(),
        role: tenantry::store::users::Role::Staff,
    };
    place.wait_long();
    let report = drift::check(&app, &staff, "acme").await.unwrap();
    let chosen = ids(&report);
    assert_eq!(
        drift::plans(&app, &staff, Target::Tenant(ACME), &chosen).await.unwrap_err().kind,
        Kind::Refused
    );
    assert_eq!(
        drift::repair(&app, &staff, ACME, &chosen, ("", false)).await.unwrap_err().kind,
        Kind::Refused
    );
    assert_eq!(drift::adopt(&app, &staff, ACME, &chosen[0], "x").await.unwrap_err().kind, Kind::Refused);
    let form = Ignore { reason: "x".into(), days: "1".into() };
    assert_eq!(drift::ignore(&app, &staff, ACME, &chosen[0], &form).await.unwrap_err().kind, Kind::Refused);
}
