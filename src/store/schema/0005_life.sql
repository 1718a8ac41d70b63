-- What happens to tenants after they were made.

ALTER TABLE jobs ADD COLUMN params JSON NULL COMMENT 'What the job was asked for, in its kind''s own form';
ALTER TABLE jobs ADD COLUMN other_tenant_id CHAR(36) NULL COMMENT 'A second tenant that it reads from and holds';

CREATE TABLE tenant_locks (
    tenant_id CHAR(36) NOT NULL PRIMARY KEY COMMENT 'One job at a time has a tenant: the key decides',
    job_id CHAR(36) NOT NULL,
    taken_ms BIGINT NOT NULL,
    FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE,
    INDEX idx_lock_job (job_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Which job has a tenant now; gone when the job has ended';

ALTER TABLE tenants ADD COLUMN status_before VARCHAR(20) NULL COMMENT 'Its state before it was to be deleted, to go back to';
ALTER TABLE tenants ADD COLUMN delete_after_ms BIGINT NULL COMMENT 'Its database is removed for good after this moment';
CREATE INDEX idx_delete_after ON tenants (delete_after_ms);

CREATE TABLE snapshots (
    id CHAR(36) NOT NULL PRIMARY KEY,
    tenant_id CHAR(36) NOT NULL,
    job_id CHAR(36) NOT NULL COMMENT 'The job that took it',
    reason VARCHAR(20) NOT NULL COMMENT 'asked, before_restore, last',
    note VARCHAR(255) NULL COMMENT 'Why, in the words of whoever asked',
    taken_by VARCHAR(255) NOT NULL,
    file VARCHAR(255) NOT NULL COMMENT 'Below the folder of snapshots',
    bytes BIGINT NOT NULL,
    checksum CHAR(64) NOT NULL COMMENT 'SHA-256 of the file',
    template_id BIGINT UNSIGNED NOT NULL COMMENT 'The template version that the tenant stood at',
    modules JSON NOT NULL COMMENT 'The optional modules that it had',
    schema_hash CHAR(64) NULL COMMENT 'Fingerprint of the schema in it',
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL COMMENT 'It is removed after this moment',
    FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
    INDEX idx_tenant_created (tenant_id, created_ms),
    INDEX idx_expires (expires_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Copies of tenants'' databases';
