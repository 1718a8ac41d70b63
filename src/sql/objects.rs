//! Names for what a statement touches.

use crate::schema::Schema;
use serde::Serialize;
use std::fmt;

/// An object of a schema. A table stands for its rows and for everything that is in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ObjectRef {
    /// A table.
    Table {
        /// Its name.
        table: String,
    },
    /// A column of a table, or of a view.
    Column {
        /// The table or the view.
        table: String,
        /// Its name.
        column: String,
    },
    /// A primary key.
    PrimaryKey {
        /// Its table.
        table: String,
    },
    /// A plain or a unique index.
    Index {
        /// Its table.
        table: String,
        /// Its name.
        index: String,
    },
    /// A foreign key.
    ForeignKey {
        /// Its table.
        table: String,
        /// Its name.
        key: String,
    },
    /// A check.
    Check {
        /// Its table.
        table: String,
        /// Its name.
        check: String,
    },
    /// A view.
    View {
        /// Its name.
        view: String,
    },
}

impl ObjectRef {
    /// A table.
    pub fn table(table: &str) -> Self {
        ObjectRef::Table { table: table.to_owned() }
    }

    /// A column.
    pub fn column(table: &str, column: &str) -> Self {
        ObjectRef::Column { table: table.to_owned(), column: column.to_owned() }
    }

    /// An index.
    pub fn index(table: &str, index: &str) -> Self {
        ObjectRef::Index { table: table.to_owned(), index: index.to_owned() }
    }

    /// A foreign key.
    pub fn foreign_key(table: &str, key: &str) -> Self {
        ObjectRef::ForeignKey { table: table.to_owned(), key: key.to_owned() }
    }

    /// A check.
    pub fn check(table: &str, check: &str) -> Self {
        ObjectRef::Check { table: table.to_owned(), check: check.to_owned() }
    }

    /// A view.
    pub fn view(view: &str) -> Self {
        ObjectRef::View { view: view.to_owned() }
    }

    /// The primary key of a table.
    pub fn primary_key(table: &str) -> Self {
        ObjectRef::PrimaryKey { table: table.to_owned() }
    }
}

impl fmt::Display for ObjectRef {
    /// In words that a sentence goes on with: `the column members.phone`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ObjectRef::Table { table } => write!(f, "the table {table}"),
            ObjectRef::Column { table, column } => write!(f, "the column {table}.{column}"),
            ObjectRef::PrimaryKey { table } => write!(f, "the primary key of {table}"),
            ObjectRef::Index { table, index } => write!(f, "the index {table}.{index}"),
            ObjectRef::ForeignKey { table, key } => write!(f, "the foreign key {table}.{key}"),
            ObjectRef::Check { table, check } => write!(f, "the check {table}.{check}"),
            ObjectRef::View { view } => write!(f, "the view {view}"),
        }
    }
}

/// Where `name` is a table's name in any case, the name as the table was created, otherwise `name`.
pub(super) fn table_name<'a>(schema: &'a Schema, name: &'a str) -> &'a str {
    schema.tables.keys().find(|known| known.eq_ignore_ascii_case(name)).map_or(name, String::as_str)
}

/// The name of a table's column as it was created, otherwise `name`.
pub(super) fn column_name<'a>(schema: &'a Schema, table: &str, name: &'a str) -> &'a str {
    let columns = schema.tables.get(table).map(|table| table.columns.as_slice()).unwrap_or_default();
    columns
        .iter()
        .find(|column| column.name.eq_ignore_ascii_case(name))
        .map_or(name, |column| column.name.as_str())
}
