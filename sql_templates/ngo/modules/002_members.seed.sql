-- Everybody may see the members; admins change them.
INSERT INTO permissions (name, guard_name) VALUES
('view.members', 'web'),
('create.members', 'web'),
('edit.members', 'web'),
('delete.members', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin') AND permissions.name IN ('view.members', 'create.members', 'edit.members', 'delete.members');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'user' AND permissions.name = 'view.members';
