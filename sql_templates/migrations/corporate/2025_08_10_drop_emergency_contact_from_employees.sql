-- Whom to call is read from the list of contacts, its one place. Programs that read or write the old columns must change
-- first. What was put into them for employees without a list is taken over; going back fills them from the first in the list.
-- version: 2.0.0
-- min-version: 1.3.0
-- breaking: true

-- UP
INSERT INTO emergency_contacts (employee_id, call_order, name, phone)
SELECT id, 1, COALESCE(emergency_contact_name, 'Not named'), emergency_contact_phone FROM employees
WHERE (emergency_contact_name IS NOT NULL OR emergency_contact_phone IS NOT NULL)
    AND id NOT IN (SELECT emergency_contacts.employee_id FROM emergency_contacts);

ALTER TABLE employees
    DROP COLUMN emergency_contact_name,
    DROP COLUMN emergency_contact_phone;

-- DOWN
ALTER TABLE employees
    ADD COLUMN emergency_contact_name VARCHAR(200) NULL COMMENT 'Whom to call when something has happened' AFTER date_of_birth,
    ADD COLUMN emergency_contact_phone VARCHAR(30) NULL AFTER emergency_contact_name;

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
