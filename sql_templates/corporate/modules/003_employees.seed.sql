-- Everybody may look people up; the human resources office alone sees and changes what is private.
INSERT INTO permissions (name, guard_name) VALUES
('view.employees', 'web'),
('view.employees_private', 'web'),
('create.employees', 'web'),
('edit.employees', 'web'),
('delete.employees', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'hr') AND permissions.name IN ('view.employees', 'view.employees_private', 'create.employees', 'edit.employees', 'delete.employees');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('admin', 'user', 'finance', 'manager', 'office-manager') AND permissions.name = 'view.employees';

INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('employees.number_prefix', 'E-', 'string', 'employees'),
('employees.probation_months', '6', 'integer', 'employees');
