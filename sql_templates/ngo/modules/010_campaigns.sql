-- Appeals with a goal, and the donations that answer them.

CREATE TABLE campaigns (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    name VARCHAR(200) NOT NULL,
    description TEXT COMMENT 'What the money is for',
    goal_amount DECIMAL(12, 2) NULL COMMENT 'How much is hoped for; empty where there is no goal',
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    starts_on DATE NOT NULL,
    ends_on DATE NULL COMMENT 'The last day; empty for a campaign that goes on',
    status ENUM('draft', 'active', 'ended', 'cancelled') NOT NULL DEFAULT 'draft',
    managed_by BIGINT UNSIGNED NULL COMMENT 'Who looks after it',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_name (name),
    INDEX idx_status_starts (status, starts_on),
    INDEX idx_managed_by (managed_by),
    CONSTRAINT chk_campaigns_goal CHECK (goal_amount >= 0),
    CONSTRAINT chk_campaigns_dates CHECK (ends_on >= starts_on),
    CONSTRAINT fk_campaigns_managed_by FOREIGN KEY (managed_by) REFERENCES users(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Appeals for money with a goal';

CREATE TABLE campaign_donations (
    donation_id BIGINT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'A donation belongs to one campaign at most',
    campaign_id BIGINT UNSIGNED NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,

    INDEX idx_campaign_id (campaign_id),
    CONSTRAINT fk_campaign_donations_donation FOREIGN KEY (donation_id) REFERENCES donations(id) ON DELETE CASCADE,
    CONSTRAINT fk_campaign_donations_campaign FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Which campaign a donation was given for';
