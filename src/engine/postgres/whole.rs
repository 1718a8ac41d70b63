//! Making a database at once: from a template on the server that has all of the structure and no rows. The tenant's own rows
//! are put in then.
//!
//! A template is made where it is asked for first, and held against what the units make one after the other. It stays on the
//! server, for other processes too, until twenty others have been used since.

use super::{
    alone::Alone,
    home::PUBLIC,
    marks::TEMPLATE,
    names::identifier,
    parts::{Parted, part},
    scratch::{now, try_lock, unlock},
    server::{Postgres, away, code, lock_number, short},
    session::{PostgresSession, is_machine_trouble},
    templates::EMPTY,
};
use crate::engine::{
    DatabaseName, Draft, Drafted, EngineError, Marker, Presence, Session, Statement, TenantLock, Unit, Whole,
};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

/// How many templates are kept on a server.
const MOST: usize = 20;

/// What the comment of a template says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// Fingerprint of the schema that it has.
    schema: String,
    /// Whether tenants are made from it: what its units make is the same.
    fits: bool,
    /// When a process began to make use of it: seconds of Unix time.
    used: u64,
    /// Names the lock of whoever makes it.
    short: String,
}

/// What this process knows of templates, by their keys; `None` where there can be none.
#[derive(Clone, Default)]
pub(super) struct Wholes(Arc<Mutex<BTreeMap<String, Cell>>>);

type Cell = Arc<OnceCell<Option<Arc<Parted>>>>;

impl fmt::Debug for Wholes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wholes").finish_non_exhaustive()
    }
}

impl Wholes {
    fn cell(&self, key: &str) -> Cell {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() > MOST && !kept.contains_key(key) {
            kept.clear();
        }
        Arc::clone(kept.entry(key.to_owned()).or_default())
    }

    fn forget(&self, key: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// How many rows each table has.
type Counts = BTreeMap<String, i64>;

fn trouble(cause: sqlx::Error) -> EngineError {
    away("A template of databases cannot be made", cause)
}

/// Names a template: what is in empty databases is in it, too.
fn template_key(whole: &Whole<'_>) -> String {
    format!("{EMPTY} {}", whole.key)
}

impl Postgres {
    pub(super) async fn make_draft(
        &self,
        name: &DatabaseName,
        lock: &TenantLock,
        whole: &Whole<'_>,
    ) -> Result<Drafted, EngineError> {
        if self.has_schemas() {
            return self.draft_schema(name, lock, whole).await;
        }
        let key = template_key(whole);
        let cell = self.wholes.cell(&key);
        let Some(parted) = cell.get_or_try_init(|| self.ready(&key, whole)).await? else {
            return Ok(Drafted::Stepwise);
        };
        let place = self.place().await?;
        let mut admin = self.alone_on(name).await?;
        if self.find(&mut admin, name).await?.presence() != Presence::Absent {
            admin.release().await;
            return Ok(Drafted::Stepwise);
        }
        self.drop_tries(&mut admin, name).await?;
        let start = Instant::now();
        let aside = self.draft_name(name, lock);
        let template = self.template(&key);
        let new = match self.make_from(&mut admin, place, (&template, aside), name, lock).await {
            Ok(new) => new,
            Err(cause) => {
                // It may have been swept away.
                if self.template_note(&mut admin, &key).await?.is_none() {
                    self.wholes.forget(&key);
                    admin.release().await;
                    return Ok(Drafted::Stepwise);
                }
                return Err(cause);
            }
        };
        let mut held = new.held;
        let own = held.home.own();
        let filled = fill(&mut held.connection, &own, lock, whole, &parted.each()).await;
        held.close_with(&mut admin).await;
        filled?;
        admin.release().await;
        let took = shares(start.elapsed(), whole);
        Ok(Drafted::Ready(Draft { name: name.clone(), lock: *lock, took }))
    }

    pub(super) async fn publish_draft(&self, draft: &Draft) -> Result<(), EngineError> {
        let mut admin = self.alone_on(&draft.name).await?;
        let ours = Marker { tenant_id: draft.lock.tenant_id, job_id: draft.lock.job_id };
        match self.find(&mut admin, &draft.name).await?.presence() {
            Presence::Absent => {
                self.give_name(&mut admin, &self.draft_name(&draft.name, &draft.lock), &draft.name).await?;
            }
            Presence::Ours(marker) if marker == ours => {}
            Presence::Ours(_) | Presence::Shut(_) | Presence::Foreign(_) => {
                return Err(EngineError::Foreign(format!("There is already a database {}", draft.name)));
            }
        }
        admin.release().await;
        Ok(())
    }

    /// Sees to it that there is a template, and gives what is left to do for each tenant.
    async fn ready(&self, key: &str, whole: &Whole<'_>) -> Result<Option<Arc<Parted>>, EngineError> {
        let units: Vec<&[Statement]> = whole.units.iter().map(|unit| unit.statements).collect();
        let Some(parted) = part(&units) else {
            tracing::info!("A template mixes structure and rows: its tenants are made unit by unit");
            return Ok(None);
        };
        let note = {
            let mut admin = self.alone(&short(key)).await?;
            let note = self.note(&mut admin, key).await?;
            if let Some(note) = &note {
                let sql = comment(&self.template(key), &Note { used: now(), ..note.clone() });
                self.run(&mut admin, sql).await?;
            }
            admin.release().await;
            note
        };
        let fits = match note {
            Some(note) => note.fits && note.schema == whole.schema_hash,
            None => self.make_template(key, whole, &parted).await?,
        };
        Ok(fits.then(|| Arc::new(parted)))
    }

    async fn note(&self, admin: &mut Alone, key: &str) -> Result<Option<Note>, EngineError> {
        let note = self.template_note(admin, key).await?;
        Ok(note.and_then(|note| serde_json::from_str(&note).ok()))
    }

    /// Makes a template, and says whether it is as good as the units.
    async fn make_template(
        &self,
        key: &str,
        whole: &Whole<'_>,
        parted: &Parted,
    ) -> Result<bool, EngineError> {
        let slow = unit_by_unit(self.make_scratch().await?, whole).await?;
        let place = self.place().await?;
        let mut admin = self.alone(&short(key)).await?;
        if let Some(note) = self.note(&mut admin, key).await? {
            admin.release().await;
            return Ok(note.fits);
        }
        let (empty, place) = self.empty_template(&mut admin, place).await?;
        let aside = format!("{}-new", self.template(key));
        let database = identifier(&aside);
        self.drop_database(&mut admin, &self.template(key)).await?;
        self.drop_database(&mut admin, &aside).await?;
        let template = identifier(&empty);
        self.run(&mut admin, format!("CREATE DATABASE {database} TEMPLATE {template}")).await?;
        self.run(&mut admin, format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC")).await?;
        let owner = self.owner();
        let mut guest = self.enter_as_guest(&mut admin, place, &aside, (&owner, &short(key))).await?;
        let fast = try_out(&mut guest.held.connection, whole, parted).await;
        self.leave(&mut admin, guest).await?;
        let (schema, counts) = fast?;
        let fits = schema == whole.schema_hash && counts == slow;
        if !fits {
            tracing::warn!("A template's database differs from what its units make: they are used instead");
        }
        let note = Note { schema, fits, used: now(), short: short(key) };
        let note = serde_json::to_string(&note).unwrap_or_default();
        self.finish_template(&mut admin, &aside, key, &note).await?;
        admin.release().await;
        Ok(fits)
    }

    /// Drops the templates that have not been used for longest, where there are many, and half-made ones.
    pub(super) async fn sweep_templates(&self) -> Result<u64, EngineError> {
        let mut admin = self.admin().await?;
        let mut templates = Vec::new();
        for (name, comment) in self.beginning(&mut admin, &[self.start(TEMPLATE)]).await? {
            // The template of empty databases has another comment, and stays.
            if let Some(note) = comment.and_then(|comment| serde_json::from_str::<Note>(&comment).ok()) {
                templates.push((note.used, name, note.short));
            }
        }
        templates.sort();
        let many = templates.len().saturating_sub(MOST);
        let mut removed = 0;
        for (_, name, short) in templates.into_iter().take(many) {
            let number = lock_number(&short);
            if try_lock(&mut admin, number).await? {
                let dropped = self.drop_container(&mut admin, &name).await;
                unlock(&mut admin, number).await?;
                dropped?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn comment(database: &str, note: &Note) -> String {
    let note = serde_json::to_string(note).unwrap_or_default();
    format!("COMMENT ON DATABASE {} IS {}", identifier(database), super::names::text(&note))
}

/// What the units make one after the other.
async fn unit_by_unit(mut session: PostgresSession, whole: &Whole<'_>) -> Result<Counts, EngineError> {
    for unit in whole.units {
        session.apply(*unit).await?;
    }
    let (mut held, passing) = session.into_parts();
    let counted = counts(&mut held.connection).await;
    super::session::close(held, passing).await;
    counted
}

async fn counts(connection: &mut PgConnection) -> Result<Counts, EngineError> {
    let names = "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace";
    let rows = sqlx::query(names).persistent(false).fetch_all(&mut *connection).await.map_err(trouble)?;
    let mut counts = Counts::new();
    for row in rows {
        let name: String = row.try_get(0).map_err(trouble)?;
        // The server has quoted the name.
        let count = format!("SELECT count(*) FROM {name}");
        let row = sqlx::query(AssertSqlSafe(count)).persistent(false).fetch_one(&mut *connection).await;
        counts.insert(name, row.and_then(|row| row.try_get(0)).map_err(trouble)?);
    }
    Ok(counts)
}

/// Makes the structure, and tries the rows out; none is left. Gives the schema's fingerprint and how many rows there were.
async fn try_out(
    connection: &mut PgConnection,
    whole: &Whole<'_>,
    parted: &Parted,
) -> Result<(String, Counts), EngineError> {
    let none = crate::sql::variables::Variables::default();
    let mut transaction = connection.begin().await.map_err(trouble)?;
    PostgresSession::run_all(&mut transaction, "structure", &parted.structure, &none).await?;
    transaction.commit().await.map_err(trouble)?;
    let schema = super::inspect(connection, PUBLIC)
        .await
        .map_err(|cause| away("The schema of a template cannot be read", cause))?;
    let mut transaction = connection.begin().await.map_err(trouble)?;
    run_units(&mut transaction, whole, &parted.each()).await?;
    let counts = counts(&mut transaction).await?;
    transaction.rollback().await.map_err(trouble)?;
    // Rows that were rolled back still take room, and counters have gone on.
    let mut tables = counts.keys().cloned().collect::<Vec<_>>().join(", ");
    if !tables.is_empty() {
        tables = format!("TRUNCATE {tables} RESTART IDENTITY CASCADE");
        sqlx::raw_sql(AssertSqlSafe(tables)).execute(&mut *connection).await.map_err(trouble)?;
    }
    Ok((schema.fingerprint(), counts))
}

/// Runs what there is to do for a tenant in each unit, and writes the ledger.
pub(super) async fn fill(
    connection: &mut PgConnection,
    own: &str,
    lock: &TenantLock,
    whole: &Whole<'_>,
    statements: &[&[Statement]],
) -> Result<(), EngineError> {
    let write = |cause: sqlx::Error| away("The tenant's database cannot be written", cause);
    let mut transaction = connection.begin().await.map_err(write)?;
    run_units(&mut transaction, whole, statements).await?;
    let units: Vec<String> = whole.units.iter().map(|unit| unit.key.to_owned()).collect();
    let counts = whole.units.iter().map(|unit| i64::try_from(unit.statements.len()).unwrap_or(i64::MAX));
    let ledger = format!(
        "INSERT INTO {own}.tenantry_ledger (job_id, unit, statements)
         SELECT $1, unit, statements FROM unnest($2::text[], $3::bigint[]) AS u(unit, statements)"
    );
    sqlx::query(AssertSqlSafe(ledger))
        .persistent(false)
        .bind(lock.job_id.to_string())
        .bind(units)
        .bind(counts.collect::<Vec<_>>())
        .execute(&mut *transaction)
        .await
        .map_err(write)?;
    transaction.commit().await.map_err(write)
}

/// Runs statements of each unit. Those without values go to the server together.
async fn run_units(
    connection: &mut PgConnection,
    whole: &Whole<'_>,
    statements: &[&[Statement]],
) -> Result<(), EngineError> {
    for (unit, statements) in whole.units.iter().zip(statements) {
        for some in statements.chunk_by(|one, next| one.values.is_empty() && next.values.is_empty()) {
            match some {
                [one] => {
                    let one = std::slice::from_ref(one);
                    PostgresSession::run_all(connection, unit.key, one, unit.variables).await?;
                }
                several => run_together(connection, unit, several).await?,
            }
        }
    }
    Ok(())
}

async fn run_together(
    connection: &mut PgConnection,
    unit: &Unit<'_>,
    statements: &[Statement],
) -> Result<(), EngineError> {
    // On a line of its own: a statement may end with a comment.
    let text = statements.iter().map(|statement| statement.sql.as_str()).collect::<Vec<_>>().join("\n;\n");
    let done = sqlx::raw_sql(AssertSqlSafe(text.clone())).execute(connection).await;
    done.map(|_| ()).map_err(|cause| {
        if is_machine_trouble(&cause) {
            return away("The tenant's database cannot be written", cause);
        }
        // Run one by one afterwards, the statements say which of them it was.
        EngineError::Statement {
            unit: unit.key.to_owned(),
            index: 0,
            sql: text,
            cause: format!("{cause} ({})", code(&cause).unwrap_or_default()),
        }
    })
}

/// The time of each unit: they are made in one go, and share it by the number of their statements.
pub(super) fn shares(all: Duration, whole: &Whole<'_>) -> Vec<Duration> {
    let count = |unit: &Unit<'_>| u32::try_from(unit.statements.len()).unwrap_or(u32::MAX);
    let of = whole.units.iter().map(count).fold(0, u32::saturating_add).max(1);
    whole.units.iter().map(|unit| all.saturating_mul(count(unit)) / of).collect()
}
