use super::*;

#[tokio::test]
async fn the_plans_seed_binds_its_variables_and_never_mixes_them_into_sql() {
    let mut tenant = Tenant::new().await;
    let columns = vec![key("id"), column("a", Type::Varchar(99)), column("b", Type::Varchar(99))];
    tenant.apply(create(table("settings", columns))).await;
    let seed = rows_of(
        "INSERT INTO settings (a, b) VALUES ('name', '{{TENANT_SLUG}} System'), ('x{{A}}', CONCAT('{{B}}', \"{{C}}\"))",
    );
    let statements = render(&tenant.schema, &seed, &tenant.schema).unwrap();
    assert_eq!(statements[0].values, ["{{TENANT_SLUG}} System", "x{{A}}", "{{B}}", "{{C}}"]);
    assert!(!statements[0].sql.contains("{{"));
    let evil = ["O'Hara'); DROP TABLE settings; --", "a", "b", "c"].map(str::to_owned).to_vec();
    tenant.run(&Statement { values: evil, ..statements[0].clone() }).await.unwrap();
    assert_eq!(tenant.rows("SELECT b FROM settings").await, ["O'Hara'); DROP TABLE settings; --", "bc"]);
}

#[tokio::test]
async fn values_keep_their_order_where_sqlite_wants_another() {
    let mut tenant = Tenant::new().await;
    tenant.apply(create(table("t", vec![column("a", Type::Varchar(99))]))).await;
    let operation = rows_of("INSERT INTO t (a) VALUES (CONCAT(LOCATE('{{PART}}', '{{WHOLE}}'), '{{END}}'))");
    let statement = render(&tenant.schema, &operation, &tenant.schema).unwrap().remove(0);
    let values = statement
        .values
        .iter()
        .map(|value| value.replace("{{PART}}", "b").replace("{{WHOLE}}", "aBc").replace("{{END}}", "!"));
    tenant.run(&Statement { values: values.collect(), sql: statement.sql }).await.unwrap();
    assert_eq!(tenant.rows("SELECT a FROM t").await, ["2!"]);
}

#[tokio::test]
async fn constants_take_their_columns_form() {
    let mut tenant = Tenant::new().await;
    let columns = vec![
        key("id"),
        column("m", MONEY),
        column("b", Type::Boolean),
        column("e", Type::Enum(vec!["Active".into()])),
        column("t", Type::Datetime(3)),
        column("y", Type::Binary(2)),
        Column { default: Some(Default::Text("d".into())), ..column("s", Type::Varchar(9)) },
    ];
    tenant.apply(create(table("t", columns))).await;
    tenant.change("INSERT INTO t VALUES (0, 5, TRUE, 'active', '2024-01-01', 'ab', DEFAULT), (NULL, -0.5, FALSE, NULL, NULL, NULL, \"it's\\n\")").await.unwrap();
    tenant.change("INSERT INTO t SET m = '7', s = 'a\\\\b'").await.unwrap();
    tenant.change("INSERT INTO t (m, e) SELECT 3, 'ACTIVE' FROM t WHERE id = 1").await.unwrap();
    assert_eq!(
        tenant.rows("SELECT id, m, b, e, t, hex(y), s FROM t").await,
        [
            "1|5.00|1|Active|2024-01-01 00:00:00.000|6162|d",
            "2|-0.50|0|NULL|NULL||it's\n",
            "3|7.00|NULL|NULL|NULL||a\\b",
            "4|3.00|NULL|Active|NULL||d"
        ]
    );
    tenant.change("UPDATE t SET m = m * 1.1, b = NOT b WHERE id IN (1, 3) AND m >= 5").await.unwrap();
    assert_eq!(tenant.rows("SELECT m, b FROM t WHERE id IN (1, 3)").await, ["5.50|0", "7.70|NULL"]);
    assert!(tenant.change("INSERT INTO t (m) VALUES (1.005)").await.unwrap_err().contains("too many digits"));
    assert!(tenant.change("INSERT INTO t (e) VALUES ('gone')").await.unwrap_err().contains("not among"));
    assert!(tenant.change("INSERT INTO t (gone) VALUES (1)").await.unwrap_err().contains("no column gone"));
    assert!(
        tenant
            .change("INSERT INTO t (m, b) VALUES (1)")
            .await
            .unwrap_err()
            .contains("1 values for 2 columns")
    );
}

#[tokio::test]
async fn ignore_passes_over_duplicates_only() {
    let mut tenant = ngo().await;
    tenant
        .change("INSERT IGNORE INTO members (first_name, email) VALUES ('X', 'ADA@x.org'), ('Y', 'y@x.org')")
        .await
        .unwrap();
    assert_eq!(tenant.rows("SELECT first_name FROM members ORDER BY id").await, ["Ada", "Bo", "Y"]);
    tenant
        .change("INSERT IGNORE INTO members (first_name, email) SELECT first_name, email FROM members")
        .await
        .unwrap();
    let broken = "INSERT IGNORE INTO members (first_name, email) VALUES (NULL, 'z@x.org')";
    assert!(tenant.change(broken).await.unwrap_err().contains("NOT NULL"));
}

#[tokio::test]
async fn on_duplicate_key_finds_its_key_or_is_refused() {
    let mut tenant = ngo().await;
    let upsert = "INSERT INTO members (first_name, email) VALUES ('Ada L', 'ADA@x.org'), ('C', 'c@x.org') \
                  ON DUPLICATE KEY UPDATE first_name = VALUES(first_name), phone = CONCAT(VALUES(first_name), phone)";
    tenant.change(upsert).await.unwrap();
    assert_eq!(
        tenant.rows("SELECT first_name, phone FROM members ORDER BY id").await,
        ["Ada L|Ada L1", "Bo|NULL", "C|NULL"]
    );
    let alias = "INSERT INTO members (first_name, email) VALUES ('New', 'bo@x.org') AS n ON DUPLICATE KEY UPDATE first_name = n.first_name";
    tenant.change(alias).await.unwrap();
    assert_eq!(tenant.rows("SELECT first_name FROM members WHERE id = 2").await, ["New"]);
    let two = "INSERT INTO members (id, first_name, email) VALUES (1, 'a', 'b') ON DUPLICATE KEY UPDATE first_name = 'x'";
    assert!(tenant.change(two).await.unwrap_err().contains("several unique keys"));
    let select = "INSERT INTO members (first_name, email) SELECT 'S', email FROM members ON DUPLICATE KEY UPDATE first_name = VALUES(first_name)";
    tenant.change(select).await.unwrap();
    assert_eq!(tenant.rows("SELECT DISTINCT first_name FROM members").await, ["S"]);
}

#[tokio::test]
async fn replace_is_refused_where_rows_refer_to_the_table() {
    let mut tenant = ngo().await;
    let replace = "REPLACE INTO members (id, first_name, email) VALUES (1, 'R', 'r@x.org')";
    assert!(tenant.change(replace).await.unwrap_err().contains("ON DUPLICATE KEY"));
    tenant.change("REPLACE INTO donations (id, member_id, amount) VALUES (1, 2, 1)").await.unwrap();
    assert_eq!(tenant.rows("SELECT member_id, amount FROM donations WHERE id = 1").await, ["2|1.00"]);
}

#[tokio::test]
async fn a_delete_takes_its_children_along_though_foreign_keys_are_off() {
    for (action, expected) in [
        (ReferentialAction::Cascade, vec!["3|2"]),
        (ReferentialAction::SetNull, vec!["1|NULL", "2|NULL", "3|2"]),
    ] {
        let mut tenant = ngo().await;
        tenant
            .apply(alter("donations", vec![TableChange::DropForeignKey("fk_donations_member_id".into())]))
            .await;
        let changes = vec![
            TableChange::ChangeColumn {
                before: "member_id".into(),
                column: column("member_id", BIG),
                position: None,
            },
            TableChange::AddForeignKey(foreign_key("donations", "member_id", "members", action)),
        ];
        tenant.apply(alter("donations", changes)).await;
        let delete = rows_of("DELETE FROM members WHERE email = '{{MAIL}}' OR email LIKE 'ada@%'");
        for statement in render(&tenant.schema, &delete, &tenant.schema).unwrap() {
            assert_eq!(statement.values, ["{{MAIL}}"]);
            tenant.run(&statement).await.unwrap();
        }
        assert_eq!(tenant.rows("SELECT id, member_id FROM donations ORDER BY id").await, expected);
        assert_eq!(tenant.rows("SELECT id FROM members").await, ["2"]);
    }
    let mut tenant = ngo().await;
    let restricted = TableChange::AddForeignKey(foreign_key(
        "donations",
        "member_id",
        "members",
        ReferentialAction::NoAction,
    ));
    tenant
        .apply(alter(
            "donations",
            vec![TableChange::DropForeignKey("fk_donations_member_id".into()), restricted],
        ))
        .await;
    assert!(tenant.change("DELETE FROM members").await.unwrap_err().contains("foreign key"));
}

#[tokio::test]
async fn limits_and_aliases_of_updates_and_deletes_hold() {
    let mut tenant = ngo().await;
    tenant
        .change("UPDATE donations AS d SET d.notes = 'big' WHERE d.amount > 1 ORDER BY d.amount DESC LIMIT 1")
        .await
        .unwrap();
    assert_eq!(tenant.rows("SELECT amount FROM donations WHERE notes = 'big'").await, ["10.00"]);
    tenant.change("DELETE FROM donations ORDER BY amount LIMIT 2").await.unwrap();
    assert_eq!(tenant.rows("SELECT amount FROM donations").await, ["10.00"]);
    tenant
        .change("UPDATE members SET phone = (SELECT MAX(amount) FROM donations WHERE member_id = members.id)")
        .await
        .unwrap();
    assert_eq!(tenant.rows("SELECT phone FROM members").await, ["10", "NULL"]);
}

#[tokio::test]
async fn what_would_mean_something_else_is_refused() {
    let mut tenant = ngo().await;
    for (mysql, reason) in [
        ("UPDATE members m JOIN donations d ON d.member_id = m.id SET m.phone = 'x'", "subquery"),
        ("UPDATE members SET first_name = phone, phone = first_name", "has set before"),
        ("UPDATE members SET phone = nickname", "no column nickname"),
        ("UPDATE members SET phone = REGEXP_REPLACE(phone, 'a', 'b')", "REGEXP_REPLACE"),
        ("UPDATE other.members SET phone = 'x'", "another database"),
        ("DELETE m FROM members m JOIN donations d ON d.member_id = m.id", "several tables"),
        ("INSERT INTO members (first_name, email) VALUES (email, 'x')", "only constants"),
        ("UPDATE members SET phone = 'a' || 'b'", "||"),
    ] {
        let error = tenant.change(mysql).await.unwrap_err();
        assert!(error.contains(reason), "{mysql}: {error}");
    }
}
