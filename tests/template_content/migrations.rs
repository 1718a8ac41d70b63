//! Rows go up with a migration, and come down again.

use super::made::{Made, TEMPLATES};

/// Rows of an organisation, as its people typed them before any migration.
fn rows(template: &str) -> &'static str {
    match template {
        "basic" => {
            "UPDATE users SET last_login_at = '2025-05-01 08:00:00' WHERE email = 'dana@example.org';
             INSERT INTO users (first_name, last_name, email, password_hash) VALUES ('Lee', 'Ng', 'lee@example.org', '!');
             INSERT INTO audit_logs (user_id, event) VALUES (1, 'signed-in');"
        }
        "ngo" => {
            "INSERT INTO members (id, first_name, last_name, email, join_date, membership_number) VALUES
               (1, 'Ana', 'Diaz', 'ana@example.org', '2024-01-01', 'M-1'), (2, 'Bo', 'Li', 'bo@example.org', '2024-02-01', 'M-2');
             INSERT INTO donations (member_id, donation_date, amount, payment_method) VALUES
               (1, '2024-03-01', '10.00', 'Cash'), (2, '2024-03-02', '20.50', 'Card'), (NULL, '2024-03-03', '5.00', NULL), (1, '2024-03-04', '1.00', 'Cash');"
        }
        "political_party" => {
            "INSERT INTO branches (id, parent_id, code, name) VALUES (2, 1, 'NORTH', 'North');
             INSERT INTO members (id, branch_id, membership_number, first_name, last_name, email, status, applied_on, joined_on, left_on) VALUES
               (1, 2, 'P-1', 'Ana', 'Diaz', 'ana@example.org', 'active', '2024-01-01', '2024-01-10', NULL),
               (2, 1, 'P-2', 'Bo', 'Li', NULL, 'left', '2024-01-01', '2024-01-11', '2025-01-01'),
               (3, 1, 'P-3', 'Cy', 'Roe', NULL, 'applied', '2025-01-01', NULL, NULL);
             INSERT INTO committee_members (committee_id, member_id, office, elected_on) VALUES
               (1, 1, 'Chair', '2024-02-01'), (2, 2, 'Auditor', '2024-02-01'), (1, 2, 'Auditor', '2024-02-02');
             INSERT INTO dues_assessments (member_id, rate_id, period_start, period_end, amount, due_on) VALUES
               (1, 1, '2025-01-01', '2025-12-31', '60.00', '2025-02-01');"
        }
        "corporate" => {
            "INSERT INTO employees (id, employee_number, first_name, last_name, department_id, job_title, hired_on, emergency_contact_name, emergency_contact_phone) VALUES
               (1, 'E-1', 'Ana', 'Diaz', 1, 'Director', '2020-01-01', 'Eva Diaz', '+1 555 0100'),
               (2, 'E-2', 'Bo', 'Li', 2, 'Clerk', '2021-01-01', NULL, '+1 555 0101'),
               (3, 'E-3', 'Cy', 'Roe', 2, 'Clerk', '2022-01-01', NULL, NULL);
             UPDATE employees SET manager_id = 1 WHERE id > 1;
             INSERT INTO employment_terms (employee_id, valid_from, weekly_hours, pay_amount) VALUES (1, '2020-01-01', '40.00', '5000.00');"
        }
        other => panic!("no rows for {other}"),
    }
}

#[tokio::test]
async fn all_migrations_up_and_down_again_leave_every_row_as_it_was() {
    for template in TEMPLATES {
        for optional in [false, true] {
            let mut made = Made::new(template, optional).await;
            made.run(rows(template)).await;
            let before = made.rows().await;
            let names: Vec<String> = made.migrations.iter().map(|migration| migration.name.clone()).collect();
            for name in &names {
                made.up(name).await;
            }
            for name in names.iter().rev() {
                made.down(name).await;
            }
            assert_eq!(made.rows().await, before, "{template}");
        }
    }
}

#[tokio::test]
async fn the_last_sign_in_becomes_a_history_and_comes_back_from_it() {
    let mut made = Made::new("basic", false).await;
    made.run(rows("basic")).await;
    for migration in ["add_phone", "add_request_id", "keep_sign_in_history"] {
        made.up(migration).await;
    }
    assert_eq!(
        made.texts("SELECT user_id || ' ' || signed_in_at FROM user_sign_ins").await,
        ["1 2025-05-01 08:00:00"]
    );
    // A program that does not know the history yet goes on writing the old column.
    made.run("UPDATE users SET last_login_at = '2025-05-03 09:00:00' WHERE id = 1").await;
    made.up("drop_last_login").await;
    assert_eq!(
        made.text("SELECT MAX(signed_in_at) FROM user_sign_ins WHERE user_id = 1").await,
        "2025-05-03 09:00:00"
    );
    made.run("INSERT INTO user_sign_ins (user_id, signed_in_at) VALUES (2, '2025-06-01 07:00:00')").await;
    made.down("drop_last_login").await;
    assert_eq!(
        made.texts("SELECT last_login_at FROM users ORDER BY id").await,
        ["2025-05-03 09:00:00", "2025-06-01 07:00:00"]
    );
}

#[tokio::test]
async fn typed_ways_to_pay_become_a_list_and_come_back_from_it() {
    let mut made = Made::new("ngo", true).await;
    made.run(rows("ngo")).await;
    for migration in ["add_phone_country_code", "add_donation_source", "list_payment_methods"] {
        made.up(migration).await;
    }
    assert_eq!(made.texts("SELECT name FROM payment_methods ORDER BY name").await, ["Card", "Cash"]);
    let joined = "SELECT payment_methods.name FROM donations LEFT JOIN payment_methods
        ON payment_methods.id = donations.payment_method_id ORDER BY donations.id";
    assert_eq!(made.texts(joined).await, ["Cash", "Card", "NULL", "Cash"]);
    made.run("UPDATE payment_methods SET name = 'Notes and coins' WHERE name = 'Cash'").await;
    made.down("list_payment_methods").await;
    assert_eq!(
        made.texts("SELECT payment_method FROM donations ORDER BY id").await,
        ["Notes and coins", "Card", "NULL", "Notes and coins"]
    );
}

#[tokio::test]
async fn members_without_a_number_get_one_before_it_is_asked_for() {
    let mut made = Made::new("ngo", false).await;
    made.run("INSERT INTO members (id, first_name, last_name, email, join_date) VALUES (7, 'Cy', 'Roe', 'cy@example.org', '2025-01-01')").await;
    for migration in [
        "add_phone_country_code",
        "add_donation_source",
        "list_payment_methods",
        "require_membership_numbers",
    ] {
        made.up(migration).await;
    }
    assert_eq!(made.text("SELECT membership_number FROM members").await, "M7");
    let without = "INSERT INTO members (first_name, last_name, email, join_date) VALUES ('D', 'E', 'd@example.org', '2025-01-01')";
    assert!(made.refusal(without).await.unwrap().contains("NOT NULL"));
    made.down("require_membership_numbers").await;
    made.run(without).await;
}

#[tokio::test]
async fn the_branch_of_a_member_becomes_a_history_and_comes_back_from_it() {
    let mut made = Made::new("political_party", true).await;
    made.run(rows("political_party")).await;
    made.up("add_contact_by").await;
    assert_eq!(made.texts("SELECT contact_by FROM members ORDER BY id").await, ["email", "post", "post"]);
    made.up("keep_branch_history").await;
    let history =
        "SELECT member_id || ' ' || branch_id || ' ' || started_on || ' ' || COALESCE(ended_on, 'now')
        FROM branch_memberships ORDER BY member_id, started_on";
    assert_eq!(made.texts(history).await, ["1 2 2024-01-10 now", "2 1 2024-01-11 2025-01-01"]);
    made.run(
        "UPDATE branch_memberships SET ended_on = '2025-02-01' WHERE member_id = 1;
         INSERT INTO branch_memberships (member_id, branch_id, started_on) VALUES (1, 1, '2025-02-02');",
    )
    .await;
    made.down("keep_branch_history").await;
    assert_eq!(made.texts("SELECT branch_id FROM members ORDER BY id").await, ["1", "1", "1"]);
}

#[tokio::test]
async fn typed_offices_become_a_list_and_come_back_from_it() {
    let mut made = Made::new("political_party", false).await;
    made.run(rows("political_party")).await;
    made.up("list_committee_offices").await;
    let joined = "SELECT committee_offices.name FROM committee_members JOIN committee_offices
        ON committee_offices.id = committee_members.office_id ORDER BY committee_members.id";
    assert_eq!(made.texts(joined).await, ["Chair", "Auditor", "Auditor"]);
    assert_eq!(
        made.text("SELECT COUNT(*) FROM committee_offices").await,
        "6",
        "the usual five, and the auditor"
    );
    made.run("INSERT INTO committee_members (committee_id, member_id, office, elected_on) VALUES (3, 1, 'Speaker', '2025-01-01')").await;
    made.up("drop_typed_offices").await;
    assert_eq!(made.texts(joined).await, ["Chair", "Auditor", "Auditor", "Speaker"]);
    made.down("drop_typed_offices").await;
    assert_eq!(
        made.texts("SELECT office FROM committee_members ORDER BY id").await,
        ["Chair", "Auditor", "Auditor", "Speaker"]
    );
}

#[tokio::test]
async fn job_titles_and_emergency_contacts_become_lists_and_come_back_from_them() {
    let mut made = Made::new("corporate", true).await;
    made.run(rows("corporate")).await;
    for migration in ["add_preferred_name", "list_job_titles", "list_emergency_contacts"] {
        made.up(migration).await;
    }
    assert_eq!(made.texts("SELECT name FROM job_titles ORDER BY name").await, ["Clerk", "Director"]);
    assert_eq!(
        made.texts("SELECT employee_id || ' ' || name || ' ' || phone FROM emergency_contacts ORDER BY id")
            .await,
        ["1 Eva Diaz +1 555 0100", "2 Not named +1 555 0101"]
    );
    made.run("UPDATE employees SET emergency_contact_name = 'Jo Roe' WHERE id = 3").await;
    made.up("drop_emergency_contact").await;
    assert_eq!(made.text("SELECT name FROM emergency_contacts WHERE employee_id = 3").await, "Jo Roe");
    made.run("INSERT INTO emergency_contacts (employee_id, call_order, name, phone) VALUES (1, 2, 'Max', '+1 555 0102')").await;
    made.down("drop_emergency_contact").await;
    assert_eq!(
        made.texts("SELECT COALESCE(emergency_contact_name, '-') || ' ' || COALESCE(emergency_contact_phone, '-') FROM employees ORDER BY id").await,
        ["Eva Diaz +1 555 0100", "- +1 555 0101", "Jo Roe -"]
    );
}
