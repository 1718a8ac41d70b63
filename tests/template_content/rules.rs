//! What must never be wrong is refused by the database itself.

use super::made::Made;
use tenantry::schema::Type;

const VOTE: &str = "
    INSERT INTO members (id, branch_id, membership_number, first_name, last_name, applied_on) VALUES
      (1, 1, 'P-1', 'Ana', 'Diaz', '2024-01-01'), (2, 1, 'P-2', 'Bo', 'Li', '2024-01-01');
    INSERT INTO contests (id, branch_id, title, nominations_open_on, nominations_close_on) VALUES
      (1, 1, 'Chair', '2025-01-01', '2025-01-31'), (2, 1, 'Treasurer', '2025-01-01', '2025-01-31');
    INSERT INTO nominations (id, contest_id, member_id, nominated_on) VALUES (1, 1, 1, '2025-01-02'), (2, 2, 2, '2025-01-02');
    INSERT INTO elections (id, contest_id, opens_at, closes_at) VALUES
      (1, 1, '2025-02-01 08:00:00', '2025-02-02 18:00:00'), (2, 2, '2025-02-01 08:00:00', '2025-02-02 18:00:00');
    INSERT INTO election_candidates (id, election_id, nomination_id, ballot_place) VALUES (1, 1, 1, 1), (2, 2, 2, 1);
    INSERT INTO election_voters (election_id, member_id) VALUES (1, 1), (1, 2);
    INSERT INTO ballots (id, election_id) VALUES ('b1', 1), ('b2', 1);
    INSERT INTO ballot_choices (election_id, ballot_id, candidate_id) VALUES (1, 'b1', 1);
";

#[tokio::test]
async fn a_ballot_leads_to_no_voter() {
    let made = Made::new("political_party", true).await;
    // What a ballot and its choices refer to, however far one follows.
    let mut reached = vec!["ballots", "ballot_choices"];
    for place in 0.. {
        let Some(table) = reached.get(place).copied() else { break };
        for key in made.schema.tables[table].foreign_keys.values() {
            if !reached.contains(&key.foreign_table.as_str()) {
                reached.push(&key.foreign_table);
            }
        }
    }
    assert!(!reached.contains(&"election_voters"), "{reached:?}");
    for table in ["ballots", "ballot_choices", "election_voters"] {
        let table = &made.schema.tables[table];
        let tells_order = table.columns.iter().find(|column| {
            column.auto_increment
                || matches!(column.ty, Type::Date | Type::Time(_) | Type::Datetime(_) | Type::Timestamp(_))
        });
        assert!(tells_order.is_none(), "{}: {tells_order:?}", table.name);
    }
    for table in ["ballots", "ballot_choices"] {
        let people = made.schema.tables[table]
            .foreign_keys
            .values()
            .find(|key| ["members", "users", "election_voters"].contains(&key.foreign_table.as_str()));
        assert!(people.is_none(), "{table}: {people:?}");
    }
    // Nothing else says who voted what either: only choices and the roll's own table refer to a vote.
    let referring = |name: &str| -> Vec<&str> {
        let tables = made.schema.tables.values();
        let refers = tables.filter(|table| table.foreign_keys.values().any(|key| key.foreign_table == name));
        refers.map(|table| table.name.as_str()).collect()
    };
    assert_eq!(referring("ballots"), ["ballot_choices"]);
    assert_eq!(referring("election_voters"), [""; 0]);
}

#[tokio::test]
async fn a_vote_counts_once_and_only_for_candidates_of_its_election() {
    let mut made = Made::new("political_party", true).await;
    made.run(VOTE).await;
    for (wrong, part) in [
        ("INSERT INTO election_voters (election_id, member_id) VALUES (1, 1)", "UNIQUE"),
        (
            "INSERT INTO ballot_choices (election_id, ballot_id, candidate_id) VALUES (1, 'b2', 2)",
            "FOREIGN KEY",
        ),
        (
            "INSERT INTO ballot_choices (election_id, ballot_id, candidate_id) VALUES (2, 'b2', 2)",
            "FOREIGN KEY",
        ),
        (
            "INSERT INTO ballot_choices (election_id, ballot_id, candidate_id, preference) VALUES (1, 'b1', 1, 2)",
            "UNIQUE",
        ),
        (
            "INSERT INTO election_candidates (election_id, nomination_id, ballot_place) VALUES (1, 1, 2)",
            "UNIQUE",
        ),
        (
            "INSERT INTO nominations (contest_id, member_id, nominated_on) VALUES (1, 1, '2025-01-03')",
            "UNIQUE",
        ),
        ("UPDATE elections SET closes_at = '2025-01-01 00:00:00' WHERE id = 1", "CHECK"),
        ("DELETE FROM elections WHERE id = 1", "FOREIGN KEY"),
        ("DELETE FROM members WHERE id = 1", "FOREIGN KEY"),
    ] {
        let said = made.refusal(wrong).await;
        assert!(said.as_ref().is_some_and(|said| said.contains(part)), "{wrong}: {said:?}");
    }
    made.run("INSERT INTO ballots (election_id) VALUES (1)").await;
    assert_eq!(made.text("SELECT length(id) FROM ballots WHERE id NOT IN ('b1', 'b2')").await, "36");
}

#[tokio::test]
async fn the_accounts_of_a_party_keep_whoever_paid() {
    let mut made = Made::new("political_party", true).await;
    made.run(VOTE).await;
    made.run("INSERT INTO dues_payments (member_id, paid_on, amount) VALUES (2, '2025-01-05', '60.00')")
        .await;
    for (wrong, part) in [
        ("DELETE FROM members WHERE id = 2", "FOREIGN KEY"),
        ("INSERT INTO dues_payments (member_id, paid_on, amount) VALUES (2, '2025-01-05', '0.00')", "CHECK"),
        ("INSERT INTO dues_payments (member_id, paid_on, amount) VALUES (2, '2025-01-05', '1.005')", "CHECK"),
        ("DELETE FROM branches WHERE code = 'NATIONAL'", "FOREIGN KEY"),
        (
            "INSERT INTO members (branch_id, membership_number, first_name, last_name, applied_on, joined_on) VALUES (1, 'P-9', 'A', 'B', '2025-02-01', '2025-01-01')",
            "CHECK",
        ),
    ] {
        let said = made.refusal(wrong).await;
        assert!(said.as_ref().is_some_and(|said| said.contains(part)), "{wrong}: {said:?}");
    }
}

#[tokio::test]
async fn an_asset_is_with_one_employee_at_a_time() {
    let mut made = Made::new("corporate", true).await;
    made.run(
        "INSERT INTO employees (id, employee_number, first_name, last_name, department_id, job_title, hired_on) VALUES
           (1, 'E-1', 'Ana', 'Diaz', 1, 'Director', '2020-01-01'), (2, 'E-2', 'Bo', 'Li', 1, 'Clerk', '2021-01-01');
         INSERT INTO assets (id, asset_tag, category_id, name) VALUES (1, 'A-1', 1, 'Laptop');
         INSERT INTO asset_assignments (asset_id, employee_id, handed_out_on) VALUES (1, 1, '2025-01-01');",
    )
    .await;
    let second =
        "INSERT INTO asset_assignments (asset_id, employee_id, handed_out_on) VALUES (1, 2, '2025-02-01')";
    assert!(made.refusal(second).await.unwrap().contains("UNIQUE"));
    made.run("UPDATE asset_assignments SET returned_on = '2025-01-31'").await;
    made.run(second).await;
    made.run("UPDATE asset_assignments SET returned_on = '2025-02-28' WHERE returned_on IS NULL").await;
    assert_eq!(made.text("SELECT COUNT(*) FROM asset_assignments WHERE returned_on IS NOT NULL").await, "2");
    for (wrong, part) in [
        ("DELETE FROM employees WHERE id = 1", "FOREIGN KEY"),
        (
            "INSERT INTO leave_requests (employee_id, leave_type_id, starts_on, ends_on, days) VALUES (1, 1, '2025-03-02', '2025-03-01', '1.00')",
            "CHECK",
        ),
        (
            "INSERT INTO employment_terms (employee_id, valid_from, weekly_hours, pay_amount) VALUES (1, '2025-01-01', '200.00', '1.00')",
            "CHECK",
        ),
        (
            "INSERT INTO expense_reports (employee_id, department_id, title, decided_by) VALUES (1, 99, 'x', NULL)",
            "FOREIGN KEY",
        ),
    ] {
        let said = made.refusal(wrong).await;
        assert!(said.as_ref().is_some_and(|said| said.contains(part)), "{wrong}: {said:?}");
    }
}
