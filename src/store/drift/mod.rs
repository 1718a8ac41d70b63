//! What tenants' databases were found to be: the last check of each tenant with what differs, checks of many tenants
//! ([`runs`]), and what the pages ask ([`fleet`]).

pub mod fleet;
pub mod runs;

use super::db::{Connection, Result, Row, Value, sql, sql_of};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// How far a tenant's database is from what it should be: the worst of its differences that is not ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing differs, or nothing that counts.
    None,
    /// Order, comments, an index too many.
    Low,
    /// Something that no query of the template needs.
    Medium,
    /// Something that the template needs is gone or narrower.
    High,
}

impl Level {
    /// All of them, from the best.
    pub const ALL: [Level; 4] = [Level::None, Level::Low, Level::Medium, Level::High];

    /// The word in the database, the command line and the API.
    pub fn word(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
        }
    }

    /// Its number in rows.
    pub fn rank(self) -> i64 {
        match self {
            Level::None => 0,
            Level::Low => 1,
            Level::Medium => 2,
            Level::High => 3,
        }
    }

    /// The level of a number in a row.
    pub fn of_rank(rank: i64) -> Level {
        match rank {
            ..=0 => Level::None,
            1 => Level::Low,
            2 => Level::Medium,
            3.. => Level::High,
        }
    }
}

impl std::str::FromStr for Level {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        Level::ALL.into_iter().find(|level| level.word() == word).ok_or(format!("unknown level {word}"))
    }
}

/// Something that differs, as rows have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Identifies it; the same difference of other tenants has the same id.
    pub id: String,
    /// What kind of object it is, such as `column`.
    pub kind: String,
    /// The object, such as `members.phone`.
    pub object: String,
    /// `added`, `removed` or `changed`.
    pub change: String,
    /// How bad it is.
    pub severity: Level,
    /// What was expected.
    pub expected: Option<String>,
    /// What was found.
    pub found: Option<String>,
    /// All of it in a sentence.
    pub sentence: String,
    /// What is known of how it came about.
    pub cause: Option<String>,
}

/// Why and until when a difference is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The end, in milliseconds.
    pub until_ms: i64,
    /// The reason.
    pub reason: String,
    /// Who said so.
    pub by: String,
}

/// A difference that a tenant has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The difference.
    pub difference: Difference,
    /// When it was seen first, in milliseconds.
    pub first_seen_ms: i64,
    /// Whether it is left alone; also when the end has come.
    pub ignored: Option<Ignored>,
}

impl Noted {
    /// Whether it is left alone at this moment.
    pub fn is_ignored(&self, now_ms: i64) -> bool {
        self.ignored.as_ref().is_some_and(|ignored| ignored.until_ms > now_ms)
    }
}

/// The last check of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCheck {
    /// The level; `None` where it was never looked at.
    pub level: Option<Level>,
    /// Fingerprint of what was expected.
    pub expected_hash: Option<String>,
    /// Why it could not be looked at the last time.
    pub problem: Option<String>,
    /// When it was looked at last.
    pub looked_ms: Option<i64>,
    /// When that was tried last.
    pub tried_ms: i64,
}

/// What a check of one tenant has come to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The tenant.
    pub tenant_id: Uuid,
    /// What was found, or why nothing could be.
    pub found: std::result::Result<Found, String>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Fingerprint of the live schema.
    pub schema_hash: String,
    /// Fingerprint of what was expected.
    pub expected_hash: String,
    /// What differs.
    pub differences: Vec<Difference>,
}

fn noted(row: &Row) -> Result<Noted> {
    let ignored = match row.maybe_int("ignored_until_ms")? {
        Some(until_ms) => Some(Ignored {
            until_ms,
            reason: row.maybe_text("ignored_reason")?.unwrap_or_default(),
            by: row.maybe_text("ignored_by")?.unwrap_or_default(),
        }),
        None => None,
    };
    Ok(Noted { difference: difference(row)?, first_seen_ms: row.int("first_seen_ms")?, ignored })
}

fn difference(row: &Row) -> Result<Difference> {
    Ok(Difference {
        id: row.text("difference_id")?,
        kind: row.text("kind")?,
        object: row.text("object")?,
        change: row.text("change_kind")?,
        severity: Level::of_rank(row.int("severity")?),
        expected: row.maybe_text("expected")?,
        found: row.maybe_text("found")?,
        sentence: row.text("sentence")?,
        cause: row.maybe_text("cause")?,
    })
}

fn last_check(row: &Row) -> Result<LastCheck> {
    Ok(LastCheck {
        level: row.maybe_int("drift_level")?.map(Level::of_rank),
        expected_hash: row.maybe_text("expected_hash")?,
        problem: row.maybe_text("problem")?,
        looked_ms: row.maybe_int("looked_ms")?,
        tried_ms: row.int("tried_ms")?,
    })
}

/// What a tenant differs in, the worst first.
pub async fn of_tenant(connection: &mut Connection, tenant: Uuid) -> Result<Vec<Noted>> {
    sql("SELECT * FROM drift_differences WHERE tenant_id = ? ORDER BY severity DESC, object, kind, difference_id")
        .bind(tenant)
        .all(connection)
        .await?
        .iter()
        .map(noted)
        .collect()
}

/// The last check of a tenant.
pub async fn last_of(connection: &mut Connection, tenant: Uuid) -> Result<Option<LastCheck>> {
    let row = sql("SELECT * FROM tenant_drift WHERE tenant_id = ?").bind(tenant).first(connection).await?;
    row.as_ref().map(last_check).transpose()
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// Of these tenants, those that a job has, or has had since a moment: what was read of them meanwhile says nothing.
pub async fn busy(connection: &mut Connection, tenants: &[Uuid], since_ms: i64) -> Result<BTreeSet<Uuid>> {
    if tenants.is_empty() {
        return Ok(BTreeSet::new());
    }
    let marks = marks(tenants.len());
    let mut query = sql_of(format!(
        "SELECT tenant_id AS id FROM tenant_locks WHERE tenant_id IN ({marks})
         UNION SELECT tenant_id AS id FROM jobs WHERE tenant_id IN ({marks}) AND ended_ms >= ?"
    ));
    for id in tenants.iter().chain(tenants) {
        query = query.bind(*id);
    }
    query.bind(since_ms).all(connection).await?.iter().map(|row| row.parse("id")).collect()
}

/// Notes what checks have come to. One that finds what was there before costs next to nothing.
pub async fn record(connection: &mut Connection, outcomes: &[Outcome], now_ms: i64) -> Result<()> {
    let ids: Vec<Uuid> = outcomes.iter().map(|outcome| outcome.tenant_id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let before = before(connection, &ids).await?;
    let mut same = Vec::new();
    for outcome in outcomes {
        let known = before.get(&outcome.tenant_id);
        match (&outcome.found, known) {
            (Ok(found), Some(known)) if known.is_as_before(found) => same.push(outcome.tenant_id),
            (Ok(found), _) => record_found(connection, outcome.tenant_id, known, found, now_ms).await?,
            (Err(problem), _) => {
                record_problem(connection, outcome.tenant_id, known, problem, now_ms).await?
            }
        }
    }
    if !same.is_empty() {
        let mut query = sql_of(format!(
            "UPDATE tenant_drift SET looked_ms = ?, tried_ms = ? WHERE tenant_id IN ({})",
            marks(same.len())
        ))
        .bind(now_ms)
        .bind(now_ms);
        for id in same {
            query = query.bind(id);
        }
        query.later(connection).await?;
    }
    Ok(())
}

/// What is known of a tenant before a check is noted.
struct Before {
    has_row: bool,
    level: Option<Level>,
    has_problem: bool,
    expected_hash: Option<String>,
    schema_hash: Option<String>,
    has_differences: bool,
}

impl Before {
    fn is_as_before(&self, found: &Found) -> bool {
        self.level == Some(Level::None)
            && !self.has_problem
            && !self.has_differences
            && found.differences.is_empty()
            && self.expected_hash.as_ref() == Some(&found.expected_hash)
            && self.schema_hash.as_ref() == Some(&found.schema_hash)
    }
}

async fn before(connection: &mut Connection, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Before>> {
    let mut query = sql_of(format!(
        "SELECT t.id, t.schema_hash, c.tenant_id AS noted, c.drift_level, c.problem, c.expected_hash,
            (SELECT COUNT(*) FROM drift_differences d WHERE d.tenant_id = t.id) AS differences
         FROM tenants t LEFT JOIN tenant_drift c ON c.tenant_id = t.id WHERE t.id IN ({})",
        marks(ids.len())
    ));
    for id in ids {
        query = query.bind(*id);
    }
    let mut all = BTreeMap::new();
    for row in query.all(connection).await? {
        let known = Before {
            has_row: row.maybe_text("noted")?.is_some(),
            level: row.maybe_int("drift_level")?.map(Level::of_rank),
            has_problem: row.maybe_text("problem")?.is_some(),
            expected_hash: row.maybe_text("expected_hash")?,
            schema_hash: row.maybe_text("schema_hash")?,
            has_differences: row.int("differences")? > 0,
        };
        all.insert(row.parse("id")?, known);
    }
    Ok(all)
}

async fn record_found(
    connection: &mut Connection,
    tenant: Uuid,
    known: Option<&Before>,
    found: &Found,
    now_ms: i64,
) -> Result<()> {
    // A tenant that is gone meanwhile has no row to note anything in.
    let Some(known) = known else { return Ok(()) };
    let noted = if known.has_differences { of_tenant(connection, tenant).await? } else { Vec::new() };
    let kept: BTreeMap<&str, &Noted> =
        noted.iter().map(|noted| (noted.difference.id.as_str(), noted)).collect();
    let mut level = Level::None;
    for difference in &found.differences {
        let before = kept.get(difference.id.as_str());
        if !before.is_some_and(|before| before.is_ignored(now_ms)) {
            level = level.max(difference.severity);
        }
        match before {
            Some(before) => {
                if before.difference != *difference {
                    set_words(connection, tenant, difference).await?;
                }
            }
            None => add_difference(connection, tenant, difference, now_ms).await?,
        }
    }
    for gone in kept.keys().filter(|id| !found.differences.iter().any(|difference| difference.id == **id)) {
        sql("DELETE FROM drift_differences WHERE tenant_id = ? AND difference_id = ?")
            .bind(tenant)
            .bind(*gone)
            .later(connection)
            .await?;
    }
    let query = if known.has_row {
        sql(
            "UPDATE tenant_drift SET drift_level = ?, expected_hash = ?, problem = NULL, looked_ms = ?, tried_ms = ? WHERE tenant_id = ?",
        )
    } else {
        sql(
            "INSERT INTO tenant_drift (drift_level, expected_hash, looked_ms, tried_ms, tenant_id) VALUES (?, ?, ?, ?, ?)",
        )
    };
    query
        .bind(level.rank())
        .bind(&found.expected_hash)
        .bind(now_ms)
        .bind(now_ms)
        .bind(tenant)
        .later(connection)
        .await?;
    sql("UPDATE tenants SET schema_drift_level = ?, schema_hash = ?, last_schema_sync = ? WHERE id = ?")
        .bind(level.word())
        .bind(&found.schema_hash)
        .bind(crate::clock::timestamp(now_ms))
        .bind(tenant)
        .later(connection)
        .await
}

async fn record_problem(
    connection: &mut Connection,
    tenant: Uuid,
    known: Option<&Before>,
    problem: &str,
    now_ms: i64,
) -> Result<()> {
    let Some(known) = known else { return Ok(()) };
    let query = if known.has_row {
        sql("UPDATE tenant_drift SET problem = ?, tried_ms = ? WHERE tenant_id = ?")
    } else {
        sql("INSERT INTO tenant_drift (problem, tried_ms, tenant_id) VALUES (?, ?, ?)")
    };
    query.bind(problem).bind(now_ms).bind(tenant).later(connection).await
}

async fn add_difference(
    connection: &mut Connection,
    tenant: Uuid,
    difference: &Difference,
    now_ms: i64,
) -> Result<()> {
    sql("INSERT INTO drift_differences (tenant_id, difference_id, kind, object, change_kind, severity, expected, found, sentence,
            cause, first_seen_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    .bind(tenant)
    .bind(&difference.id)
    .bind(&difference.kind)
    .bind(&difference.object)
    .bind(&difference.change)
    .bind(difference.severity.rank())
    .bind(difference.expected.clone())
    .bind(difference.found.clone())
    .bind(&difference.sentence)
    .bind(difference.cause.clone())
    .bind(now_ms)
    .later(connection)
    .await
}

/// What is said about a difference that was known before: a newer version of the program may say it better.
async fn set_words(connection: &mut Connection, tenant: Uuid, difference: &Difference) -> Result<()> {
    sql("UPDATE drift_differences SET severity = ?, sentence = ?, cause = ? WHERE tenant_id = ? AND difference_id = ?")
        .bind(difference.severity.rank())
        .bind(&difference.sentence)
        .bind(difference.cause.clone())
        .bind(tenant)
        .bind(&difference.id)
        .later(connection)
        .await
}

/// Leaves a difference of a tenant alone, or does so no more; false where the tenant has no such difference.
pub async fn set_ignored(
    connection: &mut Connection,
    tenant: Uuid,
    id: &str,
    ignored: Option<&Ignored>,
) -> Result<bool> {
    let changed = sql("UPDATE drift_differences SET ignored_until_ms = ?, ignored_reason = ?, ignored_by = ?
         WHERE tenant_id = ? AND difference_id = ?")
    .bind(ignored.map(|ignored| ignored.until_ms))
    .bind(ignored.map(|ignored| ignored.reason.clone()))
    .bind(ignored.map(|ignored| ignored.by.clone()))
    .bind(tenant)
    .bind(id)
    .run(connection)
    .await?;
    Ok(changed > 0)
}

/// Gives a tenant the level of what it differs in now.
pub async fn set_level(connection: &mut Connection, tenant: Uuid, now_ms: i64) -> Result<()> {
    let noted = of_tenant(connection, tenant).await?;
    let level = noted
        .iter()
        .filter(|noted| !noted.is_ignored(now_ms))
        .map(|noted| noted.difference.severity)
        .max()
        .unwrap_or(Level::None);
    sql("UPDATE tenant_drift SET drift_level = ? WHERE tenant_id = ?")
        .bind(level.rank())
        .bind(tenant)
        .later(connection)
        .await?;
    sql("UPDATE tenants SET schema_drift_level = ? WHERE id = ?")
        .bind(level.word())
        .bind(tenant)
        .later(connection)
        .await
}

/// Forgets until when differences were ignored whose moment has come: they count again.
pub async fn end_ignoring(connection: &mut Connection, now_ms: i64) -> Result<()> {
    sql("UPDATE drift_differences SET ignored_until_ms = NULL, ignored_reason = NULL, ignored_by = NULL WHERE ignored_until_ms <= ?")
        .bind(now_ms)
        .later(connection)
        .await
}

/// Tenants whose difference was ignored until a moment that has come: their level is not true any more.
pub async fn ignored_until(connection: &mut Connection, now_ms: i64) -> Result<Vec<Uuid>> {
    sql("SELECT DISTINCT tenant_id FROM drift_differences WHERE ignored_until_ms <= ?")
        .bind(Value::from(now_ms))
        .all(connection)
        .await?
        .iter()
        .map(|row| row.parse("tenant_id"))
        .collect()
}
