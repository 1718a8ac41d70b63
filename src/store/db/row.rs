//! A row of an answer, read as whole numbers and texts: an engine may hold a number as something longer than was meant (a
//! sum), and a moment as something shorter than a text. What that comes to is said here and nowhere else.

use super::{Result, StoreError};
use sqlx::{
    Decode, MySql, Postgres, Row as _, TypeInfo, ValueRef, mysql::MySqlRow, postgres::PgRow,
    sqlite::SqliteRow,
};

/// A row of an answer.
pub struct Row(pub(super) Inner);

pub(super) enum Inner {
    Sqlite(SqliteRow),
    MariaDb(MySqlRow),
    Postgres(PgRow),
}

/// What decoding ends in.
type Decoded<T> = std::result::Result<Option<T>, sqlx::error::BoxDynError>;

impl Row {
    /// A text that is never NULL.
    pub fn text(&self, column: &str) -> Result<String> {
        self.maybe_text(column)?.ok_or_else(|| is_null(column))
    }

    /// A text, or `None` for NULL.
    pub fn maybe_text(&self, column: &str) -> Result<Option<String>> {
        match &self.0 {
            Inner::Sqlite(row) => Ok(row.try_get_unchecked(column)?),
            Inner::MariaDb(row) => read(column, mariadb_text(row, column)),
            Inner::Postgres(row) => Ok(row.try_get_unchecked(column)?),
        }
    }

    /// A whole number that is never NULL.
    pub fn int(&self, column: &str) -> Result<i64> {
        self.maybe_int(column)?.ok_or_else(|| is_null(column))
    }

    /// A whole number, or `None` for NULL.
    pub fn maybe_int(&self, column: &str) -> Result<Option<i64>> {
        match &self.0 {
            Inner::Sqlite(row) => Ok(row.try_get_unchecked(column)?),
            Inner::MariaDb(row) => read(column, mariadb_int(row, column)),
            Inner::Postgres(row) => read(column, postgres_int(row, column)),
        }
    }

    /// A truth value.
    pub fn flag(&self, column: &str) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    /// A text read into a type of its own.
    pub fn parse<T>(&self, column: &str) -> Result<T>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        self.text(column)?.parse().map_err(|error: T::Err| unreadable(column, &error))
    }

    /// JSON read into a type of its own.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T> {
        serde_json::from_str(&self.text(column)?).map_err(|error| unreadable(column, &error))
    }

    /// JSON, or `None` for NULL.
    pub fn maybe_json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        let text = self.maybe_text(column)?;
        text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| unreadable(column, &error))
    }
}

fn unreadable(column: &str, reason: &impl std::fmt::Display) -> StoreError {
    StoreError::Unreadable { column: column.to_owned(), reason: reason.to_string() }
}

fn is_null(column: &str) -> StoreError {
    unreadable(column, &"it is NULL")
}

fn read<T>(column: &str, decoded: Decoded<T>) -> Result<Option<T>> {
    decoded.map_err(|cause| match cause.downcast::<sqlx::Error>() {
        Ok(cause) => StoreError::Database(*cause),
        Err(cause) => unreadable(column, &cause),
    })
}

/// A text; a TIMESTAMP as [`crate::clock::timestamp`] writes it.
fn mariadb_text(row: &MySqlRow, column: &str) -> Decoded<String> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(None);
    }
    let is_moment = matches!(value.type_info().name(), "TIMESTAMP" | "DATETIME");
    if !is_moment {
        return <String as Decode<MySql>>::decode(value).map(Some);
    }
    let bytes = <&[u8] as Decode<MySql>>::decode(value)?;
    moment(bytes).map(Some).ok_or_else(|| "no moment".into())
}

/// A moment as the server sends it: its length, the year in two bytes, then month, day, hour, minute and second; what is
/// zero at the end is left out.
fn moment(bytes: &[u8]) -> Option<String> {
    let (length, rest) = bytes.split_first()?;
    let at = |place: usize| if place < usize::from(*length) { rest.get(place).copied() } else { Some(0) };
    let year = u16::from_le_bytes([at(0)?, at(1)?]);
    let (month, day, hour, minute, second) = (at(2)?, at(3)?, at(4)?, at(5)?, at(6)?);
    Some(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
}

/// A whole number; a sum is a DECIMAL, which the server sends in digits.
fn mariadb_int(row: &MySqlRow, column: &str) -> Decoded<i64> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(None);
    }
    if value.type_info().name() == "DECIMAL" {
        return Ok(Some(<&str as Decode<MySql>>::decode(value)?.parse()?));
    }
    <i64 as Decode<MySql>>::decode(value).map(Some)
}

/// A whole number; a sum is a `numeric`.
fn postgres_int(row: &PgRow, column: &str) -> Decoded<i64> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(None);
    }
    if value.type_info().name() == "NUMERIC" {
        let bytes = <&[u8] as Decode<Postgres>>::decode(value)?;
        return numeric(bytes).map(Some).ok_or_else(|| "no whole number".into());
    }
    <i64 as Decode<Postgres>>::decode(value).map(Some)
}

/// A `numeric` as the server sends it: how many digits to the base of 10,000 there are, the place of the first, the sign and
/// the digits after the point, each in two bytes; then the digits.
fn numeric(bytes: &[u8]) -> Option<i64> {
    let words: Vec<i64> = bytes
        .chunks_exact(2)
        .filter_map(|pair| Some(i64::from(i16::from_be_bytes(pair.try_into().ok()?))))
        .collect();
    let [_, weight, sign, 0, digits @ ..] = words.as_slice() else { return None };
    let places = usize::try_from(weight + 1).ok()?;
    let mut number = 0_i64;
    for place in 0..places {
        number = number.checked_mul(10_000)?.checked_add(digits.get(place).copied().unwrap_or_default())?;
    }
    match sign {
        0 => Some(number),
        0x4000 => number.checked_neg(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{moment, numeric};

    #[test]
    fn sums_are_read_as_whole_numbers() {
        let written = |words: &[i16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>();
        assert_eq!(numeric(&written(&[0, 0, 0, 0])), Some(0));
        assert_eq!(numeric(&written(&[1, 0, 0, 0, 42])), Some(42));
        assert_eq!(numeric(&written(&[2, 1, 0, 0, 3, 17])), Some(30_017));
        // Zeros at the end are left out.
        assert_eq!(numeric(&written(&[1, 2, 0x4000, 0, 5])), Some(-500_000_000));
        assert_eq!(numeric(&written(&[1, -1, 0, 1, 5000])), None);
        assert_eq!(numeric(&written(&[1, 9, 0, 0, 1])), None);
        assert_eq!(numeric(&[1]), None);
    }

    #[test]
    fn moments_are_read_as_they_are_written() {
        assert_eq!(moment(&[7, 0xea, 7, 11, 23, 10, 0, 5]).as_deref(), Some("2026-11-23 10:00:05"));
        assert_eq!(moment(&[4, 0xea, 7, 11, 23]).as_deref(), Some("2026-11-23 00:00:00"));
        assert_eq!(moment(&[]), None);
        assert_eq!(moment(&[7, 0xea]), None);
    }
}
