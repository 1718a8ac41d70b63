-- Everybody may see their own keys; admins manage all of them.
INSERT INTO permissions (name, guard_name) VALUES
('view.api_tokens', 'web'),
('manage.api_tokens', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin') AND permissions.name IN ('view.api_tokens', 'manage.api_tokens');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'user' AND permissions.name = 'view.api_tokens';
