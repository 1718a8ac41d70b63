-- Rates to begin with; the assembly's decision replaces them.
INSERT INTO dues_rates (name, period, amount, currency, valid_from) VALUES
('Standard', 'yearly', '60.00', 'USD', '2025-01-01'),
('Reduced', 'yearly', '24.00', 'USD', '2025-01-01'),
('Supporting', 'yearly', '120.00', 'USD', '2025-01-01');

-- The treasurer keeps the dues.
INSERT INTO permissions (name, guard_name) VALUES
('view.dues', 'web'),
('manage.dues', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin', 'treasurer') AND permissions.name IN ('view.dues', 'manage.dues');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'secretary' AND permissions.name = 'view.dues';

INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('dues.receipt_prefix', 'D-', 'string', 'dues'),
('dues.reminder_after_days', '30', 'integer', 'dues');
