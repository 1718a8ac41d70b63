INSERT INTO events (title, place, starts_at, team_id) VALUES ('Summer party', 'The park', '2026-07-01 18:00:00', 1);
