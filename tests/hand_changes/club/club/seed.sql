INSERT INTO people (first_name, last_name, email, phone, code, kind, visits, balance, notes, joined) VALUES
    ('Ada', 'Lin', 'ada@example.org', '123', 'aB', 'member', 3, 12.50, 'Plays the flute', '2026-01-02'),
    ('Bo', 'O''Hara', 'bo@example.org', NULL, 'Ab', 'friend', 0, 0.00, NULL, NULL);
INSERT INTO teams (title, lead_id) VALUES ('Choir', 1), ('Kitchen', NULL);
INSERT INTO memberships (person_id, team_id, since) VALUES (1, 1, '2026-01-03'), (2, 1, NULL);
