//! Drafts of template versions, and their files. Published versions are in [`super::templates`], which nothing changes.

use super::db::{Connection, Result, Row, sql, sql_of};
use crate::templates::Report;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A draft without its files.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its id.
    pub id: Uuid,
    /// The template that it will be a version of.
    pub template_type: String,
    /// The row of the version that it came from.
    pub base_id: i64,
    /// Grows with every change of any of its files.
    pub edition: i64,
    /// When it was begun.
    pub created_ms: i64,
    /// By whom.
    pub created_by: String,
    /// When it was changed last.
    pub changed_ms: i64,
    /// By whom.
    pub changed_by: String,
    /// The last check, where there was one.
    pub check: Option<Check>,
}

/// What the last check of a draft found.
#[derive(Debug, Clone)]
pub struct Check {
    /// Hash of all files as they were then.
    pub digest: String,
    /// When.
    pub at_ms: i64,
    /// What was found.
    pub report: Report,
}

/// A file of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftFile {
    /// What is in it.
    pub text: String,
    /// The draft's edition that this text came with.
    pub edition: i64,
    /// When it was saved.
    pub changed_ms: i64,
    /// By whom.
    pub changed_by: String,
}

/// Who changes something, and when.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Now, in milliseconds.
    pub at_ms: i64,
    /// The name to show.
    pub by: &'a str,
}

const COLUMNS: &str =
    "id, template_type, base_id, edition, created_ms, created_by, changed_ms, changed_by, checked_digest,
    checked_ms, report";

fn draft(row: &Row) -> Result<Draft> {
    let report: Option<Report> = row.maybe_json("report")?;
    let check = match (row.maybe_text("checked_digest")?, row.maybe_int("checked_ms")?, report) {
        (Some(digest), Some(at_ms), Some(report)) => Some(Check { digest, at_ms, report }),
        _ => None,
    };
    Ok(Draft {
        id: row.parse("id")?,
        template_type: row.text("template_type")?,
        base_id: row.int("base_id")?,
        edition: row.int("edition")?,
        created_ms: row.int("created_ms")?,
        created_by: row.text("created_by")?,
        changed_ms: row.int("changed_ms")?,
        changed_by: row.text("changed_by")?,
        check,
    })
}

/// All drafts, the oldest first.
pub async fn list(connection: &mut Connection) -> Result<Vec<Draft>> {
    let rows =
        sql_of(format!("SELECT {COLUMNS} FROM template_drafts ORDER BY template_type, created_ms, id"))
            .all(connection)
            .await?;
    rows.iter().map(draft).collect()
}

/// One draft.
pub async fn by_id(connection: &mut Connection, id: Uuid) -> Result<Option<Draft>> {
    let row = sql_of(format!("SELECT {COLUMNS} FROM template_drafts WHERE id = ?"))
        .bind(id)
        .first(connection)
        .await?;
    row.as_ref().map(draft).transpose()
}

/// The files of a draft, by path.
pub async fn files(connection: &mut Connection, id: Uuid) -> Result<BTreeMap<String, DraftFile>> {
    let rows = sql("SELECT path, content, edition, changed_ms, changed_by FROM template_draft_files WHERE draft_id = ? ORDER BY path")
        .bind(id)
        .all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.text("path")?, file(row)?))).collect()
}

/// One file of a draft.
pub async fn file_at(connection: &mut Connection, id: Uuid, path: &str) -> Result<Option<DraftFile>> {
    let row = sql("SELECT content, edition, changed_ms, changed_by FROM template_draft_files WHERE draft_id = ? AND path = ?")
        .bind(id)
        .bind(path)
        .first(connection)
        .await?;
    row.as_ref().map(file).transpose()
}

fn file(row: &Row) -> Result<DraftFile> {
    Ok(DraftFile {
        text: row.text("content")?,
        edition: row.int("edition")?,
        changed_ms: row.int("changed_ms")?,
        changed_by: row.text("changed_by")?,
    })
}

/// Begins a draft with the files of a version.
pub async fn add(
    connection: &mut Connection,
    id: Uuid,
    template_type: &str,
    base_id: i64,
    files: &BTreeMap<String, String>,
    change: Change<'_>,
) -> Result<()> {
    sql("INSERT INTO template_drafts (id, template_type, base_id, edition, created_ms, created_by, changed_ms, changed_by)
         VALUES (?, ?, ?, 1, ?, ?, ?, ?)")
    .bind(id)
    .bind(template_type)
    .bind(base_id)
    .bind(change.at_ms)
    .bind(change.by)
    .bind(change.at_ms)
    .bind(change.by)
    .run(connection)
    .await?;
    for (path, text) in files {
        insert(connection, id, path, text, 1, change).await?;
    }
    Ok(())
}

async fn insert(
    connection: &mut Connection,
    id: Uuid,
    path: &str,
    text: &str,
    edition: i64,
    change: Change<'_>,
) -> Result<()> {
    sql("INSERT INTO template_draft_files (draft_id, path, content, edition, changed_ms, changed_by) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(id)
        .bind(path)
        .bind(text)
        .bind(edition)
        .bind(change.at_ms)
        .bind(change.by)
        .run(connection)
        .await?;
    Ok(())
}

/// Notes a change of a draft; gives its new edition.
async fn next_edition(connection: &mut Connection, id: Uuid, change: Change<'_>) -> Result<i64> {
    sql("UPDATE template_drafts SET edition = edition + 1, changed_ms = ?, changed_by = ? WHERE id = ?")
        .bind(change.at_ms)
        .bind(change.by)
        .bind(id)
        .run(connection)
        .await?;
    sql("SELECT edition FROM template_drafts WHERE id = ?").bind(id).one(connection).await?.int("edition")
}

/// Puts a text at a path of a draft, in the place of what is there.
pub async fn put_file(
    connection: &mut Connection,
    id: Uuid,
    path: &str,
    text: &str,
    change: Change<'_>,
) -> Result<()> {
    let edition = next_edition(connection, id, change).await?;
    delete(connection, id, path).await?;
    insert(connection, id, path, text, edition, change).await
}

/// Takes a file out of a draft.
pub async fn remove_file(
    connection: &mut Connection,
    id: Uuid,
    path: &str,
    change: Change<'_>,
) -> Result<()> {
    next_edition(connection, id, change).await?;
    delete(connection, id, path).await
}

async fn delete(connection: &mut Connection, id: Uuid, path: &str) -> Result<()> {
    sql("DELETE FROM template_draft_files WHERE draft_id = ? AND path = ?")
        .bind(id)
        .bind(path)
        .run(connection)
        .await?;
    Ok(())
}

/// Keeps what a check found.
pub async fn set_checked(connection: &mut Connection, id: Uuid, check: &Check) -> Result<()> {
    let report = serde_json::json!({ "problems": check.report.problems, "warnings": check.report.warnings });
    sql("UPDATE template_drafts SET checked_digest = ?, checked_ms = ?, report = ? WHERE id = ?")
        .bind(&check.digest)
        .bind(check.at_ms)
        .bind(report.to_string())
        .bind(id)
        .run(connection)
        .await?;
    Ok(())
}

/// Removes a draft with its files; false where it is gone already.
pub async fn remove(connection: &mut Connection, id: Uuid) -> Result<bool> {
    sql("DELETE FROM template_draft_files WHERE draft_id = ?").bind(id).run(connection).await?;
    Ok(sql("DELETE FROM template_drafts WHERE id = ?").bind(id).run(connection).await? == 1)
}
