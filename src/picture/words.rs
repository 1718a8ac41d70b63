//! The diagram in sentences.

use super::Options;
use super::cards::{is_optional, is_single, list, reference, short_type, target};
use super::text::{add, count};
use crate::schema::{Column, ForeignKey, ReferentialAction, Schema, Table};

/// One sentence for each table, then one for each relation.
pub(super) fn sentences(schema: &Schema, options: &Options) -> Vec<String> {
    let tables = schema.tables.iter().map(|(name, table)| table_sentence(name, table, options));
    let relations = schema.tables.iter().flat_map(|(name, table)| {
        table.foreign_keys.values().map(move |key| relation_sentence(schema, name, table, key))
    });
    tables.chain(relations).collect()
}

fn table_sentence(name: &str, table: &Table, options: &Options) -> String {
    let mut sentence = format!("Table {name}");
    if let Some(group) = options.groups.get(name) {
        add(&mut sentence, format_args!(" of {}", group.name));
    }
    if options.own_tables.contains(name) {
        sentence.push_str(", the tenant's own,");
    }
    add(&mut sentence, format_args!(" has {}", count(table.columns.len(), "column")));
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let own = options.own_columns.contains(&(name.to_owned(), column.name.clone()));
            column_words(table, column, own)
        })
        .collect();
    if !columns.is_empty() {
        sentence.push_str(": ");
        sentence.push_str(&columns.join("; "));
    }
    sentence.push('.');
    sentence
}

fn column_words(table: &Table, column: &Column, own: bool) -> String {
    let mut words = format!("{}, {}", column.name, short_type(&column.ty));
    let marks = [
        (table.primary_key.contains(&column.name), ", key"),
        (column.nullable, ", may be empty"),
        (own, ", the tenant's own"),
    ];
    for (_, mark) in marks.iter().filter(|(is, _)| *is) {
        words.push_str(mark);
    }
    words
}

fn relation_sentence(schema: &Schema, name: &str, table: &Table, key: &ForeignKey) -> String {
    let found = target(schema, key);
    let parent = found.map_or(key.foreign_table.as_str(), |(name, _)| name);
    let may = if is_optional(table, key) { "may point" } else { "points" };
    let mut sentence = format!(
        "Each row of {name} {may} to one row of {parent} ({name}.{} to {})",
        list(&key.columns),
        reference(found, key)
    );
    if is_single(table, key) {
        add(&mut sentence, format_args!(", and no two rows of {name} to the same one"));
    }
    if found.is_none() {
        add(&mut sentence, format_args!(", but {parent} is not in this schema"));
    }
    sentence.push_str(match key.on_delete {
        ReferentialAction::NoAction => "; a row that is pointed to cannot be deleted.",
        ReferentialAction::Cascade => "; it is deleted along with the row that it points to.",
        ReferentialAction::SetNull => "; when that row is deleted, the pointer becomes empty.",
        ReferentialAction::SetDefault => {
            "; when that row is deleted, the pointer becomes the column's default."
        }
    });
    sentence
}
