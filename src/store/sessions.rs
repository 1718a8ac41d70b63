//! Signed-in browsers. The cookie holds a random token, the database only its SHA-256.

use super::db::{Connection, Result, sql};
use std::collections::HashMap;
use uuid::Uuid;

/// A session as it is kept.
#[derive(Debug, Clone)]
pub struct Session {
    /// SHA-256 of the token, in hex.
    pub token_hash: String,
    /// Who is signed in.
    pub user_id: Option<Uuid>,
    /// Small texts by name.
    pub state: HashMap<String, String>,
    /// No longer good from this moment on.
    pub expires_ms: i64,
}

/// The state of a session that has not ended.
pub async fn load(
    connection: &mut Connection,
    token_hash: &str,
    now_ms: i64,
) -> Result<Option<HashMap<String, String>>> {
    sql("SELECT state FROM sessions WHERE token_hash = ? AND expires_ms > ?")
        .bind(token_hash)
        .bind(now_ms)
        .first(connection)
        .await?
        .map(|row| row.json("state"))
        .transpose()
}

/// Adds or replaces a session.
pub async fn save(connection: &mut Connection, session: &Session, now_ms: i64) -> Result<()> {
    let state = serde_json::to_string(&session.state).unwrap_or_else(|_| "{}".into());
    let changed =
        sql("UPDATE sessions SET user_id = ?, state = ?, seen_ms = ?, expires_ms = ? WHERE token_hash = ?")
            .bind(session.user_id)
            .bind(&state)
            .bind(now_ms)
            .bind(session.expires_ms)
            .bind(&session.token_hash)
            .run(connection)
            .await?;
    if changed == 0 {
        sql("INSERT INTO sessions (token_hash, user_id, state, created_ms, seen_ms, expires_ms) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(&session.token_hash)
            .bind(session.user_id)
            .bind(&state)
            .bind(now_ms)
            .bind(now_ms)
            .bind(session.expires_ms)
            .run(connection)
            .await?;
    }
    Ok(())
}

/// When a session ends, where it is there.
pub async fn ends(connection: &mut Connection, token_hash: &str) -> Result<Option<i64>> {
    match sql("SELECT expires_ms FROM sessions WHERE token_hash = ?")
        .bind(token_hash)
        .first(connection)
        .await?
    {
        Some(row) => Ok(Some(row.int("expires_ms")?)),
        None => Ok(None),
    }
}

/// Moves a session's end.
pub async fn extend(
    connection: &mut Connection,
    token_hash: &str,
    now_ms: i64,
    expires_ms: i64,
) -> Result<()> {
    sql("UPDATE sessions SET seen_ms = ?, expires_ms = ? WHERE token_hash = ?")
        .bind(now_ms)
        .bind(expires_ms)
        .bind(token_hash)
        .run(connection)
        .await?;
    Ok(())
}

/// Ends a session.
pub async fn end(connection: &mut Connection, token_hash: &str) -> Result<()> {
    sql("DELETE FROM sessions WHERE token_hash = ?").bind(token_hash).run(connection).await?;
    Ok(())
}

/// Forgets sessions that have ended; gives their number.
pub async fn sweep(connection: &mut Connection, now_ms: i64) -> Result<u64> {
    sql("DELETE FROM sessions WHERE expires_ms <= ?").bind(now_ms).run(connection).await
}
