//! Names, texts and types as MariaDB and MySQL write them.

use super::Refusal;
use crate::schema::{Type, model::TextSize};

/// Longest name of a table, column, index or constraint, in characters.
const LONGEST_NAME: usize = 64;

/// A name, quoted.
pub(super) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Several names, quoted, with commas.
pub(super) fn identifiers<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| identifier(name)).collect::<Vec<_>>().join(", ")
}

/// A text as a literal. Sessions run without `NO_BACKSLASH_ESCAPES`, so a backslash is doubled.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

/// Whether two names are one. Columns, indexes and constraints are found in any case.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Refuses names that the servers would cut or not take.
pub(super) fn check_name(what: &str, name: &str) -> Result<(), Refusal> {
    if name.chars().count() > LONGEST_NAME {
        return Err(Refusal::new(format!(
            "The name {name} of {what} is longer than {LONGEST_NAME} characters; shorten it."
        )));
    }
    if name.contains('\0') || name.ends_with(' ') || name.is_empty() {
        return Err(Refusal::new(format!(
            "The name {name:?} of {what} is empty, ends with a blank or has a zero byte; choose another."
        )));
    }
    if name.chars().any(|sign| sign > '\u{ffff}') {
        return Err(Refusal::new(format!(
            "The name {name} of {what} has a sign that names cannot have; choose another."
        )));
    }
    Ok(())
}

fn digits(word: &str, digits: u8) -> String {
    if digits == 0 { word.to_owned() } else { format!("{word}({digits})") }
}

fn sized(size: TextSize, word: &str) -> String {
    let prefix = match size {
        TextSize::Tiny => "TINY",
        TextSize::Normal => "",
        TextSize::Medium => "MEDIUM",
        TextSize::Long => "LONG",
    };
    format!("{prefix}{word}")
}

/// A type as a column's definition has it.
pub(super) fn type_words(ty: &Type) -> String {
    let unsigned = |is_unsigned: bool| if is_unsigned { " UNSIGNED" } else { "" };
    match ty {
        Type::Integer { bits, unsigned: is_unsigned } => {
            let word = match bits {
                8 => "TINYINT",
                16 => "SMALLINT",
                24 => "MEDIUMINT",
                32 => "INT",
                _ => "BIGINT",
            };
            format!("{word}{}", unsigned(*is_unsigned))
        }
        Type::Boolean => "TINYINT(1)".to_owned(),
        Type::Decimal { precision, scale, unsigned: is_unsigned } => {
            format!("DECIMAL({precision},{scale}){}", unsigned(*is_unsigned))
        }
        Type::Float => "FLOAT".to_owned(),
        Type::Double => "DOUBLE".to_owned(),
        Type::Char(length) => format!("CHAR({length})"),
        Type::Varchar(length) => format!("VARCHAR({length})"),
        Type::Text(size) => sized(*size, "TEXT"),
        Type::Binary(length) => format!("BINARY({length})"),
        Type::Varbinary(length) => format!("VARBINARY({length})"),
        Type::Blob(size) => sized(*size, "BLOB"),
        Type::Date => "DATE".to_owned(),
        Type::Time(fraction) => digits("TIME", *fraction),
        Type::Datetime(fraction) => digits("DATETIME", *fraction),
        Type::Timestamp(fraction) => digits("TIMESTAMP", *fraction),
        Type::Year => "YEAR".to_owned(),
        Type::Json => "JSON".to_owned(),
        Type::Enum(members) => {
            format!("ENUM({})", members.iter().map(|member| text(member)).collect::<Vec<_>>().join(", "))
        }
        Type::Other(written) => written.clone(),
    }
}

/// Reads a type as the catalog writes it, such as `bigint(20) unsigned`.
pub(super) fn read_type(written: &str) -> Type {
    let lower = written.to_ascii_lowercase();
    // Zeros before a number change how it is read.
    if lower.contains(" zerofill") {
        return Type::Other(written.to_owned());
    }
    let unsigned = lower.contains(" unsigned");
    let (word, arguments) = match written.split_once('(') {
        Some((word, rest)) => {
            (word.to_ascii_lowercase(), rest.rsplit_once(')').map_or("", |(inside, _)| inside))
        }
        None => (lower.split(' ').next().unwrap_or_default().to_owned(), ""),
    };
    let numbers: Vec<u32> = arguments.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    let first = numbers.first().copied();
    let fraction = u8::try_from(first.unwrap_or(0)).unwrap_or(6);
    let integer = |bits| Type::Integer { bits, unsigned };
    match word.as_str() {
        "tinyint" if first == Some(1) && !unsigned => Type::Boolean,
        "tinyint" => integer(8),
        "smallint" => integer(16),
        "mediumint" => integer(24),
        "int" => integer(32),
        "bigint" => integer(64),
        "decimal" => Type::Decimal {
            precision: u16::try_from(first.unwrap_or(10)).unwrap_or(65),
            scale: u16::try_from(numbers.get(1).copied().unwrap_or(0)).unwrap_or(30),
            unsigned,
        },
        "float" if arguments.is_empty() && !unsigned => Type::Float,
        "double" if arguments.is_empty() && !unsigned => Type::Double,
        "char" => Type::Char(first.unwrap_or(1)),
        "varchar" => Type::Varchar(first.unwrap_or(0)),
        "tinytext" => Type::Text(TextSize::Tiny),
        "text" => Type::Text(TextSize::Normal),
        "mediumtext" => Type::Text(TextSize::Medium),
        "longtext" => Type::Text(TextSize::Long),
        "binary" => Type::Binary(first.unwrap_or(1)),
        "varbinary" => Type::Varbinary(first.unwrap_or(0)),
        "tinyblob" => Type::Blob(TextSize::Tiny),
        "blob" => Type::Blob(TextSize::Normal),
        "mediumblob" => Type::Blob(TextSize::Medium),
        "longblob" => Type::Blob(TextSize::Long),
        "date" => Type::Date,
        "time" => Type::Time(fraction),
        "datetime" => Type::Datetime(fraction),
        "timestamp" => Type::Timestamp(fraction),
        "year" => Type::Year,
        "json" => Type::Json,
        "enum" => Type::Enum(texts(arguments)),
        _ => Type::Other(written.to_owned()),
    }
}

/// The texts of a list of literals, such as `'a','it''s'`.
fn texts(list: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut signs = list.chars().peekable();
    while signs.next().is_some_and(|sign| sign == '\'') {
        let mut text = String::new();
        loop {
            match signs.next() {
                Some('\'') if signs.peek() == Some(&'\'') => {
                    signs.next();
                    text.push('\'');
                }
                Some('\'') | None => break,
                Some(sign) => text.push(sign),
            }
        }
        found.push(text);
        while signs.peek().is_some_and(|sign| *sign == ',' || *sign == ' ') {
            signs.next();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_back_as_it_was_written() {
        let all = [
            Type::Integer { bits: 8, unsigned: true },
            Type::Integer { bits: 24, unsigned: false },
            Type::Integer { bits: 64, unsigned: true },
            Type::Boolean,
            Type::Decimal { precision: 12, scale: 2, unsigned: true },
            Type::Float,
            Type::Double,
            Type::Char(36),
            Type::Varchar(255),
            Type::Text(TextSize::Medium),
            Type::Varbinary(16),
            Type::Blob(TextSize::Long),
            Type::Date,
            Type::Time(3),
            Type::Datetime(0),
            Type::Timestamp(6),
            Type::Year,
            Type::Json,
            Type::Enum(vec!["a".into(), "it's".into(), "b, c".into(), String::new()]),
        ];
        for ty in all {
            assert_eq!(read_type(&type_words(&ty)), ty);
        }
        assert_eq!(read_type("int(10) unsigned"), Type::Integer { bits: 32, unsigned: true });
        assert_eq!(read_type("set('a','b')"), Type::Other("set('a','b')".into()));
        assert_eq!(read_type("year(4)"), Type::Year);
        assert_eq!(read_type("int(5) zerofill"), Type::Other("int(5) zerofill".into()));
    }

    #[test]
    fn names_and_texts_cannot_end_their_quotes() {
        assert_eq!(identifier("a`b"), "`a``b`");
        assert_eq!(text(r"it's \ here"), r"'it''s \\ here'");
    }
}
