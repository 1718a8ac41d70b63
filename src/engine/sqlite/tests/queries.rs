use super::*;

/// The value that SQLite gives for a MySQL expression over the plan's tables.
async fn value(tenant: &mut Tenant, expression: &str) -> String {
    let name = "probe";
    tenant.apply(view(name, &format!("SELECT {expression} AS x FROM members WHERE id = 1"))).await;
    let rows = tenant.rows("SELECT x FROM probe").await;
    tenant.apply(Operation::DropView { view: name.into(), if_exists: false }).await;
    rows.join("\n")
}

#[tokio::test]
async fn expressions_mean_what_they_mean_to_mysql() {
    let mut tenant = ngo().await;
    tenant.change("UPDATE members SET metadata = '{\"a\": {\"b\": \"é\"}, \"n\": 5}', created_at = '2024-01-31 13:05:09'").await.unwrap();
    for (mysql, expected) in [
        ("CONCAT(first_name, ' <', email, '>')", "Ada <ada@x.org>"),
        ("CONCAT('a', NULL)", "NULL"),
        ("CONCAT_WS('-', 'a', NULL, 'b')", "a-b"),
        ("IF(id = 1, 'one', 'other')", "one"),
        ("IFNULL(NULL, 3) + COALESCE(NULL, NULL, 4)", "7"),
        ("LENGTH('äö')", "4"),
        ("CHAR_LENGTH('äö')", "2"),
        ("UPPER(LEFT(first_name, 2))", "AD"),
        ("RIGHT('abc', 2)", "bc"),
        ("SUBSTRING('abcdef', 2, 3)", "bcd"),
        ("SUBSTRING('abcdef' FROM 3 FOR 2)", "cd"),
        ("TRIM(BOTH 'x' FROM 'xxaxx')", "a"),
        ("TRIM('  a ')", "a"),
        ("REPLACE('aXa', 'X', '-')", "a-a"),
        ("LOCATE('B', 'abc')", "2"),
        ("ROUND(2.5)", "3"),
        ("ROUND(1.005, 1)", "1.0"),
        ("CEIL(1.2) + FLOOR(-1.2) + ABS(-3)", "3"),
        ("5 / 2", "2.5"),
        ("5 DIV 2", "2"),
        ("7 % 3", "1"),
        ("1 - (2 - 3)", "2"),
        ("NOT 1 = 2", "1"),
        ("1 = 2 > 3", "0"),
        ("TRUE XOR FALSE", "1"),
        ("NULL <=> NULL", "1"),
        ("'It''s' = \"it's\"", "0"),
        ("CONCAT('A', 'b') = 'aB'", "1"),
        ("'a\\\\b\\n\\'' = 'a\\\\b\\n\\''", "1"),
        ("'50%' LIKE '50\\%'", "1"),
        ("'505' LIKE '50\\%'", "0"),
        ("first_name LIKE 'aDa'", "1"),
        ("CASE WHEN id > 5 THEN 'a' ELSE 'b' END", "b"),
        ("CASE first_name WHEN 'ADA' THEN 1 END", "1"),
        ("CAST('12' AS SIGNED) + CAST(1.6 AS SIGNED)", "14"),
        ("CAST(id AS CHAR)", "1"),
        ("YEAR(created_at) * 100 + MONTH(created_at)", "202401"),
        ("DAY(created_at) + QUARTER(created_at) + DAYOFWEEK(created_at)", "36"),
        ("DATE_FORMAT(created_at, '%Y-%m-%d %H:%i:%s')", "2024-01-31 13:05:09"),
        ("DATE_FORMAT(created_at, '%W, %e %M %y, %l %p 100%%')", "Wednesday, 31 January 24, 1 PM 100%"),
        ("DATE_ADD(created_at, INTERVAL 1 MONTH)", "2024-02-29 13:05:09"),
        ("DATE_SUB('2024-03-01', INTERVAL 1 DAY)", "2024-02-29"),
        ("created_at + INTERVAL 2 WEEK", "2024-02-14 13:05:09"),
        ("created_at - INTERVAL 90 MINUTE", "2024-01-31 11:35:09"),
        ("DATEDIFF('2024-03-01', created_at)", "30"),
        ("DATE(created_at) = '2024-01-31'", "1"),
        ("EXTRACT(HOUR FROM created_at)", "13"),
        ("LAST_DAY('2024-02-05')", "2024-02-29"),
        ("NOW() > created_at AND CURDATE() > DATE(created_at)", "1"),
        ("metadata->>'$.a.b'", "é"),
        ("metadata->'$.a.b'", "\"é\""),
        ("JSON_UNQUOTE(JSON_EXTRACT(metadata, '$.a.b'))", "é"),
        ("JSON_EXTRACT(metadata, '$.a.b') = 'é'", "1"),
        ("metadata->'$.n' > 4", "1"),
        ("JSON_OBJECT('a', 1)", "{\"a\":1}"),
        ("id IN (1, 2) AND email NOT IN ('x')", "1"),
        ("id BETWEEN 1 AND 2", "1"),
        ("phone IS NOT NULL", "1"),
        ("EXISTS (SELECT 1 FROM donations d WHERE d.member_id = members.id AND d.amount > 9)", "1"),
        ("(SELECT SUM(amount) FROM donations WHERE member_id = members.id)", "12.5"),
        ("status COLLATE utf8mb4_bin = 'Active'", "0"),
        ("status = 'ACTIVE'", "1"),
        ("_utf8mb4'x'", "x"),
        ("GREATEST(1, 3, 2)", "3"),
        ("X'41'", "A"),
    ] {
        assert_eq!(value(&mut tenant, mysql).await, expected, "{mysql}");
    }
}

#[tokio::test]
async fn exact_numbers_are_compared_counted_and_sorted_as_numbers() {
    let mut tenant = ngo().await;
    tenant
        .change("INSERT INTO donations (member_id, amount) VALUES (2, 100), (2, 0.1), (2, 0.2)")
        .await
        .unwrap();
    for (name, query, expected) in [
        ("a", "SELECT amount FROM donations WHERE amount > 9 ORDER BY amount DESC", vec!["100.00", "10.00"]),
        ("b", "SELECT SUM(amount) AS s, MAX(amount) AS m FROM donations WHERE amount < 1", vec!["0.3|0.2"]),
        (
            "c",
            "SELECT member_id, SUM(amount) AS total FROM donations GROUP BY member_id HAVING total > 100",
            vec!["2|107.55"],
        ),
        (
            "d",
            "SELECT x.total FROM (SELECT amount AS total FROM donations) AS x WHERE x.total = '10.0'",
            vec!["10.00"],
        ),
        (
            "e",
            "WITH big AS (SELECT amount AS a FROM donations) SELECT a FROM big WHERE a >= 10 ORDER BY a",
            vec!["10.00", "100.00"],
        ),
        (
            "f",
            "SELECT amount * 2 AS two FROM donations WHERE amount IN (10, 2.5) ORDER BY id",
            vec!["20", "5.0"],
        ),
        (
            "g",
            "SELECT CASE WHEN amount > 9 THEN 'big' ELSE 'small' END AS size, COUNT(*) AS n FROM donations GROUP BY size ORDER BY n",
            vec!["big|2", "small|4"],
        ),
        ("h", "SELECT amount FROM a WHERE amount < 50", vec!["10.00"]),
    ] {
        tenant.apply(view(name, query)).await;
        assert_eq!(tenant.rows(&format!("SELECT * FROM {name}")).await, expected, "{query}");
    }
}

#[tokio::test]
async fn joins_unions_windows_and_groups_are_carried() {
    let mut tenant = ngo().await;
    tenant.change("UPDATE members SET status = 'pending' WHERE id = 1").await.unwrap();
    for (name, query, expected) in [
        (
            "a",
            "SELECT m.first_name AS n, COUNT(d.id) FROM members AS m LEFT JOIN donations d ON d.member_id = m.id GROUP BY m.id ORDER BY n",
            vec!["Ada|2", "Bo|1"],
        ),
        (
            "b",
            "SELECT first_name FROM members UNION ALL (SELECT notes FROM donations WHERE notes IS NOT NULL) ORDER BY first_name LIMIT 1, 2",
            vec!["Ada", "b"],
        ),
        ("c", "SELECT status FROM members ORDER BY status", vec!["active", "pending"]),
        (
            "d",
            "SELECT GROUP_CONCAT(first_name ORDER BY id DESC SEPARATOR '; ') AS names FROM members",
            vec!["Bo; Ada"],
        ),
        (
            "e",
            "SELECT id, ROW_NUMBER() OVER (PARTITION BY member_id ORDER BY amount) AS r FROM donations ORDER BY id",
            vec!["1|2", "2|1", "3|1"],
        ),
        (
            "f",
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n",
            vec!["1", "2", "3"],
        ),
        (
            "g",
            "SELECT DISTINCT m.* FROM members m, donations d WHERE m.id = d.member_id AND d.amount > 9 AND 1 = 0",
            vec![],
        ),
        ("h", "SELECT id FROM members ORDER BY id LIMIT 1 OFFSET 1", vec!["2"]),
        ("i", "SELECT 1 AS a EXCEPT SELECT 2", vec!["1"]),
    ] {
        tenant.apply(view(name, query)).await;
        assert_eq!(tenant.rows(&format!("SELECT * FROM {name}")).await, expected, "{query}");
    }
    assert_eq!(tenant.rows("SELECT name FROM pragma_table_info('a')").await, ["n", "COUNT(d.id)"]);
    let listed = View {
        name: "a".into(),
        columns: vec!["who".into()],
        query: "SELECT first_name FROM members".into(),
    };
    tenant.apply(Operation::CreateView { view: listed.clone(), or_replace: true }).await;
    assert_eq!(tenant.rows("SELECT who FROM a").await, ["Ada", "Bo"]);
    assert_eq!(tenant.inspected().await.views["a"].columns, listed.columns);
}

#[tokio::test]
async fn what_cannot_be_carried_is_refused_by_name() {
    let mut tenant = ngo().await;
    for (query, reason) in [
        ("SELECT SOUNDEX(first_name) FROM members", "SOUNDEX"),
        ("SELECT first_name REGEXP 'a' FROM members", "REGEXP"),
        ("SELECT DATE_FORMAT(created_at, '%v') FROM members", "%v"),
        ("SELECT DATE_FORMAT(created_at, first_name) FROM members", "constant text"),
        ("SELECT nickname FROM members", "no column nickname"),
        ("SELECT m.nickname FROM members m", "m has no column nickname"),
        ("SELECT x.id FROM members m", "no x here"),
        ("SELECT 1 FROM gone", "no table or view gone"),
        ("SELECT id FROM other.members", "another database"),
        ("SELECT '{{TENANT_NAME}}'", "variable"),
        (
            "SELECT first_name FROM members UNION SELECT status FROM members ORDER BY UPPER(first_name)",
            "result's name",
        ),
        ("SELECT amount FROM donations ORDER BY 1", "exact number"),
        ("SELECT id FROM members FOR UPDATE", "form of a query"),
        ("SELECT LAST_INSERT_ID()", "unique value"),
        ("SELECT MATCH (first_name) AGAINST ('a') FROM members", "MATCH"),
        ("SELECT created_at + INTERVAL id DAY FROM members", "constant whole number"),
    ] {
        let error = tenant.try_apply(view("v", query)).await.unwrap_err();
        assert!(error.contains(reason), "{query}: {error}");
    }
}

#[tokio::test]
async fn checks_defaults_and_computed_columns_are_expressions_too() {
    let mut tenant = Tenant::new().await;
    let computed = crate::schema::Generated { expression: "CONCAT(first, ' ', `last`)".into(), stored: true };
    let mut people = table(
        "people",
        vec![
            column("first", Type::Varchar(9)),
            column("last", Type::Varchar(9)),
            Column {
                default: Some(Default::Expression("CURDATE() + INTERVAL 1 DAY".into())),
                ..column("due", Type::Date)
            },
            Column {
                default: Some(Default::Expression("JSON_OBJECT()".into())),
                ..column("data", Type::Json)
            },
            column("amount", MONEY),
            Column { generated: Some(computed), ..column("full", Type::Varchar(19)) },
        ],
    );
    people.checks.insert("c".into(), check("c", "amount IS NULL OR amount >= 9.5 AND `first` <> \"x\""));
    people.indexes.insert(
        "lower".into(),
        Index {
            parts: vec![IndexPart { column: "(LOWER(`first`))".into(), is_expression: true, ..part("") }],
            ..index("lower", &[], true)
        },
    );
    tenant.apply(create(people)).await;
    tenant.change("INSERT INTO people (first, last, amount) VALUES ('A', 'B', 10)").await.unwrap();
    assert_eq!(tenant.rows("SELECT full, due = date('now', '+1 day'), data FROM people").await, ["A B|1|{}"]);
    assert!(
        tenant
            .change("INSERT INTO people (first, amount) VALUES ('b', 9)")
            .await
            .unwrap_err()
            .contains("CHECK")
    );
    assert!(
        tenant
            .change("INSERT INTO people (first, amount) VALUES ('X', 10)")
            .await
            .unwrap_err()
            .contains("CHECK")
    );
    assert!(tenant.change("INSERT INTO people (first) VALUES ('a')").await.unwrap_err().contains("UNIQUE"));
    let found = tenant.inspected().await;
    assert_eq!(found.tables["people"].indexes["lower"].parts[0].column, "lower(\"first\")");
    assert_eq!(
        found.tables["people"].columns[5].generated.as_ref().unwrap().expression,
        "\"first\" || ' ' || \"last\""
    );
}
