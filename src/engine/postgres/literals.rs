//! Constants as a column of a type holds them. MySQL brings a constant into the column's form as it stores it; what
//! PostgreSQL would not do by itself happens here, before anything runs.

use super::{Refusal, names::text};
use crate::schema::Type;
use std::fmt::Write;

/// A constant of the template.
#[derive(Debug, Clone, Copy)]
pub(super) enum Literal<'a> {
    Text(&'a str),
    Number(&'a str),
    Boolean(bool),
}

/// The constant in PostgreSQL's words, in the form that a column of the type holds.
pub(super) fn literal(ty: &Type, value: Literal) -> Result<String, Refusal> {
    if let Literal::Text(value) = value
        && value.contains('\0')
    {
        return Err(Refusal::unsupported("A text with a zero byte"));
    }
    match (ty, value) {
        (
            Type::Integer { .. } | Type::Decimal { .. } | Type::Float | Type::Double | Type::Year,
            Literal::Text(value),
        ) => {
            let number = value.trim();
            match number.parse::<f64>() {
                Ok(parsed) if parsed.is_finite() => Ok(number.trim_start_matches('+').to_owned()),
                _ => Err(Refusal::new(format!("'{value}' is not a number."))),
            }
        }
        (
            Type::Integer { .. } | Type::Decimal { .. } | Type::Float | Type::Double | Type::Year,
            Literal::Boolean(value),
        ) => Ok(if value { "1" } else { "0" }.to_owned()),
        (Type::Boolean, Literal::Boolean(value)) => Ok(if value { "TRUE" } else { "FALSE" }.to_owned()),
        (Type::Boolean, Literal::Number(value) | Literal::Text(value)) => match value.trim() {
            "0" => Ok("FALSE".to_owned()),
            "1" => Ok("TRUE".to_owned()),
            other => Err(Refusal::new(format!(
                "{other} is neither TRUE nor FALSE, and a BOOLEAN holds nothing else on PostgreSQL; use TINYINT for numbers."
            ))),
        },
        (Type::Date, Literal::Text(value)) => match value.get(..10) {
            Some(date) if is_midnight(value.get(10..).unwrap_or_default()) => Ok(text(date)),
            _ => Ok(text(value)),
        },
        (Type::Datetime(digits), Literal::Text(value)) => with_fraction(value, *digits).map(|()| text(value)),
        (Type::Timestamp(digits), Literal::Text(value)) => {
            with_fraction(value, *digits).map(|()| text(&format!("{}+00", value.trim())))
        }
        (Type::Time(digits), Literal::Text(value)) => with_fraction(value, *digits).map(|()| text(value)),
        (Type::Enum(members), Literal::Text(value)) => members
            .iter()
            .find(|member| *member == value)
            .or_else(|| members.iter().find(|member| member.to_lowercase() == value.to_lowercase()))
            .map(|member| text(member))
            .ok_or_else(|| {
                Refusal::new(format!(
                    "'{value}' is not among the values of the ENUM ('{}').",
                    members.join("', '")
                ))
            }),
        (Type::Enum(members), Literal::Number(number)) => number
            .parse::<usize>()
            .ok()
            .and_then(|number| members.get(number.checked_sub(1)?))
            .map(|member| text(member))
            .ok_or_else(|| Refusal::new(format!("{number} is not the place of a value of the ENUM."))),
        (Type::Binary(_) | Type::Varbinary(_) | Type::Blob(_), Literal::Text(value)) => {
            let mut digits = String::from("\\x");
            for byte in value.bytes() {
                let _ = write!(digits, "{byte:02x}");
            }
            Ok(text(&digits))
        }
        (Type::Char(_) | Type::Varchar(_) | Type::Text(_), Literal::Number(value)) => Ok(text(value)),
        (Type::Char(_) | Type::Varchar(_) | Type::Text(_) | Type::Enum(_), Literal::Boolean(value)) => {
            literal(ty, Literal::Text(if value { "1" } else { "0" }))
        }
        (Type::Json, Literal::Number(value)) => Ok(text(value)),
        (Type::Json, Literal::Boolean(value)) => Ok(text(if value { "true" } else { "false" })),
        (_, Literal::Text(value)) => Ok(text(value)),
        (_, Literal::Number(value)) => Ok(value.to_owned()),
        (_, Literal::Boolean(value)) => Ok(if value { "1" } else { "0" }.to_owned()),
    }
}

fn is_midnight(rest: &str) -> bool {
    rest.is_empty() || rest.trim_start_matches([' ', 'T']).chars().all(|c| matches!(c, '0' | ':' | '.'))
}

fn with_fraction(written: &str, digits: u8) -> Result<(), Refusal> {
    let fraction = written.split_once('.').map(|(_, fraction)| fraction).unwrap_or_default();
    if fraction.trim_end_matches('0').len() > usize::from(digits) {
        return Err(Refusal::new(format!(
            "'{written}' has more than {digits} digits of a second, which its column has."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_take_their_columns_form() {
        let written = |ty: &Type, value| literal(ty, Literal::Text(value)).unwrap();
        assert_eq!(written(&Type::Timestamp(0), "2024-01-01 10:30:00"), "'2024-01-01 10:30:00+00'");
        assert_eq!(written(&Type::Date, "2024-01-01 00:00:00"), "'2024-01-01'");
        assert_eq!(written(&Type::Enum(vec!["Active".into()]), "aCTIVE"), "'Active'");
        assert_eq!(written(&Type::Blob(crate::schema::model::TextSize::Long), "a'"), "'\\x6127'");
        assert!(literal(&Type::Enum(vec!["a".into()]), Literal::Text("b")).is_err());
        assert!(literal(&Type::Datetime(0), Literal::Text("2024-01-01 00:00:00.5")).is_err());
        assert!(literal(&Type::Boolean, Literal::Number("2")).is_err());
        assert_eq!(literal(&Type::Boolean, Literal::Number("1")).unwrap(), "TRUE");
    }
}
