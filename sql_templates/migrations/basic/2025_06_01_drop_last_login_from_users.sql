-- The last sign-in is read from the history of sign-ins, its one place. Programs that read it from the person must
-- change first. Sign-ins that are newer than the history are taken over; going back fills the column from the history.
-- version: 2.0.0
-- min-version: 1.3.0
-- breaking: true

-- UP
INSERT INTO user_sign_ins (user_id, signed_in_at)
SELECT users.id, users.last_login_at FROM users
WHERE users.last_login_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM user_sign_ins
    WHERE user_sign_ins.user_id = users.id AND user_sign_ins.signed_in_at >= users.last_login_at
);

ALTER TABLE users DROP COLUMN last_login_at;

-- DOWN
ALTER TABLE users ADD COLUMN last_login_at TIMESTAMP NULL AFTER status;

UPDATE users
SET last_login_at = (SELECT MAX(user_sign_ins.signed_in_at) FROM user_sign_ins WHERE user_sign_ins.user_id = users.id)
WHERE id IN (SELECT user_sign_ins.user_id FROM user_sign_ins);
