//! Owners who were asked in. A link's token is shown once; only its SHA-256 is kept.

use super::{
    Scope,
    db::{Connection, Result, Row, sql, sql_of},
};
use uuid::Uuid;

/// An invitation.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Identifies it.
    pub id: Uuid,
    /// The tenant that the person owns.
    pub tenant_id: Uuid,
    /// The person.
    pub email: String,
    /// Whether a link was made.
    pub has_link: bool,
    /// The link is no longer good from this moment on.
    pub expires_ms: Option<i64>,
    /// When it was taken up.
    pub used_ms: Option<i64>,
}

fn invitation(row: &Row) -> Result<Invitation> {
    Ok(Invitation {
        id: row.parse("id")?,
        tenant_id: row.parse("tenant_id")?,
        email: row.text("email")?,
        has_link: row.maybe_text("token_hash")?.is_some(),
        expires_ms: row.maybe_int("expires_ms")?,
        used_ms: row.maybe_int("used_ms")?,
    })
}

/// Makes sure that the owner is invited; run twice, there is still one invitation.
pub async fn ensure(
    connection: &mut Connection,
    id: Uuid,
    tenant: Uuid,
    email: &str,
    now_ms: i64,
) -> Result<()> {
    sql("INSERT INTO invitations (id, tenant_id, email, created_ms)
         SELECT * FROM (SELECT ? AS id, ? AS tenant_id, ? AS email, ? AS created_ms) AS new
         WHERE NOT EXISTS (SELECT 1 FROM invitations i WHERE i.tenant_id = new.tenant_id AND i.email = new.email)")
    .bind(id)
    .bind(tenant)
    .bind(email)
    .bind(now_ms)
    .later(connection)
    .await?;
    Ok(())
}

/// Takes back the invitations of a tenant that nobody has taken up.
pub async fn withdraw(connection: &mut Connection, tenant: Uuid) -> Result<()> {
    sql("DELETE FROM invitations WHERE tenant_id = ? AND used_ms IS NULL")
        .bind(tenant)
        .run(connection)
        .await?;
    Ok(())
}

/// The owner's invitation.
pub async fn of_tenant(connection: &mut Connection, tenant: Uuid) -> Result<Option<Invitation>> {
    sql("SELECT * FROM invitations WHERE tenant_id = ? ORDER BY created_ms LIMIT 1")
        .bind(tenant)
        .first(connection)
        .await?
        .as_ref()
        .map(invitation)
        .transpose()
}

/// An invitation whose link ran out before it was used.
#[derive(Debug, Clone)]
pub struct Lapsed {
    /// The owner.
    pub email: String,
    /// When the link ran out.
    pub expired_ms: i64,
    /// The tenant's name and slug.
    pub tenant: (String, String),
}

/// Invitations to tenants of the scope that can be used, whose link ran out before it was used; newest first.
pub async fn lapsed(
    connection: &mut Connection,
    scope: Scope,
    now_ms: i64,
    limit: u32,
) -> Result<Vec<Lapsed>> {
    let (within, owner) = scope.and("i.tenant_id");
    sql_of(format!(
        "SELECT i.email, i.expires_ms, t.name, t.slug FROM invitations i JOIN tenants t ON t.id = i.tenant_id
         WHERE i.used_ms IS NULL AND i.expires_ms <= ? AND t.status = 'active'{within}
         ORDER BY i.expires_ms DESC LIMIT ?"
    ))
    .bind(now_ms)
    .bind_some(owner)
    .bind(limit)
    .all(connection)
    .await?
    .iter()
    .map(|row| {
        Ok(Lapsed {
            email: row.text("email")?,
            expired_ms: row.int("expires_ms")?,
            tenant: (row.text("name")?, row.text("slug")?),
        })
    })
    .collect()
}

/// Gives an invitation a new link; an older one is no longer good. False where it was taken up already.
pub async fn set_link(
    connection: &mut Connection,
    id: Uuid,
    token_hash: &str,
    expires_ms: i64,
) -> Result<bool> {
    let changed =
        sql("UPDATE invitations SET token_hash = ?, expires_ms = ? WHERE id = ? AND used_ms IS NULL")
            .bind(token_hash)
            .bind(expires_ms)
            .bind(id)
            .run(connection)
            .await?;
    Ok(changed == 1)
}

/// The invitation of a link that is still good.
pub async fn by_link(
    connection: &mut Connection,
    token_hash: &str,
    now_ms: i64,
) -> Result<Option<Invitation>> {
    sql("SELECT * FROM invitations WHERE token_hash = ? AND used_ms IS NULL AND expires_ms > ?")
        .bind(token_hash)
        .bind(now_ms)
        .first(connection)
        .await?
        .as_ref()
        .map(invitation)
        .transpose()
}

/// Marks an invitation as taken up; false where somebody was faster.
pub async fn use_up(connection: &mut Connection, id: Uuid, now_ms: i64) -> Result<bool> {
    let changed = sql("UPDATE invitations SET used_ms = ? WHERE id = ? AND used_ms IS NULL")
        .bind(now_ms)
        .bind(id)
        .run(connection)
        .await?;
    Ok(changed == 1)
}
