//! Exports: files with a tenant's data. A row is `ready` only when its whole file is on the disk.

use super::db::{Connection, Result, Row, sql};
use uuid::Uuid;

/// Where an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportState {
    /// Its job has not ended.
    Waiting,
    /// Its file can be downloaded.
    Ready,
    /// It could not be written.
    Failed,
    /// Its file is gone, or goes at the next sweep.
    Removed,
}

impl ExportState {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            ExportState::Waiting => "waiting",
            ExportState::Ready => "ready",
            ExportState::Failed => "failed",
            ExportState::Removed => "removed",
        }
    }
}

impl std::str::FromStr for ExportState {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        [ExportState::Waiting, ExportState::Ready, ExportState::Failed, ExportState::Removed]
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or(format!("unknown state of an export {word}"))
    }
}

/// What was written of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFile {
    /// Its name below the folder of exports.
    pub file: String,
    /// Its size.
    pub bytes: i64,
    /// The moment that the data is of, in milliseconds.
    pub moment_ms: i64,
    /// Tables in it.
    pub tables: i64,
    /// Rows in them.
    pub rows: i64,
}

/// An export.
#[derive(Debug, Clone)]
pub struct Export {
    /// Identifies it and its job.
    pub id: Uuid,
    /// The tenant.
    pub tenant_id: Uuid,
    /// What was asked for, in the form of `apply::export`.
    pub contents: serde_json::Value,
    /// Where it is.
    pub state: ExportState,
    /// The name of whoever asked.
    pub asked_by: String,
    /// When, in milliseconds.
    pub created_ms: i64,
    /// The file, as soon as it is written.
    pub file: Option<ExportFile>,
    /// When it is removed.
    pub expires_ms: Option<i64>,
}

fn export(row: &Row) -> Result<Export> {
    let file = match row.maybe_text("file")? {
        None => None,
        Some(file) => Some(ExportFile {
            file,
            bytes: row.int("bytes")?,
            moment_ms: row.int("moment_ms")?,
            tables: row.int("table_count")?,
            rows: row.int("row_count")?,
        }),
    };
    Ok(Export {
        id: row.parse("id")?,
        tenant_id: row.parse("tenant_id")?,
        contents: row.json("contents")?,
        state: row.parse("state")?,
        asked_by: row.text("asked_by")?,
        created_ms: row.int("created_ms")?,
        file,
        expires_ms: row.maybe_int("expires_ms")?,
    })
}

/// Adds an export that waits for its job.
pub async fn add(
    connection: &mut Connection,
    id: Uuid,
    tenant: Uuid,
    contents: &serde_json::Value,
    asked_by: &str,
    now_ms: i64,
) -> Result<()> {
    sql("INSERT INTO exports (id, tenant_id, contents, asked_by, created_ms) VALUES (?, ?, ?, ?, ?)")
        .bind(id)
        .bind(tenant)
        .bind(contents.to_string())
        .bind(asked_by)
        .bind(now_ms)
        .run(connection)
        .await?;
    Ok(())
}

/// An export by its id.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<Export>> {
    sql("SELECT * FROM exports WHERE id = ?")
        .bind(id)
        .first(connection)
        .await?
        .as_ref()
        .map(export)
        .transpose()
}

/// The exports of a tenant that were not removed, newest first.
pub async fn of_tenant(connection: &mut Connection, tenant: Uuid, limit: u32) -> Result<Vec<Export>> {
    sql("SELECT * FROM exports WHERE tenant_id = ? AND state <> 'removed' ORDER BY created_ms DESC, id DESC LIMIT ?")
        .bind(tenant)
        .bind(limit)
        .all(connection)
        .await?
        .iter()
        .map(export)
        .collect()
}

/// Notes the file that was written. It is in nobody's list yet.
pub async fn note_file(connection: &mut Connection, id: Uuid, file: &ExportFile) -> Result<()> {
    sql("UPDATE exports SET file = ?, bytes = ?, moment_ms = ?, table_count = ?, row_count = ? WHERE id = ?")
        .bind(&file.file)
        .bind(file.bytes)
        .bind(file.moment_ms)
        .bind(file.tables)
        .bind(file.rows)
        .bind(id)
        .run(connection)
        .await?;
    Ok(())
}

/// Moves an export from one of the states `from` to another; false where it is in none of them.
pub async fn set_state(
    connection: &mut Connection,
    id: Uuid,
    from: &[ExportState],
    to: ExportState,
    expires_ms: Option<i64>,
) -> Result<bool> {
    let Some(found) = find(connection, id).await? else { return Ok(false) };
    if !from.contains(&found.state) {
        return Ok(false);
    }
    let changed = sql("UPDATE exports SET state = ?, expires_ms = ? WHERE id = ? AND state = ?")
        .bind(to.word())
        .bind(expires_ms)
        .bind(id)
        .bind(found.state.word())
        .run(connection)
        .await?;
    Ok(changed == 1)
}

/// Marks those as removed whose time is over; answers how many.
pub async fn expire(connection: &mut Connection, now_ms: i64) -> Result<u64> {
    sql("UPDATE exports SET state = 'removed' WHERE state = 'ready' AND expires_ms <= ?")
        .bind(now_ms)
        .run(connection)
        .await
}
