//! What the pages about all tenants ask: how many are at which level, and which have the same difference.

use super::{Difference, Level, difference};
use crate::store::{
    db::{Connection, Result, Value, sql, sql_of},
    tenants::Status,
};
use uuid::Uuid;

/// How many tenants of a template version are at a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The template's name for people.
    pub template_name: String,
    /// The type of the template.
    pub template_type: String,
    /// The version.
    pub version: String,
    /// The level; `None` where they were never looked at.
    pub level: Option<Level>,
    /// Of them, how many could not be looked at the last time.
    pub troubled: i64,
    /// How many there are.
    pub tenants: i64,
    /// When the one was looked at that was looked at longest ago.
    pub oldest_ms: Option<i64>,
}

/// Tenants with the same difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The difference, as one of them has it.
    pub difference: Difference,
    /// How many have it.
    pub tenants: i64,
    /// When it was seen first, in milliseconds.
    pub first_seen_ms: i64,
}

/// What to list.
#[derive(Debug, Clone, PartialEq, Eq, std::default::Default)]
pub struct Filter {
    /// Differences of this level only.
    pub severity: Option<Level>,
    /// Tenants of this template version only, as its type and its number.
    pub version: Option<(String, String)>,
    /// Those that are left alone, and not the others.
    pub is_ignored: bool,
    /// Pages of groups that are passed over.
    pub skipped: u32,
}

const STATES: &str = "t.status IN ('active', 'suspended', 'archived')";

/// How many tenants are at which level and template version.
pub async fn counts(connection: &mut Connection) -> Result<Vec<Count>> {
    sql_of(format!(
        "SELECT v.name AS template_name, v.template_type, v.version, g.drift_level, g.troubled, g.tenants, g.oldest_ms
         FROM (SELECT t.template_id, c.drift_level, COUNT(c.problem) AS troubled, COUNT(*) AS tenants, MIN(c.looked_ms) AS oldest_ms
               FROM tenants t LEFT JOIN tenant_drift c ON c.tenant_id = t.id WHERE {STATES}
               GROUP BY t.template_id, c.drift_level) AS g
         JOIN tenant_templates v ON v.id = g.template_id ORDER BY v.name, v.id DESC"
    ))
    .all(connection)
    .await?
    .iter()
    .map(|row| {
        Ok(Count {
            template_name: row.text("template_name")?,
            template_type: row.text("template_type")?,
            version: row.text("version")?,
            level: row.maybe_int("drift_level")?.map(Level::of_rank),
            troubled: row.int("troubled")?,
            tenants: row.int("tenants")?,
            oldest_ms: row.maybe_int("oldest_ms")?,
        })
    })
    .collect()
}

/// What the start page says about all tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, std::default::Default)]
pub struct Sum {
    /// Tenants that differ in something that counts.
    pub differ: i64,
    /// Of them, those in which something is missing that the template needs.
    pub high: i64,
    /// Tenants that could not be looked at the last time, though their server is there.
    pub troubled: i64,
}

/// How many tenants differ, or could not be looked at.
pub async fn sum(connection: &mut Connection) -> Result<Sum> {
    let row = sql_of(format!(
        "SELECT COUNT(CASE WHEN c.drift_level > 0 THEN 1 END) AS differ, COUNT(CASE WHEN c.drift_level >= 3 THEN 1 END) AS high,
                COUNT(CASE WHEN c.problem IS NOT NULL AND s.problem IS NULL THEN 1 END) AS troubled
         FROM tenant_drift c JOIN tenants t ON t.id = c.tenant_id LEFT JOIN servers s ON s.id = t.server_id
         WHERE (c.drift_level > 0 OR c.problem IS NOT NULL) AND {STATES}"
    ))
    .one(connection)
    .await?;
    Ok(Sum { differ: row.int("differ")?, high: row.int("high")?, troubled: row.int("troubled")? })
}

fn conditions(filter: &Filter, now_ms: i64) -> (String, Vec<Value>) {
    let mut text = String::from(STATES);
    let mut values = Vec::new();
    text.push_str(if filter.is_ignored {
        " AND d.ignored_until_ms > ?"
    } else {
        " AND (d.ignored_until_ms IS NULL OR d.ignored_until_ms <= ?)"
    });
    values.push(now_ms.into());
    if let Some(level) = filter.severity {
        text.push_str(" AND d.severity = ?");
        values.push(level.rank().into());
    }
    if let Some((template_type, version)) = &filter.version {
        text.push_str(
            " AND t.template_id IN (SELECT id FROM tenant_templates WHERE template_type = ? AND version = ?)",
        );
        values.push(template_type.into());
        values.push(version.into());
    }
    (text, values)
}

/// Groups of tenants with the same difference, the worst and the largest first: a page of so many, and one more where there are
/// others after it.
pub async fn groups(
    connection: &mut Connection,
    filter: &Filter,
    now_ms: i64,
    on_page: u32,
) -> Result<Vec<Group>> {
    let (condition, values) = conditions(filter, now_ms);
    let mut query = sql_of(format!(
        "SELECT d.*, g.tenants, g.seen_ms FROM (
            SELECT d.difference_id, MIN(d.tenant_id) AS tenant_id, COUNT(*) AS tenants, MIN(d.first_seen_ms) AS seen_ms
            FROM drift_differences d JOIN tenants t ON t.id = d.tenant_id WHERE {condition} GROUP BY d.difference_id) AS g
         JOIN drift_differences d ON d.difference_id = g.difference_id AND d.tenant_id = g.tenant_id
         ORDER BY d.severity DESC, g.tenants DESC, d.object, d.difference_id LIMIT ? OFFSET ?"
    ));
    for value in values {
        query = query.bind_value(value);
    }
    query
        .bind(on_page.saturating_add(1))
        .bind(on_page.saturating_mul(filter.skipped))
        .all(connection)
        .await?
        .iter()
        .map(|row| {
            Ok(Group {
                difference: difference(row)?,
                tenants: row.int("tenants")?,
                first_seen_ms: row.int("seen_ms")?,
            })
        })
        .collect()
}

/// A tenant with a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The tenant.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// Its state.
    pub status: Status,
    /// When it was seen there first.
    pub first_seen_ms: i64,
    /// What its database was found to be and beside what: tenants with the same are put right by the same SQL.
    pub found: State,
}

/// What a tenant's database was found to be at the last check, and beside what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    /// The server that it is on; none is the embedded engine.
    pub server_id: Option<String>,
    /// Fingerprint of its schema.
    pub schema_hash: Option<String>,
    /// Fingerprint of what was expected.
    pub expected_hash: Option<String>,
}

/// Tenants with a difference that is not left alone (or is), by name.
pub async fn members(
    connection: &mut Connection,
    id: &str,
    is_ignored: bool,
    now_ms: i64,
    limit: u32,
) -> Result<Vec<Member>> {
    let (condition, values) = conditions(&Filter { is_ignored, ..Filter::default() }, now_ms);
    let mut query = sql_of(format!(
        "SELECT t.id, t.name, t.slug, t.status, t.server_id, t.schema_hash, c.expected_hash, d.first_seen_ms
         FROM drift_differences d JOIN tenants t ON t.id = d.tenant_id JOIN tenant_drift c ON c.tenant_id = t.id
         WHERE d.difference_id = ? AND {condition} ORDER BY t.name, t.id LIMIT ?"
    ))
    .bind(id);
    for value in values {
        query = query.bind_value(value);
    }
    query
        .bind(limit)
        .all(connection)
        .await?
        .iter()
        .map(|row| {
            Ok(Member {
                id: row.parse("id")?,
                name: row.text("name")?,
                slug: row.text("slug")?,
                status: row.parse("status")?,
                first_seen_ms: row.int("first_seen_ms")?,
                found: State {
                    server_id: row.maybe_text("server_id")?,
                    schema_hash: row.maybe_text("schema_hash")?,
                    expected_hash: row.maybe_text("expected_hash")?,
                },
            })
        })
        .collect()
}

/// How many tenants have a difference that is not left alone, and of how many it is.
pub async fn numbers(connection: &mut Connection, id: &str, now_ms: i64) -> Result<(i64, i64)> {
    let row = sql_of(format!(
        "SELECT COUNT(*) AS number, COUNT(CASE WHEN d.ignored_until_ms > ? THEN 1 END) AS left_alone
         FROM drift_differences d JOIN tenants t ON t.id = d.tenant_id WHERE d.difference_id = ? AND {STATES}"
    ))
    .bind(now_ms)
    .bind(id)
    .one(connection)
    .await?;
    let ignored = row.int("left_alone")?;
    Ok((row.int("number")? - ignored, ignored))
}

/// A difference, as one tenant has it.
pub async fn example(connection: &mut Connection, id: &str) -> Result<Option<Difference>> {
    sql("SELECT * FROM drift_differences WHERE difference_id = ? LIMIT 1")
        .bind(id)
        .first(connection)
        .await?
        .as_ref()
        .map(difference)
        .transpose()
}

/// Tenants that could not be looked at the last time, with why; by name.
pub async fn troubled(connection: &mut Connection, limit: u32) -> Result<Vec<(String, String, String)>> {
    sql_of(format!(
        "SELECT t.name, t.slug, c.problem FROM tenant_drift c JOIN tenants t ON t.id = c.tenant_id
         WHERE c.problem IS NOT NULL AND {STATES} ORDER BY t.name, t.id LIMIT ?"
    ))
    .bind(limit)
    .all(connection)
    .await?
    .iter()
    .map(|row| Ok((row.text("name")?, row.text("slug")?, row.text("problem")?)))
    .collect()
}
