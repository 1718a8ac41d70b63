-- Hours and pay. A change is a new row with the day from which it holds; the one before ends the day before.

CREATE TABLE employment_terms (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    employee_id BIGINT UNSIGNED NOT NULL,
    valid_from DATE NOT NULL COMMENT 'The first day on which they hold',
    valid_to DATE NULL COMMENT 'The last day; empty for the terms of today',
    weekly_hours DECIMAL(5, 2) NOT NULL,
    workdays VARCHAR(30) NOT NULL DEFAULT 'mon,tue,wed,thu,fri' COMMENT 'The days of the week, for counting leave',
    pay_amount DECIMAL(12, 2) NOT NULL COMMENT 'Before tax',
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    pay_period ENUM('hour', 'day', 'month', 'year') NOT NULL DEFAULT 'month' COMMENT 'The time that the amount is for',
    reason VARCHAR(255) NULL COMMENT 'Why they changed, such as promotion or part time',
    agreed_by BIGINT UNSIGNED NULL COMMENT 'Who put them in; empty when that person is gone',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_employee_from (employee_id, valid_from),
    INDEX idx_validity (valid_to, valid_from),
    INDEX idx_agreed_by (agreed_by),
    CONSTRAINT chk_employment_terms_dates CHECK (valid_to >= valid_from),
    CONSTRAINT chk_employment_terms_hours CHECK (weekly_hours > 0 AND weekly_hours <= 168),
    CONSTRAINT chk_employment_terms_pay CHECK (pay_amount >= 0),
    CONSTRAINT fk_employment_terms_employee FOREIGN KEY (employee_id) REFERENCES employees(id) ON DELETE RESTRICT,
    CONSTRAINT fk_employment_terms_agreed_by FOREIGN KEY (agreed_by) REFERENCES users(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Hours and pay of each employee, and since when';
