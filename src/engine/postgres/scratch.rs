//! Databases and schemas that pass: scratch ones, the guests of others, and what a program that was killed has left of all these.

use super::{
    accounts::{GUEST, random_password},
    marks::{DRAFT, MAKING, Mark, SCRATCH},
    names::identifier,
    server::{Postgres, failed, lock_number, short},
    session::{Passing, PostgresSession},
    templates::Plan,
};
use crate::engine::{EngineError, TenantLock};
use sqlx::{PgConnection, Row};
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// Seconds after which a draft that nobody has published is nobody's.
const DRAFT_AGE: u64 = 3600;

impl Postgres {
    /// A new scratch database, with a role of its own.
    pub(super) async fn make_scratch(&self) -> Result<PostgresSession, EngineError> {
        let name = format!("{}{}", self.start(SCRATCH), Uuid::now_v7().simple());
        let place = self.place().await?;
        let mut admin = self.alone(&short(&name)).await?;
        if self.has_schemas() {
            let session = self.make_scratch_schema(&mut admin, place, name).await?;
            admin.release().await;
            return Ok(session);
        }
        let (template, place) = self.empty_template(&mut admin, place).await?;
        // Whatever happens from here on, the role and the database are removed.
        let passing = Passing::scratch(self.clone(), name.clone());
        let secret = random_password();
        let lock = TenantLock { tenant_id: Uuid::nil(), job_id: Uuid::nil(), fence: 0 };
        self.copy_template(&mut admin, &template, &name).await?;
        let role = self.passing_role(&mut admin, &name, &secret).await?;
        self.run(&mut admin, role).await?;
        let plan =
            Plan { aside: name.clone(), role: &name, secret: &secret, mark: String::new(), lock: &lock };
        let new = self.take_over(&mut admin, place, plan).await?;
        self.run(&mut admin, self.made_statements(&name, &name)).await?;
        admin.release().await;
        Ok(PostgresSession::new(new.held, Some(lock), passing))
    }

    /// Drops a scratch database and its role, run twice or where the one or the other was never made.
    pub(super) async fn remove_scratch(&self, name: &str) -> Result<(), EngineError> {
        let mut admin = self.admin().await?;
        self.drop_container(&mut admin, name).await?;
        if self.has_schemas() {
            return self.drop_guest(&mut admin, name, &[]).await;
        }
        self.run(&mut admin, format!("DROP ROLE IF EXISTS {}", identifier(name))).await
    }

    /// Drops a guest that has left.
    pub(super) async fn remove_guest(&self, name: &str, database: &str) -> Result<(), EngineError> {
        let mut admin = self.admin().await?;
        self.drop_guest(&mut admin, name, &[database.to_owned()]).await
    }

    /// Removes what nobody works on any more.
    pub(super) async fn sweep_all(&self) -> Result<u64, EngineError> {
        Ok(self.sweep_databases().await? + self.sweep_roles().await? + self.sweep_templates().await?)
    }

    async fn sweep_databases(&self) -> Result<u64, EngineError> {
        let mut admin = self.admin().await?;
        let starts = [MAKING, DRAFT, SCRATCH].map(|kind| self.start(kind));
        let mut removed = 0;
        for (name, comment) in self.beginning(&mut admin, &starts).await? {
            let made = comment.as_deref().and_then(Mark::read).map(|mark| mark.made);
            let waits = name.starts_with(DRAFT) && made.is_some_and(|made| !is_old(made));
            if !waits && let Some(number) = self.lock_of(&name) {
                removed += u64::from(self.sweep_one(&mut admin, &name, number).await?);
            }
        }
        Ok(removed)
    }

    /// Drops one unless somebody is at work on it: who makes one holds its lock, who uses one is connected to it.
    async fn sweep_one(
        &self,
        admin: &mut PgConnection,
        name: &str,
        number: i64,
    ) -> Result<bool, EngineError> {
        if !try_lock(admin, number).await? {
            return Ok(false);
        }
        let dropped = self.drop_unused(admin, name).await;
        unlock(admin, number).await?;
        dropped
    }

    /// Drops passing roles that nobody is connected by, nor about to be.
    async fn sweep_roles(&self) -> Result<u64, EngineError> {
        let mut admin = self.admin().await?;
        let rows = sqlx::query(
            "SELECT r.rolname::text, ARRAY(SELECT d.datname::text FROM pg_shdepend s
                 JOIN pg_database d ON s.classid = 'pg_database'::regclass AND d.oid = s.objid
                 WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid)
             FROM pg_roles r
             WHERE r.rolname LIKE ANY($1)
               AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.usesysid = r.oid)",
        )
        .bind([GUEST, SCRATCH].map(|kind| format!("{}%", self.start(kind))).to_vec())
        .fetch_all(&mut *admin)
        .await
        .map_err(failed)?;
        let mut removed = 0;
        for row in rows {
            let name: String = row.try_get(0).map_err(failed)?;
            let databases: Vec<String> = row.try_get(1).map_err(failed)?;
            // A scratch role's own database is dropped first.
            if databases.contains(&name) {
                continue;
            }
            let Some(number) = self.lock_of(&name) else { continue };
            if try_lock(&mut admin, number).await? {
                let dropped = self.drop_guest(&mut admin, &name, &databases).await;
                unlock(&mut admin, number).await?;
                dropped?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// The number of the lock that whoever makes a database or a passing role holds.
    fn lock_of(&self, name: &str) -> Option<i64> {
        if name.starts_with(SCRATCH) {
            return Some(lock_number(&short(name)));
        }
        let rest = [MAKING, DRAFT, GUEST].iter().find_map(|kind| name.strip_prefix(&self.start(kind)))?;
        rest.split('-').next().map(lock_number)
    }
}

pub(super) async fn try_lock(admin: &mut PgConnection, number: i64) -> Result<bool, EngineError> {
    let row = sqlx::query("SELECT pg_try_advisory_lock($1)").bind(number).fetch_one(admin).await;
    row.and_then(|row| row.try_get(0)).map_err(failed)
}

pub(super) async fn unlock(admin: &mut PgConnection, number: i64) -> Result<(), EngineError> {
    let done = sqlx::query("SELECT pg_advisory_unlock($1)").bind(number).execute(admin).await;
    done.map(|_| ()).map_err(failed)
}

pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn is_old(made: i64) -> bool {
    u64::try_from(made).is_ok_and(|made| made + DRAFT_AGE < now())
}
