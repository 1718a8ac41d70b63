-- Contracts with suppliers and customers. The day that costs money when it is missed is the last day to give notice.

CREATE TABLE partners (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    name VARCHAR(200) NOT NULL COMMENT 'The full name, as it stands in the contract',
    kind ENUM('supplier', 'customer', 'both') NOT NULL DEFAULT 'supplier',
    registration_number VARCHAR(50) NULL COMMENT 'The number in the register of companies',
    tax_number VARCHAR(50) NULL,
    contact_name VARCHAR(200) NULL COMMENT 'Whom to ask for there',
    email VARCHAR(255) NULL,
    phone VARCHAR(30) NULL,
    address TEXT,
    country CHAR(2) NULL COMMENT 'Two letters, as in ISO 3166',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    deleted_at TIMESTAMP NULL COMMENT 'Set when it was removed; contracts keep pointing here',

    INDEX idx_name (name),
    INDEX idx_kind_name (kind, name),
    INDEX idx_tax_number (tax_number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Suppliers and customers';

CREATE TABLE contracts (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    contract_number VARCHAR(50) NOT NULL COMMENT 'The number in the file',
    partner_id BIGINT UNSIGNED NOT NULL,
    department_id BIGINT UNSIGNED NOT NULL COMMENT 'The department that needs it, and pays for it',
    owned_by BIGINT UNSIGNED NULL COMMENT 'The employee who looks after it',
    title VARCHAR(200) NOT NULL,
    kind ENUM('purchase', 'sale', 'service', 'lease', 'licence', 'insurance', 'confidentiality', 'other') NOT NULL DEFAULT 'service',
    status ENUM('draft', 'in_review', 'active', 'terminated', 'expired') NOT NULL DEFAULT 'draft',
    signed_on DATE NULL,
    starts_on DATE NULL,
    ends_on DATE NULL COMMENT 'The last day; empty for a contract without an end',
    notice_by DATE NULL COMMENT 'The last day on which notice must have arrived, or it goes on',
    renews_for_months SMALLINT UNSIGNED NULL COMMENT 'For how long it goes on by itself; empty where it ends',
    amount DECIMAL(14, 2) NULL COMMENT 'What it is worth for each period',
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    amount_period ENUM('once', 'month', 'quarter', 'year') NOT NULL DEFAULT 'year',
    terminated_on DATE NULL COMMENT 'The day on which notice was given',
    document_path VARCHAR(500) NULL COMMENT 'Where the signed paper is kept',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_contract_number (contract_number),
    INDEX idx_partner_status (partner_id, status),
    INDEX idx_department_status (department_id, status),
    INDEX idx_owned_by (owned_by),
    INDEX idx_status_notice (status, notice_by),
    INDEX idx_status_ends (status, ends_on),
    CONSTRAINT chk_contracts_dates CHECK (ends_on >= starts_on),
    CONSTRAINT chk_contracts_notice CHECK (notice_by <= ends_on),
    CONSTRAINT chk_contracts_amount CHECK (amount >= 0),
    CONSTRAINT fk_contracts_partner FOREIGN KEY (partner_id) REFERENCES partners(id) ON DELETE RESTRICT,
    CONSTRAINT fk_contracts_department FOREIGN KEY (department_id) REFERENCES departments(id) ON DELETE RESTRICT,
    CONSTRAINT fk_contracts_owned_by FOREIGN KEY (owned_by) REFERENCES employees(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Contracts with suppliers and customers';

CREATE TABLE contract_tasks (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    contract_id BIGINT UNSIGNED NOT NULL,
    title VARCHAR(200) NOT NULL COMMENT 'What is promised, or has to be looked at',
    due_on DATE NOT NULL COMMENT 'The last day on which it is in time',
    done_on DATE NULL COMMENT 'Empty while it is open',
    assigned_to BIGINT UNSIGNED NULL COMMENT 'The employee who sees to it',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_contract_due (contract_id, due_on),
    INDEX idx_done_due (done_on, due_on),
    INDEX idx_assigned_done (assigned_to, done_on),
    CONSTRAINT fk_contract_tasks_contract FOREIGN KEY (contract_id) REFERENCES contracts(id) ON DELETE CASCADE,
    CONSTRAINT fk_contract_tasks_assigned_to FOREIGN KEY (assigned_to) REFERENCES employees(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What a contract asks somebody to do, and by when';
