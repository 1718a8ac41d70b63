//! What only MariaDB has: accounts and their rights, connections, structure without transactions, statements that can be cut off, on real
//! servers. What every engine does is in `conformance/`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod copies;
mod cut;
mod deadline;
mod dialect;
mod examine;
mod many;
mod place;
mod reading;
mod same;
#[path = "../support/mariadb.rs"]
mod server;
mod sweep;
mod tls;

use async_trait::async_trait;
use server::Server;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, MySqlConnection, Row};
use std::{sync::Arc, time::Duration};
use tenantry::{
    engine::{
        Applied, DatabaseName, Engine, EngineError, Marker, Secrets, Statement, TenantLock, Unit,
        mariadb::MariaDb,
    },
    sql::variables::Variables,
};
use uuid::Uuid;

/// A password for each tenant, made of its id.
#[derive(Debug)]
struct OfTheTest;

#[async_trait]
impl Secrets for OfTheTest {
    async fn of(&self, tenant: Uuid) -> Result<String, EngineError> {
        Ok(format!("s{}", tenant.simple()))
    }
}

struct Ground {
    server: Arc<Server>,
    engine: MariaDb,
    name: DatabaseName,
    lock: TenantLock,
}

fn engine(server: &Server, connections: u32) -> MariaDb {
    MariaDb::new(server.options(), connections, Arc::new(OfTheTest), server.folder().join("copies"))
}

impl Ground {
    async fn new(connections: u32) -> Ground {
        Ground::on(Server::shared().await, connections)
    }

    fn on(server: Arc<Server>, connections: u32) -> Ground {
        let tenant_id = Uuid::now_v7();
        Ground {
            engine: engine(&server, connections),
            server,
            name: DatabaseName::derive("acme", tenant_id),
            lock: TenantLock { tenant_id, job_id: Uuid::now_v7(), fence: 1 },
        }
    }

    async fn made() -> Ground {
        let ground = Ground::new(8).await;
        ground.engine.create(&ground.name, &ground.lock).await.unwrap();
        ground
    }

    fn marker(&self) -> Marker {
        Marker { tenant_id: self.lock.tenant_id, job_id: self.lock.job_id }
    }

    async fn apply(&self, lock: &TenantLock, key: &str, texts: &[&str]) -> Result<Applied, EngineError> {
        let statements = statements(texts);
        let mut session = self.engine.open(&self.name, lock).await?;
        let applied =
            session.apply(Unit { key, statements: &statements, variables: &Variables::default() }).await;
        session.close().await;
        applied
    }

    /// The first value of a question to the tenant's database, asked by the administrator.
    async fn number(&self, query: &str) -> i64 {
        let mut admin = self.server.options().database(self.name.as_str()).connect().await.unwrap();
        let row = sqlx::query(AssertSqlSafe(query.to_owned())).fetch_one(&mut admin).await.unwrap();
        let number = row.try_get(0).unwrap();
        admin.close().await.unwrap();
        number
    }

    async fn as_tenant(&self) -> Result<MySqlConnection, sqlx::Error> {
        as_tenant(&self.server, &self.engine, &self.name, self.lock.tenant_id).await
    }
}

/// A connection as a tenant's application has it.
async fn as_tenant(
    server: &Server,
    engine: &MariaDb,
    name: &DatabaseName,
    tenant: Uuid,
) -> Result<MySqlConnection, sqlx::Error> {
    let address = engine.address(name);
    let account = &address.iter().find(|(label, _)| *label == "Account").unwrap().1;
    let secret = OfTheTest.of(tenant).await.unwrap();
    server.options().username(account).password(&secret).database(name.as_str()).connect().await
}

fn statements(texts: &[&str]) -> Vec<Statement> {
    texts.iter().map(|sql| Statement { sql: (*sql).to_owned(), values: Vec::new() }).collect()
}

/// Whether the statement that was begun has happened is found out, whichever it is.
#[tokio::test(flavor = "multi_thread")]
async fn from_every_state_that_a_kill_can_leave_each_statement_is_run_exactly_once() {
    let mut ground = Ground::made().await;
    let unit = [
        "CREATE TABLE a (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0)",
        "INSERT INTO a (id) VALUES (1)",
        "ALTER TABLE a ADD COLUMN x INT NOT NULL DEFAULT 7",
        "UPDATE a SET n = n + 1",
        "CREATE VIEW v AS SELECT id FROM a",
        "CREATE TABLE b (id INT PRIMARY KEY)",
    ];
    ground.apply(&ground.lock, "whole", &unit).await.unwrap();
    let mut expected = ground.engine.look(&ground.name, ground.lock.tenant_id).await.unwrap();
    let whole = expected.inspect().await.unwrap();
    expected.close().await;
    for happened in [false, true] {
        for stop in 0..unit.len() {
            let tenant_id = Uuid::now_v7();
            ground.name = DatabaseName::derive("kill", tenant_id);
            ground.lock = TenantLock { tenant_id, job_id: Uuid::now_v7(), fence: 1 };
            ground.engine.create(&ground.name, &ground.lock).await.unwrap();
            // No program is killed here: what a kill would leave is put there.
            let (server, name, lock) = (&ground.server, ground.name.clone(), ground.lock);
            stopped_at(server, &ground.engine, &name, lock, &unit, stop, happened).await;
            ground.apply(&ground.lock, "whole", &unit).await.unwrap();
            let mut session = ground.engine.look(&ground.name, tenant_id).await.unwrap();
            assert_eq!(session.inspect().await.unwrap(), whole, "stopped at {stop}, happened: {happened}");
            session.close().await;
            assert_eq!(ground.number("SELECT CAST(SUM(n) AS SIGNED) FROM a").await, 1, "{stop} {happened}");
        }
    }
}

/// Leaves a database as a program leaves it that was killed at a statement: everything before it is done and noted, the
/// statement is begun, and has happened or not.
async fn stopped_at(
    server: &Server,
    engine: &MariaDb,
    name: &DatabaseName,
    lock: TenantLock,
    unit: &[&str],
    stop: usize,
    happened: bool,
) {
    let mut admin = server.options().database(name.as_str()).connect().await.unwrap();
    let whole = statements(unit);
    let mut session = engine.open(name, &lock).await.unwrap();
    // The same unit, cut off: what is noted of it stands under the same key.
    let cut = Unit { key: "whole", statements: &whole[..stop], variables: &Variables::default() };
    session.apply(cut).await.unwrap();
    sqlx::query("DELETE FROM tenantry_ledger WHERE statement = -1").execute(&mut admin).await.unwrap();
    let next = &whole[stop].sql;
    if next.starts_with("INSERT") || next.starts_with("UPDATE") {
        // Rows are noted in their own transaction: there is no state in between.
        if happened {
            let more = Unit { statements: &whole[..=stop], ..cut };
            session.apply(more).await.unwrap();
            sqlx::query("DELETE FROM tenantry_ledger WHERE statement = -1")
                .execute(&mut admin)
                .await
                .unwrap();
        }
    } else {
        let more = Unit { statements: &whole[..=stop], ..cut };
        session.apply(more).await.unwrap();
        sqlx::query("DELETE FROM tenantry_ledger WHERE statement = -1").execute(&mut admin).await.unwrap();
        sqlx::query("UPDATE tenantry_ledger SET ended_at = NULL WHERE statement = ?")
            .bind(i32::try_from(stop).unwrap())
            .execute(&mut admin)
            .await
            .unwrap();
        if !happened {
            let back = match stop {
                0 => "DROP TABLE a",
                2 => "ALTER TABLE a DROP COLUMN x",
                4 => "DROP VIEW v",
                _ => "DROP TABLE b",
            };
            admin.execute(back).await.unwrap();
        }
    }
    session.close().await;
    admin.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_while_a_tenant_is_made_keeps_what_was_noted() {
    let mut ground = Ground::on(Arc::new(Server::start().await), 8);
    ground.engine.create(&ground.name, &ground.lock).await.unwrap();
    for number in 0..4 {
        let table = format!("CREATE TABLE t{number} (id INT PRIMARY KEY)");
        let rows = format!("INSERT INTO t{number} VALUES (1)");
        ground.apply(&ground.lock, &format!("unit {number}"), &[&table, &rows]).await.unwrap();
        Arc::get_mut(&mut ground.server).unwrap().crash().await;
        let again = ground.apply(&ground.lock, &format!("unit {number}"), &[&table, &rows]).await;
        assert_eq!(again.unwrap(), Applied::Before, "{number}");
        assert_eq!(ground.number(&format!("SELECT COUNT(*) FROM t{number}")).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_account_reaches_nothing_but_its_own_database() {
    let ground = Ground::made().await;
    ground
        .apply(&ground.lock, "one", &["CREATE TABLE a (id INT)", "INSERT INTO a VALUES (1)"])
        .await
        .unwrap();
    // A neighbour whose name differs from the first in one sign only: `_` stands for any sign in a GRANT.
    let like: DatabaseName = ground.name.as_str().replacen('_', "x", 1).parse().unwrap();
    let other = TenantLock { tenant_id: Uuid::now_v7(), job_id: Uuid::now_v7(), fence: 1 };
    ground.engine.create(&like, &other).await.unwrap();
    let mut neighbour = as_tenant(&ground.server, &ground.engine, &like, other.tenant_id).await.unwrap();
    neighbour.execute("CREATE TABLE secret (id INT)").await.unwrap();
    let mut tenant = ground.as_tenant().await.unwrap();
    tenant.execute("INSERT INTO a VALUES (2)").await.unwrap();
    for attack in [
        format!("SELECT * FROM `{like}`.secret"),
        format!("INSERT INTO `{like}`.secret VALUES (1)"),
        format!("CREATE TABLE `{like}`.mine (id INT)"),
        format!("DROP TABLE `{like}`.secret"),
        format!("DROP DATABASE `{like}`"),
        format!("USE `{like}`"),
        "SELECT * FROM tenantry_server.made_databases".to_owned(),
        "SELECT * FROM mysql.user".to_owned(),
        "CREATE DATABASE mine".to_owned(),
        "CREATE USER mine IDENTIFIED BY 'x'".to_owned(),
        "GRANT ALL ON *.* TO CURRENT_USER()".to_owned(),
        "SET GLOBAL max_connections = 1".to_owned(),
        "LOAD DATA INFILE '/etc/passwd' INTO TABLE a".to_owned(),
        "SELECT 1 INTO OUTFILE '/tmp/tenantry-outfile'".to_owned(),
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM a".to_owned(),
        "SHUTDOWN".to_owned(),
    ] {
        let done = tenant.execute(AssertSqlSafe(attack.clone())).await;
        assert!(done.is_err(), "{attack}");
    }
    let row = sqlx::query("SELECT LOAD_FILE('/etc/passwd')").fetch_one(&mut tenant).await.unwrap();
    assert_eq!(row.try_get::<Option<Vec<u8>>, _>(0).unwrap(), None, "files of the server stay closed");
    let seen: Vec<String> = sqlx::query_scalar("SELECT schema_name FROM information_schema.schemata")
        .fetch_all(&mut tenant)
        .await
        .unwrap();
    assert!(!seen.iter().any(|name| name == like.as_str() || name == "tenantry_server"), "{seen:?}");
    let others: Vec<String> = sqlx::query_scalar("SELECT user FROM information_schema.processlist")
        .fetch_all(&mut tenant)
        .await
        .unwrap();
    assert!(others.iter().all(|user| user.starts_with("acme")), "{others:?}");
    let local = tenant.execute("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE a").await;
    assert!(local.is_err(), "the client gives no file away either");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_never_has_more_connections_of_ours_than_were_allowed() {
    let ground = Ground::on(Arc::new(Server::start().await), 3);
    ground.engine.create(&ground.name, &ground.lock).await.unwrap();
    let few = Arc::new(ground.engine.clone());
    let (name, lock) = (ground.name.clone(), ground.lock);
    let looks = (0..40).map(|_| {
        let (few, name) = (Arc::clone(&few), name.clone());
        tokio::spawn(async move {
            let mut session = few.look(&name, lock.tenant_id).await.unwrap();
            session.inspect().await.unwrap();
            session.close().await;
        })
    });
    let mut admin = ground.server.admin().await;
    admin.execute("FLUSH STATUS").await.unwrap();
    for look in looks.collect::<Vec<_>>() {
        look.await.unwrap();
    }
    let row =
        sqlx::query("SHOW GLOBAL STATUS LIKE 'Max_used_connections'").fetch_one(&mut admin).await.unwrap();
    let most: String = row.try_get(1).unwrap();
    // One is this test's own.
    assert!(most.parse::<i64>().unwrap() <= 4, "{most}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_said_to_be_away_and_helps_again_when_it_is_back() {
    let ground = Ground::made().await;
    let closed = ground.server.options().port(1);
    let nowhere = MariaDb::new(closed, 2, Arc::new(OfTheTest), "nowhere".into());
    let refused = nowhere.look_up(&ground.name).await.unwrap_err();
    assert!(matches!(refused, EngineError::OutOfReach(_)) && refused.may_pass(), "{refused:?}");
    assert!(!refused.to_string().contains(server::ADMIN.1), "{refused}");
    assert!(tokio::time::timeout(Duration::from_secs(5), ground.engine.look_up(&ground.name)).await.is_ok());
}
