-- What nearly every office hands out.
INSERT INTO asset_categories (name, lifetime_months, sort_order) VALUES
('Laptop', 48, 10),
('Monitor', 72, 20),
('Phone', 36, 30),
('Keys and badges', NULL, 40),
('Furniture', 120, 50),
('Vehicle', 72, 60),
('Tools and machines', NULL, 70),
('Software licence', 12, 80),
('Other', NULL, 90);

-- The office manager keeps the assets; everybody sees what they have.
INSERT INTO permissions (name, guard_name) VALUES
('view.assets', 'web'),
('manage.assets', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin', 'office-manager') AND permissions.name IN ('view.assets', 'manage.assets');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('user', 'hr', 'finance', 'manager') AND permissions.name = 'view.assets';

INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('assets.tag_prefix', 'A-', 'string', 'assets');
