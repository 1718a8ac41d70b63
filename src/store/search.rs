//! Finding tenants by a part of a word. How that is fast is each engine's own business; whoever searches only needs
//! [`condition`].

use super::db::{Backend, Value};

/// SQLite: an index of every three letters in a row, kept by triggers, so that no writer can forget it. A migration that
/// rebuilds `tenants` makes the triggers anew. Tenants' own row numbers change when a database is packed, so they are not
/// used; a change of a name looks for its row.
pub(super) const SQLITE: &[&str] = &[
    "CREATE VIRTUAL TABLE tenant_search USING fts5(tenant_id UNINDEXED, words, tokenize = 'trigram')",
    "INSERT INTO tenant_search (tenant_id, words) SELECT id, name || char(10) || slug || char(10) || email FROM tenants",
    "CREATE TRIGGER tenant_search_added AFTER INSERT ON tenants BEGIN
        INSERT INTO tenant_search (tenant_id, words)
        VALUES (NEW.id, NEW.name || char(10) || NEW.slug || char(10) || NEW.email);
     END",
    "CREATE TRIGGER tenant_search_changed AFTER UPDATE OF name, slug, email ON tenants BEGIN
        DELETE FROM tenant_search WHERE tenant_id = OLD.id;
        INSERT INTO tenant_search (tenant_id, words)
        VALUES (NEW.id, NEW.name || char(10) || NEW.slug || char(10) || NEW.email);
     END",
    "CREATE TRIGGER tenant_search_removed AFTER DELETE ON tenants BEGIN
        DELETE FROM tenant_search WHERE tenant_id = OLD.id;
     END",
];

/// The shortest text that the index helps with, in characters.
const SHORTEST: usize = 3;

/// A condition on a tenant `t`: part of its name, slug or owner's e-mail, or its whole id; with the values that it binds.
pub(super) fn condition(backend: Backend, search: &str) -> (&'static str, Vec<Value>) {
    let pattern = || format!("%{}%", search.replace('!', "!!").replace('%', "!%").replace('_', "!_"));
    match backend {
        // No name has a zero character, and for SQLite a pattern ends with it.
        _ if search.contains('\0') => ("1 = 0", Vec::new()),
        Backend::Sqlite if search.chars().count() >= SHORTEST => {
            // In quotes everything is text, and the whole of it has to be there in a row.
            let phrase = format!("\"{}\"", search.replace('"', "\"\""));
            (
                "(t.id = ? OR t.id IN (SELECT s.tenant_id FROM tenant_search s WHERE s.words MATCH ?))",
                vec![search.into(), phrase.into()],
            )
        }
        // Servers look through all names: tens of thousands of them take milliseconds.
        Backend::Sqlite | Backend::MariaDb => (
            "(t.name LIKE ? ESCAPE '!' OR t.slug LIKE ? ESCAPE '!' OR t.email LIKE ? ESCAPE '!' OR t.id = ?)",
            vec![pattern().into(), pattern().into(), pattern().into(), search.into()],
        ),
        // The columns' own collation takes no patterns, or knows of no case.
        Backend::Postgres => (
            "((t.name COLLATE \"und-x-icu\") ILIKE ? ESCAPE '!' OR (t.slug COLLATE \"und-x-icu\") ILIKE ? ESCAPE '!'
              OR (t.email COLLATE \"und-x-icu\") ILIKE ? ESCAPE '!' OR t.id = ?)",
            vec![pattern().into(), pattern().into(), pattern().into(), search.into()],
        ),
    }
}

/// A condition on a person `u`: a pattern, bound twice, is part of the name or the e-mail.
pub(super) fn condition_on_person(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite | Backend::MariaDb => "(u.name LIKE ? ESCAPE '!' OR u.email LIKE ? ESCAPE '!')",
        Backend::Postgres => {
            "((u.name COLLATE \"und-x-icu\") ILIKE ? ESCAPE '!' OR (u.email COLLATE \"und-x-icu\") ILIKE ? ESCAPE '!')"
        }
    }
}
