//! Objects of a tenant that are its own: they are expected there, and are no drift.

use super::db::{Connection, Result, Row, sql, sql_of};
use crate::schema::{ObjectKind, Schema};
use std::collections::BTreeMap;
use uuid::Uuid;

/// An object that was found in a tenant's database and is to stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// What kind of object it is.
    pub kind: ObjectKind,
    /// The object, such as `members.phone`, as [`crate::schema::Difference::key`] has it.
    pub object: String,
    /// The table or view that it was found in or is, as it was then.
    pub fragment: Schema,
}

/// What is needed to keep an object.
#[derive(Debug, Clone)]
pub struct NewAdopted<'a> {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The object.
    pub adopted: &'a Adopted,
    /// It in one line.
    pub definition: &'a str,
    /// The template version that the tenant stands at.
    pub version: &'a str,
    /// Why it is to stay.
    pub reason: &'a str,
    /// Who said so.
    pub by: &'a str,
}

/// Kinds of objects that a tenant can have of its own.
pub const KINDS: [ObjectKind; 5] =
    [ObjectKind::Table, ObjectKind::Column, ObjectKind::Index, ObjectKind::View, ObjectKind::Function];

fn adopted(row: &Row) -> Result<Option<Adopted>> {
    let word = row.text("customization_type")?;
    let kind = KINDS.into_iter().find(|kind| kind.as_str() == word);
    let Some(fragment) = row.maybe_json("fragment")? else { return Ok(None) };
    let unreadable = |reason: String| super::StoreError::Unreadable {
        column: "tenant_customizations.fragment".into(),
        reason,
    };
    let kind = kind.ok_or_else(|| unreadable(format!("unknown kind {word}")))?;
    let fragment = serde_json::from_value(fragment).map_err(|cause| unreadable(cause.to_string()))?;
    Ok(Some(Adopted { kind, object: row.text("object_name")?, fragment }))
}

/// Adds an object, in the place of what was kept of the same object before.
pub async fn adopt(connection: &mut Connection, new: &NewAdopted<'_>) -> Result<()> {
    sql("UPDATE tenant_customizations SET is_active = 0 WHERE tenant_id = ? AND customization_type = ? AND object_name = ?
         AND fragment IS NOT NULL")
    .bind(new.tenant_id)
    .bind(new.adopted.kind.as_str())
    .bind(&new.adopted.object)
    .later(connection)
    .await?;
    sql("INSERT INTO tenant_customizations (tenant_id, customization_type, object_name, definition_sql, template_base_version, fragment,
            reason, adopted_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    .bind(new.tenant_id)
    .bind(new.adopted.kind.as_str())
    .bind(&new.adopted.object)
    .bind(new.definition)
    .bind(new.version)
    .bind(serde_json::json!(new.adopted.fragment).to_string())
    .bind(new.reason)
    .bind(new.by)
    .run(connection)
    .await?;
    sql("UPDATE tenants SET is_customized = 1, customization_count =
            (SELECT COUNT(*) FROM tenant_customizations c WHERE c.tenant_id = ? AND c.is_active = 1) WHERE id = ?")
    .bind(new.tenant_id)
    .bind(new.tenant_id)
    .later(connection)
    .await
}

/// Whether a tenant has something of its own that was kept for a reason by somebody.
pub async fn is_kept(connection: &mut Connection, tenant: Uuid, reason: &str, by: &str) -> Result<bool> {
    let query = sql("SELECT id FROM tenant_customizations WHERE tenant_id = ? AND reason = ? AND adopted_by = ? AND is_active = 1
         AND deleted_at IS NULL LIMIT 1");
    Ok(query.bind(tenant).bind(reason).bind(by).first(connection).await?.is_some())
}

/// The objects that these tenants have of their own, in the order in which they were kept.
pub async fn of_tenants(
    connection: &mut Connection,
    tenants: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<Adopted>>> {
    let mut all: BTreeMap<Uuid, Vec<Adopted>> = BTreeMap::new();
    if tenants.is_empty() {
        return Ok(all);
    }
    let marks = vec!["?"; tenants.len()].join(", ");
    let mut query = sql_of(format!(
        "SELECT * FROM tenant_customizations WHERE tenant_id IN ({marks}) AND is_active = 1 AND deleted_at IS NULL ORDER BY id"
    ));
    for id in tenants {
        query = query.bind(*id);
    }
    for row in query.all(connection).await? {
        if let Some(object) = adopted(&row)? {
            all.entry(row.parse("tenant_id")?).or_default().push(object);
        }
    }
    Ok(all)
}

/// Gives a copy of a tenant what its original has of its own.
pub async fn copy(connection: &mut Connection, from: Uuid, to: Uuid) -> Result<()> {
    sql("INSERT INTO tenant_customizations (tenant_id, customization_type, object_name, definition_sql, template_base_version, fragment,
            reason, adopted_by)
         SELECT ?, customization_type, object_name, definition_sql, template_base_version, fragment, reason, adopted_by
         FROM tenant_customizations WHERE tenant_id = ? AND is_active = 1 AND deleted_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM tenant_customizations c WHERE c.tenant_id = ?)")
    .bind(to)
    .bind(from)
    .bind(to)
    .later(connection)
    .await?;
    sql("UPDATE tenants SET is_customized = 1, customization_count =
            (SELECT COUNT(*) FROM tenant_customizations c WHERE c.tenant_id = ? AND c.is_active = 1)
         WHERE id = ? AND EXISTS (SELECT 1 FROM tenant_customizations c WHERE c.tenant_id = ?)")
    .bind(to)
    .bind(to)
    .bind(to)
    .later(connection)
    .await
}
