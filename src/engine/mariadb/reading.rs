//! Reading a whole database as it is at one moment: in one transaction with a consistent snapshot, which no writer waits for.

use super::{
    inspect::inspect,
    line::Line,
    routines::{readable, routines},
    scratch::Scratch,
    session::{MariaDbSession, away},
    views,
    words::{identifier, identifiers, same},
};
use crate::{
    engine::{
        EngineError, Reading,
        reading::{Inserter, ReadColumn, ReadError, ReadTable, RowSink, Value, in_order},
    },
    schema::Schema,
};
use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Column as _, Executor, Row, TypeInfo, ValueRef, mysql::MySqlRow};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write},
};

/// What a dump sets before its statements, so that they mean the same wherever they are run.
const SETTINGS: &str = "SET NAMES utf8mb4;
SET @before_checks = @@foreign_key_checks, @before_mode = @@sql_mode, @before_zone = @@time_zone;
SET foreign_key_checks = 0, sql_mode = 'STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';
";
/// What it puts back at its end.
const SETTINGS_BEFORE: &str =
    "SET foreign_key_checks = @before_checks, sql_mode = @before_mode, time_zone = @before_zone;\n";

/// An open read transaction.
pub(super) struct MariaDbReading {
    line: Line,
    /// A scratch database goes when it was read.
    scratch: Option<Scratch>,
    tables: Vec<ReadTable>,
    schema: Schema,
    /// Functions and procedures: what they are, and their names.
    routines: Vec<(&'static str, String)>,
    /// The statements that make tables, views and triggers, by their names.
    made_by: BTreeMap<String, String>,
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` gives")]
fn unreadable(cause: sqlx::Error) -> EngineError {
    away("The tenant's database cannot be read", &cause)
}

impl MariaDbReading {
    /// Begins, on an open connection.
    pub(super) async fn begin(session: MariaDbSession) -> Result<Self, EngineError> {
        let MariaDbSession { line, database, scratch, .. } = session;
        let mut reading = MariaDbReading {
            line,
            scratch,
            tables: Vec::new(),
            schema: Schema::default(),
            routines: Vec::new(),
            made_by: BTreeMap::new(),
        };
        reading.look_around(&database).await.map_err(unreadable)?;
        Ok(reading)
    }

    async fn look_around(&mut self, database: &str) -> Result<(), sqlx::Error> {
        let connection = &mut self.line.connection;
        // Reading takes as long as there are rows, which is no sign of trouble.
        connection.execute("SET SESSION autocommit = 1 /*M!, max_statement_time = 0 */").await?;
        // Before the snapshot: the catalog is no part of one. What changes in between makes the rows unreadable, not wrong.
        self.schema = inspect(connection, database).await?;
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
        connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await?;
        let mut found = BTreeMap::new();
        let mut parents: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for table in self.schema.tables.values() {
            let count = format!("SELECT COUNT(*) FROM {}", identifier(&table.name));
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *connection).await?;
            let columns = table.columns.iter().map(|column| ReadColumn {
                name: column.name.clone(),
                is_computed: column.generated.is_some(),
            });
            found.insert(
                table.name.clone(),
                ReadTable {
                    name: table.name.clone(),
                    columns: columns.collect(),
                    rows: u64::try_from(rows).unwrap_or_default(),
                },
            );
            let refers = table.foreign_keys.values().map(|key| key.foreign_table.to_lowercase());
            parents.entry(table.name.to_lowercase()).or_default().extend(refers);
        }
        self.tables = in_order(found, &parents);
        let views = self.schema.views.keys().map(|name| (name, "VIEW", 1));
        let triggers = self.schema.triggers.keys().map(|name| (name, "TRIGGER", 2));
        let tables = self.schema.tables.keys().map(|name| (name, "TABLE", 1));
        for (name, kind, place) in tables.chain(views).chain(triggers) {
            let question = format!("SHOW CREATE {kind} {}", identifier(name));
            let row = sqlx::raw_sql(AssertSqlSafe(question)).fetch_one(&mut *connection).await?;
            let text: String = row.try_get_unchecked(place)?;
            self.made_by.insert(format!("{kind} {name}"), portable(&text));
        }
        let routines = routines(&mut *connection, database).await?;
        for (routine, made_by) in routines.into_iter().filter_map(readable) {
            self.made_by.insert(format!("{} {}", routine.kind, routine.name), portable(&made_by));
            self.routines.push((routine.kind, routine.name));
        }
        Ok(())
    }

    /// The statements that make the tables, in order.
    pub(super) fn structure(&self) -> Vec<String> {
        self.tables.iter().filter_map(|table| self.made_by("TABLE", &table.name).cloned()).collect()
    }

    /// The statements that make routines, views and triggers, which come after the rows.
    pub(super) fn later(&self) -> Vec<String> {
        let views = self.views().into_iter().map(|name| ("VIEW", name));
        let triggers = self.schema.triggers.keys().map(|name| ("TRIGGER", name.as_str()));
        let routines = self.routines.iter().map(|(kind, name)| (*kind, name.as_str()));
        let all = routines.chain(views).chain(triggers);
        all.filter_map(|(kind, name)| self.made_by(kind, name).cloned()).collect()
    }

    /// The views, in an order in which they can be made.
    fn views(&self) -> Vec<&str> {
        let made_by = |name: &'_ String| Some(self.made_by("VIEW", name)?.as_str());
        let texts = self.schema.views.keys().filter_map(|name| Some((name.as_str(), made_by(name)?)));
        views::in_order(texts.collect())
    }

    fn made_by(&self, kind: &str, name: &str) -> Option<&String> {
        self.made_by.get(&format!("{kind} {name}"))
    }
}

/// A statement without the account that it was made by, which another server need not have.
fn portable(text: &str) -> String {
    let Some(at) = text.find(" DEFINER=`") else { return text.to_owned() };
    let (before, rest) = text.split_at(at);
    // `account`@`host`, then a blank.
    let end = rest.match_indices('`').nth(3).map_or(rest.len(), |(place, _)| place + 1);
    format!("{before}{}", rest.get(end..).unwrap_or_default())
}

/// What a column's values are, by the name of its type in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Real,
    Text,
    Bytes,
}

fn kind(type_name: &str) -> Kind {
    match type_name {
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "TINYINT UNSIGNED"
        | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED" | "BIGINT UNSIGNED" | "YEAR"
        | "BOOLEAN" => Kind::Integer,
        "FLOAT" | "DOUBLE" => Kind::Real,
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" | "BIT" | "GEOMETRY" => {
            Kind::Bytes
        }
        _ => Kind::Text,
    }
}

fn value(row: &MySqlRow, place: usize, kind: Kind) -> Result<Value<'_>, sqlx::Error> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let bytes: &[u8] = row.try_get_unchecked(place)?;
    let text = std::str::from_utf8(bytes).ok();
    Ok(match kind {
        Kind::Bytes => Value::Bytes(bytes),
        // What is too large for the one or the other stays the text that it came as.
        Kind::Integer => text.and_then(|text| text.parse().ok()).map_or(Value::Text(bytes), Value::Integer),
        Kind::Real => text.and_then(|text| text.parse().ok()).map_or(Value::Text(bytes), Value::Real),
        Kind::Text => Value::Text(bytes),
    })
}

#[async_trait]
impl Reading for MariaDbReading {
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
        let question = format!("SELECT {columns} FROM {}{order}", identifier(&table.name));
        // In the text protocol every value comes as the server itself writes it.
        let mut answer = sqlx::raw_sql(AssertSqlSafe(question)).fetch(&mut self.line.connection);
        let mut number = 0;
        let mut kinds: Vec<Kind> = Vec::new();
        while let Some(row) = answer.try_next().await.map_err(unreadable)? {
            if kinds.is_empty() {
                kinds = row.columns().iter().map(|column| kind(column.type_info().name())).collect();
            }
            let values: Result<Vec<Value<'_>>, sqlx::Error> =
                kinds.iter().enumerate().map(|(place, kind)| value(&row, place, *kind)).collect();
            sink(&values.map_err(unreadable)?)?;
            number += 1;
        }
        Ok(number)
    }

    fn opening(&self, only: Option<&str>) -> String {
        let mut statements = SETTINGS.to_owned();
        for table in self.tables.iter().filter(|table| only.is_none_or(|only| same(only, &table.name))) {
            if let Some(made_by) = self.made_by("TABLE", &table.name) {
                let _ = writeln!(statements, "{made_by};");
            }
        }
        statements + "START TRANSACTION;\n"
    }

    fn inserter(&self) -> Inserter {
        write_insert
    }

    fn closing(&self, only: Option<&str>) -> String {
        let mut statements = "COMMIT;\n".to_owned();
        if only.is_none() {
            for made_by in self.routines.iter().filter_map(|(kind, name)| self.made_by(kind, name)) {
                statements.push_str(&with_body(made_by));
            }
            for view in self.views() {
                if let Some(made_by) = self.made_by("VIEW", view) {
                    let _ = writeln!(statements, "{made_by};");
                }
            }
        }
        let triggers = self
            .schema
            .triggers
            .values()
            .filter(|trigger| only.is_none_or(|only| same(only, &trigger.table)));
        for trigger in triggers {
            if let Some(made_by) = self.made_by("TRIGGER", &trigger.name) {
                statements.push_str(&with_body(made_by));
            }
        }
        statements + SETTINGS_BEFORE
    }

    async fn close(self: Box<Self>) {
        let MariaDbReading { line, scratch, .. } = *self;
        line.close().await;
        if let Some(scratch) = scratch {
            scratch.remove().await;
        }
    }
}

/// A statement whose body may have semicolons: the client program is told to look for something else.
fn with_body(made_by: &str) -> String {
    format!("DELIMITER ;;\n{made_by};;\nDELIMITER ;\n")
}

/// Writes the INSERT of one row. Computed columns are left to the database.
fn write_insert(table: &ReadTable, row: &[Value<'_>], out: &mut dyn Write) -> io::Result<()> {
    let written = || table.columns.iter().zip(row).filter(|(column, _)| !column.is_computed);
    let names = identifiers(written().map(|(column, _)| &column.name));
    write!(out, "INSERT INTO {} ({names}) VALUES (", identifier(&table.name))?;
    for (place, (_, value)) in written().enumerate() {
        if place > 0 {
            out.write_all(b", ")?;
        }
        write_value(*value, out)?;
    }
    out.write_all(b");\n")
}

fn write_value(value: Value<'_>, out: &mut dyn Write) -> io::Result<()> {
    match value {
        Value::Null => out.write_all(b"NULL"),
        Value::Integer(number) => write!(out, "{number}"),
        Value::Real(number) => write!(out, "{number:e}"),
        Value::Text(text) if std::str::from_utf8(text).is_ok() => {
            out.write_all(b"'")?;
            for byte in text {
                match byte {
                    0 => out.write_all(b"\\0")?,
                    b'\'' => out.write_all(b"''")?,
                    b'\\' => out.write_all(b"\\\\")?,
                    b'\r' => out.write_all(b"\\r")?,
                    other => out.write_all(&[*other])?,
                }
            }
            out.write_all(b"'")
        }
        Value::Bytes([]) => out.write_all(b"''"),
        Value::Text(bytes) | Value::Bytes(bytes) => {
            out.write_all(b"0x")?;
            bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_made_a_view_or_trigger_is_left_out() {
        let text = "CREATE ALGORITHM=UNDEFINED DEFINER=`a``b`@`%` SQL SECURITY INVOKER VIEW `v` AS select 1";
        // A quote in an account's name is two; ours have none.
        assert!(portable(text).starts_with("CREATE ALGORITHM=UNDEFINED"));
        assert_eq!(
            portable(
                "CREATE DEFINER=`acme_1`@`%` TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET NEW.x = 1"
            ),
            "CREATE TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET NEW.x = 1"
        );
    }

    #[test]
    fn texts_of_every_kind_stay_in_their_quotes() {
        let mut out = Vec::new();
        write_value(Value::Text(b"it's \\ \0 \r\n;"), &mut out).unwrap();
        assert_eq!(out, b"'it''s \\\\ \\0 \\r\n;'");
    }
}
