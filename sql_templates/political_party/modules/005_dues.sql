-- What members owe, and what they paid. Nothing here is deleted with a member: the accounts must add up for years.

CREATE TABLE dues_rates (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(100) NOT NULL COMMENT 'As members read it, such as Standard or Reduced',
    period ENUM('monthly', 'quarterly', 'yearly') NOT NULL DEFAULT 'yearly' COMMENT 'The time that the amount is for',
    amount DECIMAL(10, 2) NOT NULL,
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    valid_from DATE NOT NULL COMMENT 'The first day on which it holds, as the assembly decided',
    valid_to DATE NULL COMMENT 'The last day; empty while it holds',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_name_from (name, valid_from),
    CONSTRAINT chk_dues_rates_amount CHECK (amount >= 0),
    CONSTRAINT chk_dues_rates_dates CHECK (valid_to >= valid_from)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='How much a membership costs, and since when';

CREATE TABLE dues_assessments (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    member_id BIGINT UNSIGNED NOT NULL,
    rate_id BIGINT UNSIGNED NOT NULL,
    period_start DATE NOT NULL COMMENT 'The first day that is paid for',
    period_end DATE NOT NULL COMMENT 'The last day that is paid for',
    amount DECIMAL(10, 2) NOT NULL COMMENT 'What this member owes; it stays when the rate changes',
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    due_on DATE NOT NULL COMMENT 'The last day on which it is in time',
    settled_on DATE NULL COMMENT 'The day on which it was paid in full, or waived; empty while it is owed',
    waived_reason VARCHAR(255) NULL COMMENT 'Why nothing is asked for; empty where it is',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_member_period (member_id, period_start),
    INDEX idx_settled_due (settled_on, due_on),
    INDEX idx_rate_id (rate_id),
    CONSTRAINT chk_dues_assessments_amount CHECK (amount >= 0),
    CONSTRAINT chk_dues_assessments_period CHECK (period_end >= period_start),
    CONSTRAINT fk_dues_assessments_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE RESTRICT,
    CONSTRAINT fk_dues_assessments_rate FOREIGN KEY (rate_id) REFERENCES dues_rates(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What each member owes for which time';

CREATE TABLE dues_payments (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    member_id BIGINT UNSIGNED NOT NULL COMMENT 'Whose dues were paid',
    assessment_id BIGINT UNSIGNED NULL COMMENT 'What it was paid for; empty for money in advance',
    paid_on DATE NOT NULL,
    amount DECIMAL(10, 2) NOT NULL,
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    payment_method ENUM('bank_transfer', 'direct_debit', 'card', 'cash', 'cheque') NOT NULL DEFAULT 'bank_transfer',
    reference VARCHAR(140) NULL COMMENT 'What the bank statement says',
    receipt_number VARCHAR(100) NULL,
    returned_on DATE NULL COMMENT 'The day on which the bank took it back; it counts as not paid then',
    entered_by BIGINT UNSIGNED NULL COMMENT 'Who put it in; empty for the system',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_receipt_number (receipt_number),
    INDEX idx_member_paid (member_id, paid_on),
    INDEX idx_assessment_id (assessment_id),
    INDEX idx_paid_on (paid_on),
    INDEX idx_entered_by (entered_by),
    CONSTRAINT chk_dues_payments_amount CHECK (amount > 0),
    CONSTRAINT chk_dues_payments_returned CHECK (returned_on >= paid_on),
    CONSTRAINT fk_dues_payments_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE RESTRICT,
    CONSTRAINT fk_dues_payments_assessment FOREIGN KEY (assessment_id) REFERENCES dues_assessments(id) ON DELETE RESTRICT,
    CONSTRAINT fk_dues_payments_entered_by FOREIGN KEY (entered_by) REFERENCES users(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Dues that were paid';
