-- The company itself is the top of the tree, and a few departments that nearly every company has are below it.
INSERT INTO departments (code, name) VALUES
('COMPANY', '{{TENANT_NAME}}');

INSERT INTO departments (parent_id, code, name)
SELECT id, 'MGMT', 'Management' FROM departments WHERE code = 'COMPANY';

INSERT INTO departments (parent_id, code, name)
SELECT id, 'HR', 'Human resources' FROM departments WHERE code = 'COMPANY';

INSERT INTO departments (parent_id, code, name)
SELECT id, 'FIN', 'Finance' FROM departments WHERE code = 'COMPANY';

INSERT INTO departments (parent_id, code, name)
SELECT id, 'OPS', 'Operations' FROM departments WHERE code = 'COMPANY';

INSERT INTO locations (name) VALUES
('Head office'),
('Home office');

-- Everybody may see the departments; admins and the human resources office change them.
INSERT INTO permissions (name, guard_name) VALUES
('view.departments', 'web'),
('manage.departments', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin', 'hr') AND permissions.name IN ('view.departments', 'manage.departments');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('user', 'finance', 'manager', 'office-manager') AND permissions.name = 'view.departments';
