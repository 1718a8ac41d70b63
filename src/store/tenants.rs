//! Tenants: their rows and their names. The list is `tenant_list`.

use super::{
    Scope,
    db::{Connection, Query, Result, Row, Value, sql, sql_of},
};
use std::fmt;
use uuid::Uuid;

/// Where a tenant is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Asked for; no step has run.
    Pending,
    /// Its database is being made.
    Provisioning,
    /// Ready for use.
    Active,
    /// Could not be made; what there was of it is gone.
    Failed,
    /// Paused by a person.
    Suspended,
    /// Kept, but out of use.
    Archived,
    /// Being removed.
    Deleting,
    /// Removed.
    Deleted,
}

impl Status {
    /// All of them, in the order of a tenant's life.
    pub const ALL: [Status; 8] = [
        Status::Pending,
        Status::Provisioning,
        Status::Active,
        Status::Failed,
        Status::Suspended,
        Status::Archived,
        Status::Deleting,
        Status::Deleted,
    ];

    /// The word in the database, the command line and the API.
    pub fn word(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Provisioning => "provisioning",
            Status::Active => "active",
            Status::Failed => "failed",
            Status::Suspended => "suspended",
            Status::Archived => "archived",
            Status::Deleting => "deleting",
            Status::Deleted => "deleted",
        }
    }
}

impl std::str::FromStr for Status {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        Status::ALL.into_iter().find(|status| status.word() == word).ok_or(format!("unknown state {word}"))
    }
}

/// What the tenant pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// The smallest.
    Basic,
    /// The middle one.
    Premium,
    /// The largest.
    Enterprise,
}

impl Plan {
    /// All of them, smallest first.
    pub const ALL: [Plan; 3] = [Plan::Basic, Plan::Premium, Plan::Enterprise];

    /// The word in the database, the command line and the API.
    pub fn word(self) -> &'static str {
        match self {
            Plan::Basic => "basic",
            Plan::Premium => "premium",
            Plan::Enterprise => "enterprise",
        }
    }
}

impl std::str::FromStr for Plan {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        Plan::ALL.into_iter().find(|plan| plan.word() == word).ok_or(format!("unknown plan {word}"))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A tenant.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Identifies it for ever.
    pub id: Uuid,
    /// Its name, as people write it.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// The owner's e-mail.
    pub email: String,
    /// What whoever asked for it wanted to say about it.
    pub note: Option<String>,
    /// What it pays for.
    pub plan: Plan,
    /// Where it is in its life.
    pub status: Status,
    /// The row of its template version.
    pub template_id: i64,
    /// The template's type, such as `ngo`.
    pub template_type: String,
    /// The template's name for people.
    pub template_name: String,
    /// The template version it stands at.
    pub template_version: String,
    /// Optional modules, dependencies included, in order.
    pub modules: Vec<String>,
    /// The engine that its database is on.
    pub engine: String,
    /// The server that its database is on; `None` for the engine inside the program.
    pub server_id: Option<Uuid>,
    /// The name of that server.
    pub server_name: Option<String>,
    /// The name of its database.
    pub database_name: String,
    /// Fingerprint of its schema, once it was verified.
    pub schema_hash: Option<String>,
    /// When it was asked for, in milliseconds.
    pub created_ms: i64,
    /// When it was ready first.
    pub active_ms: Option<i64>,
}

/// The columns that [`tenant`] reads; `t` is the tenant, `v` its template version.
pub(super) const COLUMNS: &str = "t.id, t.name, t.slug, t.email, t.note, t.plan, t.status, t.template_id, v.template_type,
    v.name AS template_name, t.template_version, t.modules, t.engine, t.server_id,
    (SELECT s.name FROM servers s WHERE s.id = t.server_id) AS server_name, t.database_name, t.schema_hash, t.created_ms, t.active_ms";

/// A tenant from a row of [`COLUMNS`].
pub(super) fn tenant(row: &Row) -> Result<Tenant> {
    Ok(Tenant {
        id: row.parse("id")?,
        name: row.text("name")?,
        slug: row.text("slug")?,
        email: row.text("email")?,
        note: row.maybe_text("note")?,
        plan: row.parse("plan")?,
        status: row.parse("status")?,
        template_id: row.int("template_id")?,
        template_type: row.text("template_type")?,
        template_name: row.text("template_name")?,
        template_version: row.text("template_version")?,
        modules: row.json("modules")?,
        engine: row.text("engine")?,
        server_id: match row.maybe_text("server_id")? {
            Some(_) => Some(row.parse("server_id")?),
            None => None,
        },
        server_name: row.maybe_text("server_name")?,
        database_name: row.text("database_name")?,
        schema_hash: row.maybe_text("schema_hash")?,
        created_ms: row.int("created_ms")?,
        active_ms: row.maybe_int("active_ms")?,
    })
}

/// Notes which server a tenant's database will be on, before there is any.
pub async fn place(connection: &mut Connection, id: Uuid, engine: &str, server: Uuid) -> Result<()> {
    sql("UPDATE tenants SET engine = ?, server_id = ? WHERE id = ?")
        .bind(engine)
        .bind(server)
        .bind(id)
        .run(connection)
        .await?;
    Ok(())
}

/// Whether a slug is taken, by a tenant that is or was.
pub async fn slug_is_taken(connection: &mut Connection, slug: &str) -> Result<bool> {
    Ok(sql("SELECT id FROM tenants WHERE slug = ?").bind(slug).first(connection).await?.is_some())
}

/// Whether a tenant of this name is there already (case does not count).
pub async fn name_is_known(connection: &mut Connection, name: &str) -> Result<bool> {
    Ok(sql("SELECT id FROM tenants WHERE name = ? AND status <> 'deleted' LIMIT 1")
        .bind(name)
        .first(connection)
        .await?
        .is_some())
}

async fn find_by(
    connection: &mut Connection,
    scope: Scope,
    column: &str,
    value: Value,
) -> Result<Option<Tenant>> {
    let (within, owner) = scope.and("t.id");
    let text = format!(
        "SELECT {COLUMNS} FROM tenants t JOIN tenant_templates v ON v.id = t.template_id WHERE t.{column} = ?{within}"
    );
    let query = sql_of(text).bind_value(value).bind_some(owner);
    query.first(connection).await?.as_ref().map(tenant).transpose()
}

/// A tenant of the scope by its slug.
pub async fn by_slug(connection: &mut Connection, scope: Scope, slug: &str) -> Result<Option<Tenant>> {
    find_by(connection, scope, "slug", slug.into()).await
}

/// A tenant of the scope by its id.
pub async fn by_id(connection: &mut Connection, scope: Scope, id: Uuid) -> Result<Option<Tenant>> {
    find_by(connection, scope, "id", id.into()).await
}

/// The tenant that a form asked for, where it did before.
pub async fn by_request(connection: &mut Connection, request: Uuid) -> Result<Option<Tenant>> {
    find_by(connection, Scope::All, "request_id", request.into()).await
}

/// Moves a tenant from one of the states `from` to `to`; false where it is in none of them.
pub async fn set_status(connection: &mut Connection, id: Uuid, from: &[Status], to: Status) -> Result<bool> {
    Ok(status_query(id, from, to).run(connection).await? == 1)
}

/// Moves a tenant from one of the states `from` to `to`, where it is in one of them.
pub async fn move_status(connection: &mut Connection, id: Uuid, from: &[Status], to: Status) -> Result<()> {
    status_query(id, from, to).later(connection).await
}

fn status_query(id: Uuid, from: &[Status], to: Status) -> Query {
    let marks = vec!["?"; from.len()].join(", ");
    let mut query = sql_of(format!("UPDATE tenants SET status = ? WHERE id = ? AND status IN ({marks})"))
        .bind(to.word())
        .bind(id);
    for status in from {
        query = query.bind(status.word());
    }
    query
}

/// Notes the schema that the tenant was found to have; `snapshot` is its model, which is kept once for all tenants.
pub async fn set_schema(
    connection: &mut Connection,
    id: Uuid,
    hash: &str,
    snapshot: &str,
    now_ms: i64,
) -> Result<()> {
    sql("INSERT INTO schema_snapshots (schema_hash, snapshot, created_ms)
         SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM schema_snapshots WHERE schema_hash = ?)")
    .bind(hash)
    .bind(snapshot)
    .bind(now_ms)
    .bind(hash)
    .later(connection)
    .await?;
    sql("UPDATE tenants SET schema_hash = ?, template_snapshot = ?, last_schema_sync = ?, schema_drift_level = 'none' WHERE id = ?")
        .bind(hash)
        .bind(serde_json::json!({ "schema_hash": hash }).to_string())
        .bind(crate::clock::timestamp(now_ms))
        .bind(id)
        .later(connection)
        .await?;
    Ok(())
}

/// Notes that the tenant is ready.
pub async fn set_ready_moment(connection: &mut Connection, id: Uuid, now_ms: i64) -> Result<()> {
    sql("UPDATE tenants SET active_ms = COALESCE(active_ms, ?) WHERE id = ?")
        .bind(now_ms)
        .bind(id)
        .later(connection)
        .await?;
    Ok(())
}

/// How many tenants of the scope there are in each state.
pub async fn count_by_status(connection: &mut Connection, scope: Scope) -> Result<Vec<(Status, i64)>> {
    let (within, owner) = scope.and("t.id");
    let counted = super::counts::counted(&within);
    sql_of(format!("SELECT u.status, SUM(u.n) AS n FROM {counted} GROUP BY u.status ORDER BY u.status"))
        .bind_some(owner)
        .all(connection)
        .await?
        .iter()
        .map(|row| Ok((row.parse("status")?, row.int("n")?)))
        .collect()
}

/// How many tenants stand at a template version.
pub async fn count_on_template(connection: &mut Connection, template_id: i64) -> Result<i64> {
    sql("SELECT COALESCE(SUM(n), 0) AS n FROM tenant_counts WHERE template_id = ? AND status <> 'deleted'")
        .bind(template_id)
        .one(connection)
        .await?
        .int("n")
}

/// Adds a row to the migration history of the plan: every attempt at changing a tenant's database is one.
pub async fn add_history(
    connection: &mut Connection,
    tenant: Uuid,
    name: &str,
    applied: bool,
    milliseconds: i64,
    tables: &[String],
    notes: &str,
) -> Result<()> {
    sql("INSERT INTO tenant_migrations_history
            (tenant_id, migration_name, migration_type, status, execution_time_ms, affected_tables, notes)
         VALUES (?, ?, 'system', ?, ?, ?, ?)")
    .bind(tenant)
    .bind(name)
    .bind(if applied { "applied" } else { "failed" })
    .bind(milliseconds.clamp(0, i64::from(u32::MAX)))
    .bind(serde_json::to_string(tables).unwrap_or_else(|_| "[]".into()))
    .bind(notes)
    .later(connection)
    .await?;
    Ok(())
}

/// Gives a tenant another name.
pub async fn set_name(connection: &mut Connection, id: Uuid, name: &str) -> Result<()> {
    sql("UPDATE tenants SET name = ? WHERE id = ?").bind(name).bind(id).run(connection).await?;
    Ok(())
}

/// Gives a tenant another plan.
pub async fn set_plan(connection: &mut Connection, id: Uuid, plan: Plan) -> Result<()> {
    sql("UPDATE tenants SET plan = ? WHERE id = ?").bind(plan.word()).bind(id).run(connection).await?;
    Ok(())
}

/// The state of a tenant before it was to be deleted.
pub async fn status_before(connection: &mut Connection, id: Uuid) -> Result<Option<Status>> {
    let row = sql("SELECT status_before FROM tenants WHERE id = ?").bind(id).one(connection).await?;
    Ok(row.maybe_text("status_before")?.and_then(|word| word.parse().ok()))
}

/// When the database of a tenant is removed for good, where it is to be deleted.
pub async fn delete_after(connection: &mut Connection, id: Uuid) -> Result<Option<i64>> {
    sql("SELECT delete_after_ms FROM tenants WHERE id = ?")
        .bind(id)
        .one(connection)
        .await?
        .maybe_int("delete_after_ms")
}

/// Notes the state to go back to, and when the database is removed for good.
pub async fn set_deletion(
    connection: &mut Connection,
    id: Uuid,
    before: Option<Status>,
    after_ms: Option<i64>,
) -> Result<()> {
    sql("UPDATE tenants SET status_before = ?, delete_after_ms = ? WHERE id = ?")
        .bind(before.map(Status::word))
        .bind(after_ms)
        .bind(id)
        .run(connection)
        .await?;
    Ok(())
}

/// Notes that a tenant is gone. Its row stays, so that its slug and the name of its database are never given again.
pub async fn set_deleted(connection: &mut Connection, id: Uuid, now: &str) -> Result<()> {
    sql("UPDATE tenants SET status = 'deleted', deleted_at = ?, delete_after_ms = NULL WHERE id = ?")
        .bind(now)
        .bind(id)
        .run(connection)
        .await?;
    Ok(())
}

/// A tenant that is about to be removed for good.
#[derive(Debug, Clone)]
pub struct Leaving {
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// When it is removed, in milliseconds.
    pub delete_after_ms: i64,
}

/// Tenants of the scope that are removed for good before `until_ms`, the next one first.
pub async fn leaving(
    connection: &mut Connection,
    scope: Scope,
    until_ms: i64,
    limit: u32,
) -> Result<Vec<Leaving>> {
    let (within, owner) = scope.and("t.id");
    sql_of(format!(
        "SELECT t.name, t.slug, t.delete_after_ms FROM tenants t
         WHERE t.delete_after_ms <= ? AND t.status = 'deleting'{within} ORDER BY t.delete_after_ms LIMIT ?"
    ))
    .bind(until_ms)
    .bind_some(owner)
    .bind(limit)
    .all(connection)
    .await?
    .iter()
    .map(|row| {
        Ok(Leaving {
            name: row.text("name")?,
            slug: row.text("slug")?,
            delete_after_ms: row.int("delete_after_ms")?,
        })
    })
    .collect()
}

/// Tenants whose time to be kept is over and that no job has at the moment.
pub async fn due_for_removal(connection: &mut Connection, now_ms: i64, limit: u32) -> Result<Vec<Uuid>> {
    sql("SELECT id FROM tenants WHERE delete_after_ms <= ? AND status = 'deleting'
           AND id NOT IN (SELECT tenant_id FROM tenant_locks) ORDER BY delete_after_ms LIMIT ?")
    .bind(now_ms)
    .bind(limit)
    .all(connection)
    .await?
    .iter()
    .map(|row| row.parse("id"))
    .collect()
}

/// Notes the schema that a copied tenant was found to have, and the picture that its original has of its own.
pub async fn copy_schema(
    connection: &mut Connection,
    from: Uuid,
    to: Uuid,
    hash: &str,
    now: &str,
) -> Result<()> {
    sql("UPDATE tenants SET schema_hash = ?, last_schema_sync = ?,
            template_snapshot = (SELECT o.template_snapshot FROM (SELECT template_snapshot FROM tenants WHERE id = ?) AS o) WHERE id = ?")
    .bind(hash)
    .bind(now)
    .bind(from)
    .bind(to)
    .run(connection)
    .await?;
    Ok(())
}

/// Notes the template version and the optional modules that a tenant stands at.
pub async fn set_template(
    connection: &mut Connection,
    id: Uuid,
    template_id: i64,
    modules: &[String],
) -> Result<()> {
    sql("UPDATE tenants SET template_id = ?, modules = ?,
            template_version = (SELECT v.version FROM tenant_templates v WHERE v.id = ?) WHERE id = ?")
    .bind(template_id)
    .bind(serde_json::to_string(modules).unwrap_or_else(|_| "[]".into()))
    .bind(template_id)
    .bind(id)
    .run(connection)
    .await?;
    Ok(())
}
