-- The tables that every tenant has, whatever its template: people, what they may do, settings, and who did what.

CREATE TABLE users (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    first_name VARCHAR(100) NOT NULL,
    last_name VARCHAR(100) NOT NULL,
    email VARCHAR(255) NOT NULL UNIQUE COMMENT 'The address that the person signs in with',
    email_verified_at TIMESTAMP NULL COMMENT 'When the person proved that the address is theirs',
    password_hash VARCHAR(255) NOT NULL COMMENT 'Argon2id hash, or a mark that no password matches',
    status ENUM('active', 'inactive', 'suspended') DEFAULT 'active',
    last_login_at TIMESTAMP NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    deleted_at TIMESTAMP NULL COMMENT 'Set when the person was removed; the row stays for the audit log',

    INDEX idx_email (email),
    INDEX idx_status (status),
    INDEX idx_full_name (last_name, first_name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='People who can sign in';

CREATE TABLE roles (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(255) NOT NULL UNIQUE,
    guard_name VARCHAR(255) DEFAULT 'web' COMMENT 'The door that the role is for, such as web or api',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Sets of permissions that are given to people';

CREATE TABLE permissions (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(255) NOT NULL UNIQUE COMMENT 'What it allows, as act.thing, such as edit.users',
    guard_name VARCHAR(255) DEFAULT 'web' COMMENT 'The door that the permission is for, such as web or api',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Single things that a role may allow';

CREATE TABLE settings (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    `key` VARCHAR(255) NOT NULL UNIQUE COMMENT 'The name of the setting, such as app.timezone',
    `value` TEXT,
    `type` ENUM('string', 'integer', 'boolean', 'json', 'array') DEFAULT 'string' COMMENT 'How the value is read',
    `group` VARCHAR(100) DEFAULT 'general' COMMENT 'The part of the settings page that shows it',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_key_group (`key`, `group`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What the organisation has set, one row for each setting';

CREATE TABLE audit_logs (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT UNSIGNED NULL COMMENT 'Who did it; empty for the system. The row outlives the person',
    event VARCHAR(255) NOT NULL COMMENT 'What was done, such as created, updated, signed-in',
    auditable_type VARCHAR(255) NULL COMMENT 'The kind of thing that it was done to',
    auditable_id BIGINT UNSIGNED NULL COMMENT 'The id of that thing in its own table',
    old_values JSON NULL COMMENT 'The changed values as they were',
    new_values JSON NULL COMMENT 'The changed values as they became',
    ip_address VARCHAR(45) NULL,
    user_agent TEXT NULL COMMENT 'The browser or program, as it named itself',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,

    INDEX idx_event_user (event, user_id),
    INDEX idx_auditable (auditable_type, auditable_id),
    INDEX idx_created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Who did what, and when';
