-- The kinds of leave that nearly every company has.
INSERT INTO leave_types (code, name, is_paid, uses_entitlement, needs_approval, is_private, sort_order) VALUES
('annual', 'Annual leave', TRUE, TRUE, TRUE, FALSE, 10),
('sick', 'Sick leave', TRUE, FALSE, FALSE, TRUE, 20),
('child_sick', 'Care of a sick child', TRUE, TRUE, FALSE, TRUE, 30),
('parental', 'Parental leave', FALSE, FALSE, TRUE, FALSE, 40),
('compassionate', 'Compassionate leave', TRUE, FALSE, TRUE, TRUE, 50),
('time_in_lieu', 'Time off for overtime', TRUE, FALSE, TRUE, FALSE, 60),
('training', 'Training', TRUE, FALSE, TRUE, FALSE, 70),
('unpaid', 'Unpaid leave', FALSE, FALSE, TRUE, FALSE, 80);

-- Everybody may ask for leave and see who is away; managers decide, the human resources office keeps the days.
INSERT INTO permissions (name, guard_name) VALUES
('view.leave', 'web'),
('request.leave', 'web'),
('approve.leave', 'web'),
('manage.leave', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin', 'hr') AND permissions.name IN ('view.leave', 'request.leave', 'approve.leave', 'manage.leave');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'manager' AND permissions.name IN ('view.leave', 'request.leave', 'approve.leave');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('user', 'finance', 'office-manager') AND permissions.name IN ('view.leave', 'request.leave');

INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('leave.days_per_year', '25', 'integer', 'leave'),
('leave.carry_over_most_days', '5', 'integer', 'leave'),
('leave.carry_over_until', '03-31', 'string', 'leave');
