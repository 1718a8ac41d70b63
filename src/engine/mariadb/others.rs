//! What belongs to no table, and is no view, routine or trigger: sequences and events.

use super::{Refusal, words::identifier};
use crate::schema::{Other, Schema};
use sqlx::{MySqlConnection, Row};

const SEQUENCE: &str = "sequence ";

/// A sequence. How it counts, the catalog does not tell on every version.
pub(super) fn sequence(name: &str) -> Other {
    let definition = format!("CREATE SEQUENCE {}", identifier(name));
    Other { name: format!("{SEQUENCE}{name}"), definition, owner: None }
}

/// The events of a database. A tenant's account neither makes nor sees any, so that an account that sees all is asked.
pub(super) async fn events(admin: &mut MySqlConnection, database: &str) -> Result<Vec<Other>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT CONVERT(event_name USING utf8mb4),
                CONVERT(CONCAT(IF(event_type = 'RECURRING', CONCAT('EVERY ', interval_value, ' ', interval_field), CONCAT('AT ''', execute_at, '''')),
                    IF(status = 'ENABLED', '', ' DISABLE'), ' DO ', event_definition) USING utf8mb4),
                CONVERT(definer USING utf8mb4)
         FROM information_schema.events WHERE event_schema = ? ORDER BY event_name",
    )
    .bind(database)
    .fetch_all(admin)
    .await?;
    let event = |row: &sqlx::mysql::MySqlRow| -> Result<Other, sqlx::Error> {
        let (name, does): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
        let definition =
            format!("CREATE EVENT {} ON SCHEDULE {}", identifier(&name), does.unwrap_or_default());
        Ok(Other { name: format!("event {name}"), definition, owner: row.try_get(2)? })
    };
    rows.iter().map(event).collect()
}

/// The statements that drop what is too much, when nothing makes use of it any more.
pub(super) fn drop_statements(found: &Schema, wanted: &Schema) -> Result<Vec<String>, Refusal> {
    if let Some(other) = wanted.others.values().find(|other| found.others.get(&other.name) != Some(*other)) {
        return Err(Refusal::new(format!(
            "The {} cannot be made as it should be, since not all of it is known; do it by hand: {}.",
            other.name, other.definition
        )));
    }
    let mut statements = Vec::new();
    for other in found.others.values().filter(|other| !wanted.others.contains_key(&other.name)) {
        let (kind, name) = other.name.split_once(' ').unwrap_or_default();
        let statement = format!("DROP {} {}", kind.to_uppercase(), identifier(name));
        if let Some(owner) = &other.owner {
            return Err(Refusal::new(format!(
                "The {} belongs to the account {owner}, and a tenant's account may not drop it. The server's administrator does it in the tenant's database with: {statement};",
                other.name
            )));
        }
        statements.push(statement);
    }
    Ok(statements)
}
