-- Election and issue campaigns: what happens in them, who helps, and what they cost.

CREATE TABLE campaigns (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    branch_id BIGINT UNSIGNED NOT NULL COMMENT 'The branch that runs it',
    name VARCHAR(200) NOT NULL,
    kind ENUM('election', 'referendum', 'issue', 'membership') NOT NULL DEFAULT 'election',
    description TEXT,
    starts_on DATE NOT NULL,
    ends_on DATE NULL COMMENT 'The last day; empty for a campaign that goes on',
    polling_day DATE NULL COMMENT 'The day of the public election or referendum',
    budget DECIMAL(12, 2) NULL COMMENT 'How much may be spent',
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    status ENUM('planned', 'running', 'ended', 'cancelled') NOT NULL DEFAULT 'planned',
    led_by BIGINT UNSIGNED NULL COMMENT 'The member who leads it',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_branch_name (branch_id, name),
    INDEX idx_status_starts (status, starts_on),
    INDEX idx_led_by (led_by),
    CONSTRAINT chk_campaigns_budget CHECK (budget >= 0),
    CONSTRAINT chk_campaigns_dates CHECK (ends_on >= starts_on),
    CONSTRAINT fk_campaigns_branch FOREIGN KEY (branch_id) REFERENCES branches(id) ON DELETE RESTRICT,
    CONSTRAINT fk_campaigns_led_by FOREIGN KEY (led_by) REFERENCES members(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Election and issue campaigns';

CREATE TABLE campaign_activities (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    campaign_id BIGINT UNSIGNED NOT NULL,
    kind ENUM('canvassing', 'stall', 'leaflets', 'posters', 'phone_bank', 'rally', 'online') NOT NULL DEFAULT 'stall',
    title VARCHAR(200) NOT NULL,
    place VARCHAR(255) NULL COMMENT 'The address, the streets, or the link',
    starts_at DATETIME NOT NULL COMMENT 'In the time zone of the organisation',
    ends_at DATETIME NULL COMMENT 'In the time zone of the organisation',
    helpers_needed SMALLINT UNSIGNED NOT NULL DEFAULT 1,
    led_by BIGINT UNSIGNED NULL COMMENT 'The member to turn to on the day',
    contacts_made INT UNSIGNED NULL COMMENT 'How many people were spoken to; filled in afterwards',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_campaign_starts (campaign_id, starts_at),
    INDEX idx_starts_at (starts_at),
    INDEX idx_led_by (led_by),
    CONSTRAINT chk_campaign_activities_times CHECK (ends_at >= starts_at),
    CONSTRAINT fk_campaign_activities_campaign FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE,
    CONSTRAINT fk_campaign_activities_led_by FOREIGN KEY (led_by) REFERENCES members(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Stalls, door-knocking and other things that a campaign does';

CREATE TABLE activity_helpers (
    activity_id BIGINT UNSIGNED NOT NULL,
    member_id BIGINT UNSIGNED NOT NULL,
    status ENUM('asked', 'coming', 'came', 'absent', 'declined') NOT NULL DEFAULT 'coming',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    PRIMARY KEY (activity_id, member_id),
    INDEX idx_member_status (member_id, status),
    CONSTRAINT fk_activity_helpers_activity FOREIGN KEY (activity_id) REFERENCES campaign_activities(id) ON DELETE CASCADE,
    CONSTRAINT fk_activity_helpers_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Members who help at an activity';

CREATE TABLE campaign_expense_categories (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'Whether it is still offered',
    sort_order INT NOT NULL DEFAULT 0 COMMENT 'Its place in the list; smaller comes first',

    UNIQUE KEY uk_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The headings under which campaign spending is reported';

CREATE TABLE campaign_expenses (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    campaign_id BIGINT UNSIGNED NOT NULL,
    category_id BIGINT UNSIGNED NOT NULL,
    spent_on DATE NOT NULL COMMENT 'The day that counts for the accounts',
    supplier VARCHAR(200) NOT NULL COMMENT 'Who was paid',
    description VARCHAR(255) NULL,
    amount DECIMAL(12, 2) NOT NULL,
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    invoice_number VARCHAR(100) NULL,
    paid_on DATE NULL COMMENT 'Empty while it is owed',
    approved_by BIGINT UNSIGNED NULL COMMENT 'Who agreed to it',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_supplier_invoice (supplier, invoice_number),
    INDEX idx_campaign_spent (campaign_id, spent_on),
    INDEX idx_category_spent (category_id, spent_on),
    INDEX idx_approved_by (approved_by),
    CONSTRAINT chk_campaign_expenses_amount CHECK (amount > 0),
    CONSTRAINT fk_campaign_expenses_campaign FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE RESTRICT,
    CONSTRAINT fk_campaign_expenses_category FOREIGN KEY (category_id) REFERENCES campaign_expense_categories(id) ON DELETE RESTRICT,
    CONSTRAINT fk_campaign_expenses_approved_by FOREIGN KEY (approved_by) REFERENCES users(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What a campaign cost, invoice by invoice';
