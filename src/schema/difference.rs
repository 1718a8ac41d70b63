//! How two schemas of the same kind differ, object by object.

use super::{Column, Default, ForeignKey, Index, Schema, Table, Type};
use std::collections::BTreeMap;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Found, but not expected.
    Added,
    /// Expected, but not found.
    Removed,
    /// Found, but not as expected.
    Changed,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// What kind of object it is: `table`, `column`, `index` …
    pub kind: &'static str,
    /// Its name, such as `members.phone`.
    pub object: String,
    /// What happened to it.
    pub change: Change,
    /// What was expected, as text.
    pub expected: Option<String>,
    /// What was found, as text.
    pub found: Option<String>,
    /// All of it in a sentence.
    pub sentence: String,
}

/// All differences, in the order of the objects' names; none where the schemas are the same.
pub fn differences(expected: &Schema, found: &Schema) -> Vec<Difference> {
    let mut list = List(Vec::new());
    for (name, table) in &expected.tables {
        match found.tables.get(name) {
            None => list.add("table", name.clone(), Some(columns_of(table)), None),
            Some(other) => tables(&mut list, table, other),
        }
    }
    for (name, table) in found.tables.iter().filter(|(name, _)| !expected.tables.contains_key(*name)) {
        list.add("table", name.clone(), None, Some(columns_of(table)));
    }
    maps(&mut list, "view", "", &expected.views, &found.views, |view| view.query.clone());
    maps(&mut list, "trigger", "", &expected.triggers, &found.triggers, |trigger| trigger.definition.clone());
    list.0
}

struct List(Vec<Difference>);

impl List {
    fn add(&mut self, kind: &'static str, object: String, expected: Option<String>, found: Option<String>) {
        let (change, sentence) = match (&expected, &found) {
            (Some(_), None) => (Change::Removed, format!("The {kind} {object} is missing.")),
            (None, Some(_)) => {
                (Change::Added, format!("There is a {kind} {object} that should not be there."))
            }
            (Some(expected), Some(found)) if expected == found => return,
            (Some(expected), Some(found)) => {
                (Change::Changed, format!("The {kind} {object} should be `{expected}`, but is `{found}`."))
            }
            (None, None) => return,
        };
        self.0.push(Difference { kind, object, change, expected, found, sentence });
    }
}

fn maps<T>(
    list: &mut List,
    kind: &'static str,
    owner: &str,
    expected: &BTreeMap<String, T>,
    found: &BTreeMap<String, T>,
    text: impl Fn(&T) -> String,
) {
    let object = |name: &str| if owner.is_empty() { name.to_owned() } else { format!("{owner}.{name}") };
    for (name, value) in expected {
        list.add(kind, object(name), Some(text(value)), found.get(name).map(&text));
    }
    for (name, value) in found.iter().filter(|(name, _)| !expected.contains_key(*name)) {
        list.add(kind, object(name), None, Some(text(value)));
    }
}

fn columns_of(table: &Table) -> String {
    table.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn tables(list: &mut List, expected: &Table, found: &Table) {
    let by_name = |table: &Table| -> BTreeMap<String, Column> {
        table.columns.iter().map(|column| (column.name.clone(), column.clone())).collect()
    };
    let before = list.0.len();
    maps(list, "column", &expected.name, &by_name(expected), &by_name(found), column_text);
    let same_columns = list.0.len() == before;
    if same_columns {
        list.add(
            "order of columns of",
            expected.name.clone(),
            Some(columns_of(expected)),
            Some(columns_of(found)),
        );
    }
    let key = |table: &Table| table.primary_key.join(", ");
    list.add("primary key of", expected.name.clone(), Some(key(expected)), Some(key(found)));
    maps(list, "index", &expected.name, &expected.indexes, &found.indexes, index_text);
    maps(list, "foreign key", &expected.name, &expected.foreign_keys, &found.foreign_keys, foreign_key_text);
    maps(list, "check", &expected.name, &expected.checks, &found.checks, |check| check.expression.clone());
    let comment = |table: &Table| table.comment.clone().unwrap_or_default();
    list.add("comment of", expected.name.clone(), Some(comment(expected)), Some(comment(found)));
}

/// A column's definition in one line.
pub fn column_text(column: &Column) -> String {
    let mut text = column.ty.to_string();
    if let Some(collation) = &column.collation {
        text.push_str(" COLLATE ");
        text.push_str(collation);
    }
    if let Some(generated) = &column.generated {
        let how = if generated.stored { "STORED" } else { "VIRTUAL" };
        text.extend([" AS (", &generated.expression.replace('\n', " "), ") ", how]);
    }
    if !column.nullable {
        text.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        text.push_str(" DEFAULT ");
        text.push_str(&default.to_string());
    }
    if column.auto_increment {
        text.push_str(" AUTO_INCREMENT");
    }
    if column.on_update_now {
        text.push_str(" ON UPDATE CURRENT_TIMESTAMP");
    }
    if let Some(comment) = &column.comment {
        text.push_str(" COMMENT ");
        text.push_str(&quoted(comment));
    }
    text
}

/// An index in one line.
pub fn index_text(index: &Index) -> String {
    let parts: Vec<String> = index
        .parts
        .iter()
        .map(|part| {
            let column = if part.is_expression { format!("({})", part.column) } else { part.column.clone() };
            let prefix = part.prefix.map(|length| format!("({length})")).unwrap_or_default();
            format!("{column}{prefix}{}", if part.descending { " DESC" } else { "" })
        })
        .collect();
    format!("{}({})", if index.unique { "UNIQUE " } else { "" }, parts.join(", "))
}

/// A foreign key in one line.
pub fn foreign_key_text(key: &ForeignKey) -> String {
    let action = |what: &str, action: super::ReferentialAction| match action {
        super::ReferentialAction::NoAction => String::new(),
        super::ReferentialAction::Cascade => format!(" ON {what} CASCADE"),
        super::ReferentialAction::SetNull => format!(" ON {what} SET NULL"),
        super::ReferentialAction::SetDefault => format!(" ON {what} SET DEFAULT"),
    };
    format!(
        "({}) REFERENCES {} ({}){}{}",
        key.columns.join(", "),
        key.foreign_table,
        key.foreign_columns.join(", "),
        action("DELETE", key.on_delete),
        action("UPDATE", key.on_update)
    )
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

impl std::fmt::Display for Default {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Default::Text(text) => f.write_str(&quoted(text)),
            Default::Number(number) => f.write_str(number),
            Default::Boolean(flag) => f.write_str(if *flag { "TRUE" } else { "FALSE" }),
            Default::Now(0) => f.write_str("CURRENT_TIMESTAMP"),
            Default::Now(digits) => write!(f, "CURRENT_TIMESTAMP({digits})"),
            Default::Uuid => f.write_str("(UUID())"),
            Default::Expression(text) => write!(f, "({text})"),
        }
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use super::model::TextSize;
        let sized = |size: TextSize| match size {
            TextSize::Tiny => "TINY",
            TextSize::Normal => "",
            TextSize::Medium => "MEDIUM",
            TextSize::Long => "LONG",
        };
        let fraction = |digits: u8| if digits == 0 { String::new() } else { format!("({digits})") };
        let sign = |unsigned: bool| if unsigned { " UNSIGNED" } else { "" };
        match self {
            Type::Integer { bits, unsigned } => {
                let word = match bits {
                    8 => "TINYINT",
                    16 => "SMALLINT",
                    24 => "MEDIUMINT",
                    32 => "INT",
                    _ => "BIGINT",
                };
                write!(f, "{word}{}", sign(*unsigned))
            }
            Type::Boolean => f.write_str("BOOLEAN"),
            Type::Decimal { precision, scale, unsigned } => {
                write!(f, "DECIMAL({precision},{scale}){}", sign(*unsigned))
            }
            Type::Float => f.write_str("FLOAT"),
            Type::Double => f.write_str("DOUBLE"),
            Type::Char(length) => write!(f, "CHAR({length})"),
            Type::Varchar(length) => write!(f, "VARCHAR({length})"),
            Type::Text(size) => write!(f, "{}TEXT", sized(*size)),
            Type::Binary(length) => write!(f, "BINARY({length})"),
            Type::Varbinary(length) => write!(f, "VARBINARY({length})"),
            Type::Blob(size) => write!(f, "{}BLOB", sized(*size)),
            Type::Date => f.write_str("DATE"),
            Type::Time(digits) => write!(f, "TIME{}", fraction(*digits)),
            Type::Datetime(digits) => write!(f, "DATETIME{}", fraction(*digits)),
            Type::Timestamp(digits) => write!(f, "TIMESTAMP{}", fraction(*digits)),
            Type::Year => f.write_str("YEAR"),
            Type::Json => f.write_str("JSON"),
            Type::Enum(values) => {
                write!(f, "ENUM({})", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "))
            }
            Type::Other(text) => f.write_str(text),
        }
    }
}
