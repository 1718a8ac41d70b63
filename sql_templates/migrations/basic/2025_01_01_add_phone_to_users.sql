-- People have a phone number, and can be found by it.
-- version: 1.1.0

-- UP
ALTER TABLE users
    ADD COLUMN phone VARCHAR(30) NULL COMMENT 'With the country code, such as +1 555 0100' AFTER email_verified_at,
    ADD INDEX idx_phone (phone);

-- DOWN
ALTER TABLE users
    DROP INDEX idx_phone,
    DROP COLUMN phone;
