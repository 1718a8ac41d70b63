-- Money and things that were given to the party. The law asks who gave them: a donor is not deleted while a donation is there.

CREATE TABLE donors (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    member_id BIGINT UNSIGNED NULL COMMENT 'The member, where the donor is one',
    kind ENUM('person', 'organisation') NOT NULL DEFAULT 'person',
    name VARCHAR(200) NOT NULL COMMENT 'As it stands in the declaration',
    street VARCHAR(255) NULL,
    postcode VARCHAR(20) NULL,
    town VARCHAR(100) NULL,
    country CHAR(2) NULL COMMENT 'Two letters, as in ISO 3166; gifts from abroad are often forbidden',
    registration_number VARCHAR(50) NULL COMMENT 'The number of an organisation in its register',
    is_permitted BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'Whether the party may take money from this donor',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_member_id (member_id),
    INDEX idx_name (name),
    CONSTRAINT fk_donors_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='People and organisations who give to the party';

CREATE TABLE donations (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    donor_id BIGINT UNSIGNED NULL COMMENT 'Who gave it; empty for a collection and other small gifts without a name',
    branch_id BIGINT UNSIGNED NOT NULL COMMENT 'The branch that got it',
    received_on DATE NOT NULL,
    kind ENUM('money', 'goods', 'services') NOT NULL DEFAULT 'money',
    amount DECIMAL(12, 2) NOT NULL COMMENT 'What was given, or what the goods or services are worth',
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    payment_method ENUM('bank_transfer', 'direct_debit', 'card', 'cash', 'cheque') NULL COMMENT 'Empty for goods and services',
    receipt_number VARCHAR(100) NULL,
    returned_on DATE NULL COMMENT 'The day on which it was given back, as where it was not permitted',
    declared_on DATE NULL COMMENT 'The day on which it was declared to the authorities',
    notes TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_receipt_number (receipt_number),
    INDEX idx_donor_received (donor_id, received_on),
    INDEX idx_branch_received (branch_id, received_on),
    INDEX idx_received_on (received_on),
    INDEX idx_declared_received (declared_on, received_on),
    CONSTRAINT chk_donations_amount CHECK (amount > 0),
    CONSTRAINT chk_donations_returned CHECK (returned_on >= received_on),
    CONSTRAINT fk_donations_donor FOREIGN KEY (donor_id) REFERENCES donors(id) ON DELETE RESTRICT,
    CONSTRAINT fk_donations_branch FOREIGN KEY (branch_id) REFERENCES branches(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Money, goods and services that the party was given';
