-- Offices and list places that are to be filled, and who was put forward for them.

CREATE TABLE contests (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    branch_id BIGINT UNSIGNED NOT NULL COMMENT 'The branch whose members decide',
    committee_id BIGINT UNSIGNED NULL COMMENT 'The committee whose seats are filled; empty for delegates and public office',
    title VARCHAR(200) NOT NULL COMMENT 'What is to be filled, as it stands on the ballot paper',
    kind ENUM('party_office', 'delegate', 'public_office') NOT NULL DEFAULT 'party_office',
    seats SMALLINT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'How many are elected',
    supporters_needed SMALLINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'How many members must sign for a candidate',
    nominations_open_on DATE NOT NULL COMMENT 'The first day on which candidates can be put forward',
    nominations_close_on DATE NOT NULL COMMENT 'The last such day',
    status ENUM('planned', 'open', 'closed', 'cancelled') NOT NULL DEFAULT 'planned',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_branch_status (branch_id, status),
    INDEX idx_committee_id (committee_id),
    INDEX idx_status_close (status, nominations_close_on),
    CONSTRAINT chk_contests_seats CHECK (seats >= 1),
    CONSTRAINT chk_contests_dates CHECK (nominations_close_on >= nominations_open_on),
    CONSTRAINT fk_contests_branch FOREIGN KEY (branch_id) REFERENCES branches(id) ON DELETE RESTRICT,
    CONSTRAINT fk_contests_committee FOREIGN KEY (committee_id) REFERENCES committees(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Offices and list places that are to be filled';

CREATE TABLE nominations (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    contest_id BIGINT UNSIGNED NOT NULL,
    member_id BIGINT UNSIGNED NOT NULL COMMENT 'Who is put forward',
    nominated_by BIGINT UNSIGNED NULL COMMENT 'The member who put them forward; empty for a proposal of a committee',
    statement TEXT COMMENT 'What the candidate says to the voters',
    status ENUM('proposed', 'accepted', 'declined', 'admitted', 'rejected', 'withdrawn') NOT NULL DEFAULT 'proposed' COMMENT 'The person accepts or declines; the returning officer admits or rejects',
    reason VARCHAR(500) NULL COMMENT 'Why it was rejected or withdrawn',
    nominated_on DATE NOT NULL,
    decided_on DATE NULL COMMENT 'The day on which it was admitted or rejected',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_contest_member (contest_id, member_id),
    INDEX idx_contest_status (contest_id, status),
    INDEX idx_member_id (member_id),
    INDEX idx_nominated_by (nominated_by),
    CONSTRAINT chk_nominations_dates CHECK (decided_on >= nominated_on),
    CONSTRAINT fk_nominations_contest FOREIGN KEY (contest_id) REFERENCES contests(id) ON DELETE RESTRICT,
    CONSTRAINT fk_nominations_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE RESTRICT,
    CONSTRAINT fk_nominations_nominated_by FOREIGN KEY (nominated_by) REFERENCES members(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Members who were put forward for an office or a list place';

CREATE TABLE nomination_supporters (
    nomination_id BIGINT UNSIGNED NOT NULL,
    member_id BIGINT UNSIGNED NOT NULL COMMENT 'Who signed',
    signed_on DATE NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,

    PRIMARY KEY (nomination_id, member_id),
    INDEX idx_member_id (member_id),
    CONSTRAINT fk_nomination_supporters_nomination FOREIGN KEY (nomination_id) REFERENCES nominations(id) ON DELETE CASCADE,
    CONSTRAINT fk_nomination_supporters_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Members who signed for a candidate';
