-- A phone number's country code has a column of its own.
-- version: 1.1.0

-- UP
ALTER TABLE members ADD COLUMN phone_country_code VARCHAR(5) DEFAULT '+1' AFTER phone;

-- DOWN
ALTER TABLE members DROP COLUMN phone_country_code;
