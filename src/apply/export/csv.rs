//! A table as CSV: RFC 4180, UTF-8, a row of names first. docs/export.md says how each kind of value is written.

use crate::engine::reading::{ReadTable, Value};
use std::io::{self, Write};

/// What the file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvFor {
    /// Programs: every value exactly as it is.
    Programs,
    /// Spreadsheets: a mark of UTF-8 at the beginning, and no text that a spreadsheet would run as a formula.
    Spreadsheets,
}

/// How NULL is written for programs; a text of these two signs stands in quotes.
const NULL: &[u8] = b"\\N";

/// Writes what comes before the rows.
pub fn write_names(table: &ReadTable, csv_for: CsvFor, out: &mut dyn Write) -> io::Result<()> {
    if csv_for == CsvFor::Spreadsheets {
        out.write_all("\u{feff}".as_bytes())?;
    }
    for (place, column) in table.columns.iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        write_text(column.name.as_bytes(), csv_for, out)?;
    }
    out.write_all(b"\r\n")
}

/// Writes a row.
pub fn write_row(row: &[Value<'_>], csv_for: CsvFor, out: &mut dyn Write) -> io::Result<()> {
    for (place, value) in row.iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        match value {
            Value::Null if csv_for == CsvFor::Programs => out.write_all(NULL)?,
            Value::Null => {}
            Value::Integer(number) => write!(out, "{number}")?,
            Value::Real(number) => write!(out, "{number:?}")?,
            Value::Text(text) if std::str::from_utf8(text).is_ok() => write_text(text, csv_for, out)?,
            // The file is UTF-8, so a text that is not is shown as its bytes.
            Value::Text(bytes) | Value::Bytes(bytes) => write_bytes(bytes, out)?,
        }
    }
    out.write_all(b"\r\n")
}

fn write_bytes(bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"\\x")?;
    let mut digits = String::with_capacity(8192);
    for piece in bytes.chunks(4096) {
        digits.clear();
        for byte in piece {
            let _ = std::fmt::Write::write_fmt(&mut digits, format_args!("{byte:02x}"));
        }
        out.write_all(digits.as_bytes())?;
    }
    Ok(())
}

fn write_text(text: &[u8], csv_for: CsvFor, out: &mut dyn Write) -> io::Result<()> {
    let is_escaped = csv_for == CsvFor::Spreadsheets && would_be_a_formula(text);
    let needs_quotes = text.is_empty()
        || text == NULL
        || text.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
    if needs_quotes {
        out.write_all(b"\"")?;
    }
    if is_escaped {
        out.write_all(b"'")?;
    }
    let mut parts = text.split(|byte| *byte == b'"');
    out.write_all(parts.next().unwrap_or_default())?;
    for part in parts {
        out.write_all(b"\"\"")?;
        out.write_all(part)?;
    }
    if needs_quotes { out.write_all(b"\"") } else { Ok(()) }
}

/// Whether a spreadsheet may run a text (ASVS 1.2.10): it begins with one of `= + - @`, a tab, a carriage return or a line
/// feed, also in the wide letters of East Asia. Apostrophes before them count along, so that taking one away undoes the
/// escape exactly. A plain negative number runs nothing, and is to stay a number.
fn would_be_a_formula(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text.get(..256).unwrap_or(text));
    let bare = text.trim_start_matches('\'');
    let begins = bare.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    begins && !(bare.len() == text.len() && is_negative_number(bare))
}

fn is_negative_number(text: &str) -> bool {
    let Some(number) = text.strip_prefix('-') else { return false };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole) && all_digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[Value<'_>], csv_for: CsvFor) -> String {
        let mut out = Vec::new();
        write_row(values, csv_for, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_and_an_empty_text_are_told_apart() {
        let values = [Value::Null, Value::Text(b""), Value::Text(b"\\N"), Value::Bytes(b"")];
        assert_eq!(row(&values, CsvFor::Programs), "\\N,\"\",\"\\N\",\\x\r\n");
        assert_eq!(row(&values, CsvFor::Spreadsheets), ",\"\",\"\\N\",\\x\r\n");
    }

    #[test]
    fn numbers_are_exact_and_separators_are_quoted() {
        let values = [
            Value::Integer(i64::MIN),
            Value::Real(0.1 + 0.2),
            Value::Real(1e300),
            Value::Text(b"a,\"b\"\r\nc"),
            Value::Bytes(b"\x00\xff"),
            Value::Text(b"\xff"),
        ];
        assert_eq!(
            row(&values, CsvFor::Programs),
            "-9223372036854775808,0.30000000000000004,1e300,\"a,\"\"b\"\"\r\nc\",\\x00ff,\\xff\r\n"
        );
    }

    /// What docs/export.md tells the reader to do.
    fn undo(cell: &str) -> &str {
        let bare = cell.trim_start_matches('\'');
        let was_escaped = bare.len() < cell.len()
            && bare.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
        if was_escaped { &cell[1..] } else { cell }
    }

    #[test]
    fn no_text_is_a_formula_to_a_spreadsheet_and_the_escape_can_be_undone() {
        for text in [
            "=1+1",
            "+49",
            "-x",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "'=1",
            "''+1",
            "＝1",
            "-1-cmd|' /C calc'!A0",
        ] {
            let mut out = Vec::new();
            write_text(text.as_bytes(), CsvFor::Spreadsheets, &mut out).unwrap();
            let written = String::from_utf8(out).unwrap();
            let cell = written.trim_matches('"').replace("\"\"", "\"");
            assert_eq!(cell, format!("'{text}"));
            assert_eq!(undo(&cell), text);
            assert_eq!(
                row(&[Value::Text(text.as_bytes())], CsvFor::Programs)
                    .trim_end_matches("\r\n")
                    .trim_matches('"'),
                text
            );
        }
        for text in ["-12.50", "-3", "O'Hara", "'x", "a=b", "", "it's"] {
            let written = row(&[Value::Text(text.as_bytes())], CsvFor::Spreadsheets);
            assert_eq!(written.trim_end_matches("\r\n").trim_matches('"'), text);
            assert_eq!(undo(text), text);
        }
    }
}
