//! Browsers in which a person signed in before. The cookie holds a random token, the database only its SHA-256.

use super::db::{Connection, Result, sql};
use uuid::Uuid;

/// Whether the person of this e-mail (folded to lower case) signed in with this browser before.
pub async fn knows(connection: &mut Connection, token_hash: &str, email: &str) -> Result<bool> {
    Ok(sql("SELECT k.user_id FROM known_browsers k JOIN users u ON u.id = k.user_id
            WHERE k.token_hash = ? AND u.email = ?")
    .bind(token_hash)
    .bind(email)
    .first(connection)
    .await?
    .is_some())
}

/// Remembers a browser of a person.
pub async fn keep(connection: &mut Connection, token_hash: &str, person: Uuid, now_ms: i64) -> Result<()> {
    let changed = sql("UPDATE known_browsers SET seen_ms = ? WHERE token_hash = ? AND user_id = ?")
        .bind(now_ms)
        .bind(token_hash)
        .bind(person)
        .run(connection)
        .await?;
    if changed == 0 {
        sql("INSERT INTO known_browsers (token_hash, user_id, seen_ms) VALUES (?, ?, ?)")
            .bind(token_hash)
            .bind(person)
            .bind(now_ms)
            .run(connection)
            .await?;
    }
    Ok(())
}

/// Forgets all browsers of a person.
pub async fn forget(connection: &mut Connection, person: Uuid) -> Result<()> {
    sql("DELETE FROM known_browsers WHERE user_id = ?").bind(person).run(connection).await?;
    Ok(())
}

/// Forgets browsers that were not used since a moment.
pub async fn sweep(connection: &mut Connection, before_ms: i64) -> Result<u64> {
    sql("DELETE FROM known_browsers WHERE seen_ms < ?").bind(before_ms).run(connection).await
}

/// Whether anybody signed in with this browser before.
pub async fn is_known(connection: &mut Connection, token_hash: &str) -> Result<bool> {
    Ok(sql("SELECT user_id FROM known_browsers WHERE token_hash = ? LIMIT 1")
        .bind(token_hash)
        .first(connection)
        .await?
        .is_some())
}
