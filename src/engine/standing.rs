//! What would be left standing on nothing after a change of structure, which an engine may not notice before rows are
//! written.

use crate::schema::{Schema, Trigger, mention::columns_of_rows};

/// Refuses a change after which a trigger would read a column of its table that is no longer there: SQLite and MariaDB take
/// such a change, and then refuse every row that is written.
pub(super) fn refuse_blind_triggers(found: &Schema, wanted: &Schema) -> Result<(), String> {
    for trigger in wanted.triggers.values() {
        if let Some(column) = lost_column(found, wanted, trigger) {
            return Err(format!(
                "The trigger {} reads {}.{column}, which would be gone; take the trigger away as well, or leave the column.",
                trigger.name, trigger.table
            ));
        }
    }
    Ok(())
}

fn lost_column(found: &Schema, wanted: &Schema, trigger: &Trigger) -> Option<String> {
    let (before, after) = (found.tables.get(&trigger.table)?, wanted.tables.get(&trigger.table)?);
    let read = columns_of_rows(&trigger.definition);
    let is_read = |name: &str| read.iter().any(|column| column.eq_ignore_ascii_case(name));
    let is_there = |name: &str| after.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    let lost = before.columns.iter().find(|column| !is_there(&column.name) && is_read(&column.name));
    lost.map(|column| column.name.clone())
}
