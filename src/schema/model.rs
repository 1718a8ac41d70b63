//! The normalised model of a schema. The same model holds what a template says (types in the plan's MySQL words,
//! expressions in MySQL text) and what an engine's catalog says (expressions in that engine's text); the two kinds are
//! only ever compared with their own kind.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A whole schema. Names are the keys, so that order never depends on who read it.
#[derive(Debug, Clone, PartialEq, Eq, std::default::Default, Serialize, Deserialize)]
pub struct Schema {
    /// Tables by name.
    pub tables: BTreeMap<String, Table>,
    /// Views by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub views: BTreeMap<String, View>,
    /// Functions and procedures that somebody wrote, by name; on PostgreSQL, where a name may stand for several, with the
    /// types of its arguments, such as `tax(numeric)`; on MariaDB and MySQL, where a function and a procedure may have one
    /// name, a procedure as `name (procedure)`. SQLite has none. Tenantry's own are not here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub functions: BTreeMap<String, Function>,
    /// Triggers that somebody wrote. The ones that an engine needs for `ON UPDATE CURRENT_TIMESTAMP` are not here:
    /// they are [`Column::on_update_now`]. By name; on PostgreSQL, where two tables may have triggers of one name, by
    /// `name on table`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub triggers: BTreeMap<String, Trigger>,
    /// What belongs to no table and is none of the above, by what it is and its name, such as `sequence numbers` or `type mood`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, Other>,
}

/// A table. Columns are in their order in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The table's name.
    pub name: String,
    /// The columns, first to last.
    pub columns: Vec<Column>,
    /// Columns of the primary key, in key order; empty where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<String>,
    /// Unique and plain indexes by name (the primary key is not among them).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub indexes: BTreeMap<String, Index>,
    /// Foreign keys by constraint name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub foreign_keys: BTreeMap<String, ForeignKey>,
    /// Checks that somebody wrote, by constraint name. Those that only carry a type (ENUM, DECIMAL …) are not here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<String, Check>,
    /// The table's comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Its default; `None` where there is none (for a nullable column that is the same as NULL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Default>,
    /// `AUTO_INCREMENT`: the engine gives the next number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto_increment: bool,
    /// `ON UPDATE CURRENT_TIMESTAMP`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_update_now: bool,
    /// A computed column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    /// A collation of its own, where it differs from the database's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// The column's comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A type, in the words of the plan's MySQL dialect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// TINYINT (8), SMALLINT (16), MEDIUMINT (24), INT (32), BIGINT (64).
    Integer {
        /// Width in bits.
        bits: u8,
        /// UNSIGNED.
        unsigned: bool,
    },
    /// BOOLEAN / TINYINT(1).
    Boolean,
    /// DECIMAL(precision, scale), always exact.
    Decimal {
        /// Digits in all.
        precision: u16,
        /// Digits after the point.
        scale: u16,
        /// UNSIGNED.
        unsigned: bool,
    },
    /// FLOAT.
    Float,
    /// DOUBLE.
    Double,
    /// CHAR(n), length in characters.
    Char(u32),
    /// VARCHAR(n), length in characters.
    Varchar(u32),
    /// TINYTEXT, TEXT, MEDIUMTEXT, LONGTEXT; the limit is in bytes.
    Text(TextSize),
    /// BINARY(n), length in bytes.
    Binary(u32),
    /// VARBINARY(n), length in bytes.
    Varbinary(u32),
    /// TINYBLOB, BLOB, MEDIUMBLOB, LONGBLOB.
    Blob(TextSize),
    /// DATE.
    Date,
    /// TIME(fraction digits).
    Time(u8),
    /// DATETIME(fraction digits): a wall clock without a zone.
    Datetime(u8),
    /// TIMESTAMP(fraction digits): a moment, in UTC.
    Timestamp(u8),
    /// YEAR.
    Year,
    /// JSON, checked by the engine.
    Json,
    /// ENUM with its values in order.
    Enum(Vec<String>),
    /// A type that only an engine knows, as it writes it.
    Other(String),
}

/// Sizes of TEXT and BLOB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextSize {
    /// 255 bytes.
    Tiny,
    /// 65,535 bytes.
    Normal,
    /// 16,777,215 bytes.
    Medium,
    /// 4,294,967,295 bytes.
    Long,
}

/// A default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Default {
    /// A constant text (unquoted, unescaped).
    Text(String),
    /// A constant number, as written.
    Number(String),
    /// TRUE or FALSE.
    Boolean(bool),
    /// CURRENT_TIMESTAMP, with fraction digits.
    Now(u8),
    /// UUID().
    Uuid,
    /// Any other expression, as text.
    Expression(String),
}

/// A computed column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generated {
    /// The expression, as text.
    pub expression: String,
    /// STORED (true) or VIRTUAL (false).
    pub stored: bool,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The index's name as the template gave it (unique in its table, not in the database).
    pub name: String,
    /// What it covers, in order.
    pub parts: Vec<IndexPart>,
    /// Whether it is unique.
    pub unique: bool,
    /// The condition of an index over some rows only, as text. Templates cannot write one, a person on SQLite or
    /// PostgreSQL can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// One part of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexPart {
    /// A column's name, or an expression as text where `is_expression`.
    pub column: String,
    /// Whether `column` is an expression.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_expression: bool,
    /// Only the first so many characters are indexed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<u32>,
    /// DESC.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub descending: bool,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The constraint's name (given, or made as `fk_<table>_<columns>`).
    pub name: String,
    /// Columns of this table.
    pub columns: Vec<String>,
    /// The table referred to.
    pub foreign_table: String,
    /// Its columns.
    pub foreign_columns: Vec<String>,
    /// ON DELETE.
    pub on_delete: ReferentialAction,
    /// ON UPDATE.
    pub on_update: ReferentialAction,
}

/// What happens to the referring rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, std::default::Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferentialAction {
    /// NO ACTION; RESTRICT is read as this (the same in the engines, but for deferral).
    #[default]
    NoAction,
    /// CASCADE.
    Cascade,
    /// SET NULL.
    SetNull,
    /// SET DEFAULT.
    SetDefault,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The constraint's name (given, or made as `chk_<table>_<number>`).
    pub name: String,
    /// The condition, as text.
    pub expression: String,
}

/// A view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The view's name.
    pub name: String,
    /// Column names, where the view lists them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The query, as text.
    pub query: String,
}

/// A function or a procedure, as the engine keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its name, with the types of its arguments where these belong to it.
    pub name: String,
    /// The whole statement that makes it, without whom it belongs to.
    pub definition: String,
}

/// Something that belongs to no table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    /// What it is and its name.
    pub name: String,
    /// The statement that makes it, as far as the engine tells.
    pub definition: String,
    /// The account that it belongs to, where that is not the tenant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A trigger, as the engine keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// The trigger's name.
    pub name: String,
    /// The table it watches.
    pub table: String,
    /// The whole statement, as text.
    pub definition: String,
}
