//! Signed-in browsers. The cookie holds a random token, the database only its SHA-256.

use super::{
    db::{Connection, Result, Row, sql},
    users::Role,
};
use std::{collections::HashMap, hash::BuildHasher};
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
    /// Names the session in pages; it opens nothing.
    pub mark: Option<Uuid>,
    /// What the browser says that it is.
    pub agent: Option<String>,
    /// Where the person signed in from.
    pub address: Option<String>,
    /// No longer good from this moment on.
    pub expires_ms: i64,
}

/// A session as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser {
    /// Names it.
    pub mark: Uuid,
    /// What the browser says that it is.
    pub agent: String,
    /// Where the person signed in from.
    pub address: String,
    /// When the person signed in.
    pub created_ms: i64,
    /// When it was last used, to the minute.
    pub seen_ms: i64,
}

/// What decides when a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// When it began.
    pub created_ms: i64,
    /// When it ends, as it stands.
    pub expires_ms: i64,
    /// What its person may do; `None` where nobody is signed in.
    pub role: Option<Role>,
}

/// Ends the oldest sessions in which nobody is signed in, so that `most` of them are left: a form that is kept for a
/// stranger takes room, and strangers must not fill the disk.
pub async fn bound_anonymous(connection: &mut Connection, most: u32) -> Result<()> {
    sql("DELETE FROM sessions WHERE user_id IS NULL AND created_ms < (
            SELECT MIN(created_ms) FROM (
                SELECT created_ms FROM sessions WHERE user_id IS NULL ORDER BY created_ms DESC LIMIT ?) AS newest)")
        .bind(most)
        .later(connection)
        .await
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

fn text<S: BuildHasher>(state: &HashMap<String, String, S>) -> String {
    serde_json::to_string(state).unwrap_or_else(|_| "{}".into())
}

/// Adds a session.
pub async fn add(connection: &mut Connection, session: &Session, now_ms: i64) -> Result<()> {
    sql("INSERT INTO sessions (token_hash, user_id, state, mark, agent, address, created_ms, seen_ms, expires_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    .bind(&session.token_hash)
    .bind(session.user_id)
    .bind(text(&session.state))
    .bind(session.mark)
    .bind(session.agent.clone())
    .bind(session.address.clone())
    .bind(now_ms)
    .bind(now_ms)
    .bind(session.expires_ms)
    .run(connection)
    .await?;
    Ok(())
}

/// Keeps a session's state. One that was ended in the meantime stays ended.
pub async fn update<S: BuildHasher>(
    connection: &mut Connection,
    token_hash: &str,
    user_id: Option<Uuid>,
    state: &HashMap<String, String, S>,
) -> Result<()> {
    sql("UPDATE sessions SET user_id = ?, state = ? WHERE token_hash = ?")
        .bind(user_id)
        .bind(text(state))
        .bind(token_hash)
        .run(connection)
        .await?;
    Ok(())
}

/// What decides when a session ends, where it is there.
pub async fn life(connection: &mut Connection, token_hash: &str) -> Result<Option<Life>> {
    sql("SELECT s.created_ms, s.expires_ms, u.role FROM sessions s LEFT JOIN users u ON u.id = s.user_id
         WHERE s.token_hash = ?")
    .bind(token_hash)
    .first(connection)
    .await?
    .map(|row| {
        Ok(Life {
            created_ms: row.int("created_ms")?,
            expires_ms: row.int("expires_ms")?,
            role: row.maybe_text("role")?.map(|_| row.parse("role")).transpose()?,
        })
    })
    .transpose()
}

/// Moves a session's end, and notes that it and its person were seen.
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
    sql("UPDATE users SET seen_ms = ? WHERE id = (SELECT user_id FROM sessions WHERE token_hash = ?)")
        .bind(now_ms)
        .bind(token_hash)
        .run(connection)
        .await?;
    Ok(())
}

fn browser(row: &Row) -> Result<Browser> {
    Ok(Browser {
        mark: row.parse("mark")?,
        agent: row.maybe_text("agent")?.unwrap_or_default(),
        address: row.maybe_text("address")?.unwrap_or_default(),
        created_ms: row.int("created_ms")?,
        seen_ms: row.int("seen_ms")?,
    })
}

/// The sessions of a person that have not ended, the one that was used last first.
pub async fn of_person(connection: &mut Connection, person: Uuid, now_ms: i64) -> Result<Vec<Browser>> {
    sql("SELECT * FROM sessions WHERE user_id = ? AND expires_ms > ? AND mark IS NOT NULL
         ORDER BY seen_ms DESC, created_ms DESC, mark")
    .bind(person)
    .bind(now_ms)
    .all(connection)
    .await?
    .iter()
    .map(browser)
    .collect()
}

/// Ends a session.
pub async fn end(connection: &mut Connection, token_hash: &str) -> Result<()> {
    sql("DELETE FROM sessions WHERE token_hash = ?").bind(token_hash).run(connection).await?;
    Ok(())
}

/// Ends one of a person's sessions; false where there is no such session, or it is somebody else's.
pub async fn end_one(connection: &mut Connection, person: Uuid, mark: Uuid) -> Result<bool> {
    let ended = sql("DELETE FROM sessions WHERE user_id = ? AND mark = ?")
        .bind(person)
        .bind(mark)
        .run(connection)
        .await?;
    Ok(ended > 0)
}

/// Ends a person's sessions, all but the one named; gives their number.
pub async fn end_others(connection: &mut Connection, person: Uuid, but: Option<Uuid>) -> Result<u64> {
    sql("DELETE FROM sessions WHERE user_id = ? AND (mark IS NULL OR mark <> ?)")
        .bind(person)
        .bind(but.map_or_else(String::new, |mark| mark.to_string()))
        .run(connection)
        .await
}

/// Forgets sessions that have ended; gives their number.
pub async fn sweep(connection: &mut Connection, now_ms: i64) -> Result<u64> {
    sql("DELETE FROM sessions WHERE expires_ms <= ?").bind(now_ms).run(connection).await
}
