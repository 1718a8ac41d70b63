//! Accounts: each tenant's database has one, which can do anything in that database and nothing anywhere else.

use super::{
    MariaDb,
    server::failed,
    words::{identifier, text},
};
use crate::engine::{DatabaseName, EngineError, TenantLock};
use sqlx::{AssertSqlSafe, Executor, MySqlConnection, Row};
use std::time::Duration;

/// What a tenant's account may do in its own database, and nowhere else.
pub(super) const RIGHTS: [&str; 17] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
    "EXECUTE",
    "CREATE VIEW",
    "SHOW VIEW",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "TRIGGER",
];

/// Longest name of an account on MySQL.
const LONGEST_ACCOUNT: usize = 32;
/// Signs at the end of a database's name that no other has.
const OWN_END: usize = 12;
/// How often the connections of a locked account are ended before the server is said not to do it.
const MOST_ROUNDS: u32 = 200;
/// Between two rounds.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(50);

/// The name of the account of a database: as much of the name as fits, and its end, which no other has.
pub(super) fn account(name: &DatabaseName) -> String {
    let whole = name.as_str();
    if whole.len() <= LONGEST_ACCOUNT {
        return whole.to_owned();
    }
    let tail = whole.get(whole.len() - OWN_END..).unwrap_or_default();
    let head = whole.get(..LONGEST_ACCOUNT - OWN_END - 1).unwrap_or_default();
    format!("{head}_{tail}")
}

/// The account of a database as statements name it.
pub(super) fn whole_account(name: &DatabaseName) -> String {
    format!("{}@'%'", text(&account(name)))
}

/// A database's name in a GRANT, where `_` and `%` stand for other signs unless they are escaped.
fn in_grant(name: &DatabaseName) -> String {
    identifier(&name.as_str().replace('_', "\\_"))
}

/// A statement that must not be in any error's text: what the server says of it is left out, but for its number.
async fn quietly(connection: &mut MySqlConnection, statement: String) -> Result<(), EngineError> {
    match connection.execute(AssertSqlSafe(statement)).await {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(cause)) => {
            let number = cause
                .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
                .map_or(0, sqlx::mysql::MySqlDatabaseError::number);
            Err(EngineError::OutOfReach(format!(
                "The database server refused to set up a tenant's account (error {number}). Examine the server: a right of the \
                 administrator may be missing, or the server wants passwords of another kind."
            )))
        }
        Err(cause) => Err(failed(cause)),
    }
}

fn check_secret(secret: &str) -> Result<(), EngineError> {
    if secret.is_empty() || !secret.chars().all(|sign| sign.is_ascii_alphanumeric()) {
        return Err(EngineError::OutOfReach("A tenant's password has signs that it cannot have.".into()));
    }
    Ok(())
}

/// Makes the account of a database, or gives it its password again.
pub(super) async fn make_account(
    connection: &mut MySqlConnection,
    name: &DatabaseName,
    secret: &str,
) -> Result<(), EngineError> {
    check_secret(secret)?;
    let account = whole_account(name);
    quietly(connection, format!("CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{secret}'")).await?;
    quietly(connection, format!("ALTER USER {account} IDENTIFIED BY '{secret}'")).await?;
    let grant = format!("GRANT {} ON {}.* TO {account}", RIGHTS.join(", "), in_grant(name));
    connection.execute(AssertSqlSafe(grant)).await.map_err(failed)?;
    Ok(())
}

/// Locks the account of a database, or lets it in again. One that is locked keeps the connections that it has.
pub(super) async fn lock_account(
    connection: &mut MySqlConnection,
    name: &DatabaseName,
    is_locked: bool,
) -> Result<(), EngineError> {
    let word = if is_locked { "LOCK" } else { "UNLOCK" };
    let statement = format!("ALTER USER {} ACCOUNT {word}", whole_account(name));
    connection.execute(AssertSqlSafe(statement)).await.map_err(failed)?;
    Ok(())
}

/// Ends all connections of a locked account, and waits until the server has let go of them: what one of them was in the
/// middle of happens wholly or not at all, but not later.
pub(super) async fn end_connections(
    connection: &mut MySqlConnection,
    name: &DatabaseName,
) -> Result<(), EngineError> {
    let user = account(name);
    for round in 0..MOST_ROUNDS {
        let open =
            sqlx::query("SELECT CAST(id AS SIGNED) FROM information_schema.processlist WHERE user = ?")
                .bind(&user)
                .fetch_all(&mut *connection)
                .await
                .map_err(failed)?;
        if open.is_empty() {
            return Ok(());
        }
        for row in open {
            let id: i64 = row.try_get(0).map_err(failed)?;
            // One that has ended meanwhile is an error, and what was wanted.
            let _ = connection.execute(AssertSqlSafe(format!("KILL CONNECTION {id}"))).await;
        }
        tokio::time::sleep(BETWEEN_ROUNDS * u32::from(round > 0)).await;
    }
    Err(EngineError::OutOfReach(format!(
        "The server does not end the connections that the account of {name} has. They are tried again."
    )))
}

impl MariaDb {
    /// Gives a tenant's account another password.
    pub(super) async fn change_password(
        &self,
        name: &DatabaseName,
        lock: &TenantLock,
        secret: &str,
    ) -> Result<(), EngineError> {
        check_secret(secret)?;
        let mut mover = self.hold(name).await?;
        let changed = async {
            mover.settle().await?;
            mover.claim(lock).await?;
            let statement = format!("ALTER USER {} IDENTIFIED BY '{secret}'", whole_account(name));
            quietly(&mut mover.line.connection, statement).await
        };
        let changed = changed.await;
        mover.line.close().await;
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn an_account_fits_and_no_two_databases_share_one() {
        let long = "a".repeat(200);
        let names: Vec<String> =
            (0..50).map(|_| account(&DatabaseName::derive(&long, Uuid::now_v7()))).collect();
        let mut different = names.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), names.len());
        assert!(names.iter().all(|name| name.len() <= LONGEST_ACCOUNT));
    }

    #[test]
    fn a_grant_is_for_one_database_and_not_for_names_like_it() {
        let name: DatabaseName = "acme_1".parse().unwrap();
        assert_eq!(in_grant(&name), r"`acme\_1`");
    }
}
