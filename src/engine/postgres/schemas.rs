//! Tenants as schemas in the administrator's database: how one is made.
//!
//! A schema is the administrator's, so its tenant can neither drop nor rename it, nor let others in; what is in it is the
//! tenant's. The administrator makes it with its role in one transaction and never looks into it. The role then makes
//! everything that is in it. None of that is kept waiting for the disk: giving the schema its name waits for all of it.

use super::{
    CREATE_COLLATION,
    accounts::random_password,
    alone::Alone,
    examine::close_public,
    marks::Mark,
    names::identifier,
    server::{Entry, Postgres, failed, lock_number, short},
    session::{Passing, PostgresSession},
    templates::{New, Plan, own_tables, owner_row},
    whole::{fill, shares},
};
use crate::engine::{DatabaseName, Draft, Drafted, EngineError, Presence, Statement, TenantLock, Whole};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

impl Postgres {
    /// Sees to it that the database that tenants share has their common role, and that nobody else comes in.
    pub(super) async fn prepare_database(&self, admin: &mut PgConnection) -> Result<(), EngineError> {
        if !self.has_schemas() {
            return Ok(());
        }
        let prepare = async {
            let number = lock_number(&short(&self.tenants_role()));
            sqlx::query("SELECT pg_advisory_lock($1)")
                .bind(number)
                .execute(&mut *admin)
                .await
                .map_err(failed)?;
            let prepared = self.prepare_alone(&mut *admin).await;
            sqlx::query("SELECT pg_advisory_unlock($1)").bind(number).execute(admin).await.map_err(failed)?;
            prepared
        };
        self.is_prepared.get_or_try_init(|| prepare).await?;
        Ok(())
    }

    async fn prepare_alone(&self, admin: &mut PgConnection) -> Result<(), EngineError> {
        let row = sqlx::query(
            "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1),
                    EXISTS (SELECT 1 FROM pg_database d, aclexplode(d.datacl) AS a JOIN pg_roles r ON r.oid = a.grantee
                            WHERE d.datname = current_database() AND r.rolname = $1 AND a.privilege_type = 'CONNECT')",
        )
        .bind(self.tenants_role())
        .fetch_one(&mut *admin)
        .await
        .map_err(failed)?;
        let all = identifier(&self.tenants_role());
        if !row.try_get::<bool, _>(0).map_err(failed)? {
            let grant = if self.is_superuser(admin).await? {
                String::new()
            } else {
                format!("GRANT {all} TO CURRENT_USER")
            };
            self.run(admin, format!("CREATE ROLE {all} NOLOGIN; {grant}")).await?;
        }
        if !row.try_get::<bool, _>(1).map_err(failed)? {
            let database = identifier(self.own_database());
            self.run(admin, format!("GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {all}")).await?;
        }
        self.close_to_public(admin).await?;
        if let Some(close) = close_public(admin).await? {
            self.run(admin, close).await?;
        }
        Ok(())
    }

    /// Makes an empty schema for a tenant under any name, entered by its tenant's role.
    pub(super) async fn make_schema(
        &self,
        admin: &mut Alone,
        place: OwnedSemaphorePermit,
        aside: String,
        name: &DatabaseName,
        lock: &TenantLock,
    ) -> Result<New, EngineError> {
        let secret = self.secrets.of(lock.tenant_id).await?;
        let role = self.tenant_role(admin, name, lock.tenant_id, &secret).await?;
        let mark = self.comment_statement(&aside, &Mark::new(name, lock).comment());
        let plan = Plan { aside, role: name.as_str(), secret: &secret, mark, lock };
        self.settle(admin, place, &role, plan).await
    }

    /// Makes a scratch schema, with a role of its own.
    pub(super) async fn make_scratch_schema(
        &self,
        admin: &mut Alone,
        place: OwnedSemaphorePermit,
        name: String,
    ) -> Result<PostgresSession, EngineError> {
        let secret = random_password();
        let lock = TenantLock { tenant_id: Uuid::nil(), job_id: Uuid::nil(), fence: 0 };
        let role = self.passing_role(admin, &name, &secret).await?;
        // Whatever happens from here on, the role and the schema are removed.
        let passing = Passing::scratch(self.clone(), name.clone());
        let plan =
            Plan { aside: name.clone(), role: &name, secret: &secret, mark: String::new(), lock: &lock };
        let new = self.settle(admin, place, &role, plan).await?;
        Ok(PostgresSession::new(new.held, Some(lock), passing))
    }

    /// Makes the schema of a plan with what makes its role, and enters it.
    async fn settle(
        &self,
        admin: &mut Alone,
        place: OwnedSemaphorePermit,
        make_role: &str,
        plan: Plan<'_>,
    ) -> Result<New, EngineError> {
        let (schema, role) = (identifier(&plan.aside), identifier(plan.role));
        let sql = format!(
            "SET LOCAL synchronous_commit = off;
             {make_role}CREATE SCHEMA {schema};
             {}GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}",
            plan.mark
        );
        self.run(admin, sql).await?;
        let home = self.home(&plan.aside, plan.role);
        let entry = Entry { home: &home, account: plan.role, password: plan.secret, acts_as: None };
        let mut held = self.enter_or_fail(place, entry).await?;
        let own = home.own();
        let first = format!(
            "SET synchronous_commit = off; {CREATE_COLLATION}; {} {}",
            own_tables(&own),
            owner_row(&own, plan.lock)
        );
        self.count()?;
        sqlx::raw_sql(AssertSqlSafe(first)).execute(&mut held.connection).await.map_err(failed)?;
        Ok(New { aside: plan.aside, held })
    }

    /// Makes everything of a new schema at once, aside.
    pub(super) async fn draft_schema(
        &self,
        name: &DatabaseName,
        lock: &TenantLock,
        whole: &Whole<'_>,
    ) -> Result<Drafted, EngineError> {
        let place = self.place().await?;
        let mut admin = self.alone_on(name).await?;
        if self.find(&mut admin, name).await?.presence() != Presence::Absent {
            admin.release().await;
            return Ok(Drafted::Stepwise);
        }
        self.drop_tries(&mut admin, name).await?;
        let start = Instant::now();
        let aside = self.draft_name(name, lock);
        let mut held = self.make_schema(&mut admin, place, aside, name, lock).await?.held;
        let statements: Vec<&[Statement]> = whole.units.iter().map(|unit| unit.statements).collect();
        let own = held.home.own();
        let filled = fill(&mut held.connection, &own, lock, whole, &statements).await;
        held.close_with(&mut admin).await;
        filled?;
        admin.release().await;
        let took = shares(start.elapsed(), whole);
        Ok(Drafted::Ready(Draft { name: name.clone(), lock: *lock, took }))
    }
}
