-- Everybody may see the tasks; admins change them.
INSERT INTO permissions (name, guard_name) VALUES
('view.tasks', 'web'),
('edit.tasks', 'web'),
('delete.tasks', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin') AND permissions.name IN ('view.tasks', 'edit.tasks', 'delete.tasks');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'user' AND permissions.name = 'view.tasks';
