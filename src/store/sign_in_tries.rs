//! Tries at signing in, by the SHA-256 of the e-mail that was typed: whether a person of that e-mail exists makes no
//! difference to what is counted, nor to what is answered.

use super::db::{Connection, Result, sql};

/// Tries for one e-mail since the last right password.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// Wrong passwords.
    pub failed: i64,
    /// No password is looked at before this moment.
    pub next_ms: i64,
}

/// The tries for an e-mail.
pub async fn find(connection: &mut Connection, email_hash: &str) -> Result<Tries> {
    let row = sql("SELECT failed, next_ms FROM sign_in_tries WHERE email_hash = ?")
        .bind(email_hash)
        .first(connection)
        .await?;
    match row {
        Some(row) => Ok(Tries { failed: row.int("failed")?, next_ms: row.int("next_ms")? }),
        None => Ok(Tries::default()),
    }
}

/// Takes one more try: the count goes up, and the next one has to wait until `next_ms`. Asked for in the transaction that
/// read `before`.
pub async fn take(
    connection: &mut Connection,
    email_hash: &str,
    before: Tries,
    next_ms: i64,
    now_ms: i64,
) -> Result<()> {
    let changed = sql("UPDATE sign_in_tries SET failed = ?, next_ms = ?, last_ms = ? WHERE email_hash = ?")
        .bind(before.failed + 1)
        .bind(next_ms)
        .bind(now_ms)
        .bind(email_hash)
        .run(connection)
        .await?;
    if changed == 0 {
        sql("INSERT INTO sign_in_tries (email_hash, failed, next_ms, last_ms) VALUES (?, 1, ?, ?)")
            .bind(email_hash)
            .bind(next_ms)
            .bind(now_ms)
            .run(connection)
            .await?;
    }
    Ok(())
}

/// The password was right: the count starts again.
pub async fn clear(connection: &mut Connection, email_hash: &str) -> Result<()> {
    sql("DELETE FROM sign_in_tries WHERE email_hash = ?").bind(email_hash).run(connection).await?;
    Ok(())
}

/// Forgets tries that are older than a moment.
pub async fn sweep(connection: &mut Connection, before_ms: i64) -> Result<u64> {
    sql("DELETE FROM sign_in_tries WHERE last_ms < ?").bind(before_ms).run(connection).await
}
