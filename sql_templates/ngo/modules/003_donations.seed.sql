-- Everybody may see the donations; admins change them.
INSERT INTO permissions (name, guard_name) VALUES
('view.donations', 'web'),
('create.donations', 'web'),
('edit.donations', 'web'),
('delete.donations', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin') AND permissions.name IN ('view.donations', 'create.donations', 'edit.donations', 'delete.donations');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'user' AND permissions.name = 'view.donations';

INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('donations.receipt_prefix', 'R-', 'string', 'donations');
