-- Money that the organisation was given.

CREATE TABLE donations (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    member_id BIGINT UNSIGNED NULL COMMENT 'Who gave it; empty for a gift without a name',
    donation_date DATE NOT NULL,
    amount DECIMAL(10, 2) NOT NULL,
    currency VARCHAR(3) DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    donation_type ENUM('one-time', 'monthly', 'annual') DEFAULT 'one-time',
    payment_method VARCHAR(50) COMMENT 'How it was paid, such as cash or card',
    receipt_number VARCHAR(100) UNIQUE,
    notes TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE SET NULL,
    INDEX idx_donation_date (donation_date),
    INDEX idx_member_id (member_id),
    INDEX idx_receipt_number (receipt_number),
    INDEX idx_member_date (member_id, donation_date)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Money that the organisation was given';
