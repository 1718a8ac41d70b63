//! Reads a live database into the model. Pragmas say what there is; the text in `sqlite_schema` says the rest.
//! Reading never writes, and whatever a person made by hand either has its place in the model or shows as a check whose
//! name begins with `sqlite:`.

use super::{
    definition::{self, ForeignKeyText, TableText},
    encoding, names, tables,
    tokens::{Kind, canonical, tokenize},
};
use crate::schema::{
    Check, Column, ForeignKey, Generated, Index, IndexPart, Schema, Table, Trigger, Type, View,
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::collections::BTreeMap;

/// Why a database could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// SQLite refused a query: the file is not a database, is locked, or is damaged.
    #[error("the schema could not be read from the database file")]
    Sqlite(#[from] sqlx::Error),
}

/// Tables that a connection has read before, each with the texts that define it. Most of them are the same the next
/// time, and what has the same texts is the same table.
#[derive(Debug, Default)]
pub struct Seen(BTreeMap<String, (String, Table)>);

/// The schema of the database as it is now. Tables that begin with `tenantry_` are the program's own and left out, as
/// are SQLite's.
pub async fn inspect(connection: &mut SqliteConnection) -> Result<Schema, InspectError> {
    inspect_again(connection, &mut Seen::default()).await
}

/// Like [`inspect`], on a connection that may have read the same database before: tables whose texts have not changed
/// since are not read again.
pub async fn inspect_again(
    connection: &mut SqliteConnection,
    seen: &mut Seen,
) -> Result<Schema, InspectError> {
    let objects = read_objects(connection).await?;
    read_schema(connection, objects, seen).await
}

/// The schema with these objects.
pub(super) async fn read_schema(
    connection: &mut SqliteConnection,
    mut objects: Vec<Object>,
    seen: &mut Seen,
) -> Result<Schema, InspectError> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for object in objects.iter().filter(|object| object.kind == "table" || object.kind == "index") {
        let text = texts.entry(object.table.clone()).or_default();
        for part in [&object.name, &object.sql] {
            text.push_str(part);
            text.push('\0');
        }
    }
    objects.retain(|object| object.kind != "index");
    seen.0.retain(|name, (text, _)| texts.get(name) == Some(text));
    let tables = || objects.iter().filter(|object| object.kind == "table");
    let new: Vec<&Object> = tables().filter(|object| !seen.0.contains_key(&object.name)).collect();
    let mut columns = read_columns(connection, &new).await?;
    let mut indexes = read_indexes(connection, &new).await?;
    for object in new {
        let rows = columns.remove(&object.name).unwrap_or_default();
        let found = indexes.remove(&object.name).unwrap_or_default();
        let text = texts.remove(&object.name).unwrap_or_default();
        seen.0.insert(object.name.clone(), (text, read_table(object, &rows, found)));
    }
    let read = seen.0.iter().map(|(name, (_, table))| (name.clone(), table.clone()));
    let mut schema = Schema { tables: read.collect(), ..Schema::default() };
    for object in &objects {
        match object.kind.as_str() {
            "view" => {
                let text = definition::view(&object.sql).unwrap_or_default();
                let query = if text.query.is_empty() { object.sql.clone() } else { text.query };
                let view = View { name: object.name.clone(), columns: text.columns, query };
                schema.views.insert(object.name.clone(), view);
            }
            "trigger" => read_trigger(object, &mut schema),
            _ => {}
        }
    }
    fill_in_foreign_columns(&mut schema);
    Ok(schema)
}

/// What `sqlite_schema` tells of one thing.
pub(super) struct Object {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) table: String,
    pub(super) sql: String,
}

struct ColumnRow {
    name: String,
    declared: String,
    not_null: bool,
    default: Option<String>,
    key_place: i64,
    hidden: i64,
}

struct IndexRow {
    name: String,
    unique: bool,
    origin: String,
    sql: Option<String>,
    /// Column (`None` for an expression) and whether it is descending and which collation it has.
    parts: Vec<(Option<String>, bool, String)>,
}

pub(super) fn is_internal(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("sqlite_") || name.starts_with("tenantry_")
}

async fn read_objects(connection: &mut SqliteConnection) -> Result<Vec<Object>, InspectError> {
    let rows = sqlx::query(
        "SELECT type, name, tbl_name, coalesce(sql, '') AS sql FROM sqlite_schema
         WHERE type IN ('table', 'view', 'trigger', 'index') ORDER BY type, name",
    )
    .fetch_all(connection)
    .await?;
    let mut objects = Vec::with_capacity(rows.len());
    for row in &rows {
        let object = object(row)?;
        if object.is_the_tenants() {
            objects.push(object);
        }
    }
    Ok(objects)
}

pub(super) fn object(row: &SqliteRow) -> Result<Object, sqlx::Error> {
    Ok(Object {
        kind: row.try_get("type")?,
        name: row.try_get("name")?,
        table: row.try_get("tbl_name")?,
        sql: row.try_get("sql")?,
    })
}

impl Object {
    /// The names of the indexes that SQLite makes for keys begin with `sqlite_`.
    pub(super) fn is_the_tenants(&self) -> bool {
        !is_internal(&self.table) && (self.kind == "index" || !is_internal(&self.name))
    }
}

async fn read_columns(
    connection: &mut SqliteConnection,
    objects: &[&Object],
) -> Result<BTreeMap<String, Vec<ColumnRow>>, InspectError> {
    let mut columns: BTreeMap<String, Vec<ColumnRow>> = BTreeMap::new();
    if objects.is_empty() {
        return Ok(columns);
    }
    let rows = sqlx::query(
        "SELECT m.name AS owner, x.name, x.type, x.\"notnull\" <> 0 AS not_null, x.dflt_value, x.pk, x.hidden
         FROM sqlite_schema m, pragma_table_xinfo(m.name) x
         WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL %'
           AND m.name IN (SELECT value FROM json_each(?)) ORDER BY m.name, x.cid",
    )
    .bind(name_list(objects))
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        columns.entry(row.try_get("owner")?).or_default().push(column_row(&row)?);
    }
    for object in objects {
        if columns.contains_key(&object.name) {
            continue;
        }
        // The module of a virtual table may not be there; its definition is shown all the same.
        let rows = sqlx::query(
            "SELECT name, type, \"notnull\" <> 0 AS not_null, dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid",
        )
        .bind(&object.name)
        .fetch_all(&mut *connection)
        .await
        .unwrap_or_default();
        let mut found = Vec::new();
        for row in &rows {
            found.push(column_row(row)?);
        }
        columns.insert(object.name.clone(), found);
    }
    Ok(columns)
}

fn column_row(row: &SqliteRow) -> Result<ColumnRow, sqlx::Error> {
    Ok(ColumnRow {
        name: row.try_get("name")?,
        declared: row.try_get::<Option<String>, _>("type")?.unwrap_or_default(),
        not_null: row.try_get("not_null")?,
        default: row.try_get("dflt_value")?,
        key_place: row.try_get("pk")?,
        hidden: row.try_get("hidden")?,
    })
}

/// Names for one bound value.
fn name_list(objects: &[&Object]) -> String {
    objects.iter().map(|object| object.name.as_str()).collect::<serde_json::Value>().to_string()
}

async fn read_indexes(
    connection: &mut SqliteConnection,
    objects: &[&Object],
) -> Result<BTreeMap<String, Vec<IndexRow>>, InspectError> {
    let mut indexes: BTreeMap<String, Vec<IndexRow>> = BTreeMap::new();
    if objects.is_empty() {
        return Ok(indexes);
    }
    let rows = sqlx::query(
        "SELECT m.name AS owner, l.name, l.\"unique\" <> 0 AS is_unique, l.origin, s.sql,
                x.name AS column_name, x.\"desc\" <> 0 AS descending, coalesce(x.coll, '') AS coll
         FROM sqlite_schema m, pragma_index_list(m.name) l
         LEFT JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name, pragma_index_xinfo(l.name) x
         WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL %' AND x.key <> 0
           AND m.name IN (SELECT value FROM json_each(?))
         ORDER BY m.name, l.name, x.seqno",
    )
    .bind(name_list(objects))
    .fetch_all(connection)
    .await?;
    for row in rows {
        let of_table = indexes.entry(row.try_get("owner")?).or_default();
        let name: String = row.try_get("name")?;
        let part = (row.try_get("column_name")?, row.try_get("descending")?, row.try_get("coll")?);
        match of_table.last_mut() {
            Some(index) if index.name == name => index.parts.push(part),
            _ => of_table.push(IndexRow {
                name,
                unique: row.try_get("is_unique")?,
                origin: row.try_get("origin")?,
                sql: row.try_get("sql")?,
                parts: vec![part],
            }),
        }
    }
    Ok(indexes)
}

fn read_table(object: &Object, rows: &[ColumnRow], indexes: Vec<IndexRow>) -> Table {
    let text = definition::table(&object.sql).filter(|text| {
        // Hidden columns of a virtual table are the one thing that the text need not list.
        text.columns.len() == rows.len()
            && text.columns.iter().zip(rows).all(|(written, row)| names::same(&written.name, &row.name))
    });
    let mut table = Table {
        name: object.name.clone(),
        columns: Vec::new(),
        primary_key: primary_key(rows),
        indexes: BTreeMap::new(),
        foreign_keys: BTreeMap::new(),
        checks: BTreeMap::new(),
        comment: None,
    };
    let mut unnamed = Vec::new();
    if let Some(text) = text {
        table.comment.clone_from(&text.comment);
        for (written, row) in text.columns.iter().zip(rows) {
            read_column(&mut table, written, row, &mut unnamed);
        }
        read_constraints(&mut table, text, &mut unnamed);
    } else {
        table.columns = rows.iter().map(plain_column).collect();
        leave(&mut table, "definition", &object.sql);
    }
    for condition in unnamed {
        let number = table.checks.len() + 1;
        let name =
            names::free_name(format!("chk_{}_{number}", table.name), |name| table.checks.contains_key(name));
        table.checks.insert(name.clone(), Check { name, expression: condition });
    }
    let collations: BTreeMap<String, String> =
        table.columns.iter().map(|column| (column.name.clone(), column_collation(column))).collect();
    for index in indexes.into_iter().filter(|index| index.origin != "pk") {
        let index = read_index(&object.name, index, &collations);
        table.indexes.insert(index.name.clone(), index);
    }
    table
}

/// Something that the model has no place for, shown as a check that no template can write.
fn leave(table: &mut Table, what: &str, text: &str) {
    let name = names::free_name(format!("sqlite: {what}"), |name| table.checks.contains_key(name));
    table.checks.insert(name.clone(), Check { name, expression: text.to_owned() });
}

fn primary_key(rows: &[ColumnRow]) -> Vec<String> {
    let mut key: Vec<_> = rows.iter().filter(|row| row.key_place > 0).collect();
    key.sort_by_key(|row| row.key_place);
    key.into_iter().map(|row| row.name.clone()).collect()
}

fn plain_column(row: &ColumnRow) -> Column {
    Column {
        name: row.name.clone(),
        ty: Type::Other(row.declared.clone()),
        nullable: !row.not_null,
        default: row
            .default
            .as_deref()
            .and_then(|text| encoding::decode_default(&Type::Other(String::new()), text)),
        auto_increment: false,
        on_update_now: false,
        generated: None,
        collation: None,
        comment: None,
    }
}

fn read_column(table: &mut Table, text: &definition::ColumnText, row: &ColumnRow, unnamed: &mut Vec<String>) {
    // SQLite writes "GENERATED ALWAYS" into the type of a generated column.
    let declared = if row.hidden >= 2 {
        row.declared.trim_end().strip_suffix("GENERATED ALWAYS").unwrap_or(&row.declared).trim_end()
    } else {
        row.declared.as_str()
    };
    let open: Vec<&str> = text
        .checks
        .iter()
        .filter(|(name, _)| name.is_none())
        .map(|(_, condition)| condition.as_str())
        .collect();
    let (ty, absorbed) = encoding::decode(declared, &row.name, text.auto_increment, &open);
    unnamed.extend(
        open.iter()
            .enumerate()
            .filter(|(place, _)| Some(*place) != absorbed)
            .map(|(_, check)| (*check).to_owned()),
    );
    for (name, condition) in &text.checks {
        if let Some(name) = name {
            let check = Check { name: name.clone(), expression: condition.clone() };
            leave(table, &format!("check {name} stands at column {}", row.name), condition);
            table.checks.insert(name.clone(), check);
        }
    }
    if !text.residue.is_empty() {
        leave(table, &format!("column {}", row.name), &text.residue.join(", "));
    }
    let collation =
        encoding::decode_collation(&ty, text.collation.as_deref(), text.kept_collation.as_deref());
    let default = row.default.as_deref().and_then(|written| encoding::decode_default(&ty, written));
    table.columns.push(Column {
        name: row.name.clone(),
        ty,
        nullable: !row.not_null,
        default,
        auto_increment: text.auto_increment,
        on_update_now: false,
        generated: text
            .generated
            .as_ref()
            .map(|(expression, stored)| Generated { expression: expression.clone(), stored: *stored }),
        collation,
        comment: text.comment.clone(),
    });
}

fn read_constraints(table: &mut Table, text: TableText, unnamed: &mut Vec<String>) {
    for (name, condition) in text.checks {
        match name {
            Some(name) if !table.checks.contains_key(&name) => {
                table.checks.insert(name.clone(), Check { name, expression: condition });
            }
            // SQLite lets two constraints share a name.
            Some(name) => leave(table, &format!("second check {name}"), &condition),
            None => unnamed.push(condition),
        }
    }
    for key in text.foreign_keys {
        read_foreign_key(table, key);
    }
    if !text.residue.is_empty() {
        leave(table, "constraints", &text.residue.join(", "));
    }
    if !text.options.is_empty() {
        leave(table, "options", &text.options);
    }
}

fn read_foreign_key(table: &mut Table, key: ForeignKeyText) {
    let made = format!("fk_{}_{}", table.name, key.columns.join("_"));
    let name = names::free_name(key.name.unwrap_or(made), |name| table.foreign_keys.contains_key(name));
    if !key.residue.is_empty() {
        leave(table, &format!("foreign key {name}"), &key.residue);
    }
    let key = ForeignKey {
        name: name.clone(),
        columns: key.columns,
        foreign_table: key.foreign_table,
        foreign_columns: key.foreign_columns,
        on_delete: key.on_delete,
        on_update: key.on_update,
    };
    table.foreign_keys.insert(name, key);
}

/// `REFERENCES users` means the primary key of users.
fn fill_in_foreign_columns(schema: &mut Schema) {
    let keys: BTreeMap<String, Vec<String>> =
        schema.tables.values().map(|table| (table.name.to_lowercase(), table.primary_key.clone())).collect();
    for key in schema.tables.values_mut().flat_map(|table| table.foreign_keys.values_mut()) {
        if key.foreign_columns.is_empty()
            && let Some(primary) = keys.get(&key.foreign_table.to_lowercase())
        {
            key.foreign_columns.clone_from(primary);
        }
    }
}

fn column_collation(column: &Column) -> String {
    match &column.collation {
        None if encoding::is_text(&column.ty) => "NOCASE".to_owned(),
        Some(name) if encoding::is_text(&column.ty) => {
            match encoding::collation_clause(&column.ty, Some(name)) {
                Ok((clause, _)) => clause.unwrap_or("BINARY").to_owned(),
                Err(_) => name.clone(),
            }
        }
        Some(name) => name.clone(),
        None => "BINARY".to_owned(),
    }
}

fn read_index(table: &str, index: IndexRow, collations: &BTreeMap<String, String>) -> Index {
    let text = index.sql.as_deref().and_then(definition::index).unwrap_or_default();
    let parts = index
        .parts
        .into_iter()
        .enumerate()
        .map(|(place, (column, descending, collation))| {
            let written = text.parts.get(place).map(String::as_str).unwrap_or_default();
            match column {
                Some(column) if collations.get(&column).is_none_or(|own| names::same(own, &collation)) => {
                    IndexPart { column, is_expression: false, prefix: None, descending }
                }
                // A collation of the index's own makes it another index.
                Some(column) => IndexPart {
                    column: format!("{} COLLATE {collation}", names::identifier(&column)),
                    is_expression: true,
                    prefix: None,
                    descending,
                },
                None => {
                    let expression = without_direction(written);
                    match definition::prefix_part(&expression) {
                        Some((column, length))
                            if tables::prefix_expression(&column, length, collations.get(&column))
                                == expression =>
                        {
                            IndexPart { column, is_expression: false, prefix: Some(length), descending }
                        }
                        _ => IndexPart { column: expression, is_expression: true, prefix: None, descending },
                    }
                }
            }
        })
        .collect();
    Index {
        name: names::index_name_in_model(table, &index.name),
        parts,
        unique: index.unique,
        filter: text.filter,
    }
}

/// An index part without its ASC or DESC.
fn without_direction(part: &str) -> String {
    let tokens = tokenize(part);
    match tokens.iter().rfind(|token| token.kind != Kind::Comment) {
        Some(last) if last.is_word("ASC") || last.is_word("DESC") => {
            part.get(..last.start).unwrap_or(part).trim_end().to_owned()
        }
        _ => part.to_owned(),
    }
}

/// A trigger that is word for word what a table's `ON UPDATE CURRENT_TIMESTAMP` columns need is those columns; any other
/// one is a trigger. It need not watch columns that somebody has added since it was made: those are a difference by
/// themselves, and not one of the columns that they stand beside.
fn read_trigger(object: &Object, schema: &mut Schema) {
    if let Some(table) = schema.tables.get_mut(&object.table)
        && object.name == names::on_update_trigger(&table.name)
    {
        let found = canonical(&object.sql);
        let mut candidate = table.clone();
        for column in &mut candidate.columns {
            let set = canonical(&tables::on_update_assignment(column));
            column.on_update_now = tables::fraction_digits(&column.ty).is_some() && found.contains(&set);
        }
        let mut watched = candidate.clone();
        watched.columns.retain(|column| {
            column.on_update_now || found.contains(&canonical(&tables::on_update_watch(column)))
        });
        if tables::on_update_trigger(&watched)
            .is_ok_and(|sql| sql.is_some_and(|sql| canonical(&sql) == found))
        {
            *table = candidate;
            return;
        }
    }
    let trigger =
        Trigger { name: object.name.clone(), table: object.table.clone(), definition: object.sql.clone() };
    schema.triggers.insert(object.name.clone(), trigger);
}
