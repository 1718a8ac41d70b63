-- The party itself is the top of the tree.
INSERT INTO branches (code, name, level) VALUES
('NATIONAL', '{{TENANT_NAME}}', 'national');

-- Everybody may see the branches; admins and the secretary change them.
INSERT INTO permissions (name, guard_name) VALUES
('view.branches', 'web'),
('manage.branches', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin', 'secretary') AND permissions.name IN ('view.branches', 'manage.branches');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('user', 'treasurer', 'returning-officer', 'campaign-manager') AND permissions.name = 'view.branches';
