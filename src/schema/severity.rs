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
//! | view, function, trigger, what belongs to no table | high | high | medium |
//! | what the model has no place for | medium | – | high where rows are refused, hidden or kept out, or work is not taken back, else medium |
//!
//! High is what makes a statement of the template fail or mean something else: a thing that it needs is gone, or a rule is
//! there that refuses rows which the template lets in. A plain index changes no answer, so it is never high. A check that is
//! gone makes no statement fail either. What an extra trigger does cannot be told from its name; most of them write a
//! log, so it is medium, and a person looks at it.

use super::{
    Check, Column, ForeignKey, Index, Table, Type, mention::mentions, model::TextSize, plain::oddity,
};

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

/// Views, functions, triggers and what belongs to no table.
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

/// What the model has no place for, and what yet refuses rows, hides or keeps them, or no longer takes work back.
const HINDERS: [&str; 8] = [
    "row level security",
    "policy ",
    "rewriting rule ",
    "excluding index ",
    "nulls of index ",
    "owner",
    "unenforced foreign key ",
    "storage engine",
];

pub(super) fn check(table: &Table, expected: Option<&Check>, found: Option<&Check>) -> Severity {
    let Some(found) = found else { return Severity::Medium };
    if let Some(what) = oddity(&found.name) {
        return high_if(HINDERS.iter().any(|word| what.starts_with(word)));
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Generated, Schema, Trigger, View, difference::differences, samples};

    /// The severities of all differences after a change by hand.
    fn after(change: impl Fn(&mut Schema)) -> Vec<Severity> {
        let expected = samples::schema();
        let mut found = expected.clone();
        change(&mut found);
        differences(&expected, &found).iter().map(|one| one.severity).collect()
    }

    fn with_column(change: impl Fn(&mut Column)) -> Vec<Severity> {
        after(|schema| change(samples::column_mut(schema, "people", "name")))
    }

    fn with_extra(column: &Column) -> Vec<Severity> {
        after(|schema| samples::table_mut(schema, "people").columns.push(column.clone()))
    }

    fn with_index(unique: bool, columns: &[&str]) -> Vec<Severity> {
        after(|schema| {
            let index = samples::index("mine", unique, columns);
            samples::table_mut(schema, "people").indexes.insert("mine".into(), index);
        })
    }

    const LOW: [Severity; 1] = [Severity::Low];
    const MEDIUM: [Severity; 1] = [Severity::Medium];
    const HIGH: [Severity; 1] = [Severity::High];

    #[test]
    fn what_only_looks_different_is_low() {
        assert_eq!(after(|schema| samples::table_mut(schema, "people").comment = Some("x".into())), LOW);
        assert_eq!(with_column(|column| column.comment = Some("x".into())), LOW);
        assert_eq!(after(|schema| samples::table_mut(schema, "people").columns.swap(1, 2)), LOW);
    }

    #[test]
    fn a_table_that_is_gone_is_high_and_one_more_is_medium() {
        assert_eq!(after(|schema| drop(schema.tables.remove("gifts"))), HIGH);
        let extra = samples::table("extra", vec![samples::column("id", Type::Date)]);
        assert_eq!(after(|schema| drop(schema.tables.insert("extra".into(), extra.clone()))), MEDIUM);
    }

    #[test]
    fn a_column_is_high_where_the_template_needs_it_or_cannot_write_a_row() {
        assert_eq!(after(|schema| samples::table_mut(schema, "people").columns.truncate(3)), HIGH);
        let extra = samples::column("extra", Type::Date);
        assert_eq!(with_extra(&extra), MEDIUM);
        let must = Column { nullable: false, ..extra };
        assert_eq!(with_extra(&must), HIGH);
        let default = Some(crate::schema::Default::Number("1".into()));
        assert_eq!(with_extra(&Column { default, ..must.clone() }), MEDIUM);
        let generated = Some(Generated { expression: "1".into(), stored: true });
        assert_eq!(with_extra(&Column { generated, ..must }), MEDIUM);
    }

    #[test]
    fn a_column_that_takes_less_is_high_and_one_that_takes_more_is_medium() {
        assert_eq!(with_column(|column| column.ty = Type::Varchar(99)), HIGH);
        assert_eq!(with_column(|column| column.ty = Type::Date), HIGH);
        assert_eq!(with_column(|column| column.ty = Type::Varchar(101)), MEDIUM);
        assert_eq!(with_column(|column| column.ty = Type::Text(TextSize::Long)), MEDIUM);
        assert_eq!(with_column(|column| column.nullable = true), MEDIUM);
        assert_eq!(with_column(|column| column.collation = Some("utf8mb4_bin".into())), HIGH);
        assert_eq!(
            with_column(|column| column.default = Some(crate::schema::Default::Text("x".into()))),
            MEDIUM
        );
        assert_eq!(after(|schema| samples::column_mut(schema, "people", "age").nullable = false), HIGH);
        assert_eq!(after(|schema| samples::column_mut(schema, "people", "id").auto_increment = false), HIGH);
        let worth = |schema: &mut Schema| samples::column_mut(schema, "gifts", "worth").default = None;
        assert_eq!(after(worth), HIGH);
    }

    #[test]
    fn an_index_is_high_only_where_it_keeps_rows_apart() {
        assert_eq!(with_index(false, &["age"]), LOW);
        assert_eq!(with_index(true, &["age"]), HIGH);
        assert_eq!(with_index(true, &["age", "id"]), LOW);
        assert_eq!(with_index(true, &["name", "mail"]), LOW);
        let without = |name: &'static str| {
            after(move |schema| drop(samples::table_mut(schema, "people").indexes.remove(name)))
        };
        assert_eq!(without("by_name"), MEDIUM);
        assert_eq!(without("by_mail"), HIGH);
        let other = |schema: &mut Schema| {
            samples::table_mut(schema, "people")
                .indexes
                .insert("by_name".into(), samples::index("by_name", true, &["name"]));
        };
        assert_eq!(after(other), HIGH);
        assert_eq!(after(|schema| samples::table_mut(schema, "gifts").primary_key.clear()), HIGH);
    }

    #[test]
    fn rules_of_a_persons_are_high_on_what_the_template_writes() {
        let check = |expression: &str| {
            let check = Check { name: "mine".into(), expression: expression.into() };
            after(move |schema| {
                drop(samples::table_mut(schema, "people").checks.insert("mine".into(), check.clone()))
            })
        };
        assert_eq!(check("age < 5"), HIGH);
        assert_eq!(check("shoe < 5"), MEDIUM);
        let change = |schema: &mut Schema| {
            samples::table_mut(schema, "people").checks.get_mut("grown").unwrap().expression.push('1');
        };
        assert_eq!(after(change), HIGH);
        assert_eq!(after(|schema| samples::table_mut(schema, "people").checks.clear()), MEDIUM);
        assert_eq!(after(|schema| samples::table_mut(schema, "gifts").foreign_keys.clear()), HIGH);
        let key = |column: &'static str| {
            after(move |schema| {
                let key = samples::foreign_key("mine", column, "gifts");
                samples::table_mut(schema, "people").foreign_keys.insert("mine".into(), key);
            })
        };
        assert_eq!(key("age"), HIGH);
        assert_eq!(key("shoe"), MEDIUM);
    }

    #[test]
    fn programs_of_the_template_are_high_and_those_of_a_person_medium() {
        assert_eq!(after(|schema| schema.views.clear()), HIGH);
        assert_eq!(after(|schema| schema.triggers.clear()), HIGH);
        assert_eq!(after(|schema| schema.functions.clear()), HIGH);
        assert_eq!(after(|schema| schema.views.get_mut("names").unwrap().query.push('1')), HIGH);
        let view = View { name: "mine".into(), columns: Vec::new(), query: "SELECT 1".into() };
        assert_eq!(after(|schema| drop(schema.views.insert("mine".into(), view.clone()))), MEDIUM);
        let trigger = Trigger { name: "mine".into(), table: "people".into(), definition: "x".into() };
        assert_eq!(after(|schema| drop(schema.triggers.insert("mine".into(), trigger.clone()))), MEDIUM);
    }

    #[test]
    fn a_type_holds_what_is_no_wider() {
        let integer = |bits, unsigned| Type::Integer { bits, unsigned };
        let decimal = |precision, scale| Type::Decimal { precision, scale, unsigned: false };
        for (wide, narrow, expected) in [
            (integer(64, false), integer(32, true), true),
            (integer(32, false), integer(32, true), false),
            (integer(32, true), integer(16, false), false),
            (integer(8, false), Type::Boolean, true),
            (decimal(12, 2), decimal(10, 2), true),
            (decimal(12, 4), decimal(10, 2), true),
            (decimal(12, 4), decimal(12, 2), false),
            (Type::Text(TextSize::Tiny), Type::Varchar(100), false),
            (Type::Text(TextSize::Normal), Type::Varchar(100), true),
            (Type::Datetime(0), Type::Datetime(3), false),
            (Type::Enum(vec!["a".into(), "b".into()]), Type::Enum(vec!["b".into()]), true),
            (Type::Enum(vec!["b".into()]), Type::Enum(vec!["a".into(), "b".into()]), false),
            (Type::Date, Type::Datetime(0), false),
        ] {
            assert_eq!(holds(&wide, &narrow), expected, "{wide} holds {narrow}");
        }
    }
}
