-- Everybody may see the campaigns; admins change them.
INSERT INTO permissions (name, guard_name) VALUES
('view.campaigns', 'web'),
('manage.campaigns', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin') AND permissions.name IN ('view.campaigns', 'manage.campaigns');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'user' AND permissions.name = 'view.campaigns';
