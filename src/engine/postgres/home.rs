//! Where a tenant's things are on a server: in a database of its own, or in a schema of its own in the administrator's.
//!
//! What is written down to be run somewhere else later has tokens in the place of names that may differ there. No text on
//! PostgreSQL has a NUL in it, so a token is never anything else.

use super::names::identifier;

/// Stands for the schema that a tenant's tables are in.
const SCHEMA: &str = "\0s";
/// Stands for the schema that our own tables are in.
const OWN: &str = "\0o";
/// Stands for the schema's name in a text that the server looks into only later, as the body of a function is.
const NAME: &str = "\0n";

/// Where tenants' tables are in databases of their own.
pub(super) const PUBLIC: &str = "public";
/// Where ours are in those.
const OWN_SCHEMA: &str = "tenantry_own";
/// What is between the head of a function and its body, as the server writes it.
const BODY: &str = "\nAS $function";

/// Our tables in a schema that a tenant's are in, too.
pub(super) const OWN_TABLES: [&str; 2] = ["tenantry_owner", "tenantry_ledger"];

/// A database and a schema in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Home {
    /// The database.
    pub(super) database: String,
    /// The schema, as it is.
    pub(super) schema: String,
    /// The schema that our own tables are in, as it is.
    own: String,
    /// The name that the schema has when its tenant's application is in; none in a database of the tenant's own.
    name: Option<String>,
}

impl Home {
    /// A database of a tenant's own.
    pub(super) fn of_database(database: &str) -> Self {
        Self {
            database: database.to_owned(),
            schema: PUBLIC.to_owned(),
            own: OWN_SCHEMA.to_owned(),
            name: None,
        }
    }

    /// A schema in a database that others share; `name` is what it is called in use.
    pub(super) fn of_schema(database: &str, schema: &str, name: &str) -> Self {
        Self {
            database: database.to_owned(),
            schema: schema.to_owned(),
            own: schema.to_owned(),
            name: Some(name.to_owned()),
        }
    }

    /// Whether it is a schema among others.
    pub(super) fn is_schema(&self) -> bool {
        self.name.is_some()
    }

    /// The schema of the tenant's tables as statements name it.
    pub(super) fn quoted(&self) -> String {
        quoted(&self.schema)
    }

    /// The schema of our own tables, likewise.
    pub(super) fn own(&self) -> String {
        quoted(&self.own)
    }

    /// What stands for the schema in a statement that is kept.
    pub(super) fn token(&self) -> &str {
        if self.is_schema() { SCHEMA } else { PUBLIC }
    }

    /// What stands there for the schema of our own tables.
    pub(super) fn own_token(&self) -> &str {
        if self.is_schema() { OWN } else { OWN_SCHEMA }
    }

    /// A statement of the server's about what is here, with tokens for the schema's name, which no text has by chance.
    pub(super) fn kept(&self, sql: &str) -> String {
        let Some(name) = &self.name else { return sql.to_owned() };
        let (head, body) = match sql.find(BODY) {
            Some(place) if sql.starts_with("CREATE OR REPLACE ") => sql.split_at(place),
            _ => (sql, ""),
        };
        let head = if self.schema == *name {
            head.to_owned()
        } else {
            head.replace(&identifier(&self.schema), SCHEMA)
        };
        let head = with_tokens(&head, name, |after| if after.starts_with('.') { SCHEMA } else { NAME });
        format!("{head}{}", with_tokens(body, name, |_| NAME))
    }

    /// A statement that was kept, for running it here.
    pub(super) fn filled(&self, kept: &str) -> String {
        let name = self.name.as_deref().unwrap_or(PUBLIC);
        kept.replace(SCHEMA, &self.quoted()).replace(OWN, &self.own()).replace(NAME, name)
    }
}

/// A statement that was kept, for people to run it wherever they like.
pub(super) fn portable(kept: &str) -> String {
    kept.replace(SCHEMA, PUBLIC).replace(OWN, OWN_SCHEMA).replace(NAME, PUBLIC)
}

/// The name of a schema as the server itself writes it.
fn quoted(schema: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_';
    if schema.chars().all(is_plain) { schema.to_owned() } else { identifier(schema) }
}

/// A text with something else in each place of a name, depending on what comes after.
fn with_tokens(text: &str, name: &str, token: impl Fn(&str) -> &'static str) -> String {
    let is_word = |sign: char| sign.is_alphanumeric() || sign == '_';
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find(name) {
        let (before, found) = rest.split_at(place);
        let after = found.get(name.len()..).unwrap_or_default();
        let is_part = before.ends_with(is_word)
            || (before.is_empty() && done.ends_with(is_word))
            || after.starts_with(is_word);
        done.push_str(before);
        done.push_str(if is_part { name } else { token(after) });
        rest = after;
    }
    done.push_str(rest);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_run_under_another_name_and_the_texts_in_it_stay() {
        let here = Home::of_schema("tenants", "acme_0123456789ab", "acme_0123456789ab");
        let there = Home::of_schema("tenants", "tenantry-making-1", "copy_aaaaaaaaaaaa");
        let kept = here.kept(
            "CREATE VIEW acme_0123456789ab.v AS SELECT 'public.', x_acme_0123456789ab.a FROM acme_0123456789ab.\"T\"",
        );
        assert_eq!(
            there.filled(&kept),
            "CREATE VIEW \"tenantry-making-1\".v AS SELECT 'public.', x_acme_0123456789ab.a FROM \"tenantry-making-1\".\"T\""
        );
        assert_eq!(
            portable(&kept),
            "CREATE VIEW public.v AS SELECT 'public.', x_acme_0123456789ab.a FROM public.\"T\""
        );
    }

    #[test]
    fn the_body_of_a_function_has_the_name_that_the_schema_will_have() {
        let here = Home::of_schema("tenants", "tenantry-shut-1", "acme_0123456789ab");
        let there = Home::of_schema("tenants", "tenantry-making-1", "copy_aaaaaaaaaaaa");
        let kept = here.kept(
            "CREATE OR REPLACE FUNCTION \"tenantry-shut-1\".f()\n SET search_path TO 'acme_0123456789ab'\nAS $function$ SELECT acme_0123456789ab.g() $function$",
        );
        assert_eq!(
            there.filled(&kept),
            "CREATE OR REPLACE FUNCTION \"tenantry-making-1\".f()\n SET search_path TO 'copy_aaaaaaaaaaaa'\nAS $function$ SELECT copy_aaaaaaaaaaaa.g() $function$"
        );
    }

    #[test]
    fn a_statement_of_a_database_is_kept_as_it_is() {
        let home = Home::of_database("acme_0123456789ab");
        let sql = "COMMENT ON TABLE public.t IS 'acme_0123456789ab.'";
        assert_eq!(home.filled(&home.kept(sql)), sql);
        assert_eq!(portable(&home.kept(sql)), sql);
    }
}
