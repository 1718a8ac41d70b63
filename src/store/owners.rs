//! Who owns which tenant: a person may own several, and a tenant may have several owners.

use super::{
    db::{Connection, Result, sql},
    users::{User, user},
};
use uuid::Uuid;

/// Makes a person an owner of a tenant; false where they are one already.
pub async fn add(connection: &mut Connection, user: Uuid, tenant: Uuid, now_ms: i64) -> Result<bool> {
    let there = sql("SELECT user_id FROM tenant_owners WHERE user_id = ? AND tenant_id = ?")
        .bind(user)
        .bind(tenant)
        .first(connection)
        .await?;
    if there.is_some() {
        return Ok(false);
    }
    sql("INSERT INTO tenant_owners (user_id, tenant_id, added_ms) VALUES (?, ?, ?)")
        .bind(user)
        .bind(tenant)
        .bind(now_ms)
        .run(connection)
        .await?;
    Ok(true)
}

/// Takes a tenant from an owner; false where it was not theirs.
pub async fn remove(connection: &mut Connection, user: Uuid, tenant: Uuid) -> Result<bool> {
    let changed = sql("DELETE FROM tenant_owners WHERE user_id = ? AND tenant_id = ?")
        .bind(user)
        .bind(tenant)
        .run(connection)
        .await?;
    Ok(changed == 1)
}

/// Takes all tenants from a person.
pub async fn remove_all(connection: &mut Connection, user: Uuid) -> Result<u64> {
    sql("DELETE FROM tenant_owners WHERE user_id = ?").bind(user).run(connection).await
}

/// The owners of a tenant, by e-mail.
pub async fn of_tenant(connection: &mut Connection, tenant: Uuid) -> Result<Vec<User>> {
    sql("SELECT u.* FROM users u JOIN tenant_owners o ON o.user_id = u.id WHERE o.tenant_id = ? ORDER BY u.email")
        .bind(tenant)
        .all(connection)
        .await?
        .iter()
        .map(user)
        .collect()
}

/// The tenants of a person, by name: id, name and slug.
pub async fn of_person(connection: &mut Connection, user: Uuid) -> Result<Vec<(Uuid, String, String)>> {
    sql("SELECT t.id, t.name, t.slug FROM tenants t JOIN tenant_owners o ON o.tenant_id = t.id
         WHERE o.user_id = ? AND t.status <> 'deleted' ORDER BY t.name, t.id")
    .bind(user)
    .all(connection)
    .await?
    .iter()
    .map(|row| Ok((row.parse("id")?, row.text("name")?, row.text("slug")?)))
    .collect()
}
