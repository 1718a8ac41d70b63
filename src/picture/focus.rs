//! A part of a schema, to be looked at closely: some tables, with those next to them.

use crate::schema::Schema;
use std::collections::BTreeSet;

/// The tables of `chosen` and every table that one of them points to or is pointed to by. Of the relations those remain
/// that a chosen table has a part in: what its neighbours have with each other is not the question. The second value is
/// the neighbours.
pub fn around(schema: &Schema, chosen: &BTreeSet<String>) -> (Schema, BTreeSet<String>) {
    let same = |name: &str| schema.tables.keys().find(|known| known.eq_ignore_ascii_case(name));
    let mut shown: BTreeSet<String> =
        schema.tables.keys().filter(|name| chosen.contains(*name)).cloned().collect();
    for (name, table) in &schema.tables {
        for target in table.foreign_keys.values().filter_map(|key| same(&key.foreign_table)) {
            if chosen.contains(name) {
                shown.insert(target.clone());
            }
            if chosen.contains(target) {
                shown.insert(name.clone());
            }
        }
    }
    let mut part = Schema::default();
    for (name, table) in schema.tables.iter().filter(|(name, _)| shown.contains(*name)) {
        let mut table = table.clone();
        table.foreign_keys.retain(|_, key| {
            let target = same(&key.foreign_table);
            chosen.contains(name) || target.is_some_and(|target| chosen.contains(target))
        });
        part.tables.insert(name.clone(), table);
    }
    let beside = shown.difference(chosen).cloned().collect();
    (part, beside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::tests::schema;

    #[test]
    fn a_table_is_shown_with_what_it_points_to_and_what_points_to_it_and_no_other_lines() {
        let all = schema(
            "users: id\nmembers: id, user_id > users\ndonations: id, member_id > members, user_id > users\nfar: id, donation_id > donations",
        );
        let (part, beside) = around(&all, &BTreeSet::from(["members".to_owned()]));
        assert_eq!(part.tables.keys().collect::<Vec<_>>(), ["donations", "members", "users"]);
        assert_eq!(beside, BTreeSet::from(["donations".to_owned(), "users".to_owned()]));
        assert_eq!(part.tables["donations"].foreign_keys.len(), 1, "its line to users is not the question");
        assert_eq!(part.tables["members"].foreign_keys.len(), 1);
    }

    #[test]
    fn nothing_chosen_is_nothing_shown() {
        let (part, beside) = around(&schema("a: id"), &BTreeSet::from(["b".to_owned()]));
        assert!(part.tables.is_empty() && beside.is_empty());
    }
}
