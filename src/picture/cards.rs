//! What each box says and which boxes belong together: the schema as cards and links, still without a place.

use super::text::{Font, add, count, fit, width};
use super::{Options, TINTS};
use crate::schema::{Column, ForeignKey, Schema, Table, Type};
use std::collections::BTreeMap;

/// Height of a table's name, in pixels like all lengths here.
pub(super) const HEAD: i64 = 32;
/// Height of a column's line.
pub(super) const ROW: i64 = 22;
/// Room below the last column.
pub(super) const FOOT: i64 = 5;
/// Where a column's name starts, without and with a second sign before it.
const NAME_AT: (i64, i64) = (27, 41);
/// What stands to the right of the type: the "may be empty" sign.
pub(super) const TAIL: i64 = 24;
const MOST_NAME: i64 = 190;
const MOST_TYPE: i64 = 120;
const LEAST_WIDTH: i64 = 150;

/// A table's box.
#[derive(Debug, Clone)]
pub(super) struct Card {
    pub table: String,
    /// The table's name, cut to the box.
    pub title: String,
    pub tooltip: String,
    /// 1 to [`TINTS`].
    pub tint: Option<usize>,
    /// Place of its group among the groups, which may be more than there are tints.
    pub group: Option<usize>,
    pub rows: Vec<Row>,
    /// A line below the columns: how many are not shown, or that the table is not there.
    pub remark: Option<String>,
    pub width: i64,
    /// A foreign key points to it, but the schema does not have it.
    pub missing: bool,
    pub own: bool,
    /// It stands beside what is looked at.
    pub beside: bool,
    /// Where the columns' names start.
    pub name_at: i64,
}

impl Card {
    pub fn height(&self) -> i64 {
        let lines = self.rows.len() + usize::from(self.remark.is_some());
        HEAD + ROW * length(lines) + FOOT
    }
}

/// A column's line.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub name: String,
    pub ty: String,
    pub tooltip: String,
    pub marks: Vec<Mark>,
}

impl Row {
    pub fn is(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }
}

/// What a column's line has a sign for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Part of the primary key.
    Key,
    /// Part of a foreign key.
    Link,
    /// May be empty.
    Nullable,
    /// The tenant's own.
    Own,
}

impl Mark {
    fn words(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Link => "points to another table",
            Self::Nullable => "may be empty",
            Self::Own => "the tenant's own",
        }
    }
}

/// A foreign key between two cards, given by their places in the list; the lines are places among the card's rows.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub child: usize,
    pub child_row: Option<usize>,
    pub parent: usize,
    pub parent_row: Option<usize>,
    pub tooltip: String,
    /// A child may have no parent.
    pub optional: bool,
    /// A parent has at most one child.
    pub single: bool,
}

/// A number of things as a length.
pub(super) fn length(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX >> 32)
}

/// The middle of a line, from the top of its card; the table's name where there is no such line.
pub(super) fn middle(row: Option<usize>) -> i64 {
    row.map_or(HEAD / 2, |row| HEAD + ROW * length(row) + ROW / 2)
}

/// Makes a card for each table, one for each table that is referred to but missing, and the links between them.
pub(super) fn make(schema: &Schema, options: &Options) -> (Vec<Card>, Vec<Link>) {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut cards: Vec<Card> = Vec::new();
    let mut shown: Vec<Vec<&str>> = Vec::new();
    for (name, table) in &schema.tables {
        places.insert(name.clone(), cards.len());
        let columns = columns_to_show(name, table, options);
        cards.push(card(name, table, &columns, options));
        shown.push(columns.iter().map(|column| column.name.as_str()).collect());
    }
    let row = |shown: &[Vec<&str>], card: usize, column: Option<&str>| {
        shown.get(card)?.iter().position(|name| Some(*name) == column)
    };
    let mut links = Vec::new();
    for (child, (table_name, table)) in schema.tables.iter().enumerate() {
        for key in table.foreign_keys.values() {
            let target = target(schema, key);
            let parent = target.map_or(key.foreign_table.as_str(), |(name, _)| name);
            let parent_place = *places.entry(parent.to_owned()).or_insert_with(|| {
                cards.push(missing(parent));
                cards.len() - 1
            });
            links.push(Link {
                child,
                child_row: row(&shown, child, key.columns.first().map(String::as_str)),
                parent: parent_place,
                parent_row: row(&shown, parent_place, parent_column(target, key)),
                tooltip: format!("{table_name}.{} → {}", list(&key.columns), reference(target, key)),
                optional: is_optional(table, key),
                single: is_single(table, key),
            });
        }
    }
    (cards, links)
}

/// The table that a foreign key points to; the case of letters is overlooked as some engines do.
pub(super) fn target<'a>(schema: &'a Schema, key: &ForeignKey) -> Option<(&'a str, &'a Table)> {
    schema
        .tables
        .get_key_value(&key.foreign_table)
        .or_else(|| schema.tables.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key.foreign_table)))
        .map(|(name, table)| (name.as_str(), table))
}

/// Whether a row may leave the foreign key empty.
pub(super) fn is_optional(table: &Table, key: &ForeignKey) -> bool {
    table.columns.iter().any(|column| column.nullable && key.columns.contains(&column.name))
}

/// Whether at most one row can point to the same parent: the columns are the primary key or a unique index.
pub(super) fn is_single(table: &Table, key: &ForeignKey) -> bool {
    let same = |columns: &[&String]| {
        columns.len() == key.columns.len() && columns.iter().all(|name| key.columns.contains(name))
    };
    same(&table.primary_key.iter().collect::<Vec<_>>())
        || table.indexes.values().any(|index| {
            index.unique
                && index.parts.iter().all(|part| !part.is_expression)
                && same(&index.parts.iter().map(|part| &part.column).collect::<Vec<_>>())
        })
}

/// Where a foreign key points to, in words: `users.id`.
pub(super) fn reference(target: Option<(&str, &Table)>, key: &ForeignKey) -> String {
    let table = target.map_or(key.foreign_table.as_str(), |(name, _)| name);
    let columns = match target {
        Some((_, table)) if key.foreign_columns.is_empty() => &table.primary_key,
        _ => &key.foreign_columns,
    };
    if columns.is_empty() { table.to_owned() } else { format!("{table}.{}", list(columns)) }
}

/// Names of columns after a dot: `id`, or `(a, b)` for several.
pub(super) fn list(columns: &[String]) -> String {
    match columns {
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    }
}

/// A type as the diagram shows it: short; the whole of it is in the line's tooltip.
pub(super) fn short_type(ty: &Type) -> String {
    match ty {
        Type::Integer { bits, .. } => match bits {
            0..=8 => "tinyint",
            9..=16 => "smallint",
            17..=24 => "mediumint",
            25..=32 => "int",
            _ => "bigint",
        }
        .to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Decimal { precision, scale, .. } => format!("decimal({precision},{scale})"),
        Type::Float => "float".to_owned(),
        Type::Double => "double".to_owned(),
        Type::Char(length) => format!("char({length})"),
        Type::Varchar(length) => format!("varchar({length})"),
        Type::Text(_) => "text".to_owned(),
        Type::Binary(length) => format!("binary({length})"),
        Type::Varbinary(length) => format!("varbinary({length})"),
        Type::Blob(_) => "blob".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Time(_) => "time".to_owned(),
        Type::Datetime(_) => "datetime".to_owned(),
        Type::Timestamp(_) => "timestamp".to_owned(),
        Type::Year => "year".to_owned(),
        Type::Json => "json".to_owned(),
        Type::Enum(_) => "enum".to_owned(),
        Type::Other(name) => name.to_lowercase(),
    }
}

fn long_type(ty: &Type) -> String {
    match ty {
        Type::Integer { unsigned: true, .. } | Type::Decimal { unsigned: true, .. } => {
            format!("{} unsigned", short_type(ty))
        }
        Type::Enum(values) => format!("one of {}", values.join(", ")),
        other => short_type(other),
    }
}

fn columns_to_show<'a>(name: &str, table: &'a Table, options: &Options) -> Vec<&'a Column> {
    if table.columns.len() <= options.max_columns {
        return table.columns.iter().collect();
    }
    let always = |column: &Column| {
        table.primary_key.contains(&column.name)
            || is_link(table, column)
            || options.own_columns.contains(&(name.to_owned(), column.name.clone()))
    };
    let fixed = table.columns.iter().filter(|column| always(column)).count();
    let mut room = options.max_columns.saturating_sub(fixed);
    let mut kept = Vec::new();
    for column in &table.columns {
        if always(column) {
            kept.push(column);
        } else if room > 0 {
            room -= 1;
            kept.push(column);
        }
    }
    kept
}

fn is_link(table: &Table, column: &Column) -> bool {
    table.foreign_keys.values().any(|key| key.columns.contains(&column.name))
}

fn parent_column<'a>(target: Option<(&str, &'a Table)>, key: &'a ForeignKey) -> Option<&'a str> {
    key.foreign_columns
        .first()
        .or_else(|| target.and_then(|(_, table)| table.primary_key.first()))
        .map(String::as_str)
}

fn card(name: &str, table: &Table, columns: &[&Column], options: &Options) -> Card {
    let rows: Vec<Row> = columns.iter().map(|column| row(name, table, column, options)).collect();
    let group = options.groups.get(name);
    let own = options.own_tables.contains(name);
    let hidden = table.columns.len() - columns.len();
    let remark = (hidden > 0).then(|| format!("and {}", count(hidden, "more column")));
    let name_at =
        if rows.iter().any(|row| row.is(Mark::Key) && row.is(Mark::Link)) { NAME_AT.1 } else { NAME_AT.0 };
    let title = fit(name, Font::Head, MOST_NAME + MOST_TYPE);
    let widest_row = rows
        .iter()
        .map(|row| name_at + width(&row.name, Font::Name) + 14 + width(&row.ty, Font::Small) + TAIL)
        .max();
    let widest = [
        widest_row.unwrap_or(0),
        width(&title, Font::Head) + 12 + if own { 50 } else { 14 },
        remark.as_deref().map_or(0, |remark| name_at + width(remark, Font::Small) + TAIL),
        LEAST_WIDTH,
    ];
    let mut tooltip = format!("{name}: {}", count(table.columns.len(), "column"));
    if let Some(group) = group {
        add(&mut tooltip, format_args!(", {}", group.name));
    }
    if own {
        tooltip.push_str(", the tenant's own table");
    }
    if let Some(comment) = &table.comment {
        add(&mut tooltip, format_args!(". {comment}"));
    }
    Card {
        table: name.to_owned(),
        title,
        tooltip,
        tint: group.map(|group| group.index % TINTS + 1),
        group: group.map(|group| group.index),
        rows,
        remark,
        width: widest.into_iter().max().unwrap_or(LEAST_WIDTH),
        missing: false,
        own,
        beside: options.beside.contains(name),
        name_at,
    }
}

fn row(name: &str, table: &Table, column: &Column, options: &Options) -> Row {
    let claims = [
        (table.primary_key.contains(&column.name), Mark::Key),
        (is_link(table, column), Mark::Link),
        (column.nullable, Mark::Nullable),
        (options.own_columns.contains(&(name.to_owned(), column.name.clone())), Mark::Own),
    ];
    let marks: Vec<Mark> = claims.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark).collect();
    let mut tooltip = format!("{}: {}", column.name, long_type(&column.ty));
    for mark in &marks {
        add(&mut tooltip, format_args!(", {}", mark.words()));
    }
    if column.generated.is_some() {
        tooltip.push_str(", computed");
    }
    if let Some(comment) = &column.comment {
        add(&mut tooltip, format_args!(". {comment}"));
    }
    Row {
        name: fit(&column.name, Font::Name, MOST_NAME),
        ty: fit(&short_type(&column.ty), Font::Small, MOST_TYPE),
        tooltip,
        marks,
    }
}

fn missing(name: &str) -> Card {
    let remark = "not in this schema".to_owned();
    let title = fit(name, Font::Head, MOST_NAME + MOST_TYPE);
    let widest = width(&title, Font::Head) + 26;
    Card {
        table: name.to_owned(),
        tooltip: format!("{name}: not in this schema, though another table points to it"),
        tint: None,
        group: None,
        rows: Vec::new(),
        width: widest.max(LEAST_WIDTH).max(NAME_AT.0 + width(&remark, Font::Small) + TAIL),
        remark: Some(remark),
        title,
        missing: true,
        own: false,
        beside: false,
        name_at: 12,
    }
}
