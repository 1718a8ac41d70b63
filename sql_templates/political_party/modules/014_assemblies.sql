-- Assemblies of a branch, who came, and what was decided.

CREATE TABLE assemblies (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    branch_id BIGINT UNSIGNED NOT NULL,
    title VARCHAR(200) NOT NULL,
    kind ENUM('members', 'delegates', 'extraordinary') NOT NULL DEFAULT 'members',
    place VARCHAR(255) NULL COMMENT 'The address, or the link of an online assembly',
    starts_at DATETIME NOT NULL COMMENT 'In the time zone of the organisation',
    ends_at DATETIME NULL COMMENT 'In the time zone of the organisation',
    invited_on DATE NULL COMMENT 'The day on which the invitations went out; late ones make decisions void',
    quorum INT UNSIGNED NULL COMMENT 'How many must be there for a decision; empty where any number will do',
    status ENUM('planned', 'invited', 'held', 'cancelled') NOT NULL DEFAULT 'planned',
    minutes LONGTEXT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_branch_starts (branch_id, starts_at),
    INDEX idx_status_starts (status, starts_at),
    CONSTRAINT chk_assemblies_times CHECK (ends_at >= starts_at),
    CONSTRAINT fk_assemblies_branch FOREIGN KEY (branch_id) REFERENCES branches(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Assemblies of members or delegates';

CREATE TABLE assembly_attendees (
    assembly_id BIGINT UNSIGNED NOT NULL,
    member_id BIGINT UNSIGNED NOT NULL,
    capacity ENUM('member', 'delegate', 'substitute', 'guest') NOT NULL DEFAULT 'member' COMMENT 'In which part the person is there',
    may_vote BOOLEAN NOT NULL DEFAULT TRUE,
    checked_in_at TIMESTAMP NULL COMMENT 'Empty for somebody who was invited and has not come',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,

    PRIMARY KEY (assembly_id, member_id),
    INDEX idx_assembly_vote (assembly_id, may_vote, checked_in_at),
    INDEX idx_member_id (member_id),
    CONSTRAINT fk_assembly_attendees_assembly FOREIGN KEY (assembly_id) REFERENCES assemblies(id) ON DELETE CASCADE,
    CONSTRAINT fk_assembly_attendees_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Who was invited to an assembly, who came, and who may vote';

CREATE TABLE motions (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    assembly_id BIGINT UNSIGNED NOT NULL,
    number VARCHAR(20) NOT NULL COMMENT 'Its number on the agenda, such as A-12',
    title VARCHAR(255) NOT NULL,
    body LONGTEXT NOT NULL COMMENT 'The text that is voted on',
    proposed_by_member BIGINT UNSIGNED NULL COMMENT 'Who proposed it, where it was a member',
    proposed_by_committee BIGINT UNSIGNED NULL COMMENT 'Who proposed it, where it was a committee',
    status ENUM('submitted', 'admitted', 'adopted', 'rejected', 'referred', 'withdrawn') NOT NULL DEFAULT 'submitted',
    votes_for INT UNSIGNED NULL,
    votes_against INT UNSIGNED NULL,
    abstentions INT UNSIGNED NULL,
    submitted_on DATE NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_assembly_number (assembly_id, number),
    INDEX idx_assembly_status (assembly_id, status),
    INDEX idx_proposed_by_member (proposed_by_member),
    INDEX idx_proposed_by_committee (proposed_by_committee),
    CONSTRAINT fk_motions_assembly FOREIGN KEY (assembly_id) REFERENCES assemblies(id) ON DELETE RESTRICT,
    CONSTRAINT fk_motions_member FOREIGN KEY (proposed_by_member) REFERENCES members(id) ON DELETE SET NULL,
    CONSTRAINT fk_motions_committee FOREIGN KEY (proposed_by_committee) REFERENCES committees(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What was proposed to an assembly, and how it was decided';
