-- The office manager and finance keep the contracts; managers see them.
INSERT INTO permissions (name, guard_name) VALUES
('view.contracts', 'web'),
('manage.contracts', 'web'),
('sign.contracts', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin') AND permissions.name IN ('view.contracts', 'manage.contracts', 'sign.contracts');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('finance', 'office-manager') AND permissions.name IN ('view.contracts', 'manage.contracts');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'manager' AND permissions.name = 'view.contracts';

INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('contracts.number_prefix', 'C-', 'string', 'contracts'),
('contracts.warn_days_before_notice', '30', 'integer', 'contracts');
