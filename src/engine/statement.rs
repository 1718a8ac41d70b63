//! A statement ready to run on an engine. Only dialects and the template reader make these.

/// SQL in an engine's own dialect, with the values it binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The SQL, with `?` (PostgreSQL: `$1`, `$2` …) for each bound value.
    pub sql: String,
    /// Values to bind, in order. They may hold template variables such as `{{TENANT_NAME}}`, which are filled in
    /// when the statement runs and never become part of the SQL.
    pub values: Vec<String>,
}

/// Whose words the expressions of a schema are in: those of its defaults, checks, computed columns, indexes and views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// The template's MySQL dialect.
    Template,
    /// The engine's own, as its catalog gives them.
    Own,
}
