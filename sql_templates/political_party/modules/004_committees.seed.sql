-- What nearly every party's statutes ask for.
INSERT INTO committees (branch_id, name, kind, purpose)
SELECT id, 'National board', 'board', 'Leads the party between its assemblies.' FROM branches WHERE code = 'NATIONAL';

INSERT INTO committees (branch_id, name, kind, purpose)
SELECT id, 'Auditors', 'audit', 'Check the accounts, and report to the assembly.' FROM branches WHERE code = 'NATIONAL';

INSERT INTO committees (branch_id, name, kind, purpose)
SELECT id, 'Arbitration panel', 'arbitration', 'Decides disputes between members and bodies of the party.' FROM branches WHERE code = 'NATIONAL';

INSERT INTO committees (branch_id, name, kind, purpose)
SELECT id, 'Programme committee', 'programme', 'Drafts the programme for the assembly.' FROM branches WHERE code = 'NATIONAL';

-- Everybody may see the committees; admins and the secretary change them.
INSERT INTO permissions (name, guard_name) VALUES
('view.committees', 'web'),
('manage.committees', 'web');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('super-admin', 'admin', 'secretary') AND permissions.name IN ('view.committees', 'manage.committees');

INSERT INTO role_permissions (role_id, permission_id)
SELECT roles.id, permissions.id FROM roles CROSS JOIN permissions
WHERE roles.name IN ('user', 'treasurer', 'returning-officer', 'campaign-manager') AND permissions.name = 'view.committees';
