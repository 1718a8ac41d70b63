-- The party's branches, from the whole country down to a town.

CREATE TABLE branches (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    parent_id BIGINT UNSIGNED NULL COMMENT 'The branch above; empty for the national one',
    code VARCHAR(30) NOT NULL COMMENT 'Its short name in lists and reports, such as NORTH-03',
    name VARCHAR(255) NOT NULL,
    level ENUM('national', 'regional', 'district', 'local') NOT NULL DEFAULT 'local',
    area TEXT COMMENT 'The places that belong to it, in words',
    email VARCHAR(255) NULL COMMENT 'Where the branch itself gets its letters',
    phone VARCHAR(30) NULL,
    founded_on DATE NULL,
    closed_on DATE NULL COMMENT 'The last day; its members move to another branch before',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_code (code),
    INDEX idx_parent_name (parent_id, name),
    INDEX idx_level_name (level, name),
    CONSTRAINT chk_branches_dates CHECK (closed_on >= founded_on),
    CONSTRAINT fk_branches_parent FOREIGN KEY (parent_id) REFERENCES branches(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The national party, its regions, districts and local branches';
