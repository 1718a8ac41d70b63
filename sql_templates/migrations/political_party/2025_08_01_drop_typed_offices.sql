-- The office of a committee's member is read from the list, its one place. Programs that read or write the typed text must
-- change first. Texts that were typed since the list was made are taken over; going back fills the text from the list.
-- version: 2.0.0
-- min-version: 1.3.0
-- breaking: true

-- UP
INSERT INTO committee_offices (name)
SELECT DISTINCT office FROM committee_members
WHERE office_id IS NULL AND office NOT IN (SELECT committee_offices.name FROM committee_offices);

UPDATE committee_members
SET office_id = (SELECT committee_offices.id FROM committee_offices WHERE committee_offices.name = committee_members.office)
WHERE office_id IS NULL;

ALTER TABLE committee_members
    DROP COLUMN office,
    MODIFY COLUMN office_id BIGINT UNSIGNED NOT NULL COMMENT 'The office in the list';

-- DOWN
ALTER TABLE committee_members
    ADD COLUMN office VARCHAR(100) NOT NULL DEFAULT 'Member' COMMENT 'Such as Chair or Treasurer' AFTER member_id,
    MODIFY COLUMN office_id BIGINT UNSIGNED NULL COMMENT 'The office in the list';

UPDATE committee_members
SET office = (SELECT committee_offices.name FROM committee_offices WHERE committee_offices.id = committee_members.office_id);
