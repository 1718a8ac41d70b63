-- Votes by secret ballot. The roll says who may vote and who has; the ballots say what was voted. Nothing joins the two: a
-- ballot has no voter, no moment and a number by chance, and the roll keeps no moment and no order either. An application
-- must write both in one transaction, put the whole roll in before the vote opens, and keep votes out of the audit log.

CREATE TABLE elections (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    contest_id BIGINT UNSIGNED NOT NULL COMMENT 'What is voted on',
    ballot_round SMALLINT UNSIGNED NOT NULL DEFAULT 1 COMMENT '2 for a run-off, and so on',
    method ENUM('plurality', 'approval', 'ranked') NOT NULL DEFAULT 'plurality' COMMENT 'One choice, any number of choices, or an order of choices',
    most_choices SMALLINT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'How many candidates may be marked on one ballot',
    opens_at DATETIME NOT NULL COMMENT 'In the time zone of the organisation',
    closes_at DATETIME NOT NULL COMMENT 'In the time zone of the organisation',
    status ENUM('planned', 'open', 'closed', 'certified', 'annulled') NOT NULL DEFAULT 'planned',
    certified_on DATE NULL COMMENT 'The day on which the returning officer confirmed the result',
    certified_by BIGINT UNSIGNED NULL COMMENT 'The returning officer',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_contest_round (contest_id, ballot_round),
    INDEX idx_status_closes (status, closes_at),
    INDEX idx_certified_by (certified_by),
    CONSTRAINT chk_elections_times CHECK (closes_at > opens_at),
    CONSTRAINT chk_elections_choices CHECK (most_choices >= 1 AND ballot_round >= 1),
    CONSTRAINT fk_elections_contest FOREIGN KEY (contest_id) REFERENCES contests(id) ON DELETE RESTRICT,
    CONSTRAINT fk_elections_certified_by FOREIGN KEY (certified_by) REFERENCES users(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Votes on who is elected';

CREATE TABLE election_candidates (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    election_id BIGINT UNSIGNED NOT NULL,
    nomination_id BIGINT UNSIGNED NOT NULL,
    ballot_place SMALLINT UNSIGNED NOT NULL COMMENT 'The place on the ballot paper, drawn by lot or by the alphabet',
    votes INT UNSIGNED NULL COMMENT 'The certified count; empty until the result is certified',
    is_elected BOOLEAN NULL COMMENT 'Empty until the result is certified',

    UNIQUE KEY uk_election_candidate (election_id, id),
    UNIQUE KEY uk_election_nomination (election_id, nomination_id),
    UNIQUE KEY uk_election_place (election_id, ballot_place),
    INDEX idx_nomination_id (nomination_id),
    CONSTRAINT fk_election_candidates_election FOREIGN KEY (election_id) REFERENCES elections(id) ON DELETE RESTRICT,
    CONSTRAINT fk_election_candidates_nomination FOREIGN KEY (nomination_id) REFERENCES nominations(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Who stands on the ballot paper, and the certified result';

CREATE TABLE election_voters (
    election_id BIGINT UNSIGNED NOT NULL,
    member_id BIGINT UNSIGNED NOT NULL,
    has_voted BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'Whether a ballot was handed in; when, nobody keeps',

    PRIMARY KEY (election_id, member_id),
    INDEX idx_election_voted (election_id, has_voted),
    INDEX idx_member_id (member_id),
    CONSTRAINT fk_election_voters_election FOREIGN KEY (election_id) REFERENCES elections(id) ON DELETE RESTRICT,
    CONSTRAINT fk_election_voters_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The roll: who may vote, and who has voted';

CREATE TABLE ballots (
    id CHAR(36) NOT NULL DEFAULT (UUID()) PRIMARY KEY COMMENT 'A number by chance, which tells nothing about the order of voting',
    election_id BIGINT UNSIGNED NOT NULL,
    is_blank BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'Handed in without a choice, or spoilt',

    UNIQUE KEY uk_election_ballot (election_id, id),
    INDEX idx_election_blank (election_id, is_blank),
    CONSTRAINT fk_ballots_election FOREIGN KEY (election_id) REFERENCES elections(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Ballots that were handed in, without any trace of the voter';

CREATE TABLE ballot_choices (
    election_id BIGINT UNSIGNED NOT NULL COMMENT 'Keeps a ballot and its candidates in the same election',
    ballot_id CHAR(36) NOT NULL,
    candidate_id BIGINT UNSIGNED NOT NULL,
    preference SMALLINT UNSIGNED NOT NULL DEFAULT 1 COMMENT '1 for the first choice; always different on one ballot',

    PRIMARY KEY (ballot_id, candidate_id),
    UNIQUE KEY uk_ballot_preference (ballot_id, preference),
    INDEX idx_election_ballot (election_id, ballot_id),
    INDEX idx_election_candidate (election_id, candidate_id, preference),
    CONSTRAINT chk_ballot_choices_preference CHECK (preference >= 1),
    CONSTRAINT fk_ballot_choices_ballot FOREIGN KEY (election_id, ballot_id) REFERENCES ballots(election_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_ballot_choices_candidate FOREIGN KEY (election_id, candidate_id) REFERENCES election_candidates(election_id, id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The candidates marked on each ballot';
