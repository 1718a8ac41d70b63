//! Reads a live schema into the model, with one query for each kind of object. Reading never writes, and whatever a person
//! made by hand either has its place in the model or shows under a name that begins with `postgres:`.

use super::{
    names::{self, COLLATION},
    reading, storage, tables,
};
use crate::schema::{
    Check, Column, ForeignKey, Function, Generated, Index, IndexPart, ReferentialAction, Schema, Table,
    Trigger, Type, View,
};
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::collections::{BTreeMap, BTreeSet};

/// Why a database could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// PostgreSQL refused a query, or the connection broke.
    #[error("the schema could not be read from the database")]
    Postgres(#[from] sqlx::Error),
}

/// The schema of that name as it is now. Tables that begin with `tenantry_` are the program's own and left out. The session's
/// time zone is UTC, and the schema is the first of its search path.
pub async fn inspect(connection: &mut PgConnection, schema: &str) -> Result<Schema, InspectError> {
    let mut found = Schema::default();
    for row in rows(connection, RELATIONS, schema).await? {
        let name: String = row.try_get("name")?;
        if let Some(query) = row.try_get::<Option<String>, _>("query")? {
            let query = query.trim().trim_end_matches(';').to_owned();
            found.views.insert(name.clone(), View { name, columns: Vec::new(), query });
        } else {
            let table = Table {
                name: name.clone(),
                columns: Vec::new(),
                primary_key: Vec::new(),
                indexes: BTreeMap::new(),
                foreign_keys: BTreeMap::new(),
                checks: BTreeMap::new(),
                comment: row.try_get("comment")?,
            };
            found.tables.insert(name, table);
        }
    }
    let mut kept = BTreeMap::new();
    for row in rows(connection, CONSTRAINTS, schema).await? {
        let table: String = row.try_get("table")?;
        if let Some(table) = found.tables.get_mut(&table) {
            read_constraint(&row, table, &mut kept)?;
        }
    }
    for row in rows(connection, INDEXES, schema).await? {
        let table: String = row.try_get("table")?;
        if let Some(table) = found.tables.get_mut(&table) {
            read_index_part(&row, table)?;
        }
    }
    let mut uuids = BTreeSet::new();
    for row in rows(connection, COLUMNS, schema).await? {
        let table: String = row.try_get("table")?;
        if let Some(table) = found.tables.get_mut(&table) {
            read_column(&row, table, &kept, &mut uuids)?;
        }
    }
    settle_uuids(&mut found, &uuids);
    for row in rows(connection, FUNCTIONS, schema).await? {
        let name: String = row.try_get("name")?;
        let definition = homeless(row.try_get("definition")?, row.try_get("home")?);
        found.functions.insert(name.clone(), Function { name, definition });
    }
    for row in rows(connection, TRIGGERS, schema).await? {
        read_trigger(&row, &mut found)?;
    }
    Ok(found)
}

/// A function's definition without the schema that it is in: it is the same function in every tenant's.
fn homeless(definition: &str, home: &str) -> String {
    let definition = definition.trim();
    for head in ["CREATE OR REPLACE FUNCTION ", "CREATE OR REPLACE PROCEDURE "] {
        let rest = definition.strip_prefix(head).and_then(|rest| rest.strip_prefix(home)?.strip_prefix('.'));
        if let Some(rest) = rest {
            return format!("{head}{rest}");
        }
    }
    definition.to_owned()
}

async fn rows(
    connection: &mut PgConnection,
    query: &'static str,
    schema: &str,
) -> Result<Vec<PgRow>, sqlx::Error> {
    sqlx::query(query).bind(schema).fetch_all(connection).await
}

const RELATIONS: &str = r"
SELECT c.relname::text AS name, obj_description(c.oid, 'pg_class') AS comment,
       CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid, true) END AS query
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v') AND NOT starts_with(c.relname::text, 'tenantry_')
ORDER BY c.relname";

const COLUMNS: &str = r#"
SELECT c.relname::text AS "table", a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull AS not_null, a.attidentity <> '' AS identity, a.attgenerated::text AS generated,
       pg_get_expr(d.adbin, d.adrelid) AS expression, col_description(c.oid, a.attnum) AS comment,
       CASE WHEN a.attcollation <> t.typcollation THEN o.collname::text END AS collation
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN pg_collation o ON o.oid = a.attcollation
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
ORDER BY c.relname, a.attnum"#;

const CONSTRAINTS: &str = r#"
SELECT c.relname::text AS "table", k.conname::text AS name, k.contype::text AS kind,
       obj_description(k.oid, 'pg_constraint') AS comment,
       COALESCE((SELECT array_agg(a.attname::text ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY AS u(number, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number), '{}') AS columns,
       f.relname::text AS foreign_table,
       COALESCE((SELECT array_agg(a.attname::text ORDER BY u.place) FROM unnest(k.confkey) WITH ORDINALITY AS u(number, place)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number), '{}') AS foreign_columns,
       k.confdeltype::text AS on_delete, k.confupdtype::text AS on_update, pg_get_expr(k.conbin, k.conrelid) AS expression
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class f ON f.oid = k.confrelid
WHERE n.nspname = $1 AND k.contype IN ('p', 'f', 'c') AND k.conparentid = 0
ORDER BY c.relname, k.conname"#;

const INDEXES: &str = r#"
SELECT c.relname::text AS "table", i.relname::text AS name, x.indisunique AS is_unique,
       pg_get_expr(x.indpred, x.indrelid) AS filter, obj_description(i.oid, 'pg_class') AS comment,
       a.attname::text AS "column", pg_get_indexdef(x.indexrelid, k.place, true) AS expression,
       (x.indoption[k.place - 1] & 1) = 1 AS is_descending
FROM pg_index x
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL generate_series(1, x.indnkeyatts::integer) AS k(place)
LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k.place - 1] AND a.attnum > 0
WHERE n.nspname = $1 AND NOT x.indisprimary
ORDER BY c.relname, i.relname, k.place"#;

const TRIGGERS: &str = r#"
SELECT c.relname::text AS "table", t.tgname::text AS name, pg_get_triggerdef(t.oid, true) AS definition,
       p.proname::text AS function, p.prosrc AS body, t.tgenabled::text AS enabled
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc p ON p.oid = t.tgfoid
WHERE n.nspname = $1 AND NOT t.tgisinternal
ORDER BY c.relname, t.tgname"#;

/// What an extension brings is the extension's.
const FUNCTIONS: &str = r"
SELECT p.proname::text || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name, pg_get_functiondef(p.oid) AS definition,
       quote_ident(n.nspname) AS home
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = $1 AND p.prokind IN ('f', 'p', 'w') AND NOT starts_with(p.proname::text, 'tenantry_')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY 1";

/// Types and collations by table and column, as the comments of checks keep them.
type Kept = BTreeMap<(String, String), (Type, Option<String>)>;

fn read_constraint(row: &PgRow, table: &mut Table, kept: &mut Kept) -> Result<(), sqlx::Error> {
    let live: String = row.try_get("name")?;
    let kind: String = row.try_get("kind")?;
    let comment: Option<String> = row.try_get("comment")?;
    let columns: Vec<String> = row.try_get("columns")?;
    let name = names::whole_name(&live, comment.as_deref());
    match kind.as_str() {
        "p" => table.primary_key = columns,
        "f" => {
            let action = |column: &str| -> Result<ReferentialAction, sqlx::Error> {
                Ok(match row.try_get::<String, _>(column)?.as_str() {
                    "c" => ReferentialAction::Cascade,
                    "n" => ReferentialAction::SetNull,
                    "d" => ReferentialAction::SetDefault,
                    _ => ReferentialAction::NoAction,
                })
            };
            let key = ForeignKey {
                name: name.clone(),
                columns,
                foreign_table: row.try_get::<Option<String>, _>("foreign_table")?.unwrap_or_default(),
                foreign_columns: row.try_get("foreign_columns")?,
                on_delete: action("on_delete")?,
                on_update: action("on_update")?,
            };
            table.foreign_keys.insert(name, key);
        }
        _ => {
            let carried = comment.as_deref().and_then(storage::kept);
            if let (Some(carried), [column]) = (carried, columns.as_slice())
                && live == names::type_check(column)
            {
                kept.insert((table.name.clone(), column.clone()), carried);
                return Ok(());
            }
            let expression = row.try_get::<Option<String>, _>("expression")?.unwrap_or_default();
            table.checks.insert(name.clone(), Check { name, expression });
        }
    }
    Ok(())
}

fn read_index_part(row: &PgRow, table: &mut Table) -> Result<(), sqlx::Error> {
    let live: String = row.try_get("name")?;
    let comment: Option<String> = row.try_get("comment")?;
    let name = names::index_name_in_model(&table.name, &names::whole_name(&live, comment.as_deref()));
    let column: Option<String> = row.try_get("column")?;
    let expression: Option<String> = row.try_get("expression")?;
    let descending = row.try_get("is_descending")?;
    let part = match (column, expression.unwrap_or_default()) {
        (Some(column), _) => IndexPart { column, is_expression: false, prefix: None, descending },
        (None, expression) => match reading::prefix(&expression) {
            Some((column, length)) => {
                IndexPart { column, is_expression: false, prefix: Some(length), descending }
            }
            None => IndexPart { column: expression, is_expression: true, prefix: None, descending },
        },
    };
    let unique = row.try_get("is_unique")?;
    let filter = row.try_get("filter")?;
    let index =
        table.indexes.entry(name.clone()).or_insert(Index { name, parts: Vec::new(), unique, filter });
    index.parts.push(part);
    Ok(())
}

fn read_column(
    row: &PgRow,
    table: &mut Table,
    kept: &Kept,
    uuids: &mut BTreeSet<(String, String)>,
) -> Result<(), sqlx::Error> {
    let name: String = row.try_get("name")?;
    let short = reading::short_type(&row.try_get::<String, _>("type")?);
    let place = (table.name.clone(), name.clone());
    let (ty, kept_collation) = match kept.get(&place) {
        Some((ty, collation)) if storage::declared_type(ty) == short => (ty.clone(), collation.clone()),
        Some(_) => (Type::Other(short.clone()), None),
        None if short == "uuid" => {
            uuids.insert(place);
            (Type::Char(36), None)
        }
        None => (reading::plain_type(&short), None),
    };
    let live_collation: Option<String> = row.try_get("collation")?;
    let in_key = storage::is_in_key(table, &name);
    let is_text = storage::is_text(&ty) && short != "uuid";
    let collation = match live_collation.as_deref() {
        Some("C") => kept_collation.or_else(|| Some(storage::BINARY_COLLATION.to_owned())),
        Some(COLLATION) if in_key => kept_collation,
        // One that nobody wrote for this column: an index came or went by hand.
        Some(other) => Some(format!("{}{other}", storage::LIVE)),
        None if is_text && in_key => Some(format!("{}{}", storage::LIVE, storage::DATABASES_OWN)),
        None => kept_collation,
    };
    let generated: String = row.try_get("generated")?;
    let expression: Option<String> = row.try_get("expression")?;
    let (default, generated) = match (generated.as_str(), expression) {
        ("", expression) => (expression.map(|written| reading::default(&written, &ty)), None),
        (kind, expression) => {
            let expression = expression.unwrap_or_default();
            (None, Some(Generated { expression, stored: kind == "s" }))
        }
    };
    table.columns.push(Column {
        name,
        ty,
        nullable: !row.try_get::<bool, _>("not_null")?,
        default,
        auto_increment: row.try_get("identity")?,
        on_update_now: false,
        generated,
        collation,
        comment: row.try_get("comment")?,
    });
    Ok(())
}

/// A `uuid` that is not the form of a CHAR(36) of ours is a type of PostgreSQL's own.
fn settle_uuids(schema: &mut Schema, uuids: &BTreeSet<(String, String)>) {
    let mut strange = Vec::new();
    for table in schema.tables.values() {
        for column in &table.columns {
            let is_live = uuids.contains(&(table.name.clone(), column.name.clone()));
            if is_live && !storage::is_uuid(schema, table, column) {
                strange.push((table.name.clone(), column.name.clone()));
            }
        }
    }
    for (table, name) in strange {
        let column = schema
            .tables
            .get_mut(&table)
            .and_then(|table| table.columns.iter_mut().find(|column| column.name == name));
        if let Some(column) = column {
            column.ty = Type::Other("uuid".to_owned());
        }
    }
}

/// Our own trigger is `ON UPDATE CURRENT_TIMESTAMP`; any other is somebody's.
fn read_trigger(row: &PgRow, schema: &mut Schema) -> Result<(), sqlx::Error> {
    let table: String = row.try_get("table")?;
    let name: String = row.try_get("name")?;
    let definition: String = row.try_get("definition")?;
    let body: String = row.try_get("body")?;
    let function: String = row.try_get("function")?;
    let enabled: String = row.try_get("enabled")?;
    let own = names::on_update(&table);
    let is_ours = name == own
        && function == own
        && enabled == "O"
        && definition.contains(" BEFORE UPDATE ON ")
        && definition.contains(" FOR EACH ROW EXECUTE FUNCTION ");
    if is_ours && let Some(found) = schema.tables.get(&table) {
        let mut touched = found.clone();
        for column in &mut touched.columns {
            column.on_update_now = body.contains(&format!("NEW.{} := ", names::identifier(&column.name)));
        }
        // It need not watch columns that somebody has added since it was made: those are a difference by themselves.
        let mut watched = touched.clone();
        watched.columns.retain(|column| {
            column.on_update_now || body.contains(&format!("NEW.{}", names::identifier(&column.name)))
        });
        let expected = tables::on_update_body(schema, &watched);
        if expected.is_some_and(|expected| conditions(&expected) == conditions(&body)) {
            schema.tables.insert(table, touched);
            schema.functions.remove(&format!("{own}()"));
            return Ok(());
        }
    }
    // Two tables may have triggers of one name.
    let key = format!("{name} on {table}");
    schema.triggers.insert(key, Trigger { name, table, definition });
    Ok(())
}

/// The lines of the function, whichever order the columns had when it was written.
pub(super) fn conditions(body: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = body
        .lines()
        .map(|line| {
            let line = line.trim();
            let line = line.strip_prefix("IF ").or_else(|| line.strip_prefix("OR ")).unwrap_or(line);
            line.strip_suffix(" THEN").unwrap_or(line)
        })
        .collect();
    lines.sort_unstable();
    lines
}
