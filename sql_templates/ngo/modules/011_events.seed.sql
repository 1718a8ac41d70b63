-- Everybody may see the events; admins change them.
INSERT INTO permissions (name, guard_name) VALUES
('view.events', 'web'),
('manage.events', 'web'),
('register.events', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin') AND permissions.name IN ('view.events', 'manage.events', 'register.events');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'user' AND permissions.name = 'view.events';
