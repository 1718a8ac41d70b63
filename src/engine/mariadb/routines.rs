//! Procedures and functions that a tenant has made.

use super::words::identifier;
use sqlx::{AssertSqlSafe, MySqlConnection, Row};

/// A procedure or a function.
pub(super) struct Routine {
    /// `PROCEDURE` or `FUNCTION`.
    pub(super) kind: &'static str,
    pub(super) name: String,
    /// The statement that makes it.
    pub(super) made_by: String,
    /// The `sql_mode` that it was made in.
    pub(super) mode: String,
}

/// The routines of a database, which the connection is in.
pub(super) async fn routines(
    connection: &mut MySqlConnection,
    database: &str,
) -> Result<Vec<Routine>, sqlx::Error> {
    let mut found = Vec::new();
    let rows = sqlx::query(
        "SELECT routine_type = 'PROCEDURE', routine_name FROM information_schema.routines
         WHERE routine_schema = ? AND routine_type IN ('FUNCTION', 'PROCEDURE') ORDER BY 1, 2",
    )
    .bind(database)
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let kind = if row.try_get_unchecked::<i64, _>(0)? == 1 { "PROCEDURE" } else { "FUNCTION" };
        let name: String = row.try_get_unchecked(1)?;
        let question = format!("SHOW CREATE {kind} {}", identifier(&name));
        let row = sqlx::raw_sql(AssertSqlSafe(question)).fetch_one(&mut *connection).await?;
        let mode = row.try_get_unchecked(1)?;
        match row.try_get_unchecked::<Option<String>, _>(2)? {
            Some(made_by) => found.push(Routine { kind, name, made_by, mode }),
            // What another account has made there is no tenant's to see.
            None => tracing::warn!(database, name, "A routine cannot be read, and is in no copy"),
        }
    }
    Ok(found)
}
