//! What this installation remembers about itself: small named texts.

use super::db::{Connection, Result, sql};

/// The value of a setting, where it was set.
pub async fn find(connection: &mut Connection, name: &str) -> Result<Option<String>> {
    match sql("SELECT value FROM settings WHERE name = ?").bind(name).first(connection).await? {
        Some(row) => Ok(Some(row.text("value")?)),
        None => Ok(None),
    }
}

/// Sets a setting.
pub async fn set(connection: &mut Connection, name: &str, value: &str) -> Result<()> {
    if sql("UPDATE settings SET value = ? WHERE name = ?").bind(value).bind(name).run(connection).await? == 0
    {
        sql("INSERT INTO settings (name, value) VALUES (?, ?)")
            .bind(name)
            .bind(value)
            .run(connection)
            .await?;
    }
    Ok(())
}

/// Forgets a setting.
pub async fn forget(connection: &mut Connection, name: &str) -> Result<()> {
    sql("DELETE FROM settings WHERE name = ?").bind(name).run(connection).await?;
    Ok(())
}
