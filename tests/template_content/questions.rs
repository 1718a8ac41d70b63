//! The questions of docs/templates-content.md are answered from the index that it names.

use super::made::{Made, TEMPLATES};

/// Template, question, and the index that must answer it.
const QUESTIONS: [(&str, &str, &str); 26] = [
    ("basic", "SELECT * FROM users WHERE email = 'lee@example.org'", "users__email"),
    ("basic", "SELECT * FROM users WHERE last_name = 'Ng' ORDER BY first_name", "users__idx_full_name"),
    (
        "basic",
        "SELECT permissions.name FROM user_roles JOIN role_permissions ON role_permissions.role_id = user_roles.role_id
         JOIN permissions ON permissions.id = role_permissions.permission_id WHERE user_roles.user_id = 1",
        "sqlite_autoindex_user_roles_1",
    ),
    ("basic", "SELECT * FROM audit_logs WHERE auditable_type = 'users' AND auditable_id = 1", "audit_logs__idx_auditable"),
    (
        "basic",
        "SELECT * FROM notifications WHERE user_id = 1 AND read_at IS NULL ORDER BY created_at",
        "notifications__idx_user_unread",
    ),
    (
        "basic",
        "SELECT * FROM tasks WHERE assigned_to = 1 AND status = 'open' ORDER BY due_on",
        "tasks__idx_assigned_status_due",
    ),
    ("ngo", "SELECT * FROM members WHERE last_name = 'Diaz' ORDER BY first_name", "members__idx_full_name"),
    (
        "ngo",
        "SELECT SUM(CAST(amount AS NUMERIC)) FROM donations WHERE member_id = 1 AND donation_date BETWEEN '2025-01-01' AND '2025-12-31'",
        "donations__idx_member_date",
    ),
    (
        "ngo",
        "SELECT * FROM events WHERE status = 'published' AND starts_at >= '2025-01-01 00:00:00' ORDER BY starts_at",
        "events__idx_status_starts",
    ),
    ("ngo", "SELECT COUNT(*) FROM event_registrations WHERE event_id = 1 AND status = 'registered'", "event_registrations__idx_event_status"),
    ("ngo", "SELECT * FROM grant_reports WHERE submitted_on IS NULL AND due_on <= '2025-12-31'", "grant_reports__idx_submitted_due"),
    (
        "political_party",
        "SELECT COUNT(*) FROM members WHERE branch_id = 1 AND status = 'active' AND joined_on <= '2025-01-01'",
        "members__idx_branch_status_joined",
    ),
    ("political_party", "SELECT * FROM members WHERE membership_number = 'P-1'", "members__uk_membership_number"),
    (
        "political_party",
        "SELECT * FROM committee_members WHERE committee_id = 1 AND left_on IS NULL",
        "committee_members__idx_committee_left",
    ),
    (
        "political_party",
        "SELECT * FROM dues_assessments WHERE settled_on IS NULL AND due_on < '2025-02-01' ORDER BY due_on",
        "dues_assessments__idx_settled_due",
    ),
    (
        "political_party",
        "SELECT SUM(CAST(amount AS NUMERIC)) FROM dues_payments WHERE member_id = 1 AND paid_on BETWEEN '2025-01-01' AND '2025-12-31'",
        "dues_payments__idx_member_paid",
    ),
    (
        "political_party",
        "SELECT has_voted, COUNT(*) FROM election_voters WHERE election_id = 1 GROUP BY has_voted",
        "election_voters__idx_election_voted",
    ),
    (
        "political_party",
        "SELECT candidate_id, COUNT(*) FROM ballot_choices WHERE election_id = 1 GROUP BY candidate_id",
        "ballot_choices__idx_election_candidate",
    ),
    (
        "political_party",
        "SELECT SUM(CAST(amount AS NUMERIC)) FROM campaign_expenses WHERE campaign_id = 1 AND spent_on >= '2025-01-01'",
        "campaign_expenses__idx_campaign_spent",
    ),
    (
        "political_party",
        "SELECT * FROM donations WHERE declared_on IS NULL AND received_on >= '2025-01-01'",
        "donations__idx_declared_received",
    ),
    ("corporate", "SELECT * FROM employees WHERE department_id = 1 AND status = 'active'", "employees__idx_department_status"),
    ("corporate", "SELECT * FROM employees WHERE manager_id = 1 AND status = 'active'", "employees__idx_manager_status"),
    (
        "corporate",
        "SELECT * FROM leave_requests WHERE status = 'approved' AND starts_on <= '2025-07-01' AND ends_on >= '2025-07-01'",
        "leave_requests__idx_status_starts_ends",
    ),
    ("corporate", "SELECT * FROM asset_assignments WHERE employee_id = 1 AND returned_on IS NULL", "asset_assignments__idx_employee_returned"),
    (
        "corporate",
        "SELECT * FROM expense_reports WHERE status = 'submitted' ORDER BY submitted_at",
        "expense_reports__idx_status_submitted",
    ),
    (
        "corporate",
        "SELECT * FROM contracts WHERE status = 'active' AND notice_by BETWEEN '2025-07-01' AND '2025-07-31' ORDER BY notice_by",
        "contracts__idx_status_notice",
    ),
];

#[tokio::test]
async fn everyday_questions_are_answered_from_an_index() {
    for template in TEMPLATES {
        let mut made = Made::new(template, true).await;
        for (_, question, index) in QUESTIONS.iter().filter(|(of, _, _)| *of == template) {
            let rows = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {question}")));
            let rows = rows.fetch_all(&mut made.connection).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| sqlx::Row::get(row, "detail")).collect();
            let plan = plan.join("; ");
            let covered = plan.contains(&format!("INDEX {index} ("));
            assert!(covered && !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{question}: {plan}");
        }
    }
}
