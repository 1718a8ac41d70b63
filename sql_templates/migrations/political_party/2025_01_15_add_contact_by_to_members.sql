-- Each member says whether invitations go by e-mail or by post; those without an address for e-mail get them by post.
-- version: 1.1.0

-- UP
ALTER TABLE members
    ADD COLUMN contact_by ENUM('email', 'post') NOT NULL DEFAULT 'email' COMMENT 'How invitations and invoices are sent' AFTER phone,
    ADD INDEX idx_contact_status (contact_by, status);

UPDATE members SET contact_by = 'post' WHERE email IS NULL;

-- DOWN
ALTER TABLE members
    DROP INDEX idx_contact_status,
    DROP COLUMN contact_by;
