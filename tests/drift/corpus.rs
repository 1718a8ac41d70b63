//! A tenant's database changed by hand in many ways. Each is found, as what it is, and put back with its rows.

use super::{by_hand, check, found, ids, level, put_back, with_acme};
use crate::support::{open_tenant, tenant};
use sqlx::{Connection, Row};
use tenantry::store::drift::Level;

/// What somebody does, what is found of it (in the order of the alphabet), and how bad that is.
const CHANGES: &[(&str, &[&str], Level)] = &[
    ("DROP INDEX members__idx_full_name", &["removed index members.idx_full_name"], Level::Medium),
    ("DROP INDEX members__idx_user_id", &["removed index members.idx_user_id"], Level::Medium),
    ("DROP INDEX members__email", &["removed index members.email"], Level::High),
    ("DROP INDEX events__uuid", &["removed index events.uuid"], Level::High),
    ("CREATE INDEX own_phone ON members (phone)", &["added index members.own_phone"], Level::Low),
    ("CREATE INDEX members__own ON members (first_name DESC)", &["added index members.own"], Level::Low),
    (
        "CREATE INDEX own_some ON members (phone) WHERE phone IS NOT NULL",
        &["added index members.own_some"],
        Level::Low,
    ),
    ("CREATE INDEX own_lower ON members (lower(phone))", &["added index members.own_lower"], Level::Low),
    ("CREATE UNIQUE INDEX own_phone ON members (phone)", &["added index members.own_phone"], Level::High),
    (
        "DROP INDEX members__idx_full_name; CREATE INDEX members__idx_full_name ON members (first_name)",
        &["changed index members.idx_full_name"],
        Level::Medium,
    ),
    ("ALTER TABLE members ADD COLUMN blood_group TEXT", &["added column members.blood_group"], Level::Medium),
    (
        "ALTER TABLE members ADD COLUMN points INTEGER NOT NULL DEFAULT 0",
        &["added column members.points"],
        Level::Medium,
    ),
    (
        "ALTER TABLE members ADD COLUMN shown TEXT AS (first_name || ' ' || last_name) VIRTUAL",
        &["added column members.shown"],
        Level::Medium,
    ),
    ("ALTER TABLE audit_logs DROP COLUMN ip_address", &["removed column audit_logs.ip_address"], Level::High),
    (
        "ALTER TABLE role_permissions DROP COLUMN created_at",
        &["removed column role_permissions.created_at"],
        Level::High,
    ),
    (
        "ALTER TABLE events RENAME COLUMN location TO place",
        &["added column events.place", "removed column events.location"],
        Level::High,
    ),
    ("CREATE TABLE own_notes (id INTEGER PRIMARY KEY, text TEXT)", &["added table own_notes"], Level::Medium),
    ("CREATE TABLE \"Ödd name\" (\"a b\" TEXT)", &["added table Ödd name"], Level::Medium),
    ("CREATE VIEW own_names AS SELECT first_name FROM members", &["added view own_names"], Level::Medium),
    (
        "CREATE TRIGGER own_loud AFTER INSERT ON settings BEGIN UPDATE settings SET value = upper(value) WHERE id = NEW.id; END",
        &["added trigger own_loud"],
        Level::Medium,
    ),
    ("DROP TABLE event_registrations", &["removed table event_registrations"], Level::High),
];

#[tokio::test]
async fn what_somebody_changes_by_hand_is_found_as_what_it_is_and_put_back_with_its_rows() {
    let (place, app) = with_acme().await;
    by_hand(
        &place,
        &app,
        "acme",
        "INSERT INTO members (first_name, last_name, email, join_date, phone) VALUES ('Ada', 'Lin', 'ada@example.org', '2026-01-02', '123')",
    )
    .await;
    assert_eq!(found(&check(&app, "acme").await), Vec::<String>::new());
    for (statements, expected, severity) in CHANGES {
        by_hand(&place, &app, "acme", statements).await;
        let report = check(&app, "acme").await;
        assert_eq!(found(&report), *expected, "{statements}");
        assert_eq!(level(&report), *severity, "{statements}");
        for noted in &report.differences {
            let cause = noted.difference.cause.as_deref().unwrap_or_default();
            assert!(cause.contains("probably changed directly in the database"), "{statements}: {cause}");
        }
        let sql = put_back(&app, "acme", &ids(&report)).await;
        // What the repair itself has found out afterwards, and what another look says.
        let after = tenantry::usecases::drift::of_tenant(&app, &super::ACTOR, "acme").await.unwrap();
        assert_eq!(found(&after), Vec::<String>::new(), "{statements}\n{sql}");
        let again = check(&app, "acme").await;
        assert_eq!((found(&again), level(&again)), (Vec::new(), Level::None), "{statements}\n{sql}");
        let mut file = open_tenant(&place, &tenant(&app, "acme").await).await;
        let phone: String = sqlx::query("SELECT phone FROM members WHERE first_name = 'Ada'")
            .fetch_one(&mut file)
            .await
            .unwrap()
            .get(0);
        assert_eq!(phone, "123", "{statements}");
        file.close().await.unwrap();
    }
}

/// Tables that somebody has made anew by hand, by what is replaced in their definition.
const REMADE: &[(&str, &str, &str, &[&str], Level)] = &[
    (
        "events",
        "NOT NULL DEFAULT 'draft'",
        "DEFAULT 'draft'",
        &["changed column events.status"],
        Level::Medium,
    ),
    (
        "events",
        "\"title\" VARCHAR(200)",
        "\"title\" VARCHAR(300)",
        &["added check events.chk_events_3", "changed column events.title"],
        Level::High,
    ),
    ("events", "DEFAULT 'USD'", "DEFAULT 'EUR'", &["changed column events.currency"], Level::Medium),
    ("events", "'A' ", "'A' ", &[], Level::None),
];

#[tokio::test]
async fn a_table_that_somebody_made_anew_a_little_other_is_found_and_put_back() {
    for (name, before, after, expected, severity) in REMADE {
        let (place, app) = with_acme().await;
        let mut file = open_tenant(&place, &tenant(&app, "acme").await).await;
        sqlx::raw_sql("PRAGMA writable_schema = ON").execute(&mut file).await.unwrap();
        // The stored text of the definition is what the engine reads.
        let changed = sqlx::query(
            "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE name = ? AND instr(sql, ?) > 0",
        )
        .bind(before)
        .bind(after)
        .bind(name)
        .bind(before)
        .execute(&mut file)
        .await
        .unwrap()
        .rows_affected();
        file.close().await.unwrap();
        assert_eq!(changed == 1, !expected.is_empty(), "{before} is not in the definition of {name}");
        let report = check(&app, "acme").await;
        assert_eq!(found(&report), *expected, "{before} → {after}");
        assert_eq!(level(&report), *severity, "{before} → {after}");
        if !expected.is_empty() {
            put_back(&app, "acme", &ids(&report)).await;
            assert_eq!(found(&check(&app, "acme").await), Vec::<String>::new(), "{before} → {after}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_cut_gone_or_anothers_has_a_sentence_and_a_way_on_and_then_counts_again() {
    let (place, app) = with_acme().await;
    assert_eq!(level(&check(&app, "acme").await), Level::None);
    let file = place.tenants_folder().join(format!("{}.db", tenant(&app, "acme").await.database_name));
    let whole = std::fs::read(&file).unwrap();
    let damages: [(&str, Option<Vec<u8>>, &str); 4] = [
        ("cut", Some(whole[..whole.len() / 3].to_vec()), "damaged"),
        ("garbage", Some(vec![7; 9000]), "damaged"),
        ("empty", Some(Vec::new()), "damaged"),
        ("gone", None, "not where it should be"),
    ];
    for (what, content, words) in damages {
        match content {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let report = check(&app, "acme").await;
        let last = report.last.unwrap();
        let problem = last.problem.unwrap_or_else(|| panic!("{what}: nothing is said"));
        assert!(problem.contains(words) && problem.contains("restore"), "{what}: {problem}");
        assert_eq!(last.level, Some(Level::None), "{what}: what was known stays known");
        std::fs::write(&file, &whole).unwrap();
        let report = check(&app, "acme").await;
        assert_eq!((report.last.unwrap().problem, report.differences.len()), (None, 0), "{what}");
    }
}
