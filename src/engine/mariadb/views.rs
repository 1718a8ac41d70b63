//! Views: how they are made, and their order, as what a view reads has to be there before it.

use super::words::{identifier, identifiers};
use crate::schema::View;
use std::collections::BTreeMap;

/// The names of views, those that others read first. Given are the statements that make them, as the server writes them.
pub(super) fn in_order<'a>(mut left: BTreeMap<&'a str, &str>) -> Vec<&'a str> {
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waits = |name: &str, text: &str| left.keys().any(|other| *other != name && reads(text, other));
        let next = left.iter().find(|(name, text)| !waits(name, text)).or_else(|| left.iter().next());
        let Some(name) = next.map(|(name, _)| *name) else { break };
        left.remove(name);
        ordered.push(name);
    }
    ordered
}

/// What the query of a view begins with that works with its maker's rights.
const OF_MAKER: &str = "/* with its maker's rights */ ";

/// A view's query with what is checked of rows that are written through it, and whose rights it has, as the catalog says.
pub(super) fn with_options(query: String, check: &str, rights: &str) -> String {
    let checked = match check {
        "CASCADED" | "LOCAL" => format!("{query} WITH {check} CHECK OPTION"),
        _ => query,
    };
    if rights == "DEFINER" { format!("{OF_MAKER}{checked}") } else { checked }
}

/// The statement that makes a view.
pub(super) fn create(view: &View) -> String {
    let columns =
        if view.columns.is_empty() { String::new() } else { format!(" ({})", identifiers(&view.columns)) };
    let (rights, query) = match view.query.strip_prefix(OF_MAKER) {
        Some(query) => ("DEFINER", query),
        None => ("INVOKER", view.query.as_str()),
    };
    format!("CREATE SQL SECURITY {rights} VIEW {}{columns} AS {query}", identifier(&view.name))
}

/// Whether a view's statement reads a table or view of this name: it stands after FROM or JOIN or in a bracket of them, and
/// no column follows.
pub(super) fn reads(text: &str, name: &str) -> bool {
    let quoted = identifier(name);
    text.match_indices(&quoted).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + quoted.len()..).unwrap_or_default();
        let is_source = ["from ", "join ", "("].iter().any(|word| before.ends_with(word));
        is_source && !after.starts_with(['.', '`'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_view_reads_comes_before_it() {
        let views = BTreeMap::from([
            ("a", "CREATE VIEW `a` AS select `c`.`b` AS `b` from (`c` join `t` on(`c`.`id` = `t`.`id`))"),
            ("b", "CREATE VIEW `b` AS select `a`.`b` AS `b` from `a`"),
            ("c", "CREATE VIEW `c` AS select `t`.`b` AS `b` from `t`"),
        ]);
        assert_eq!(in_order(views), ["c", "a", "b"]);
    }

    #[test]
    fn views_that_seem_to_read_each_other_are_all_given() {
        let views = BTreeMap::from([("a", "select 1 from `b`"), ("b", "select 1 from `a`")]);
        assert_eq!(in_order(views), ["a", "b"]);
    }
}
