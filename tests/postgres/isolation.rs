//! No way leads from one tenant's account to another tenant's data, to the server's files, or to more rights.

use crate::{
    ground::{Ground, another, apply, engine, password},
    servers::Postgres as Server,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row};
use std::{sync::Arc, time::Duration};
use tenantry::{
    engine::{Engine, EngineError, Unit},
    sql::variables::Variables,
};

/// Every attempt of a tenant's account, on a server with another tenant.
async fn attack(ground: &Ground) {
    ground.apply(&ground.lock, "one", &["CREATE TABLE a (id integer)"]).await.unwrap();
    let (other, other_lock) = another("other", 1);
    ground.engine.create(&other, &other_lock).await.unwrap();
    let secret = ["CREATE TABLE secret (id integer)", "INSERT INTO secret VALUES (42)"];
    apply(&ground.engine, &other, &other_lock, "one", &secret).await.unwrap();
    let admins = ground.options.get_database().unwrap().to_owned();
    for database in [other.as_str(), admins.as_str()] {
        let entered = ground.enter(&ground.name, ground.lock.tenant_id, database).await;
        let refused = entered.err().unwrap_or_else(|| panic!("{database} was entered")).to_string();
        assert!(refused.contains("permission denied"), "{refused}");
    }
    let as_other =
        ground.server.options().username(other.as_str()).password(&password(ground.lock.tenant_id));
    assert!(as_other.database(other.as_str()).connect().await.is_err(), "with the wrong password");

    let mut tenant = ground.as_tenant().await.unwrap();
    let owners = "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'tenantry-owner-%'";
    let owner: String = sqlx::query_scalar(owners).fetch_one(&mut tenant).await.unwrap();
    for attack in [
        format!("SELECT * FROM {other}.public.secret"),
        format!("INSERT INTO {other}.public.secret VALUES (1)"),
        format!("DROP DATABASE {other}"),
        format!("DROP DATABASE {}", ground.name),
        format!("ALTER DATABASE {other} OWNER TO CURRENT_USER"),
        format!("ALTER DATABASE {} RENAME TO mine", ground.name),
        format!("COMMENT ON DATABASE {} IS 'mine'", ground.name),
        format!("GRANT CONNECT ON DATABASE {other} TO CURRENT_USER WITH GRANT OPTION"),
        format!("CREATE DATABASE mine TEMPLATE {other}"),
        format!("SET ROLE {other}"),
        format!("GRANT {other} TO CURRENT_USER"),
        format!("ALTER ROLE {other} PASSWORD 'x'"),
        format!("DROP ROLE {other}"),
        format!("SET ROLE {}", ground.options.get_username()),
        "SET ROLE admin".to_owned(),
        format!("SET ROLE \"{owner}\""),
        "SET SESSION AUTHORIZATION admin".to_owned(),
        "CREATE DATABASE mine".to_owned(),
        "CREATE ROLE mine".to_owned(),
        "ALTER ROLE CURRENT_USER SUPERUSER".to_owned(),
        "ALTER ROLE CURRENT_USER CREATEDB".to_owned(),
        "CREATE SCHEMA mine".to_owned(),
        "COPY a FROM '/etc/passwd'".to_owned(),
        "COPY a TO '/tmp/tenantry-copy'".to_owned(),
        "COPY a TO PROGRAM 'cat'".to_owned(),
        "COPY a FROM PROGRAM 'id'".to_owned(),
        "SELECT pg_read_file('/etc/passwd')".to_owned(),
        "SELECT pg_ls_dir('/')".to_owned(),
        "SELECT lo_import('/etc/passwd')".to_owned(),
        "SELECT lo_export(1, '/tmp/tenantry-export')".to_owned(),
        "CREATE EXTENSION dblink".to_owned(),
        "CREATE EXTENSION file_fdw".to_owned(),
        "CREATE FUNCTION f() RETURNS integer LANGUAGE c AS 'x'".to_owned(),
        "ALTER SYSTEM SET max_connections = 1".to_owned(),
        "SELECT pg_reload_conf()".to_owned(),
        "SELECT * FROM pg_authid".to_owned(),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user".to_owned(),
    ] {
        let done = tenant.execute(AssertSqlSafe(attack.clone())).await;
        let refused = done.err().unwrap_or_else(|| panic!("{attack}")).to_string();
        assert!(!refused.contains("syntax error"), "{attack}: {refused}");
    }
    let looking = ground.engine.look(&other, other_lock.tenant_id).await.unwrap();
    let seen = sqlx::query("SELECT DISTINCT query FROM pg_stat_activity WHERE usename <> current_user")
        .fetch_all(&mut tenant)
        .await
        .unwrap();
    let seen: Vec<String> = seen.iter().map(|row| row.try_get(0).unwrap()).collect();
    assert_eq!(seen, ["<insufficient privilege>"], "what others ask is not seen");
    looking.close().await;
    let number = ground.number(other.as_str(), "SELECT sum(id)::bigint FROM secret").await;
    assert_eq!(number, 42, "the other's rows are as they were");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_account_reaches_nothing_but_its_own_database() {
    attack(&Ground::made().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_it_where_the_administrator_is_no_superuser() {
    let ground = Ground::hosted().await;
    ground.engine.create(&ground.name, &ground.lock).await.unwrap();
    attack(&ground).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_of_templates_run_as_the_tenant_and_on_scratch_databases_as_nobody() {
    let ground = Ground::made().await;
    let attacks = [
        "CREATE ROLE mine",
        "CREATE SCHEMA mine",
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        "SET ROLE admin",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT 1 / (usesuper OR usecreatedb)::integer FROM pg_user WHERE usename = current_user",
    ];
    for attack in attacks {
        let refused = ground.apply(&ground.lock, attack, &["RESET ROLE", attack]).await;
        assert!(matches!(refused, Err(EngineError::Statement { index: 1, .. })), "{attack}: {refused:?}");
        let mut scratch = ground.engine.scratch().await.unwrap();
        let statements = crate::ground::statements(&["RESET ROLE", attack]);
        let unit = Unit { key: attack, statements: &statements, variables: &Variables::default() };
        let refused = scratch.apply(unit).await;
        assert!(matches!(refused, Err(EngineError::Statement { index: 1, .. })), "{attack}: {refused:?}");
        scratch.close().await;
    }
    // What was made is the tenant's own.
    ground.apply(&ground.lock, "own", &["CREATE TABLE own (id integer)"]).await.unwrap();
    let question = format!(
        "SELECT count(*) FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'tenantry_own'::regnamespace)
         AND pg_get_userbyid(relowner) <> '{}'",
        ground.name
    );
    assert_eq!(ground.number(ground.name.as_str(), &question).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_application_sets_for_its_account_does_not_keep_us_out_or_mislead_us() {
    let ground = Ground::made().await;
    let mut tenant = ground.as_tenant().await.unwrap();
    for sql in [
        "ALTER ROLE CURRENT_USER SET search_path = tenantry_own",
        "ALTER ROLE CURRENT_USER SET default_transaction_read_only = on",
        "ALTER ROLE CURRENT_USER SET timezone = 'Asia/Tokyo'",
        "ALTER ROLE CURRENT_USER PASSWORD 'changed'",
    ] {
        tenant.execute(sql).await.unwrap();
    }
    tenant.close().await.unwrap();
    ground.apply(&ground.lock, "one", &["CREATE TABLE a (id integer)"]).await.unwrap();
    let mut session = ground.engine.look(&ground.name, ground.lock.tenant_id).await.unwrap();
    assert!(session.inspect().await.unwrap().tables.contains_key("a"));
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_never_has_more_connections_of_ours_than_were_allowed() {
    stay_within_the_bound(Ground::on(Arc::new(Server::start()), 5)).await;
    MOST.store(0, std::sync::atomic::Ordering::SeqCst);
    stay_within_the_bound(Ground::schemas_on(Arc::new(Server::start()), 5).await).await;
}

async fn stay_within_the_bound(ground: Ground) {
    ground.engine.create(&ground.name, &ground.lock).await.unwrap();
    let (few, name, tenant) = (ground.engine.clone(), ground.name.clone(), ground.lock.tenant_id);
    let looks = (0..60).map(|number| {
        let (few, name) = (few.clone(), name.clone());
        tokio::spawn(async move {
            let mut session = few.look(&name, tenant).await.unwrap();
            session.inspect().await.unwrap();
            match number % 3 {
                0 => session.close().await,
                // Dropped without being closed, and in the middle of a statement.
                1 => drop(session),
                _ => {
                    let statements = crate::ground::statements(&["SELECT pg_sleep(5)"]);
                    session.close().await;
                    let mut open = few.scratch().await.unwrap();
                    let unit =
                        Unit { key: "slow", statements: &statements, variables: &Variables::default() };
                    let slow = open.apply(unit);
                    assert!(tokio::time::timeout(Duration::from_millis(20), slow).await.is_err());
                }
            }
        })
    });
    let looks: Vec<_> = looks.collect();
    let options = ground.server.options();
    let watch = tokio::spawn(async move {
        let mut admin = options.connect().await.unwrap();
        let mut most = 0;
        loop {
            let count = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
            let row = sqlx::query(count).fetch_one(&mut admin).await.unwrap();
            most = most.max(row.try_get::<i64, _>(0).unwrap());
            if MOST.load(std::sync::atomic::Ordering::SeqCst) < 0 {
                return most;
            }
            MOST.store(most, std::sync::atomic::Ordering::SeqCst);
        }
    });
    for look in looks {
        look.await.unwrap();
    }
    MOST.store(-1, std::sync::atomic::Ordering::SeqCst);
    let most = watch.await.unwrap();
    assert!((2..=5).contains(&most), "{most}");
}

/// The most connections that were seen; below nothing when it is enough.
static MOST: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_tried_out_and_says_what_is_missing() {
    let server = Arc::new(Server::start());
    let ground = Ground::on(Arc::clone(&server), 4);
    let examined = ground.engine.examine().await.unwrap();
    assert!(examined.product.starts_with("PostgreSQL 1"), "{examined:?}");
    assert!(examined.problems.is_empty(), "{examined:?}");
    let mut admin = server.options().connect().await.unwrap();
    admin.execute("CREATE ROLE poor LOGIN PASSWORD 'poor'").await.unwrap();
    let poor = engine(&server, server.options().username("poor").password("poor"), 4);
    let examined = poor.examine().await.unwrap();
    let all = examined.problems.join("\n");
    for statement in [
        "ALTER ROLE \"poor\" CREATEDB;",
        "ALTER ROLE \"poor\" CREATEROLE;",
        "REVOKE CONNECT ON DATABASE \"postgres\" FROM PUBLIC;",
    ] {
        assert!(all.contains(statement), "{all}");
        // Each statement is one that helps.
        let start = all.find(statement).unwrap();
        admin.execute(AssertSqlSafe(all[start..start + statement.len()].to_owned())).await.unwrap();
    }
    admin.execute("GRANT CONNECT ON DATABASE postgres TO poor").await.unwrap();
    let poor = engine(&server, server.options().username("poor").password("poor"), 4);
    assert_eq!(poor.examine().await.unwrap().problems, [""; 0]);
    let wrong = engine(&server, server.options().password("wrong"), 4);
    let refused = wrong.examine().await.unwrap_err();
    assert!(matches!(refused, EngineError::OutOfReach(_)) && refused.may_pass(), "{refused:?}");
    let away = engine(&server, server.options().port(1).password("secret-of-the-test"), 4);
    let refused = away.look_up(&ground.name).await.unwrap_err();
    assert!(matches!(refused, EngineError::OutOfReach(_)) && refused.may_pass(), "{refused:?}");
    assert!(!refused.to_string().contains("secret-of-the-test"), "{refused}");
}
