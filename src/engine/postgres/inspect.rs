//! Reads a live schema into the model, with one query for each kind of object. Reading never writes, and whatever a person
//! made by hand either has its place in the model or shows under a name that begins with `postgres:`.

use super::{
    catalog::{Answers, Catalog, Texts, function},
    names::{self, COLLATION},
    oddities, others, programs, reading, storage, tables,
};
use crate::schema::{
    Check, Column, ForeignKey, Function, Generated, Index, IndexPart, ReferentialAction, Schema, Table,
    Trigger, Type, View,
};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};

/// Why a database could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// PostgreSQL refused a query, or the connection broke.
    #[error("the schema could not be read from the database")]
    Postgres(#[from] sqlx::Error),
}

/// The schema of that name as it is now. Tables that begin with `tenantry_` are the program's own and left out. The session's
/// time zone is UTC.
pub async fn inspect(connection: &mut PgConnection, schema: &str) -> Result<Schema, InspectError> {
    let answers = Answers::ask(connection, &[schema]).await?.remove(schema).unwrap_or_default();
    Ok(read(&answers)?)
}

/// The schema that the catalog tells of.
pub(super) fn read(answers: &Answers) -> Result<Schema, sqlx::Error> {
    let mut found = Schema::default();
    for row in answers.of(Catalog::Relations) {
        let name = row.text(1)?;
        if let Some(query) = row.maybe(3)? {
            let query = query.trim().trim_end_matches(';').to_owned();
            let query = match row.maybe(4)? {
                Some(options) => programs::view_with_options(&options, &query),
                None => query,
            };
            let query =
                if row.text(5)? == "m" { programs::materialized(&query, &row.names(6)?) } else { query };
            found.views.insert(name.clone(), View { name, columns: Vec::new(), query });
        } else {
            let table = Table {
                name: name.clone(),
                columns: Vec::new(),
                primary_key: Vec::new(),
                indexes: BTreeMap::new(),
                foreign_keys: BTreeMap::new(),
                checks: BTreeMap::new(),
                comment: row.maybe(2)?,
            };
            found.tables.insert(name, table);
        }
    }
    let mut kept = BTreeMap::new();
    for row in answers.of(Catalog::Constraints) {
        if let Some(table) = found.tables.get_mut(&row.text(1)?) {
            read_constraint(row, table, &mut kept)?;
        }
    }
    for row in answers.of(Catalog::Indexes) {
        if let Some(table) = found.tables.get_mut(&row.text(1)?) {
            read_index_part(row, table)?;
        }
    }
    let mut uuids = BTreeSet::new();
    for row in answers.of(Catalog::Columns) {
        if let Some(table) = found.tables.get_mut(&row.text(1)?) {
            read_column(row, table, &kept, &mut uuids)?;
        }
    }
    settle_uuids(&mut found, &uuids);
    for row in answers.of(Catalog::Functions) {
        let name = row.text(1)?;
        found.functions.insert(name.clone(), Function { name, definition: function(row)? });
    }
    for row in answers.of(Catalog::Triggers) {
        read_trigger(row, &mut found)?;
    }
    for row in answers.of(Catalog::Oddities) {
        match row.maybe(1)? {
            None => others::read(row, &mut found)?,
            Some(table) => {
                if let Some(table) = found.tables.get_mut(&table) {
                    oddities::read(row, table)?;
                }
            }
        }
    }
    Ok(found)
}

/// Types and collations by table and column, as the comments of checks keep them.
type Kept = BTreeMap<(String, String), (Type, Option<String>)>;

fn read_constraint(row: &Texts, table: &mut Table, kept: &mut Kept) -> Result<(), sqlx::Error> {
    let (live, kind, comment, columns) = (row.text(2)?, row.text(3)?, row.maybe(4)?, row.names(5)?);
    let name = names::whole_name(&live, comment.as_deref());
    match kind.as_str() {
        "p" => table.primary_key = columns,
        "f" => {
            let action = |place: usize| -> Result<ReferentialAction, sqlx::Error> {
                Ok(match row.text(place)?.as_str() {
                    "c" => ReferentialAction::Cascade,
                    "n" => ReferentialAction::SetNull,
                    "d" => ReferentialAction::SetDefault,
                    _ => ReferentialAction::NoAction,
                })
            };
            let key = ForeignKey {
                name: name.clone(),
                columns,
                foreign_table: row.text(6)?,
                foreign_columns: row.names(7)?,
                on_delete: action(8)?,
                on_update: action(9)?,
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
            let expression = row.text(10)?;
            table.checks.insert(name.clone(), Check { name, expression });
        }
    }
    Ok(())
}

fn read_index_part(row: &Texts, table: &mut Table) -> Result<(), sqlx::Error> {
    let (live, comment) = (row.text(2)?, row.maybe(5)?);
    let name = names::index_name_in_model(&table.name, &names::whole_name(&live, comment.as_deref()));
    let descending = row.is_true(8)?;
    let part = match (row.maybe(6)?, row.text(7)?) {
        (Some(column), _) => IndexPart { column, is_expression: false, prefix: None, descending },
        (None, expression) => match reading::prefix(&expression) {
            Some((column, length)) => {
                IndexPart { column, is_expression: false, prefix: Some(length), descending }
            }
            None => IndexPart { column: expression, is_expression: true, prefix: None, descending },
        },
    };
    oddities::read_index_part(row, table, &name, &part.column)?;
    let (unique, filter) = (row.is_true(3)?, row.maybe(4)?);
    let index =
        table.indexes.entry(name.clone()).or_insert(Index { name, parts: Vec::new(), unique, filter });
    index.parts.push(part);
    Ok(())
}

fn read_column(
    row: &Texts,
    table: &mut Table,
    kept: &Kept,
    uuids: &mut BTreeSet<(String, String)>,
) -> Result<(), sqlx::Error> {
    let name = row.text(2)?;
    let short = reading::short_type(&row.text(3)?);
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
    let live_collation = row.maybe(9)?;
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
    let (default, generated) = match (row.text(6)?.as_str(), row.maybe(7)?) {
        ("", expression) => (expression.map(|written| reading::default(&written, &ty)), None),
        (kind, expression) => {
            let expression = expression.unwrap_or_default();
            (None, Some(Generated { expression, stored: kind == "s" }))
        }
    };
    table.columns.push(Column {
        name,
        ty,
        nullable: !row.is_true(4)?,
        default,
        auto_increment: row.is_true(5)?,
        on_update_now: false,
        generated,
        collation,
        comment: row.maybe(8)?,
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
fn read_trigger(row: &Texts, schema: &mut Schema) -> Result<(), sqlx::Error> {
    let (table, name, definition) = (row.text(1)?, row.text(2)?, row.text(3)?);
    let (function, body, enabled) = (row.text(4)?, row.text(5)?, row.text(6)?);
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
    let definition = programs::trigger_as_it_is(&definition, &table, &name, &enabled);
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
