-- Meetings, courses and parties, and who comes to them.

CREATE TABLE events (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    title VARCHAR(200) NOT NULL,
    description TEXT,
    location VARCHAR(255) NULL COMMENT 'The address, or the link of an online event',
    starts_at DATETIME NOT NULL COMMENT 'In the time zone of the organisation',
    ends_at DATETIME NULL COMMENT 'In the time zone of the organisation',
    capacity INT UNSIGNED NULL COMMENT 'How many people can come; empty for no limit',
    fee DECIMAL(10, 2) NOT NULL DEFAULT 0 COMMENT 'What a place costs; 0 for a free event',
    currency VARCHAR(3) NOT NULL DEFAULT 'USD' COMMENT 'Three letters, as in ISO 4217',
    status ENUM('draft', 'published', 'cancelled') NOT NULL DEFAULT 'draft',
    organised_by BIGINT UNSIGNED NULL COMMENT 'The member who looks after it',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_status_starts (status, starts_at),
    INDEX idx_starts_at (starts_at),
    INDEX idx_organised_by (organised_by),
    CONSTRAINT chk_events_times CHECK (ends_at >= starts_at),
    CONSTRAINT chk_events_fee CHECK (fee >= 0),
    CONSTRAINT fk_events_organised_by FOREIGN KEY (organised_by) REFERENCES members(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Meetings, courses and parties';

CREATE TABLE event_registrations (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    event_id BIGINT UNSIGNED NOT NULL,
    member_id BIGINT UNSIGNED NULL COMMENT 'The member who comes; empty for a guest',
    guest_name VARCHAR(200) NULL COMMENT 'The name of a guest who is no member',
    guest_email VARCHAR(255) NULL,
    status ENUM('registered', 'waiting', 'attended', 'absent', 'cancelled') NOT NULL DEFAULT 'registered',
    paid_amount DECIMAL(10, 2) NOT NULL DEFAULT 0,
    registered_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_event_member (event_id, member_id),
    INDEX idx_event_status (event_id, status),
    INDEX idx_member_id (member_id),
    CONSTRAINT chk_event_registrations_paid CHECK (paid_amount >= 0),
    CONSTRAINT fk_event_registrations_event FOREIGN KEY (event_id) REFERENCES events(id) ON DELETE CASCADE,
    CONSTRAINT fk_event_registrations_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Who comes to which event';
