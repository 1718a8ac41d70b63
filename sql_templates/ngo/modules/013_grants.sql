-- Money from foundations and the state, how it is paid out, and the reports that are owed for it.

CREATE TABLE grants (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    title VARCHAR(200) NOT NULL COMMENT 'The project that the money is for',
    funder_name VARCHAR(200) NOT NULL COMMENT 'The foundation or office that gives it',
    funder_reference VARCHAR(100) NULL COMMENT 'The number that the funder uses for it',
    status ENUM('planned', 'submitted', 'awarded', 'declined', 'closed') NOT NULL DEFAULT 'planned',
    amount_requested DECIMAL(12, 2) NULL,
    amount_awarded DECIMAL(12, 2) NULL,
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    deadline_on DATE NULL COMMENT 'The last day to hand in the application',
    starts_on DATE NULL COMMENT 'The first day of the project',
    ends_on DATE NULL COMMENT 'The last day of the project',
    managed_by BIGINT UNSIGNED NULL COMMENT 'Who looks after it',
    notes TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_status_deadline (status, deadline_on),
    INDEX idx_funder_name (funder_name),
    INDEX idx_managed_by (managed_by),
    CONSTRAINT chk_grants_requested CHECK (amount_requested >= 0),
    CONSTRAINT chk_grants_awarded CHECK (amount_awarded >= 0),
    CONSTRAINT chk_grants_dates CHECK (ends_on >= starts_on),
    CONSTRAINT fk_grants_managed_by FOREIGN KEY (managed_by) REFERENCES users(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Money from foundations and the state';

CREATE TABLE grant_payments (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    grant_id BIGINT UNSIGNED NOT NULL,
    expected_on DATE NOT NULL COMMENT 'The day on which the money should come',
    received_on DATE NULL COMMENT 'The day on which it came; empty while it is awaited',
    amount DECIMAL(12, 2) NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_grant_expected (grant_id, expected_on),
    INDEX idx_received_expected (received_on, expected_on),
    CONSTRAINT chk_grant_payments_amount CHECK (amount >= 0),
    CONSTRAINT fk_grant_payments_grant FOREIGN KEY (grant_id) REFERENCES grants(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The parts in which a grant is paid out';

CREATE TABLE grant_reports (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    grant_id BIGINT UNSIGNED NOT NULL,
    title VARCHAR(200) NOT NULL,
    report_type ENUM('interim', 'financial', 'final') NOT NULL DEFAULT 'interim',
    due_on DATE NOT NULL COMMENT 'The last day on which it is in time',
    submitted_on DATE NULL COMMENT 'The day on which it was handed in; empty while it is owed',
    accepted_on DATE NULL COMMENT 'The day on which the funder accepted it',
    notes TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_grant_due (grant_id, due_on),
    INDEX idx_submitted_due (submitted_on, due_on),
    CONSTRAINT fk_grant_reports_grant FOREIGN KEY (grant_id) REFERENCES grants(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Reports that are owed to the funder';
