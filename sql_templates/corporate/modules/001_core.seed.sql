-- The super-admin may do everything, the admin everything but change roles, the others look to begin with.
INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'super-admin';

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'admin' AND permissions.name <> 'manage.roles';

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('user', 'hr', 'finance', 'manager', 'office-manager')
    AND permissions.name IN ('view.users', 'view.roles');

-- The owner is the super-admin.
INSERT INTO user_roles (user_id, role_id)
SELECT users.id, roles.id FROM users CROSS JOIN roles
WHERE users.email = '{{OWNER_EMAIL}}' AND roles.name = 'super-admin';
