-- The returning officer alone runs elections. An admin sees them, and cannot change them. Every user may vote where the
-- roll says so.
INSERT INTO permissions (name, guard_name) VALUES
('view.elections', 'web'),
('vote.elections', 'web'),
('manage.elections', 'web'),
('certify.elections', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'returning-officer') AND permissions.name IN ('view.elections', 'vote.elections', 'manage.elections', 'certify.elections');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('admin', 'user', 'secretary', 'treasurer', 'campaign-manager') AND permissions.name IN ('view.elections', 'vote.elections');

INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('elections.smallest_count_shown', '5', 'integer', 'elections');
