-- The secretary calls assemblies; everybody may see them and propose motions.
INSERT INTO permissions (name, guard_name) VALUES
('view.assemblies', 'web'),
('manage.assemblies', 'web'),
('submit.motions', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin', 'secretary') AND permissions.name IN ('view.assemblies', 'manage.assemblies', 'submit.motions');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('user', 'treasurer', 'returning-officer', 'campaign-manager') AND permissions.name IN ('view.assemblies', 'submit.motions');

INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('assemblies.invite_days_before', '14', 'integer', 'assemblies'),
('assemblies.motions_days_before', '7', 'integer', 'assemblies');
