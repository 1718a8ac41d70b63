-- Who published a template version, with what note, and whether it was retired since; drafts of new versions.

ALTER TABLE tenant_templates ADD COLUMN published_by VARCHAR(255) NULL COMMENT 'The name of whoever imported or published it';
ALTER TABLE tenant_templates ADD COLUMN note TEXT NULL COMMENT 'What whoever published it wrote about it';
ALTER TABLE tenant_templates ADD COLUMN retired_ms BIGINT NULL COMMENT 'Since when no new tenant may be made from it';
ALTER TABLE tenant_templates ADD COLUMN retired_by VARCHAR(255) NULL;

CREATE TABLE template_drafts (
    id CHAR(36) NOT NULL PRIMARY KEY,
    template_type VARCHAR(50) NOT NULL,
    base_id BIGINT UNSIGNED NOT NULL COMMENT 'The version that it came from',
    edition INT UNSIGNED NOT NULL COMMENT 'Grows with every change of any of its files',
    created_ms BIGINT NOT NULL,
    created_by VARCHAR(255) NOT NULL,
    changed_ms BIGINT NOT NULL,
    changed_by VARCHAR(255) NOT NULL,
    checked_digest CHAR(64) NULL COMMENT 'SHA-256 of all files as they were checked last',
    checked_ms BIGINT NULL,
    report JSON NULL COMMENT 'What that check found',
    FOREIGN KEY (base_id) REFERENCES tenant_templates(id),
    INDEX idx_type (template_type, created_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='New template versions in the making';

CREATE TABLE template_draft_files (
    draft_id CHAR(36) NOT NULL,
    path VARCHAR(255) NOT NULL,
    content MEDIUMTEXT NOT NULL,
    edition INT UNSIGNED NOT NULL COMMENT 'The draft''s edition that this text came with: no two texts ever have the same',
    changed_ms BIGINT NOT NULL,
    changed_by VARCHAR(255) NOT NULL,
    PRIMARY KEY (draft_id, path),
    FOREIGN KEY (draft_id) REFERENCES template_drafts(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
