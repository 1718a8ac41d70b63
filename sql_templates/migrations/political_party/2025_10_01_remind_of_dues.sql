-- Reminders of dues are kept, so that nobody is reminded twice in a week, and the last step has its proof.
-- version: 2.1.0
-- min-version: 2.0.0

-- UP
CREATE TABLE dues_reminders (
    assessment_id BIGINT UNSIGNED NOT NULL,
    reminder SMALLINT UNSIGNED NOT NULL COMMENT '1 for the first reminder, and so on',
    sent_on DATE NOT NULL,
    sent_by ENUM('email', 'post', 'phone') NOT NULL DEFAULT 'email',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,

    PRIMARY KEY (assessment_id, reminder),
    INDEX idx_sent_on (sent_on),
    CONSTRAINT chk_dues_reminders_number CHECK (reminder >= 1),
    CONSTRAINT fk_dues_reminders_assessment FOREIGN KEY (assessment_id) REFERENCES dues_assessments(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='When members were reminded of dues that they owe';

-- DOWN
DROP TABLE dues_reminders;
