-- The ways to pay become a list that people choose from. What was typed in so far is taken over into the list.
-- The typed text stays; going back fills it from the list where it is missing or says something else.
-- version: 1.3.0
-- min-version: 1.2.0

-- UP
CREATE TABLE payment_methods (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(50) NOT NULL COMMENT 'As people read it, such as Cash or Card',
    is_active BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'Whether it is still offered',
    sort_order INT NOT NULL DEFAULT 0 COMMENT 'Its place in the list; smaller comes first',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The ways in which a donation can be paid';

INSERT INTO payment_methods (name)
SELECT DISTINCT payment_method FROM donations
WHERE payment_method IS NOT NULL AND payment_method <> '';

ALTER TABLE donations
    ADD COLUMN payment_method_id BIGINT UNSIGNED NULL COMMENT 'How it was paid' AFTER payment_method,
    ADD INDEX idx_payment_method_id (payment_method_id),
    ADD CONSTRAINT fk_donations_payment_method FOREIGN KEY (payment_method_id) REFERENCES payment_methods(id) ON DELETE SET NULL;

UPDATE donations
SET payment_method_id = (SELECT payment_methods.id FROM payment_methods WHERE payment_methods.name = donations.payment_method)
WHERE payment_method IS NOT NULL AND payment_method <> '';

-- DOWN
UPDATE donations
SET payment_method = (SELECT payment_methods.name FROM payment_methods WHERE payment_methods.id = donations.payment_method_id)
WHERE payment_method_id IS NOT NULL AND (
    payment_method IS NULL
    OR payment_method <> (SELECT payment_methods.name FROM payment_methods WHERE payment_methods.id = donations.payment_method_id)
);

ALTER TABLE donations
    DROP FOREIGN KEY fk_donations_payment_method,
    DROP INDEX idx_payment_method_id,
    DROP COLUMN payment_method_id;

DROP TABLE payment_methods;
