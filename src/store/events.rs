//! The history: what was done to a tenant or the installation, when and by whom. Rows are only ever added.

use super::db::{Connection, Result, sql};
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
    sql("INSERT INTO events (tenant_id, at_ms, actor_id, actor_name, action, sentence) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(tenant)
        .bind(at_ms)
        .bind(doer.id)
        .bind(&doer.name)
        .bind(action)
        .bind(sentence)
        .run(connection)
        .await?;
    Ok(())
}

/// The newest events of a tenant (or of everything), newest first; `before` goes on after the last of a page.
pub async fn list(
    connection: &mut Connection,
    tenant: Option<Uuid>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Event>> {
    let before = before.unwrap_or(i64::MAX);
    let rows = match tenant {
        Some(id) => {
            sql("SELECT e.id, e.at_ms, e.actor_name, e.action, e.sentence, t.name, t.slug
                 FROM events e LEFT JOIN tenants t ON t.id = e.tenant_id
                 WHERE e.tenant_id = ? AND e.id < ? ORDER BY e.id DESC LIMIT ?")
            .bind(id)
            .bind(before)
            .bind(limit)
            .all(connection)
            .await?
        }
        None => {
            sql("SELECT e.id, e.at_ms, e.actor_name, e.action, e.sentence, t.name, t.slug
                 FROM events e LEFT JOIN tenants t ON t.id = e.tenant_id WHERE e.id < ? ORDER BY e.id DESC LIMIT ?")
            .bind(before)
            .bind(limit)
            .all(connection)
            .await?
        }
    };
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
