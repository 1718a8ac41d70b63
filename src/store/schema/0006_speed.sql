-- A tenant's row is read on every page, so nothing large may be in it: what thousands of tenants share is kept once.
-- tenants.template_snapshot says where: {"schema_hash": "…"}.

CREATE TABLE schema_snapshots (
    schema_hash CHAR(64) NOT NULL PRIMARY KEY,
    snapshot JSON NOT NULL COMMENT 'The schema model',
    created_ms BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Schemas that tenants were made with';
