-- Every member has a number. Members without one get M and their id; programs that add members must give one from now on.
-- Going back allows members without a number again, and leaves the numbers that were given.
-- version: 2.0.0
-- min-version: 1.3.0
-- breaking: true

-- UP
UPDATE members SET membership_number = CONCAT('M', id) WHERE membership_number IS NULL;

ALTER TABLE members
    MODIFY COLUMN membership_number VARCHAR(100) NOT NULL COMMENT 'The number on the membership card';

-- DOWN
ALTER TABLE members
    MODIFY COLUMN membership_number VARCHAR(100) NULL COMMENT 'The number on the membership card';
