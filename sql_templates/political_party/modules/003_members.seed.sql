-- The secretary keeps the members; the other offices see them. A plain user does not: what somebody believes is private.
INSERT INTO permissions (name, guard_name) VALUES
('view.members', 'web'),
('create.members', 'web'),
('edit.members', 'web'),
('delete.members', 'web'),
('export.members', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin') AND permissions.name IN ('view.members', 'create.members', 'edit.members', 'delete.members', 'export.members');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name = 'secretary' AND permissions.name IN ('view.members', 'create.members', 'edit.members');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('treasurer', 'returning-officer', 'campaign-manager') AND permissions.name = 'view.members';

INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('members.number_prefix', 'P-', 'string', 'members'),
('members.minimum_age', '16', 'integer', 'members'),
('members.voting_after_days', '90', 'integer', 'members');
