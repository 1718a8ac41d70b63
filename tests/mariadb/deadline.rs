//! Statements that run too long, and connections that nobody closes.

use crate::{Ground, engine, server::product, statements};
use sqlx::{Connection, Row};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tenantry::{
    engine::{Applied, Engine, EngineError, Unit, mariadb::MariaDb},
    sql::variables::Variables,
};

async fn apply(engine: &MariaDb, ground: &Ground, key: &str, texts: &[&str]) -> Result<Applied, EngineError> {
    let statements = statements(texts);
    let mut session = engine.open(&ground.name, &ground.lock).await.unwrap();
    let applied =
        session.apply(Unit { key, statements: &statements, variables: &Variables::default() }).await;
    session.close().await;
    applied
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_of_a_unit_that_runs_too_long_is_stopped_and_nothing_of_it_is_left() {
    let ground = Ground::made().await;
    ground
        .apply(&ground.lock, "one", &["CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)"])
        .await
        .unwrap();
    let hasty = engine(&ground.server, 8).with_deadline(Duration::from_millis(300));
    let begun = Instant::now();
    let stopped = apply(
        &hasty,
        &ground,
        "slow",
        &["INSERT INTO a VALUES (3)", "UPDATE a SET id = id + 10 + SLEEP(60)"],
    )
    .await;
    let Err(failure @ EngineError::Statement { index: 1, .. }) = stopped else { panic!("{stopped:?}") };
    assert!(failure.to_string().contains("it ran for 300 ms and was stopped"), "{failure}");
    assert!(!failure.may_pass(), "it would only run too long again");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(ground.number("SELECT CAST(SUM(id) AS SIGNED) FROM a").await, 3);
    // Structure, too: the statement that was stopped did not happen, and is begun anew.
    let slow = "CREATE TABLE b AS SELECT SLEEP(60) AS x FROM a";
    let stopped = apply(&hasty, &ground, "table", &[slow]).await;
    assert!(matches!(stopped, Err(EngineError::Statement { index: 0, .. })), "{stopped:?}");
    assert!(
        !ground
            .engine
            .look(&ground.name, ground.lock.tenant_id)
            .await
            .unwrap()
            .inspect()
            .await
            .unwrap()
            .tables
            .contains_key("b")
    );
    apply(&hasty, &ground, "table", &["CREATE TABLE b (x INT)"]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_stops_a_statement_by_itself_when_we_are_gone() {
    let ground = Ground::made().await;
    let hasty = engine(&ground.server, 8).with_deadline(Duration::from_secs(7));
    let mut session = hasty.open(&ground.name, &ground.lock).await.unwrap();
    // MySQL has no such bound for anything but SELECT, and lets the session be.
    let (seen, bound) = if product().is_mariadb { ("@@max_statement_time", 9) } else { ("0", 0) };
    let set = statements(&[&format!("CREATE TABLE seen AS SELECT {seen} AS seconds")]);
    session.apply(Unit { key: "x", statements: &set, variables: &Variables::default() }).await.unwrap();
    session.close().await;
    assert_eq!(ground.number("SELECT CAST(seconds AS SIGNED) FROM seen").await, bound);
}

async fn connections(ground: &Ground) -> i64 {
    let mut admin = ground.server.admin().await;
    let row = sqlx::query("SELECT COUNT(*) FROM information_schema.processlist WHERE user = ?")
        .bind(ground.name.as_str())
        .fetch_one(&mut admin)
        .await
        .unwrap();
    admin.close().await.unwrap();
    row.get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_dropped_keeps_its_place_until_the_server_has_let_go_of_it() {
    let ground = Ground::made().await;
    // One place for a tenant.
    let few = Arc::new(engine(&ground.server, 2));
    for _ in 0..5 {
        let session = few.open(&ground.name, &ground.lock).await.unwrap();
        let (own, name, lock) = (Arc::clone(&few), ground.name.clone(), ground.lock);
        let waiting = tokio::spawn(async move { own.open(&name, &lock).await.unwrap() });
        // In the middle of a statement: the server would not notice by itself that nobody listens.
        let running = tokio::spawn(async move {
            let mut session = session;
            let sleep = statements(&["DO SLEEP(60)"]);
            let _ = session
                .apply(Unit { key: "sleep", statements: &sleep, variables: &Variables::default() })
                .await;
        });
        let asleep = format!(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE user = '{}' AND info LIKE 'DO SLEEP%'",
            ground.name
        );
        while ground.number(&asleep).await == 0 {
            tokio::task::yield_now().await;
        }
        running.abort();
        // The server counts one connection at any time: the second begins when the first is gone.
        while !waiting.is_finished() {
            assert!(connections(&ground).await <= 1);
        }
        assert_eq!(connections(&ground).await, 1);
        waiting.await.unwrap().close().await;
        assert_eq!(connections(&ground).await, 0);
    }
}
