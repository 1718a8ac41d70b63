//! A database as SQL text: values as literals that come back bit by bit, whichever SQLite reads them.

use super::names::{identifier, identifiers};
use crate::engine::reading::{ReadTable, Value};
use std::io::{self, Write};

/// Writes the INSERT of one row. Computed columns are left to the database.
pub(super) fn write_insert(table: &ReadTable, row: &[Value<'_>], out: &mut dyn Write) -> io::Result<()> {
    let written = || table.columns.iter().zip(row).filter(|(column, _)| !column.is_computed);
    let names = identifiers(written().map(|(column, _)| &column.name));
    if names.is_empty() {
        return writeln!(out, "INSERT INTO {} DEFAULT VALUES;", identifier(&table.name));
    }
    write!(out, "INSERT INTO {}({names}) VALUES(", identifier(&table.name))?;
    for (place, (_, value)) in written().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        write_value(*value, out)?;
    }
    out.write_all(b");\n")
}

fn write_value(value: Value<'_>, out: &mut dyn Write) -> io::Result<()> {
    match value {
        Value::Null => out.write_all(b"NULL"),
        Value::Integer(number) => write!(out, "{number}"),
        Value::Real(number) => out.write_all(real(number).as_bytes()),
        Value::Text(text) => write_text(text, out),
        Value::Bytes(bytes) => {
            out.write_all(b"X'")?;
            write_hex(bytes, out)?;
            out.write_all(b"'")
        }
    }
}

/// A text in quotes. A literal ends at NUL, the sqlite3 program takes a carriage return for part of a line end, and what
/// is no UTF-8 would not be UTF-8 in the file either: such texts are written as their bytes.
fn write_text(text: &[u8], out: &mut dyn Write) -> io::Result<()> {
    if text.iter().any(|byte| matches!(byte, 0 | b'\r')) || std::str::from_utf8(text).is_err() {
        out.write_all(b"CAST(X'")?;
        write_hex(text, out)?;
        return out.write_all(b"' AS TEXT)");
    }
    out.write_all(b"'")?;
    let mut parts = text.split(|byte| *byte == b'\'');
    out.write_all(parts.next().unwrap_or_default())?;
    for part in parts {
        out.write_all(b"''")?;
        out.write_all(part)?;
    }
    out.write_all(b"'")
}

/// Bytes as hexadecimal digits, piece by piece.
fn write_hex(bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |number: u8| DIGITS.get(usize::from(number)).copied().unwrap_or(b'0');
    let mut buffer = Vec::with_capacity(2 * 4096);
    for piece in bytes.chunks(4096) {
        buffer.clear();
        buffer.extend(piece.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
        out.write_all(&buffer)?;
    }
    Ok(())
}

/// Whole numbers up to here are exact in a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number that comes back as the same double. SQLite's own reading of decimal fractions is not always the nearest
/// double (before 3.47 it depends on the machine's `long double`), so a fraction that lies near the middle between two
/// doubles, or has many digits, is written as a quotient or product with a power of two, which every machine computes
/// exactly.
pub(super) fn real(number: f64) -> String {
    if number.is_nan() {
        return "NULL".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "9e999".into() } else { "-9e999".into() };
    }
    if number.abs() < EXACT && number.fract() == 0.0 {
        return format!("{number:.1}");
    }
    let plain = format!("{number}");
    if is_read_alike_everywhere(&plain) { plain } else { with_powers_of_two(number) }
}

/// Whether every reading of this decimal fraction, even one that is off by a little, rounds to the same double.
fn is_read_alike_everywhere(plain: &str) -> bool {
    let Some((whole, fraction)) = plain.trim_start_matches('-').split_once('.') else { return false };
    let (Ok(digits), Ok(places)) =
        (format!("{whole}{fraction}").parse::<u128>(), u32::try_from(fraction.len()))
    else {
        return false;
    };
    if digits == 0 || digits >= 10_u128.pow(15) || places > 15 {
        return false;
    }
    let scale = 10_u128.pow(places);
    // At least 66 bits of the quotient: 53 that stay, and enough of those that are rounded away.
    let shift = 66 + digits.leading_zeros().saturating_sub(scale.leading_zeros());
    if shift >= digits.leading_zeros() {
        return false;
    }
    let quotient = (digits << shift) / scale;
    let dropped = (128 - quotient.leading_zeros()).saturating_sub(53);
    let middle = 1_u128 << (dropped - 1);
    let rest = quotient & ((1_u128 << dropped) - 1);
    rest.abs_diff(middle) > middle >> 6
}

fn with_powers_of_two(number: f64) -> String {
    const STEP: i64 = 62;
    let bits = number.to_bits();
    let stored = i64::try_from((bits >> 52) & 0x7ff).unwrap_or_default();
    let fraction = bits & ((1 << 52) - 1);
    let (mut mantissa, mut exponent) =
        if stored == 0 { (fraction, -1074) } else { (fraction | (1 << 52), stored - 1075) };
    let spare = mantissa.trailing_zeros();
    mantissa >>= spare;
    exponent += i64::from(spare);
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let mut text = format!("({sign}{mantissa}.0");
    let operator = if exponent < 0 { '/' } else { '*' };
    let mut left = exponent.abs();
    while left > 0 {
        let part = left.min(STEP);
        text.push(operator);
        text.push_str(&(1_u64 << part).to_string());
        left -= part;
    }
    text.push(')');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

    fn sql(value: Value<'_>) -> String {
        let mut out = Vec::new();
        write_value(value, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn everyday_values_stay_readable() {
        for (value, expected) in [
            (Value::Null, "NULL"),
            (Value::Integer(i64::MIN), "-9223372036854775808"),
            (Value::Real(3.0), "3.0"),
            (Value::Real(-12.5), "-12.5"),
            (Value::Real(19.99), "19.99"),
            (Value::Real(f64::NEG_INFINITY), "-9e999"),
            (Value::Text(b""), "''"),
            (Value::Text(b"O'Hara\nand 'x'"), "'O''Hara\nand ''x'''"),
            (Value::Text(b"a\0b"), "CAST(X'610062' AS TEXT)"),
            (Value::Text(b"a\r\n"), "CAST(X'610d0a' AS TEXT)"),
            (Value::Text(b"\xff"), "CAST(X'ff' AS TEXT)"),
            (Value::Bytes(b""), "X''"),
            (Value::Bytes(b"\x00\xfe"), "X'00fe'"),
        ] {
            assert_eq!(sql(value), expected);
        }
    }

    #[test]
    fn doubles_come_back_bit_by_bit() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let connection =
            runtime.block_on(async { SqliteConnection::connect("sqlite::memory:").await.unwrap() });
        let connection = std::cell::RefCell::new(connection);
        let check = |number: f64| {
            let query = format!("SELECT {} + 0.0 WHERE 1", real(number));
            let mut open = connection.borrow_mut();
            let asked = sqlx::query_scalar(AssertSqlSafe(query)).persistent(false).fetch_one(&mut *open);
            let back: f64 = runtime.block_on(asked).unwrap();
            assert_eq!(back.to_bits(), number.to_bits(), "{number:?} as {}", real(number));
        };
        for number in
            [0.1, 0.2, 0.1 + 0.2, 1e300, 5e-324, f64::MAX, f64::MIN_POSITIVE, 1e23, 123_456.789, 1.0 / 3.0]
        {
            check(number);
            check(-number);
        }
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let bits = any::<u64>()
            .prop_map(f64::from_bits)
            .prop_filter("a number", |number| number.is_finite() && *number != 0.0);
        runner
            .run(&bits, |number| {
                check(number);
                Ok(())
            })
            .unwrap();
        let money = (1_i64..1_000_000_000_000, 1_u32..6)
            .prop_map(|(cents, places)| format!("{cents}e-{places}").parse::<f64>().unwrap());
        runner
            .run(&money, |number| {
                check(number);
                Ok(())
            })
            .unwrap();
    }
}
