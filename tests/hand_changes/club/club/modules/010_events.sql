CREATE TABLE events (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    title VARCHAR(200) NOT NULL,
    place VARCHAR(100) NULL,
    starts_at DATETIME NULL,
    team_id BIGINT UNSIGNED NULL,
    INDEX idx_starts (starts_at),
    CONSTRAINT fk_events_team FOREIGN KEY (team_id) REFERENCES teams (id)
);
