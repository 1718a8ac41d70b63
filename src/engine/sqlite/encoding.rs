//! Types, defaults, collations and comments in SQLite's words, both ways.
//!
//! SQLite keeps the declared type of a column word for word and lets it hold anything, so a type is its declared name
//! (which carries the width, the sign, the digits) and a CHECK that enforces it. Reading back, a column has a neutral
//! type only where both are exactly what would be written for it; anything else shows as [`Type::Other`].
//! Tables are not STRICT: STRICT allows six type names, and the declared names are what we read back.

use super::{
    Refusal,
    names::{identifier, text},
    tokens::{self, Kind, canonical, tokenize},
};
use crate::schema::{Default, Type, model::TextSize};

/// A valid, random UUID of version 4.
pub(super) const UUID: &str = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || \
    substr(hex(randomblob(2)), 2) || '-' || substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || \
    '-' || hex(randomblob(6)))";

/// The collation that the model names where a text column compares byte by byte.
const BINARY_COLLATION: &str = "utf8mb4_bin";

/// The name that a column of the type is declared with. `auto_increment` keys must be plain INTEGER on SQLite.
pub(super) fn declared(ty: &Type, auto_increment: bool) -> String {
    let sign = |unsigned: bool| if unsigned { " UNSIGNED" } else { "" };
    let size = |size: TextSize, word: &str| match size {
        TextSize::Tiny => format!("TINY{word}"),
        TextSize::Normal => word.to_owned(),
        TextSize::Medium => format!("MEDIUM{word}"),
        TextSize::Long => format!("LONG{word}"),
    };
    let fraction = |word: &str, digits: u8| {
        if digits == 0 { word.to_owned() } else { format!("{word}({digits})") }
    };
    match ty {
        Type::Integer { .. } if auto_increment => "INTEGER".to_owned(),
        Type::Integer { bits, unsigned } => {
            let word = match bits {
                8 => "TINYINT",
                16 => "SMALLINT",
                24 => "MEDIUMINT",
                32 => "INT",
                _ => "BIGINT",
            };
            format!("{word}{}", sign(*unsigned))
        }
        Type::Boolean => "BOOLEAN".to_owned(),
        // TEXT in the name gives text affinity: a number with NUMERIC affinity would lose digits.
        Type::Decimal { precision, scale, unsigned } => {
            format!("DECIMAL_TEXT{}({precision},{scale})", if *unsigned { "_UNSIGNED" } else { "" })
        }
        Type::Float => "FLOAT".to_owned(),
        Type::Double => "DOUBLE".to_owned(),
        Type::Char(length) => format!("CHAR({length})"),
        Type::Varchar(length) => format!("VARCHAR({length})"),
        Type::Text(limit) => size(*limit, "TEXT"),
        Type::Binary(length) => format!("BINARY_BLOB({length})"),
        Type::Varbinary(length) => format!("VARBINARY_BLOB({length})"),
        Type::Blob(limit) => size(*limit, "BLOB"),
        Type::Date => "DATE".to_owned(),
        Type::Time(digits) => fraction("TIME", *digits),
        Type::Datetime(digits) => fraction("DATETIME", *digits),
        Type::Timestamp(digits) => fraction("TIMESTAMP", *digits),
        Type::Year => "YEAR".to_owned(),
        // A JSON column with NUMERIC affinity would turn the text '123' into a number.
        Type::Json => "JSON_TEXT".to_owned(),
        Type::Enum(_) => "ENUM_TEXT".to_owned(),
        Type::Other(written) => written.clone(),
    }
}

/// The condition that enforces the type; `None` for a type that only SQLite knows.
pub(super) fn check(ty: &Type, column: &str) -> Option<String> {
    let x = identifier(column);
    let bytes = format!("length(CAST({x} AS BLOB))");
    let is_text = format!("typeof({x}) = 'text'");
    let is_blob = format!("typeof({x}) = 'blob'");
    let holds = match ty {
        Type::Integer { bits, unsigned } => {
            let whole = format!("typeof({x}) = 'integer'");
            match integer_range(*bits, *unsigned) {
                (None, None) => whole,
                (Some(low), Some(high)) => format!("{whole} AND {x} BETWEEN {low} AND {high}"),
                (Some(low), None) => format!("{whole} AND {x} >= {low}"),
                (None, Some(high)) => format!("{whole} AND {x} <= {high}"),
            }
        }
        Type::Boolean => format!("{x} IN (0, 1)"),
        Type::Decimal { precision, scale, unsigned } => decimal_check(&x, *precision, *scale, *unsigned),
        Type::Float | Type::Double => format!("typeof({x}) = 'real'"),
        Type::Char(length) | Type::Varchar(length) => format!("{is_text} AND length({x}) <= {length}"),
        Type::Text(limit) => {
            byte_limit(*limit).map_or(is_text.clone(), |max| format!("{is_text} AND {bytes} <= {max}"))
        }
        // MySQL fills a shorter BINARY up with zeros, which no CHECK can do: it must have its length.
        Type::Binary(length) => format!("{is_blob} AND length({x}) = {length}"),
        Type::Varbinary(length) => format!("{is_blob} AND length({x}) <= {length}"),
        Type::Blob(limit) => {
            byte_limit(*limit).map_or(is_blob.clone(), |max| format!("{is_blob} AND length({x}) <= {max}"))
        }
        // A modifier makes SQLite count the date out; without one it gives back 24 o'clock as it came.
        Type::Date => format!("{is_text} AND date({x}, '+0 days') IS {x}"),
        Type::Time(digits) => time_check(&x, *digits),
        Type::Datetime(digits) | Type::Timestamp(digits) => moment_check(&x, *digits),
        Type::Year => format!("typeof({x}) = 'integer' AND ({x} = 0 OR {x} BETWEEN 1901 AND 2155)"),
        Type::Json => format!("{is_text} AND json_valid({x})"),
        // Enum columns compare without case like MySQL's, but hold the member as it is spelt.
        Type::Enum(members) => {
            format!(
                "{x} COLLATE BINARY IN ({})",
                members.iter().map(|member| text(member)).collect::<Vec<_>>().join(", ")
            )
        }
        Type::Other(_) => return None,
    };
    Some(format!("{x} IS NULL OR {holds}"))
}

fn integer_range(bits: u8, unsigned: bool) -> (Option<i64>, Option<i64>) {
    match (bits, unsigned) {
        (8 | 16 | 24 | 32, true) => (Some(0), Some((1_i64 << bits) - 1)),
        (8 | 16 | 24 | 32, false) => (Some(-(1_i64 << (bits - 1))), Some((1_i64 << (bits - 1)) - 1)),
        (_, true) => (Some(0), None),
        (_, false) => (None, None),
    }
}

fn byte_limit(size: TextSize) -> Option<u32> {
    match size {
        TextSize::Tiny => Some(255),
        TextSize::Normal => Some(65_535),
        TextSize::Medium => Some(16_777_215),
        // SQLite's own limit is lower.
        TextSize::Long => None,
    }
}

fn decimal_check(x: &str, precision: u16, scale: u16, unsigned: bool) -> String {
    let whole_digits = precision.saturating_sub(scale);
    let begins = if unsigned {
        format!("{x} GLOB '[0-9]*'")
    } else {
        format!("({x} GLOB '[0-9]*' OR {x} GLOB '-[0-9]*')")
    };
    let whole = format!("ltrim(substr({x}, 1, instr({x} || '.', '.') - 1), '-')");
    let whole = if whole_digits == 0 {
        format!("{whole} = '0'")
    } else {
        format!("length({whole}) <= {whole_digits}")
    };
    let fraction = if scale == 0 {
        format!("{x} NOT GLOB '*.*'")
    } else {
        format!(
            "{x} NOT GLOB '*.*.*' AND {x} NOT GLOB '*.' AND length(substr({x}, instr({x} || '.', '.') + 1)) <= {scale}"
        )
    };
    format!(
        "typeof({x}) = 'text' AND {begins} AND substr({x}, 2) NOT GLOB '*[^0-9.]*' AND {whole} AND {fraction}"
    )
}

fn moment_check(x: &str, digits: u8) -> String {
    if digits == 0 {
        return format!("typeof({x}) = 'text' AND datetime({x}, '+0 days') IS {x}");
    }
    format!(
        "typeof({x}) = 'text' AND datetime(substr({x}, 1, 19), '+0 days') IS substr({x}, 1, 19) AND substr({x}, 20) GLOB '.{}'",
        "[0-9]".repeat(usize::from(digits))
    )
}

/// MySQL's TIME is a duration: up to 838 hours, and it may be negative.
fn time_check(x: &str, digits: u8) -> String {
    let rest = format!(":[0-5][0-9]:[0-5][0-9]{}", fraction_pattern(digits));
    let forms = ["[0-9][0-9]", "[1-7][0-9][0-9]", "8[0-2][0-9]", "83[0-8]"]
        .iter()
        .map(|hours| format!("ltrim({x}, '-') GLOB '{hours}{rest}'"))
        .collect::<Vec<_>>()
        .join(" OR ");
    format!("typeof({x}) = 'text' AND {x} NOT GLOB '--*' AND ({forms})")
}

fn fraction_pattern(digits: u8) -> String {
    if digits == 0 { String::new() } else { format!(".{}", "[0-9]".repeat(usize::from(digits))) }
}

/// The type of a column that was declared so and whose unnamed checks are `checks`; the second value is the place among
/// them of the check that carries the type.
pub(super) fn decode(
    written: &str,
    column: &str,
    auto_increment: bool,
    checks: &[&str],
) -> (Type, Option<usize>) {
    for candidate in candidates(written, auto_increment, checks) {
        if !declared(&candidate, auto_increment).eq_ignore_ascii_case(written.trim()) {
            continue;
        }
        let Some(expected) = check(&candidate, column) else {
            continue;
        };
        let expected = canonical(&expected);
        if let Some(place) = checks.iter().position(|check| canonical(check) == expected) {
            return (candidate, Some(place));
        }
    }
    (Type::Other(written.to_owned()), None)
}

fn candidates(written: &str, auto_increment: bool, checks: &[&str]) -> Vec<Type> {
    let integers = || {
        [8, 16, 24, 32, 64]
            .into_iter()
            .flat_map(|bits| [false, true].map(|unsigned| Type::Integer { bits, unsigned }))
            .collect::<Vec<_>>()
    };
    if auto_increment {
        return integers();
    }
    let upper = written.trim().to_ascii_uppercase();
    let word = upper.split([' ', '(']).next().unwrap_or_default();
    let numbers: Vec<u32> = upper
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(inside, _)| inside.split(',').filter_map(|number| number.trim().parse().ok()).collect())
        .unwrap_or_default();
    let first = numbers.first().copied();
    let digits = || first.map_or(Some(0), |digits| u8::try_from(digits).ok().filter(|digits| *digits <= 6));
    let sized = |make: fn(u32) -> Type| first.map(make).into_iter().collect();
    match word {
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => integers(),
        "BOOLEAN" => vec![Type::Boolean],
        "DECIMAL_TEXT" | "DECIMAL_TEXT_UNSIGNED" => {
            match (first.map(u16::try_from), numbers.get(1).copied().map(u16::try_from)) {
                (Some(Ok(precision)), Some(Ok(scale))) => {
                    vec![Type::Decimal { precision, scale, unsigned: word.ends_with("UNSIGNED") }]
                }
                _ => Vec::new(),
            }
        }
        "FLOAT" => vec![Type::Float],
        "DOUBLE" => vec![Type::Double],
        "CHAR" => sized(Type::Char),
        "VARCHAR" => sized(Type::Varchar),
        "BINARY_BLOB" => sized(Type::Binary),
        "VARBINARY_BLOB" => sized(Type::Varbinary),
        "TINYTEXT" => vec![Type::Text(TextSize::Tiny)],
        "TEXT" => vec![Type::Text(TextSize::Normal)],
        "MEDIUMTEXT" => vec![Type::Text(TextSize::Medium)],
        "LONGTEXT" => vec![Type::Text(TextSize::Long)],
        "TINYBLOB" => vec![Type::Blob(TextSize::Tiny)],
        "BLOB" => vec![Type::Blob(TextSize::Normal)],
        "MEDIUMBLOB" => vec![Type::Blob(TextSize::Medium)],
        "LONGBLOB" => vec![Type::Blob(TextSize::Long)],
        "DATE" => vec![Type::Date],
        "TIME" => digits().map(Type::Time).into_iter().collect(),
        "DATETIME" => digits().map(Type::Datetime).into_iter().collect(),
        "TIMESTAMP" => digits().map(Type::Timestamp).into_iter().collect(),
        "YEAR" => vec![Type::Year],
        "JSON_TEXT" => vec![Type::Json],
        "ENUM_TEXT" => checks
            .iter()
            .map(|check| {
                let texts = tokenize(check).into_iter().filter(|token| token.kind == Kind::Text);
                Type::Enum(texts.map(|token| tokens::unquote(token.text)).collect())
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether values of the type are compared by a collation.
pub(super) fn is_text(ty: &Type) -> bool {
    match ty {
        Type::Char(_) | Type::Varchar(_) | Type::Text(_) | Type::Enum(_) => true,
        Type::Integer { .. }
        | Type::Boolean
        | Type::Decimal { .. }
        | Type::Float
        | Type::Double
        | Type::Binary(_)
        | Type::Varbinary(_)
        | Type::Blob(_)
        | Type::Date
        | Type::Time(_)
        | Type::Datetime(_)
        | Type::Timestamp(_)
        | Type::Year
        | Type::Json
        | Type::Other(_) => false,
    }
}

/// Whether a column of the collation compares byte by byte. A column without one has the database's, which in the
/// template's dialect ignores case.
pub(super) fn is_binary(collation: Option<&str>) -> bool {
    collation.is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        name.ends_with("_bin") || name.ends_with("_cs") || name == "binary"
    })
}

/// The COLLATE clause of a column and, where that does not say the model's name, the name to keep as a comment.
pub(super) fn collation_clause<'a>(
    ty: &Type,
    collation: Option<&'a str>,
) -> Result<(Option<&'static str>, Option<&'a str>), Refusal> {
    if !is_text(ty) {
        return match collation {
            Some(name) => Err(Refusal::new(format!(
                "The collation {name} is on a column that holds no text; take it off."
            ))),
            None => Ok((None, None)),
        };
    }
    match collation {
        None => Ok((Some("NOCASE"), None)),
        Some(name) if is_binary(Some(name)) => Ok((None, (name != BINARY_COLLATION).then_some(name))),
        Some(name) if name.to_ascii_lowercase().ends_with("_ci") => Ok((Some("NOCASE"), Some(name))),
        Some(name) => Err(Refusal::new(format!(
            "The collation {name} is not known on SQLite; take one that ends in _ci (without case) or _bin (byte by byte)."
        ))),
    }
}

/// The collation in the model of a column with this COLLATE clause and this comment.
pub(super) fn decode_collation(ty: &Type, clause: Option<&str>, comment: Option<&str>) -> Option<String> {
    let is_nocase = clause.is_some_and(|name| name.eq_ignore_ascii_case("NOCASE"));
    let is_plain = clause.is_none_or(|name| name.eq_ignore_ascii_case("BINARY"));
    if let Some(name) = comment
        && is_text(ty)
        && (is_nocase != is_binary(Some(name)))
        && (is_nocase || is_plain)
    {
        return Some(name.to_owned());
    }
    match (is_text(ty), is_nocase, is_plain) {
        (true, true, _) | (false, _, true) => None,
        (true, _, true) => Some(BINARY_COLLATION.to_owned()),
        _ => clause.map(str::to_owned),
    }
}

/// The moment that it is, in UTC, with fraction digits.
pub(super) fn now(digits: u8) -> String {
    match digits {
        0 => "CURRENT_TIMESTAMP".to_owned(),
        3 => "strftime('%Y-%m-%d %H:%M:%f', 'now')".to_owned(),
        1 | 2 => format!("substr(strftime('%Y-%m-%d %H:%M:%f', 'now'), 1, {})", 20 + digits),
        // SQLite's clock has thousandths.
        _ => format!(
            "strftime('%Y-%m-%d %H:%M:%f', 'now') || '{}'",
            "0".repeat(usize::from(digits.saturating_sub(3)))
        ),
    }
}

/// A default as the model has it, from the text that SQLite gives for it.
pub(super) fn decode_default(ty: &Type, written: &str) -> Option<Default> {
    let parts = tokenize(written);
    let kinds: Vec<_> = parts.iter().filter(|token| token.kind != Kind::Comment).collect();
    match kinds.as_slice() {
        [only] if only.is_word("NULL") => return None,
        [only] if only.is_word("TRUE") => return Some(Default::Boolean(true)),
        [only] if only.is_word("FALSE") => return Some(Default::Boolean(false)),
        [only] if only.is_word("CURRENT_TIMESTAMP") => return Some(Default::Now(0)),
        [only] if only.kind == Kind::Number => return Some(Default::Number(only.text.to_owned())),
        [sign, number] if number.kind == Kind::Number && (sign.is("-") || sign.is("+")) => {
            return Some(Default::Number(format!("{}{}", sign.text, number.text)));
        }
        [only] if only.kind == Kind::Text => {
            let value = tokens::unquote(only.text);
            // An exact number is written as text, or SQLite would make a floating one of it.
            return Some(if matches!(ty, Type::Decimal { .. }) {
                Default::Number(value)
            } else {
                Default::Text(value)
            });
        }
        _ => {}
    }
    let text = canonical(written);
    if text == canonical(UUID) {
        return Some(Default::Uuid);
    }
    (1..=6)
        .find(|digits| text == canonical(&now(*digits)))
        .map(Default::Now)
        .or_else(|| Some(Default::Expression(written.trim().to_owned())))
}

/// A text kept inside a CREATE statement, as a comment of its own form, so that `sqlite_schema` remembers it.
pub(super) fn kept(label: &str, value: &str) -> String {
    format!("/* {label} {} */", text(&value.replace('\\', "\\\\").replace("*/", "*\\/")))
}

/// The value in a comment that [`kept`] made with this label.
pub(super) fn decode_kept(label: &str, comment: &str) -> Option<String> {
    let quoted = comment.strip_prefix("/* ")?.strip_suffix(" */")?.strip_prefix(label)?.strip_prefix(' ')?;
    if quoted.len() < 2 || !quoted.starts_with('\'') || !quoted.ends_with('\'') {
        return None;
    }
    let escaped = tokens::unquote(quoted);
    let mut value = String::new();
    let mut characters = escaped.chars();
    while let Some(character) = characters.next() {
        value.push(if character == '\\' { characters.next()? } else { character });
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn every_type() -> Vec<Type> {
        let mut types = vec![
            Type::Boolean,
            Type::Float,
            Type::Double,
            Type::Char(36),
            Type::Varchar(255),
            Type::Binary(16),
            Type::Varbinary(16),
            Type::Date,
            Type::Year,
            Type::Json,
            Type::Enum(vec!["it's".into(), "b, c".into(), "\\".into(), "''".into()]),
        ];
        for unsigned in [false, true] {
            types.extend([8, 16, 24, 32, 64].map(|bits| Type::Integer { bits, unsigned }));
            types.extend([(10, 2), (5, 0), (4, 4), (65, 30)].map(|(precision, scale)| Type::Decimal {
                precision,
                scale,
                unsigned,
            }));
        }
        for size in [TextSize::Tiny, TextSize::Normal, TextSize::Medium, TextSize::Long] {
            types.extend([Type::Text(size), Type::Blob(size)]);
        }
        for digits in 0..=6 {
            types.extend([Type::Time(digits), Type::Datetime(digits), Type::Timestamp(digits)]);
        }
        types
    }

    #[test]
    fn every_type_comes_back_from_its_declaration_and_check() {
        for ty in every_type() {
            for auto_increment in [false, matches!(ty, Type::Integer { .. })] {
                let check = check(&ty, "a \"b\"").unwrap();
                let written = declared(&ty, auto_increment);
                let (read, place) = decode(&written, "a \"b\"", auto_increment, &["1", &check]);
                assert_eq!((read, place), (ty.clone(), Some(1)), "{written} {check}");
            }
        }
    }

    #[test]
    fn a_declaration_without_its_check_is_not_the_type() {
        for ty in every_type() {
            let written = declared(&ty, false);
            assert_eq!(decode(&written, "a", false, &[]), (Type::Other(written.clone()), None));
        }
        let nearly = check(&Type::Varchar(10), "a").unwrap();
        assert_eq!(decode("VARCHAR(20)", "a", false, &[&nearly]).0, Type::Other("VARCHAR(20)".into()));
    }

    #[test]
    fn no_two_types_share_declaration_and_check() {
        let mut seen = std::collections::BTreeSet::new();
        for ty in every_type() {
            assert!(seen.insert((declared(&ty, false), check(&ty, "a"))), "{ty:?}");
        }
    }

    #[test]
    fn collations_come_back() {
        let ty = Type::Varchar(5);
        for name in [
            None,
            Some("utf8mb4_bin"),
            Some("utf8mb4_0900_as_cs"),
            Some("utf8mb4_unicode_ci"),
            Some("latin1_bin"),
        ] {
            let (clause, comment) = collation_clause(&ty, name).unwrap();
            assert_eq!(decode_collation(&ty, clause, comment).as_deref(), name);
        }
        assert!(collation_clause(&ty, Some("klingon")).is_err());
        assert!(collation_clause(&Type::Date, Some("utf8mb4_bin")).is_err());
        assert_eq!(decode_collation(&ty, Some("RTRIM"), None).as_deref(), Some("RTRIM"));
        assert_eq!(decode_collation(&ty, None, Some("utf8mb4_general_ci")).as_deref(), Some("utf8mb4_bin"));
    }

    proptest! {
        #[test]
        fn any_comment_comes_back_and_cannot_leave_its_comment(value in ".{0,40}", evil in "[*/\\\\' ]{0,12}") {
            let value = format!("{evil}{value}{evil}");
            let comment = kept("COMMENT", &value);
            prop_assert_eq!(comment.find("*/"), Some(comment.len() - 2));
            prop_assert_eq!(decode_kept("COMMENT", &comment), Some(value));
        }
    }
}
