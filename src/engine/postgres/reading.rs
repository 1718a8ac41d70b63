//! What PostgreSQL says of types, defaults and indexed expressions, in the model's words.

use crate::schema::{Default, Type, model::TextSize};

/// PostgreSQL's long type names as [`super::storage::declared_type`] writes them.
pub(super) fn short_type(written: &str) -> String {
    let zoned =
        written.strip_suffix(" with time zone").map(|rest| rest.replacen("timestamp", "timestamptz", 1));
    let written =
        zoned.unwrap_or_else(|| written.strip_suffix(" without time zone").unwrap_or(written).to_owned());
    match written.strip_prefix("character varying") {
        Some(rest) => format!("varchar{rest}"),
        None => written,
    }
}

/// The model's type for a column whose type says all; anything unknown stays as PostgreSQL writes it.
pub(super) fn plain_type(short: &str) -> Type {
    let inside = short.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or_default();
    let numbers: Vec<u32> = inside.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    let digits = numbers.first().and_then(|digits| u8::try_from(*digits).ok());
    let word = short.split('(').next().unwrap_or_default();
    let found = match (word, numbers.as_slice()) {
        ("smallint", []) => Some(Type::Integer { bits: 16, unsigned: false }),
        ("integer", []) => Some(Type::Integer { bits: 32, unsigned: false }),
        ("bigint", []) => Some(Type::Integer { bits: 64, unsigned: false }),
        ("boolean", []) => Some(Type::Boolean),
        ("numeric", [precision, scale]) => match (u16::try_from(*precision), u16::try_from(*scale)) {
            (Ok(precision), Ok(scale)) => Some(Type::Decimal { precision, scale, unsigned: false }),
            _ => None,
        },
        ("real", []) => Some(Type::Float),
        ("double precision", []) => Some(Type::Double),
        ("varchar", [length]) => Some(Type::Varchar(*length)),
        ("text", []) => Some(Type::Text(TextSize::Long)),
        ("bytea", []) => Some(Type::Blob(TextSize::Long)),
        ("date", []) => Some(Type::Date),
        ("time", [_]) => digits.map(Type::Time),
        ("timestamp", [_]) => digits.map(Type::Datetime),
        ("timestamptz", [_]) => digits.map(Type::Timestamp),
        ("jsonb", []) => Some(Type::Json),
        _ => None,
    };
    found.unwrap_or_else(|| Type::Other(short.to_owned()))
}

/// A default, as `pg_get_expr` writes it.
pub(super) fn default(written: &str, ty: &Type) -> Default {
    let bare = written.trim();
    match (bare, ty) {
        ("CURRENT_TIMESTAMP" | "now()", Type::Timestamp(digits)) => return Default::Now(*digits),
        (
            "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC'::text)" | "timezone('UTC'::text, CURRENT_TIMESTAMP)",
            Type::Datetime(digits),
        ) => return Default::Now(*digits),
        ("gen_random_uuid()" | "(gen_random_uuid())::text", _) => return Default::Uuid,
        ("true", Type::Boolean) => return Default::Boolean(true),
        ("false", Type::Boolean) => return Default::Boolean(false),
        _ => {}
    }
    let is_number = |text: &str| text.parse::<f64>().is_ok_and(f64::is_finite);
    let counts =
        matches!(ty, Type::Integer { .. } | Type::Decimal { .. } | Type::Float | Type::Double | Type::Year);
    let inside = bare.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(bare);
    let number = constant(bare).unwrap_or_else(|| inside.to_owned());
    if counts && is_number(&number) {
        return Default::Number(number);
    }
    match constant(bare) {
        Some(text) if matches!(ty, Type::Timestamp(_)) => {
            Default::Text(text.strip_suffix("+00").unwrap_or(&text).to_owned())
        }
        Some(text) if !matches!(ty, Type::Other(_)) => Default::Text(text),
        _ => Default::Expression(bare.to_owned()),
    }
}

/// The text of a quoted constant with its type behind it.
fn constant(written: &str) -> Option<String> {
    let (rest, escapes) = match written.strip_prefix("E'") {
        Some(rest) => (rest, true),
        None => (written.strip_prefix('\'')?, false),
    };
    let mut text = String::new();
    let mut characters = rest.chars().peekable();
    loop {
        match characters.next()? {
            '\'' if characters.peek() == Some(&'\'') => {
                characters.next();
                text.push('\'');
            }
            '\'' => break,
            '\\' if escapes => text.push(characters.next()?),
            character => text.push(character),
        }
    }
    let behind: String = characters.collect();
    let is_cast = behind.is_empty()
        || behind.strip_prefix("::").is_some_and(|ty| {
            ty.chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '(' | ')' | ',' | '"' | '.'))
        });
    is_cast.then_some(text)
}

/// The column and the length of an indexed beginning.
pub(super) fn prefix(written: &str) -> Option<(String, u32)> {
    let inner = written
        .strip_prefix("\"left\"(")
        .or_else(|| written.strip_prefix("\"substring\"("))
        .and_then(|rest| rest.strip_suffix(')'))?;
    let (column, length) = inner.rsplit_once(", ")?;
    let column = column.strip_suffix(", 1").unwrap_or(column);
    let column = column.strip_suffix("::text").unwrap_or(column);
    let column = column.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(column);
    let name = match column.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None if column.chars().all(|c| c.is_alphanumeric() || c == '_') => column.to_owned(),
        None => return None,
    };
    Some((name, length.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_come_back_as_they_were_written() {
        let integer = Type::Integer { bits: 32, unsigned: false };
        assert_eq!(default("'it''s'::character varying", &Type::Varchar(9)), Default::Text("it's".into()));
        assert_eq!(default("'-1'::integer", &integer), Default::Number("-1".into()));
        assert_eq!(default("0", &integer), Default::Number("0".into()));
        assert_eq!(default("CURRENT_TIMESTAMP", &Type::Timestamp(3)), Default::Now(3));
        assert_eq!(
            default("('a'::text || 'b'::text)", &Type::Varchar(9)),
            Default::Expression("('a'::text || 'b'::text)".into())
        );
    }

    #[test]
    fn beginnings_are_read_out_of_their_expressions() {
        assert_eq!(prefix("\"left\"(notes, 10)"), Some(("notes".into(), 10)));
        assert_eq!(prefix("\"left\"((\"a b\")::text, 3)"), Some(("a b".into(), 3)));
        assert_eq!(prefix("lower(name)"), None);
    }
}
