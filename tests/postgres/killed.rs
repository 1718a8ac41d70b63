//! A program that is killed after any of its statements leaves nothing that the next one cannot finish, take back or sweep
//! away.

use crate::{
    ground::{Ground, another, apply, marker, next},
    servers::Postgres as Server,
};
use async_trait::async_trait;
use std::{path::PathBuf, sync::Arc};
use tenantry::engine::{DatabaseName, Engine, EngineError, Origin, Presence, TenantLock, postgres::Postgres};

/// Everything that a case needs.
struct Case {
    ground: Ground,
    name: DatabaseName,
    lock: TenantLock,
    file: PathBuf,
}

/// One piece of work, and what must hold when it has been done after all.
#[async_trait]
trait Work: Sync {
    async fn before(&self, case: &Case) -> Result<(), EngineError>;
    async fn run(&self, engine: &Postgres, case: &Case) -> Result<(), EngineError>;
    async fn after(&self, case: &Case);
}

const SUM: &str = "SELECT sum(id)::bigint FROM a";
const ROWS: [&str; 2] = ["CREATE TABLE a (id integer)", "INSERT INTO a VALUES (7)"];

impl Case {
    async fn new(server: &Arc<Server>, in_schemas: bool) -> Case {
        let ground = if in_schemas {
            Ground::schemas_on(Arc::clone(server), 8).await
        } else {
            Ground::on(Arc::clone(server), 8)
        };
        let (name, lock) = another("case", 3);
        let file = server.folder().join(format!("{name}.copy"));
        Case { ground, name, lock, file }
    }

    async fn make(&self) -> Result<(), EngineError> {
        self.ground.engine.create(&self.name, &self.lock).await?;
        apply(&self.ground.engine, &self.name, &self.lock, "rows", &ROWS).await.map(|_| ())
    }

    async fn assert_open(&self, sum: i64) {
        let presence = self.ground.engine.look_up(&self.name).await.unwrap();
        assert!(matches!(presence, Presence::Ours(_)), "{presence:?}");
        let mut tenant =
            self.ground.enter(&self.name, self.lock.tenant_id, self.name.as_str()).await.unwrap();
        let found: i64 = sqlx::query_scalar(SUM).fetch_one(&mut tenant).await.unwrap();
        assert_eq!(found, sum);
    }
}

/// Kills the work after each number of statements, then does it again: on a database, and on a schema.
async fn kill_everywhere(work: &dyn Work) {
    kill_at_each(work, false).await;
    kill_at_each(work, true).await;
}

async fn kill_at_each(work: &dyn Work, in_schemas: bool) {
    let server = Arc::new(Server::start());
    for statements in 0.. {
        assert!(statements < 60, "it never ends");
        let case = Case::new(&server, in_schemas).await;
        work.before(&case).await.unwrap();
        let killed = case.ground.engine.killed_after(statements);
        let first = work.run(&killed, &case).await;
        assert!(first.is_ok() || killed.is_killed(), "{first:?}");
        work.run(&case.ground.engine, &case)
            .await
            .unwrap_or_else(|cause| panic!("after {statements}: {cause}"));
        // Run twice, it is done.
        work.run(&case.ground.engine, &case)
            .await
            .unwrap_or_else(|cause| panic!("twice, {statements}: {cause}"));
        work.after(&case).await;
        // A killed program's connections end a moment after it.
        for _ in 0..200 {
            case.ground.engine.sweep().await.unwrap();
            if case.ground.passing().await == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert_eq!(case.ground.passing().await, 0, "after {statements} statements something is left");
        if first.is_ok() {
            assert!(statements > 1, "the work has no statements");
            return;
        }
    }
}

struct Creating;

#[async_trait]
impl Work for Creating {
    async fn before(&self, _: &Case) -> Result<(), EngineError> {
        Ok(())
    }
    async fn run(&self, engine: &Postgres, case: &Case) -> Result<(), EngineError> {
        engine.create(&case.name, &case.lock).await
    }
    async fn after(&self, case: &Case) {
        apply(&case.ground.engine, &case.name, &case.lock, "rows", &ROWS).await.unwrap();
        case.assert_open(7).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn making_a_database() {
    kill_everywhere(&Creating).await;
}

struct Removing;

#[async_trait]
impl Work for Removing {
    async fn before(&self, case: &Case) -> Result<(), EngineError> {
        case.make().await
    }
    async fn run(&self, engine: &Postgres, case: &Case) -> Result<(), EngineError> {
        engine.remove(&case.name, &marker(&case.lock)).await.map(|_| ())
    }
    async fn after(&self, case: &Case) {
        assert_eq!(case.ground.engine.look_up(&case.name).await.unwrap(), Presence::Absent);
        let left = format!("SELECT count(*) FROM pg_roles WHERE rolname = '{}'", case.name);
        assert_eq!(case.ground.number("postgres", &left).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_database() {
    kill_everywhere(&Removing).await;
}

struct Shutting;

#[async_trait]
impl Work for Shutting {
    async fn before(&self, case: &Case) -> Result<(), EngineError> {
        case.make().await
    }
    async fn run(&self, engine: &Postgres, case: &Case) -> Result<(), EngineError> {
        engine.shut(&case.name, &next(&case.lock)).await
    }
    async fn after(&self, case: &Case) {
        assert!(matches!(case.ground.engine.look_up(&case.name).await.unwrap(), Presence::Shut(_)));
        assert!(case.ground.enter(&case.name, case.lock.tenant_id, case.name.as_str()).await.is_err());
        let after = TenantLock { fence: 9, ..next(&case.lock) };
        case.ground.engine.reopen(&case.name, &after).await.unwrap();
        case.assert_open(7).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shutting_a_database_away() {
    kill_everywhere(&Shutting).await;
}

struct Reopening;

#[async_trait]
impl Work for Reopening {
    async fn before(&self, case: &Case) -> Result<(), EngineError> {
        case.make().await?;
        let lock = next(&case.lock);
        case.ground.engine.save(&case.name, lock.tenant_id, &case.file).await?;
        apply(&case.ground.engine, &case.name, &case.lock, "more", &["INSERT INTO a VALUES (10)"]).await?;
        case.ground.engine.shut(&case.name, &lock).await?;
        // What the job has put in its place gives way.
        let lock = TenantLock { job_id: case.lock.tenant_id, ..lock };
        case.ground.engine.create_from(Origin::File(&case.file, lock.tenant_id), &case.name, &lock).await
    }
    async fn run(&self, engine: &Postgres, case: &Case) -> Result<(), EngineError> {
        let lock = TenantLock { job_id: case.lock.tenant_id, ..next(&case.lock) };
        engine.reopen(&case.name, &lock).await
    }
    async fn after(&self, case: &Case) {
        case.assert_open(17).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_a_database_again() {
    kill_everywhere(&Reopening).await;
}

struct Copying;

#[async_trait]
impl Work for Copying {
    async fn before(&self, case: &Case) -> Result<(), EngineError> {
        case.make().await?;
        let lock = next(&case.lock);
        case.ground.engine.save(&case.name, lock.tenant_id, &case.file).await?;
        apply(&case.ground.engine, &case.name, &case.lock, "more", &["INSERT INTO a VALUES (10)"]).await?;
        case.ground.engine.shut(&case.name, &lock).await
    }
    async fn run(&self, engine: &Postgres, case: &Case) -> Result<(), EngineError> {
        let lock = TenantLock { job_id: case.lock.tenant_id, ..next(&case.lock) };
        engine.create_from(Origin::File(&case.file, lock.tenant_id), &case.name, &lock).await
    }
    async fn after(&self, case: &Case) {
        case.assert_open(7).await;
        assert!(case.ground.engine.forget_shut(&case.name, case.lock.tenant_id).await.unwrap());
        case.assert_open(7).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn putting_a_copy_in_the_place_of_what_was_shut_away() {
    kill_everywhere(&Copying).await;
}

struct RemovingAll;

#[async_trait]
impl Work for RemovingAll {
    async fn before(&self, case: &Case) -> Result<(), EngineError> {
        Reopening.before(case).await
    }
    async fn run(&self, engine: &Postgres, case: &Case) -> Result<(), EngineError> {
        engine.remove_all(&case.name, case.lock.tenant_id).await.map(|_| ())
    }
    async fn after(&self, case: &Case) {
        assert_eq!(case.ground.engine.look_up(&case.name).await.unwrap(), Presence::Absent);
        let left = format!("SELECT count(*) FROM pg_roles WHERE rolname = '{}'", case.name);
        assert_eq!(case.ground.number("postgres", &left).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_everything() {
    kill_everywhere(&RemovingAll).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scratch_database_of_a_killed_program_is_swept_and_one_in_use_is_not() {
    kill_scratches(false).await;
    kill_scratches(true).await;
}

async fn kill_scratches(in_schemas: bool) {
    let server = Arc::new(Server::start());
    for statements in 0.. {
        let ground = Case::new(&server, in_schemas).await.ground;
        let killed = ground.engine.killed_after(statements);
        let session = killed.scratch().await;
        let is_made = session.is_ok();
        if let Ok(mut session) = session {
            assert_eq!(ground.engine.sweep().await.unwrap(), 0, "it is in use");
            session.inspect().await.unwrap();
            // Its program cannot remove it any more.
            if killed.is_killed() {
                drop(session);
            } else {
                session.close().await;
            }
        }
        for _ in 0..200 {
            ground.engine.sweep().await.unwrap();
            if ground.passing().await == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert_eq!(ground.passing().await, 0, "after {statements}");
        if is_made && !killed.is_killed() {
            return;
        }
        assert!(statements < 60);
    }
}
