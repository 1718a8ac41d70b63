//! Procedures and functions that a tenant has made. They are no part of the schema, but of everything that is copied.

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
    for kind in ["FUNCTION", "PROCEDURE"] {
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT routine_name FROM information_schema.routines WHERE routine_schema = ? AND routine_type = ?
             ORDER BY routine_name",
        )
        .bind(database)
        .bind(kind)
        .fetch_all(&mut *connection)
        .await?;
        for name in names {
            let question = format!("SHOW CREATE {kind} {}", identifier(&name));
            let row = sqlx::raw_sql(AssertSqlSafe(question)).fetch_one(&mut *connection).await?;
            let mode = row.try_get_unchecked(1)?;
            match row.try_get_unchecked::<Option<String>, _>(2)? {
                Some(made_by) => found.push(Routine { kind, name, made_by, mode }),
                // What another account has made there is no tenant's to see.
                None => tracing::warn!(database, name, "A routine cannot be read, and is in no copy"),
            }
        }
    }
    Ok(found)
}
