//! Checks of many tenants, and what is decided about many: rows that say how far they are, so that another process goes on where
//! one was killed.

use crate::store::{
    db::{Connection, Result, Row, sql, sql_of},
    tenants::{COLUMNS, Status, Tenant, tenant},
};
use uuid::Uuid;

/// States in which a tenant has a database that can be looked at.
pub const CHECKED: [Status; 3] = [Status::Active, Status::Suspended, Status::Archived];

/// What is done to the tenants of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// They are looked at.
    Check,
    /// Something is put back.
    Repair,
    /// Something is kept as their own.
    Keep,
    /// Something is left alone.
    Ignore,
    /// Something counts again.
    Count,
}

impl Act {
    const ALL: [Act; 5] = [Act::Check, Act::Repair, Act::Keep, Act::Ignore, Act::Count];

    /// The word in rows.
    pub fn word(self) -> &'static str {
        match self {
            Act::Check => "check",
            Act::Repair => "repair",
            Act::Keep => "keep",
            Act::Ignore => "ignore",
            Act::Count => "count",
        }
    }
}

impl std::str::FromStr for Act {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        Act::ALL.into_iter().find(|act| act.word() == word).ok_or(format!("unknown act {word}"))
    }
}

/// What was decided about a difference of many tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The difference.
    pub difference_id: String,
    /// It in a sentence.
    pub sentence: String,
    /// What the use case needs to do it.
    pub detail: serde_json::Value,
    /// The person who decided; `None` is the command line.
    pub user_id: Option<Uuid>,
}

/// A check of many tenants, or something that was decided about many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Identifies it.
    pub id: Uuid,
    /// What is done.
    pub act: Act,
    /// What was decided; `None` for a check.
    pub decided: Option<Decided>,
    /// The tenants, in the order of their ids; `None` is all of them.
    pub scope: Option<Vec<Uuid>>,
    /// Who or what asked.
    pub asked_by: String,
    /// Tenants in all, as far as was known at the beginning.
    pub total: i64,
    /// Of them, how many it has come to.
    pub tally: Tally,
    /// The last tenant that had its turn.
    pub position: Option<Uuid>,
    /// When it was asked for, in milliseconds.
    pub created_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
}

/// What came of the tenants so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, std::default::Default)]
pub struct Tally {
    /// Looked at, or done.
    pub checked: i64,
    /// Of these, with a difference that counts.
    pub drifted: i64,
    /// Could not be looked at, or not be done.
    pub failed: i64,
    /// Had a job.
    pub busy: i64,
}

impl Tally {
    /// Tenants that it has come to.
    pub fn done(self) -> i64 {
        self.checked + self.failed + self.busy
    }
}

fn run(row: &Row) -> Result<Run> {
    let position = match row.maybe_text("position")? {
        Some(_) => Some(row.parse("position")?),
        None => None,
    };
    let decided = match row.maybe_text("difference_id")? {
        Some(difference_id) => Some(Decided {
            difference_id,
            sentence: row.maybe_text("sentence")?.unwrap_or_default(),
            detail: row.maybe_json("detail")?.unwrap_or_default(),
            user_id: row.maybe_text("user_id")?.map(|_| row.parse("user_id")).transpose()?,
        }),
        None => None,
    };
    Ok(Run {
        id: row.parse("id")?,
        act: row.parse("act")?,
        decided,
        scope: row.maybe_json("scope")?.and_then(|value| serde_json::from_value(value).ok()),
        asked_by: row.text("asked_by")?,
        total: row.int("total")?,
        tally: Tally {
            checked: row.int("checked")?,
            drifted: row.int("drifted")?,
            failed: row.int("failed")?,
            busy: row.int("busy")?,
        },
        position,
        created_ms: row.int("created_ms")?,
        ended_ms: row.maybe_int("ended_ms")?,
    })
}

/// Adds a run. One that is to be gone on with by whoever adds it has a lease from the beginning.
pub async fn add(connection: &mut Connection, new: &Run, owner: Option<(&str, i64)>) -> Result<()> {
    let scope = new.scope.as_ref().map(|ids| serde_json::json!(ids).to_string());
    let decided = new.decided.as_ref();
    sql("INSERT INTO drift_runs (id, act, difference_id, sentence, detail, user_id, scope, asked_by, total, lease_owner, lease_until_ms,
            created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(new.id)
        .bind(new.act.word())
        .bind(decided.map(|decided| decided.difference_id.clone()))
        .bind(decided.map(|decided| decided.sentence.clone()))
        .bind(decided.map(|decided| decided.detail.to_string()))
        .bind(decided.and_then(|decided| decided.user_id))
        .bind(scope)
        .bind(&new.asked_by)
        .bind(new.total)
        .bind(owner.map(|(owner, _)| owner))
        .bind(owner.map_or(0, |(_, until)| until))
        .bind(new.created_ms)
        .run(connection)
        .await?;
    Ok(())
}

/// A run.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<Run>> {
    sql("SELECT * FROM drift_runs WHERE id = ?")
        .bind(id)
        .first(connection)
        .await?
        .as_ref()
        .map(run)
        .transpose()
}

/// What was decided to be done about a difference, and goes on or was decided since a moment; the newest first.
pub async fn decided_since(
    connection: &mut Connection,
    act: Act,
    difference_id: &str,
    since_ms: i64,
) -> Result<Vec<Run>> {
    sql("SELECT * FROM drift_runs WHERE act = ? AND difference_id = ? AND (ended_ms IS NULL OR created_ms >= ?)
         ORDER BY created_ms DESC LIMIT 20")
    .bind(act.word())
    .bind(difference_id)
    .bind(since_ms)
    .all(connection)
    .await?
    .iter()
    .map(run)
    .collect()
}

/// The run of all tenants that has not ended.
pub async fn going_on(connection: &mut Connection) -> Result<Option<Run>> {
    sql("SELECT * FROM drift_runs WHERE ended_ms IS NULL AND scope IS NULL ORDER BY created_ms LIMIT 1")
        .first(connection)
        .await?
        .as_ref()
        .map(run)
        .transpose()
}

/// The newest run of all tenants that has ended.
pub async fn last_ended(connection: &mut Connection) -> Result<Option<Run>> {
    sql("SELECT * FROM drift_runs WHERE ended_ms IS NOT NULL AND scope IS NULL ORDER BY ended_ms DESC LIMIT 1")
        .first(connection)
        .await?
        .as_ref()
        .map(run)
        .transpose()
}

/// The runs of some tenants that have not ended, the newest first.
pub async fn of_some(connection: &mut Connection, limit: u32) -> Result<Vec<Run>> {
    sql("SELECT * FROM drift_runs WHERE ended_ms IS NULL AND scope IS NOT NULL ORDER BY created_ms DESC LIMIT ?")
        .bind(limit)
        .all(connection)
        .await?
        .iter()
        .map(run)
        .collect()
}

/// Which runs to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Checks.
    Checks,
    /// What was decided, which does not wait for checks to end.
    Decisions,
}

impl Which {
    fn condition(self) -> &'static str {
        match self {
            Which::Checks => "act = 'check'",
            Which::Decisions => "act <> 'check'",
        }
    }
}

/// Takes a run that nobody works on, the oldest first.
pub async fn take(
    connection: &mut Connection,
    which: Which,
    owner: &str,
    (now_ms, until_ms): (i64, i64),
) -> Result<Option<Run>> {
    let found = sql_of(format!(
        "SELECT * FROM drift_runs WHERE ended_ms IS NULL AND lease_until_ms <= ? AND {} ORDER BY created_ms LIMIT 1",
        which.condition()
    ))
    .bind(now_ms)
    .first(connection)
    .await?;
    let Some(found) = found.as_ref().map(run).transpose()? else { return Ok(None) };
    let changed =
        sql("UPDATE drift_runs SET lease_owner = ?, lease_until_ms = ? WHERE id = ? AND lease_until_ms <= ?")
            .bind(owner)
            .bind(until_ms)
            .bind(found.id)
            .bind(now_ms)
            .run(connection)
            .await?;
    Ok((changed == 1).then_some(found))
}

/// Whether there is a run that nobody works on.
pub async fn is_any_open(connection: &mut Connection, which: Which, now_ms: i64) -> Result<bool> {
    let query = sql_of(format!(
        "SELECT id FROM drift_runs WHERE ended_ms IS NULL AND lease_until_ms <= ? AND {} LIMIT 1",
        which.condition()
    ));
    Ok(query.bind(now_ms).first(connection).await?.is_some())
}

/// A tenant for which a run did not do it, with why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The tenant.
    pub tenant_id: Uuid,
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
}

/// Notes for which tenants a run did not do it. What was noted before stays as it is.
pub async fn refuse(connection: &mut Connection, run: Uuid, refusals: &[Refusal]) -> Result<()> {
    for refusal in refusals {
        let known = sql("SELECT run_id FROM drift_refusals WHERE run_id = ? AND tenant_id = ?")
            .bind(run)
            .bind(refusal.tenant_id)
            .first(connection)
            .await?;
        if known.is_some() {
            continue;
        }
        sql("INSERT INTO drift_refusals (run_id, tenant_id, name, why) VALUES (?, ?, ?, ?)")
            .bind(run)
            .bind(refusal.tenant_id)
            .bind(&refusal.name)
            .bind(&refusal.why)
            .later(connection)
            .await?;
    }
    Ok(())
}

/// Tenants for which a run did not do it, by name.
pub async fn refusals(connection: &mut Connection, run: Uuid, limit: u32) -> Result<Vec<Refusal>> {
    sql("SELECT * FROM drift_refusals WHERE run_id = ? ORDER BY name, tenant_id LIMIT ?")
        .bind(run)
        .bind(limit)
        .all(connection)
        .await?
        .iter()
        .map(|row| {
            Ok(Refusal { tenant_id: row.parse("tenant_id")?, name: row.text("name")?, why: row.text("why")? })
        })
        .collect()
}

/// Notes how far a run is; false where another process has taken it over.
pub async fn advance(
    connection: &mut Connection,
    run: &Run,
    owner: &str,
    until_ms: i64,
    ended_ms: Option<i64>,
) -> Result<bool> {
    let changed = sql("UPDATE drift_runs SET checked = ?, drifted = ?, failed = ?, busy = ?, position = ?, lease_until_ms = ?, ended_ms = ?
         WHERE id = ? AND lease_owner = ? AND ended_ms IS NULL")
    .bind(run.tally.checked)
    .bind(run.tally.drifted)
    .bind(run.tally.failed)
    .bind(run.tally.busy)
    .bind(run.position)
    .bind(until_ms)
    .bind(ended_ms)
    .bind(run.id)
    .bind(owner)
    .run(connection)
    .await?;
    Ok(changed == 1)
}

/// Forgets runs that ended before a moment.
pub async fn sweep(connection: &mut Connection, before_ms: i64) -> Result<u64> {
    sql("DELETE FROM drift_runs WHERE ended_ms IS NOT NULL AND ended_ms < ?")
        .bind(before_ms)
        .run(connection)
        .await
}

fn states() -> String {
    CHECKED.map(|status| format!("'{}'", status.word())).join(", ")
}

/// How many tenants there are to look at.
pub async fn count(connection: &mut Connection) -> Result<i64> {
    sql_of(format!("SELECT COUNT(*) AS number FROM tenants WHERE status IN ({})", states()))
        .one(connection)
        .await?
        .int("number")
}

/// The next tenants of a run after a position, in the order of their ids.
pub async fn next(connection: &mut Connection, after: Option<Uuid>, limit: u32) -> Result<Vec<Tenant>> {
    sql_of(format!(
        "SELECT {COLUMNS} FROM tenants t JOIN tenant_templates v ON v.id = t.template_id
         WHERE t.id > ? AND t.status IN ({}) ORDER BY t.id LIMIT ?",
        states()
    ))
    .bind(after.map(|id| id.to_string()).unwrap_or_default())
    .bind(limit)
    .all(connection)
    .await?
    .iter()
    .map(tenant)
    .collect()
}

/// These tenants, as far as they can be looked at, in the order of their ids.
pub async fn some(connection: &mut Connection, ids: &[Uuid]) -> Result<Vec<Tenant>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let marks = vec!["?"; ids.len()].join(", ");
    let mut query = sql_of(format!(
        "SELECT {COLUMNS} FROM tenants t JOIN tenant_templates v ON v.id = t.template_id
         WHERE t.id IN ({marks}) AND t.status IN ({}) ORDER BY t.id",
        states()
    ));
    for id in ids {
        query = query.bind(*id);
    }
    query.all(connection).await?.iter().map(tenant).collect()
}
