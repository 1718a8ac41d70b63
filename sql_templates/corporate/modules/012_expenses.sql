-- What employees paid for the company, claim by claim and receipt by receipt.

CREATE TABLE expense_categories (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    account_code VARCHAR(30) NULL COMMENT 'The account in the books',
    needs_receipt BOOLEAN NOT NULL DEFAULT TRUE,
    limit_amount DECIMAL(10, 2) NULL COMMENT 'More than this needs a word with finance; empty for no limit',
    is_active BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'Whether it is still offered',
    sort_order INT NOT NULL DEFAULT 0 COMMENT 'Its place in the list; smaller comes first',

    UNIQUE KEY uk_name (name),
    CONSTRAINT chk_expense_categories_limit CHECK (limit_amount > 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What expenses can be for';

CREATE TABLE expense_reports (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    employee_id BIGINT UNSIGNED NOT NULL COMMENT 'Who gets the money back',
    department_id BIGINT UNSIGNED NOT NULL COMMENT 'Who bears the cost, as things were then',
    title VARCHAR(200) NOT NULL COMMENT 'What it was for, such as a trip to a customer',
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'In which it is paid back; three letters, as in ISO 4217',
    status ENUM('draft', 'submitted', 'approved', 'rejected', 'paid') NOT NULL DEFAULT 'draft',
    submitted_at TIMESTAMP NULL,
    decided_by BIGINT UNSIGNED NULL COMMENT 'The employee who approved or rejected it; never the one who gets the money',
    decided_at TIMESTAMP NULL,
    decision_note VARCHAR(500) NULL,
    paid_on DATE NULL COMMENT 'The day on which the money went out',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_employee_status (employee_id, status),
    INDEX idx_status_submitted (status, submitted_at),
    INDEX idx_department_paid (department_id, paid_on),
    INDEX idx_decided_by (decided_by),
    CONSTRAINT fk_expense_reports_employee FOREIGN KEY (employee_id) REFERENCES employees(id) ON DELETE RESTRICT,
    CONSTRAINT fk_expense_reports_department FOREIGN KEY (department_id) REFERENCES departments(id) ON DELETE RESTRICT,
    CONSTRAINT fk_expense_reports_decided_by FOREIGN KEY (decided_by) REFERENCES employees(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Claims for money that employees paid for the company';

CREATE TABLE expense_items (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    report_id BIGINT UNSIGNED NOT NULL,
    category_id BIGINT UNSIGNED NOT NULL,
    spent_on DATE NOT NULL,
    merchant VARCHAR(200) NOT NULL COMMENT 'Who was paid',
    description VARCHAR(500) NULL,
    paid_amount DECIMAL(12, 2) NOT NULL COMMENT 'What the receipt says, tax included',
    paid_currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'What the receipt is in; three letters, as in ISO 4217',
    claimed_amount DECIMAL(12, 2) NOT NULL COMMENT 'The same in the currency of the claim',
    tax_amount DECIMAL(12, 2) NULL COMMENT 'The sales tax in it, where it can be claimed back',
    receipt_path VARCHAR(500) NULL COMMENT 'Where the picture of the receipt is kept',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_report_spent (report_id, spent_on),
    INDEX idx_category_spent (category_id, spent_on),
    INDEX idx_receipt_twice (merchant, spent_on, paid_amount),
    CONSTRAINT chk_expense_items_amounts CHECK (paid_amount > 0 AND claimed_amount > 0),
    CONSTRAINT chk_expense_items_tax CHECK (tax_amount >= 0 AND tax_amount <= paid_amount),
    CONSTRAINT fk_expense_items_report FOREIGN KEY (report_id) REFERENCES expense_reports(id) ON DELETE CASCADE,
    CONSTRAINT fk_expense_items_category FOREIGN KEY (category_id) REFERENCES expense_categories(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The single receipts of a claim';
