//! What a tenant's things are in, seen from outside: a database, or a schema in the administrator's database. Either has a name
//! that can be changed in one moment, a comment, and an owner that is not the tenant; what differs is here.

use super::{
    alone::Alone,
    home::Home,
    names::identifier,
    server::{Postgres, away, code, failed, is_dropped_meanwhile},
};
use crate::engine::{DatabaseName, EngineError, server::Isolation};
use sqlx::{PgConnection, Row};

/// How often connections are ended before somebody who comes back at once is given up on.
const MOST_TRIES: u32 = 5;

/// The server's numbers for a lock that was waited for in vain, or in a circle.
const LOCKED: [&str; 2] = ["55P03", "40P01"];

/// Whoever is at work in a schema, as far as the administrator may end that.
const END_HOLDERS: &str = "
SELECT pg_terminate_backend(pid, 5000) FROM (
    SELECT DISTINCT a.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
    JOIN pg_stat_activity a ON a.pid = l.pid AND a.backend_type = 'client backend'
    WHERE n.nspname = $1 AND a.pid <> pg_backend_pid() AND pg_has_role(a.usesysid, 'USAGE')
) AS holders";

impl Postgres {
    /// Whether tenants are kept apart by schemas.
    pub(super) fn has_schemas(&self) -> bool {
        self.isolation == Isolation::Schema
    }

    /// What a tenant has here, in a word.
    pub(super) fn noun(&self) -> &'static str {
        match self.isolation {
            Isolation::Database => "database",
            Isolation::Schema => "schema",
        }
    }

    fn kind(&self) -> &'static str {
        match self.isolation {
            Isolation::Database => "DATABASE",
            Isolation::Schema => "SCHEMA",
        }
    }

    /// The database that the administrator asks from.
    pub(super) fn own_database(&self) -> &str {
        self.options.get_database().unwrap_or("postgres")
    }

    /// What is in a database or schema of ours; `role` is whose it is.
    pub(super) fn home(&self, container: &str, role: &str) -> Home {
        match self.isolation {
            Isolation::Database => Home::of_database(container),
            Isolation::Schema => Home::of_schema(self.own_database(), container, role),
        }
    }

    /// The comments of those among the names that are there.
    pub(super) async fn commented(
        &self,
        admin: &mut PgConnection,
        names: &[&str],
    ) -> Result<Vec<(String, Option<String>)>, EngineError> {
        let question = match self.isolation {
            Isolation::Database => {
                "SELECT datname::text, shobj_description(oid, 'pg_database') FROM pg_database
                 WHERE datname = ANY($1::text[]::name[])"
            }
            Isolation::Schema => {
                "SELECT nspname::text, obj_description(oid, 'pg_namespace') FROM pg_namespace
                 WHERE nspname = ANY($1::text[]::name[])"
            }
        };
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        list(admin, question, names).await
    }

    /// Those whose name begins with one of these, with their comments.
    pub(super) async fn beginning(
        &self,
        admin: &mut PgConnection,
        starts: &[String],
    ) -> Result<Vec<(String, Option<String>)>, EngineError> {
        let question = match self.isolation {
            Isolation::Database => {
                "SELECT datname::text, shobj_description(oid, 'pg_database') FROM pg_database
                 WHERE datname LIKE ANY($1)"
            }
            Isolation::Schema => {
                "SELECT nspname::text, obj_description(oid, 'pg_namespace') FROM pg_namespace
                 WHERE nspname LIKE ANY($1)"
            }
        };
        list(admin, question, starts.iter().map(|start| format!("{start}%")).collect()).await
    }

    /// The statement that writes a comment.
    pub(super) fn comment_statement(&self, container: &str, quoted: &str) -> String {
        format!("COMMENT ON {} {} IS {quoted};\n", self.kind(), identifier(container))
    }

    /// The statement that lets a tenant's role in.
    pub(super) fn let_in_statement(&self, container: &str, role: &str) -> String {
        let (container, role) = (identifier(container), identifier(role));
        match self.isolation {
            Isolation::Database => format!("GRANT CONNECT, TEMPORARY ON DATABASE {container} TO {role}"),
            Isolation::Schema => {
                let all = identifier(&self.tenants_role());
                format!("GRANT USAGE, CREATE ON SCHEMA {container} TO {role}; GRANT {all} TO {role}")
            }
        }
    }

    /// The statement after which it does not come in any more.
    pub(super) fn keep_out_statement(&self, container: &str, role: &str) -> String {
        let (container, role) = (identifier(container), identifier(role));
        match self.isolation {
            Isolation::Database => format!("REVOKE ALL ON DATABASE {container} FROM {role}"),
            Isolation::Schema => {
                let all = identifier(&self.tenants_role());
                format!("REVOKE ALL ON SCHEMA {container} FROM {role}; REVOKE {all} FROM {role}")
            }
        }
    }

    /// Gives a database or schema another name, which nothing has. The inner error is the server's.
    pub(super) async fn try_rename(
        &self,
        admin: &mut Alone,
        before: &str,
        after: &str,
        (first, last): (&str, &str),
    ) -> Result<Result<(), sqlx::Error>, EngineError> {
        let sql = format!(
            "{first} ALTER {} {} RENAME TO {}; {last}",
            self.kind(),
            identifier(before),
            identifier(after)
        );
        match self.try_run(admin, sql).await? {
            Err(cause) if code(&cause).is_some_and(|code| code == "42P04" || code == "42P06") => {
                Err(EngineError::Foreign(format!("There is already a {} {after}", self.noun())))
            }
            other => Ok(other),
        }
    }

    /// Gives it another name, whoever comes back to it.
    pub(super) async fn rename(
        &self,
        admin: &mut Alone,
        (before, role): (&str, &str),
        after: &str,
        last: &str,
    ) -> Result<(), EngineError> {
        let mut tries = 0;
        loop {
            let ended = self.end_connections(admin, before, role).await?;
            tries += 1;
            // A database keeps its name while somebody is connected to it; a schema does not.
            if self.has_schemas() && ended > 0 && tries < MOST_TRIES {
                continue;
            }
            match self.try_rename(admin, before, after, ("", last)).await? {
                Err(cause) if code(&cause).as_deref() == Some("55006") && tries < MOST_TRIES => {}
                Err(cause) if code(&cause).as_deref() == Some("55006") => {
                    return Err(away("The tenant's application does not let go of its database", cause));
                }
                other => return other.map_err(failed),
            }
        }
    }

    /// Ends all connections to a database that the administrator may end, or all that a role has. Gives how many there were.
    pub(super) async fn end_connections(
        &self,
        admin: &mut PgConnection,
        container: &str,
        role: &str,
    ) -> Result<i64, EngineError> {
        self.count()?;
        let (question, bound) = match self.isolation {
            Isolation::Database => (
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
                 WHERE datname = $1 AND backend_type = 'client backend' AND pg_has_role(usesysid, 'USAGE')",
                container,
            ),
            Isolation::Schema => (
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
                 WHERE usename = $1 AND backend_type = 'client backend'",
                role,
            ),
        };
        let row = sqlx::query(question).bind(bound).fetch_one(admin).await.map_err(failed)?;
        row.try_get(0).map_err(failed)
    }

    /// Drops a database or schema of ours, whoever is at work in it.
    pub(super) async fn drop_container(
        &self,
        admin: &mut PgConnection,
        container: &str,
    ) -> Result<(), EngineError> {
        if self.isolation == Isolation::Database {
            return self.drop_database(admin, container).await;
        }
        let mut tries = 0;
        loop {
            sqlx::query(END_HOLDERS).bind(container).execute(&mut *admin).await.map_err(failed)?;
            let dropped = self.try_run(admin, drop_schema(container)).await?;
            tries += 1;
            match dropped {
                Err(cause)
                    if tries < MOST_TRIES
                        && code(&cause).is_some_and(|code| LOCKED.contains(&code.as_str())) => {}
                other => return other.map_err(failed),
            }
        }
    }

    /// Drops a database whoever is connected to it.
    pub(super) async fn drop_database(
        &self,
        admin: &mut PgConnection,
        database: &str,
    ) -> Result<(), EngineError> {
        self.run(admin, format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(database))).await
    }

    /// Drops a database or schema that nobody is at work in, and says whether it did. A schema's passing role has its name.
    pub(super) async fn drop_unused(
        &self,
        admin: &mut PgConnection,
        container: &str,
    ) -> Result<bool, EngineError> {
        let sql = match self.isolation {
            // Without FORCE the server refuses where somebody is connected.
            Isolation::Database => format!("DROP DATABASE IF EXISTS {}", identifier(container)),
            Isolation::Schema => {
                let used = sqlx::query("SELECT 1 FROM pg_stat_activity WHERE usename = $1").bind(container);
                if used.fetch_optional(&mut *admin).await.map_err(failed)?.is_some() {
                    return Ok(false);
                }
                drop_schema(container)
            }
        };
        match self.try_run(admin, sql).await? {
            Ok(()) => Ok(true),
            Err(cause) if code(&cause).is_some_and(|code| code == "55006" || code == "55P03") => Ok(false),
            Err(cause) if is_dropped_meanwhile(&cause) => Ok(false),
            Err(cause) => Err(failed(cause)),
        }
    }

    /// Bytes that the first of these takes that is there.
    pub(super) async fn bytes(&self, name: &DatabaseName, shut: &str) -> Option<u64> {
        let question = match self.isolation {
            Isolation::Database => {
                "SELECT pg_database_size(oid) FROM pg_database WHERE datname = ANY($1::text[]::name[])
                 ORDER BY datname = $2 DESC"
            }
            Isolation::Schema => {
                "SELECT (SELECT COALESCE(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
                         WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'm', 'S'))
                 FROM pg_namespace n WHERE n.nspname = ANY($1::text[]::name[]) ORDER BY n.nspname = $2 DESC"
            }
        };
        let mut admin = self.admin().await.ok()?;
        let names = vec![name.to_string(), shut.to_owned()];
        let row = sqlx::query(question).bind(names).bind(name.as_str()).fetch_optional(&mut *admin);
        u64::try_from(row.await.ok()??.try_get::<i64, _>(0).ok()?).ok()
    }
}

fn drop_schema(schema: &str) -> String {
    format!(
        "SET LOCAL lock_timeout = '2s'; SET LOCAL client_min_messages = warning;
         DROP SCHEMA IF EXISTS {} CASCADE",
        identifier(schema)
    )
}

async fn list(
    admin: &mut PgConnection,
    question: &'static str,
    names: Vec<String>,
) -> Result<Vec<(String, Option<String>)>, EngineError> {
    let rows = sqlx::query(question).bind(names).fetch_all(admin).await.map_err(failed)?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, _>>().map_err(failed)
}
