//! Shutting away, letting in again, passwords, and names that only look like ours.

use crate::ground::{Ground, another, apply, marker, next, statements};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use tenantry::{
    engine::{DatabaseName, Engine, EngineError, Origin, Presence, Session, Unit},
    sql::variables::Variables,
};
use uuid::Uuid;

async fn unit(session: &mut dyn Session, key: &str, text: &str) -> Result<(), EngineError> {
    let statements = statements(&[text]);
    let unit = Unit { key, statements: &statements, variables: &Variables::default() };
    session.apply(unit).await.map(|_| ())
}

async fn shut_and_open_again(ground: Ground) {
    ground.apply(&ground.lock, "one", &["CREATE TABLE a (id integer)"]).await.unwrap();
    let mut open = ground.as_tenant().await.unwrap();
    open.execute("INSERT INTO a VALUES (7)").await.unwrap();
    let lock = next(&ground.lock);
    ground.engine.shut(&ground.name, &lock).await.unwrap();
    ground.engine.shut(&ground.name, &lock).await.unwrap();
    assert!(open.execute("SELECT * FROM a").await.is_err());
    assert!(ground.as_tenant().await.is_err());
    assert_eq!(ground.engine.look_up(&ground.name).await.unwrap(), Presence::Shut(marker(&ground.lock)));
    assert!(matches!(ground.apply(&lock, "two", &["DROP TABLE a"]).await, Err(EngineError::Shut(_))));
    // We still see into it, and nobody else's job does anything to it.
    let mut session = ground.engine.look(&ground.name, ground.lock.tenant_id).await.unwrap();
    assert!(session.inspect().await.unwrap().tables.contains_key("a"));
    session.close().await;
    assert!(ground.engine.size(&ground.name).await.is_some());
    assert!(matches!(
        ground.engine.look(&ground.name, Uuid::now_v7()).await.err(),
        Some(EngineError::Foreign(_))
    ));
    assert!(matches!(ground.engine.create(&ground.name, &lock).await, Err(EngineError::Foreign(_))));
    assert!(matches!(ground.engine.reopen(&ground.name, &ground.lock).await, Err(EngineError::Stale)));
    assert!(matches!(
        ground.engine.forget_shut(&ground.name, lock.tenant_id).await,
        Err(EngineError::Foreign(_))
    ));
    assert!(!ground.engine.remove(&ground.name, &marker(&lock)).await.unwrap());
    // A password that is given meanwhile is for later.
    ground.engine.set_password(&ground.name, &lock, &crate::ground::password(lock.tenant_id)).await.unwrap();
    let after = next(&lock);
    ground.engine.reopen(&ground.name, &after).await.unwrap();
    ground.engine.reopen(&ground.name, &after).await.unwrap();
    let mut tenant = ground.as_tenant().await.unwrap();
    tenant.execute("INSERT INTO a VALUES (1)").await.unwrap();
    assert!(matches!(ground.engine.shut(&ground.name, &lock).await, Err(EngineError::Stale)));
    tenant.execute("INSERT INTO a VALUES (2)").await.unwrap();
    let sum = "SELECT sum(id)::bigint FROM a";
    assert_eq!(ground.number(ground.name.as_str(), sum).await, 10);
    assert!(ground.engine.remove_all(&ground.name, lock.tenant_id).await.unwrap());
    assert!(!ground.engine.remove_all(&ground.name, lock.tenant_id).await.unwrap());
    let left = format!("SELECT count(*) FROM pg_roles WHERE rolname = '{}'", ground.name);
    assert_eq!(ground.number("postgres", &left).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_shut_away_cannot_be_used_even_over_an_open_connection() {
    shut_and_open_again(Ground::made().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_where_the_administrator_is_no_superuser() {
    let ground = Ground::hosted().await;
    ground.engine.create(&ground.name, &ground.lock).await.unwrap();
    shut_and_open_again(ground).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_who_looks_in_is_waited_for() {
    let ground = Ground::hosted().await;
    ground.engine.create(&ground.name, &ground.lock).await.unwrap();
    // The administrator may not end this connection.
    let looking = ground.looking_into(ground.name.as_str()).connect().await.unwrap();
    let leaving = tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        looking.close().await.unwrap();
    });
    ground.engine.shut(&ground.name, &next(&ground.lock)).await.unwrap();
    leaving.await.unwrap();
}

async fn put_in_place(ground: Ground) {
    ground
        .apply(&ground.lock, "one", &["CREATE TABLE a (id integer)", "INSERT INTO a VALUES (1)"])
        .await
        .unwrap();
    let file = ground.server.folder().join(format!("{}.copy", ground.name));
    let tenant = ground.lock.tenant_id;
    ground.engine.save(&ground.name, tenant, &file).await.unwrap();
    ground.apply(&ground.lock, "two", &["INSERT INTO a VALUES (10)"]).await.unwrap();
    let sum = "SELECT sum(id)::bigint FROM a";
    let lock = next(&ground.lock);
    let from = Origin::File(&file, tenant);
    // What is there and open gives no place.
    assert!(matches!(
        ground.engine.create_from(from, &ground.name, &lock).await,
        Err(EngineError::Foreign(_))
    ));
    ground.engine.shut(&ground.name, &lock).await.unwrap();
    ground.engine.create_from(from, &ground.name, &lock).await.unwrap();
    ground.engine.create_from(from, &ground.name, &lock).await.unwrap();
    assert_eq!(ground.engine.look_up(&ground.name).await.unwrap(), Presence::Ours(marker(&lock)));
    assert_eq!(ground.number(ground.name.as_str(), sum).await, 1);
    ground.as_tenant().await.unwrap().close().await.unwrap();
    // Taken back, what was shut away is there again.
    ground.engine.reopen(&ground.name, &lock).await.unwrap();
    assert_eq!(ground.number(ground.name.as_str(), sum).await, 11);
    ground.as_tenant().await.unwrap().close().await.unwrap();
    // Another time, by another job, it stays.
    let lock = next(&lock);
    ground.engine.shut(&ground.name, &lock).await.unwrap();
    ground.engine.create_from(from, &ground.name, &lock).await.unwrap();
    assert!(ground.engine.forget_shut(&ground.name, tenant).await.unwrap());
    assert!(!ground.engine.forget_shut(&ground.name, tenant).await.unwrap());
    assert_eq!(ground.number(ground.name.as_str(), sum).await, 1);
    apply(&ground.engine, &ground.name, &lock, "three", &["INSERT INTO a VALUES (100)"]).await.unwrap();
    // Removed by its job before it was forgotten, the shut one stays all that there is.
    let lock = next(&lock);
    ground.engine.shut(&ground.name, &lock).await.unwrap();
    ground.engine.create_from(from, &ground.name, &lock).await.unwrap();
    assert!(ground.engine.remove(&ground.name, &marker(&lock)).await.unwrap());
    assert!(matches!(ground.engine.look_up(&ground.name).await.unwrap(), Presence::Shut(_)));
    ground.engine.reopen(&ground.name, &next(&lock)).await.unwrap();
    assert_eq!(ground.number(ground.name.as_str(), sum).await, 101);
    ground.as_tenant().await.unwrap().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_takes_the_place_of_what_was_shut_away_and_gives_it_back() {
    put_in_place(Ground::made().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_takes_a_place_where_the_administrator_is_no_superuser() {
    let ground = Ground::hosted().await;
    ground.engine.create(&ground.name, &ground.lock).await.unwrap();
    put_in_place(ground).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_its_new_password_and_keeps_its_connections() {
    let ground = Ground::made().await;
    let mut open = ground.as_tenant().await.unwrap();
    for _ in 0..2 {
        ground.engine.set_password(&ground.name, &ground.lock, "another1").await.unwrap();
    }
    open.execute("CREATE TABLE a (id integer)").await.unwrap();
    assert!(ground.as_tenant().await.is_err());
    let options = ground.server.options().username(ground.name.as_str()).password("another1");
    options.database(ground.name.as_str()).connect().await.unwrap();
    let newer = next(&ground.lock);
    ground.apply(&newer, "one", &[]).await.unwrap();
    assert!(matches!(
        ground.engine.set_password(&ground.name, &ground.lock, "late").await,
        Err(EngineError::Stale)
    ));
    let odd = ground.engine.set_password(&ground.name, &newer, "it's").await.unwrap_err();
    assert!(!odd.to_string().contains("it's"), "{odd}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_name_looks_like_ours_is_a_tenant() {
    let ground = Ground::made().await;
    for slug in
        ["tenantry-making", "tenantry-scratch", "tenantry-draft", "tenantry-shut", "tenantry-template-owner"]
    {
        let (name, lock) = another(slug, 1);
        ground.engine.create(&name, &lock).await.unwrap();
        ground.engine.sweep().await.unwrap();
        assert_eq!(ground.engine.look_up(&name).await.unwrap(), Presence::Ours(marker(&lock)));
        apply(&ground.engine, &name, &lock, "one", &["CREATE TABLE a (id integer)"]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_have_made_under_a_name_stays() {
    let ground = Ground::made().await;
    let mut admin = ground.server.options().connect().await.unwrap();
    let (name, lock) = another("theirs", 1);
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    assert!(matches!(ground.engine.look_up(&name).await.unwrap(), Presence::Foreign(_)));
    let origin = Origin::Database(&ground.name, ground.lock.tenant_id);
    for refused in [
        ground.engine.create(&name, &lock).await,
        ground.engine.create_from(origin, &name, &lock).await,
        ground.engine.remove(&name, &marker(&lock)).await.map(|_| ()),
        ground.engine.remove_all(&name, lock.tenant_id).await.map(|_| ()),
        ground.engine.shut(&name, &lock).await,
        ground.engine.reopen(&name, &lock).await,
        ground.engine.look(&name, lock.tenant_id).await.map(|_| ()),
    ] {
        assert!(matches!(refused, Err(EngineError::Foreign(_))), "{refused:?}");
    }
    let (name, lock): (DatabaseName, _) = another("their-role", 1);
    admin.execute(AssertSqlSafe(format!("CREATE ROLE {name}"))).await.unwrap();
    assert!(matches!(ground.engine.create(&name, &lock).await, Err(EngineError::Foreign(_))));
    assert_eq!(ground.engine.look_up(&name).await.unwrap(), Presence::Absent);
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_passes_is_told_from_what_does_not() {
    let ground = Ground::made().await;
    ground.apply(&ground.lock, "one", &["CREATE TABLE a (id integer)"]).await.unwrap();
    let mut tenant = ground.as_tenant().await.unwrap();
    tenant.execute("BEGIN; LOCK TABLE a").await.unwrap();
    let waiting =
        ground.apply(&ground.lock, "two", &["ALTER TABLE a ADD COLUMN b integer"]).await.unwrap_err();
    assert!(waiting.may_pass(), "{waiting:?}");
    tenant.execute("ROLLBACK").await.unwrap();
    let wrong =
        ground.apply(&ground.lock, "two", &["ALTER TABLE a ADD COLUMN id integer"]).await.unwrap_err();
    assert!(!wrong.may_pass(), "{wrong:?}");
    let mut session = ground.engine.open(&ground.name, &ground.lock).await.unwrap();
    let raised = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$";
    assert!(unit(session.as_mut(), "three", raised).await.unwrap_err().may_pass());
    let slow = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57014'; END $$";
    assert!(
        !unit(session.as_mut(), "four", slow).await.unwrap_err().may_pass(),
        "it would take as long again"
    );
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeping_takes_nothing_that_is_being_made_or_used() {
    let ground = Ground::made().await;
    let makers = (0..4).map(|number| {
        let engine = ground.engine.clone();
        tokio::spawn(async move {
            let (name, lock) = another("swept", 1);
            engine.create(&name, &lock).await.unwrap();
            apply(&engine, &name, &lock, "one", &["CREATE TABLE a (id integer)"]).await.unwrap();
            let (copy, copy_lock) = another("swept-copy", 1);
            let origin = Origin::Database(&name, lock.tenant_id);
            engine.create_from(origin, &copy, &copy_lock).await.unwrap();
            let stop = next(&lock);
            engine.shut(&name, &stop).await.unwrap();
            engine.look(&name, lock.tenant_id).await.unwrap().close().await;
            let mut scratch = engine.scratch().await.unwrap();
            unit(scratch.as_mut(), "one", "CREATE TABLE a (id integer)").await.unwrap();
            scratch.close().await;
            number
        })
    });
    let makers: Vec<_> = makers.collect();
    let mut sweeps = 0;
    while !makers.iter().all(tokio::task::JoinHandle::is_finished) {
        ground.engine.sweep().await.unwrap();
        sweeps += 1;
    }
    for maker in makers {
        maker.await.unwrap();
    }
    assert!(sweeps > 3, "{sweeps}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeping_leaves_alone_what_another_administrator_makes() {
    let hosted = Ground::hosted().await;
    hosted.engine.create(&hosted.name, &hosted.lock).await.unwrap();
    let ours = Ground::made().await;
    let account = hosted.options.get_username();
    let made = format!(
        "SELECT count(*) FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
         WHERE r.rolname = '{account}' AND datname LIKE 'tenantry-making-%'"
    );
    for statements in 0..60 {
        let (name, lock) = another("left", 1);
        let killed = hosted.engine.killed_after(statements);
        assert!(killed.create(&name, &lock).await.is_err(), "it was never left half-made");
        if hosted.number("postgres", &made).await == 1 {
            break;
        }
    }
    ours.engine.sweep().await.unwrap();
    assert_eq!(hosted.number("postgres", &made).await, 1);
    // The killed program's connection, and with it its lock, ends a moment after it.
    for _ in 0..200 {
        hosted.engine.sweep().await.unwrap();
        if hosted.number("postgres", &made).await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("what was left is never swept");
}
