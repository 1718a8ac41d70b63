-- Files with the data of a tenant, to be downloaded for a while.

CREATE TABLE exports (
    id CHAR(36) NOT NULL PRIMARY KEY COMMENT 'Also the id of the job that writes it',
    tenant_id CHAR(36) NOT NULL,
    contents JSON NOT NULL COMMENT 'What was asked for',
    state ENUM('waiting', 'ready', 'failed', 'removed') NOT NULL DEFAULT 'waiting',
    asked_by VARCHAR(255) NOT NULL,
    created_ms BIGINT NOT NULL,
    file VARCHAR(255) NULL COMMENT 'Below the folder of exports; another one for each claim of the job',
    bytes BIGINT NULL,
    moment_ms BIGINT NULL COMMENT 'The moment that the data is of',
    table_count BIGINT NULL,
    row_count BIGINT NULL,
    expires_ms BIGINT NULL COMMENT 'It is removed after this moment',
    FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
    INDEX idx_exports_tenant (tenant_id, created_ms),
    INDEX idx_exports_expires (state, expires_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Exports of tenants';
