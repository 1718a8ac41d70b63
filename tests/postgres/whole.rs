//! A database made at once from a template on the server is what its units make one after the other.

use crate::{
    ground::{Ground, another, marker},
    servers::Postgres as Server,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use std::{collections::BTreeMap, sync::Arc};
use tenantry::{
    engine::{
        DatabaseName, Draft, Drafted, Engine, EngineError, Presence, TenantLock, Unit, Whole,
        postgres::Postgres,
    },
    sql::variables::Variables,
    templates::{Embedded, compile::Compiled, files, prove},
};

fn variables(lock: &TenantLock) -> Variables {
    Variables::from([
        ("TENANT_ID", lock.tenant_id.to_string()),
        ("TENANT_SLUG", "acme".to_owned()),
        ("TENANT_NAME", "O'Hara \"& Söhne\" {{OWNER_EMAIL}} {} \\ 红十字会".to_owned()),
        ("OWNER_EMAIL", "dana@example.org".to_owned()),
        ("CURRENT_TIMESTAMP", "2026-01-01 00:00:00".to_owned()),
        ("SET_ON_APP", "!".to_owned()),
        ("TEMPLATE_NAME", "Acme".to_owned()),
        ("TEMPLATE_VERSION", "1.0.0".to_owned()),
    ])
}

pub async fn compiled(engine: &Postgres, template: &str) -> Compiled {
    let files = files::read(&Embedded, template).unwrap().template.unwrap();
    let modules: Vec<String> = files.modules.iter().map(|module| module.name.clone()).collect();
    prove::compile(engine, &files, &modules).await.unwrap()
}

fn units<'a>(compiled: &'a Compiled, variables: &'a Variables) -> Vec<Unit<'a>> {
    let unit = |unit: &'a tenantry::templates::compile::CompiledUnit| Unit {
        key: &unit.key,
        statements: &unit.statements,
        variables,
    };
    compiled.units.iter().map(unit).chain([Unit { key: "baseline", statements: &[], variables }]).collect()
}

pub async fn draft(
    engine: &Postgres,
    name: &DatabaseName,
    lock: &TenantLock,
    compiled: &Compiled,
) -> Result<Drafted, EngineError> {
    let variables = variables(lock);
    let units = units(compiled, &variables);
    let whole = Whole { key: &compiled.source_hash, units: &units, schema_hash: &compiled.expected_hash };
    engine.draft(name, lock, &whole).await
}

async fn ready(engine: &Postgres, name: &DatabaseName, lock: &TenantLock, compiled: &Compiled) -> Draft {
    match draft(engine, name, lock, compiled).await.unwrap() {
        Drafted::Ready(draft) => draft,
        Drafted::Stepwise => panic!("it cannot be made at once"),
    }
}

/// Every row of every table as a text, without what depends on chance, time and the tenant.
async fn content(ground: &Ground, name: &DatabaseName) -> BTreeMap<String, Vec<String>> {
    let mut connection = ground.looking_into(name.as_str()).connect().await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('public', 'tenantry_own', $1) AND c.relkind = 'r' ORDER BY 1",
    )
    .bind(name.as_str())
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut content = BTreeMap::new();
    for table in tables {
        let question = format!(
            "SELECT (to_jsonb(t) - 'uuid' - 'created_at' - 'updated_at' - 'ended_at' - 'tenant_id' - 'job_id')::text FROM {table} t ORDER BY 1"
        );
        let rows = sqlx::query_scalar(AssertSqlSafe(question)).fetch_all(&mut connection).await.unwrap();
        content.insert(table, rows);
    }
    connection.close().await.unwrap();
    content
}

#[tokio::test(flavor = "multi_thread")]
async fn every_template_made_at_once_is_what_its_units_make() {
    all_at_once(Ground::on(Server::shared(), 8)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_so_it_is_in_schemas() {
    all_at_once(Ground::schemas_on(Server::shared(), 8).await).await;
}

async fn all_at_once(ground: Ground) {
    for template in ["basic", "ngo", "political_party", "corporate"] {
        let compiled = compiled(&ground.engine, template).await;
        let (name, lock) = another("slow", 3);
        ground.engine.create(&name, &lock).await.unwrap();
        let values = variables(&lock);
        let mut session = ground.engine.open(&name, &lock).await.unwrap();
        for unit in units(&compiled, &values) {
            session.apply(unit).await.unwrap();
        }
        session.close().await;
        let slow = content(&ground, &name).await;
        assert!(slow.values().map(Vec::len).sum::<usize>() > 50, "{template}");
        for round in 0..2 {
            let (name, lock) = another("fast", 3);
            let draft = ready(&ground.engine, &name, &lock, &compiled).await;
            assert_eq!(draft.took.len(), compiled.units.len() + 1);
            assert_eq!(ground.engine.look_up(&name).await.unwrap(), Presence::Absent, "it has no name yet");
            ground.engine.publish(&draft).await.unwrap();
            ground.engine.publish(&draft).await.unwrap();
            assert_eq!(ground.engine.look_up(&name).await.unwrap(), Presence::Ours(marker(&lock)));
            assert_eq!(content(&ground, &name).await, slow, "{template}, {round}");
            let mut session = ground.engine.open(&name, &lock).await.unwrap();
            assert_eq!(session.inspect().await.unwrap().fingerprint(), compiled.expected_hash);
            for unit in units(&compiled, &values) {
                assert_eq!(session.apply(unit).await.unwrap(), tenantry::engine::Applied::Before);
            }
            session.close().await;
            // Everything is the tenant's own, and its counters go on after its rows.
            let strange = format!(
                "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname IN ('public', 'tenantry_own', '{name}') AND pg_get_userbyid(relowner) <> '{name}'"
            );
            assert_eq!(ground.number(name.as_str(), &strange).await, 0);
            let mut tenant = ground.enter(&name, lock.tenant_id, name.as_str()).await.unwrap();
            tenant.execute("INSERT INTO roles (name, guard_name) VALUES ('one more', 'web')").await.unwrap();
            assert!(
                tenant.execute("CREATE SCHEMA mine").await.is_err(),
                "what it had while it was made is gone"
            );
            let groups = format!(
                "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = '{name}'"
            );
            assert_eq!(ground.number("postgres", &groups).await, i64::from(ground.in_schemas));
            // What has the name is not made again.
            assert_eq!(draft_of(&ground, &name, &lock, &compiled).await, Drafted::Stepwise);
        }
    }
}

async fn draft_of(ground: &Ground, name: &DatabaseName, lock: &TenantLock, compiled: &Compiled) -> Drafted {
    draft(&ground.engine, name, lock, compiled).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_at_once_by_several_processes_on_a_hosted_server() {
    several_at_once(Ground::hosted().await).await;
    several_at_once(Ground::hosted_schemas().await).await;
}

async fn several_at_once(ground: Ground) {
    let compiled = Arc::new(compiled(&ground.engine, "basic").await);
    let makers = (0..6).map(|number| {
        let engine = if number % 2 == 0 {
            ground.engine.clone()
        } else {
            let engine = crate::ground::engine(&ground.server, ground.options.clone(), 2);
            if ground.in_schemas { engine.in_schemas() } else { engine }
        };
        let compiled = Arc::clone(&compiled);
        tokio::spawn(async move {
            let (name, lock) = another("many", 3);
            let draft = ready(&engine, &name, &lock, &compiled).await;
            engine.publish(&draft).await.unwrap();
            engine.look(&name, lock.tenant_id).await.unwrap().close().await;
        })
    });
    for maker in makers.collect::<Vec<_>>() {
        maker.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_whose_program_is_killed_is_swept_later_and_made_anew() {
    let ground = Ground::on(Arc::new(Server::start()), 8);
    let compiled = compiled(&ground.engine, "basic").await;
    let (name, lock) = another("first", 3);
    ready(&ground.engine, &name, &lock, &compiled).await;
    for statements in 0.. {
        let (name, lock) = another("killed", 3);
        let killed = ground.engine.killed_after(statements);
        let made = match draft(&killed, &name, &lock, &compiled).await {
            Ok(Drafted::Ready(draft)) => killed.publish(&draft).await.is_ok(),
            Ok(Drafted::Stepwise) | Err(_) => false,
        };
        assert!(made || killed.is_killed());
        if !made {
            let later = TenantLock { fence: 4, ..lock };
            let draft = ready(&ground.engine, &name, &later, &compiled).await;
            ground.engine.publish(&draft).await.unwrap();
        }
        ground.engine.look(&name, lock.tenant_id).await.unwrap().close().await;
        let left = ground
            .number("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE 'tenantry-draft-%'")
            .await;
        assert_eq!(left, 1, "the first one's only");
        if made {
            break;
        }
        assert!(statements < 30);
    }
    // A draft is let alone for an hour: its program may be about to give it its name.
    assert_eq!(ground.engine.sweep().await.unwrap(), 0);
    let mut admin = ground.server.options().connect().await.unwrap();
    let draft: String =
        sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datname LIKE 'tenantry-draft-%'")
            .fetch_one(&mut admin)
            .await
            .unwrap();
    let comment: String = sqlx::query_scalar(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1",
    )
    .bind(&draft)
    .fetch_one(&mut admin)
    .await
    .unwrap();
    let start = comment.find("\"made\":").unwrap();
    let old = format!("{}\"made\":1000}}", &comment[..start]);
    admin.execute(AssertSqlSafe(format!("COMMENT ON DATABASE \"{draft}\" IS '{old}'"))).await.unwrap();
    assert_eq!(ground.engine.sweep().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_that_have_not_been_used_for_long_go_and_one_that_is_gone_is_made_anew() {
    let ground = Ground::on(Arc::new(Server::start()), 8);
    let mut compiled = compiled(&ground.engine, "basic").await;
    let (name, lock) = another("first", 3);
    ready(&ground.engine, &name, &lock, &compiled).await;
    let mut admin = ground.server.options().connect().await.unwrap();
    let made = "SELECT datname::text, shobj_description(oid, 'pg_database') FROM pg_database
                WHERE datname LIKE 'tenantry-template-%' AND shobj_description(oid, 'pg_database') LIKE '{%'";
    let (template, note): (String, String) = sqlx::query_as(made).fetch_one(&mut admin).await.unwrap();
    for number in 0..20 {
        let other = format!("{}{number:016}", &template[..template.len() - 16]);
        let newer = note.replace("\"used\":", "\"used\":9");
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE \"{other}\""))).await.unwrap();
        admin.execute(AssertSqlSafe(format!("COMMENT ON DATABASE \"{other}\" IS '{newer}'"))).await.unwrap();
    }
    assert_eq!(ground.engine.sweep().await.unwrap(), 1);
    let left = format!("SELECT count(*) FROM pg_database WHERE datname = '{template}'");
    assert_eq!(ground.number("postgres", &left).await, 0, "the one that was used longest ago");
    // It is told by the first tenant that misses it, and made for the second.
    let (name, lock) = another("second", 3);
    assert_eq!(draft_of(&ground, &name, &lock, &compiled).await, Drafted::Stepwise);
    ready(&ground.engine, &name, &lock, &compiled).await;
    // A template whose schema is not what was said is not used.
    compiled.expected_hash = "another".into();
    compiled.source_hash = "another".into();
    let (name, lock) = another("third", 3);
    assert_eq!(draft_of(&ground, &name, &lock, &compiled).await, Drafted::Stepwise);
    assert_eq!(ground.engine.look_up(&name).await.unwrap(), Presence::Absent);
}
