//! The history: what was done to a tenant or the installation, when and by whom. Rows are only ever added.

use super::{
    Scope,
    db::{Connection, Result, Row, sql, sql_of},
};
use uuid::Uuid;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doer {
    /// The user, where it was one; `None` for the program itself and the command line.
    pub id: Option<Uuid>,
    /// A name to show.
    pub name: String,
}

impl Doer {
    /// The program itself.
    pub fn program() -> Self {
        Doer { id: None, name: "Tenantry".into() }
    }
}

/// One thing that was done.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its number; higher is later.
    pub id: i64,
    /// When, in milliseconds.
    pub at_ms: i64,
    /// Who.
    pub actor_name: String,
    /// A word for filters, such as `tenant_created`.
    pub action: String,
    /// A whole sentence.
    pub sentence: String,
    /// Name and slug of the tenant that it was done to.
    pub tenant: Option<(String, String)>,
}

/// Adds to the history.
pub async fn record(
    connection: &mut Connection,
    tenant: Option<Uuid>,
    at_ms: i64,
    doer: &Doer,
    action: &str,
    sentence: &str,
) -> Result<()> {
    add(connection, (tenant, None), at_ms, doer, action, sentence).await
}

/// Adds something that was done to a person's account, and to a tenant where it concerns one.
pub async fn record_of_person(
    connection: &mut Connection,
    (person, tenant): (Uuid, Option<Uuid>),
    at_ms: i64,
    doer: &Doer,
    action: &str,
    sentence: &str,
) -> Result<()> {
    add(connection, (tenant, Some(person)), at_ms, doer, action, sentence).await
}

async fn add(
    connection: &mut Connection,
    (tenant, person): (Option<Uuid>, Option<Uuid>),
    at_ms: i64,
    doer: &Doer,
    action: &str,
    sentence: &str,
) -> Result<()> {
    sql("INSERT INTO events (tenant_id, person_id, at_ms, actor_id, actor_name, action, sentence)
         VALUES (?, ?, ?, ?, ?, ?, ?)")
    .bind(tenant)
    .bind(person)
    .bind(at_ms)
    .bind(doer.id)
    .bind(&doer.name)
    .bind(action)
    .bind(sentence)
    .later(connection)
    .await?;
    Ok(())
}

/// The newest events of a tenant (or of everything but people) in the scope, newest first; `before` goes on after the
/// last of a page.
pub async fn list(
    connection: &mut Connection,
    scope: Scope,
    tenant: Option<Uuid>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Event>> {
    let (within, owner) = scope.and("e.tenant_id");
    let (about, id) = match tenant {
        Some(id) => ("e.tenant_id = ?", Some(id.into())),
        // What was done to people is for their own page: not everybody who sees tenants may see it.
        None => ("e.person_id IS NULL", None),
    };
    let query = sql_of(format!("{SELECT} WHERE {about}{within} AND e.id < ? ORDER BY e.id DESC LIMIT ?"))
        .bind_some(id)
        .bind_some(owner)
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit);
    events(&query.all(connection).await?)
}

/// What was done to a person's account, newest first.
pub async fn of_person(connection: &mut Connection, person: Uuid, limit: u32) -> Result<Vec<Event>> {
    let query = sql_of(format!("{SELECT} WHERE e.person_id = ? ORDER BY e.id DESC LIMIT ?"));
    events(&query.bind(person).bind(limit).all(connection).await?)
}

const SELECT: &str = "SELECT e.id, e.at_ms, e.actor_name, e.action, e.sentence, t.name, t.slug
    FROM events e LEFT JOIN tenants t ON t.id = e.tenant_id";

fn events(rows: &[Row]) -> Result<Vec<Event>> {
    rows.iter()
        .map(|row| {
            Ok(Event {
                id: row.int("id")?,
                at_ms: row.int("at_ms")?,
                actor_name: row.text("actor_name")?,
                action: row.text("action")?,
                sentence: row.text("sentence")?,
                tenant: row.maybe_text("name")?.zip(row.maybe_text("slug")?),
            })
        })
        .collect()
}
