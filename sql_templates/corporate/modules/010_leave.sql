-- Days off: how many there are, who asked for them, and who is away.

CREATE TABLE leave_types (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    code VARCHAR(30) NOT NULL COMMENT 'The name in reports and pay, such as annual',
    name VARCHAR(100) NOT NULL COMMENT 'As people read it, such as Annual leave',
    is_paid BOOLEAN NOT NULL DEFAULT TRUE,
    uses_entitlement BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'Whether the days are taken from the yearly number',
    needs_approval BOOLEAN NOT NULL DEFAULT TRUE,
    is_private BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'Whether colleagues see only that the person is away',
    is_active BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'Whether it is still offered',
    sort_order INT NOT NULL DEFAULT 0 COMMENT 'Its place in the list; smaller comes first',

    UNIQUE KEY uk_code (code),
    UNIQUE KEY uk_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The kinds of leave that there are';

CREATE TABLE leave_entitlements (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    employee_id BIGINT UNSIGNED NOT NULL,
    leave_type_id BIGINT UNSIGNED NOT NULL,
    calendar_year SMALLINT UNSIGNED NOT NULL,
    days DECIMAL(5, 2) NOT NULL COMMENT 'The days of this year',
    carried_over DECIMAL(5, 2) NOT NULL DEFAULT 0 COMMENT 'Days left from the year before',
    carried_over_until DATE NULL COMMENT 'The last day on which those can be taken; empty for no limit',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_employee_type_year (employee_id, leave_type_id, calendar_year),
    INDEX idx_leave_type_id (leave_type_id),
    CONSTRAINT chk_leave_entitlements_days CHECK (days >= 0 AND carried_over >= 0),
    CONSTRAINT chk_leave_entitlements_year CHECK (calendar_year BETWEEN 1990 AND 2200),
    CONSTRAINT fk_leave_entitlements_employee FOREIGN KEY (employee_id) REFERENCES employees(id) ON DELETE RESTRICT,
    CONSTRAINT fk_leave_entitlements_type FOREIGN KEY (leave_type_id) REFERENCES leave_types(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='How many days off each employee has in a year';

CREATE TABLE leave_requests (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    employee_id BIGINT UNSIGNED NOT NULL,
    leave_type_id BIGINT UNSIGNED NOT NULL,
    starts_on DATE NOT NULL COMMENT 'The first day away',
    ends_on DATE NOT NULL COMMENT 'The last day away',
    days DECIMAL(5, 2) NOT NULL COMMENT 'How many working days that takes; half days count as 0.5',
    status ENUM('requested', 'approved', 'rejected', 'cancelled') NOT NULL DEFAULT 'requested',
    reason TEXT COMMENT 'What the employee says about it',
    cover_by BIGINT UNSIGNED NULL COMMENT 'The colleague who stands in',
    decided_by BIGINT UNSIGNED NULL COMMENT 'The employee who approved or rejected it',
    decided_at TIMESTAMP NULL,
    decision_note VARCHAR(500) NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_employee_starts (employee_id, starts_on),
    INDEX idx_status_starts_ends (status, starts_on, ends_on),
    INDEX idx_leave_type_id (leave_type_id),
    INDEX idx_cover_by (cover_by),
    INDEX idx_decided_by (decided_by),
    CONSTRAINT chk_leave_requests_dates CHECK (ends_on >= starts_on),
    CONSTRAINT chk_leave_requests_days CHECK (days > 0),
    CONSTRAINT fk_leave_requests_employee FOREIGN KEY (employee_id) REFERENCES employees(id) ON DELETE RESTRICT,
    CONSTRAINT fk_leave_requests_type FOREIGN KEY (leave_type_id) REFERENCES leave_types(id) ON DELETE RESTRICT,
    CONSTRAINT fk_leave_requests_cover_by FOREIGN KEY (cover_by) REFERENCES employees(id) ON DELETE SET NULL,
    CONSTRAINT fk_leave_requests_decided_by FOREIGN KEY (decided_by) REFERENCES employees(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Days off that employees asked for, and what was decided';

CREATE TABLE public_holidays (
    location_id BIGINT UNSIGNED NOT NULL COMMENT 'Where it is a holiday',
    holiday_on DATE NOT NULL,
    name VARCHAR(100) NOT NULL,

    PRIMARY KEY (location_id, holiday_on),
    INDEX idx_holiday_on (holiday_on),
    CONSTRAINT fk_public_holidays_location FOREIGN KEY (location_id) REFERENCES locations(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Days on which nobody works at a place, and which take no leave';
