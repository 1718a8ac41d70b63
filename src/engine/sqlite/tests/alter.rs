use super::*;
use crate::{schema::model::TextSize, sql::operation::Position};

fn add(column: Column, position: Position) -> TableChange {
    TableChange::AddColumn { column, position }
}

fn after(name: &str) -> Position {
    Position::After(name.to_owned())
}

/// What a fresh database of the model would be read as.
async fn fresh(schema: &Schema) -> Schema {
    let mut tenant = Tenant::new().await;
    let mut waiting: Vec<Table> = schema.tables.values().cloned().collect();
    while !waiting.is_empty() {
        let known: Vec<String> = tenant.schema.tables.keys().cloned().collect();
        let next = waiting
            .iter()
            .position(|table| {
                table
                    .foreign_keys
                    .values()
                    .all(|key| known.contains(&key.foreign_table) || key.foreign_table == table.name)
            })
            .unwrap();
        tenant.apply(create(waiting.remove(next))).await;
    }
    for view in schema.views.values() {
        tenant.apply(Operation::CreateView { view: view.clone(), or_replace: false }).await;
    }
    tenant.inspected().await
}

/// Applies `up`, looks at the rows, applies `down`, and finds everything as it was.
async fn there_and_back(up: Operation, rows: &[&str], down: Operation) {
    let mut tenant = ngo().await;
    let text = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
    let before = (
        tenant.inspected().await,
        tenant.rows("SELECT * FROM members").await,
        tenant.rows("SELECT * FROM donations").await,
    );
    let before_texts = tenant.rows(text).await;
    tenant.apply(up).await;
    let expected = fresh(&tenant.schema).await;
    assert_eq!(tenant.inspected().await, expected, "up gives what a fresh database would have");
    for pair in rows.chunks(2) {
        assert_eq!(tenant.rows(pair[0]).await, [pair[1]], "{}", pair[0]);
    }
    assert_eq!(tenant.rows("SELECT count(*) FROM donations").await, ["3"], "no child row is lost");
    assert_eq!(tenant.rows("PRAGMA integrity_check").await, ["ok"]);
    tenant.apply(down).await;
    let now = (
        tenant.inspected().await,
        tenant.rows("SELECT * FROM members").await,
        tenant.rows("SELECT * FROM donations").await,
    );
    assert_eq!(now, before, "down restores what up found");
    assert_eq!(tenant.rows(text).await, before_texts);
    // The trigger still works, and the numbers go on.
    tenant.execute("UPDATE members SET updated_at = '2000-01-01 00:00:00'").await.unwrap();
    tenant.execute("UPDATE members SET phone = 'x'").await.unwrap();
    assert_eq!(tenant.rows("SELECT DISTINCT updated_at > '2020-01-01' FROM members").await, ["1"]);
}

#[tokio::test]
async fn the_plans_migration_puts_its_column_after_phone() {
    let code = Column {
        default: Some(Default::Text("+1".into())),
        ..column("phone_country_code", Type::Varchar(5))
    };
    there_and_back(
        alter("members", vec![add(code, after("phone"))]),
        &[
            "SELECT group_concat(phone_country_code) FROM members",
            "+1,+1",
            "SELECT name FROM pragma_table_info('members') WHERE cid = 5",
            "phone_country_code",
        ],
        alter("members", vec![TableChange::DropColumn("phone_country_code".into())]),
    )
    .await;
}

#[tokio::test]
async fn a_column_at_the_end_is_added_in_place_and_reads_back_like_a_fresh_one() {
    let mut tenant = ngo().await;
    let level = Column {
        default: Some(Default::Text("low".into())),
        comment: Some("how much".into()),
        ..required("level", Type::Enum(vec!["low".into(), "high".into()]))
    };
    let statements = tenant.apply(alter("members", vec![add(level, Position::Last)])).await;
    assert!(
        statements.iter().any(|statement| statement.sql.starts_with("ALTER TABLE \"members\" ADD COLUMN"))
    );
    assert_eq!(tenant.inspected().await, fresh(&tenant.schema).await);
    assert_eq!(tenant.rows("SELECT DISTINCT level FROM members").await, ["low"]);
    assert!(tenant.execute("UPDATE members SET level = 'none'").await.is_err());
    let statements =
        tenant.apply(alter("donations", vec![add(column("note", Type::Date), Position::Last)])).await;
    assert_eq!(statements.len(), 1);
    assert_eq!(tenant.inspected().await, fresh(&tenant.schema).await);
}

#[tokio::test]
async fn new_columns_give_old_rows_what_mysql_would() {
    let mut tenant = ngo().await;
    let uuid = Column { default: Some(Default::Uuid), ..required("u", Type::Char(36)) };
    tenant
        .apply(alter(
            "members",
            vec![
                add(uuid, Position::First),
                add(required("n", Type::Integer { bits: 32, unsigned: false }), Position::Last),
                add(required("s", Type::Varchar(3)), Position::Last),
                add(required("m", MONEY), Position::Last),
                add(required("e", Type::Enum(vec!["a".into(), "b".into()])), Position::Last),
                add(
                    Column { default: Some(Default::Now(0)), ..required("at", Type::Datetime(0)) },
                    Position::Last,
                ),
            ],
        ))
        .await;
    assert_eq!(
        tenant.rows("SELECT DISTINCT n, s, m, e, at > '2020-01-01' FROM members").await,
        ["0||0.00|a|1"]
    );
    assert_eq!(tenant.rows("SELECT count(DISTINCT u) FROM members").await, ["2"]);
    assert_eq!(tenant.inspected().await, fresh(&tenant.schema).await);
    // A date has no such value, on MySQL's strict mode neither.
    let error =
        tenant.try_apply(alter("members", vec![add(required("d", Type::Date), Position::Last)])).await;
    assert!(error.unwrap_err().contains("NOT NULL"));
}

#[tokio::test]
async fn changes_of_type_keep_rows_or_fail() {
    let change = |before: &str, column: Column| TableChange::ChangeColumn {
        before: before.into(),
        column,
        position: None,
    };
    there_and_back(
        alter(
            "donations",
            vec![change(
                "amount",
                required("amount", Type::Decimal { precision: 14, scale: 4, unsigned: true }),
            )],
        ),
        &["SELECT group_concat(amount) FROM donations", "10.00,2.50,7.25"],
        alter("donations", vec![change("amount", required("amount", MONEY))]),
    )
    .await;
}

#[tokio::test]
async fn a_type_that_cannot_hold_a_value_fails_and_changes_nothing() {
    let mut tenant = ngo().await;
    let before = tenant.inspected().await;
    let narrow = TableChange::ChangeColumn {
        before: "amount".into(),
        column: required("amount", Type::Decimal { precision: 10, scale: 1, unsigned: false }),
        position: None,
    };
    let error = tenant.try_apply(alter("donations", vec![narrow])).await.unwrap_err();
    assert!(error.contains("CHECK constraint failed"), "{error}");
    assert_eq!(tenant.inspected().await, before);
    assert_eq!(tenant.rows("SELECT count(*) FROM donations").await, ["3"]);
}

#[tokio::test]
async fn values_take_the_form_of_their_new_type() {
    let mut tenant = Tenant::new().await;
    let columns = vec![
        column("d", Type::Date),
        column("t", Type::Datetime(3)),
        column("u", Type::Datetime(0)),
        column("f", Type::Double),
        column("n", Type::Integer { bits: 32, unsigned: false }),
        column("s", Type::Varchar(9)),
        column("m", MONEY),
    ];
    tenant.apply(create(table("t", columns))).await;
    tenant.change("INSERT INTO t VALUES ('2024-01-02', '2024-01-02 03:04:05.678', '2024-01-02 03:04:05', 0.1, 7, '12', 5)").await.unwrap();
    tenant.execute("INSERT INTO t DEFAULT VALUES").await.unwrap();
    let to = |name: &str, ty: Type| TableChange::ChangeColumn {
        before: name.into(),
        column: column(name, ty),
        position: None,
    };
    let small = Type::Integer { bits: 16, unsigned: false };
    tenant
        .apply(alter(
            "t",
            vec![
                to("d", Type::Timestamp(2)),
                to("t", Type::Date),
                to("u", Type::Datetime(6)),
                to("f", MONEY),
                to("n", MONEY),
                to("s", small.clone()),
                to("m", small),
            ],
        ))
        .await;
    assert_eq!(
        tenant.rows("SELECT * FROM t WHERE d IS NOT NULL").await,
        ["2024-01-02 00:00:00.00|2024-01-02|2024-01-02 03:04:05.000000|0.10|7|12|5"]
    );
    assert_eq!(tenant.rows("SELECT * FROM t WHERE d IS NULL").await, ["NULL|NULL|NULL|NULL|NULL|NULL|NULL"]);
    assert_eq!(tenant.inspected().await.tables["t"], tenant.schema.tables["t"]);
}

#[tokio::test]
async fn several_clauses_are_one_rebuild() {
    let mut tenant = ngo().await;
    let statements = tenant
        .apply(alter(
            "members",
            vec![
                add(column("a", BIG), Position::First),
                TableChange::DropColumn("metadata".into()),
                TableChange::SetDefault { column: "status".into(), default: None },
                TableChange::AddIndex(index("a", &["a"], false)),
                TableChange::DropIndex("idx_status".into()),
                TableChange::AddCheck(check("long", "CHAR_LENGTH(first_name) > 1")),
                TableChange::SetComment("other".into()),
            ],
        ))
        .await;
    assert_eq!(
        statements
            .iter()
            .filter(|statement| statement.sql.starts_with("INSERT INTO tenantry_rebuild"))
            .count(),
        1
    );
    assert_eq!(tenant.inspected().await, fresh(&tenant.schema).await);
    assert!(tenant.execute("UPDATE members SET first_name = 'x'").await.is_err());
    assert_eq!(tenant.rows("SELECT count(*) FROM donations").await, ["3"]);
}

#[tokio::test]
async fn indexes_come_and_go_without_a_rebuild() {
    let mut tenant = ngo().await;
    let changes = vec![
        TableChange::AddIndex(index("idx_name", &["first_name", "email"], false)),
        TableChange::DropIndex("idx_status".into()),
        TableChange::RenameIndex { before: "email".into(), after: "uk_email".into() },
    ];
    let statements = tenant.apply(alter("members", changes)).await;
    assert!(statements.iter().all(|statement| statement.sql.contains("INDEX")), "{statements:?}");
    assert_eq!(tenant.inspected().await, fresh(&tenant.schema).await);
    there_and_back(
        alter("members", vec![TableChange::AddIndex(index("x", &["phone"], true))]),
        &[],
        alter("members", vec![TableChange::DropIndex("x".into())]),
    )
    .await;
}

#[tokio::test]
async fn foreign_keys_and_checks_come_and_go() {
    let mut tenant = ngo().await;
    tenant
        .apply(alter(
            "donations",
            vec![
                TableChange::DropForeignKey("fk_donations_member_id".into()),
                TableChange::DropCheck("positive".into()),
            ],
        ))
        .await;
    assert_eq!(tenant.inspected().await, fresh(&tenant.schema).await);
    let key = foreign_key("donations", "member_id", "members", ReferentialAction::SetNull);
    tenant.apply(alter("donations", vec![TableChange::AddForeignKey(key)])).await;
    assert_eq!(tenant.inspected().await, fresh(&tenant.schema).await);
    tenant.execute("INSERT INTO donations (member_id, amount) VALUES (99, '1')").await.unwrap();
    let again = vec![TableChange::SetComment("x".into())];
    assert!(tenant.try_apply(alter("donations", again)).await.unwrap_err().contains("foreign key"));
}

#[tokio::test]
async fn a_rename_of_a_column_follows_into_keys_indexes_views_and_triggers() {
    let mut tenant = ngo().await;
    tenant
        .apply(view(
            "rich",
            "SELECT m.first_name, d.amount FROM members m JOIN donations d ON d.member_id = m.id",
        ))
        .await;
    let up = vec![
        TableChange::RenameColumn { before: "first_name".into(), after: "given name".into() },
        TableChange::RenameColumn { before: "id".into(), after: "number".into() },
        TableChange::RenameColumn { before: "updated_at".into(), after: "changed_at".into() },
        TableChange::RenameColumn { before: "email".into(), after: "mail".into() },
    ];
    tenant.apply(alter("members", up)).await;
    let tables = tenant.inspected().await.tables;
    let mut without_view = tenant.schema.clone();
    without_view.views.clear();
    assert_eq!(tables, fresh(&without_view).await.tables);
    assert_eq!(tenant.rows("SELECT first_name FROM rich ORDER BY amount").await.len(), 3);
    assert!(
        tenant.schema.tables["donations"].foreign_keys["fk_donations_member_id"].foreign_columns
            == ["number"]
    );
    there_and_back(
        alter("members", vec![TableChange::RenameColumn { before: "phone".into(), after: "tel".into() }]),
        &["SELECT group_concat(tel) FROM members", "1"],
        alter("members", vec![TableChange::RenameColumn { before: "tel".into(), after: "phone".into() }]),
    )
    .await;
}

#[tokio::test]
async fn columns_may_swap_their_names() {
    let mut tenant = ngo().await;
    let members = tenant.schema.tables["members"].clone();
    let (first, mail) = (members.columns[2].clone(), members.columns[3].clone());
    let step = |name: &str, column: &Column, to: &str| TableChange::ChangeColumn {
        before: name.into(),
        column: Column { name: to.into(), ..column.clone() },
        position: None,
    };
    tenant
        .apply(alter(
            "members",
            vec![
                step("first_name", &first, "t"),
                step("email", &mail, "first_name"),
                step("t", &first, "email"),
            ],
        ))
        .await;
    assert_eq!(tenant.rows("SELECT first_name, email FROM members").await, ["ada@x.org|Ada", "bo@x.org|Bo"]);
    assert_eq!(tenant.inspected().await, fresh(&tenant.schema).await);
}

#[tokio::test]
async fn a_rename_of_a_table_follows_into_everything_that_names_it() {
    there_and_back(
        alter(
            "members",
            vec![
                TableChange::RenameTable("people".into()),
                TableChange::AddIndex(index("p", &["phone"], false)),
            ],
        ),
        &[
            "SELECT sql LIKE '%REFERENCES \"people\"%' FROM sqlite_schema WHERE name = 'donations'",
            "1",
            "SELECT seq FROM sqlite_sequence WHERE name = 'people'",
            "2",
        ],
        alter("people", vec![TableChange::RenameTable("members".into()), TableChange::DropIndex("p".into())]),
    )
    .await;
    let mut tenant = ngo().await;
    tenant.apply(view("names", "SELECT first_name FROM members")).await;
    tenant
        .apply(alter(
            "members",
            vec![TableChange::RenameTable("Members".into()), add(column("x", BIG), Position::First)],
        ))
        .await;
    assert_eq!(tenant.rows("SELECT * FROM names").await, ["Ada", "Bo"]);
    assert_eq!(tenant.inspected().await.tables["Members"], tenant.schema.tables["Members"]);
}

#[tokio::test]
async fn the_next_number_survives_a_rebuild() {
    let mut tenant = ngo().await;
    tenant.execute("DELETE FROM donations").await.unwrap();
    tenant.execute("DELETE FROM members").await.unwrap();
    tenant.apply(alter("members", vec![add(column("x", BIG), Position::First)])).await;
    tenant.execute("INSERT INTO members (first_name, email) VALUES ('N', 'n@x.org')").await.unwrap();
    assert_eq!(tenant.rows("SELECT id FROM members").await, ["3"]);
    assert_eq!(tenant.rows("SELECT count(*) FROM sqlite_sequence").await, ["2"]);
}

#[tokio::test]
async fn a_key_that_counts_can_be_added_and_taken_away() {
    let mut tenant = Tenant::new().await;
    tenant.apply(create(table("t", vec![column("a", Type::Varchar(3))]))).await;
    tenant.execute("INSERT INTO t VALUES ('x'), ('y')").await.unwrap();
    tenant.apply(alter("t", vec![add(key("id"), Position::First)])).await;
    assert_eq!(tenant.rows("SELECT id, a FROM t").await, ["1|x", "2|y"]);
    assert_eq!(tenant.inspected().await, tenant.schema);
    let plain =
        TableChange::ChangeColumn { before: "id".into(), column: required("id", BIG), position: None };
    tenant
        .apply(alter(
            "t",
            vec![
                plain,
                TableChange::DropPrimaryKey,
                TableChange::AddPrimaryKey(vec!["a".into(), "id".into()]),
            ],
        ))
        .await;
    assert_eq!(tenant.inspected().await, tenant.schema);
    assert_eq!(tenant.rows("SELECT id, a FROM t").await, ["1|x", "2|y"]);
}

#[tokio::test]
async fn views_on_a_rebuilt_table_stay_and_a_broken_one_stops_the_change() {
    let mut tenant = ngo().await;
    tenant
        .apply(view(
            "v",
            "SELECT phone, amount FROM members JOIN donations ON member_id = members.id WHERE amount > 3",
        ))
        .await;
    tenant.apply(view("w", "SELECT phone FROM v")).await;
    let before = tenant.inspected().await;
    tenant.apply(alter("members", vec![add(column("x", BIG), Position::First)])).await;
    assert_eq!(tenant.rows("SELECT * FROM w").await, ["1", "NULL"]);
    let error =
        tenant.try_apply(alter("members", vec![TableChange::DropColumn("phone".into())])).await.unwrap_err();
    assert!(error.contains("The view v: There is no column phone"), "{error}");
    let mut forgotten = tenant.schema.clone();
    forgotten.views.clear();
    let drop = alter("members", vec![TableChange::DropColumn("phone".into())]);
    let after = evolve::applied(&forgotten, &drop).unwrap();
    for statement in render(&forgotten, &drop, &after).unwrap() {
        tenant.run(&statement).await.unwrap();
    }
    let broken = tenant.execute("SELECT * FROM w").await.unwrap_err();
    assert!(broken.contains("no such column"), "a view never gives a column's name for its value: {broken}");
    let mut tenant = ngo().await;
    tenant
        .apply(view(
            "v",
            "SELECT phone, amount FROM members JOIN donations ON member_id = members.id WHERE amount > 3",
        ))
        .await;
    tenant.apply(view("w", "SELECT phone FROM v")).await;
    let error = tenant
        .try_apply(Operation::DropTable { table: "members".into(), if_exists: false })
        .await
        .unwrap_err();
    assert!(error.contains("donations refers to it"), "{error}");
    // As a number the amount needs no cast, as an exact number it does.
    let double = TableChange::ChangeColumn {
        before: "amount".into(),
        column: required("amount", Type::Double),
        position: None,
    };
    tenant.apply(alter("donations", vec![double])).await;
    assert!(!tenant.inspected().await.views["v"].query.contains("CAST"));
    let back = TableChange::ChangeColumn {
        before: "amount".into(),
        column: required("amount", MONEY),
        position: None,
    };
    tenant.apply(alter("donations", vec![back, TableChange::SetComment("y".into())])).await;
    assert_eq!(tenant.inspected().await.views, before.views);
    assert_eq!(tenant.rows("SELECT amount FROM v").await, ["10.00", "7.25"]);
}

#[tokio::test]
async fn what_the_model_does_not_know_stops_a_rebuild_instead_of_being_lost() {
    for by_hand in [
        "ALTER TABLE members ADD COLUMN nickname TEXT",
        "CREATE INDEX mine ON members (phone)",
        "CREATE TRIGGER mine AFTER INSERT ON members BEGIN SELECT 1; END",
    ] {
        let mut tenant = ngo().await;
        tenant.execute(by_hand).await.unwrap();
        let before = tenant.rows("SELECT sql FROM sqlite_schema").await;
        let change = alter("members", vec![add(column("x", BIG), Position::First)]);
        let error = tenant.try_apply(change).await.unwrap_err();
        assert!(error.contains("that the plan does not know"), "{error}");
        assert_eq!(tenant.rows("SELECT sql FROM sqlite_schema").await, before);
    }
}

#[tokio::test]
async fn triggers_that_somebody_wrote_survive_a_rebuild_and_stop_a_rename() {
    let mut tenant = ngo().await;
    tenant.execute("CREATE TABLE log (x)").await.unwrap();
    tenant
        .execute("CREATE TRIGGER mine AFTER INSERT ON members BEGIN INSERT INTO log VALUES (NEW.id); END")
        .await
        .unwrap();
    tenant.schema.triggers = tenant.inspected().await.triggers;
    tenant.apply(alter("members", vec![add(column("x", BIG), Position::First)])).await;
    tenant.execute("INSERT INTO members (first_name, email) VALUES ('N', 'n@x.org')").await.unwrap();
    assert_eq!(tenant.rows("SELECT x FROM log").await, ["3"]);
    let rename =
        alter("members", vec![TableChange::RenameColumn { before: "id".into(), after: "no".into() }]);
    assert!(tenant.try_apply(rename).await.unwrap_err().contains("trigger mine"));
}

#[tokio::test]
async fn a_foreign_key_stays_possible_or_the_change_is_refused() {
    let mut tenant = ngo().await;
    let lost = vec![
        TableChange::ChangeColumn { before: "id".into(), column: required("id", BIG), position: None },
        TableChange::DropPrimaryKey,
    ];
    let error = tenant.try_apply(alter("members", lost)).await.unwrap_err();
    assert!(error.contains("neither the primary key nor unique"), "{error}");
}

#[tokio::test]
async fn a_text_grows_in_a_file_with_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let mut tenant = ngo_in(Tenant::at(&format!("sqlite://{}?mode=rwc", path.display())).await).await;
    let change = TableChange::ChangeColumn {
        before: "phone".into(),
        column: column("phone", Type::Text(TextSize::Normal)),
        position: Some(Position::First),
    };
    tenant.apply(alter("members", vec![change])).await;
    assert_eq!(tenant.inspected().await, fresh(&tenant.schema).await);
    assert_eq!(
        tenant
            .rows("SELECT phone, count(*) FROM members JOIN donations ON member_id = members.id GROUP BY 1")
            .await,
        ["NULL|1", "1|2"]
    );
}

#[tokio::test]
async fn a_connection_that_is_not_set_up_for_a_rebuild_is_stopped_before_it_loses_rows() {
    for pragma in ["PRAGMA foreign_keys = ON", "PRAGMA legacy_alter_table = OFF"] {
        let mut tenant = ngo().await;
        tenant.execute(pragma).await.unwrap();
        let change = alter("members", vec![add(column("x", BIG), Position::First)]);
        let error = tenant.try_apply(change).await.unwrap_err();
        assert!(error.contains("foreign_keys must be off"), "{error}");
        assert_eq!(tenant.rows("SELECT count(*) FROM donations").await, ["3"]);
    }
}
