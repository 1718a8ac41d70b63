-- An employee can have several people to call when something has happened. The one so far is taken over as the first.
-- The old columns stay; going back fills them from the first in the list.
-- version: 1.3.0
-- min-version: 1.2.0

-- UP
CREATE TABLE emergency_contacts (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    employee_id BIGINT UNSIGNED NOT NULL,
    call_order SMALLINT UNSIGNED NOT NULL DEFAULT 1 COMMENT '1 for the one to call first',
    name VARCHAR(200) NOT NULL,
    phone VARCHAR(30) NULL COMMENT 'Empty only where it was never told',
    relationship VARCHAR(100) NULL COMMENT 'Such as partner or mother',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,

    UNIQUE KEY uk_employee_order (employee_id, call_order),
    CONSTRAINT chk_emergency_contacts_order CHECK (call_order >= 1),
    CONSTRAINT fk_emergency_contacts_employee FOREIGN KEY (employee_id) REFERENCES employees(id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Whom to call when something has happened to an employee';

INSERT INTO emergency_contacts (employee_id, call_order, name, phone)
SELECT id, 1, COALESCE(emergency_contact_name, 'Not named'), emergency_contact_phone FROM employees
WHERE emergency_contact_name IS NOT NULL OR emergency_contact_phone IS NOT NULL;

-- DOWN
UPDATE employees
SET emergency_contact_name = (
        SELECT NULLIF(emergency_contacts.name, 'Not named') FROM emergency_contacts
        WHERE emergency_contacts.employee_id = employees.id
        ORDER BY emergency_contacts.call_order LIMIT 1
    ),
    emergency_contact_phone = (
        SELECT emergency_contacts.phone FROM emergency_contacts
        WHERE emergency_contacts.employee_id = employees.id
        ORDER BY emergency_contacts.call_order LIMIT 1
    )
WHERE id IN (SELECT emergency_contacts.employee_id FROM emergency_contacts);

DROP TABLE emergency_contacts;
