//! Names and texts as PostgreSQL writes them, and the names of the objects that a table brings along.
//!
//! An index is unique in its table on MySQL and in the whole schema on PostgreSQL, so `idx_email` of `users` becomes
//! `users__idx_email`. Names longer than 63 bytes would be cut by the server, where two can meet: here they are cut with a
//! digest of the whole at their end, and the whole stands in the object's comment. An index that somebody made by hand
//! keeps its name behind `postgres:`, and such a name is rendered without change.

use crate::{digest::sha256_hex, schema::plain};

const SEPARATOR: &str = "__";
const RAW: &str = plain::POSTGRES;

/// Longest name of anything, in bytes.
pub(super) const LIMIT: usize = 63;

/// The collation of texts in keys.
pub(super) const COLLATION: &str = "tenantry_ci";

/// What the comment of an object whose name was cut begins with.
pub(super) const WHOLE_NAME: &str = "tenantry name: ";

/// What the name of a check that carries a type begins with.
pub(super) const TYPE_CHECK: &str = "tenantry_type_";

/// A name in double quotes.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Several names in double quotes, with commas.
pub(super) fn identifiers<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    names.into_iter().map(|name| identifier(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A text in single quotes; backslashes mean nothing there.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A name that fits; two names never become one.
pub(super) fn cut(name: &str) -> String {
    if name.len() <= LIMIT {
        return name.to_owned();
    }
    let digest = sha256_hex(name);
    let digest = digest.get(..10).unwrap_or_default();
    let mut end = LIMIT - digest.len() - 1;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{digest}", name.get(..end).unwrap_or_default())
}

/// The name on PostgreSQL of a table's index, before it is cut.
pub(super) fn whole_index_name(table: &str, index: &str) -> String {
    match index.strip_prefix(RAW) {
        Some(raw) => raw.to_owned(),
        None => format!("{table}{SEPARATOR}{index}"),
    }
}

/// The name on PostgreSQL of a table's index.
pub(super) fn index_name(table: &str, index: &str) -> String {
    cut(&whole_index_name(table, index))
}

/// The name in the model of an index that PostgreSQL has on a table.
pub(super) fn index_name_in_model(table: &str, live: &str) -> String {
    match live.strip_prefix(table).and_then(|rest| rest.strip_prefix(SEPARATOR)) {
        Some(name) if !name.starts_with(RAW) => name.to_owned(),
        _ => format!("{RAW}{live}"),
    }
}

/// The whole name that the comment of an object with a cut name keeps.
pub(super) fn whole_name(live: &str, comment: Option<&str>) -> String {
    match comment.and_then(|comment| comment.strip_prefix(WHOLE_NAME)) {
        Some(whole) if cut(whole) == live => whole.to_owned(),
        _ => live.to_owned(),
    }
}

/// The name of a table's primary key. An index cannot be called that on MySQL.
pub(super) fn primary_key(table: &str) -> String {
    cut(&format!("{table}{SEPARATOR}primary"))
}

/// The name of the check that carries a column's type.
pub(super) fn type_check(column: &str) -> String {
    cut(&format!("{TYPE_CHECK}{column}"))
}

/// The name of the trigger, and of its function, that keeps a table's `ON UPDATE CURRENT_TIMESTAMP` columns.
pub(super) fn on_update(table: &str) -> String {
    cut(&format!("{table}{SEPARATOR}on_update"))
}

/// Whether two names are one to the template's dialect, which ignores the case of ASCII letters.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_never_meet() {
        let long = "ü".repeat(60);
        let (first, second) = (cut(&format!("{long}1")), cut(&format!("{long}2")));
        assert!(first.len() <= LIMIT && second.len() <= LIMIT);
        assert_ne!(first, second);
        assert_eq!(cut("short"), "short");
        let whole = format!("{long}1");
        assert_eq!(whole_name(&first, Some(&format!("{WHOLE_NAME}{whole}"))), whole);
        assert_eq!(whole_name(&second, Some(&format!("{WHOLE_NAME}{whole}"))), second);
    }

    #[test]
    fn index_names_come_back_and_hand_made_ones_stay_apart() {
        for name in ["idx_email", "_x", "a__b", "üñ"] {
            assert_eq!(index_name_in_model("users", &index_name("users", name)), name);
        }
        assert_eq!(index_name_in_model("users", "idx_email"), "postgres:idx_email");
        assert_eq!(index_name("users", "postgres:idx_email"), "idx_email");
    }
}
