//! Scratch databases, and what is left of them by programs that were killed.

use crate::{Ground, Server, cut::Way, engine};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};
use std::sync::Arc;
use tenantry::engine::{Engine, EngineError, Secrets, mariadb::MariaDb};
use uuid::Uuid;

/// Knows no tenant, as the product knows no scratch database.
#[derive(Debug)]
struct Nobodys;

#[async_trait]
impl Secrets for Nobodys {
    async fn of(&self, tenant: Uuid) -> Result<String, EngineError> {
        Err(EngineError::Missing(tenant.to_string()))
    }
}

const DATABASES: &str = "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'tenantry\\_scratch%' ORDER BY 1";
const LEFT: [&str; 3] = [
    DATABASES,
    "SELECT user FROM mysql.user WHERE user LIKE 'tenantry\\_scratch%' ORDER BY 1",
    "SELECT name FROM tenantry_server.made_databases WHERE name LIKE 'tenantry\\_scratch%' ORDER BY 1",
];

async fn all(admin: &mut MySqlConnection, question: &'static str) -> Vec<String> {
    sqlx::query_scalar(question).fetch_all(admin).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scratch_database_needs_no_password_of_a_tenants_and_is_gone_when_closed_or_dropped() {
    let server = Server::start().await;
    let engine = MariaDb::new(server.options(), 4, Arc::new(Nobodys), server.folder().join("copies"));
    let mut admin = server.admin().await;
    let closed = engine.scratch().await.unwrap();
    let dropped = engine.scratch().await.unwrap();
    let read = engine.scratch().await.unwrap();
    assert_eq!(all(&mut admin, DATABASES).await.len(), 3);
    closed.close().await;
    drop(dropped);
    let reading = read.read().await.unwrap();
    assert!(reading.tables().is_empty());
    reading.close().await;
    // The dropped one goes by itself.
    while !all(&mut admin, LEFT[2]).await.is_empty() {
        tokio::task::yield_now().await;
    }
    for question in LEFT {
        assert!(all(&mut admin, question).await.is_empty(), "{question}");
    }
}

async fn grow_old(admin: &mut MySqlConnection) {
    admin
        .execute("UPDATE tenantry_server.made_databases SET created_at = created_at - INTERVAL 2 DAY")
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_program_has_left_is_swept_up_and_nothing_else() {
    let server = Arc::new(Server::start().await);
    let ground = Ground::on(Arc::clone(&server), 8);
    ground.engine.create(&ground.name, &ground.lock).await.unwrap();
    let mut admin = server.admin().await;
    let mut swept = 0;
    let mut statements = 0;
    let mut is_through = false;
    while !is_through {
        statements += 1;
        let way = Way::to(server.port(), statements).await;
        let options = server.options().port(way.port);
        let doomed = MariaDb::new(options, 4, Arc::new(Nobodys), server.folder().join("copies"));
        let session = doomed.scratch().await;
        is_through = !way.is_cut();
        if let Ok(session) = session {
            // The program that had it is gone.
            std::mem::forget(session);
        }
        drop(way);
        let live = ground.engine.scratch().await.unwrap();
        // Others may be on their way to their databases.
        let before = all(&mut admin, DATABASES).await.len();
        ground.engine.sweep().await.unwrap();
        assert_eq!(all(&mut admin, DATABASES).await.len(), before);
        grow_old(&mut admin).await;
        if is_through {
            // It has its connection still, so somebody has it.
            ground.engine.sweep().await.unwrap();
            assert_eq!(all(&mut admin, DATABASES).await.len(), 2);
            let theirs = "SELECT CAST(id AS SIGNED) FROM information_schema.processlist WHERE user LIKE 'tenantry\\_scratch%' ORDER BY id LIMIT 1";
            let id: i64 = sqlx::query_scalar(theirs).fetch_one(&mut admin).await.unwrap();
            admin.execute(AssertSqlSafe(format!("KILL {id}"))).await.unwrap();
            while all(
                &mut admin,
                "SELECT user FROM information_schema.processlist WHERE user LIKE 'tenantry\\_scratch%'",
            )
            .await
            .len()
                > 1
            {
                tokio::task::yield_now().await;
            }
        }
        swept += ground.engine.sweep().await.unwrap();
        for question in LEFT {
            assert_eq!(
                all(&mut admin, question).await.len(),
                1,
                "{statements}: {question}: the live one stays"
            );
        }
        live.close().await;
        for question in LEFT {
            assert!(all(&mut admin, question).await.is_empty(), "{statements}: {question}");
        }
    }
    assert!(swept > 5 && statements > 10, "{swept} of {statements}");
    // The tenant is where it was.
    ground.engine.check(&ground.name, ground.lock.tenant_id).await.unwrap();
    ground.as_tenant().await.unwrap().close().await.unwrap();
    assert_eq!(engine(&server, 4).sweep().await.unwrap(), 0);
}
