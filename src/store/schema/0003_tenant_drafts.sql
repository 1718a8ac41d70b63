CREATE TABLE tenant_drafts (
    id CHAR(36) NOT NULL PRIMARY KEY COMMENT 'Becomes the request_id of the tenant: a draft sent twice makes one tenant',
    maker_id CHAR(36) NOT NULL,
    name VARCHAR(255) NOT NULL,
    email VARCHAR(255) NOT NULL,
    note TEXT NULL,
    template VARCHAR(50) NULL COMMENT 'The template type, once it is chosen',
    modules JSON NOT NULL COMMENT 'Ticked extras by template type: a template that has been answered for has an entry',
    plan VARCHAR(20) NULL,
    created_ms BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL,
    FOREIGN KEY (maker_id) REFERENCES users(id) ON DELETE CASCADE,
    INDEX idx_maker (maker_id, changed_ms),
    INDEX idx_changed (changed_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Tenants that somebody has begun to describe';

ALTER TABLE tenants ADD COLUMN note TEXT NULL COMMENT 'What whoever asked for it wanted to say about it';
