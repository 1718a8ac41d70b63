//! Template versions, their modules and their migrations, in the plan's tables. A version that is there is published: it can
//! be used, retired and brought back, but no function here changes or removes what it is made of.

use super::{
    Scope,
    db::{Connection, Result, Row, sql, sql_of},
    template_shelf,
};
use crate::schema::Schema;
use serde_json::Value as Json;
use std::{collections::BTreeMap, sync::Arc};

/// A template version.
#[derive(Debug, Clone)]
pub struct TemplateVersion {
    /// Its row.
    pub id: i64,
    /// Its folder's name, such as `ngo`.
    pub template_type: String,
    /// Its name for people.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Its version.
    pub version: String,
    /// Whether new tenants may be made from it.
    pub is_active: bool,
    /// Whether a tenant was made from it, so that it may not change any more.
    pub is_locked: bool,
    /// SHA-256 of its files.
    pub source_hash: String,
    /// When it was published, UTC.
    pub created_at: String,
    /// The name of whoever published it, where that is known.
    pub published_by: Option<String>,
    /// What they wrote about it.
    pub note: Option<String>,
    /// Since when no new tenant is made from it, in milliseconds, and who said so.
    pub retired: Option<(i64, String)>,
}

impl TemplateVersion {
    /// Its number; `None` for one that was imported before numbers were checked.
    pub fn number(&self) -> Option<semver::Version> {
        semver::Version::parse(&self.version).ok()
    }
}

/// A module of a template version.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// Whether every tenant has it.
    pub is_core: bool,
    /// The modules that it needs.
    pub dependencies: Vec<String>,
    /// Its name for people.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// The SQL of its tables.
    pub schema_sql: String,
    /// The SQL of its rows.
    pub seed_sql: Option<String>,
    /// Its tables.
    pub tables: Vec<String>,
}

/// A migration of a template version.
#[derive(Debug, Clone)]
pub struct Migration {
    /// Its name.
    pub name: String,
    /// What it does.
    pub up: String,
    /// What takes it back.
    pub down: String,
    /// Whether it needs an approval.
    pub is_breaking: bool,
    /// The template version that is reached with it.
    pub completes_version: Option<String>,
    /// What it changes, in sentences.
    pub summary: Vec<String>,
}

fn version(row: &Row) -> Result<TemplateVersion> {
    Ok(TemplateVersion {
        id: row.int("id")?,
        template_type: row.text("template_type")?,
        name: row.text("name")?,
        description: row.maybe_text("description")?.unwrap_or_default(),
        version: row.text("version")?,
        is_active: row.flag("is_active")?,
        is_locked: row.flag("is_locked")?,
        source_hash: row.text("source_hash")?,
        created_at: row.text("created_at")?,
        published_by: row.maybe_text("published_by")?,
        note: row.maybe_text("note")?,
        retired: match row.maybe_int("retired_ms")? {
            Some(at_ms) => Some((at_ms, row.maybe_text("retired_by")?.unwrap_or_default())),
            None => None,
        },
    })
}

const COLUMNS: &str =
    "id, template_type, name, description, version, is_active, is_locked, source_hash, created_at,
    published_by, note, retired_ms, retired_by";

/// All versions that were not deleted, by type and row.
async fn all(connection: &mut Connection) -> Result<Arc<Vec<TemplateVersion>>> {
    let Some(shelf) = connection.shelf() else { return read_all(connection).await.map(Arc::new) };
    let revision = template_shelf::revision(connection).await?;
    if let Some(versions) = shelf.versions(&revision) {
        return Ok(versions);
    }
    let versions = Arc::new(read_all(connection).await?);
    shelf.keep_versions(revision, Arc::clone(&versions));
    Ok(versions)
}

async fn read_all(connection: &mut Connection) -> Result<Vec<TemplateVersion>> {
    sql_of(format!(
        "SELECT {COLUMNS} FROM tenant_templates WHERE deleted_at IS NULL ORDER BY template_type, id"
    ))
    .all(connection)
    .await?
    .iter()
    .map(version)
    .collect()
}

/// All versions that were not deleted, by type.
pub async fn list(connection: &mut Connection) -> Result<Vec<TemplateVersion>> {
    Ok(Arc::unwrap_or_clone(all(connection).await?))
}

/// The versions of one type.
pub async fn of_type(connection: &mut Connection, template_type: &str) -> Result<Vec<TemplateVersion>> {
    let all = all(connection).await?;
    Ok(all.iter().filter(|version| version.template_type == template_type).cloned().collect())
}

/// One version by its row.
pub async fn by_id(connection: &mut Connection, id: i64) -> Result<Option<TemplateVersion>> {
    if connection.shelf().is_some() {
        return Ok(all(connection).await?.iter().find(|version| version.id == id).cloned());
    }
    let row = sql_of(format!("SELECT {COLUMNS} FROM tenant_templates WHERE id = ? AND deleted_at IS NULL"))
        .bind(id)
        .first(connection)
        .await?;
    row.as_ref().map(version).transpose()
}

/// The files of a version, by path.
pub async fn source(connection: &mut Connection, id: i64) -> Result<Option<BTreeMap<String, String>>> {
    sql("SELECT source FROM tenant_templates WHERE id = ?")
        .bind(id)
        .first(connection)
        .await?
        .map(|row| row.json("source"))
        .transpose()
}

/// The schema of a version with all its modules.
pub async fn snapshot(connection: &mut Connection, id: i64) -> Result<Option<Arc<Schema>>> {
    let shelf = connection.shelf();
    if let Some(schema) = shelf.as_ref().and_then(|shelf| shelf.schema(id)) {
        return Ok(Some(schema));
    }
    let query = sql("SELECT schema_snapshot FROM tenant_templates WHERE id = ?").bind(id);
    let Some(row) = query.first(connection).await? else { return Ok(None) };
    let Some(schema) = row.maybe_json::<Schema>("schema_snapshot")?.map(Arc::new) else { return Ok(None) };
    if let Some(shelf) = shelf {
        shelf.keep_schema(id, Arc::clone(&schema));
    }
    Ok(Some(schema))
}

/// The modules of a version, in order.
pub async fn modules(connection: &mut Connection, id: i64) -> Result<Arc<Vec<Module>>> {
    let shelf = connection.shelf();
    if let Some(modules) = shelf.as_ref().and_then(|shelf| shelf.modules(id)) {
        return Ok(modules);
    }
    let modules = Arc::new(read_modules(connection, id).await?);
    // A version without modules is one that is not there (yet).
    if let Some(shelf) = shelf.filter(|_| !modules.is_empty()) {
        shelf.keep_modules(id, Arc::clone(&modules));
    }
    Ok(modules)
}

async fn read_modules(connection: &mut Connection, id: i64) -> Result<Vec<Module>> {
    let rows = sql(
        "SELECT module_name, module_type, schema_sql, seed_sql, dependencies, metadata FROM template_modules
                    WHERE template_id = ? ORDER BY display_order, id",
    )
    .bind(id)
    .all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let metadata: Json = row.maybe_json("metadata")?.unwrap_or_default();
            let word = |name: &str| metadata.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
            let tables = metadata.get("tables").and_then(Json::as_array).into_iter().flatten();
            Ok(Module {
                name: row.text("module_name")?,
                is_core: row.text("module_type")? == "core",
                dependencies: row.maybe_json("dependencies")?.unwrap_or_default(),
                title: word("title"),
                description: word("description"),
                schema_sql: row.text("schema_sql")?,
                seed_sql: row.maybe_text("seed_sql")?,
                tables: tables.filter_map(Json::as_str).map(str::to_owned).collect(),
            })
        })
        .collect()
}

/// The migrations of a version, by name: that is their order.
pub async fn migrations(connection: &mut Connection, id: i64) -> Result<Vec<Migration>> {
    let rows = sql("SELECT migration_name, sql_up, sql_down, is_breaking, completes_version, summary FROM template_migrations
                    WHERE template_id = ? ORDER BY migration_name")
    .bind(id)
    .all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Migration {
                name: row.text("migration_name")?,
                up: row.text("sql_up")?,
                down: row.text("sql_down")?,
                is_breaking: row.flag("is_breaking")?,
                completes_version: row.maybe_text("completes_version")?,
                summary: row.json("summary")?,
            })
        })
        .collect()
}

/// What a new version's row is made from.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// See [`TemplateVersion::template_type`].
    pub template_type: String,
    /// See [`TemplateVersion::name`].
    pub name: String,
    /// See [`TemplateVersion::description`].
    pub description: String,
    /// See [`TemplateVersion::version`].
    pub version: String,
    /// JSON of the schema with all modules.
    pub schema_snapshot: String,
    /// JSON of the seeds.
    pub seed_data: String,
    /// See [`TemplateVersion::source_hash`].
    pub source_hash: String,
    /// JSON of the files by path.
    pub source: String,
    /// JSON of what was proven.
    pub proof: String,
    /// The name of whoever publishes it.
    pub published_by: String,
    /// What they wrote about it.
    pub note: Option<String>,
    /// Its modules, in order.
    pub modules: Vec<Module>,
    /// Its migrations: migration, types it is for, lowest and highest version.
    pub migrations: Vec<NewMigration>,
}

/// A migration of a new version.
#[derive(Debug, Clone)]
pub struct NewMigration {
    /// The migration.
    pub migration: Migration,
    /// The template types that it is for; empty for all.
    pub applies_to: Vec<String>,
    /// Only for tenants at this version or later.
    pub min_version: Option<String>,
    /// Only for tenants at this version or earlier.
    pub max_version: Option<String>,
}

/// Adds a version with its modules and migrations; gives its row's id.
pub async fn add(connection: &mut Connection, new: &NewVersion, now: &str) -> Result<i64> {
    sql("INSERT INTO tenant_templates (uuid, name, description, template_type, version, schema_snapshot, seed_data,
            source_hash, source, proof, published_by, note, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    .bind(uuid::Uuid::new_v4())
    .bind(&new.name)
    .bind(&new.description)
    .bind(&new.template_type)
    .bind(&new.version)
    .bind(&new.schema_snapshot)
    .bind(&new.seed_data)
    .bind(&new.source_hash)
    .bind(&new.source)
    .bind(&new.proof)
    .bind(&new.published_by)
    .bind(new.note.as_ref())
    .bind(now)
    .bind(now)
    .run(connection)
    .await?;
    let id = sql("SELECT id FROM tenant_templates WHERE template_type = ? AND version = ?")
        .bind(&new.template_type)
        .bind(&new.version)
        .one(connection)
        .await?
        .int("id")?;
    for (order, module) in (0_i64..).zip(&new.modules) {
        let metadata = serde_json::json!({
            "title": module.title, "description": module.description, "tables": module.tables,
        });
        sql("INSERT INTO template_modules (template_id, module_name, module_type, display_order, schema_sql, seed_sql,
                dependencies, metadata, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(id)
        .bind(&module.name)
        .bind(if module.is_core { "core" } else { "optional" })
        .bind(order)
        .bind(&module.schema_sql)
        .bind(module.seed_sql.as_ref())
        .bind(Json::from(module.dependencies.clone()).to_string())
        .bind(metadata.to_string())
        .bind(now)
        .run(connection)
        .await?;
    }
    for new in &new.migrations {
        let types = (!new.applies_to.is_empty()).then(|| Json::from(new.applies_to.clone()).to_string());
        sql("INSERT INTO template_migrations (template_id, migration_name, sql_up, sql_down, applies_to,
                target_template_types, min_template_version, max_template_version, is_breaking, completes_version, summary, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(id)
        .bind(&new.migration.name)
        .bind(&new.migration.up)
        .bind(&new.migration.down)
        .bind(if types.is_some() { "specific" } else { "all" })
        .bind(types)
        .bind(new.min_version.as_ref())
        .bind(new.max_version.as_ref())
        .bind(new.migration.is_breaking)
        .bind(new.migration.completes_version.as_ref())
        .bind(Json::from(new.migration.summary.clone()).to_string())
        .bind(now)
        .run(connection)
        .await?;
    }
    template_shelf::count_change(connection).await?;
    Ok(id)
}

/// Notes that a tenant is made from a version: it may not change from now on.
pub async fn lock(connection: &mut Connection, id: i64) -> Result<()> {
    let changed = sql("UPDATE tenant_templates SET is_locked = 1 WHERE id = ? AND is_locked = 0")
        .bind(id)
        .run(connection)
        .await?;
    if changed == 1 { template_shelf::count_change(connection).await } else { Ok(()) }
}

/// Says that no new tenant may be made from a version; false where that was so already.
pub async fn retire(connection: &mut Connection, id: i64, at_ms: i64, by: &str) -> Result<bool> {
    let changed = sql("UPDATE tenant_templates SET is_active = 0, retired_ms = ?, retired_by = ? WHERE id = ? AND is_active = 1")
        .bind(at_ms)
        .bind(by)
        .bind(id)
        .run(connection)
        .await?;
    if changed == 1 {
        template_shelf::count_change(connection).await?;
    }
    Ok(changed == 1)
}

/// Lets tenants be made from a retired version again; false where that was so already.
pub async fn bring_back(connection: &mut Connection, id: i64) -> Result<bool> {
    let changed = sql("UPDATE tenant_templates SET is_active = 1, retired_ms = NULL, retired_by = NULL WHERE id = ? AND is_active = 0")
        .bind(id)
        .run(connection)
        .await?;
    if changed == 1 {
        template_shelf::count_change(connection).await?;
    }
    Ok(changed == 1)
}

/// How many tenants stand at each version, by the version's row.
pub async fn uses(connection: &mut Connection) -> Result<BTreeMap<i64, i64>> {
    sql("SELECT template_id, SUM(n) AS n FROM tenant_counts WHERE status <> 'deleted' AND n > 0 GROUP BY template_id")
        .all(connection)
        .await?
        .iter()
        .map(|row| Ok((row.int("template_id")?, row.int("n")?)))
        .collect()
}

/// How many tenants stand at a template version.
#[derive(Debug, Clone)]
pub struct VersionUse {
    /// The template's name.
    pub name: String,
    /// Its type.
    pub template_type: String,
    /// The version.
    pub version: String,
    /// The tenants.
    pub tenants: i64,
}

/// Template versions with their tenants of the scope, those with most first.
pub async fn uses_by_version(connection: &mut Connection, scope: Scope) -> Result<Vec<VersionUse>> {
    let (within, owner) = scope.and("t.id");
    let counted = super::counts::counted(&within);
    sql_of(format!(
        "SELECT v.name, v.template_type, v.version, SUM(u.n) AS n FROM {counted}
         JOIN tenant_templates v ON v.id = u.template_id WHERE u.status <> 'deleted'
         GROUP BY v.id, v.name, v.template_type, v.version ORDER BY n DESC, v.id"
    ))
    .bind_some(owner)
    .all(connection)
    .await?
    .iter()
    .map(|row| {
        Ok(VersionUse {
            name: row.text("name")?,
            template_type: row.text("template_type")?,
            version: row.text("version")?,
            tenants: row.int("n")?,
        })
    })
    .collect()
}

/// How many template versions tenants can be made from.
pub async fn count_active(connection: &mut Connection) -> Result<usize> {
    Ok(all(connection).await?.iter().filter(|version| version.is_active).count())
}
