-- The shifts of volunteers that belong to an event.

CREATE TABLE event_shifts (
    shift_id BIGINT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'A shift belongs to one event at most',
    event_id BIGINT UNSIGNED NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,

    INDEX idx_event_id (event_id),
    CONSTRAINT fk_event_shifts_shift FOREIGN KEY (shift_id) REFERENCES volunteer_shifts(id) ON DELETE CASCADE,
    CONSTRAINT fk_event_shifts_event FOREIGN KEY (event_id) REFERENCES events(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Which event a shift is for';
