-- The people who work here. Who has left stays: pay, leave and expenses hang on the row for years.

CREATE TABLE employees (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    user_id BIGINT UNSIGNED NULL COMMENT 'The account of an employee who can sign in',
    employee_number VARCHAR(30) NOT NULL COMMENT 'The number on the badge and the pay slip',
    first_name VARCHAR(100) NOT NULL,
    last_name VARCHAR(100) NOT NULL,
    work_email VARCHAR(255) NULL,
    work_phone VARCHAR(30) NULL,
    department_id BIGINT UNSIGNED NOT NULL,
    location_id BIGINT UNSIGNED NULL COMMENT 'Where the person usually works',
    manager_id BIGINT UNSIGNED NULL COMMENT 'Who approves their leave and expenses',
    job_title VARCHAR(150) NOT NULL,
    employment_type ENUM('permanent', 'fixed_term', 'apprentice', 'intern', 'contractor') NOT NULL DEFAULT 'permanent',
    status ENUM('joining', 'active', 'on_leave', 'left') NOT NULL DEFAULT 'active',
    hired_on DATE NOT NULL COMMENT 'The first day of work; length of service counts from here',
    probation_ends_on DATE NULL COMMENT 'The last day of the probation; empty where there is none',
    ends_on DATE NULL COMMENT 'The last day of a fixed term; empty for a permanent post',
    left_on DATE NULL COMMENT 'The last day of work',
    date_of_birth DATE NULL,
    emergency_contact_name VARCHAR(200) NULL COMMENT 'Whom to call when something has happened',
    emergency_contact_phone VARCHAR(30) NULL,
    notes TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    deleted_at TIMESTAMP NULL COMMENT 'Set when the person was removed; what must be kept by law keeps pointing here',

    UNIQUE KEY uk_employee_number (employee_number),
    UNIQUE KEY uk_user_id (user_id),
    UNIQUE KEY uk_work_email (work_email),
    INDEX idx_full_name (last_name, first_name),
    INDEX idx_department_status (department_id, status),
    INDEX idx_location_status (location_id, status),
    INDEX idx_manager_status (manager_id, status),
    INDEX idx_status_hired (status, hired_on),
    INDEX idx_probation_ends_on (probation_ends_on),
    INDEX idx_ends_on (ends_on),
    CONSTRAINT chk_employees_probation CHECK (probation_ends_on >= hired_on),
    CONSTRAINT chk_employees_ends CHECK (ends_on >= hired_on),
    CONSTRAINT chk_employees_left CHECK (left_on >= hired_on),
    CONSTRAINT fk_employees_user FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE SET NULL,
    CONSTRAINT fk_employees_department FOREIGN KEY (department_id) REFERENCES departments(id) ON DELETE RESTRICT,
    CONSTRAINT fk_employees_location FOREIGN KEY (location_id) REFERENCES locations(id) ON DELETE SET NULL,
    CONSTRAINT fk_employees_manager FOREIGN KEY (manager_id) REFERENCES employees(id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='People who work here, or did';

CREATE TABLE department_heads (
    department_id BIGINT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'A department has one head',
    employee_id BIGINT UNSIGNED NOT NULL,
    since DATE NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    INDEX idx_employee_id (employee_id),
    CONSTRAINT fk_department_heads_department FOREIGN KEY (department_id) REFERENCES departments(id) ON DELETE CASCADE,
    CONSTRAINT fk_department_heads_employee FOREIGN KEY (employee_id) REFERENCES employees(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Who leads which department';
