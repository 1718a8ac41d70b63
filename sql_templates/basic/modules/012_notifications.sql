-- Messages for people inside the application, and how each person wants to get them.

CREATE TABLE notifications (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT UNSIGNED NOT NULL COMMENT 'Who it is for',
    kind VARCHAR(100) NOT NULL COMMENT 'What it is about, such as task.assigned',
    title VARCHAR(255) NOT NULL,
    body TEXT,
    link VARCHAR(500) NULL COMMENT 'The page that it leads to',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    read_at TIMESTAMP NULL COMMENT 'When the person opened it',

    INDEX idx_user_unread (user_id, read_at, created_at),
    INDEX idx_created_at (created_at),
    CONSTRAINT fk_notifications_user FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Messages for people inside the application';

CREATE TABLE notification_preferences (
    user_id BIGINT UNSIGNED NOT NULL,
    kind VARCHAR(100) NOT NULL COMMENT 'The kind of message that this is about',
    channel ENUM('app', 'email', 'none') NOT NULL DEFAULT 'app' COMMENT 'How the person wants to get it',
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    PRIMARY KEY (user_id, kind),
    CONSTRAINT fk_notification_preferences_user FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='How each person wants to get each kind of message';
