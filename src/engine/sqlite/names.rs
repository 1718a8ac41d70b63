//! Names and texts as SQLite writes them, and the names of the objects that a table brings along.
//!
//! An index is unique in its table on MySQL and in the whole database on SQLite, so `idx_email` of `users` becomes
//! `users__idx_email`. Backwards, the index's table is known, so its name and the two underscores are taken off. An index
//! that somebody made by hand without that beginning keeps its name behind `sqlite:`, and such a name is rendered
//! without change; so no two live names give the same name in the model.

use crate::schema::plain;

const SEPARATOR: &str = "__";
const RAW: &str = plain::SQLITE;

/// The name of the table that a rebuild fills before it takes the old one's place.
pub(super) const REBUILD_TABLE: &str = "tenantry_rebuild";

/// A name in double quotes.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Several names in double quotes, with commas.
pub(super) fn identifiers<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    names.into_iter().map(|name| identifier(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A text in single quotes.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// The name on SQLite of a table's index.
pub(super) fn index_name(table: &str, index: &str) -> String {
    match index.strip_prefix(RAW) {
        Some(raw) => raw.to_owned(),
        None => format!("{table}{SEPARATOR}{index}"),
    }
}

/// The name in the model of an index that SQLite has on a table.
pub(super) fn index_name_in_model(table: &str, live: &str) -> String {
    let stripped = live.strip_prefix(table).and_then(|rest| rest.strip_prefix(SEPARATOR));
    match stripped {
        Some(name) if !name.starts_with(RAW) => name.to_owned(),
        _ => format!("{RAW}{live}"),
    }
}

/// The name of the trigger that keeps a table's `ON UPDATE CURRENT_TIMESTAMP` columns.
pub(super) fn on_update_trigger(table: &str) -> String {
    format!("{table}{SEPARATOR}on_update")
}

/// Whether two names are one to SQLite, which ignores the case of ASCII letters.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// A name for a constraint that has none, with a number where it is taken.
pub(super) fn free_name(wanted: String, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(&wanted) {
        return wanted;
    }
    (2..u32::MAX).map(|number| format!("{wanted}_{number}")).find(|name| !is_taken(name)).unwrap_or(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_names_come_back_and_hand_made_ones_stay_apart() {
        for name in ["idx_email", "_x", "a__b", "üñ"] {
            assert_eq!(index_name_in_model("users", &index_name("users", name)), name);
        }
        assert_eq!(index_name_in_model("users", "idx_email"), "sqlite:idx_email");
        assert_eq!(index_name("users", "sqlite:idx_email"), "idx_email");
        assert_ne!(index_name_in_model("users", "users__sqlite:x"), index_name_in_model("users", "x"));
    }

    #[test]
    fn quotes_inside_names_and_texts_are_doubled() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(text("O'Hara"), "'O''Hara'");
    }
}
