//! What changed from one schema to a later one, in sentences that say what was done.

use crate::schema::{
    Schema,
    difference::{Change, Difference, ObjectKind, differences},
};

/// A sentence for each difference, in the order of the objects' names.
pub fn sentences(before: &Schema, after: &Schema) -> Vec<String> {
    differences(before, after).into_iter().map(sentence).collect()
}

fn sentence(difference: Difference) -> String {
    let Difference { kind, object, change, expected, found, .. } = difference;
    let (before, now) = (expected.unwrap_or_default(), found.unwrap_or_default());
    match (kind, change) {
        (ObjectKind::Table, Change::Added) => {
            let columns = now.split(", ").count();
            let noun = if columns == 1 { "column" } else { "columns" };
            format!("Adds the table {object} with {columns} {noun}.")
        }
        (ObjectKind::Table, Change::Removed) => format!("Removes the table {object} with everything in it."),
        (ObjectKind::Column, Change::Added) => format!("Adds the column {object}: {now}."),
        (ObjectKind::Column, Change::Removed) => {
            format!("Removes the column {object} with everything in it.")
        }
        (ObjectKind::Column, Change::Changed) => {
            format!("Changes the column {object} from {before} to {now}.")
        }
        (ObjectKind::Comment, _) => format!("Rewrites the description of {object}."),
        (ObjectKind::ColumnOrder, _) => format!("Puts the columns of {object} in another order."),
        (ObjectKind::PrimaryKey, _) => format!("Changes the key of {object} from ({before}) to ({now})."),
        (kind, Change::Added) => format!("Adds the {}.", kind.called(&object)),
        (kind, Change::Removed) => format!("Removes the {}.", kind.called(&object)),
        (kind, Change::Changed) => format!("Changes the {}.", kind.called(&object)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{evolve, operations::operation, read::split};

    fn schema(sql: &str) -> Schema {
        let mut schema = Schema::default();
        for statement in split(sql, 1).unwrap() {
            for operation in operation(&statement).unwrap() {
                evolve::apply(&mut schema, &operation).unwrap();
            }
        }
        schema
    }

    #[test]
    fn what_changed_is_said_as_what_was_done() {
        let before = schema(
            "CREATE TABLE a (id INT PRIMARY KEY, x VARCHAR(5), gone INT); CREATE TABLE b (id INT PRIMARY KEY);",
        );
        let after = schema(
            "CREATE TABLE a (id INT PRIMARY KEY, x VARCHAR(9) NOT NULL, y DATE, INDEX idx_y (y)); CREATE TABLE c (id INT PRIMARY KEY, n INT);",
        );
        assert_eq!(
            sentences(&before, &after),
            [
                "Removes the column a.gone with everything in it.",
                "Changes the column a.x from VARCHAR(5) to VARCHAR(9) NOT NULL.",
                "Adds the column a.y: DATE.",
                "Adds the index a.idx_y.",
                "Removes the table b with everything in it.",
                "Adds the table c with 2 columns.",
            ]
        );
        assert!(sentences(&after, &after).is_empty());
    }
}
