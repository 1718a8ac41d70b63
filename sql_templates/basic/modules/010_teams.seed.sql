-- Everybody may see the teams; admins change them.
INSERT INTO permissions (name, guard_name) VALUES
('view.teams', 'web'),
('manage.teams', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin') AND permissions.name IN ('view.teams', 'manage.teams');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'user' AND permissions.name = 'view.teams';
