//! The control database on PostgreSQL. Its columns are whole numbers (`bigint`) and texts only (see `migrate`), and so are
//! the values that are bound. Writers queue at an advisory lock of the database; claims do without it.

use super::{Query, Result, Value};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Encode, PgConnection, PgPool, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{
        PgArgumentBuffer, PgArguments, PgConnectOptions, PgPoolOptions, PgRow, PgTypeInfo, types::Oid,
    },
};
use std::{str::FromStr, time::Duration};

/// What a session means whatever a server, a database or an account has been set to. A process that is cut off in the middle
/// of a transaction does not keep the others out for longer than a minute.
const SETTINGS: [(&str, &str); 7] = [
    ("timezone", "UTC"),
    ("search_path", "public"),
    ("standard_conforming_strings", "on"),
    ("lock_timeout", "30s"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
];

/// Begins once nobody else writes. The two numbers say that it is Tenantry, and what for; they mean nothing else.
const BEGIN_ALONE: &str = "BEGIN; SELECT pg_advisory_xact_lock(1952804449, 1)";

/// See [`super::driver::Driver::marks`]: a failed statement takes its whole transaction with it, but for what came before a
/// savepoint.
pub(super) const MARKS: (&str, &str, &str) =
    ("SAVEPOINT before_it", "RELEASE SAVEPOINT before_it", "ROLLBACK TO SAVEPOINT before_it");

/// How to reach the server that an address names; the error is the driver's word about it.
pub(super) fn options(url: &str) -> Result<PgConnectOptions> {
    Ok(PgConnectOptions::from_str(url)?
        .application_name("tenantry")
        .options(SETTINGS)
        .statement_cache_capacity(super::STATEMENTS)
        .disable_statement_logging())
}

/// Connections, made when they are needed.
pub(super) fn pool(options: PgConnectOptions, connections: u32, wait: Duration) -> PgPool {
    PgPoolOptions::new().max_connections(connections).acquire_timeout(wait).connect_lazy_with(options)
}

pub(super) async fn begin(connection: &mut PgConnection, alone: bool) -> Result<()> {
    let text = if alone { BEGIN_ALONE } else { "BEGIN" };
    sqlx::raw_sql(text).execute(connection).await?;
    Ok(())
}

pub(super) async fn commit(connection: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql("COMMIT").execute(connection).await?;
    Ok(())
}

/// NULL, of whatever type the place has.
struct Nothing;

impl Type<Postgres> for Nothing {
    fn type_info() -> PgTypeInfo {
        // No type: the server finds it out.
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Nothing {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> std::result::Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

fn prepared(query: Query) -> sqlx::query::Query<'static, Postgres, PgArguments> {
    let mut prepared = sqlx::query(AssertSqlSafe(numbered(&query.text)));
    for value in query.values {
        prepared = match value {
            Value::Null => prepared.bind(Nothing),
            Value::Int(number) => prepared.bind(number),
            // A text cannot have a zero character here; the sign for a wrong one is never equal to anything that is there.
            Value::Text(text) if text.contains('\0') => prepared.bind(text.replace('\0', "\u{fffd}")),
            Value::Text(text) => prepared.bind(text),
        };
    }
    prepared
}

/// The text with its places for values numbered, as PostgreSQL wants them: `?` becomes `$1`, `$2` … outside of quotes.
fn numbered(text: &str) -> String {
    let mut numbered = String::with_capacity(text.len() + 16);
    let mut quote = None;
    let mut number = 0;
    for sign in text.chars() {
        match (quote, sign) {
            (None, '?') => {
                number += 1;
                numbered.push('$');
                numbered.push_str(&number.to_string());
                continue;
            }
            (None, '\'' | '"') => quote = Some(sign),
            // A doubled quote closes and opens again.
            (Some(open), _) if open == sign => quote = None,
            _ => {}
        }
        numbered.push(sign);
    }
    numbered
}

pub(super) async fn run(connection: &mut PgConnection, query: Query) -> Result<u64> {
    Ok(prepared(query).execute(connection).await?.rows_affected())
}

pub(super) async fn run_once(connection: &mut PgConnection, query: Query) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(query.text.into_owned())).execute(connection).await?;
    Ok(())
}

pub(super) async fn all(connection: &mut PgConnection, query: Query) -> Result<Vec<PgRow>> {
    Ok(prepared(query).fetch_all(connection).await?)
}

pub(super) async fn first(connection: &mut PgConnection, query: Query) -> Result<Option<PgRow>> {
    Ok(prepared(query).fetch_optional(connection).await?)
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn places_for_values_are_numbered_outside_of_quotes() {
        assert_eq!(numbered("a = ? AND b LIKE ? ESCAPE '!'"), "a = $1 AND b LIKE $2 ESCAPE '!'");
        assert_eq!(numbered("'it''s ?' || ? || \"?\""), "'it''s ?' || $1 || \"?\"");
        assert_eq!(numbered("none"), "none");
    }
}
