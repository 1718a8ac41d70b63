-- What one request did can be read together, and so can what one person did, newest first.
-- version: 1.2.0
-- min-version: 1.1.0

-- UP
ALTER TABLE audit_logs ADD COLUMN request_id CHAR(36) NULL COMMENT 'The request that it happened in' AFTER user_agent;

CREATE INDEX idx_request_id ON audit_logs (request_id);

CREATE INDEX idx_user_created ON audit_logs (user_id, created_at);

-- DOWN
DROP INDEX idx_user_created ON audit_logs;

DROP INDEX idx_request_id ON audit_logs;

ALTER TABLE audit_logs DROP COLUMN request_id;
