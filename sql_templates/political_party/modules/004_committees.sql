-- Committees of a branch, and who sits in them.

CREATE TABLE committees (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    branch_id BIGINT UNSIGNED NOT NULL,
    name VARCHAR(200) NOT NULL,
    kind ENUM('board', 'audit', 'arbitration', 'programme', 'working_group') NOT NULL DEFAULT 'working_group',
    purpose TEXT COMMENT 'What it decides or prepares',
    founded_on DATE NULL,
    ended_on DATE NULL COMMENT 'The last day; who sat in it stays known',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_branch_name (branch_id, name),
    INDEX idx_kind (kind),
    CONSTRAINT chk_committees_dates CHECK (ended_on >= founded_on),
    CONSTRAINT fk_committees_branch FOREIGN KEY (branch_id) REFERENCES branches(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Boards, audit and arbitration panels, and working groups of a branch';

CREATE TABLE committee_members (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    committee_id BIGINT UNSIGNED NOT NULL,
    member_id BIGINT UNSIGNED NOT NULL,
    office VARCHAR(100) NOT NULL DEFAULT 'Member' COMMENT 'Such as Chair or Treasurer',
    elected_on DATE NOT NULL COMMENT 'The day on which the person was elected or appointed',
    term_ends_on DATE NULL COMMENT 'The last day of the term; empty where there is none',
    left_on DATE NULL COMMENT 'The day on which the person really left; empty while in office',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_committee_member_elected (committee_id, member_id, elected_on),
    INDEX idx_committee_left (committee_id, left_on),
    INDEX idx_member_left (member_id, left_on),
    INDEX idx_left_term (left_on, term_ends_on),
    CONSTRAINT chk_committee_members_term CHECK (term_ends_on >= elected_on),
    CONSTRAINT chk_committee_members_left CHECK (left_on >= elected_on),
    CONSTRAINT fk_committee_members_committee FOREIGN KEY (committee_id) REFERENCES committees(id) ON DELETE RESTRICT,
    CONSTRAINT fk_committee_members_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Who sits in which committee, in which office, and until when';
