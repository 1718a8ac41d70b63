-- How many tenants there are is asked on most pages, and counting them takes longer with each of them. Triggers keep the
-- numbers, so that no writer can forget them.

CREATE TABLE tenant_counts (
    template_id BIGINT UNSIGNED NOT NULL,
    status VARCHAR(30) NOT NULL,
    n BIGINT NOT NULL COMMENT 'Tenants of this version in this state',
    PRIMARY KEY (template_id, status)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='How many tenants there are';

CREATE INDEX idx_status_created ON jobs (status, created_ms, id);
