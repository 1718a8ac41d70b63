-- What is decided about many tenants at once, done by whoever has time for it.

ALTER TABLE servers ADD COLUMN scratch INT UNSIGNED NULL COMMENT 'Scratch databases that were there when it was tried last';

ALTER TABLE drift_runs
    ADD COLUMN act VARCHAR(10) NOT NULL DEFAULT 'check' COMMENT 'check, repair, keep, ignore or count',
    ADD COLUMN difference_id CHAR(16) NULL COMMENT 'What it is decided about',
    ADD COLUMN sentence TEXT NULL COMMENT 'That in words',
    ADD COLUMN detail MEDIUMTEXT NULL COMMENT 'What was decided, as JSON',
    ADD COLUMN user_id CHAR(36) NULL COMMENT 'The person who decided; NULL is the command line';

CREATE TABLE drift_refusals (
    run_id CHAR(36) NOT NULL,
    tenant_id CHAR(36) NOT NULL,
    name VARCHAR(255) NOT NULL COMMENT 'The name of the tenant then',
    why TEXT NOT NULL,
    PRIMARY KEY (run_id, tenant_id),
    FOREIGN KEY (run_id) REFERENCES drift_runs(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Tenants for which a run did not do it';
