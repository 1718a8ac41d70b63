//! The administrator's account: with exactly the rights that are asked for everything works, and without any one of them
//! something does not, and that is said.

use crate::{Ground, OfTheTest, Server, server::product};
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};
use std::sync::Arc;
use tenantry::engine::{
    DatabaseName, Engine, EngineError, Origin, Secrets, Statement, TenantLock, Unit, mariadb::MariaDb,
};
use tenantry::sql::variables::Variables;
use uuid::Uuid;

/// What an administrator needs: what he gives to tenants, with the right to give it, and some of his own.
const FOR_TENANTS: [&str; 17] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
    "EXECUTE",
    "CREATE VIEW",
    "SHOW VIEW",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "TRIGGER",
];

fn own() -> &'static [&'static str] {
    if product().is_mariadb {
        &["PROCESS", "CONNECTION ADMIN", "SET USER"]
    } else {
        &["CREATE USER", "PROCESS", "CONNECTION_ADMIN", "SET_ANY_DEFINER"]
    }
}

async fn run(admin: &mut MySqlConnection, statement: String) {
    admin.execute(AssertSqlSafe(statement)).await.unwrap();
}

/// An administrator who is not root.
async fn manager(admin: &mut MySqlConnection) {
    run(admin, "CREATE USER manager IDENTIFIED BY 'of-the-test'".to_owned()).await;
    run(admin, format!("GRANT {} ON *.* TO manager WITH GRANT OPTION", FOR_TENANTS.join(", "))).await;
    run(admin, format!("GRANT {} ON *.* TO manager", own().join(", "))).await;
}

fn as_manager(server: &Server) -> MariaDb {
    let options = server.options().username("manager").password("of-the-test");
    MariaDb::new(options, 4, Arc::new(OfTheTest), server.folder().join("copies"))
}

/// Everything that is ever done with a tenant, or what did not work.
async fn life(
    server: &Server,
    engine: &MariaDb,
    name: &DatabaseName,
    lock: TenantLock,
) -> Result<(), String> {
    let said = |cause: EngineError| cause.to_string();
    engine.create(name, &lock).await.map_err(said)?;
    let texts = [
        "CREATE TABLE a (id INT PRIMARY KEY)",
        "CREATE TABLE b (id INT, CONSTRAINT of_a FOREIGN KEY (id) REFERENCES a (id))",
        "CREATE VIEW v AS SELECT id FROM a",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.id = NEW.id + 1",
        "INSERT INTO a VALUES (1)",
    ];
    let statements = texts.map(|sql| Statement { sql: sql.to_owned(), values: Vec::new() });
    let mut session = engine.open(name, &lock).await.map_err(said)?;
    let unit = Unit { key: "one", statements: &statements, variables: &Variables::default() };
    session.apply(unit).await.map_err(said)?;
    session.close().await;
    let file = server.folder().join(format!("{name}.saved"));
    engine.save(name, lock.tenant_id, &file).await.map_err(said)?;
    let mut open =
        crate::as_tenant(server, engine, name, lock.tenant_id).await.map_err(|cause| cause.to_string())?;
    let restoring = TenantLock { job_id: Uuid::now_v7(), fence: 2, ..lock };
    engine.shut(name, &restoring).await.map_err(said)?;
    if open.execute("SELECT 1").await.is_ok() {
        return Err("a connection is open still".to_owned());
    }
    engine.create_from(Origin::File(&file, lock.tenant_id), name, &restoring).await.map_err(said)?;
    engine.reopen(name, &restoring).await.map_err(said)?;
    engine
        .set_password(name, &restoring, &OfTheTest.of(lock.tenant_id).await.unwrap())
        .await
        .map_err(said)?;
    engine.scratch().await.map_err(said)?.close().await;
    engine.sweep().await.map_err(said)?;
    engine.remove_all(name, lock.tenant_id).await.map_err(said)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_right_that_is_asked_for_is_needed_and_no_other_is() {
    let server = Server::start().await;
    let mut admin = server.admin().await;
    manager(&mut admin).await;
    let fresh = || {
        let tenant_id = Uuid::now_v7();
        let lock = TenantLock { tenant_id, job_id: Uuid::now_v7(), fence: 1 };
        (DatabaseName::derive("acme", tenant_id), lock)
    };
    let examined = as_manager(&server).examine().await.unwrap();
    assert_eq!(examined.problems, Vec::<String>::new());
    let name = if product().is_mariadb { "MariaDB 1" } else { "MySQL " };
    assert!(examined.product.starts_with(name), "{}", examined.product);
    let (name, lock) = fresh();
    life(&server, &as_manager(&server), &name, lock).await.unwrap();

    for right in FOR_TENANTS.iter().chain(own()) {
        run(&mut admin, format!("REVOKE {right} ON *.* FROM manager")).await;
        let engine = as_manager(&server);
        let problems = engine.examine().await.unwrap().problems;
        let option = if own().contains(right) { "" } else { " WITH GRANT OPTION" };
        let mends = format!("GRANT {right} ON *.* TO 'manager'@'%'{option};");
        assert_eq!(problems.len(), 1, "{right}: {problems:?}");
        assert!(problems[0].ends_with(&mends), "{problems:?}");
        let (name, lock) = fresh();
        // Whoever may write to every database makes accounts, too, unless MySQL takes its own database out of that.
        let is_had_otherwise = *right == "CREATE USER";
        let lived = life(&server, &engine, &name, lock).await;
        assert!(lived.is_err() || is_had_otherwise, "everything works without {right}");
        // The statement that the sentence says mends it.
        run(&mut admin, mends).await;
        let engine = as_manager(&server);
        assert!(engine.examine().await.unwrap().problems.is_empty(), "{right}");
        engine.remove_all(&name, lock.tenant_id).await.unwrap();
    }
    run(&mut admin, "REVOKE GRANT OPTION ON *.* FROM manager".to_owned()).await;
    let problems = as_manager(&server).examine().await.unwrap().problems;
    assert!(problems.len() == 1 && problems[0].ends_with("WITH GRANT OPTION;"), "{problems:?}");
    let (name, lock) = fresh();
    assert!(life(&server, &as_manager(&server), &name, lock).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn examining_changes_nothing_and_says_what_the_server_is_set_to_that_is_in_the_way() {
    let server = Server::start_with(&[
        "--log-bin=log",
        "--server-id=1",
        "--default-storage-engine=MyISAM",
        "--read-only=1",
    ])
    .await;
    let engine = MariaDb::new(server.options(), 4, Arc::new(OfTheTest), server.folder().join("copies"));
    let problems = engine.examine().await.unwrap().problems;
    assert_eq!(problems.len(), 3, "{problems:?}");
    for word in ["read_only = 0", "default_storage_engine = InnoDB", "log_bin_trust_function_creators = 1"] {
        assert!(problems.iter().any(|problem| problem.contains(word)), "{word}: {problems:?}");
    }
    let made: Option<String> = sqlx::query_scalar(
        "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'tenantry%'",
    )
    .fetch_optional(&mut server.admin().await)
    .await
    .unwrap();
    assert_eq!(made, None);
}

/// A password stands in a statement, and a text that ends there would be one of the tenant's.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_with_other_signs_than_letters_and_digits_is_refused_and_not_repeated() {
    let ground = Ground::made().await;
    for odd in ["", "a'b", "a b", "ü", "x\\"] {
        let refused =
            ground.engine.set_password(&ground.name, &ground.lock, odd).await.unwrap_err().to_string();
        assert!(odd.is_empty() || !refused.contains(odd), "{refused}");
    }
    ground.as_tenant().await.unwrap().close().await.unwrap();
}
