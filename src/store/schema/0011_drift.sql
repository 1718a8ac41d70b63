-- What tenants' databases were found to be, beside what they should be.

ALTER TABLE tenant_customizations
    ADD COLUMN fragment MEDIUMTEXT NULL COMMENT 'The part of the schema that it was taken from, as JSON',
    ADD COLUMN reason TEXT NULL,
    ADD COLUMN adopted_by VARCHAR(255) NULL;

CREATE TABLE drift_runs (
    id CHAR(36) NOT NULL PRIMARY KEY,
    scope MEDIUMTEXT NULL COMMENT 'The ids of the tenants, as JSON; NULL is all of them',
    asked_by VARCHAR(255) NOT NULL COMMENT 'A name, or what asked by itself',
    total INT UNSIGNED NOT NULL,
    checked INT UNSIGNED NOT NULL DEFAULT 0,
    drifted INT UNSIGNED NOT NULL DEFAULT 0,
    failed INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'Could not be looked at',
    busy INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'Had a job, so nothing is said about them',
    position CHAR(36) NULL COMMENT 'The last tenant that was looked at',
    lease_owner VARCHAR(255) NULL,
    lease_until_ms BIGINT NOT NULL DEFAULT 0,
    created_ms BIGINT NOT NULL,
    ended_ms BIGINT NULL,
    INDEX idx_drift_run_open (ended_ms, created_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Checks of many tenants';

CREATE TABLE tenant_drift (
    tenant_id CHAR(36) NOT NULL PRIMARY KEY,
    drift_level TINYINT NULL COMMENT '0 none, 1 low, 2 medium, 3 high; NULL where it was never looked at',
    expected_hash CHAR(64) NULL,
    problem TEXT NULL COMMENT 'Why it could not be looked at the last time',
    looked_ms BIGINT NULL COMMENT 'When it was looked at last',
    tried_ms BIGINT NOT NULL,
    FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
    INDEX idx_drift_level (drift_level, tenant_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The last check of each tenant';

CREATE TABLE drift_differences (
    tenant_id CHAR(36) NOT NULL,
    difference_id CHAR(16) NOT NULL COMMENT 'The same difference of other tenants has the same id',
    kind VARCHAR(20) NOT NULL,
    object VARCHAR(255) NOT NULL,
    change_kind VARCHAR(10) NOT NULL COMMENT 'added, removed or changed',
    severity TINYINT NOT NULL COMMENT '1 low, 2 medium, 3 high',
    expected MEDIUMTEXT NULL,
    found MEDIUMTEXT NULL,
    sentence TEXT NOT NULL,
    cause TEXT NULL COMMENT 'What is known of how it came about',
    first_seen_ms BIGINT NOT NULL,
    ignored_until_ms BIGINT NULL,
    ignored_reason TEXT NULL,
    ignored_by VARCHAR(255) NULL,
    PRIMARY KEY (tenant_id, difference_id),
    INDEX idx_same_difference (difference_id, tenant_id),
    FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What differs, as it was found last';
