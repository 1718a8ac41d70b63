-- The control database, in the plan's MySQL dialect; src/store/migrate.rs renders it for the engine in use.
-- Moments that the program compares are whole milliseconds since 1970 in UTC (…_ms); the plan's columns stay as the plan has them.

CREATE TABLE settings (
    name VARCHAR(100) NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What this installation remembers about itself';

CREATE TABLE users (
    id CHAR(36) NOT NULL PRIMARY KEY,
    email VARCHAR(255) NOT NULL UNIQUE COMMENT 'Folded to lower case',
    name VARCHAR(255) NOT NULL,
    role ENUM('staff', 'admin', 'owner') NOT NULL,
    password_hash VARCHAR(255) NOT NULL COMMENT 'argon2id, PHC string',
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_ms BIGINT NOT NULL,
    last_sign_in_ms BIGINT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='People who sign in';

CREATE TABLE sign_in_tries (
    email_hash CHAR(64) NOT NULL PRIMARY KEY COMMENT 'SHA-256 of what was typed, whether such a person exists or not',
    failed INT UNSIGNED NOT NULL,
    next_ms BIGINT NOT NULL COMMENT 'No password is looked at before this moment',
    last_ms BIGINT NOT NULL,
    INDEX idx_last (last_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Wrong passwords, to slow guessing down';

CREATE TABLE sessions (
    token_hash CHAR(64) NOT NULL PRIMARY KEY COMMENT 'SHA-256 of the token in the cookie',
    user_id CHAR(36) NULL,
    state TEXT NOT NULL COMMENT 'JSON object of strings',
    created_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    INDEX idx_user (user_id),
    INDEX idx_expires (expires_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Signed-in browsers';

CREATE TABLE tenant_templates (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()),
    name VARCHAR(255) NOT NULL COMMENT 'Template name (e.g., "Basic NGO")',
    description TEXT,
    template_type VARCHAR(50) NOT NULL DEFAULT 'basic' COMMENT 'A folder of sql_templates; more by adding one',
    version VARCHAR(50) NOT NULL DEFAULT '1.0.0' COMMENT 'Semantic versioning',
    schema_snapshot JSON COMMENT 'JSON representation of schema',
    seed_data JSON COMMENT 'Default seed data',
    is_active BOOLEAN DEFAULT TRUE,
    is_locked BOOLEAN DEFAULT FALSE COMMENT 'Prevent changes if in use',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    deleted_at TIMESTAMP NULL,
    source_hash CHAR(64) NOT NULL COMMENT 'SHA-256 of all files that it was imported from',
    source JSON NOT NULL COMMENT 'The files themselves, so that a version never changes',
    proof JSON NOT NULL COMMENT 'What the import proved, and for which engine',

    UNIQUE KEY uk_type_version (template_type, version),
    INDEX idx_template_type (template_type),
    INDEX idx_is_active (is_active)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE template_modules (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    template_id BIGINT UNSIGNED NOT NULL,
    module_name VARCHAR(100) NOT NULL COMMENT 'members, finances, events',
    module_type ENUM('core', 'optional') NOT NULL DEFAULT 'core',
    display_order INT DEFAULT 0,
    schema_sql TEXT NOT NULL COMMENT 'SQL to create module tables',
    seed_sql TEXT COMMENT 'Seed data for this module',
    dependencies JSON COMMENT 'Modules this depends on',
    metadata JSON,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,

    UNIQUE KEY uk_template_module (template_id, module_name),
    FOREIGN KEY (template_id) REFERENCES tenant_templates(id) ON DELETE CASCADE,

    INDEX idx_module_type (module_type)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE template_migrations (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    template_id BIGINT UNSIGNED NOT NULL,
    migration_name VARCHAR(255) NOT NULL COMMENT '2025_01_01_add_phone_to_members',
    sql_up TEXT NOT NULL COMMENT 'Migration SQL',
    sql_down TEXT NOT NULL COMMENT 'Rollback SQL',
    applies_to ENUM('all', 'specific') DEFAULT 'all',
    target_template_types JSON COMMENT '["ngo", "political_party"] or null for all',
    min_template_version VARCHAR(50) NULL,
    max_template_version VARCHAR(50) NULL,
    is_breaking BOOLEAN DEFAULT FALSE COMMENT 'Breaking changes require approval',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    completes_version VARCHAR(50) NULL COMMENT 'The template version that is reached with this migration',
    summary JSON NOT NULL COMMENT 'What it changes, in sentences',

    UNIQUE KEY uk_template_migration (template_id, migration_name),
    FOREIGN KEY (template_id) REFERENCES tenant_templates(id) ON DELETE CASCADE,

    INDEX idx_breaking (is_breaking)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE tenants (
    id CHAR(36) NOT NULL PRIMARY KEY,
    template_id BIGINT UNSIGNED NULL,
    template_version VARCHAR(50) NULL,
    name VARCHAR(255) NOT NULL,
    slug VARCHAR(100) NOT NULL UNIQUE COMMENT 'In addresses; never given twice',
    email VARCHAR(255) NOT NULL COMMENT 'The owner''s e-mail',
    plan ENUM('basic', 'premium', 'enterprise') NOT NULL DEFAULT 'basic',
    status ENUM('pending', 'provisioning', 'active', 'failed', 'suspended', 'archived', 'deleting', 'deleted') NOT NULL DEFAULT 'pending',
    modules JSON NOT NULL COMMENT 'Optional modules, dependencies included, in order',
    engine VARCHAR(20) NOT NULL DEFAULT 'sqlite',
    database_name VARCHAR(64) NOT NULL UNIQUE COMMENT 'Derived once, never recomputed, never used again',
    request_id CHAR(36) NULL UNIQUE COMMENT 'The form that asked for it: sent twice, it makes one tenant',
    created_by CHAR(36) NULL,
    template_snapshot JSON NULL COMMENT 'Schema snapshot at creation time',
    customization_count INT UNSIGNED DEFAULT 0,
    last_schema_sync TIMESTAMP NULL,
    schema_drift_level ENUM('none', 'low', 'medium', 'high') DEFAULT 'none',
    is_customized BOOLEAN DEFAULT FALSE,
    schema_hash VARCHAR(64) NULL COMMENT 'Current schema hash for quick comparison',
    created_ms BIGINT NOT NULL,
    active_ms BIGINT NULL COMMENT 'When it was ready first',
    deleted_at TIMESTAMP NULL,

    FOREIGN KEY (template_id) REFERENCES tenant_templates(id),
    INDEX idx_created (created_ms, id),
    INDEX idx_name (name, id),
    INDEX idx_status_created (status, created_ms, id),
    INDEX idx_template (template_id, id),
    INDEX idx_template_created (template_id, created_ms, id),
    INDEX idx_email (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE tenant_customizations (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    tenant_id CHAR(36) NOT NULL,
    customization_type ENUM('table', 'column', 'index', 'view', 'function') NOT NULL,
    object_name VARCHAR(255) NOT NULL,
    definition_sql TEXT NOT NULL,
    template_base_version VARCHAR(50) NOT NULL COMMENT 'Template version when created',
    is_active BOOLEAN DEFAULT TRUE,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    created_by BIGINT UNSIGNED NULL COMMENT 'tenant_user_id who requested',
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    deleted_at TIMESTAMP NULL,

    INDEX idx_tenant_customizations (tenant_id, customization_type, is_active),
    FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE tenant_migrations_history (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    tenant_id CHAR(36) NOT NULL,
    migration_name VARCHAR(255) NOT NULL,
    migration_type ENUM('template', 'custom', 'system', 'rollback') NOT NULL,
    applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    applied_by BIGINT UNSIGNED NULL COMMENT 'tenant_user_id who applied',
    status ENUM('pending', 'applied', 'failed', 'rolled_back') DEFAULT 'applied',
    execution_time_ms INT UNSIGNED NULL,
    affected_tables JSON COMMENT 'Which tables were modified',
    notes TEXT,

    INDEX idx_tenant_migrations (tenant_id, applied_at),
    INDEX idx_migration_status (status, applied_at),
    FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE tenant_applied_migrations (
    tenant_id CHAR(36) NOT NULL,
    template_migration_id BIGINT UNSIGNED NOT NULL,
    applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    status ENUM('applied', 'skipped', 'failed', 'customized') DEFAULT 'applied',
    applied_by BIGINT UNSIGNED NULL,
    notes TEXT,

    PRIMARY KEY (tenant_id, template_migration_id),
    FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
    FOREIGN KEY (template_migration_id) REFERENCES template_migrations(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE database_names (
    name VARCHAR(64) NOT NULL PRIMARY KEY,
    tenant_id CHAR(36) NOT NULL,
    reserved_ms BIGINT NOT NULL,
    INDEX idx_tenant (tenant_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Every database name ever given: rows are never removed, so no name is used again';

CREATE TABLE invitations (
    id CHAR(36) NOT NULL PRIMARY KEY,
    tenant_id CHAR(36) NOT NULL,
    email VARCHAR(255) NOT NULL,
    token_hash CHAR(64) NULL UNIQUE COMMENT 'SHA-256 of the link''s token; NULL until a link is made',
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NULL,
    used_ms BIGINT NULL,
    UNIQUE KEY uk_tenant_email (tenant_id, email),
    FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Owners who were asked in';

CREATE TABLE jobs (
    id CHAR(36) NOT NULL PRIMARY KEY,
    kind VARCHAR(50) NOT NULL,
    tenant_id CHAR(36) NULL,
    status ENUM('queued', 'running', 'done', 'failed') NOT NULL DEFAULT 'queued',
    direction ENUM('forward', 'undo') NOT NULL DEFAULT 'forward',
    attempt INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'Tries that ended in an error',
    crashes INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'Times a worker vanished since the last step that ended',
    run_after_ms BIGINT NOT NULL COMMENT 'Not before this moment',
    lease_owner VARCHAR(100) NULL,
    lease_until_ms BIGINT NULL,
    fence BIGINT NOT NULL DEFAULT 0 COMMENT 'Grows with each claim: a worker with an older number has lost the job',
    problem TEXT NULL COMMENT 'What went wrong, for people',
    problem_detail TEXT NULL,
    reference VARCHAR(20) NULL COMMENT 'Finds the log line',
    needs_person BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'Cleaning up did not work: nothing more happens by itself',
    created_by CHAR(36) NULL,
    created_ms BIGINT NOT NULL,
    started_ms BIGINT NULL,
    ended_ms BIGINT NULL,
    FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
    INDEX idx_due (status, run_after_ms),
    INDEX idx_lease (status, lease_until_ms),
    INDEX idx_tenant (tenant_id, created_ms),
    INDEX idx_created (created_ms, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Work that outlives a process';

CREATE TABLE job_steps (
    job_id CHAR(36) NOT NULL,
    position INT NOT NULL,
    name VARCHAR(150) NOT NULL,
    title VARCHAR(255) NOT NULL,
    status ENUM('waiting', 'running', 'done', 'skipped', 'failed', 'undoing', 'undone') NOT NULL DEFAULT 'waiting',
    attempts INT UNSIGNED NOT NULL DEFAULT 0,
    started_ms BIGINT NULL,
    ended_ms BIGINT NULL,
    note TEXT NULL,
    PRIMARY KEY (job_id, position),
    FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE events (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    tenant_id CHAR(36) NULL,
    at_ms BIGINT NOT NULL,
    actor_id CHAR(36) NULL,
    actor_name VARCHAR(255) NOT NULL,
    action VARCHAR(50) NOT NULL,
    sentence TEXT NOT NULL,
    detail JSON NULL,
    INDEX idx_tenant_at (tenant_id, id),
    INDEX idx_at (at_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Everything that was done, and by whom';
