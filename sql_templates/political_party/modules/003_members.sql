-- The people who belong to the party. What somebody believes is a matter of trust: a member is removed by marking the
-- row and emptying the names, and the money and offices that hang on it stay right.

CREATE TABLE members (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()) COMMENT 'The number to show outside, in links and files',
    user_id BIGINT UNSIGNED NULL COMMENT 'The account of a member who can sign in',
    branch_id BIGINT UNSIGNED NOT NULL COMMENT 'The branch that the member belongs to now, and votes in',
    membership_number VARCHAR(100) NOT NULL COMMENT 'The number on the membership card',
    first_name VARCHAR(100) NOT NULL,
    last_name VARCHAR(100) NOT NULL,
    email VARCHAR(255) NULL COMMENT 'Empty for a member who gets letters on paper',
    phone VARCHAR(30) NULL,
    date_of_birth DATE NULL COMMENT 'For the youth wing, and the age from which one may stand',
    street VARCHAR(255) NULL,
    postcode VARCHAR(20) NULL,
    town VARCHAR(100) NULL,
    status ENUM('applied', 'active', 'suspended', 'left', 'expelled', 'deceased') NOT NULL DEFAULT 'applied',
    applied_on DATE NOT NULL COMMENT 'The day of the application',
    joined_on DATE NULL COMMENT 'The day of admission; the right to vote counts from here',
    left_on DATE NULL COMMENT 'The last day of the membership',
    notes TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    deleted_at TIMESTAMP NULL COMMENT 'Set when the member was removed; payments and offices keep pointing here',

    UNIQUE KEY uk_membership_number (membership_number),
    UNIQUE KEY uk_user_id (user_id),
    UNIQUE KEY uk_email (email),
    INDEX idx_full_name (last_name, first_name),
    INDEX idx_branch_status_joined (branch_id, status, joined_on),
    INDEX idx_status_applied (status, applied_on),
    INDEX idx_postcode (postcode),
    CONSTRAINT chk_members_joined CHECK (joined_on >= applied_on),
    CONSTRAINT chk_members_left CHECK (left_on >= joined_on),
    CONSTRAINT fk_members_user FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE SET NULL,
    CONSTRAINT fk_members_branch FOREIGN KEY (branch_id) REFERENCES branches(id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='People who belong to the party, or have applied to';
