//! Procedures and functions that a tenant has made.

use super::words::identifier;
use sqlx::{AssertSqlSafe, MySqlConnection, Row};

/// A procedure or a function.
pub(super) struct Routine {
    /// `PROCEDURE` or `FUNCTION`.
    pub(super) kind: &'static str,
    pub(super) name: String,
    /// The statement that makes it; none where another account has made it, whose it is to see.
    pub(super) made_by: Option<String>,
    /// The `sql_mode` that it was made in.
    pub(super) mode: String,
}

/// Says that a routine whose statement nobody but its maker sees is in no copy.
pub(super) fn readable(routine: Routine) -> Option<(Routine, String)> {
    let made_by = routine.made_by.clone();
    if made_by.is_none() {
        tracing::warn!(name = routine.name, "A routine cannot be read, and is in no copy");
    }
    Some((routine, made_by?))
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
        let made_by = row.try_get_unchecked(2)?;
        found.push(Routine { kind, name, made_by, mode });
    }
    Ok(found)
}
