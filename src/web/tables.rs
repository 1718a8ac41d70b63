//! A schema in plain words: tables and columns for people who do not read SQL.

use super::pages::templates::{ColumnView, TableView};
use crate::{
    picture,
    schema::{Column, Default, Schema, Table, Type, model::TextSize, plain::oddity},
};
use std::collections::BTreeMap;

/// The tables of a schema; `modules` has the title of the module of each table that comes from one.
pub fn views(schema: &Schema, modules: &BTreeMap<String, String>) -> Vec<TableView> {
    schema
        .tables
        .values()
        .map(|table| TableView {
            name: table.name.clone(),
            anchor: picture::anchor(&table.name),
            comment: table.comment.clone(),
            module: modules.get(&table.name).cloned(),
            is_own: false,
            columns: table.columns.iter().map(|column| column_view(table, column)).collect(),
            rules: rules(table),
        })
        .collect()
}

fn column_view(table: &Table, column: &Column) -> ColumnView {
    let is = |name: &String| *name == column.name;
    let mut marks = Vec::new();
    if table.primary_key.iter().any(is) {
        marks.push("Key".to_owned());
    }
    for key in table.foreign_keys.values().filter(|key| key.columns.iter().any(is)) {
        marks.push(format!("Links to {}", key.foreign_table));
    }
    let gives_itself = column.auto_increment || column.generated.is_some();
    ColumnView {
        name: column.name.clone(),
        kind: if column.auto_increment { "Number, given by itself".into() } else { kind(&column.ty) },
        is_required: !column.nullable && !gives_itself,
        default: column.default.as_ref().map(default),
        marks,
        is_own: false,
        comment: column.comment.clone(),
    }
}

/// What goes into a column of this type.
pub fn kind(ty: &Type) -> String {
    match ty {
        Type::Integer { unsigned: true, .. } => "Whole number, 0 or more".into(),
        Type::Integer { .. } | Type::Year => "Whole number".into(),
        Type::Boolean => "Yes or no".into(),
        Type::Decimal { scale: 2, .. } => "Amount, two decimals".into(),
        Type::Decimal { scale: 0, .. } => "Whole number".into(),
        Type::Decimal { scale, .. } => format!("Number with {scale} decimals"),
        Type::Float | Type::Double => "Number with decimals".into(),
        Type::Char(36) => "Identifier".into(),
        Type::Char(length) | Type::Varchar(length) => format!("Short text, up to {length} letters"),
        Type::Text(TextSize::Tiny) => "Short text".into(),
        Type::Text(_) => "Long text".into(),
        Type::Binary(_) | Type::Varbinary(_) | Type::Blob(_) => "File or binary data".into(),
        Type::Date => "Date".into(),
        Type::Time(_) => "Time of day".into(),
        Type::Datetime(_) | Type::Timestamp(_) => "Date and time".into(),
        Type::Json => "Structured data (JSON)".into(),
        Type::Enum(values) => format!("One of: {}", values.join(", ")),
        Type::Other(text) => text.clone(),
    }
}

fn default(value: &Default) -> String {
    match value {
        Default::Text(text) => text.clone(),
        Default::Number(number) => number.clone(),
        Default::Boolean(true) => "yes".into(),
        Default::Boolean(false) => "no".into(),
        Default::Now(_) => "the moment".into(),
        Default::Uuid => "a new identifier".into(),
        Default::Expression(text) if text.contains("randomblob") => "a new identifier".into(),
        Default::Expression(text) => text.clone(),
    }
}

fn rules(table: &Table) -> Vec<String> {
    let unique = table.indexes.values().filter(|index| index.unique).map(|index| {
        let columns: Vec<&str> = index.parts.iter().map(|part| part.column.as_str()).collect();
        format!("No two rows have the same {}.", columns.join(" and "))
    });
    let checks = table.checks.values().filter(|check| oddity(&check.name).is_none());
    let checks = checks.map(|check| format!("Always true: {}.", check.expression));
    unique.chain(checks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_in_plain_words() {
        assert_eq!(kind(&Type::Varchar(255)), "Short text, up to 255 letters");
        assert_eq!(kind(&Type::Decimal { precision: 10, scale: 2, unsigned: false }), "Amount, two decimals");
        assert_eq!(kind(&Type::Enum(vec!["a".into(), "b".into()])), "One of: a, b");
    }
}
