-- What the start page asks for, however many tenants there are.

CREATE INDEX idx_lapsed ON invitations (used_ms, expires_ms);
CREATE INDEX idx_template_status ON tenants (template_id, status);
