use super::*;
use crate::schema::{Generated, model::TextSize};

/// A table with one column of the type, and what it takes and refuses.
async fn takes(ty: Type, accepted: &[&str], rejected: &[&str]) {
    let mut tenant = Tenant::new().await;
    tenant.apply(create(table("t", vec![column("x", ty.clone())]))).await;
    for value in accepted {
        let result = tenant.execute(&format!("INSERT INTO t VALUES ({value})")).await;
        assert_eq!(result, Ok(()), "{ty:?} should take {value}");
    }
    for value in rejected {
        let result = tenant.execute(&format!("INSERT INTO t VALUES ({value})")).await;
        assert!(result.is_err(), "{ty:?} should refuse {value}");
    }
}

#[tokio::test]
async fn integers_keep_their_range_and_sign() {
    let integer = |bits, unsigned| Type::Integer { bits, unsigned };
    takes(integer(8, false), &["-128", "127", "NULL", "'5'"], &["128", "-129", "1.5", "'a'", "x'00'"]).await;
    takes(integer(8, true), &["0", "255"], &["-1", "256"]).await;
    takes(integer(32, true), &["4294967295"], &["4294967296", "-1"]).await;
    takes(integer(24, false), &["8388607"], &["8388608"]).await;
    takes(integer(64, false), &["9223372036854775807", "-9223372036854775808"], &["9223372036854775808"])
        .await;
    takes(integer(64, true), &["9223372036854775807"], &["-1", "18446744073709551615"]).await;
    takes(Type::Year, &["2024", "0"], &["1800", "'x'"]).await;
}

#[tokio::test]
async fn decimals_stay_exact_texts_with_their_digits() {
    takes(
        MONEY,
        &["'12345678.90'", "10", "0.1", "'-5.5'", "NULL", "'0'"],
        &[
            "'123456789'",
            "'1.005'",
            "'abc'",
            "''",
            "'1.'",
            "'.5'",
            "'1.2.3'",
            "'--1'",
            "'1e5'",
            "' 1'",
            "x'31'",
            "'-'",
        ],
    )
    .await;
    takes(
        Type::Decimal { precision: 5, scale: 0, unsigned: true },
        &["'99999'", "0"],
        &["'-1'", "'1.0'", "100000"],
    )
    .await;
    takes(
        Type::Decimal { precision: 2, scale: 2, unsigned: false },
        &["'0.99'", "'-0.01'"],
        &["'1.00'", "'00.1'"],
    )
    .await;
    let mut tenant = Tenant::new().await;
    let exact = Type::Decimal { precision: 30, scale: 10, unsigned: false };
    tenant.apply(create(table("t", vec![required("x", exact)]))).await;
    tenant.change("INSERT INTO t (x) VALUES (12345678901234567890.0123456789)").await.unwrap();
    assert_eq!(tenant.rows("SELECT x FROM t").await, ["12345678901234567890.0123456789"]);
}

#[tokio::test]
async fn texts_and_bytes_keep_their_limits() {
    takes(Type::Varchar(3), &["'abc'", "'äöü'", "''", "12"], &["'abcd'", "x'61'"]).await;
    takes(Type::Char(2), &["'ab'"], &["'abc'"]).await;
    takes(
        Type::Text(TextSize::Tiny),
        &["printf('%.255c', 'a')"],
        &["printf('%.256c', 'a')", "printf('%.128c', 'ä')"],
    )
    .await;
    takes(Type::Text(TextSize::Long), &["printf('%.70000c', 'a')"], &["x'61'"]).await;
    takes(Type::Binary(2), &["x'0001'"], &["x'00'", "x'000102'", "'ab'"]).await;
    takes(Type::Varbinary(2), &["x''", "x'0001'"], &["x'000102'"]).await;
    takes(Type::Blob(TextSize::Tiny), &["zeroblob(255)"], &["zeroblob(256)", "'a'"]).await;
}

#[tokio::test]
async fn booleans_enums_and_json_take_only_their_values() {
    takes(Type::Boolean, &["0", "1", "TRUE", "NULL", "'1'"], &["2", "'yes'", "0.5"]).await;
    takes(
        Type::Enum(vec!["a".into(), "it's".into()]),
        &["'a'", "'it''s'", "NULL"],
        &["'A'", "'b'", "''", "1"],
    )
    .await;
    takes(Type::Json, &["'{\"a\": 1}'", "'123'", "'null'", "123"], &["'{a}'", "''", "x'7b7d'"]).await;
    takes(Type::Double, &["1", "1.5", "1e300"], &["'a'"]).await;
    let mut tenant = Tenant::new().await;
    tenant.apply(create(table("t", vec![column("x", Type::Json)]))).await;
    tenant.execute("INSERT INTO t VALUES ('123')").await.unwrap();
    assert_eq!(tenant.rows("SELECT typeof(x) FROM t").await, ["text"]);
}

#[tokio::test]
async fn dates_and_times_must_exist_and_have_their_digits() {
    takes(
        Type::Date,
        &["'2024-02-29'", "NULL"],
        &["'2023-02-29'", "'2024-1-1'", "'now'", "'20240101'", "5", "'2024-01-01 00:00:00'"],
    )
    .await;
    takes(
        Type::Datetime(0),
        &["'2024-01-01 23:59:59'", "CURRENT_TIMESTAMP"],
        &[
            "'2024-01-01'",
            "'2023-02-29 10:00:00'",
            "'2024-01-01T00:00:00'",
            "'2024-01-01 24:00:00'",
            "'2024-01-01 00:00:00.5'",
            "'x'",
        ],
    )
    .await;
    takes(
        Type::Timestamp(3),
        &["'2024-01-01 00:00:00.123'"],
        &["'2024-01-01 00:00:00'", "'2024-01-01 00:00:00.12'", "'2024-13-01 00:00:00.123'"],
    )
    .await;
    takes(
        Type::Time(0),
        &["'23:59:59'", "'-838:59:59'", "'809:00:00'"],
        &["'839:00:00'", "'12:60:00'", "'1:00:00'", "'--12:00:00'", "'12:00:00.5'"],
    )
    .await;
    takes(Type::Time(2), &["'12:00:00.25'"], &["'12:00:00'"]).await;
}

#[tokio::test]
async fn the_plans_tables_read_back_as_they_were_written() {
    let mut tenant = ngo().await;
    let found = tenant.inspected().await;
    assert_eq!(found.tables["members"], tenant.schema.tables["members"]);
    let mut donations = tenant.schema.tables["donations"].clone();
    donations.checks.insert("positive".into(), check("positive", "CAST(\"amount\" AS NUMERIC) > 0"));
    assert_eq!(found.tables["donations"], donations);
    assert!(found.triggers.is_empty() && found.views.is_empty());
    assert_eq!(ngo().await.inspected().await, found);
}

#[tokio::test]
async fn every_part_of_a_column_reads_back() {
    let mut tenant = Tenant::new().await;
    let with = |default, ty| Column { default: Some(default), ..column("x", ty) };
    let mut columns = vec![
        with(Default::Text("it's {\"a\\\"}".into()), Type::Varchar(40)),
        with(Default::Number("-5".into()), Type::Integer { bits: 16, unsigned: false }),
        with(Default::Number("0.10".into()), MONEY),
        with(Default::Boolean(true), Type::Boolean),
        with(Default::Number("0".into()), Type::Boolean),
        with(Default::Now(0), Type::Datetime(0)),
        with(Default::Now(2), Type::Datetime(2)),
        with(Default::Now(3), Type::Timestamp(3)),
        with(Default::Now(6), Type::Timestamp(6)),
        with(Default::Uuid, Type::Char(36)),
        Column { collation: Some("utf8mb4_bin".into()), ..column("x", Type::Varchar(5)) },
        Column { collation: Some("utf8mb4_0900_as_cs".into()), ..column("x", Type::Varchar(5)) },
        Column { collation: Some("latin1_swedish_ci".into()), ..column("x", Type::Varchar(5)) },
        Column { comment: Some("/* a */ 'b' \\ */ -- c\nd, )".into()), ..required("x", Type::Date) },
        Column { on_update_now: true, ..column("x", Type::Timestamp(0)) },
        Column { on_update_now: true, ..column("x", Type::Datetime(3)) },
    ];
    for (place, column) in columns.iter_mut().enumerate() {
        column.name = format!("c {place} \"q\" 'é");
    }
    columns.push(Column {
        generated: Some(Generated { expression: "5 + 1".into(), stored: true }),
        ..column("computed", Type::Integer { bits: 32, unsigned: false })
    });
    columns.push(Column {
        generated: Some(Generated { expression: "5 + 2".into(), stored: false }),
        ..column("virtual", Type::Integer { bits: 32, unsigned: false })
    });
    let mut odd = table("odd \"table\"", columns);
    odd.indexes = BTreeMap::from([(
        "down".to_owned(),
        Index {
            parts: vec![IndexPart { descending: true, ..part("c 1 \"q\" 'é") }],
            ..index("down", &[], false)
        },
    )]);
    odd.comment = Some("a table's */ comment".into());
    odd.primary_key = vec!["c 13 \"q\" 'é".into(), "c 9 \"q\" 'é".into()];
    odd.columns[9].nullable = false;
    tenant.apply(create(odd.clone())).await;
    assert_eq!(tenant.inspected().await.tables[&odd.name], odd);
    tenant
        .execute("INSERT INTO \"odd \"\"table\"\"\" (\"c 13 \"\"q\"\" 'é\") VALUES ('2024-01-01')")
        .await
        .unwrap();
    let uuid = tenant.rows("SELECT \"c 9 \"\"q\"\" 'é\" FROM \"odd \"\"table\"\"\"").await.remove(0);
    assert_eq!(uuid::Uuid::parse_str(&uuid).unwrap().get_version_num(), 4);
    assert_eq!(uuid, uuid.to_lowercase());
}

#[tokio::test]
async fn uuids_are_valid_and_distinct() {
    let mut tenant = ngo().await;
    let uuids = tenant.rows("SELECT uuid FROM members").await;
    for uuid in &uuids {
        let parsed = uuid::Uuid::parse_str(uuid).unwrap();
        assert_eq!((parsed.get_version_num(), parsed.get_variant()), (4, uuid::Variant::RFC4122));
    }
    assert_ne!(uuids[0], uuids[1]);
}

#[tokio::test]
async fn unique_e_mail_addresses_compare_without_case_and_binary_ones_with_it() {
    let mut tenant = ngo().await;
    let twice = "INSERT INTO members (first_name, email) VALUES ('X', 'ADA@X.ORG')";
    assert!(tenant.execute(twice).await.is_err());
    let binary = Column { collation: Some("utf8mb4_bin".into()), ..column("code", Type::Varchar(9)) };
    tenant
        .apply(create(with_indexes(table("codes", vec![binary]), vec![index("code", &["code"], true)])))
        .await;
    tenant.execute("INSERT INTO codes VALUES ('a'), ('A')").await.unwrap();
}

#[tokio::test]
async fn the_next_number_is_never_one_that_was_given_before() {
    let mut tenant = ngo().await;
    tenant.execute("DELETE FROM members WHERE id = 2").await.unwrap();
    tenant.execute("INSERT INTO members (first_name, email) VALUES ('C', 'c@x.org')").await.unwrap();
    assert_eq!(tenant.rows("SELECT max(id) FROM members").await, ["3"]);
    assert!(
        tenant
            .execute("INSERT INTO members (id, first_name, email) VALUES (-1, 'D', 'd@x.org')")
            .await
            .is_err()
    );
}

#[tokio::test]
async fn on_update_sets_the_moment_unless_the_statement_does_or_nothing_changes() {
    for recursive in ["OFF", "ON"] {
        let mut tenant = ngo().await;
        tenant.execute(&format!("PRAGMA recursive_triggers = {recursive}")).await.unwrap();
        let old = "UPDATE members SET updated_at = '2000-01-01 00:00:00'";
        tenant.execute(old).await.unwrap();
        assert_eq!(tenant.rows("SELECT DISTINCT updated_at FROM members").await, ["2000-01-01 00:00:00"]);
        tenant.execute("UPDATE members SET first_name = 'Ada' WHERE id = 1").await.unwrap();
        assert_eq!(tenant.rows("SELECT updated_at FROM members WHERE id = 1").await, ["2000-01-01 00:00:00"]);
        tenant.execute("UPDATE members SET first_name = 'ADA' WHERE id = 1").await.unwrap();
        let moments = tenant.rows("SELECT updated_at > '2020-01-01' FROM members ORDER BY id").await;
        assert_eq!(moments, ["1", "0"]);
        tenant
            .execute("UPDATE members SET first_name = 'E', updated_at = '2001-01-01 00:00:00' WHERE id = 1")
            .await
            .unwrap();
        assert_eq!(tenant.rows("SELECT updated_at FROM members WHERE id = 1").await, ["2001-01-01 00:00:00"]);
    }
}

#[tokio::test]
async fn two_moments_of_one_table_do_not_overwrite_each_other() {
    let mut tenant = Tenant::new().await;
    let second = Column { name: "second".into(), ..touched("x") };
    tenant.apply(create(table("t", vec![key("id"), column("a", BIG), touched("first"), second]))).await;
    tenant
        .execute("INSERT INTO t (a, first, second) VALUES (1, '2000-01-01 00:00:00', '2000-01-01 00:00:00')")
        .await
        .unwrap();
    tenant.execute("PRAGMA recursive_triggers = ON").await.unwrap();
    tenant.execute("UPDATE t SET a = 2, first = '2001-01-01 00:00:00'").await.unwrap();
    assert_eq!(tenant.rows("SELECT first, second > '2020-01-01' FROM t").await, ["2001-01-01 00:00:00|1"]);
}

#[tokio::test]
async fn foreign_keys_are_enforced_once_a_session_turns_them_on() {
    let mut tenant = ngo().await;
    tenant.execute("PRAGMA foreign_keys = ON").await.unwrap();
    assert!(tenant.execute("INSERT INTO donations (member_id, amount) VALUES (99, '1')").await.is_err());
    tenant.execute("DELETE FROM members WHERE id = 1").await.unwrap();
    assert_eq!(tenant.rows("SELECT count(*) FROM donations").await, ["1"]);
}

#[tokio::test]
async fn index_names_may_repeat_across_tables() {
    let mut tenant = ngo().await;
    let names = tenant.rows("SELECT name FROM sqlite_schema WHERE name LIKE '%idx_status'").await;
    assert_eq!(names, ["members__idx_status", "donations__idx_status"]);
}

#[tokio::test]
async fn if_not_exists_and_if_exists_do_nothing_where_there_is_nothing_to_do() {
    let mut tenant = ngo().await;
    let again =
        Operation::CreateTable { table: tenant.schema.tables["members"].clone(), if_not_exists: true };
    assert!(tenant.apply(again).await.is_empty());
    assert!(tenant.apply(Operation::DropTable { table: "nothing".into(), if_exists: true }).await.is_empty());
    assert!(tenant.apply(Operation::DropView { view: "nothing".into(), if_exists: true }).await.is_empty());
}

#[test]
fn what_sqlite_cannot_promise_is_refused_with_a_way_out() {
    let before = Schema::default();
    let refusal = |table: Table| {
        let operation = create(table);
        refused(render(&before, &operation, &evolve::applied(&before, &operation).unwrap()))
    };
    let text = || vec![column("a", Type::Varchar(9)), column("d", MONEY)];
    let mut prefix = with_indexes(table("t", text()), vec![index("i", &["a"], true)]);
    prefix.indexes.get_mut("i").unwrap().parts[0].prefix = Some(3);
    assert!(refusal(prefix).contains("unique over the beginning of a"));
    assert!(
        refusal(with_indexes(table("t", text()), vec![index("i", &["d"], true)])).contains("1.5 and 1.50")
    );
    let fk = foreign_key("t", "a", "gone", ReferentialAction::NoAction);
    assert!(refusal(with_key(table("t", text()), fk)).contains("create that table first"));
    assert!(refusal(table("t", vec![column("g", Type::Other("GEOMETRY".into()))])).contains("GEOMETRY"));
    assert!(
        refusal(table(
            "t",
            vec![Column {
                default: Some(Default::Text("{{TENANT_NAME}}".into())),
                ..column("a", Type::Varchar(9))
            }]
        ))
        .contains("variable")
    );
    assert!(refusal(table("sqlite_x", text())).contains("reserved"));
    let mut not_key = table("t", vec![key("id"), column("a", BIG)]);
    not_key.primary_key = vec!["a".into()];
    assert!(refusal(not_key).contains("AUTO_INCREMENT"));
    let mut unknown = table("t", text());
    unknown.checks.insert("c".into(), check("c", "nickname <> ''"));
    assert!(refusal(unknown).contains("no column nickname"));
}
