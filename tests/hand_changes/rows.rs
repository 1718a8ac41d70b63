//! The rows of a tenant, as texts.

use crate::{corpus::On, running::Bench};
use std::collections::BTreeMap;
use tenantry::schema::Schema;

/// For each column that holds values of its own, `table.column` with the values in the order of the rows' first columns.
pub type Rows = BTreeMap<String, Vec<String>>;

/// Everything that a tenant's database holds in these tables.
pub async fn all(bench: &Bench, schema: &Schema) -> Rows {
    let mut rows = Rows::new();
    for table in schema.tables.values() {
        // Without what is generated, which the engines make anew.
        for column in table.columns.iter().filter(|column| column.generated.is_none()) {
            let quoted = |name: &str| match bench.on() {
                On::MariaDb => format!("`{name}`"),
                On::Sqlite | On::Postgres => format!("\"{name}\""),
            };
            let text = if bench.on() == On::MariaDb { "CHAR" } else { "TEXT" };
            let key = table.primary_key.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
            let sql = format!(
                "SELECT COALESCE(CAST({} AS {text}), '(NULL)') FROM {} ORDER BY {key}",
                quoted(&column.name),
                quoted(&table.name)
            );
            let values = bench.ask(&sql).await.unwrap_or_else(|| panic!("{sql}"));
            rows.insert(format!("{}.{}", table.name, column.name), values);
        }
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
