//! How PostgreSQL holds a type of the template: its own type, and a check for what that does not say.

use super::{
    Refusal,
    names::{self, COLLATION, identifier, text},
};
use crate::schema::{Column, Default, Schema, Table, Type, model::TextSize};
use serde::{Deserialize, Serialize};

/// The collation that the model names where a text column compares byte by byte.
pub(super) const BINARY_COLLATION: &str = "utf8mb4_bin";

/// What the model's name of a collation begins with that a template would not have given the column; PostgreSQL's own name
/// of it follows, or [`DATABASES_OWN`].
pub(super) const LIVE: &str = "postgres:";

/// The database's own collation.
pub(super) const DATABASES_OWN: &str = "default";

/// What the comment of a check that carries a type begins with; the rest is a [`Kept`] as JSON.
const TYPE_COMMENT: &str = "tenantry type: ";

/// A type, and a collation that PostgreSQL has no name for, as the comment of a check keeps them.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(rename = "type")]
    ty: Type,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    collation: Option<String>,
}

/// The check that carries what PostgreSQL's own type does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypeCheck {
    pub condition: String,
    pub comment: String,
}

/// PostgreSQL's type of a column.
pub(super) fn declared(schema: &Schema, table: &Table, column: &Column) -> String {
    if is_uuid(schema, table, column) { "uuid".to_owned() } else { declared_type(&column.ty) }
}

/// PostgreSQL's type for a type of the template.
pub(super) fn declared_type(ty: &Type) -> String {
    match ty {
        Type::Integer { bits: 8 | 16, unsigned: false }
        | Type::Integer { bits: 8, unsigned: true }
        | Type::Year => "smallint".to_owned(),
        Type::Integer { bits: 24 | 32, unsigned: false }
        | Type::Integer { bits: 16 | 24, unsigned: true } => "integer".to_owned(),
        Type::Integer { .. } => "bigint".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Decimal { precision, scale, .. } => format!("numeric({precision},{scale})"),
        Type::Float => "real".to_owned(),
        Type::Double => "double precision".to_owned(),
        Type::Char(length) | Type::Varchar(length) => format!("varchar({length})"),
        Type::Text(_) => "text".to_owned(),
        Type::Binary(_) | Type::Varbinary(_) | Type::Blob(_) => "bytea".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Time(digits) => format!("time({digits})"),
        Type::Datetime(digits) => format!("timestamp({digits})"),
        Type::Timestamp(digits) => format!("timestamptz({digits})"),
        Type::Json => "jsonb".to_owned(),
        Type::Enum(members) => {
            format!(
                "varchar({})",
                members.iter().map(|member| member.chars().count()).max().unwrap_or(1).max(1)
            )
        }
        Type::Other(written) => written.clone(),
    }
}

/// The check of a column; `None` where PostgreSQL's type says all.
pub(super) fn check(schema: &Schema, table: &Table, column: &Column) -> Option<TypeCheck> {
    if is_uuid(schema, table, column) {
        return None;
    }
    let x = identifier(&column.name);
    let kept = column
        .collation
        .as_deref()
        .filter(|name| *name != BINARY_COLLATION && !name.starts_with(LIVE) && is_text(&column.ty));
    let condition = match condition(&column.ty, &x) {
        Some(condition) => condition,
        None if kept.is_some() => format!("octet_length({x}) >= 0"),
        None => return None,
    };
    let kept = Kept { ty: column.ty.clone(), collation: kept.map(str::to_owned) };
    let comment = format!("{TYPE_COMMENT}{}", serde_json::to_string(&kept).unwrap_or_default());
    Some(TypeCheck { condition, comment })
}

/// The type and the collation that a check's comment keeps.
pub(super) fn kept(comment: &str) -> Option<(Type, Option<String>)> {
    let kept: Kept = serde_json::from_str(comment.strip_prefix(TYPE_COMMENT)?).ok()?;
    Some((kept.ty, kept.collation))
}

fn condition(ty: &Type, x: &str) -> Option<String> {
    let bytes = |size: TextSize| byte_limit(size).map(|limit| format!("octet_length({x}) <= {limit}"));
    match ty {
        Type::Integer { bits: 16 | 32 | 64, unsigned: false } => None,
        Type::Integer { bits: 64, unsigned: true } => Some(format!("{x} >= 0")),
        Type::Integer { bits, unsigned } => {
            let bits = u32::from(*bits).clamp(1, 32);
            let (low, high) = if *unsigned {
                (0, (1_i64 << bits) - 1)
            } else {
                (-(1_i64 << (bits - 1)), (1_i64 << (bits - 1)) - 1)
            };
            Some(format!("{x} >= {low} AND {x} <= {high}"))
        }
        Type::Decimal { unsigned: true, .. } => Some(format!("{x} >= 0")),
        Type::Char(length) => Some(format!("char_length({x}) <= {length}")),
        Type::Text(size) | Type::Blob(size) => bytes(*size),
        // MySQL fills a shorter BINARY up with zeros, which no check can do: it must have its length.
        Type::Binary(length) => Some(format!("octet_length({x}) = {length}")),
        Type::Varbinary(length) => Some(format!("octet_length({x}) <= {length}")),
        Type::Year => Some(format!("{x} = 0 OR {x} >= 1901 AND {x} <= 2155")),
        Type::Enum(members) => Some(format!(
            "{x} COLLATE \"C\" IN ({})",
            members.iter().map(|member| text(member)).collect::<Vec<_>>().join(", ")
        )),
        Type::Boolean
        | Type::Decimal { unsigned: false, .. }
        | Type::Float
        | Type::Double
        | Type::Varchar(_)
        | Type::Date
        | Type::Time(_)
        | Type::Datetime(_)
        | Type::Timestamp(_)
        | Type::Json
        | Type::Other(_) => None,
    }
}

fn byte_limit(size: TextSize) -> Option<u32> {
    match size {
        TextSize::Tiny => Some(255),
        TextSize::Normal => Some(65_535),
        TextSize::Medium => Some(16_777_215),
        // PostgreSQL's own limit is lower.
        TextSize::Long => None,
    }
}

/// Whether values of the type are compared by a collation.
pub(super) fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::Char(_) | Type::Varchar(_) | Type::Text(_) | Type::Enum(_))
}

/// Whether a column of the collation compares byte by byte.
pub(super) fn is_binary(collation: Option<&str>) -> bool {
    collation.is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        name.ends_with("_bin") || name.ends_with("_cs") || name == "binary"
    })
}

/// Whether a column is part of a key, so that its texts must be one without case.
pub(super) fn is_in_key(table: &Table, name: &str) -> bool {
    let is_it = |column: &String| names::same(column, name);
    table.primary_key.iter().any(is_it)
        || table.foreign_keys.values().any(|key| key.columns.iter().any(is_it))
        || table
            .indexes
            .values()
            .filter(|index| index.unique)
            .any(|index| index.parts.iter().any(|part| !part.is_expression && is_it(&part.column)))
}

/// The collation that PostgreSQL gets for a column; `None` for the database's own.
pub(super) fn collation(
    schema: &Schema,
    table: &Table,
    column: &Column,
) -> Result<Option<&'static str>, Refusal> {
    if !is_text(&column.ty) {
        return match &column.collation {
            Some(name) => Err(Refusal::new(format!(
                "The collation {name} is on {}.{}, which holds no text; take it off.",
                table.name, column.name
            ))),
            None => Ok(None),
        };
    }
    let without_case =
        (is_in_key(table, &column.name) && !is_uuid(schema, table, column)).then_some(COLLATION);
    match column.collation.as_deref() {
        None => Ok(without_case),
        Some(name) if is_binary(Some(name)) => Ok(Some("C")),
        Some(name) if name.to_ascii_lowercase().ends_with("_ci") => Ok(without_case),
        Some(name) => Err(Refusal::new(format!(
            "The collation {name} is not known on PostgreSQL; take one that ends in _ci (without case) or _bin (byte by byte)."
        ))),
    }
}

/// Keys that refer to keys, at most so deep.
const DEEPEST: usize = 16;

/// Whether a column is a `uuid`: CHAR(36) that defaults to UUID(), or that refers to such a column.
pub(super) fn is_uuid(schema: &Schema, table: &Table, column: &Column) -> bool {
    is_uuid_within(schema, table, column, DEEPEST)
}

fn is_uuid_within(schema: &Schema, table: &Table, column: &Column, depth: usize) -> bool {
    if column.ty != Type::Char(36) || column.collation.is_some() || column.generated.is_some() || depth == 0 {
        return false;
    }
    if column.default == Some(Default::Uuid) {
        return true;
    }
    table.foreign_keys.values().any(|key| {
        let place = key.columns.iter().position(|name| names::same(name, &column.name));
        let parent = place.and_then(|place| key.foreign_columns.get(place)).and_then(|name| {
            let parent = if names::same(&key.foreign_table, &table.name) {
                table
            } else {
                super::tables::find_table(schema, &key.foreign_table)?
            };
            Some((parent, super::tables::find(parent, name)?))
        });
        parent.is_some_and(|(parent, column)| is_uuid_within(schema, parent, column, depth - 1))
    })
}
