//! A schema as text that a person reads: well-formatted SQL in the plan's MySQL words.

use super::{
    Schema, Table,
    lines::{column_text, foreign_key_text, index_text},
    plain::{oddity, plain},
};
use std::fmt::Write;

/// All tables, views, functions and triggers, by name.
pub fn describe(schema: &Schema) -> String {
    let mut text = String::new();
    for table in schema.tables.values() {
        describe_table(&mut text, table);
    }
    for view in schema.views.values() {
        let columns =
            if view.columns.is_empty() { String::new() } else { format!(" ({})", view.columns.join(", ")) };
        let _ = writeln!(text, "CREATE VIEW {}{columns} AS\n{};\n", view.name, view.query.trim());
    }
    for function in schema.functions.values() {
        let _ = writeln!(text, "{};\n", function.definition.trim().trim_end_matches(';'));
    }
    for trigger in schema.triggers.values() {
        let _ = writeln!(text, "{};\n", trigger.definition.trim());
    }
    text.trim_end().to_owned()
}

fn describe_table(text: &mut String, table: &Table) {
    let width = table.columns.iter().map(|column| column.name.chars().count()).max().unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    for column in &table.columns {
        let padding = " ".repeat(width.saturating_sub(column.name.chars().count()));
        lines.push(format!("{}{padding} {}", column.name, column_text(column)));
    }
    if !table.primary_key.is_empty() {
        lines.push(format!("PRIMARY KEY ({})", table.primary_key.join(", ")));
    }
    for index in table.indexes.values() {
        let shape = index_text(index);
        match shape.strip_prefix("UNIQUE ") {
            Some(columns) => lines.push(format!("UNIQUE KEY {} {columns}", plain(&index.name))),
            None => lines.push(format!("INDEX {} {shape}", plain(&index.name))),
        }
    }
    for key in table.foreign_keys.values() {
        lines.push(format!("CONSTRAINT {} FOREIGN KEY {}", key.name, foreign_key_text(key)));
    }
    for check in table.checks.values().filter(|check| oddity(&check.name).is_none()) {
        lines.push(format!("CONSTRAINT {} CHECK ({})", check.name, check.expression));
    }
    let comment = table
        .comment
        .as_ref()
        .map(|comment| format!(" COMMENT='{}'", comment.replace('\'', "''")))
        .unwrap_or_default();
    for check in table.checks.values() {
        if let Some(what) = oddity(&check.name) {
            let _ = writeln!(text, "-- {what}: {}", check.expression.replace('\n', " "));
        }
    }
    let _ = writeln!(text, "CREATE TABLE {} (\n    {}\n){comment};\n", table.name, lines.join(",\n    "));
}
