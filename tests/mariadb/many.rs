//! Many databases are read by the administrator, and nothing in them is run by it.

use crate::{Ground, as_tenant, engine, server::ADMIN};
use sqlx::{AssertSqlSafe, Executor, Row};
use tenantry::engine::{DatabaseName, Engine, TenantLock};
use uuid::Uuid;

async fn another(ground: &Ground, slug: &str) -> (DatabaseName, Uuid) {
    let tenant_id = Uuid::now_v7();
    let (name, lock) =
        (DatabaseName::derive(slug, tenant_id), TenantLock { tenant_id, job_id: Uuid::now_v7(), fence: 1 });
    ground.engine.create(&name, &lock).await.unwrap();
    let mut tenant = as_tenant(&ground.server, &ground.engine, &name, tenant_id).await.unwrap();
    tenant.execute("CREATE TABLE a (id INT PRIMARY KEY, n VARCHAR(9))").await.unwrap();
    (name, tenant_id)
}

/// A way in for nobody: only who asks the catalog can tell what is there.
#[tokio::test(flavor = "multi_thread")]
async fn many_databases_are_read_without_entering_each() {
    let ground = Ground::made().await;
    let mut asked = Vec::new();
    for number in 0..20 {
        asked.push(another(&ground, &format!("many-{number}")).await);
    }
    let mut admin = ground.server.admin().await;
    for (name, _) in &asked {
        let account = engine(&ground.server, 2).address(name);
        let account = &account.iter().find(|(label, _)| *label == "Account").unwrap().1;
        admin.execute(AssertSqlSafe(format!("ALTER USER '{account}'@'%' ACCOUNT LOCK"))).await.unwrap();
    }
    assert!(ground.engine.look(&asked[0].0, asked[0].1).await.is_err());
    let found = ground.engine.inspect_all(&asked).await;
    assert_eq!(found.len(), asked.len());
    assert!(found.iter().all(|found| found.as_ref().unwrap().schema.tables["a"].columns.len() == 2));
    // One that has no marker any more keeps nobody else from being read, wherever it stands among them.
    for place in [0, 7, 19] {
        let drop = format!("DROP TABLE `{}`.tenantry_owner", asked[place].0);
        admin.execute(AssertSqlSafe(drop)).await.unwrap();
    }
    for (place, found) in ground.engine.inspect_all(&asked).await.iter().enumerate() {
        assert_eq!(found.is_err(), [0, 7, 19].contains(&place), "{place}: {found:?}");
    }
}

/// A view in the marker's place, and one beside it, would call what its tenant has written.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_tenant_lays_in_its_database_is_not_run_by_the_administrator() {
    let ground = Ground::made().await;
    let plain = another(&ground, "plain").await;
    let trapped = another(&ground, "trapped").await;
    let mut tenant = as_tenant(&ground.server, &ground.engine, &trapped.0, trapped.1).await.unwrap();
    for statement in [
        "CREATE TABLE trap (who VARCHAR(90))".to_owned(),
        format!(
            "CREATE FUNCTION sprung() RETURNS CHAR(36) SQL SECURITY INVOKER
             BEGIN INSERT INTO trap VALUES (CURRENT_USER()); RETURN '{}'; END",
            trapped.1
        ),
        "DROP TABLE tenantry_owner".to_owned(),
        "CREATE SQL SECURITY INVOKER VIEW tenantry_owner AS SELECT sprung() AS tenant_id".to_owned(),
        "CREATE SQL SECURITY INVOKER VIEW beside AS SELECT sprung() AS one, (SELECT sprung()) AS two"
            .to_owned(),
    ] {
        tenant.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    for _ in 0..2 {
        let found = ground.engine.inspect_all(&[trapped.clone(), plain.clone()]).await;
        assert!(found[1].is_ok(), "{found:?}");
    }
    let row = sqlx::query("SELECT CAST(COUNT(*) AS SIGNED) FROM trap WHERE who LIKE ?")
        .bind(format!("{}%", ADMIN.0))
        .fetch_one(&mut tenant)
        .await
        .unwrap();
    assert_eq!(row.get::<i64, _>(0), 0);
}
