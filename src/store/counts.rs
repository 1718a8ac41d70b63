//! How many tenants there are, by template version and state: a few rows that triggers keep, however many tenants there are.
//! How triggers are said is each engine's own business; servers count an index instead, so that writers need not wait for
//! each other, and nobody needs the right to make triggers.

/// SQLite: what there is, and what comes, changes and goes.
pub(super) const SQLITE: &[&str] = &[
    "INSERT INTO tenant_counts (template_id, status, n)
        SELECT template_id, status, COUNT(*) FROM tenants GROUP BY template_id, status",
    "CREATE TRIGGER tenant_counts_added AFTER INSERT ON tenants BEGIN
        INSERT INTO tenant_counts (template_id, status, n) VALUES (NEW.template_id, NEW.status, 1)
            ON CONFLICT (template_id, status) DO UPDATE SET n = n + 1;
     END",
    "CREATE TRIGGER tenant_counts_changed AFTER UPDATE OF template_id, status ON tenants
        WHEN OLD.template_id <> NEW.template_id OR OLD.status <> NEW.status BEGIN
        UPDATE tenant_counts SET n = n - 1 WHERE template_id = OLD.template_id AND status = OLD.status;
        INSERT INTO tenant_counts (template_id, status, n) VALUES (NEW.template_id, NEW.status, 1)
            ON CONFLICT (template_id, status) DO UPDATE SET n = n + 1;
     END",
    "CREATE TRIGGER tenant_counts_removed AFTER DELETE ON tenants BEGIN
        UPDATE tenant_counts SET n = n - 1 WHERE template_id = OLD.template_id AND status = OLD.status;
     END",
];

/// MariaDB and MySQL: nothing is kept that could be wrong.
pub(super) const MARIADB: &[&str] = &[
    "DROP TABLE IF EXISTS tenant_counts",
    "CREATE OR REPLACE SQL SECURITY INVOKER VIEW tenant_counts AS
        SELECT template_id, status, COUNT(*) AS n FROM tenants GROUP BY template_id, status",
];

/// PostgreSQL: the same.
pub(super) const POSTGRES: &[&str] = &[
    "DROP TABLE tenant_counts",
    "CREATE VIEW tenant_counts AS
        SELECT template_id, status, COUNT(*) AS n FROM tenants GROUP BY template_id, status",
];

/// Counts of all tenants, or of those that a scope names, as a table `u` of (template_id, status, n). `within` is the
/// scope's condition on `t.id`.
pub(super) fn counted(within: &str) -> String {
    if within.is_empty() {
        return "(SELECT template_id, status, n FROM tenant_counts WHERE n > 0) u".to_owned();
    }
    format!(
        "(SELECT t.template_id, t.status, COUNT(*) AS n FROM tenants t WHERE 1 = 1{within}
          GROUP BY t.template_id, t.status) u"
    )
}
