-- Where people work: departments, and places.

CREATE TABLE departments (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    parent_id BIGINT UNSIGNED NULL COMMENT 'The department above; empty for the company itself',
    code VARCHAR(30) NOT NULL COMMENT 'Its short name in lists and reports, such as FIN',
    name VARCHAR(255) NOT NULL,
    cost_centre VARCHAR(30) NULL COMMENT 'Its number in the accounts',
    email VARCHAR(255) NULL COMMENT 'Where the department itself gets its letters',
    closed_on DATE NULL COMMENT 'The last day; its employees move before',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_code (code),
    INDEX idx_parent_name (parent_id, name),
    INDEX idx_cost_centre (cost_centre),
    CONSTRAINT fk_departments_parent FOREIGN KEY (parent_id) REFERENCES departments(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The departments of the company, as a tree';

CREATE TABLE locations (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(150) NOT NULL,
    street VARCHAR(255) NULL,
    postcode VARCHAR(20) NULL,
    town VARCHAR(100) NULL,
    country CHAR(2) NULL COMMENT 'Two letters, as in ISO 3166; it decides the public holidays',
    time_zone VARCHAR(64) NOT NULL DEFAULT 'UTC' COMMENT 'Such as Europe/Berlin',
    closed_on DATE NULL COMMENT 'The last day of the place',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Offices, shops and other places where people work';
