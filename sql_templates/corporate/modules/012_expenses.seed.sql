-- What employees usually pay for.
INSERT INTO expense_categories (name, needs_receipt, sort_order) VALUES
('Travel', TRUE, 10),
('Accommodation', TRUE, 20),
('Meals while travelling', TRUE, 30),
('Mileage', FALSE, 40),
('Meals with customers', TRUE, 50),
('Training and books', TRUE, 60),
('Office supplies', TRUE, 70),
('Software', TRUE, 80),
('Phone and internet', TRUE, 90),
('Other', TRUE, 100);

-- Everybody may claim; managers approve, finance pays.
INSERT INTO permissions (name, guard_name) VALUES
('submit.expenses', 'web'),
('view.expenses', 'web'),
('approve.expenses', 'web'),
('pay.expenses', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'finance') AND permissions.name IN ('submit.expenses', 'view.expenses', 'approve.expenses', 'pay.expenses');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('admin', 'manager') AND permissions.name IN ('submit.expenses', 'view.expenses', 'approve.expenses');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('user', 'hr', 'office-manager') AND permissions.name = 'submit.expenses';

INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('expenses.claim_within_days', '90', 'integer', 'expenses'),
('expenses.mileage_rate', '0.30', 'string', 'expenses');
