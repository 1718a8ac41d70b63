//! What belongs to no table, and is no view, function or trigger: sequences, types, extensions and the like.

use super::{Refusal, catalog::Texts, names::identifier};
use crate::schema::{Other, Schema};

/// Adds what the catalog tells of (`Catalog::Oddities`).
pub(super) fn read(row: &Texts, schema: &mut Schema) -> Result<(), sqlx::Error> {
    let name = format!("{} {}", row.text(2)?, row.text(3)?);
    let other = Other { name: name.clone(), definition: row.text(4)?, owner: row.maybe(5)? };
    schema.others.insert(name, other);
    Ok(())
}

/// Kinds whose definition is all of what they are, those first that others may be made of.
const WHOLE: [&str; 3] = ["type ", "domain ", "sequence "];
/// Kinds that `DROP TYPE` drops.
const TYPES: [&str; 2] = ["type ", "domain "];
/// Begins the definition of what can be told to become another.
const SEQUENCE: &str = "CREATE SEQUENCE ";

/// The statements around a change of tables.
pub(super) struct Others {
    /// Before tables change: columns may be of such a type, or count with such a sequence.
    pub(super) early: Vec<String>,
    /// When nothing makes use of them any more.
    pub(super) late: Vec<String>,
}

impl Others {
    pub(super) fn between(found: &Schema, wanted: &Schema) -> Result<Self, Refusal> {
        let mut others = Others { early: Vec::new(), late: Vec::new() };
        let rank = |other: &&Other| WHOLE.iter().position(|kind| other.name.starts_with(kind));
        let mut coming: Vec<&Other> =
            wanted.others.values().filter(|other| found.others.get(&other.name) != Some(*other)).collect();
        coming.sort_by_key(rank);
        for other in coming {
            let was = found.others.get(&other.name);
            if let Some(was) = was {
                refuse_anothers(was)?;
            }
            others.early.push(match (was, other.definition.strip_prefix(SEQUENCE)) {
                (Some(_), Some(rest)) => format!("ALTER SEQUENCE {rest}"),
                (None, _) if rank(&other).is_some() => other.definition.clone(),
                _ => {
                    return Err(Refusal::new(format!(
                        "The {} cannot be made as it should be, since there may be columns that count on it as it is; do it by hand: {}.",
                        other.name, other.definition
                    )));
                }
            });
        }
        let mut types = Vec::new();
        for other in found.others.values().filter(|other| !wanted.others.contains_key(&other.name)) {
            refuse_anothers(other)?;
            match TYPES.iter().find_map(|kind| other.name.strip_prefix(kind)) {
                Some(name) => types.push(identifier(name)),
                None => others.late.push(drop_statement(other)),
            }
        }
        if !types.is_empty() {
            // Types may be made of each other: together they go in any order.
            others.late.push(format!("DROP TYPE {}", types.join(", ")));
        }
        Ok(others)
    }
}

fn refuse_anothers(other: &Other) -> Result<(), Refusal> {
    let Some(owner) = &other.owner else { return Ok(()) };
    Err(Refusal::new(format!(
        "The {} belongs to the account {owner}, so Tenantry can neither change nor drop it. The server's administrator drops it in the tenant's database with: {};",
        other.name,
        drop_statement(other)
    )))
}

/// The kind is all of the name before the first blank, or the first two where the kind has two words.
fn drop_statement(other: &Other) -> String {
    let kind = ["foreign table"].into_iter().find(|kind| other.name.starts_with(kind));
    let kind = kind.unwrap_or_else(|| other.name.split(' ').next().unwrap_or_default());
    let name = other.name.get(kind.len()..).unwrap_or_default().trim_start();
    // Those that go by their arguments have them behind their name, as the server writes them.
    let arguments = if kind == "aggregate" { name.find('(').unwrap_or(name.len()) } else { name.len() };
    let (name, arguments) = name.split_at(arguments);
    format!("DROP {} {}{arguments}", kind.to_uppercase(), identifier(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(name: &str, definition: &str, owner: Option<&str>) -> Other {
        Other { name: name.into(), definition: definition.into(), owner: owner.map(str::to_owned) }
    }

    fn schema(others: &[Other]) -> Schema {
        let others = others.iter().map(|other| (other.name.clone(), other.clone())).collect();
        Schema { others, ..Schema::default() }
    }

    #[test]
    fn what_is_missing_is_made_in_its_order_and_what_is_too_much_is_dropped() {
        let wanted = schema(&[
            other("domain small", "CREATE DOMAIN small AS mood", None),
            other("sequence a b", "CREATE SEQUENCE \"a b\" AS bigint", None),
            other("type mood", "CREATE TYPE mood AS ENUM ('x')", None),
        ]);
        let all = Others::between(&Schema::default(), &wanted).unwrap();
        assert_eq!(
            all.early,
            [
                "CREATE TYPE mood AS ENUM ('x')",
                "CREATE DOMAIN small AS mood",
                "CREATE SEQUENCE \"a b\" AS bigint"
            ]
        );
        let all = Others::between(&wanted, &Schema::default()).unwrap();
        assert_eq!(all.late, ["DROP SEQUENCE \"a b\"", "DROP TYPE \"small\", \"mood\""]);
        let found = schema(&[
            other("aggregate all_of(integer, text)", "CREATE AGGREGATE all_of", None),
            other("foreign table far", "CREATE FOREIGN TABLE far SERVER s", None),
        ]);
        let all = Others::between(&found, &Schema::default()).unwrap();
        assert_eq!(all.late, ["DROP AGGREGATE \"all_of\"(integer, text)", "DROP FOREIGN TABLE \"far\""]);
    }

    #[test]
    fn a_sequence_becomes_another_and_a_type_does_not() {
        let found = schema(&[other("sequence a", "CREATE SEQUENCE a INCREMENT BY 2", None)]);
        let wanted = schema(&[other("sequence a", "CREATE SEQUENCE a INCREMENT BY 1", None)]);
        assert_eq!(Others::between(&found, &wanted).unwrap().early, ["ALTER SEQUENCE a INCREMENT BY 1"]);
        let found = schema(&[other("type mood", "CREATE TYPE mood AS ENUM ('x', 'y')", None)]);
        let wanted = schema(&[other("type mood", "CREATE TYPE mood AS ENUM ('x')", None)]);
        let refused = Others::between(&found, &wanted).err().unwrap().reason;
        assert!(refused.starts_with("The type mood cannot be made as it should be"), "{refused}");
        let found = schema(&[other("extension hstore", "CREATE EXTENSION hstore", Some("admin"))]);
        let refused = Others::between(&found, &Schema::default()).err().unwrap().reason;
        assert!(refused.ends_with("with: DROP EXTENSION \"hstore\";"), "{refused}");
    }
}
