-- People: who owns which tenant, links with which a person chooses a password, and what is known of their browsers.

CREATE TABLE tenant_owners (
    user_id CHAR(36) NOT NULL,
    tenant_id CHAR(36) NOT NULL,
    added_ms BIGINT NOT NULL,
    PRIMARY KEY (user_id, tenant_id),
    FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON DELETE CASCADE,
    INDEX idx_owner_tenant (tenant_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Owners see these tenants and no others';

CREATE TABLE password_links (
    user_id CHAR(36) NOT NULL PRIMARY KEY COMMENT 'One link a person: a newer one takes the place of the older one',
    kind ENUM('invitation', 'reset') NOT NULL,
    token_hash CHAR(64) NOT NULL UNIQUE COMMENT 'SHA-256 of the secret part of the address',
    made_by VARCHAR(255) NOT NULL,
    made_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='With which a person chooses a password; a row goes when its link is used';

CREATE TABLE known_browsers (
    token_hash CHAR(64) NOT NULL COMMENT 'SHA-256 of the token in the cookie',
    user_id CHAR(36) NOT NULL,
    seen_ms BIGINT NOT NULL,
    PRIMARY KEY (token_hash, user_id),
    FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    INDEX idx_known_user (user_id),
    INDEX idx_known_seen (seen_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Browsers in which a person signed in before: strangers cannot make them wait';

ALTER TABLE users ADD COLUMN seen_ms BIGINT NULL COMMENT 'When the person last used the program';

ALTER TABLE sessions ADD COLUMN mark CHAR(36) NULL COMMENT 'Names the session in pages; it opens nothing';
ALTER TABLE sessions ADD COLUMN agent VARCHAR(300) NULL COMMENT 'What the browser says that it is';
ALTER TABLE sessions ADD COLUMN address VARCHAR(64) NULL COMMENT 'Where the person signed in from';

ALTER TABLE events ADD COLUMN person_id CHAR(36) NULL COMMENT 'The person that it was done to';
CREATE INDEX idx_events_person ON events (person_id, id);
