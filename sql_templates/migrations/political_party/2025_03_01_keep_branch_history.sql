-- Which branch a member belonged to is kept from day to day, for the right to vote and for the share of the dues. The branch
-- of today is taken over as the first row of each member's history. It also stays with the member, and going back sets it
-- from the history.
-- version: 1.2.0
-- min-version: 1.1.0

-- UP
CREATE TABLE branch_memberships (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    member_id BIGINT UNSIGNED NOT NULL,
    branch_id BIGINT UNSIGNED NOT NULL,
    started_on DATE NOT NULL COMMENT 'The first day in the branch',
    ended_on DATE NULL COMMENT 'The last day in the branch; empty for the branch of today',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_member_started (member_id, started_on),
    INDEX idx_branch_started (branch_id, started_on, ended_on),
    CONSTRAINT chk_branch_memberships_dates CHECK (ended_on >= started_on),
    CONSTRAINT fk_branch_memberships_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE RESTRICT,
    CONSTRAINT fk_branch_memberships_branch FOREIGN KEY (branch_id) REFERENCES branches(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Which branch each member belonged to, from which day to which';

INSERT INTO branch_memberships (member_id, branch_id, started_on, ended_on)
SELECT id, branch_id, joined_on, left_on FROM members WHERE joined_on IS NOT NULL;

-- DOWN
UPDATE members
SET branch_id = (
    SELECT branch_memberships.branch_id FROM branch_memberships
    WHERE branch_memberships.member_id = members.id
    ORDER BY branch_memberships.started_on DESC LIMIT 1
)
WHERE id IN (SELECT branch_memberships.member_id FROM branch_memberships);

DROP TABLE branch_memberships;
