-- The headings that most election laws ask for.
INSERT INTO campaign_expense_categories (name, sort_order) VALUES
('Advertising', 10),
('Printing and posters', 20),
('Postage and delivery', 30),
('Events and venues', 40),
('Travel', 50),
('Online and software', 60),
('Staff and fees', 70),
('Office and equipment', 80),
('Other', 90);

-- The campaign manager plans campaigns, the treasurer sees what they cost.
INSERT INTO permissions (name, guard_name) VALUES
('view.campaigns', 'web'),
('manage.campaigns', 'web'),
('approve.campaign_expenses', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin') AND permissions.name IN ('view.campaigns', 'manage.campaigns', 'approve.campaign_expenses');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'campaign-manager' AND permissions.name IN ('view.campaigns', 'manage.campaigns');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'treasurer' AND permissions.name IN ('view.campaigns', 'approve.campaign_expenses');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('user', 'secretary') AND permissions.name = 'view.campaigns';
