-- Keys with which other programs use the application on behalf of a person.

CREATE TABLE api_tokens (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT UNSIGNED NOT NULL COMMENT 'The person that the program acts for',
    name VARCHAR(150) NOT NULL COMMENT 'What the key is for, in the words of its owner',
    token_hash CHAR(64) NOT NULL COMMENT 'SHA-256 of the key; the key itself is never kept',
    abilities JSON NULL COMMENT 'A list of permissions; empty means all that the person has',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_used_at TIMESTAMP NULL,
    expires_at TIMESTAMP NULL COMMENT 'Empty for a key that does not expire',
    revoked_at TIMESTAMP NULL COMMENT 'When the key was taken back',

    UNIQUE KEY uk_token_hash (token_hash),
    INDEX idx_user_id (user_id),
    INDEX idx_expires_at (expires_at),
    CONSTRAINT fk_api_tokens_user FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Keys for other programs';
