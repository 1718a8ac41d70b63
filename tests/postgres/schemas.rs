//! Tenants that share a database: no way leads from one to another, none can keep us from our work, and a schema is as
//! complete under another name.

use crate::{
    ground::{Ground, another, apply, engine, next, password},
    servers::Postgres as Server,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row};
use std::sync::Arc;
use tenantry::engine::{DatabaseName, Engine, EngineError, Origin, Presence, TenantLock};

async fn refuses(tenant: &mut PgConnection, attack: &str) -> String {
    let done = tenant.execute(AssertSqlSafe(attack.to_owned())).await;
    let refused = done.err().unwrap_or_else(|| panic!("{attack}")).to_string();
    assert!(!refused.contains("syntax error"), "{attack}: {refused}");
    refused
}

/// Every attempt of a tenant's account in a database with another tenant.
async fn attack(ground: &Ground) {
    ground.engine.create(&ground.name, &ground.lock).await.unwrap();
    ground.apply(&ground.lock, "one", &["CREATE TABLE a (id integer)"]).await.unwrap();
    let (other, lock) = another("other", 1);
    ground.engine.create(&other, &lock).await.unwrap();
    let secret = [
        "CREATE TABLE secret (id integer GENERATED ALWAYS AS IDENTITY, word text)",
        "INSERT INTO secret (word) VALUES ('hidden')",
        "CREATE VIEW seen AS SELECT * FROM secret",
        "CREATE FUNCTION told() RETURNS text LANGUAGE sql AS 'SELECT word FROM secret'",
        "ANALYZE secret",
    ];
    apply(&ground.engine, &other, &lock, "one", &secret).await.unwrap();
    let shared = ground.options.get_database().unwrap().to_owned();
    let as_other =
        ground.server.options().username(other.as_str()).password(&password(ground.lock.tenant_id));
    assert!(as_other.database(&shared).connect().await.is_err(), "with the wrong password");
    let elsewhere = ground.server.options().username(ground.name.as_str());
    let elsewhere = elsewhere.password(&password(ground.lock.tenant_id)).database(&shared);
    // Its own tables are found without a word about where they are.
    let mut tenant = elsewhere.connect().await.unwrap();
    tenant.execute("INSERT INTO a VALUES (1)").await.unwrap();
    let all: String =
        sqlx::query_scalar("SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'tenantry-tenants-%' AND pg_has_role(oid, 'MEMBER')")
            .fetch_one(&mut tenant)
            .await
            .unwrap();
    let (mine, admin) = (ground.name.as_str(), ground.options.get_username());
    for attack in [
        format!("SELECT * FROM {other}.secret"),
        format!("TABLE {other}.seen"),
        format!("SELECT {other}.told()"),
        format!("COPY {other}.secret TO STDOUT"),
        format!("INSERT INTO {other}.secret (word) VALUES ('x')"),
        format!("UPDATE {other}.secret SET word = 'x'"),
        format!("DELETE FROM {other}.secret"),
        format!("TRUNCATE {other}.secret"),
        format!("LOCK TABLE {other}.secret"),
        format!("DROP TABLE {other}.secret"),
        format!("ALTER TABLE {other}.secret OWNER TO CURRENT_USER"),
        format!("ALTER TABLE a SET SCHEMA {other}"),
        format!("CREATE TABLE {other}.mine (id integer)"),
        format!("CREATE VIEW mine AS SELECT * FROM {other}.secret"),
        format!("CREATE TABLE mine (id integer, FOREIGN KEY (id) REFERENCES {other}.secret (id))"),
        format!("CREATE TABLE mine () INHERITS ({other}.secret)"),
        format!("SELECT nextval('{other}.secret_id_seq')"),
        format!("SELECT * FROM {other}.tenantry_owner"),
        format!("SELECT * FROM {other}.tenantry_ledger"),
        format!("DROP SCHEMA {other} CASCADE"),
        format!("ALTER SCHEMA {other} RENAME TO mine"),
        format!("ALTER SCHEMA {other} OWNER TO CURRENT_USER"),
        format!("GRANT USAGE ON SCHEMA {other} TO CURRENT_USER"),
        format!("COMMENT ON SCHEMA {other} IS 'mine'"),
        format!("DROP SCHEMA {mine} CASCADE"),
        format!("ALTER SCHEMA {mine} RENAME TO mine"),
        format!("COMMENT ON SCHEMA {mine} IS 'mine'"),
        "CREATE SCHEMA mine".to_owned(),
        "CREATE TABLE public.mine (id integer)".to_owned(),
        "CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'".to_owned(),
        "CREATE TABLE pg_catalog.mine (id integer)".to_owned(),
        format!("SET ROLE {other}"),
        format!("GRANT {other} TO CURRENT_USER"),
        format!("GRANT \"{all}\" TO {other}"),
        format!("REVOKE \"{all}\" FROM {other}"),
        format!("ALTER ROLE {other} PASSWORD 'x'"),
        format!("ALTER ROLE {other} IN DATABASE {shared} SET search_path = {mine}"),
        format!("ALTER ROLE \"{all}\" SET search_path = {mine}"),
        format!("ALTER DATABASE {shared} SET search_path = {mine}"),
        format!("DROP ROLE {other}"),
        format!("DROP OWNED BY {other}"),
        format!("REASSIGN OWNED BY {other} TO CURRENT_USER"),
        format!("SET ROLE {admin}"),
        format!("SET SESSION AUTHORIZATION {admin}"),
        "CREATE ROLE mine".to_owned(),
        "ALTER ROLE CURRENT_USER SUPERUSER".to_owned(),
        "ALTER ROLE CURRENT_USER CREATEROLE".to_owned(),
        "CREATE DATABASE mine".to_owned(),
        format!("DROP DATABASE {shared}"),
        format!("ALTER DATABASE {shared} RENAME TO mine"),
        "COPY a FROM '/etc/passwd'".to_owned(),
        "COPY a TO PROGRAM 'cat'".to_owned(),
        "COPY a FROM PROGRAM 'id'".to_owned(),
        "SELECT pg_read_file('/etc/passwd')".to_owned(),
        "SELECT lo_import('/etc/passwd')".to_owned(),
        "CREATE EXTENSION dblink".to_owned(),
        "CREATE EXTENSION hstore".to_owned(),
        "CREATE FUNCTION f() RETURNS integer LANGUAGE c AS 'x'".to_owned(),
        "CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()".to_owned(),
        "CREATE PUBLICATION mine FOR ALL TABLES".to_owned(),
        "CREATE PUBLICATION mine".to_owned(),
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename <> current_user".to_owned(),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user".to_owned(),
        "SELECT * FROM pg_authid".to_owned(),
    ] {
        refuses(&mut tenant, &attack).await;
    }
    let other_database = ground.server.options().username(mine).password(&password(ground.lock.tenant_id));
    if shared != "postgres" {
        // The administrator of a database that others are in closes that one; nobody else's is ours to close.
        crate::ground::close_before_15(&ground.server, "postgres").await;
        let entered = other_database.database("postgres").connect().await;
        if let Ok(mut entered) = entered {
            refuses(&mut entered, "CREATE TABLE public.mine (id integer)").await;
        }
    }
    let seen = "SELECT count(*) FROM pg_stats WHERE schemaname <> current_schema() AND schemaname NOT IN ('pg_catalog', 'information_schema')";
    let seen: i64 = sqlx::query_scalar(seen).fetch_one(&mut tenant).await.unwrap();
    assert_eq!(seen, 0, "samples of others' values");
    unharmed_by_what_all_may(ground, &mut tenant, (&other, &lock), &all).await;
}

/// What the server lets a member of the common role say, and what comes of it: nothing.
async fn unharmed_by_what_all_may(
    ground: &Ground,
    tenant: &mut PgConnection,
    (other, lock): (&DatabaseName, &TenantLock),
    all: &str,
) {
    for harmless in [
        format!("DROP OWNED BY \"{all}\" CASCADE"),
        format!("REASSIGN OWNED BY \"{all}\" TO CURRENT_USER"),
        format!("SET ROLE \"{all}\"; DROP OWNED BY \"{all}\"; RESET ROLE"),
        format!("REVOKE ALL ON DATABASE {} FROM \"{all}\"", ground.options.get_database().unwrap()),
        format!("ALTER DEFAULT PRIVILEGES FOR ROLE \"{all}\" GRANT ALL ON TABLES TO {other}"),
        format!("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {other}"),
        "SELECT lo_create(0)".to_owned(),
        format!("GRANT SELECT ON a TO {other}"),
    ] {
        tenant
            .execute(AssertSqlSafe(harmless.clone()))
            .await
            .unwrap_or_else(|cause| panic!("{harmless}: {cause}"));
    }
    let mut application = ground.enter(other, lock.tenant_id, other.as_str()).await.unwrap();
    let row =
        sqlx::query("SELECT count(*), min(word) FROM secret").fetch_one(&mut application).await.unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<String, _>(1)), (1, "hidden".to_owned()));
    application.close().await.unwrap();
    let (new, new_lock) = another("new", 1);
    ground.engine.create(&new, &new_lock).await.unwrap();
    ground.enter(&new, new_lock.tenant_id, new.as_str()).await.unwrap();
    // All of that goes with the tenant.
    for (name, lock) in [(&ground.name, &ground.lock), (other, lock), (&new, &new_lock)] {
        assert!(ground.engine.remove_all(name, lock.tenant_id).await.unwrap());
    }
    let left = "SELECT (SELECT count(*) FROM pg_largeobject_metadata) + (SELECT count(*) FROM pg_default_acl)
                + (SELECT count(*) FROM pg_namespace WHERE nspname !~ '^(pg_|public$|information_schema$)')";
    assert_eq!(ground.number(ground.name.as_str(), left).await, 0);
    let roles =
        format!("SELECT count(*) FROM pg_roles WHERE rolname IN ('{}', '{other}', '{new}')", ground.name);
    assert_eq!(ground.number("postgres", &roles).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_account_reaches_nothing_but_its_own_schema() {
    attack(&Ground::schemas_on(Server::shared(), 8).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_it_where_the_administrator_may_make_nothing_but_roles_and_schemas() {
    attack(&Ground::hosted_schemas().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_takes_our_locks_keeps_nobody_waiting_for_long() {
    let ground = Ground::hosted_schemas().await;
    ground.engine.create(&ground.name, &ground.lock).await.unwrap();
    let (other, lock) = another("other", 1);
    ground.engine.create(&other, &lock).await.unwrap();
    let mut thief = ground.as_tenant().await.unwrap();
    // It sees the number of the lock while we have it; here it is computed as we do.
    let digest = tenantry::digest::sha256_hex(other.as_str());
    let number = i64::from_ne_bytes(u64::from_str_radix(&digest[..16], 16).unwrap().to_ne_bytes());
    sqlx::query("SELECT pg_advisory_lock($1)").bind(number).execute(&mut thief).await.unwrap();
    ground.engine.shut(&other, &next(&lock)).await.unwrap();
    assert!(thief.execute("SELECT 1").await.is_err(), "its connection has ended");
    // Another of our workers, though, is waited for, and not ended.
    let mut worker = ground.options.connect().await.unwrap();
    sqlx::query("SELECT pg_advisory_lock($1)").bind(number).execute(&mut worker).await.unwrap();
    let waited = ground.engine.reopen(&other, &next(&lock)).await.unwrap_err();
    assert!(matches!(waited, EngineError::OutOfReach(_)) && waited.may_pass(), "{waited:?}");
    worker.execute("SELECT 1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_its_schema_itself_names_the_copys_schema_in_a_copy() {
    let ground = Ground::schemas_on(Server::shared(), 8).await;
    ground.engine.create(&ground.name, &ground.lock).await.unwrap();
    let mine = ground.name.as_str();
    let all = [
        "CREATE TABLE a (id serial PRIMARY KEY, word text DEFAULT 'public.a')".to_owned(),
        format!("CREATE FUNCTION named() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM {mine}.a'"),
        format!(
            "CREATE FUNCTION set_up() RETURNS bigint LANGUAGE plpgsql SET search_path = {mine} AS 'BEGIN RETURN (SELECT count(*) FROM a); END'"
        ),
        format!(
            "CREATE FUNCTION parsed() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM {mine}.a; END"
        ),
        format!("CREATE VIEW v AS SELECT * FROM {mine}.a WHERE {mine}.named() > 0"),
        "INSERT INTO a DEFAULT VALUES".to_owned(),
    ];
    ground.apply(&ground.lock, "all", &all.each_ref().map(String::as_str)).await.unwrap();
    let file = ground.server.folder().join(format!("{mine}.saved"));
    ground.engine.save(&ground.name, ground.lock.tenant_id, &file).await.unwrap();
    // A copy, and the tenant itself from its file in the place of what was shut away.
    let (copy, lock) = another("copy", 2);
    let origin = Origin::Database(&ground.name, ground.lock.tenant_id);
    ground.engine.create_from(origin, &copy, &lock).await.unwrap();
    apply(&ground.engine, &copy, &lock, "more", &["INSERT INTO a DEFAULT VALUES"]).await.unwrap();
    let later = next(&ground.lock);
    ground.engine.shut(&ground.name, &later).await.unwrap();
    let shut_copy = another("shut", 2);
    ground.engine.create_from(origin, &shut_copy.0, &shut_copy.1).await.unwrap();
    let origin = Origin::File(&file, ground.lock.tenant_id);
    ground.engine.create_from(origin, &ground.name, &later).await.unwrap();
    for (name, tenant, rows) in [
        (&copy, lock.tenant_id, 2),
        (&shut_copy.0, shut_copy.1.tenant_id, 1),
        (&ground.name, later.tenant_id, 1),
    ] {
        let mut application = ground.enter(name, tenant, name.as_str()).await.unwrap();
        for question in
            ["named()", "set_up()", "parsed()", "(SELECT count(*) FROM v)", "(SELECT max(id)::bigint FROM a)"]
        {
            let found: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT {question}")))
                .fetch_one(&mut application)
                .await
                .unwrap_or_else(|cause| panic!("{name} {question}: {cause}"));
            assert_eq!(found, rows, "{name} {question}");
        }
        let word: String =
            sqlx::query_scalar("SELECT word FROM a LIMIT 1").fetch_one(&mut application).await.unwrap();
        assert_eq!(word, "public.a");
        application.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_schema_becomes_a_database_and_not_the_other_way_round() {
    let schemas = Ground::schemas_on(Server::shared(), 8).await;
    schemas.engine.create(&schemas.name, &schemas.lock).await.unwrap();
    schemas
        .apply(&schemas.lock, "one", &["CREATE TABLE a (id serial)", "INSERT INTO a DEFAULT VALUES"])
        .await
        .unwrap();
    let databases = Ground::made().await;
    databases.apply(&databases.lock, "one", &["CREATE TABLE b (id integer)"]).await.unwrap();
    let (one, two) =
        (schemas.server.folder().join("of-a-schema"), schemas.server.folder().join("of-a-database"));
    schemas.engine.save(&schemas.name, schemas.lock.tenant_id, &one).await.unwrap();
    databases.engine.save(&databases.name, databases.lock.tenant_id, &two).await.unwrap();
    let (name, lock) = another("moved", 2);
    databases.engine.create_from(Origin::File(&one, schemas.lock.tenant_id), &name, &lock).await.unwrap();
    assert_eq!(databases.number(name.as_str(), "SELECT count(*) FROM a").await, 1);
    let (name, lock) = another("not", 2);
    let refused =
        schemas.engine.create_from(Origin::File(&two, databases.lock.tenant_id), &name, &lock).await;
    assert!(matches!(refused, Err(EngineError::Foreign(_))), "{refused:?}");
    assert_eq!(schemas.engine.look_up(&name).await.unwrap(), Presence::Absent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_for_schemas_is_tried_out_and_says_what_is_missing() {
    let server = Arc::new(Server::start());
    let on = |database: &str, account: &str, secret: &str| {
        engine(&server, server.options().database(database).username(account).password(secret), 4)
            .in_schemas()
    };
    let mut admin = server.options().connect().await.unwrap();
    for sql in [
        "CREATE ROLE poor LOGIN PASSWORD 'poor'",
        "CREATE DATABASE theirs",
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0 OWNER poor",
    ] {
        admin.execute(sql).await.unwrap();
    }
    let mut theirs = server.options().database("theirs").connect().await.unwrap();
    theirs.execute("CREATE SCHEMA open; GRANT USAGE ON SCHEMA open TO PUBLIC").await.unwrap();
    let all = on("theirs", "poor", "poor").examine().await.unwrap().problems.join("\n");
    for statement in [
        "ALTER ROLE \"poor\" CREATEROLE;",
        "GRANT CREATE ON DATABASE \"theirs\" TO \"poor\";",
        "ALTER DATABASE \"theirs\" OWNER TO \"poor\";",
        "REVOKE ALL ON SCHEMA \"open\" FROM PUBLIC;",
    ] {
        let start = all.find(statement).unwrap_or_else(|| panic!("{statement} is not in: {all}"));
        // Each statement is one that helps.
        theirs.execute(AssertSqlSafe(all[start..start + statement.len()].to_owned())).await.unwrap();
    }
    assert!(!all.contains("CREATEDB"), "{all}");
    let poor = on("theirs", "poor", "poor");
    // Since PostgreSQL 15 the schema `public` is the database's owner's, who closes it unasked.
    let left = poor.examine().await.unwrap().problems.join("\n");
    let is_public_open = left.ends_with("REVOKE ALL ON SCHEMA \"public\" FROM PUBLIC;");
    assert_eq!(is_public_open, theirs.server_version_num().unwrap() < 150_000, "{left}");
    crate::ground::close_before_15(&server, "theirs").await;
    assert_eq!(poor.examine().await.unwrap().problems, [""; 0]);
    let (name, lock) = another("acme", 1);
    poor.create(&name, &lock).await.unwrap();
    assert_eq!(poor.examine().await.unwrap().problems, [""; 0]);
    let problems =
        on("postgres", crate::servers::ADMIN.0, crate::servers::ADMIN.1).examine().await.unwrap().problems;
    assert!(problems[0].contains("CREATE DATABASE tenants OWNER \"admin\";"), "{problems:?}");
    let problems = on("latin", "poor", "poor").examine().await.unwrap().problems;
    assert!(problems.len() == 1 && problems[0].contains("is in LATIN1"), "{problems:?}");
}

/// A way in for nobody: only who asks the catalog can tell what is there.
#[tokio::test(flavor = "multi_thread")]
async fn many_schemas_are_read_without_entering_each() {
    let ground = Ground::schemas_on(Server::shared(), 8).await;
    let mut asked = Vec::new();
    for number in 0..40 {
        let (name, lock) = another(&format!("many-{number}"), 1);
        ground.engine.create(&name, &lock).await.unwrap();
        apply(&ground.engine, &name, &lock, "one", &["CREATE TABLE a (id integer PRIMARY KEY, n text)"])
            .await
            .unwrap();
        asked.push((name, lock.tenant_id));
    }
    let mut admin = ground.options.connect().await.unwrap();
    for (name, _) in &asked {
        admin.execute(AssertSqlSafe(format!("ALTER ROLE {name} NOLOGIN"))).await.unwrap();
    }
    assert!(ground.engine.look(&asked[0].0, asked[0].1).await.is_err());
    let found = ground.engine.inspect_all(&asked).await;
    assert_eq!(found.len(), asked.len());
    assert!(found.iter().all(|found| found.as_ref().unwrap().schema.tables["a"].columns.len() == 2));
    admin.close().await.unwrap();
}

/// What a tenant puts in the way of whoever reads its schema is never run by the administrator.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_tenant_lays_in_its_schema_is_not_run_by_the_administrator() {
    for ground in [Ground::schemas_on(Server::shared(), 8).await, Ground::hosted_schemas().await] {
        let (other, other_lock) = another("other", 1);
        ground.engine.create(&other, &other_lock).await.unwrap();
        for (number, trap) in [
            "DROP TABLE tenantry_owner; CREATE VIEW tenantry_owner AS SELECT trap() AS tenant_id",
            "ALTER TABLE tenantry_owner ENABLE ROW LEVEL SECURITY; ALTER TABLE tenantry_owner FORCE ROW LEVEL SECURITY;
             CREATE POLICY own ON tenantry_owner USING (trap() <> '')",
            "CREATE FUNCTION quote_ident(name) RETURNS text LANGUAGE sql AS $$ SELECT trap() $$;
             CREATE FUNCTION same(name, text) RETURNS boolean LANGUAGE sql AS $$ SELECT trap() <> '' $$;
             CREATE OPERATOR <> (LEFTARG = name, RIGHTARG = text, FUNCTION = same);
             CREATE VIEW seen_by AS SELECT 1 AS one",
            "CREATE TYPE worded AS (word text); CREATE FUNCTION in_words(worded) RETURNS text LANGUAGE sql AS $$ SELECT trap() $$;
             CREATE CAST (worded AS text) WITH FUNCTION in_words(worded) AS IMPLICIT;
             ALTER TABLE tenantry_owner ALTER COLUMN tenant_id TYPE worded USING ROW(tenant_id::text)::worded",
        ]
        .into_iter()
        .enumerate()
        {
            let (name, lock) = another(&format!("trap-{number}"), 1);
            ground.engine.create(&name, &lock).await.unwrap();
            let mut tenant = ground.enter(&name, lock.tenant_id, name.as_str()).await.unwrap();
            let traps = format!(
                "CREATE TABLE trapped (who text);
                 CREATE FUNCTION trap() RETURNS text LANGUAGE sql AS $$
                    INSERT INTO {name}.trapped VALUES (current_user); SELECT '{}' $$;
                 GRANT ALL ON trapped TO PUBLIC; GRANT EXECUTE ON FUNCTION trap() TO PUBLIC; {trap}",
                lock.tenant_id
            );
            tenant.execute(AssertSqlSafe(traps)).await.unwrap();
            let asked = [(name.clone(), lock.tenant_id), (other.clone(), other_lock.tenant_id)];
            for _ in 0..2 {
                let found = ground.engine.inspect_all(&asked).await;
                assert!(found[1].is_ok(), "the trap keeps another tenant from being read: {found:?}");
            }
            let who: Vec<String> = sqlx::query_scalar("SELECT DISTINCT who FROM trapped WHERE who <> current_user")
                .fetch_all(&mut tenant)
                .await
                .unwrap();
            assert!(who.is_empty(), "{trap}: {who:?}");
            tenant.close().await.unwrap();
        }
    }
}
