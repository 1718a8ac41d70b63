//! Tries at signing in, each count under a key that says nothing by itself (a SHA-256): whether a person of the e-mail
//! that was typed exists makes no difference to what is counted, nor to what is answered.

use super::db::{Connection, Result, sql};

/// A count of tries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// Wrong passwords since the last right one.
    pub failed: i64,
    /// What the next try has to wait for; `usecases::limits` says what it means for which count.
    pub next_ms: i64,
}

/// A count.
pub async fn find(connection: &mut Connection, key: &str) -> Result<Tries> {
    let row = sql("SELECT failed, next_ms FROM sign_in_tries WHERE email_hash = ?")
        .bind(key)
        .first(connection)
        .await?;
    match row {
        Some(row) => Ok(Tries { failed: row.int("failed")?, next_ms: row.int("next_ms")? }),
        None => Ok(Tries::default()),
    }
}

/// Keeps a count. Asked for in the transaction that read it.
pub async fn set(connection: &mut Connection, key: &str, tries: Tries, now_ms: i64) -> Result<()> {
    let changed = sql("UPDATE sign_in_tries SET failed = ?, next_ms = ?, last_ms = ? WHERE email_hash = ?")
        .bind(tries.failed)
        .bind(tries.next_ms)
        .bind(now_ms)
        .bind(key)
        .run(connection)
        .await?;
    if changed == 0 {
        sql("INSERT INTO sign_in_tries (email_hash, failed, next_ms, last_ms) VALUES (?, ?, ?, ?)")
            .bind(key)
            .bind(tries.failed)
            .bind(tries.next_ms)
            .bind(now_ms)
            .run(connection)
            .await?;
    }
    Ok(())
}

/// The password was right: the count starts again.
pub async fn clear(connection: &mut Connection, key: &str) -> Result<()> {
    sql("DELETE FROM sign_in_tries WHERE email_hash = ?").bind(key).run(connection).await?;
    Ok(())
}

/// Forgets counts that are older than a moment.
pub async fn sweep(connection: &mut Connection, before_ms: i64) -> Result<u64> {
    sql("DELETE FROM sign_in_tries WHERE last_ms < ?").bind(before_ms).run(connection).await
}
