-- The owner. No password matches the mark; the owner sets one through the invitation.
INSERT INTO users (uuid, first_name, last_name, email, password_hash, status) VALUES
(UUID(), 'Admin', 'User', '{{OWNER_EMAIL}}', '{{SET_ON_APP}}', 'active');

-- Roles: the four that every template has, and those of a party's office.
INSERT INTO roles (name, guard_name) VALUES
('super-admin', 'web'),
('admin', 'web'),
('user', 'web'),
('guest', 'web'),
('secretary', 'web'),
('treasurer', 'web'),
('returning-officer', 'web'),
('campaign-manager', 'web');

-- Permissions
INSERT INTO permissions (name, guard_name) VALUES
('view.users', 'web'),
('create.users', 'web'),
('edit.users', 'web'),
('delete.users', 'web'),
('view.roles', 'web'),
('manage.roles', 'web');

-- Settings
INSERT INTO settings (`key`, `value`, `type`, `group`) VALUES
('app.name', '{{TENANT_NAME}}', 'string', 'general'),
('app.timezone', 'UTC', 'string', 'general'),
('app.locale', 'en', 'string', 'general'),
('app.currency', 'USD', 'string', 'general'),
('email.from_address', 'noreply@{{TENANT_SLUG}}.com', 'string', 'email'),
('email.from_name', '{{TENANT_SLUG}} System', 'string', 'email');
