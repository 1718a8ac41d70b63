//! Reading a whole database as it is at one moment: in one transaction with a snapshot, which no writer waits for.

use super::{
    CREATE_COLLATION,
    home::{Home, portable},
    inspect,
    names::{identifier, identifiers},
    server::{Held, away},
    session::Passing,
    structure::{self, Piece, When},
};
use crate::{
    engine::{
        EngineError, Reading,
        reading::{Inserter, ReadColumn, ReadError, ReadTable, RowSink, Value, in_order},
    },
    schema::{Schema, Table},
};
use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, PgConnection, Row, ValueRef, postgres::PgRow};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write},
};

/// Begins the snapshot. Whoever takes the rows may take their time.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; \
                     SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL search_path = ";

/// What a dump begins with, so that its statements mean the same wherever they are run.
const OPENING: &str = "SET client_encoding = 'UTF8';
BEGIN;
SET LOCAL standard_conforming_strings = on;
SET LOCAL check_function_bodies = off;
SET LOCAL client_min_messages = warning;
SET LOCAL timezone = 'UTC';
SET LOCAL search_path = public;
";

/// An open read transaction.
pub(super) struct PostgresReading {
    held: Held,
    passing: Passing,
    tables: Vec<ReadTable>,
    schema: Schema,
    /// For each table, what its columns hold.
    kinds: BTreeMap<String, Vec<Kind>>,
    pieces: Vec<Piece>,
}

/// How a value is read of the text that the server gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Real,
    Boolean,
    Text,
    Bytes,
}

fn unreadable(cause: sqlx::Error) -> EngineError {
    away("The tenant's database cannot be read", cause)
}

const KINDS: &str = r#"
SELECT c.relname::text AS "table", (CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, NULL) ELSE format_type(t.oid, NULL) END) AS type
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum"#;

impl PostgresReading {
    /// Begins, on an open connection.
    pub(super) async fn begin(held: Held, passing: Passing) -> Result<Self, EngineError> {
        let mut reading = PostgresReading {
            held,
            passing,
            tables: Vec::new(),
            schema: Schema::default(),
            kinds: BTreeMap::new(),
            pieces: Vec::new(),
        };
        reading.look_around().await?;
        Ok(reading)
    }

    async fn look_around(&mut self) -> Result<(), EngineError> {
        let connection = &mut self.held.connection;
        let home = &self.held.home;
        let begin = format!("{BEGIN}{}", home.quoted());
        sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *connection).await.map_err(unreadable)?;
        self.schema = inspect(connection, &home.schema)
            .await
            .map_err(|cause| away("The tenant's schema cannot be read", cause))?;
        self.tables = tables(connection, &self.schema).await.map_err(unreadable)?;
        sqlx::raw_sql("SET LOCAL search_path = ''").execute(&mut *connection).await.map_err(unreadable)?;
        let kinds = sqlx::query(KINDS).bind(home.quoted());
        for row in kinds.fetch_all(&mut *connection).await.map_err(unreadable)? {
            let table: String = row.try_get("table").map_err(unreadable)?;
            let ty: String = row.try_get("type").map_err(unreadable)?;
            self.kinds.entry(table).or_default().push(kind(&ty));
        }
        self.pieces = structure::read(connection, home).await.map_err(unreadable)?;
        Ok(())
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.held.connection
    }

    /// Where it reads.
    pub(super) fn home(&self) -> &Home {
        &self.held.home
    }

    /// The statements that make everything, in order, as they are kept.
    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The statements of a dump at one side of the rows, each with its end.
    fn statements(&self, only: Option<&str>, is_before: bool) -> String {
        let mut text = String::new();
        for piece in self.pieces.iter().filter(|piece| (piece.when == When::Before) == is_before) {
            let is_in = match (only, &piece.table) {
                (None, _) => true,
                (Some(only), Some(table)) => table == only && piece.when != When::Between,
                (Some(_), None) => piece.is_common,
            };
            if is_in {
                let _ = writeln!(text, "{};", portable(&piece.sql));
            }
        }
        text
    }
}

async fn tables(connection: &mut PgConnection, schema: &Schema) -> Result<Vec<ReadTable>, sqlx::Error> {
    let mut found = BTreeMap::new();
    let mut parents: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for table in schema.tables.values() {
        let count = format!("SELECT COUNT(*) FROM {}", identifier(&table.name));
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *connection).await?;
        let rows = u64::try_from(rows).unwrap_or_default();
        found.insert(
            table.name.clone(),
            ReadTable { name: table.name.clone(), columns: columns(table), rows },
        );
        let refers = table.foreign_keys.values().map(|key| key.foreign_table.to_lowercase());
        parents.entry(table.name.to_lowercase()).or_default().extend(refers);
    }
    Ok(in_order(found, &parents))
}

fn columns(table: &Table) -> Vec<ReadColumn> {
    let column = |column: &crate::schema::Column| ReadColumn {
        name: column.name.clone(),
        is_computed: column.generated.is_some(),
    };
    table.columns.iter().map(column).collect()
}

fn kind(ty: &str) -> Kind {
    match ty {
        "smallint" | "integer" | "bigint" => Kind::Integer,
        "real" | "double precision" => Kind::Real,
        "boolean" => Kind::Boolean,
        "bytea" => Kind::Bytes,
        _ => Kind::Text,
    }
}

/// Bytes as the server writes them: `\x` and two digits for each.
fn bytes(text: &[u8]) -> Option<Vec<u8>> {
    let digits = std::str::from_utf8(text.strip_prefix(b"\\x")?).ok()?;
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

/// A value, and for bytes the place where they are.
fn value<'a>(text: Option<&'a [u8]>, kind: Kind, room: &'a mut Vec<u8>) -> Value<'a> {
    let Some(text) = text else { return Value::Null };
    let written = || std::str::from_utf8(text).ok();
    match kind {
        Kind::Integer => {
            written().and_then(|text| text.parse().ok()).map_or(Value::Text(text), Value::Integer)
        }
        // No number at all, and infinity, stay the words that they are.
        Kind::Real => written()
            .and_then(|text| text.parse().ok())
            .filter(|number: &f64| number.is_finite())
            .map_or(Value::Text(text), Value::Real),
        Kind::Boolean => Value::Integer(i64::from(text == b"t")),
        Kind::Bytes => match bytes(text) {
            Some(bytes) => {
                *room = bytes;
                Value::Bytes(room)
            }
            None => Value::Text(text),
        },
        Kind::Text => Value::Text(text),
    }
}

/// A value of a row as the server wrote it.
fn written(row: &PgRow, place: usize) -> Result<Option<&[u8]>, sqlx::Error> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(None);
    }
    raw.as_bytes().map(Some).map_err(sqlx::Error::Decode)
}

#[async_trait]
impl Reading for PostgresReading {
    fn tables(&self) -> &[ReadTable] {
        &self.tables
    }

    async fn rows(&mut self, table: &ReadTable, sink: &mut RowSink<'_>) -> Result<u64, ReadError> {
        let key = self.schema.tables.get(&table.name).map(|table| table.primary_key.as_slice());
        let order = match key {
            Some(key) if !key.is_empty() => format!(" ORDER BY {}", identifiers(key)),
            _ => String::new(),
        };
        let columns = identifiers(table.columns.iter().map(|column| &column.name));
        let schema = self.held.home.quoted();
        let question = format!("SELECT {columns} FROM {schema}.{}{order}", identifier(&table.name));
        let kinds = self.kinds.get(&table.name).cloned().unwrap_or_default();
        // In the simple protocol every value comes as the server itself writes it, and row by row.
        let mut answer = sqlx::raw_sql(AssertSqlSafe(question)).fetch(&mut self.held.connection);
        let mut rooms: Vec<Vec<u8>> = vec![Vec::new(); kinds.len()];
        let mut number = 0;
        while let Some(row) = answer.try_next().await.map_err(unreadable)? {
            let mut values = Vec::with_capacity(kinds.len());
            for ((place, kind), room) in kinds.iter().enumerate().zip(&mut rooms) {
                values.push(value(written(&row, place).map_err(unreadable)?, *kind, room));
            }
            sink(&values)?;
            number += 1;
        }
        Ok(number)
    }

    fn opening(&self, only: Option<&str>) -> String {
        let collation = CREATE_COLLATION.replace("tenantry_ci", "public.tenantry_ci");
        format!("{OPENING}{collation};\n{}", self.statements(only, true))
    }

    fn inserter(&self) -> Inserter {
        write_insert
    }

    fn closing(&self, only: Option<&str>) -> String {
        format!("{}COMMIT;\n", self.statements(only, false))
    }

    async fn close(self: Box<Self>) {
        let PostgresReading { held, passing, .. } = *self;
        super::session::close(held, passing).await;
    }
}

/// Writes the INSERT of one row. Computed columns are left to the database.
fn write_insert(table: &ReadTable, row: &[Value<'_>], out: &mut dyn Write) -> io::Result<()> {
    let written = || table.columns.iter().zip(row).filter(|(column, _)| !column.is_computed);
    let name = identifier(&table.name);
    if written().next().is_none() {
        return writeln!(out, "INSERT INTO public.{name} DEFAULT VALUES;");
    }
    let names = identifiers(written().map(|(column, _)| &column.name));
    write!(out, "INSERT INTO public.{name} ({names}) OVERRIDING SYSTEM VALUE VALUES (")?;
    for (place, (_, value)) in written().enumerate() {
        if place > 0 {
            out.write_all(b", ")?;
        }
        write_value(*value, out)?;
    }
    out.write_all(b");\n")
}

/// A constant in quotes takes the type of its column, whatever that is.
fn write_value(value: Value<'_>, out: &mut dyn Write) -> io::Result<()> {
    match value {
        Value::Null => out.write_all(b"NULL"),
        Value::Integer(number) => write!(out, "'{number}'"),
        Value::Real(number) => write!(out, "'{number:e}'"),
        Value::Text(text) => {
            out.write_all(b"'")?;
            for piece in text.split_inclusive(|byte| *byte == b'\'') {
                out.write_all(piece)?;
                if piece.ends_with(b"'") {
                    out.write_all(b"'")?;
                }
            }
            out.write_all(b"'")
        }
        Value::Bytes(bytes) => {
            out.write_all(b"'\\x")?;
            bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))?;
            out.write_all(b"'")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_the_server_writes_them() {
        let mut room = Vec::new();
        assert_eq!(value(Some(b"-7"), Kind::Integer, &mut room), Value::Integer(-7));
        assert_eq!(value(Some(b"NaN"), Kind::Real, &mut room), Value::Text(b"NaN"));
        assert_eq!(value(Some(b"t"), Kind::Boolean, &mut room), Value::Integer(1));
        assert_eq!(value(Some(b"\\x00ff"), Kind::Bytes, &mut room), Value::Bytes(&[0, 255]));
        assert_eq!(value(None, Kind::Text, &mut room), Value::Null);
    }

    #[test]
    fn texts_of_every_kind_stay_in_their_quotes() {
        let mut out = Vec::new();
        write_value(Value::Text(b"it's \\ \r\n; '"), &mut out).unwrap();
        assert_eq!(out, b"'it''s \\ \r\n; '''");
    }
}
