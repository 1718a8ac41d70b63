-- Pay is for the human resources office and for finance only.
INSERT INTO permissions (name, guard_name) VALUES
('view.terms', 'web'),
('manage.terms', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'hr') AND permissions.name IN ('view.terms', 'manage.terms');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'finance' AND permissions.name = 'view.terms';
