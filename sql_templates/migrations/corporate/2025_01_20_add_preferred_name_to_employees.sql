-- People are listed by the name that they go by, and can be found by it.
-- version: 1.1.0

-- UP
ALTER TABLE employees
    ADD COLUMN preferred_name VARCHAR(100) NULL COMMENT 'The first name that colleagues use; empty where it is the one above' AFTER last_name,
    ADD INDEX idx_preferred_name (preferred_name);

-- DOWN
ALTER TABLE employees
    DROP INDEX idx_preferred_name,
    DROP COLUMN preferred_name;
