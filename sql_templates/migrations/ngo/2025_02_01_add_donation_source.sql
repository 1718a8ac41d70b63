-- Each donation can say what brought it in, and reports can count by that.
-- version: 1.2.0
-- min-version: 1.1.0

-- UP
ALTER TABLE donations
    ADD COLUMN source VARCHAR(50) NULL COMMENT 'What brought it in, such as website, letter, event' AFTER donation_type,
    ADD INDEX idx_source_date (source, donation_date);

-- DOWN
ALTER TABLE donations
    DROP INDEX idx_source_date,
    DROP COLUMN source;
