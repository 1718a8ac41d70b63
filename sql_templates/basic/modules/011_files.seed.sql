-- Everybody may see the files; admins manage them.
INSERT INTO permissions (name, guard_name) VALUES
('view.files', 'web'),
('upload.files', 'web'),
('delete.files', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin') AND permissions.name IN ('view.files', 'upload.files', 'delete.files');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'user' AND permissions.name = 'view.files';

INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('files.max_size_mb', '25', 'integer', 'files');
