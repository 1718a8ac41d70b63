//! Units happen wholly or not at all, and once.

use crate::ground::Ground;
use tenantry::{
    engine::{Applied, EngineError, TenantLock, Unit},
    sql::variables::Variables,
};

const TABLE: &str = "CREATE TABLE a (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0)";

pub async fn a_unit_is_run_once(ground: &Ground) {
    let tenant = ground.made().await;
    let text = "CREATE TABLE a (id INT PRIMARY KEY); INSERT INTO a (id) VALUES (1), (2); INSERT INTO a (id) VALUES (3);";
    let (statements, _) = ground.render(&tenant.model(), text);
    let unit = Unit { key: "one", statements: &statements, variables: &Variables::default() };
    let mut session = ground.engine.open(&tenant.name, &tenant.lock).await.unwrap();
    assert!(matches!(session.apply(unit).await.unwrap(), Applied::Now { .. }));
    assert_eq!(session.apply(unit).await.unwrap(), Applied::Before);
    session.close().await;
    // The same job in other hands.
    let mut session =
        ground.engine.open(&tenant.name, &TenantLock { fence: 2, ..tenant.lock }).await.unwrap();
    assert_eq!(session.apply(unit).await.unwrap(), Applied::Before);
    session.close().await;
    assert_eq!(ground.number(tenant, "SELECT COUNT(*) FROM a").await, 3);
    // A unit of the same name in another job is another one.
    let mut session = ground.engine.open(&tenant.name, &tenant.later(2)).await.unwrap();
    let again = Unit { statements: &statements[1..], ..unit };
    assert!(matches!(session.apply(again).await, Err(EngineError::Statement { index: 0, .. })));
    session.close().await;
}

pub async fn a_unit_says_how_many_rows_it_changed(ground: &Ground) {
    let tenant = ground.made().await;
    let text = "CREATE TABLE a (id INT PRIMARY KEY, n INT NULL); INSERT INTO a (id) VALUES (1), (2); UPDATE a SET n = 5 WHERE id = 1;";
    assert_eq!(
        ground.apply(tenant, "one", text).await.unwrap(),
        Applied::Now { rows: 3 },
        "rows that were changed"
    );
    let none = ground.apply(tenant, "two", "CREATE TABLE b (id INT);").await.unwrap();
    assert_eq!(none, Applied::Now { rows: 0 }, "rows that were changed");
}

pub async fn a_unit_that_two_run_at_once_is_run_once(ground: &Ground) {
    let tenant = ground.made().await;
    ground.apply(tenant, "table", &format!("{TABLE}; INSERT INTO a (id) VALUES (1);")).await.unwrap();
    let (statements, _) = ground.render(&tenant.model(), "UPDATE a SET n = n + 1;");
    for round in 0..10 {
        let key = format!("round {round}");
        let unit = Unit { key: &key, statements: &statements, variables: &Variables::default() };
        let mut one = ground.engine.open(&tenant.name, &tenant.lock).await.unwrap();
        let mut other = ground.engine.open(&tenant.name, &tenant.lock).await.unwrap();
        let (first, second) = tokio::join!(one.apply(unit), other.apply(unit));
        let mut both = [first.unwrap(), second.unwrap()];
        both.sort_by_key(|applied| *applied == Applied::Before);
        assert_eq!(both, [Applied::Now { rows: 1 }, Applied::Before]);
        one.close().await;
        other.close().await;
        assert_eq!(ground.number(tenant, "SELECT n FROM a").await, round + 1);
    }
}

pub async fn a_newer_claim_shuts_an_older_one_out(ground: &Ground) {
    let tenant = ground.made().await;
    let (statements, _) = ground.render(&tenant.model(), TABLE);
    // One that was open before the newer claim came.
    let mut old = ground.engine.open(&tenant.name, &tenant.lock).await.unwrap();
    ground
        .apply_as(tenant, &TenantLock { fence: 5, ..tenant.lock }, "new", "CREATE TABLE b (id INT);")
        .await
        .unwrap();
    let unit = Unit { key: "old", statements: &statements, variables: &Variables::default() };
    assert!(matches!(old.apply(unit).await, Err(EngineError::Stale)));
    old.close().await;
    let refused = ground.apply(tenant, "old", TABLE).await;
    assert!(matches!(&refused, Err(cause @ EngineError::Stale) if cause.may_pass()), "{refused:?}");
    let tables: Vec<String> = ground.inspect(tenant).await.tables.into_keys().collect();
    assert_eq!(tables, ["b"]);
}

pub async fn a_unit_that_fails_changes_no_rows(ground: &Ground) {
    let tenant = ground.made().await;
    ground.apply(tenant, "table", &format!("{TABLE}; INSERT INTO a (id) VALUES (1);")).await.unwrap();
    let failed = ground
        .apply(
            tenant,
            "rows",
            "INSERT INTO a (id) VALUES (2); UPDATE a SET n = 9; INSERT INTO a (id) VALUES (1);",
        )
        .await;
    let Err(EngineError::Statement { unit, index, sql, .. }) = &failed else { panic!("{failed:?}") };
    assert_eq!((unit.as_str(), *index), ("rows", 2));
    assert!(sql.contains("INSERT"), "{sql}");
    assert!(!failed.as_ref().unwrap_err().may_pass());
    assert_eq!(ground.number(tenant, "SELECT COUNT(*) FROM a WHERE n = 0").await, 1);
    assert_eq!(ground.number(tenant, "SELECT COUNT(*) FROM a").await, 1);
}

/// Where structure is part of transactions, nothing of a failed unit is left. Elsewhere a unit goes on from the statement that
/// failed. In the end it is the same: every statement has happened once.
pub async fn a_unit_that_fails_is_whole_after_it_was_mended(ground: &Ground) {
    let tenant = ground.made().await;
    let before = format!("{TABLE}; INSERT INTO a (id) VALUES (1); CREATE TABLE b (id INT);");
    let failed = ground.apply(tenant, "one", &format!("{before} INSERT INTO a (id) VALUES (1);")).await;
    assert!(matches!(failed, Err(EngineError::Statement { index: 3, .. })), "{failed:?}");
    if ground.engine.capabilities().transactional_ddl {
        assert!(ground.inspect(tenant).await.tables.is_empty());
    }
    let mended = format!("{before} INSERT INTO a (id) VALUES (2); ALTER TABLE b ADD COLUMN c INT;");
    assert!(matches!(ground.apply(tenant, "one", &mended).await.unwrap(), Applied::Now { .. }));
    assert_eq!(ground.apply(tenant, "one", "").await.unwrap(), Applied::Before);
    assert_eq!(ground.number(tenant, "SELECT COUNT(*) FROM a").await, 2);
    assert_eq!(ground.inspect(tenant).await.tables["b"].columns.len(), 2);
}

pub async fn rows_that_refer_to_nothing_undo_their_unit(ground: &Ground) {
    let tenant = ground.made().await;
    ground
        .apply(
            tenant,
            "tables",
            "CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (id INT PRIMARY KEY, a_id INT, CONSTRAINT of_a FOREIGN KEY (a_id) REFERENCES a (id));",
        )
        .await
        .unwrap();
    let failed = ground
        .apply(tenant, "rows", "INSERT INTO a (id) VALUES (1); INSERT INTO b (id, a_id) VALUES (1, 7);")
        .await;
    let is_said = matches!(failed, Err(EngineError::Dangling(_) | EngineError::Statement { .. }));
    assert!(is_said, "{failed:?}");
    assert!(!failed.unwrap_err().may_pass());
    for table in ["a", "b"] {
        assert_eq!(ground.number(tenant, &format!("SELECT COUNT(*) FROM {table}")).await, 0);
    }
}

pub async fn values_of_the_tenant_are_put_in_as_they_are(ground: &Ground) {
    let tenant = ground.made().await;
    let odd = "O'Hara \"x\" \\ `; DROP TABLE a; -- 日本 🙂 {{TENANT_ID}} %s ? $1";
    let (statements, _) = ground.render(
        &tenant.model(),
        "CREATE TABLE a (id INT PRIMARY KEY, name VARCHAR(200) NOT NULL); INSERT INTO a (id, name) VALUES (1, '{{TENANT_NAME}}');
         INSERT INTO a (id, name) VALUES (2, 'x');",
    );
    let variables = Variables::from([("TENANT_NAME", odd.to_owned())]);
    let mut session = ground.engine.open(&tenant.name, &tenant.lock).await.unwrap();
    session.apply(Unit { key: "one", statements: &statements, variables: &variables }).await.unwrap();
    let read = crate::reading::rows(session.read().await.unwrap(), "a").await;
    assert_eq!(read, [["1", odd], ["2", "x"]]);
}

pub async fn whoever_looks_changes_nothing(ground: &Ground) {
    let tenant = ground.made().await;
    let (statements, _) = ground.render(&tenant.model(), TABLE);
    let mut session = ground.engine.look(&tenant.name, tenant.id()).await.unwrap();
    let unit = Unit { key: "one", statements: &statements, variables: &Variables::default() };
    assert!(session.apply(unit).await.is_err());
    session.close().await;
    assert!(ground.inspect(tenant).await.tables.is_empty());
}
