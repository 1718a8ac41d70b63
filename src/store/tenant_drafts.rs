//! Tenants that somebody has begun to describe. A draft is gone once its tenant is there, or when nobody went on with it.

use super::{
    db::{Connection, Result, Row, sql},
    tenants::Plan,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What is known so far about a tenant that is being described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Identifies it, and later the request for the tenant.
    pub id: Uuid,
    /// Whose it is.
    pub maker: Uuid,
    /// The tenant's name.
    pub name: String,
    /// The owner's e-mail.
    pub email: String,
    /// What the maker wanted to say about it.
    pub note: Option<String>,
    /// The template type, once it is chosen.
    pub template: Option<String>,
    /// Ticked extras by template type. A template without an entry has not been answered for.
    pub modules: BTreeMap<String, Vec<String>>,
    /// The plan, once it is chosen.
    pub plan: Option<Plan>,
    /// Where its database is to be, once that is answered.
    pub place: Option<String>,
    /// When it was last changed, in milliseconds.
    pub changed_ms: i64,
}

const COLUMNS: &str = "id, maker_id, name, email, note, template, modules, plan, place, changed_ms";

fn draft(row: &Row) -> Result<Draft> {
    Ok(Draft {
        id: row.parse("id")?,
        maker: row.parse("maker_id")?,
        name: row.text("name")?,
        email: row.text("email")?,
        note: row.maybe_text("note")?,
        template: row.maybe_text("template")?,
        modules: row.json("modules")?,
        plan: row.maybe_text("plan")?.and_then(|word| word.parse().ok()),
        place: row.maybe_text("place")?,
        changed_ms: row.int("changed_ms")?,
    })
}

fn modules_json(draft: &Draft) -> String {
    serde_json::to_string(&draft.modules).unwrap_or_else(|_| "{}".into())
}

/// Adds a draft, or replaces the maker's own of the same id; false where the id belongs to somebody else's draft.
pub async fn save(connection: &mut Connection, draft: &Draft) -> Result<bool> {
    let changed = sql(
        "UPDATE tenant_drafts SET name = ?, email = ?, note = ?, template = ?, modules = ?, plan = ?, place = ?, changed_ms = ?
         WHERE id = ? AND maker_id = ?",
    )
    .bind(&draft.name)
    .bind(&draft.email)
    .bind(draft.note.clone())
    .bind(draft.template.clone())
    .bind(modules_json(draft))
    .bind(draft.plan.map(Plan::word))
    .bind(draft.place.clone())
    .bind(draft.changed_ms)
    .bind(draft.id)
    .bind(draft.maker)
    .run(connection)
    .await?;
    if changed == 1 {
        return Ok(true);
    }
    let added = sql(
        "INSERT INTO tenant_drafts (id, maker_id, name, email, note, template, modules, plan, place, created_ms, changed_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(draft.id)
    .bind(draft.maker)
    .bind(&draft.name)
    .bind(&draft.email)
    .bind(draft.note.clone())
    .bind(draft.template.clone())
    .bind(modules_json(draft))
    .bind(draft.plan.map(Plan::word))
    .bind(draft.place.clone())
    .bind(draft.changed_ms)
    .bind(draft.changed_ms)
    .run_or_leave(connection)
    .await;
    match added {
        Ok(_) => Ok(true),
        Err(cause) if cause.is_duplicate() => Ok(false),
        Err(cause) => Err(cause),
    }
}

/// A draft of the maker that was changed after `since_ms`.
pub async fn find(
    connection: &mut Connection,
    id: Uuid,
    maker: Uuid,
    since_ms: i64,
) -> Result<Option<Draft>> {
    let query =
        format!("SELECT {COLUMNS} FROM tenant_drafts WHERE id = ? AND maker_id = ? AND changed_ms > ?");
    let row = super::sql_of(query).bind(id).bind(maker).bind(since_ms).first(connection).await?;
    row.as_ref().map(draft).transpose()
}

/// The maker's drafts that were changed after `since_ms`, the last one first.
pub async fn of_maker(
    connection: &mut Connection,
    maker: Uuid,
    since_ms: i64,
    limit: u32,
) -> Result<Vec<Draft>> {
    let query = format!(
        "SELECT {COLUMNS} FROM tenant_drafts WHERE maker_id = ? AND changed_ms > ? ORDER BY changed_ms DESC, id DESC LIMIT ?"
    );
    let rows = super::sql_of(query).bind(maker).bind(since_ms).bind(limit).all(connection).await?;
    rows.iter().map(draft).collect()
}

/// Removes a draft of the maker; false where there is none.
pub async fn remove(connection: &mut Connection, id: Uuid, maker: Uuid) -> Result<bool> {
    let removed = sql("DELETE FROM tenant_drafts WHERE id = ? AND maker_id = ?")
        .bind(id)
        .bind(maker)
        .run(connection)
        .await?;
    Ok(removed == 1)
}

/// Removes the draft that has become a tenant.
pub async fn fulfil(connection: &mut Connection, id: Uuid) -> Result<()> {
    sql("DELETE FROM tenant_drafts WHERE id = ?").bind(id).later(connection).await?;
    Ok(())
}

/// Forgets drafts that were last changed at `until_ms` or before; gives their number.
pub async fn sweep(connection: &mut Connection, until_ms: i64) -> Result<u64> {
    sql("DELETE FROM tenant_drafts WHERE changed_ms <= ?").bind(until_ms).run(connection).await
}
