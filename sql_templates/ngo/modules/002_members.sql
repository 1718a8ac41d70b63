-- The people who belong to the organisation, whether they sign in or not.

CREATE TABLE members (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    user_id BIGINT UNSIGNED NULL COMMENT 'The account of a member who can sign in',
    membership_number VARCHAR(100) UNIQUE COMMENT 'The number on the membership card',
    first_name VARCHAR(100) NOT NULL,
    last_name VARCHAR(100) NOT NULL,
    email VARCHAR(255) NOT NULL UNIQUE,
    phone VARCHAR(20),
    join_date DATE NOT NULL COMMENT 'The first day of the membership',
    membership_type ENUM('regular', 'student', 'senior', 'lifetime') DEFAULT 'regular',
    membership_status ENUM('active', 'pending', 'suspended', 'expired') DEFAULT 'active',
    address JSON COMMENT 'Street, postcode, town, country',
    metadata JSON COMMENT 'What the application keeps besides',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    deleted_at TIMESTAMP NULL COMMENT 'Set when the member was removed; donations keep pointing here',

    FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE SET NULL,
    INDEX idx_membership_number (membership_number),
    INDEX idx_membership_status (membership_status),
    INDEX idx_email (email),
    INDEX idx_user_id (user_id),
    INDEX idx_full_name (last_name, first_name),
    INDEX idx_status_join (membership_status, join_date)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='People who belong to the organisation';
