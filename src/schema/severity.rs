//! How much a difference matters.
//!
//! | object | missing | other than expected | extra |
//! |---|---|---|---|
//! | table | high | – | medium |
//! | column | high | high where it takes or promises less, else medium | high where an INSERT that does not know it fails, else medium |
//! | order of columns, comment | low | low | low |
//! | primary key | high | high | medium |
//! | index | medium | medium | low |
//! | unique index | high | high | high, but low where a key of the template says as much |
//! | foreign key | high | high | high on the template's columns, else medium |
//! | check | medium | high | high where it names one of the template's columns, else medium |
//! | view, function, trigger | high | high | medium |
//!
//! High is what makes a statement of the template fail or mean something else: a thing that it needs is gone, or a rule is
//! there that refuses rows which the template lets in. A plain index changes no answer, so it is never high. A check that is
//! gone makes no statement fail either. What an extra trigger does cannot be told from its name; most of them write a
//! log, so it is medium, and a person looks at it.

use super::{Check, Column, ForeignKey, Index, Table, Type, mention::mentions, model::TextSize};

/// How much a difference matters, from what only looks different to what breaks the template's application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It looks different, and nothing else.
    Low,
    /// Something is there or is different that no statement of the template needs.
    Medium,
    /// Something that the template needs is gone or narrower.
    High,
}

impl Severity {
    /// Its name in rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        }
    }
}

fn high_if(is_high: bool) -> Severity {
    if is_high { Severity::High } else { Severity::Medium }
}

/// Views, functions and triggers.
pub(super) fn program<T>(expected: Option<&T>, _found: Option<&T>) -> Severity {
    high_if(expected.is_some())
}

pub(super) fn primary_key(expected: &[String]) -> Severity {
    high_if(!expected.is_empty())
}

/// A column that no statement of the template names.
pub(super) fn extra_column(column: &Column) -> Severity {
    let gets_a_value =
        column.nullable || column.default.is_some() || column.auto_increment || column.generated.is_some();
    high_if(!gets_a_value)
}

/// A column that is other than expected.
pub(super) fn column(expected: &Column, found: &Column) -> Severity {
    let refuses_null = expected.nullable && !found.nullable;
    let needs_a_value = !found.nullable && expected.default.is_some() && found.default.is_none();
    let lost = (expected.auto_increment && !found.auto_increment)
        || (expected.on_update_now && !found.on_update_now);
    high_if(
        !holds(&found.ty, &expected.ty)
            || refuses_null
            || needs_a_value
            || lost
            || expected.generated != found.generated
            || expected.collation != found.collation,
    )
}

pub(super) fn index(table: &Table, expected: Option<&Index>, found: Option<&Index>) -> Severity {
    match (expected, found) {
        (None, Some(found)) if !found.unique || is_implied(table, found) => Severity::Low,
        (expected, found) => high_if(expected.into_iter().chain(found).any(|index| index.unique)),
    }
}

/// Whether a key of the template keeps apart all rows that the unique index would.
fn is_implied(table: &Table, index: &Index) -> bool {
    let covers = |mut columns: Box<dyn Iterator<Item = &String> + '_>| {
        columns.all(|column| {
            index
                .parts
                .iter()
                .any(|part| !part.is_expression && part.prefix.is_none() && part.column == *column)
        })
    };
    let keys = table.indexes.values().filter(|key| {
        key.unique
            && key.filter.is_none()
            && key.parts.iter().all(|part| !part.is_expression && part.prefix.is_none())
    });
    (!table.primary_key.is_empty() && covers(Box::new(table.primary_key.iter())))
        || keys.into_iter().any(|key| covers(Box::new(key.parts.iter().map(|part| &part.column))))
}

pub(super) fn foreign_key(
    table: &Table,
    expected: Option<&ForeignKey>,
    found: Option<&ForeignKey>,
) -> Severity {
    let known = |name: &String| table.columns.iter().any(|column| column.name == *name);
    high_if(expected.is_some() || found.is_some_and(|key| key.columns.iter().any(known)))
}

pub(super) fn check(table: &Table, expected: Option<&Check>, found: Option<&Check>) -> Severity {
    let Some(found) = found else { return Severity::Medium };
    let names_one = || table.columns.iter().any(|column| mentions(&found.expression, &column.name));
    high_if(expected.is_some() || names_one())
}

/// Whether a column of the one type takes every value of the other, as it is.
pub(super) fn holds(wide: &Type, narrow: &Type) -> bool {
    match (wide, narrow) {
        _ if wide == narrow => true,
        (Type::Integer { bits, unsigned }, Type::Integer { bits: other_bits, unsigned: other }) => {
            match (unsigned, other) {
                (false, true) => bits > other_bits,
                (true, false) => false,
                (true, true) | (false, false) => bits >= other_bits,
            }
        }
        (Type::Integer { .. }, Type::Boolean) | (Type::Double, Type::Float) => true,
        (
            Type::Decimal { precision, scale, unsigned },
            Type::Decimal { precision: other_precision, scale: other_scale, unsigned: other },
        ) => {
            let whole = |precision: u16, scale: u16| precision.saturating_sub(scale);
            scale >= other_scale
                && whole(*precision, *scale) >= whole(*other_precision, *other_scale)
                && (!unsigned || *other)
        }
        (Type::Char(most) | Type::Varchar(most), Type::Char(length) | Type::Varchar(length)) => {
            most >= length
        }
        // A character takes up to four bytes.
        (Type::Text(size), Type::Char(length) | Type::Varchar(length)) => {
            bytes(*size) >= u64::from(*length).saturating_mul(4)
        }
        (Type::Text(size), Type::Text(other)) | (Type::Blob(size), Type::Blob(other)) => {
            bytes(*size) >= bytes(*other)
        }
        (Type::Varbinary(most), Type::Binary(length) | Type::Varbinary(length)) => most >= length,
        (Type::Blob(size), Type::Binary(length) | Type::Varbinary(length)) => {
            bytes(*size) >= u64::from(*length)
        }
        (Type::Time(digits), Type::Time(other))
        | (Type::Datetime(digits), Type::Datetime(other))
        | (Type::Timestamp(digits), Type::Timestamp(other)) => digits >= other,
        (Type::Enum(members), Type::Enum(other)) => other.iter().all(|member| members.contains(member)),
        (Type::Varchar(most), Type::Enum(members)) => members
            .iter()
            .all(|member| u32::try_from(member.chars().count()).is_ok_and(|length| length <= *most)),
        _ => false,
    }
}

fn bytes(size: TextSize) -> u64 {
    match size {
        TextSize::Tiny => 255,
        TextSize::Normal => 65_535,
        TextSize::Medium => 16_777_215,
        TextSize::Long => 4_294_967_295,
    }
}
