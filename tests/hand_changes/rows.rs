//! The rows of a tenant, as texts.

use crate::{corpus::On, running::Bench};
use std::collections::BTreeMap;
use tenantry::schema::Schema;

/// For each column that holds values of its own, `table.column` with the values behind the keys of their rows.
pub type Rows = BTreeMap<String, Vec<String>>;

/// Everything that a tenant's database holds in these tables, by one question.
pub async fn all(bench: &Bench, schema: &Schema) -> Rows {
    let quoted = |name: &str| match bench.on() {
        On::MariaDb => format!("`{name}`"),
        On::Sqlite | On::Postgres | On::Schemas => format!("\"{name}\""),
    };
    let text = |name: &str| {
        let kind = if bench.on() == On::MariaDb { "CHAR" } else { "TEXT" };
        format!("COALESCE(CAST({} AS {kind}), '(NULL)')", quoted(name))
    };
    let joined = |parts: Vec<String>| match bench.on() {
        On::MariaDb => format!("CONCAT({})", parts.join(", ")),
        On::Sqlite | On::Postgres | On::Schemas => parts.join(" || "),
    };
    let mut questions = Vec::new();
    for table in schema.tables.values() {
        // Without what is generated, which the engines make anew.
        for column in table.columns.iter().filter(|column| column.generated.is_none()) {
            let mut parts = vec![format!("'{}.{}|'", table.name, column.name)];
            parts.extend(table.primary_key.iter().flat_map(|key| [text(key), "'|'".to_owned()]));
            parts.push(text(&column.name));
            questions.push(format!("SELECT {} FROM {}", joined(parts), quoted(&table.name)));
        }
    }
    let sql = questions.join(" UNION ALL ");
    let mut lines = bench.ask(&sql).await.unwrap_or_else(|| panic!("{sql}"));
    lines.sort();
    let mut rows = Rows::new();
    for line in &lines {
        let (place, value) = line.split_once('|').unwrap();
        rows.entry(place.to_owned()).or_default().push(value.to_owned());
    }
    rows
}

/// What is not as it was, but for what an entry loses.
pub fn changed(before: &Rows, after: &Rows, loses: &[String]) -> Vec<String> {
    let is_lost = |place: &str| {
        loses.iter().any(|lost| *lost == place || place.split('.').next() == Some(lost.as_str()))
    };
    let kept = before.iter().filter(|(place, _)| !is_lost(place));
    kept.filter(|(place, values)| after.get(*place) != Some(*values))
        .map(|(place, values)| format!("{place}: {values:?} → {:?}", after.get(place)))
        .collect()
}
