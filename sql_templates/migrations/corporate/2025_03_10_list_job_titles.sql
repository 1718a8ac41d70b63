-- Job titles become a list that people choose from. What was typed in so far is taken over into the list.
-- The typed text stays; going back fills it from the list where it says something else.
-- version: 1.2.0
-- min-version: 1.1.0

-- UP
CREATE TABLE job_titles (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(150) NOT NULL COMMENT 'As it stands in the contract of employment',
    is_leading BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'Whether the job leads other people',
    is_active BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'Whether it is still given to new people',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The job titles that there are';

INSERT INTO job_titles (name)
SELECT DISTINCT job_title FROM employees;

ALTER TABLE employees
    ADD COLUMN job_title_id BIGINT UNSIGNED NULL COMMENT 'The job title in the list' AFTER job_title,
    ADD INDEX idx_job_title_id (job_title_id),
    ADD CONSTRAINT fk_employees_job_title FOREIGN KEY (job_title_id) REFERENCES job_titles(id) ON DELETE RESTRICT;

UPDATE employees
SET job_title_id = (SELECT job_titles.id FROM job_titles WHERE job_titles.name = employees.job_title);

-- DOWN
UPDATE employees
SET job_title = (SELECT job_titles.name FROM job_titles WHERE job_titles.id = employees.job_title_id)
WHERE job_title_id IS NOT NULL
    AND job_title <> (SELECT job_titles.name FROM job_titles WHERE job_titles.id = employees.job_title_id);

ALTER TABLE employees
    DROP FOREIGN KEY fk_employees_job_title,
    DROP INDEX idx_job_title_id,
    DROP COLUMN job_title_id;

DROP TABLE job_titles;
