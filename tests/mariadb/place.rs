//! A snapshot in the place of what a tenant has, and everything else that moves a content: the way to the server breaks after
//! every single statement of it, and whoever comes after finds all that there was.

use crate::{Ground, OfTheTest, cut::Way};
use sqlx::{AssertSqlSafe, Connection, Executor, Row};
use std::{fmt::Write as _, path::PathBuf, sync::Arc};
use tenantry::engine::{Engine, EngineError, Marker, Origin, Presence, TenantLock, mariadb::MariaDb};
use uuid::Uuid;

const UNIT: [&str; 7] = [
    "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL, best_gift INT NULL, twice INT AS (CHAR_LENGTH(name) * 2) VIRTUAL)",
    "CREATE TABLE gifts (id INT PRIMARY KEY, person_id INT NOT NULL, CONSTRAINT of_person FOREIGN KEY (person_id) REFERENCES people (id))",
    "ALTER TABLE people ADD CONSTRAINT best FOREIGN KEY (best_gift) REFERENCES gifts (id)",
    "INSERT INTO people (id, name) VALUES (1, 'O''Hara'), (2, '日本')",
    "INSERT INTO gifts VALUES (10, 1)",
    "UPDATE people SET best_gift = 10 WHERE id = 1",
    "CREATE FUNCTION greeting(name VARCHAR(50)) RETURNS VARCHAR(60) DETERMINISTIC RETURN CONCAT('Hello; ', name)",
];

/// What the tenant itself has made, in its own ways.
const OWN: [&str; 10] = [
    "CREATE VIEW z_first AS SELECT id, name FROM people",
    "CREATE SQL SECURITY INVOKER VIEW a_second AS SELECT name FROM z_first WHERE id > 0",
    "CREATE TABLE gone (id INT)",
    "CREATE VIEW broken AS SELECT id FROM gone",
    "DROP TABLE gone",
    "CREATE TRIGGER t_one BEFORE INSERT ON people FOR EACH ROW SET NEW.name = CONCAT(NEW.name, '1')",
    "CREATE TRIGGER a_two BEFORE INSERT ON people FOR EACH ROW FOLLOWS t_one SET NEW.name = CONCAT(NEW.name, '2')",
    "DROP FUNCTION greeting",
    "CREATE FUNCTION greeting(name VARCHAR(50)) RETURNS VARCHAR(60) DETERMINISTIC RETURN CONCAT('Bye, ', name)",
    "CREATE PROCEDURE count_people() SELECT COUNT(*) FROM people",
];

struct Restoring {
    ground: Ground,
    /// A copy of what was there first.
    file: PathBuf,
    /// What was there first, and what was shut away.
    first: String,
    shut: String,
    /// The job that restores.
    lock: TenantLock,
    /// The job that made the tenant.
    marker: Marker,
}

/// Everything that is in a tenant's place, as the server describes it. Our own tables are no part of it, as what is done is
/// noted there.
async fn content(ground: &Ground) -> String {
    let database = ground.name.as_str();
    let mut admin = ground.server.admin().await;
    admin.execute(AssertSqlSafe(format!("USE `{database}`"))).await.unwrap();
    let mut text = String::new();
    let tables = sqlx::query_scalar::<_, String>(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
         AND table_name NOT LIKE 'tenantry\\_%' ORDER BY 1",
    );
    for table in tables.fetch_all(&mut admin).await.unwrap() {
        for (question, place) in
            [(format!("SHOW CREATE TABLE `{table}`"), 1), (format!("CHECKSUM TABLE `{table}`"), 1)]
        {
            let row = sqlx::raw_sql(AssertSqlSafe(question)).fetch_one(&mut admin).await.unwrap();
            // MySQL says both of a column whose order of letters was asked for, as in a copy, and means the same.
            let made_by = String::from_utf8_lossy(row.get_unchecked::<&[u8], _>(place));
            writeln!(text, "{}", made_by.replace(" CHARACTER SET utf8mb4 COLLATE", " COLLATE")).unwrap();
        }
    }
    for question in [
        "SELECT CONCAT_WS('|', table_name, view_definition, definer, security_type) FROM information_schema.views
         WHERE table_schema = DATABASE() ORDER BY table_name",
        "SELECT CONCAT_WS('|', routine_name, routine_type, routine_definition, definer, security_type)
         FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY routine_type, routine_name",
        "SELECT CONCAT_WS('|', trigger_name, event_object_table, action_order, action_statement, definer, sql_mode)
         FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY trigger_name",
    ] {
        for line in sqlx::query_scalar::<_, String>(question).fetch_all(&mut admin).await.unwrap() {
            writeln!(text, "{line}").unwrap();
        }
    }
    admin.close().await.unwrap();
    text
}

/// Without the view that does not work: the server makes none like it again.
fn working(content: &str) -> String {
    content
        .lines()
        .filter(|line| !line.starts_with("broken|"))
        .fold(String::new(), |text, line| text + line + "\n")
}

impl Restoring {
    async fn new() -> Restoring {
        let ground = Ground::made().await;
        ground.apply(&ground.lock, "one", &UNIT).await.unwrap();
        let mut tenant = ground.as_tenant().await.unwrap();
        let first = content(&ground).await;
        let file = ground.server.folder().join(format!("{}.saved", ground.name));
        ground.engine.save(&ground.name, ground.lock.tenant_id, &file).await.unwrap();
        for statement in OWN {
            tenant.execute(statement).await.unwrap();
        }
        tenant.execute("INSERT INTO people (name) VALUES ('later')").await.unwrap();
        tenant.close().await.unwrap();
        let shut = content(&ground).await;
        assert!(shut.contains("broken") && shut.contains("a_second") && !first.contains("a_second"));
        let lock = TenantLock { job_id: Uuid::now_v7(), fence: 2, ..ground.lock };
        ground.engine.shut(&ground.name, &lock).await.unwrap();
        let marker = ground.marker();
        Restoring { ground, file, first, shut, lock, marker }
    }

    /// The engine over a way that breaks after so many statements.
    async fn cut(&self, statements: usize) -> (Way, MariaDb) {
        let way = Way::to(self.ground.server.port(), statements).await;
        let options = self.ground.server.options().port(way.port);
        let folder = self.ground.server.folder().join("copies");
        (way, MariaDb::new(options, 4, Arc::new(OfTheTest), folder))
    }

    fn by(&self) -> Marker {
        Marker { tenant_id: self.lock.tenant_id, job_id: self.lock.job_id }
    }

    async fn put(&self, engine: &MariaDb) -> Result<(), EngineError> {
        engine.create_from(Origin::File(&self.file, self.lock.tenant_id), &self.ground.name, &self.lock).await
    }

    async fn is_filled(&self) {
        assert_eq!(self.ground.engine.look_up(&self.ground.name).await.unwrap(), Presence::Ours(self.by()));
        assert_eq!(content(&self.ground).await, self.first);
        // The foreign keys are within the database, and are kept.
        let mut tenant = self.ground.as_tenant().await.unwrap();
        assert!(tenant.execute("INSERT INTO gifts VALUES (11, 99)").await.is_err());
        tenant.close().await.unwrap();
    }

    async fn is_back(&self) {
        assert_eq!(self.ground.engine.look_up(&self.ground.name).await.unwrap(), Presence::Ours(self.marker));
        assert_eq!(working(&content(&self.ground).await), working(&self.shut));
        let mut tenant = self.ground.as_tenant().await.unwrap();
        assert!(tenant.execute("INSERT INTO gifts VALUES (11, 99)").await.is_err());
        tenant.execute("CALL count_people()").await.unwrap();
        tenant.close().await.unwrap();
        self.nothing_is_aside().await;
    }

    async fn nothing_is_aside(&self) {
        for question in [
            "SELECT COUNT(*) FROM tenantry_server.kept_contents WHERE name = ?",
            "SELECT COUNT(*) FROM tenantry_server.kept_definitions WHERE name = ?",
            "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = CONCAT('tenantry_kept_', LEFT(SHA2(?, 256), 32))",
        ] {
            let mut admin = self.ground.server.admin().await;
            let number: i64 = sqlx::query_scalar(question)
                .bind(self.ground.name.as_str())
                .fetch_one(&mut admin)
                .await
                .unwrap();
            assert_eq!(number, 0, "{question}");
            admin.close().await.unwrap();
        }
    }

    async fn end(self) {
        let _ = std::fs::remove_file(&self.file);
        self.ground.engine.remove_all(&self.ground.name, self.lock.tenant_id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_stopped_after_any_statement_is_put_there_or_taken_back_wholly() {
    let mut statements = 0;
    let mut is_through = false;
    while !is_through {
        statements += 1;
        let restoring = Restoring::new().await;
        let (way, engine) = restoring.cut(statements).await;
        let done = restoring.put(&engine).await;
        is_through = !way.is_cut();
        assert!(done.is_ok() || way.is_cut(), "{done:?}");
        let direct = &restoring.ground.engine;
        let presence = direct.look_up(&restoring.ground.name).await.unwrap();
        if presence == Presence::Shut(restoring.marker) {
            assert!(
                restoring.ground.as_tenant().await.is_err(),
                "the application is let in by nobody: {statements}"
            );
        } else {
            assert_eq!(presence, Presence::Ours(restoring.by()), "{statements}");
        }
        if statements % 2 == 0 {
            restoring.put(direct).await.unwrap();
            restoring.is_filled().await;
        }
        if statements % 3 == 0 {
            direct.remove(&restoring.ground.name, &restoring.by()).await.unwrap();
            assert_eq!(
                direct.look_up(&restoring.ground.name).await.unwrap(),
                Presence::Shut(restoring.marker)
            );
            assert!(restoring.ground.as_tenant().await.is_err(), "{statements}");
        }
        direct.reopen(&restoring.ground.name, &restoring.lock).await.unwrap();
        restoring.is_back().await;
        restoring.end().await;
    }
    assert!(statements > 40, "only {statements} statements were seen");
}

/// Stops a piece of work after every statement, and lets it run again; in the end it has done what it was to do.
async fn stopped_everywhere(
    work: impl AsyncFn(&MariaDb, &Restoring) -> Result<(), EngineError>,
    is_done: impl AsyncFn(&Restoring),
) {
    let mut statements = 0;
    let mut is_through = false;
    while !is_through {
        statements += 1;
        let restoring = Restoring::new().await;
        restoring.put(&restoring.ground.engine).await.unwrap();
        let (way, engine) = restoring.cut(statements).await;
        let done = work(&engine, &restoring).await;
        is_through = !way.is_cut();
        assert!(done.is_ok() || way.is_cut(), "{done:?}");
        let again = work(&restoring.ground.engine, &restoring).await;
        assert!(again.is_ok(), "after {statements}: {again:?}");
        is_done(&restoring).await;
        restoring.end().await;
    }
    assert!(statements > 10, "only {statements} statements were seen");
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_a_snapshot_back_can_be_stopped_after_any_statement() {
    let reopen = async |engine: &MariaDb, restoring: &Restoring| {
        engine.reopen(&restoring.ground.name, &restoring.lock).await
    };
    stopped_everywhere(reopen, Restoring::is_back).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_snapshot_can_be_stopped_after_any_statement() {
    let remove = async |engine: &MariaDb, restoring: &Restoring| {
        engine.remove(&restoring.ground.name, &restoring.by()).await.map(|_| ())
    };
    stopped_everywhere(remove, async |restoring: &Restoring| {
        restoring.ground.engine.reopen(&restoring.ground.name, &restoring.lock).await.unwrap();
        restoring.is_back().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forgetting_what_was_there_can_be_stopped_after_any_statement() {
    let forget = async |engine: &MariaDb, restoring: &Restoring| {
        engine.forget_shut(&restoring.ground.name, restoring.lock.tenant_id).await.map(|_| ())
    };
    stopped_everywhere(forget, async |restoring: &Restoring| {
        restoring.is_filled().await;
        restoring.nothing_is_aside().await;
        // What was forgotten does not come back.
        restoring.ground.engine.reopen(&restoring.ground.name, &restoring.lock).await.unwrap();
        restoring.is_filled().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutting_and_removing_everything_can_be_stopped_after_any_statement() {
    let next =
        |restoring: &Restoring| TenantLock { fence: 3, job_id: restoring.marker.job_id, ..restoring.lock };
    let shut = async |engine: &MariaDb, restoring: &Restoring| {
        engine.shut(&restoring.ground.name, &next(restoring)).await
    };
    stopped_everywhere(shut, async |restoring: &Restoring| {
        assert!(restoring.ground.as_tenant().await.is_err());
        // A second snapshot is put in the place of the first, which is the content now.
        let engine = &restoring.ground.engine;
        let second = TenantLock { job_id: Uuid::now_v7(), fence: 4, ..restoring.lock };
        let origin = Origin::File(&restoring.file, restoring.lock.tenant_id);
        engine.create_from(origin, &restoring.ground.name, &second).await.unwrap();
        engine.reopen(&restoring.ground.name, &second).await.unwrap();
        restoring.is_filled().await;
        restoring.nothing_is_aside().await;
    })
    .await;
    let remove = async |engine: &MariaDb, restoring: &Restoring| {
        engine.remove_all(&restoring.ground.name, restoring.lock.tenant_id).await.map(|_| ())
    };
    stopped_everywhere(remove, async |restoring: &Restoring| {
        assert_eq!(restoring.ground.engine.look_up(&restoring.ground.name).await.unwrap(), Presence::Absent);
        assert!(restoring.ground.as_tenant().await.is_err());
        restoring.nothing_is_aside().await;
    })
    .await;
}

/// Whoever writes a trigger must not get the administrator's rights by having it copied.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_tenant_has_programmed_runs_with_the_tenants_rights_in_every_copy() {
    let ground = Ground::made().await;
    ground.apply(&ground.lock, "one", &["CREATE TABLE a (id INT)"]).await.unwrap();
    let mut tenant = ground.as_tenant().await.unwrap();
    // Nobody looks at what a trigger does before it is run.
    let attack = "CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW UPDATE tenantry_server.made_databases SET is_shut = 0";
    tenant.execute(attack).await.unwrap();
    tenant
        .execute("CREATE SQL SECURITY DEFINER VIEW v AS SELECT CURRENT_USER() AS who FROM a")
        .await
        .unwrap();
    let file = ground.server.folder().join(format!("{}.saved", ground.name));
    ground.engine.save(&ground.name, ground.lock.tenant_id, &file).await.unwrap();
    let lock = TenantLock { job_id: Uuid::now_v7(), fence: 2, ..ground.lock };
    ground.engine.shut(&ground.name, &lock).await.unwrap();
    ground.engine.create_from(Origin::File(&file, lock.tenant_id), &ground.name, &lock).await.unwrap();
    let mut tenant = ground.as_tenant().await.unwrap();
    let refused = tenant.execute("INSERT INTO a VALUES (1)").await.unwrap_err();
    assert!(refused.to_string().contains("denied"), "{refused}");
    let definers = format!(
        "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = '{0}' AND definer = '{0}@%'",
        ground.name
    );
    assert_eq!(ground.number(&definers).await, 1);
    let definers = definers.replace("triggers", "views").replace("trigger_schema", "table_schema");
    assert_eq!(ground.number(&definers).await, 1);
}
