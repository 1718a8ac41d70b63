//! Databases that others are made from, on the server itself: PostgreSQL copies one in a fraction of the time that its
//! statements take. Nobody can connect to one. All that is in one belongs to one role, which nobody can log in as.

use super::{
    CREATE_COLLATION,
    alone::Alone,
    marks::TEMPLATE,
    names::{identifier, text},
    server::{Entry, Held, Postgres, away, failed, lock_number, short},
};
use crate::engine::{EngineError, TenantLock};
use sqlx::{AssertSqlSafe, Row};
use tokio::sync::OwnedSemaphorePermit;

/// What the name begins with of the role that has everything in an administrator's templates.
const OWNER: &str = "tenantry-owner-";

/// Names the template of empty databases; another one when what is in it changes.
pub(super) const EMPTY: &str = "empty, form 1";

/// What makes what every tenant has for our own use, in a schema.
pub(super) fn own_tables(own: &str) -> String {
    format!(
        "CREATE TABLE {own}.tenantry_owner (
            only_row integer PRIMARY KEY CHECK (only_row = 1),
            tenant_id text NOT NULL,
            job_id text NOT NULL,
            fence bigint NOT NULL,
            created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
        );
        {}",
        ledger(own)
    )
}

/// What makes the ledger, in which each unit has a row.
pub(super) fn ledger(own: &str) -> String {
    format!(
        "CREATE TABLE {own}.tenantry_ledger (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            job_id text NOT NULL,
            unit text NOT NULL,
            statements bigint NOT NULL,
            ended_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
            UNIQUE (job_id, unit)
        );"
    )
}

/// What makes the only row of a marker.
pub(super) fn owner_row(own: &str, lock: &TenantLock) -> String {
    format!(
        "INSERT INTO {own}.tenantry_owner (only_row, tenant_id, job_id, fence) VALUES (1, {}, {}, {});",
        text(&lock.tenant_id.to_string()),
        text(&lock.job_id.to_string()),
        lock.fence
    )
}

impl Postgres {
    /// The name of the template of a key. Each administrator has templates of its own.
    pub(super) fn template(&self, key: &str) -> String {
        format!("{}{}", self.start(TEMPLATE), short(key))
    }

    /// The role that has everything in templates.
    pub(super) fn owner(&self) -> String {
        format!("{}all", self.start(OWNER))
    }

    /// Takes the lock of a template on a connection that has one already; gives it back with the connection at the latest.
    pub(super) async fn lock_template(&self, admin: &mut Alone, key: &str) -> Result<(), EngineError> {
        let number = lock_number(&short(key));
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(number)
            .execute(&mut **admin)
            .await
            .map(|_| ())
            .map_err(|cause| away("Another worker makes the same template", cause))
    }

    pub(super) async fn unlock_template(&self, admin: &mut Alone, key: &str) -> Result<(), EngineError> {
        sqlx::query("SELECT pg_advisory_unlock($1)")
            .bind(lock_number(&short(key)))
            .execute(&mut **admin)
            .await
            .map(|_| ())
            .map_err(failed)
    }

    /// What the comment of a template says; `None` where there is no such template.
    pub(super) async fn template_note(
        &self,
        admin: &mut Alone,
        key: &str,
    ) -> Result<Option<String>, EngineError> {
        let row = sqlx::query(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1::text::name",
        )
        .bind(self.template(key))
        .fetch_optional(&mut **admin)
        .await
        .map_err(failed)?;
        row.map(|row| row.try_get::<Option<String>, _>(0).map(Option::unwrap_or_default))
            .transpose()
            .map_err(failed)
    }

    /// The template of empty databases, made where it is not there yet. Gives its name.
    pub(super) async fn empty_template(
        &self,
        admin: &mut Alone,
        place: OwnedSemaphorePermit,
    ) -> Result<(String, OwnedSemaphorePermit), EngineError> {
        if self.template_note(admin, EMPTY).await?.is_some() {
            return Ok((self.template(EMPTY), place));
        }
        self.lock_template(admin, EMPTY).await?;
        let mut place = place;
        if self.template_note(admin, EMPTY).await?.is_none() {
            place = self.make_empty_template(admin, place).await?;
        }
        self.unlock_template(admin, EMPTY).await?;
        Ok((self.template(EMPTY), place))
    }

    async fn make_empty_template(
        &self,
        admin: &mut Alone,
        place: OwnedSemaphorePermit,
    ) -> Result<OwnedSemaphorePermit, EngineError> {
        self.close_to_public(admin).await?;
        self.make_owner(admin).await?;
        let aside = format!("{}-new", self.template(EMPTY));
        let database = identifier(&aside);
        self.drop_database(admin, &aside).await?;
        self.run(admin, format!("CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'")).await?;
        self.run(admin, format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC")).await?;
        let mut held = self.enter_as_admin(place, &aside).await?;
        let own = self.own_statements(&mut held).await?;
        self.run(&mut held.connection, own).await?;
        let place = self.end(admin, held).await?;
        self.finish_template(admin, &aside, EMPTY, EMPTY).await?;
        Ok(place)
    }

    async fn make_owner(&self, admin: &mut Alone) -> Result<(), EngineError> {
        let found = sqlx::query("SELECT 1 FROM pg_roles WHERE rolname = $1").bind(self.owner());
        if found.fetch_optional(&mut **admin).await.map_err(failed)?.is_some() {
            return Ok(());
        }
        let owner = identifier(&self.owner());
        let grant = if self.is_superuser(admin).await? {
            String::new()
        } else {
            format!("GRANT {owner} TO CURRENT_USER")
        };
        self.run(admin, format!("CREATE ROLE {owner} NOLOGIN; {grant}")).await
    }

    /// What makes our own things in a database that nothing is in yet.
    async fn own_statements(&self, held: &mut Held) -> Result<String, EngineError> {
        let own = held.home.own();
        let owner = identifier(&self.owner());
        // Before PostgreSQL 15 `public` is the superuser's, and stays as it is where the administrator is none.
        let row =
            sqlx::query("SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'public'")
                .fetch_one(&mut held.connection)
                .await
                .map_err(failed)?;
        let public = if row.try_get(0).map_err(failed)? {
            format!("REVOKE ALL ON SCHEMA public FROM PUBLIC; ALTER SCHEMA public OWNER TO {owner};")
        } else {
            String::new()
        };
        Ok(format!(
            "SET search_path = public; {CREATE_COLLATION}; {public}
             CREATE SCHEMA {own} AUTHORIZATION {owner}; SET ROLE {owner}; {}",
            own_tables(&own)
        ))
    }

    /// Gives a template that is complete its name, and lets nobody in any more.
    pub(super) async fn finish_template(
        &self,
        admin: &mut Alone,
        aside: &str,
        key: &str,
        note: &str,
    ) -> Result<(), EngineError> {
        let (aside, name) = (identifier(aside), identifier(&self.template(key)));
        let sql = format!(
            "ALTER DATABASE {aside} ALLOW_CONNECTIONS false;
             COMMENT ON DATABASE {aside} IS {};
             ALTER DATABASE {aside} RENAME TO {name}",
            text(note)
        );
        self.run(admin, sql).await
    }

    /// Closes a connection into a database and gives its place back.
    pub(super) async fn end(
        &self,
        admin: &mut Alone,
        held: Held,
    ) -> Result<OwnedSemaphorePermit, EngineError> {
        match held.close_with(admin).await {
            Some(place) => Ok(place),
            None => self.place().await,
        }
    }
}

/// A database that is being made, entered by the role that it is for.
pub(super) struct New {
    /// Its name while it is made.
    pub(super) aside: String,
    pub(super) held: Held,
}

/// A copy of a template, and whom it is for.
pub(super) struct Plan<'a> {
    /// The database's name while it is made.
    pub(super) aside: String,
    pub(super) role: &'a str,
    pub(super) secret: &'a str,
    /// The statement that writes the comment, or nothing.
    pub(super) mark: String,
    pub(super) lock: &'a TenantLock,
}

impl Postgres {
    /// Makes a database from a template, which nobody may enter yet.
    pub(super) async fn copy_template(
        &self,
        admin: &mut Alone,
        template: &str,
        aside: &str,
    ) -> Result<(), EngineError> {
        let (template, database) = (identifier(template), identifier(aside));
        self.run(admin, format!("CREATE DATABASE {database} TEMPLATE {template} ALLOW_CONNECTIONS false"))
            .await
    }

    /// Enters a copy of a template by the role that it is for, and makes everything in it the role's.
    pub(super) async fn take_over(
        &self,
        admin: &mut Alone,
        place: OwnedSemaphorePermit,
        plan: Plan<'_>,
    ) -> Result<New, EngineError> {
        let (database, role) = (identifier(&plan.aside), identifier(plan.role));
        let owner = identifier(&self.owner());
        // All of it is on the disk when the database gets its name: that waits for what was written before.
        let sql = format!(
            "SET LOCAL synchronous_commit = off;
             {}REVOKE ALL ON DATABASE {database} FROM PUBLIC;
             GRANT CONNECT, TEMPORARY, CREATE ON DATABASE {database} TO {role};
             GRANT {owner} TO {role};
             ALTER DATABASE {database} SET timezone = 'UTC';
             ALTER DATABASE {database} ALLOW_CONNECTIONS true",
            plan.mark
        );
        self.run(admin, sql).await?;
        let home = self.home(&plan.aside, plan.role);
        let entry = Entry { home: &home, account: plan.role, password: plan.secret, acts_as: None };
        let mut held = self.enter_or_fail(place, entry).await?;
        let take_over = format!(
            "SET synchronous_commit = off;
             REASSIGN OWNED BY {owner} TO {role};
             {}",
            owner_row(&home.own(), plan.lock)
        );
        self.count()?;
        sqlx::raw_sql(AssertSqlSafe(take_over)).execute(&mut held.connection).await.map_err(failed)?;
        Ok(New { aside: plan.aside, held })
    }

    /// The statements that take from a role what it had while its database was made.
    pub(super) fn made_statements(&self, aside: &str, role: &str) -> String {
        if self.has_schemas() {
            return String::new();
        }
        let (database, role) = (identifier(aside), identifier(role));
        format!(
            "REVOKE CREATE ON DATABASE {database} FROM {role}; REVOKE {} FROM {role};",
            identifier(&self.owner())
        )
    }
}
