-- The offices in committees become a list that people choose from. What was typed in so far is taken over into the list.
-- The typed text stays; going back fills it from the list where it says something else.
-- version: 1.3.0
-- min-version: 1.2.0

-- UP
CREATE TABLE committee_offices (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(100) NOT NULL COMMENT 'As people read it, such as Chair or Treasurer',
    may_sign BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'Whether the person signs for the committee',
    sort_order INT NOT NULL DEFAULT 100 COMMENT 'Its place in the list; smaller comes first',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The offices that a committee can have';

INSERT INTO committee_offices (name, may_sign, sort_order) VALUES
('Chair', TRUE, 10),
('Deputy chair', TRUE, 20),
('Treasurer', TRUE, 30),
('Secretary', FALSE, 40),
('Member', FALSE, 50);

INSERT INTO committee_offices (name)
SELECT DISTINCT office FROM committee_members
WHERE office NOT IN (SELECT committee_offices.name FROM committee_offices);

ALTER TABLE committee_members
    ADD COLUMN office_id BIGINT UNSIGNED NULL COMMENT 'The office in the list' AFTER office,
    ADD INDEX idx_office_id (office_id),
    ADD CONSTRAINT fk_committee_members_office FOREIGN KEY (office_id) REFERENCES committee_offices(id) ON DELETE RESTRICT;

UPDATE committee_members
SET office_id = (SELECT committee_offices.id FROM committee_offices WHERE committee_offices.name = committee_members.office);

-- DOWN
UPDATE committee_members
SET office = (SELECT committee_offices.name FROM committee_offices WHERE committee_offices.id = committee_members.office_id)
WHERE office_id IS NOT NULL
    AND office <> (SELECT committee_offices.name FROM committee_offices WHERE committee_offices.id = committee_members.office_id);

ALTER TABLE committee_members
    DROP FOREIGN KEY fk_committee_members_office,
    DROP INDEX idx_office_id,
    DROP COLUMN office_id;

DROP TABLE committee_offices;
