-- Donations that were given for a campaign.

CREATE TABLE campaign_donations (
    donation_id BIGINT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'A donation belongs to one campaign at most',
    campaign_id BIGINT UNSIGNED NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,

    INDEX idx_campaign_id (campaign_id),
    CONSTRAINT fk_campaign_donations_donation FOREIGN KEY (donation_id) REFERENCES donations(id) ON DELETE CASCADE,
    CONSTRAINT fk_campaign_donations_campaign FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Which campaign a donation was given for';
