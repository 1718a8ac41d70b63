-- Every sign-in is kept, not only the last. The last one so far is taken over as the first row of each person's history.
-- The last sign-in stays with the person, and going back fills it again from the history.
-- version: 1.3.0
-- min-version: 1.2.0

-- UP
CREATE TABLE user_sign_ins (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT UNSIGNED NOT NULL,
    signed_in_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    ip_address VARCHAR(45) NULL,
    user_agent TEXT NULL COMMENT 'The browser or program, as it named itself',

    INDEX idx_user_signed_in (user_id, signed_in_at),
    INDEX idx_signed_in_at (signed_in_at),
    CONSTRAINT fk_user_sign_ins_user FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Who signed in, and when';

INSERT INTO user_sign_ins (user_id, signed_in_at)
SELECT id, last_login_at FROM users WHERE last_login_at IS NOT NULL;

-- DOWN
UPDATE users
SET last_login_at = (SELECT MAX(user_sign_ins.signed_in_at) FROM user_sign_ins WHERE user_sign_ins.user_id = users.id)
WHERE id IN (SELECT user_sign_ins.user_id FROM user_sign_ins);

DROP TABLE user_sign_ins;
