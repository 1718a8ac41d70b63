//! Columns that have their names in other letters: to the templates' dialect they are the same columns, to PostgreSQL others.

use super::names::{self, identifier};
use crate::schema::Schema;

/// The statements that give such columns their names, and the found schema with them; nothing where there are none. What
/// names the columns in expressions is left as it is, and so differs and is made anew.
pub(super) fn renamed(found: &Schema, wanted: &Schema) -> (Vec<String>, Option<Schema>) {
    let mut statements = Vec::new();
    let mut result = found.clone();
    for (name, table) in &mut result.tables {
        let Some(now) = wanted.tables.get(name) else { continue };
        let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        for before in &names {
            let is_there = |name: &str| now.columns.iter().any(|column| column.name == *name);
            let after =
                now.columns.iter().map(|column| &column.name).find(|after| names::same(before, after));
            let Some(after) = after.filter(|after| !is_there(before) && !names.contains(*after)) else {
                continue;
            };
            statements.push(format!(
                "ALTER TABLE {} RENAME COLUMN {} TO {}",
                identifier(name),
                identifier(before),
                identifier(after)
            ));
            let parts = table.indexes.values_mut().flat_map(|index| &mut index.parts);
            let plain = parts.filter(|part| !part.is_expression).map(|part| &mut part.column);
            let columns = table.columns.iter_mut().map(|column| &mut column.name);
            let keys = table.foreign_keys.values_mut().flat_map(|key| &mut key.columns);
            for place in plain.chain(columns).chain(keys).chain(&mut table.primary_key) {
                if place == before {
                    place.clone_from(after);
                }
            }
        }
    }
    if statements.is_empty() { (statements, None) } else { (statements, Some(result)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Table;

    fn schema(columns: &[&str]) -> Schema {
        let columns = columns.iter().map(|name| crate::schema::Column {
            name: (*name).to_owned(),
            ty: crate::schema::Type::Date,
            nullable: true,
            default: None,
            auto_increment: false,
            on_update_now: false,
            generated: None,
            collation: None,
            comment: None,
        });
        let table = Table {
            name: "t".to_owned(),
            columns: columns.collect(),
            primary_key: Vec::new(),
            indexes: std::collections::BTreeMap::new(),
            foreign_keys: std::collections::BTreeMap::new(),
            checks: std::collections::BTreeMap::new(),
            comment: None,
        };
        Schema { tables: [("t".to_owned(), table)].into(), ..Schema::default() }
    }

    #[test]
    fn only_a_column_that_differs_in_letters_alone_gets_its_name() {
        let (statements, result) = renamed(&schema(&["Place", "x"]), &schema(&["place", "x"]));
        assert_eq!(statements, ["ALTER TABLE \"t\" RENAME COLUMN \"Place\" TO \"place\""]);
        assert_eq!(result, Some(schema(&["place", "x"])));
        assert_eq!(renamed(&schema(&["Place", "place"]), &schema(&["place"])).0, [""; 0]);
        assert_eq!(renamed(&schema(&["venue"]), &schema(&["place"])).1, None);
    }
}
