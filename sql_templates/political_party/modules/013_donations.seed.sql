-- The treasurer keeps the donations.
INSERT INTO permissions (name, guard_name) VALUES
('view.donations', 'web'),
('manage.donations', 'web'),
('declare.donations', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin', 'treasurer') AND permissions.name IN ('view.donations', 'manage.donations', 'declare.donations');

-- Amounts to begin with: what the law of the country says replaces them.
INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('donations.receipt_prefix', 'R-', 'string', 'donations'),
('donations.declare_from_amount', '500', 'integer', 'donations'),
('donations.most_without_name', '50', 'integer', 'donations');
