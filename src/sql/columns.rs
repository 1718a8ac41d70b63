//! Column definitions: types and options from the syntax tree into the model.

use super::{expression, operations::Refused};
use crate::schema::{Column, Default, Generated, ReferentialAction, Type, model::TextSize};
use sqlparser::ast::{
    BinaryLength, CharacterLength, ColumnOption, ColumnOptionDef, DataType, EnumMember, ExactNumberInfo,
    Expr, FunctionArguments, GeneratedExpressionMode, ReferentialAction as ParsedAction, TimezoneInfo,
    UnaryOperator, Value,
};

fn no(reason: impl Into<String>) -> Refused {
    Refused(reason.into())
}

fn length(given: Option<&CharacterLength>, usual: Option<u32>, what: &str) -> Result<u32, Refused> {
    match given {
        Some(CharacterLength::IntegerLength { length, .. }) => u32::try_from(*length)
            .ok()
            .filter(|length| *length <= 65_535)
            .ok_or_else(|| no(format!("{what}({length}) is too long; use TEXT"))),
        Some(CharacterLength::Max) => Err(no(format!("{what}(MAX) is not MySQL"))),
        None => usual.ok_or_else(|| no(format!("{what} needs a length, such as {what}(255)"))),
    }
}

fn fraction(digits: Option<u64>) -> Result<u8, Refused> {
    u8::try_from(digits.unwrap_or_default())
        .ok()
        .filter(|digits| *digits <= 6)
        .ok_or_else(|| no("a time has at most 6 digits of a second"))
}

fn decimal(info: &ExactNumberInfo, unsigned: bool) -> Result<Type, Refused> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => (10, 0),
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
    };
    let bad = || {
        no(format!(
            "DECIMAL({precision},{scale}) is outside of what MySQL has: up to 65 digits, 30 of them after the point"
        ))
    };
    let scale = u16::try_from(scale).map_err(|_| bad())?;
    let precision = u16::try_from(precision).map_err(|_| bad())?;
    if precision == 0 || precision > 65 || scale > 30 || scale > precision {
        return Err(bad());
    }
    Ok(Type::Decimal { precision, scale, unsigned })
}

fn float(info: &ExactNumberInfo, ty: Type) -> Result<Type, Refused> {
    match info {
        ExactNumberInfo::None => Ok(ty),
        _ => Err(no("FLOAT and DOUBLE take no digits here; use DECIMAL for exact numbers")),
    }
}

/// The model's type for a parsed one.
pub(super) fn data_type(parsed: &DataType) -> Result<Type, Refused> {
    let integer = |bits, unsigned| Ok(Type::Integer { bits, unsigned });
    match parsed {
        DataType::Bool | DataType::Boolean | DataType::TinyInt(Some(1)) => Ok(Type::Boolean),
        DataType::TinyInt(_) => integer(8, false),
        DataType::TinyIntUnsigned(_) => integer(8, true),
        DataType::SmallInt(_) => integer(16, false),
        DataType::SmallIntUnsigned(_) => integer(16, true),
        DataType::MediumInt(_) => integer(24, false),
        DataType::MediumIntUnsigned(_) => integer(24, true),
        DataType::Int(_) | DataType::Integer(_) => integer(32, false),
        DataType::IntUnsigned(_) | DataType::IntegerUnsigned(_) => integer(32, true),
        DataType::BigInt(_) => integer(64, false),
        DataType::BigIntUnsigned(_) => integer(64, true),
        DataType::Decimal(info) | DataType::Dec(info) | DataType::Numeric(info) => decimal(info, false),
        DataType::DecimalUnsigned(info) | DataType::DecUnsigned(info) => decimal(info, true),
        DataType::Float(info) => float(info, Type::Float),
        DataType::Double(info) => float(info, Type::Double),
        DataType::DoublePrecision | DataType::Real => Ok(Type::Double),
        DataType::Char(given) | DataType::Character(given) => {
            let length = length(given.as_ref(), Some(1), "CHAR")?;
            if length > 255 {
                Err(no(format!("CHAR({length}) is too long; use VARCHAR")))
            } else {
                Ok(Type::Char(length))
            }
        }
        DataType::Varchar(given) | DataType::CharacterVarying(given) | DataType::CharVarying(given) => {
            length(given.as_ref(), None, "VARCHAR").map(Type::Varchar)
        }
        DataType::TinyText => Ok(Type::Text(TextSize::Tiny)),
        DataType::Text => Ok(Type::Text(TextSize::Normal)),
        DataType::MediumText => Ok(Type::Text(TextSize::Medium)),
        DataType::LongText => Ok(Type::Text(TextSize::Long)),
        DataType::TinyBlob => Ok(Type::Blob(TextSize::Tiny)),
        DataType::Blob(None) => Ok(Type::Blob(TextSize::Normal)),
        DataType::MediumBlob => Ok(Type::Blob(TextSize::Medium)),
        DataType::LongBlob => Ok(Type::Blob(TextSize::Long)),
        DataType::Binary(given) => {
            let length = given.unwrap_or(1);
            u32::try_from(length)
                .ok()
                .filter(|length| *length <= 255)
                .map(Type::Binary)
                .ok_or_else(|| no(format!("BINARY({length}) is too long; use VARBINARY")))
        }
        DataType::Varbinary(Some(BinaryLength::IntegerLength { length })) => u32::try_from(*length)
            .ok()
            .filter(|length| *length <= 65_535)
            .map(Type::Varbinary)
            .ok_or_else(|| no(format!("VARBINARY({length}) is too long; use BLOB"))),
        DataType::Varbinary(_) => Err(no("VARBINARY needs a length, such as VARBINARY(255)")),
        DataType::Date => Ok(Type::Date),
        DataType::Time(digits, TimezoneInfo::None) => fraction(*digits).map(Type::Time),
        DataType::Datetime(digits) => fraction(*digits).map(Type::Datetime),
        DataType::Timestamp(digits, TimezoneInfo::None) => fraction(*digits).map(Type::Timestamp),
        DataType::JSON => Ok(Type::Json),
        DataType::Enum(members, None) => {
            let names = members.iter().map(|member| match member {
                EnumMember::Name(name) => Ok(name.clone()),
                EnumMember::NamedValue(..) => Err(no("ENUM takes names only")),
            });
            let names = names.collect::<Result<Vec<_>, _>>()?;
            let folded: std::collections::BTreeSet<String> =
                names.iter().map(|name| name.to_lowercase()).collect();
            if names.is_empty() || folded.len() != names.len() {
                return Err(no("ENUM needs values, and each only once (case does not count)"));
            }
            Ok(Type::Enum(names))
        }
        DataType::Custom(name, given)
            if name.to_string().eq_ignore_ascii_case("YEAR") && given.is_empty() =>
        {
            Ok(Type::Year)
        }
        DataType::Set(_) => Err(no("the type SET is not taken; use a table of its own, or JSON")),
        other => Err(no(format!("the type {other} is not taken"))),
    }
}

/// A BOOLEAN's default of 1 is one of TRUE in another spelling.
pub(super) fn in_one_spelling(ty: &Type, default: Default) -> Default {
    match (ty, default) {
        (Type::Boolean, Default::Number(number)) if number == "0" || number == "1" => {
            Default::Boolean(number == "1")
        }
        (_, default) => default,
    }
}

/// The model's default for an expression.
pub(super) fn default_of(expression: &Expr) -> Result<Option<Default>, Refused> {
    match expression {
        Expr::Nested(inner) => match default_of(inner)? {
            // In brackets a word or a constant means the same.
            found @ Some(_) => Ok(found),
            None => Ok(None),
        },
        Expr::Value(value) => match &value.value {
            Value::Null => Ok(None),
            Value::Number(number, _) => Ok(Some(Default::Number(number.clone()))),
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => {
                Ok(Some(Default::Text(text.clone())))
            }
            Value::Boolean(flag) => Ok(Some(Default::Boolean(*flag))),
            other => Err(no(format!("the default {other} is not taken"))),
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match default_of(expr)? {
            Some(Default::Number(number)) => Ok(Some(Default::Number(format!("-{number}")))),
            _ => Ok(Some(Default::Expression(expression::text(expression)))),
        },
        Expr::Function(function) => {
            let name = function.name.to_string().to_uppercase();
            match name.as_str() {
                "CURRENT_TIMESTAMP" | "NOW" | "LOCALTIME" | "LOCALTIMESTAMP" => {
                    Ok(Some(Default::Now(now_digits(expression)?)))
                }
                "UUID" => Ok(Some(Default::Uuid)),
                _ => Ok(Some(Default::Expression(expression::text(expression)))),
            }
        }
        Expr::Identifier(name) if name.value.eq_ignore_ascii_case("CURRENT_TIMESTAMP") => {
            Ok(Some(Default::Now(0)))
        }
        other => Ok(Some(Default::Expression(expression::text(other)))),
    }
}

/// Digits of a second in `CURRENT_TIMESTAMP(3)`; none without brackets.
fn now_digits(expression: &Expr) -> Result<u8, Refused> {
    let Expr::Function(function) = expression else { return Ok(0) };
    match &function.args {
        FunctionArguments::None => Ok(0),
        FunctionArguments::List(list) if list.args.is_empty() => Ok(0),
        FunctionArguments::List(list) => {
            let text = list.args.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            text.parse::<u64>()
                .map_err(|_| no(format!("CURRENT_TIMESTAMP({text}) is not taken")))
                .and_then(|digits| fraction(Some(digits)))
        }
        FunctionArguments::Subquery(_) => Err(no("CURRENT_TIMESTAMP takes a number of digits")),
    }
}

/// What stands at a column but belongs to its table.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub primary_key: bool,
    pub unique: bool,
    pub checks: Vec<(Option<String>, String)>,
    pub reference: Option<Reference>,
}

/// `REFERENCES` at a column.
#[derive(Debug)]
pub(super) struct Reference {
    pub table: String,
    pub columns: Vec<String>,
    pub on_delete: ReferentialAction,
    pub on_update: ReferentialAction,
}

/// The model's word for ON DELETE and ON UPDATE.
pub(super) fn action(parsed: Option<ParsedAction>) -> ReferentialAction {
    match parsed {
        None | Some(ParsedAction::NoAction | ParsedAction::Restrict) => ReferentialAction::NoAction,
        Some(ParsedAction::Cascade) => ReferentialAction::Cascade,
        Some(ParsedAction::SetNull) => ReferentialAction::SetNull,
        Some(ParsedAction::SetDefault) => ReferentialAction::SetDefault,
    }
}

/// A column from its type and options, and what of them belongs to the table.
pub(super) fn column<'a>(
    name: &str,
    parsed: &DataType,
    options: impl Iterator<Item = (Option<String>, &'a ColumnOption)>,
) -> Result<(Column, Beside), Refused> {
    let mut column = Column {
        name: super::operations::checked_name(name, "column")?,
        ty: data_type(parsed)?,
        nullable: true,
        default: None,
        auto_increment: false,
        on_update_now: false,
        generated: None,
        collation: None,
        comment: None,
    };
    let mut beside = Beside::default();
    for (constraint, option) in options {
        match option {
            ColumnOption::Null => column.nullable = true,
            ColumnOption::NotNull => column.nullable = false,
            ColumnOption::Default(expression) => {
                column.default = default_of(expression)?.map(|default| in_one_spelling(&column.ty, default));
            }
            ColumnOption::PrimaryKey(_) => beside.primary_key = true,
            ColumnOption::Unique(_) => beside.unique = true,
            ColumnOption::Check(check) => {
                if check.enforced == Some(false) {
                    return Err(no("a check that is NOT ENFORCED checks nothing; leave it out"));
                }
                beside.checks.push((constraint, expression::text(check.expr.as_ref())));
            }
            ColumnOption::ForeignKey(key) => {
                beside.reference = Some(Reference {
                    table: super::operations::plain_name(&key.foreign_table)?,
                    columns: key.referred_columns.iter().map(|column| column.value.clone()).collect(),
                    on_delete: action(key.on_delete),
                    on_update: action(key.on_update),
                });
            }
            ColumnOption::Comment(text) => {
                column.comment = Some(text.clone()).filter(|text| !text.is_empty())
            }
            ColumnOption::Collation(name) => {
                column.collation = super::operations::collation(&name.to_string())?
            }
            ColumnOption::CharacterSet(name) => super::operations::charset(&name.to_string())?,
            ColumnOption::OnUpdate(expression) => match default_of(expression)? {
                Some(Default::Now(_)) => column.on_update_now = true,
                _ => return Err(no("ON UPDATE takes CURRENT_TIMESTAMP only")),
            },
            ColumnOption::Generated { generation_expr: Some(expression), generation_expr_mode, .. } => {
                column.generated = Some(Generated {
                    expression: expression::text(expression),
                    stored: *generation_expr_mode == Some(GeneratedExpressionMode::Stored),
                });
            }
            ColumnOption::DialectSpecific(tokens) => {
                let word = tokens.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                if word.eq_ignore_ascii_case("AUTO_INCREMENT") {
                    column.auto_increment = true;
                } else {
                    return Err(no(format!("{word} is not taken at a column")));
                }
            }
            other => return Err(no(format!("{other} is not taken at a column"))),
        }
    }
    if beside.primary_key {
        column.nullable = false;
    }
    if column.on_update_now && !matches!(column.ty, Type::Timestamp(_) | Type::Datetime(_)) {
        return Err(no("ON UPDATE CURRENT_TIMESTAMP needs a TIMESTAMP or DATETIME column"));
    }
    if column.auto_increment && !matches!(column.ty, Type::Integer { .. }) {
        return Err(no("AUTO_INCREMENT needs a whole number"));
    }
    Ok((column, beside))
}

/// Options of a column definition with the names of their constraints.
pub(super) fn named(options: &[ColumnOptionDef]) -> impl Iterator<Item = (Option<String>, &ColumnOption)> {
    options.iter().map(|option| (option.name.as_ref().map(|name| name.value.clone()), &option.option))
}
