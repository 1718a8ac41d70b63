CREATE TABLE people (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    first_name VARCHAR(100) NOT NULL,
    last_name VARCHAR(100) NOT NULL COMMENT 'The family name',
    full_name VARCHAR(201) AS (CONCAT(first_name, ' ', last_name)) STORED,
    email VARCHAR(150) NULL,
    phone VARCHAR(40) NULL,
    code VARCHAR(20) COLLATE utf8mb4_bin NULL,
    kind ENUM('member', 'friend') NOT NULL DEFAULT 'member',
    visits INT NOT NULL DEFAULT 0,
    balance DECIMAL(10,2) NOT NULL DEFAULT 0.00,
    notes TEXT NULL,
    joined DATE NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    UNIQUE KEY uk_email (email),
    INDEX idx_name (last_name, first_name),
    INDEX idx_joined (joined),
    CONSTRAINT chk_visits CHECK (visits >= 0)
) COMMENT='People of the club';

CREATE TABLE teams (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    title VARCHAR(80) NOT NULL,
    lead_id BIGINT UNSIGNED NULL,
    UNIQUE KEY uk_title (title),
    CONSTRAINT fk_teams_lead FOREIGN KEY (lead_id) REFERENCES people (id) ON DELETE SET NULL
);

CREATE TABLE memberships (
    person_id BIGINT UNSIGNED NOT NULL,
    team_id BIGINT UNSIGNED NOT NULL,
    since DATE NULL,
    PRIMARY KEY (person_id, team_id),
    CONSTRAINT fk_memberships_person FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE,
    CONSTRAINT fk_memberships_team FOREIGN KEY (team_id) REFERENCES teams (id) ON DELETE CASCADE
);

CREATE TABLE changes (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    text VARCHAR(200) NOT NULL
);

CREATE VIEW members AS SELECT id, first_name, email FROM people WHERE kind = 'member';
