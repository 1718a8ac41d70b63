//! What a change of structure takes away for good.

use super::{Schema, lines::column_text, severity::holds};

/// What rows and values there would no longer be, in sentences: for whoever is to say yes to a change.
pub fn losses(found: &Schema, wanted: &Schema) -> Vec<String> {
    let mut lost = Vec::new();
    for (name, table) in &found.tables {
        let Some(after) = wanted.tables.get(name) else {
            lost.push(format!("The table {name} goes, with all its rows."));
            continue;
        };
        for column in &table.columns {
            let place = format!("{name}.{}", column.name);
            let Some(now) = after.columns.iter().find(|now| now.name.eq_ignore_ascii_case(&column.name))
            else {
                if column.generated.is_none() {
                    lost.push(format!("The column {place} goes, with all its values."));
                }
                continue;
            };
            if column.generated.is_none() && now.generated.is_some() {
                lost.push(format!("The values of {place} give way to computed ones ({}).", column_text(now)));
            } else if column.generated.is_none() && !holds(&now.ty, &column.ty) {
                lost.push(format!(
                    "The values of {place} are brought from {} to {}, which cannot hold all of them as they are.",
                    column.ty, now.ty
                ));
            }
        }
    }
    lost
}
