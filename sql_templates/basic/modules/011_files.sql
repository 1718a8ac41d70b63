-- Files that people upload, and what they are attached to.

CREATE TABLE files (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links',
    uploaded_by BIGINT UNSIGNED NULL COMMENT 'Who uploaded it; empty when that person is gone',
    original_name VARCHAR(255) NOT NULL COMMENT 'The name of the file on the computer that it came from',
    storage_path VARCHAR(500) NOT NULL COMMENT 'Where the content is kept',
    media_type VARCHAR(150) NOT NULL DEFAULT 'application/octet-stream' COMMENT 'Such as image/png or application/pdf',
    size_bytes BIGINT UNSIGNED NOT NULL,
    content_sha256 CHAR(64) NOT NULL COMMENT 'Finds the same content uploaded twice, and damage',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at TIMESTAMP NULL COMMENT 'Set when the file was thrown away; the content goes later',

    INDEX idx_uploaded_by (uploaded_by, created_at),
    INDEX idx_content_sha256 (content_sha256),
    INDEX idx_created_at (created_at),
    CONSTRAINT fk_files_uploaded_by FOREIGN KEY (uploaded_by) REFERENCES users(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Uploaded files; the content is kept elsewhere';

CREATE TABLE file_attachments (
    file_id BIGINT UNSIGNED NOT NULL,
    attachable_type VARCHAR(100) NOT NULL COMMENT 'The kind of thing that the file is attached to, such as users',
    attachable_id BIGINT UNSIGNED NOT NULL COMMENT 'The id of that thing in its own table',
    caption VARCHAR(255) NULL COMMENT 'A line that is shown with the file',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,

    PRIMARY KEY (file_id, attachable_type, attachable_id),
    INDEX idx_attachable (attachable_type, attachable_id),
    CONSTRAINT fk_file_attachments_file FOREIGN KEY (file_id) REFERENCES files(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What each file is attached to';
