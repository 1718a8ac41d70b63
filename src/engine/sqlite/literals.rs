//! Constants as a column of a type holds them. MySQL brings a constant into the column's form as it stores it (`5` becomes
//! `5.00`, a date gets a time, an ENUM its own spelling); SQLite does not, so it happens here, before anything runs.

use super::{Refusal, names::text};
use crate::schema::Type;

/// A constant of the template.
#[derive(Debug, Clone, Copy)]
pub(super) enum Literal<'a> {
    Text(&'a str),
    Number(&'a str),
    Boolean(bool),
}

/// The constant in SQLite's words, in the form that a column of the type holds.
pub(super) fn literal(ty: &Type, value: Literal) -> Result<String, Refusal> {
    if let Literal::Text(value) = value
        && value.contains('\0')
    {
        return Err(Refusal::unsupported("A text with a zero byte"));
    }
    match (ty, value) {
        (Type::Decimal { precision, scale, unsigned }, Literal::Text(value) | Literal::Number(value)) => {
            decimal(value, *precision, *scale, *unsigned).map(|value| text(&value))
        }
        (Type::Decimal { precision, scale, unsigned }, Literal::Boolean(value)) => {
            decimal(if value { "1" } else { "0" }, *precision, *scale, *unsigned).map(|value| text(&value))
        }
        (Type::Date, Literal::Text(value)) => match value.get(..10) {
            Some(date) if is_midnight(value.get(10..).unwrap_or_default()) => Ok(text(date)),
            _ => Ok(text(value)),
        },
        (Type::Datetime(digits) | Type::Timestamp(digits), Literal::Text(value)) => {
            moment(value, *digits).map(|value| text(&value))
        }
        (Type::Time(digits), Literal::Text(value)) => with_fraction(value, *digits).map(|value| text(&value)),
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
            Ok(format!("CAST({} AS BLOB)", text(value)))
        }
        (_, Literal::Text(value)) => Ok(text(value)),
        (_, Literal::Number(value)) => Ok(value.to_owned()),
        (_, Literal::Boolean(value)) => Ok(if value { "1" } else { "0" }.to_owned()),
    }
}

fn is_midnight(rest: &str) -> bool {
    rest.is_empty() || rest.trim_start_matches([' ', 'T']).chars().all(|c| matches!(c, '0' | ':' | '.'))
}

/// The one way to write an exact number with `scale` digits after the point. Digits are never cut off.
pub(super) fn decimal(written: &str, precision: u16, scale: u16, unsigned: bool) -> Result<String, Refusal> {
    let wrong =
        |why: &str| Refusal::new(format!("{written} does not fit DECIMAL({precision}, {scale}): {why}."));
    let (sign, rest) = match written.trim().strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", written.trim().strip_prefix('+').unwrap_or(written.trim())),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, exponent.parse::<i32>().map_err(|_| wrong("it is not a number"))?)
        }
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !is_number || whole.len() + fraction.len() == 0 || exponent.unsigned_abs() > 100 {
        return Err(wrong("it is not a number"));
    }
    let mut digits: String = format!("{whole}{fraction}");
    let mut point = i32::try_from(whole.len()).map_err(|_| wrong("it is too long"))? + exponent;
    while point < 0 {
        digits.insert(0, '0');
        point += 1;
    }
    let point = usize::try_from(point).unwrap_or(0);
    while digits.len() < point {
        digits.push('0');
    }
    let (whole, fraction) = digits.split_at(point);
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    if whole.len() > usize::from(precision.saturating_sub(scale)) {
        return Err(wrong("it has too many digits before the point"));
    }
    if fraction.len() > usize::from(scale) {
        return Err(wrong("it has too many digits after the point"));
    }
    let is_zero = whole.is_empty() && fraction.is_empty();
    if unsigned && sign == "-" && !is_zero {
        return Err(wrong("it is negative and the column is UNSIGNED"));
    }
    let sign = if is_zero { "" } else { sign };
    let whole = if whole.is_empty() { "0" } else { whole };
    let width = usize::from(scale);
    Ok(if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction:0<width$}") })
}

fn moment(written: &str, digits: u8) -> Result<String, Refusal> {
    if !written.is_char_boundary(10) || written.len() < 10 {
        return Ok(written.to_owned());
    }
    let (date, time) = written.split_at(10);
    let time = time.strip_prefix(['T', ' ']).unwrap_or(time);
    let time = match time.len() {
        0 => "00:00:00".to_owned(),
        5 => format!("{time}:00"),
        _ => time.to_owned(),
    };
    with_fraction(&format!("{date} {time}"), digits)
}

fn with_fraction(written: &str, digits: u8) -> Result<String, Refusal> {
    let (whole, fraction) = written.split_once('.').unwrap_or((written, ""));
    let fraction = fraction.trim_end_matches('0');
    let width = usize::from(digits);
    if fraction.len() > width {
        return Err(Refusal::new(format!(
            "'{written}' has more than {digits} digits of a second, which its column has."
        )));
    }
    Ok(if digits == 0 { whole.to_owned() } else { format!("{whole}.{fraction:0<width$}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_take_their_columns_form_and_lose_no_digit() {
        let write = |written| decimal(written, 10, 2, false);
        for (written, expected) in [
            ("5", "5.00"),
            ("-0.5", "-0.50"),
            (".5", "0.50"),
            ("007.10", "7.10"),
            ("1e3", "1000.00"),
            ("-0", "0.00"),
            ("125e-2", "1.25"),
            ("5.", "5.00"),
        ] {
            assert_eq!(write(written).unwrap(), expected);
        }
        for written in ["1.005", "123456789", "abc", "", "1.2.3", "1e999", "--1"] {
            assert!(write(written).is_err(), "{written}");
        }
        assert_eq!(decimal("12", 5, 0, true).unwrap(), "12");
        assert!(decimal("-1", 5, 0, true).is_err());
        assert_eq!(decimal("0.1234", 4, 4, false).unwrap(), "0.1234");
    }

    #[test]
    fn constants_take_their_columns_form() {
        let written = |ty: &Type, value| literal(ty, Literal::Text(value)).unwrap();
        assert_eq!(written(&Type::Datetime(3), "2024-01-01"), "'2024-01-01 00:00:00.000'");
        assert_eq!(written(&Type::Timestamp(0), "2024-01-01T10:30"), "'2024-01-01 10:30:00'");
        assert_eq!(written(&Type::Date, "2024-01-01 00:00:00"), "'2024-01-01'");
        assert_eq!(written(&Type::Enum(vec!["Active".into()]), "aCTIVE"), "'Active'");
        assert!(literal(&Type::Enum(vec!["a".into()]), Literal::Text("b")).is_err());
        assert!(literal(&Type::Datetime(0), Literal::Text("2024-01-01 00:00:00.5")).is_err());
        assert_eq!(literal(&Type::Boolean, Literal::Boolean(true)).unwrap(), "1");
    }
}
