-- Members who help, when they can, and the shifts that they take.

CREATE TABLE volunteers (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    member_id BIGINT UNSIGNED NOT NULL,
    status ENUM('applied', 'active', 'paused', 'left') NOT NULL DEFAULT 'applied',
    skills TEXT COMMENT 'What the person can do, in their own words',
    availability TEXT COMMENT 'When the person has time, in their own words',
    emergency_contact VARCHAR(255) NULL COMMENT 'Name and phone number of somebody to call',
    background_check_on DATE NULL COMMENT 'The day of the last background check',
    started_on DATE NULL COMMENT 'The first day as a volunteer',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_member_id (member_id),
    INDEX idx_status (status),
    CONSTRAINT fk_volunteers_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Members who help without pay';

CREATE TABLE volunteer_shifts (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    title VARCHAR(200) NOT NULL COMMENT 'What there is to do',
    location VARCHAR(255) NULL,
    starts_at DATETIME NOT NULL COMMENT 'In the time zone of the organisation',
    ends_at DATETIME NOT NULL COMMENT 'In the time zone of the organisation',
    needed INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'How many helpers it takes',
    notes TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_starts_at (starts_at),
    CONSTRAINT chk_volunteer_shifts_times CHECK (ends_at > starts_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Pieces of work that volunteers sign up for';

CREATE TABLE shift_assignments (
    shift_id BIGINT UNSIGNED NOT NULL,
    volunteer_id BIGINT UNSIGNED NOT NULL,
    status ENUM('offered', 'confirmed', 'done', 'missed', 'cancelled') NOT NULL DEFAULT 'confirmed',
    hours_worked DECIMAL(5, 2) NULL COMMENT 'Filled in afterwards',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    PRIMARY KEY (shift_id, volunteer_id),
    INDEX idx_volunteer_id (volunteer_id),
    CONSTRAINT chk_shift_assignments_hours CHECK (hours_worked >= 0),
    CONSTRAINT fk_shift_assignments_shift FOREIGN KEY (shift_id) REFERENCES volunteer_shifts(id) ON DELETE CASCADE,
    CONSTRAINT fk_shift_assignments_volunteer FOREIGN KEY (volunteer_id) REFERENCES volunteers(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Who helps in which shift';
