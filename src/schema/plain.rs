//! Names as people are shown them. The model's own names say more than a person needs: of an index that nobody made under a
//! template's name, and of what the model has no place for, they say on which engine it was found.

use super::{Check, Table};

/// What the engines put before the name of an index that has not the form of a template's, and, with a blank behind it, before
/// what they call a thing that the model has no place for. The latter stands among a table's checks, as no template can write it.
pub const SQLITE: &str = "sqlite:";
/// The same on MariaDB and MySQL, where indexes have the names that templates give them.
pub const MARIADB: &str = "mariadb:";
/// The same on PostgreSQL.
pub const POSTGRES: &str = "postgres:";

const MARKS: [&str; 3] = [SQLITE, MARIADB, POSTGRES];

/// A name without what only the program needs to know.
pub fn plain(name: &str) -> &str {
    MARKS.iter().find_map(|mark| name.strip_prefix(mark)).unwrap_or(name).trim_start()
}

/// What it is, of a check that stands for something that the model has no place for; `None` of a true check.
pub fn oddity(check: &str) -> Option<&str> {
    MARKS.iter().find_map(|mark| check.strip_prefix(mark)?.strip_prefix(' '))
}

/// Why a check that stands for something that the model has no place for cannot be written; `None` of a true check.
pub fn cannot_be_written(table: &str, check: &Check) -> Option<String> {
    let what = oddity(&check.name)?;
    Some(format!(
        "The table {table} has something that Tenantry cannot write ({what}: {}); it can be put there by hand only.",
        check.expression
    ))
}

/// What is said of a table that belongs to another account than the tenant's.
pub const OWNER: &str = "owner";
/// What follows the account's name where it lets the tenant's account not even read the table.
pub const KEPT: &str = ", for itself alone";

/// The account that a table belongs to, where that is not the tenant's, and whether nobody else may read it.
pub fn owner(table: &Table) -> Option<(&str, bool)> {
    let check = table.checks.values().find(|check| oddity(&check.name) == Some(OWNER))?;
    let said = check.expression.as_str();
    Some(said.strip_suffix(KEPT).map_or((said, false), |owner| (owner, true)))
}

/// An object such as `members.sqlite:own_phone`, as a person names it.
pub fn plain_object(object: &str) -> String {
    match object.split_once('.') {
        Some((table, name)) => format!("{table}.{}", plain(name)),
        None => object.to_owned(),
    }
}

/// A column's text, whose collation may have such a name.
pub(super) fn plain_column(text: &str) -> String {
    MARKS.iter().fold(text.to_owned(), |text, mark| text.replace(&format!(" COLLATE {mark}"), " COLLATE "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_shown_the_name_of_an_engine() {
        assert_eq!(plain("sqlite:own_phone"), "own_phone");
        assert_eq!(plain("postgres:own_phone"), "own_phone");
        assert_eq!(plain("own:phone"), "own:phone");
        assert_eq!(plain_object("members.sqlite:own_phone"), "members.own_phone");
        assert_eq!(plain_object("members"), "members");
        assert_eq!(oddity("mariadb: storage engine"), Some("storage engine"));
        assert_eq!(oddity("sqlite:own_phone"), None);
        assert_eq!(oddity("chk_phone"), None);
        let check = |name: &str| Check { name: name.to_owned(), expression: "MyISAM".to_owned() };
        assert_eq!(
            cannot_be_written("members", &check("mariadb: storage engine")).unwrap(),
            "The table members has something that Tenantry cannot write (storage engine: MyISAM); it can be put there by hand only."
        );
        assert_eq!(cannot_be_written("members", &check("chk_phone")), None);
    }
}
