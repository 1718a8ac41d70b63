-- The returning officer and the secretary keep the nominations.
INSERT INTO permissions (name, guard_name) VALUES
('view.nominations', 'web'),
('submit.nominations', 'web'),
('manage.nominations', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin', 'returning-officer', 'secretary') AND permissions.name IN ('view.nominations', 'submit.nominations', 'manage.nominations');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'user' AND permissions.name IN ('view.nominations', 'submit.nominations');
