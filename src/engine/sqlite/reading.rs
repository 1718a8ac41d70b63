//! Reading a whole file as it is at one moment.
//!
//! In the rollback journal mode a reader keeps every writer waiting. So such a file is copied first, at the speed of the
//! disk, and the copy is read: the tenant's application waits for that moment at most, and never for whoever takes the
//! rows. In WAL mode readers and writers do not hold each other up, and one read transaction is enough.

use super::{
    dump,
    engine::{away, options},
    inspect::is_internal,
    names::{identifier, identifiers, same, text},
};
use crate::engine::{
    EngineError, Reading,
    reading::{Inserter, ReadColumn, ReadError, ReadTable, RowSink, Value, in_order},
};
use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection, TypeInfo, ValueRef,
    sqlite::{SqliteArguments, SqliteRow},
};
use std::{
    collections::BTreeMap,
    fmt::Write,
    path::Path,
    time::{Duration, SystemTime},
};
use uuid::Uuid;

/// Values of a row that together take more bytes than this are read alone, so that only one such row is in memory.
const LARGE: u32 = 32 * 1024;
/// A copy so old was left by a program that ended in the middle of making it.
const LEFT_BEHIND: Duration = Duration::from_hours(24);

/// An open read transaction.
pub(super) struct SqliteReading {
    connection: SqliteConnection,
    tables: Vec<ReadTable>,
    /// The columns by which each table's rows are in order, in SQL; none where there is no such thing.
    keys: BTreeMap<String, Vec<String>>,
    objects: Vec<Object>,
    counters: Vec<(String, i64)>,
    /// `user_version` and `application_id`: applications keep marks of their own there.
    marks: Vec<(&'static str, i64)>,
}

struct Object {
    kind: String,
    table: String,
    sql: String,
}

fn unreadable(cause: impl std::fmt::Display) -> EngineError {
    away("The tenant's database cannot be read", cause)
}

impl SqliteReading {
    /// Begins, on an open connection to `file`.
    pub(super) async fn begin(
        mut connection: SqliteConnection,
        file: Option<&Path>,
    ) -> Result<Self, EngineError> {
        let mode: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut connection).await.map_err(unreadable)?;
        if let Some(folder) = file.and_then(Path::parent).filter(|_| mode != "wal") {
            let copied = copy(&mut connection, &folder.join(".reading")).await?;
            let _ = std::mem::replace(&mut connection, copied).close().await;
        }
        let mut reading = SqliteReading {
            connection,
            tables: Vec::new(),
            keys: BTreeMap::new(),
            objects: Vec::new(),
            counters: Vec::new(),
            marks: Vec::new(),
        };
        reading.look_around().await.map_err(unreadable)?;
        Ok(reading)
    }

    async fn look_around(&mut self) -> Result<(), sqlx::Error> {
        let connection = &mut self.connection;
        sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
        let rows = sqlx::query(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid",
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            let (name, table): (String, String) = (row.try_get("name")?, row.try_get("tbl_name")?);
            if !is_internal(&name) && !is_internal(&table) {
                self.objects.push(Object { kind: row.try_get("type")?, table, sql: row.try_get("sql")? });
            }
        }
        let kinds = sqlx::query("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'")
            .fetch_all(&mut *connection)
            .await?;
        let mut found = BTreeMap::new();
        for row in kinds {
            let (name, kind): (String, String) = (row.try_get("name")?, row.try_get("type")?);
            if kind == "shadow" {
                // A virtual table makes and fills its own.
                self.objects.retain(|object| object.table != name);
            } else if kind != "view" && !is_internal(&name) {
                let (table, key) = read_table(connection, &name, row.try_get("wr")?).await?;
                self.keys.insert(name.clone(), key);
                found.insert(name, table);
            }
        }
        let parents = parents(connection).await?;
        self.tables = in_order(found, &parents);
        let has_counters = sqlx::query("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'")
            .fetch_optional(&mut *connection)
            .await?
            .is_some();
        if has_counters {
            let rows = sqlx::query("SELECT name, seq FROM sqlite_sequence ORDER BY name")
                .fetch_all(&mut *connection)
                .await?;
            for row in rows {
                let name: String = row.try_get("name")?;
                if !is_internal(&name) {
                    self.counters.push((name, row.try_get("seq")?));
                }
            }
        }
        for mark in ["user_version", "application_id"] {
            let value: i64 = sqlx::query_scalar(AssertSqlSafe(format!("PRAGMA {mark}")))
                .fetch_one(&mut *connection)
                .await?;
            self.marks.push((mark, value));
        }
        Ok(())
    }

    /// The key of the first row after `after` that is too large to be read beside others.
    async fn next_large(
        &mut self,
        table: &ReadTable,
        key: &[String],
        after: Option<&[Key]>,
    ) -> Result<Option<Vec<Key>>, EngineError> {
        let sizes: Vec<String> = table
            .columns
            .iter()
            .filter(|column| !column.is_computed)
            .map(|column| format!("ifnull(octet_length({}), 0)", identifier(&column.name)))
            .collect();
        let mut sql = format!(
            "SELECT {} FROM {} WHERE {} > {LARGE}",
            key.join(", "),
            identifier(&table.name),
            sum(&sizes)
        );
        if after.is_some() {
            let _ = write!(sql, " AND {}", compare(key, ">"));
        }
        let _ = write!(sql, " ORDER BY {} LIMIT 1", key.join(", "));
        let query = bind(sqlx::query(AssertSqlSafe(sql)), after).persistent(false);
        let row = query.fetch_optional(&mut self.connection).await.map_err(unreadable)?;
        row.map(|row| (0..key.len()).map(|place| Key::of(&row, place)).collect::<Result<_, _>>())
            .transpose()
            .map_err(unreadable)
    }

    /// Gives the rows for which `condition` holds.
    async fn stream(
        &mut self,
        table: &ReadTable,
        key: &[String],
        condition: &str,
        values: Option<&[Key]>,
        sink: &mut RowSink<'_>,
    ) -> Result<u64, ReadError> {
        let columns = identifiers(table.columns.iter().map(|column| &column.name));
        let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) };
        let sql = format!("SELECT {columns} FROM {} {condition}{order}", identifier(&table.name));
        let mut rows =
            bind(sqlx::query(AssertSqlSafe(sql)), values).persistent(false).fetch(&mut self.connection);
        let mut count = 0;
        while let Some(row) = rows.try_next().await.map_err(unreadable)? {
            let read: Result<Vec<Value<'_>>, sqlx::Error> =
                (0..table.columns.len()).map(|place| value(&row, place)).collect();
            sink(&read.map_err(unreadable)?)?;
            count += 1;
        }
        Ok(count)
    }

    fn statements(&self, only: Option<&str>, kinds: &[&str]) -> String {
        let mut text = String::new();
        for kind in kinds {
            let wanted = self.objects.iter().filter(|object| {
                object.kind == *kind && only.is_none_or(|only| *kind != "view" && same(only, &object.table))
            });
            for object in wanted {
                text.push_str(&object.sql);
                // A comment at its end must not swallow the semicolon.
                text.push_str(if object.sql.contains("--") { "\n;\n" } else { ";\n" });
            }
        }
        text
    }
}

/// A copy of the open database in `folder`, opened for reading. Its name is gone at once, so that it goes with the
/// connection, however that ends.
async fn copy(from: &mut SqliteConnection, folder: &Path) -> Result<SqliteConnection, EngineError> {
    let trouble =
        |cause: &dyn std::fmt::Display| away("The tenant's database cannot be copied for reading", cause);
    std::fs::create_dir_all(folder).map_err(|cause| trouble(&cause))?;
    remove_left_behind(folder);
    let file = folder.join(format!("{}.db", Uuid::new_v4().simple()));
    let copied = async {
        sqlx::query("VACUUM INTO ?").bind(file.display().to_string()).execute(from).await?;
        let mut connection = options(&file).read_only(true).connect().await?;
        sqlx::query("SELECT count(*) FROM sqlite_schema").fetch_one(&mut connection).await?;
        Ok::<_, sqlx::Error>(connection)
    };
    let copied = copied.await.map_err(|cause| trouble(&cause));
    let _ = std::fs::remove_file(&file);
    copied
}

fn remove_left_behind(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let age = entry
            .metadata()
            .and_then(|found| found.modified())
            .map(|at| SystemTime::now().duration_since(at));
        if age.is_ok_and(|age| age.is_ok_and(|age| age > LEFT_BEHIND)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

async fn read_table(
    connection: &mut SqliteConnection,
    name: &str,
    has_no_row_id: bool,
) -> Result<(ReadTable, Vec<String>), sqlx::Error> {
    let rows = sqlx::query("SELECT name, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid")
        .bind(name)
        .fetch_all(&mut *connection)
        .await?;
    let mut columns = Vec::new();
    let mut key = Vec::new();
    let mut all = Vec::new();
    for row in rows {
        let (column, place, hidden): (String, i64, i64) =
            (row.try_get("name")?, row.try_get("pk")?, row.try_get("hidden")?);
        if place > 0 {
            key.push((place, identifier(&column)));
        }
        all.push(column.clone());
        // 1 is a hidden column of a virtual table, 2 and 3 are computed.
        if hidden != 1 {
            columns.push(ReadColumn { name: column, is_computed: hidden >= 2 });
        }
    }
    key.sort();
    let key = if has_no_row_id {
        key.into_iter().map(|(_, column)| column).collect()
    } else {
        let free =
            ["rowid", "_rowid_", "oid"].into_iter().find(|name| !all.iter().any(|known| same(known, name)));
        free.map(str::to_owned).into_iter().collect()
    };
    let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {}", identifier(name))))
        .persistent(false)
        .fetch_one(connection)
        .await?;
    let rows = u64::try_from(count).unwrap_or_default();
    Ok((ReadTable { name: name.to_owned(), columns, rows }, key))
}

/// The tables that each table refers to, names in small letters.
async fn parents(connection: &mut SqliteConnection) -> Result<BTreeMap<String, Vec<String>>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT DISTINCT m.name AS child, f.\"table\" AS parent FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
         WHERE m.type = 'table'",
    )
    .fetch_all(connection)
    .await?;
    let mut parents: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        let (child, parent): (String, String) = (row.try_get("child")?, row.try_get("parent")?);
        parents.entry(child.to_lowercase()).or_default().push(parent.to_lowercase());
    }
    Ok(parents)
}

/// `a + b + …`, as a flat tree: SQLite limits how deep an expression goes.
fn sum(parts: &[String]) -> String {
    match parts {
        [] => "0".into(),
        [one] => one.clone(),
        _ => {
            let (left, right) = parts.split_at(parts.len() / 2);
            format!("({} + {})", sum(left), sum(right))
        }
    }
}

fn compare(key: &[String], operator: &str) -> String {
    format!("({}) {operator} ({})", key.join(", "), vec!["?"; key.len()].join(", "))
}

/// A part of a row's key.
#[derive(Debug, Clone)]
enum Key {
    Integer(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Key {
    fn of(row: &SqliteRow, place: usize) -> Result<Self, sqlx::Error> {
        Ok(match value(row, place)? {
            Value::Integer(number) => Key::Integer(number),
            Value::Real(number) => Key::Real(number),
            Value::Text(text) => Key::Text(String::from_utf8_lossy(text).into_owned()),
            Value::Bytes(bytes) => Key::Bytes(bytes.to_vec()),
            Value::Null => return Err(sqlx::Error::Protocol("a row has no key".into())),
        })
    }
}

type Query<'a> = sqlx::query::Query<'a, sqlx::Sqlite, SqliteArguments>;

fn bind<'a>(mut query: Query<'a>, keys: Option<&[Key]>) -> Query<'a> {
    for key in keys.unwrap_or_default() {
        query = match key {
            Key::Integer(number) => query.bind(*number),
            Key::Real(number) => query.bind(*number),
            Key::Text(text) => query.bind(text.clone()),
            Key::Bytes(bytes) => query.bind(bytes.clone()),
        };
    }
    query
}

fn value(row: &SqliteRow, place: usize) -> Result<Value<'_>, sqlx::Error> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info();
    Ok(match kind.name() {
        "INTEGER" => Value::Integer(row.try_get_unchecked(place)?),
        "REAL" => Value::Real(row.try_get_unchecked(place)?),
        "TEXT" => Value::Text(row.try_get_unchecked(place)?),
        _ => Value::Bytes(row.try_get_unchecked(place)?),
    })
}

#[async_trait]
impl Reading for SqliteReading {
    fn tables(&self) -> &[ReadTable] {
        &self.tables
    }

    async fn rows(&mut self, table: &ReadTable, sink: &mut RowSink<'_>) -> Result<u64, ReadError> {
        let key = self.keys.get(&table.name).cloned().unwrap_or_default();
        if key.is_empty() {
            return self.stream(table, &key, "", None, sink).await;
        }
        let mut count = 0;
        let mut after: Option<Vec<Key>> = None;
        loop {
            let large = self.next_large(table, &key, after.as_deref()).await?;
            let mut conditions = Vec::new();
            let mut values = Vec::new();
            for (bound, operator) in [(&after, ">"), (&large, "<")] {
                if let Some(bound) = bound {
                    conditions.push(compare(&key, operator));
                    values.extend(bound.iter().cloned());
                }
            }
            let condition = if conditions.is_empty() {
                String::new()
            } else {
                format!("WHERE {}", conditions.join(" AND "))
            };
            count += self.stream(table, &key, &condition, Some(&values), sink).await?;
            let Some(alone) = large else { return Ok(count) };
            let condition = format!("WHERE {}", compare(&key, "="));
            count += self.stream(table, &key, &condition, Some(&alone), sink).await?;
            after = Some(alone);
        }
    }

    fn opening(&self, only: Option<&str>) -> String {
        let mut text = "PRAGMA foreign_keys = OFF;\nBEGIN;\nPRAGMA defer_foreign_keys = ON;\n".to_owned();
        for (mark, value) in self.marks.iter().filter(|(_, value)| *value != 0 && only.is_none()) {
            let _ = writeln!(text, "PRAGMA {mark} = {value};");
        }
        text + &self.statements(only, &["table"])
    }

    fn inserter(&self) -> Inserter {
        dump::write_insert
    }

    fn closing(&self, only: Option<&str>) -> String {
        let mut statements = String::new();
        let counters = self.counters.iter().filter(|(name, _)| only.is_none_or(|only| same(only, name)));
        for (name, value) in counters {
            let name = text(name);
            let _ = writeln!(statements, "DELETE FROM sqlite_sequence WHERE name = {name};");
            let _ = writeln!(statements, "INSERT INTO sqlite_sequence(name, seq) VALUES({name},{value});");
        }
        statements + &self.statements(only, &["index", "view", "trigger"]) + "COMMIT;\n"
    }

    async fn close(self: Box<Self>) {
        if let Err(cause) = self.connection.close().await {
            tracing::warn!(%cause, "A tenant's file was not closed cleanly");
        }
    }
}
