-- Database servers that tenants are placed on, and the accounts that tenants have there.

CREATE TABLE servers (
    id CHAR(36) NOT NULL PRIMARY KEY,
    name VARCHAR(40) NOT NULL UNIQUE COMMENT 'Small letters, digits and dashes',
    engine VARCHAR(20) NOT NULL COMMENT 'mariadb or postgres',
    host VARCHAR(255) NOT NULL COMMENT 'A name, an address, or the folder of a socket',
    port INT UNSIGNED NOT NULL,
    admin_name VARCHAR(128) NOT NULL,
    admin_password TEXT NOT NULL COMMENT 'Encrypted, for this row only',
    admin_database VARCHAR(64) NULL COMMENT 'The database that the administrator asks from, where the engine wants one',
    region VARCHAR(40) NULL COMMENT 'A label, such as eu',
    capacity INT UNSIGNED NULL COMMENT 'Tenants at most; NULL is no bound',
    weight INT UNSIGNED NOT NULL DEFAULT 100 COMMENT 'A server of 200 takes twice the tenants of one of 100',
    connections INT UNSIGNED NOT NULL DEFAULT 20 COMMENT 'At most so many at once, for all tenants together',
    tls_mode VARCHAR(20) NOT NULL DEFAULT 'prefer',
    tls_authority TEXT NULL COMMENT 'Certificates that are believed, as PEM, besides those of the system',
    isolation VARCHAR(20) NOT NULL DEFAULT 'database',
    is_draining BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'Takes no new tenants',
    product VARCHAR(255) NULL COMMENT 'What it said when it was tried last',
    problem TEXT NULL COMMENT 'What was in the way when it was tried last',
    tried_ms BIGINT NULL,
    changed_ms BIGINT NOT NULL COMMENT 'Engines that were opened before are opened anew',
    created_ms BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Database servers that tenants are placed on';

ALTER TABLE tenants ADD COLUMN server_id CHAR(36) NULL COMMENT 'NULL is the engine inside this program';

ALTER TABLE tenant_drafts ADD COLUMN place VARCHAR(64) NULL COMMENT 'Where its database is to be, once it is answered';

CREATE INDEX idx_tenant_server ON tenants (server_id, status);

CREATE TABLE tenant_accounts (
    tenant_id CHAR(36) NOT NULL PRIMARY KEY,
    password TEXT NOT NULL COMMENT 'Encrypted, for this row only',
    next_password TEXT NULL COMMENT 'The same, while the account is getting another one',
    made_ms BIGINT NOT NULL,
    shown_ms BIGINT NULL COMMENT 'A password is shown once',
    FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Accounts of tenants on database servers';
