//! Copies of tenants' databases: who took them, why, and until when they are kept. The files are below the folder of snapshots.

use super::db::{Connection, Result, Row, sql};
use uuid::Uuid;

/// Why a copy was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A person asked for it.
    Asked,
    /// The present state, before another took its place.
    BeforeRestore,
    /// The state before what differed in it was put right.
    BeforeRepair,
    /// The last state of a tenant that is deleted.
    Last,
}

impl Reason {
    const ALL: [Reason; 4] = [Reason::Asked, Reason::BeforeRestore, Reason::BeforeRepair, Reason::Last];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Asked => "asked",
            Reason::BeforeRestore => "before_restore",
            Reason::BeforeRepair => "before_repair",
            Reason::Last => "last",
        }
    }
}

impl std::str::FromStr for Reason {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        Reason::ALL.into_iter().find(|reason| reason.word() == word).ok_or(format!("unknown reason {word}"))
    }
}

/// A copy of a tenant's database.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Identifies it; the job that took it has the same id.
    pub id: Uuid,
    /// The tenant that it is of.
    pub tenant_id: Uuid,
    /// Why it was taken.
    pub reason: Reason,
    /// The same in the words of whoever asked.
    pub note: Option<String>,
    /// Who asked.
    pub taken_by: String,
    /// Its file, below the folder of snapshots.
    pub file: String,
    /// Bytes of the file.
    pub bytes: i64,
    /// SHA-256 of the file.
    pub checksum: String,
    /// The row of the template version that the tenant stood at.
    pub template_id: i64,
    /// The optional modules that it had.
    pub modules: Vec<String>,
    /// Fingerprint of the schema in it.
    pub schema_hash: Option<String>,
    /// When it was taken, in milliseconds.
    pub created_ms: i64,
    /// It is removed after this moment, in milliseconds.
    pub expires_ms: i64,
}

fn snapshot(row: &Row) -> Result<Snapshot> {
    Ok(Snapshot {
        id: row.parse("id")?,
        tenant_id: row.parse("tenant_id")?,
        reason: row.parse("reason")?,
        note: row.maybe_text("note")?,
        taken_by: row.text("taken_by")?,
        file: row.text("file")?,
        bytes: row.int("bytes")?,
        checksum: row.text("checksum")?,
        template_id: row.int("template_id")?,
        modules: row.json("modules")?,
        schema_hash: row.maybe_text("schema_hash")?,
        created_ms: row.int("created_ms")?,
        expires_ms: row.int("expires_ms")?,
    })
}

/// Adds a copy; one that is there already stays as it is.
pub async fn ensure(connection: &mut Connection, new: &Snapshot) -> Result<()> {
    if find(connection, new.id).await?.is_some() {
        return Ok(());
    }
    sql("INSERT INTO snapshots (id, tenant_id, job_id, reason, note, taken_by, file, bytes, checksum, template_id, modules,
                                schema_hash, created_ms, expires_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    .bind(new.id)
    .bind(new.tenant_id)
    .bind(new.id)
    .bind(new.reason.word())
    .bind(new.note.as_ref())
    .bind(&new.taken_by)
    .bind(&new.file)
    .bind(new.bytes)
    .bind(&new.checksum)
    .bind(new.template_id)
    .bind(serde_json::to_string(&new.modules).unwrap_or_else(|_| "[]".into()))
    .bind(new.schema_hash.as_ref())
    .bind(new.created_ms)
    .bind(new.expires_ms)
    .run(connection)
    .await?;
    Ok(())
}

/// A copy by its id.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<Snapshot>> {
    sql("SELECT * FROM snapshots WHERE id = ?")
        .bind(id)
        .first(connection)
        .await?
        .as_ref()
        .map(snapshot)
        .transpose()
}

/// The copies of a tenant, newest first.
pub async fn of_tenant(connection: &mut Connection, tenant: Uuid) -> Result<Vec<Snapshot>> {
    sql("SELECT * FROM snapshots WHERE tenant_id = ? ORDER BY created_ms DESC, id DESC")
        .bind(tenant)
        .all(connection)
        .await?
        .iter()
        .map(snapshot)
        .collect()
}

/// Copies whose time is over and whose tenants no job has at the moment.
pub async fn expired(connection: &mut Connection, now_ms: i64, limit: u32) -> Result<Vec<Snapshot>> {
    sql("SELECT * FROM snapshots WHERE expires_ms <= ?
           AND tenant_id NOT IN (SELECT tenant_id FROM tenant_locks) ORDER BY expires_ms LIMIT ?")
    .bind(now_ms)
    .bind(limit)
    .all(connection)
    .await?
    .iter()
    .map(snapshot)
    .collect()
}

/// Forgets a copy.
pub async fn remove(connection: &mut Connection, id: Uuid) -> Result<()> {
    sql("DELETE FROM snapshots WHERE id = ?").bind(id).run(connection).await?;
    Ok(())
}
