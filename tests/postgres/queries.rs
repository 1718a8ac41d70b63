//! Views: every function and form of a query, and that they mean what MySQL means.

use crate::tenant::Tenant;

const CLUB: &str = "
CREATE TABLE members (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, email VARCHAR(99) UNIQUE, name VARCHAR(50), city VARCHAR(50), born DATE,
    fee DECIMAL(8, 2), active BOOLEAN DEFAULT TRUE, kind ENUM('zeta', 'alpha') DEFAULT 'alpha', doc JSON, joined DATETIME, seen TIMESTAMP NULL);
INSERT INTO members (email, name, city, born, fee, active, kind, doc, joined, seen) VALUES
    ('A@x', 'Ada', 'Rome', '1990-01-31', 10.50, TRUE, 'alpha', '{\"tags\": [\"a\", \"b\"], \"n\": 1}', '2024-01-05 08:07:09', '2024-01-05 08:07:09'),
    ('b@x', 'bo', 'ROME', '1985-12-01', NULL, FALSE, 'zeta', NULL, '2023-11-30 23:59:59', NULL),
    ('c@x', NULL, 'Oslo', NULL, 7, TRUE, 'alpha', '{}', NULL, '2020-02-29 12:00:00');
";

/// What an expression gives for Ada.
async fn value(tenant: &mut Tenant, expression: &str) -> String {
    tenant
        .apply(&format!("CREATE OR REPLACE VIEW v AS SELECT {expression} AS x FROM members WHERE id = 1"))
        .await;
    tenant.rows("SELECT x FROM v").await.remove(0)
}

#[tokio::test]
async fn functions_give_what_mysql_gives() {
    let mut tenant = Tenant::with(CLUB).await;
    for (expression, expected) in [
        ("CONCAT(name, '-', id, '-', fee, '-', active)", "Ada-1-10.50-1"),
        ("CONCAT_WS('/', name, NULL, city)", "Ada/Rome"),
        ("IF(active, 'yes', 'no')", "yes"),
        ("IF(fee > 20, 1, 0)", "0"),
        ("IFNULL(fee, 0)", "10.50"),
        ("COALESCE(NULL, name, 'x')", "Ada"),
        ("NULLIF(name, 'ADA')", ""),
        ("GREATEST(1, fee)", "10.50"),
        ("LEAST(1, NULL)", ""),
        ("UPPER(name)", "ADA"),
        ("LENGTH('é')", "2"),
        ("CHAR_LENGTH('é')", "1"),
        ("SUBSTRING(city, 2, 2)", "om"),
        ("SUBSTRING(city, -2)", "me"),
        ("LEFT(city, 2)", "Ro"),
        ("RIGHT(city, 1)", "e"),
        ("TRIM('  a ')", "a"),
        ("REPLACE(email, '@', ' at ')", "A at x"),
        ("INSTR(email, '@X')", "2"),
        ("HEX('a')", "61"),
        ("ROUND(2.5)", "3"),
        ("ROUND(fee, 1)", "10.5"),
        ("CEIL(fee)", "11"),
        ("FLOOR(-1.5)", "-2"),
        ("ABS(-3)", "3"),
        ("MOD(7, 4)", "3"),
        ("7 DIV 2", "3"),
        ("1 / 0", ""),
        ("7 % 4", "3"),
        ("YEAR(born)", "1990"),
        ("MONTH(seen)", "1"),
        ("DAYOFWEEK(born)", "4"),
        ("WEEKDAY(born)", "2"),
        ("DATEDIFF('2024-03-01', '2024-02-28')", "2"),
        ("DATE_ADD(born, INTERVAL 1 MONTH)", "1990-02-28"),
        ("DATE_SUB(joined, INTERVAL 2 HOUR)", "2024-01-05 06:07:09"),
        ("born + INTERVAL 1 YEAR", "1991-01-31"),
        ("LAST_DAY('2024-02-10')", "2024-02-29"),
        ("DATE(joined)", "2024-01-05"),
        ("DATE_FORMAT(joined, '%d.%m.%Y %H:%i in %M')", "05.01.2024 08:07 in January"),
        ("EXTRACT(HOUR FROM joined)", "8"),
        ("CAST(fee AS SIGNED)", "11"),
        ("CAST('12abc' AS SIGNED)", "12"),
        ("CAST(id AS CHAR)", "1"),
        ("CAST('1.005' AS DECIMAL(5, 2))", "1.01"),
        ("JSON_UNQUOTE(JSON_EXTRACT(doc, '$.tags[1]'))", "b"),
        ("doc->>'$.n'", "1"),
        ("JSON_SET(doc, '$.n', 2)->>'$.n'", "2"),
        ("JSON_OBJECT('a', id)->>'$.a'", "1"),
        ("name = 'ADA'", "t"),
        ("name LIKE 'aD_'", "t"),
        ("name COLLATE utf8mb4_bin = 'ADA'", "f"),
        ("city IN ('x', 'ROME')", "t"),
        ("kind = 'ALPHA'", "t"),
        ("email = CONCAT('a', '@', 'X')", "t"),
        ("CASE name WHEN 'ada' THEN 1 ELSE 2 END", "1"),
        ("active = 1", "t"),
        ("NOT active", "f"),
        ("seen = joined", "t"),
        ("NULL <=> NULL", "t"),
        ("fee BETWEEN 10 AND 11", "t"),
        ("seen IS NOT NULL AND (fee > 100 OR active)", "t"),
    ] {
        assert_eq!(value(&mut tenant, expression).await, expected, "{expression}");
    }
    for expression in ["UUID()", "NOW()", "CURDATE()", "NOW(3)", "UNIX_TIMESTAMP()", "FROM_UNIXTIME(0)"] {
        value(&mut tenant, expression).await;
    }
}

async fn rows(tenant: &mut Tenant, query: &str) -> Vec<String> {
    tenant.apply(&format!("CREATE OR REPLACE VIEW v AS {query}")).await;
    tenant.rows("SELECT * FROM v").await
}

#[tokio::test]
async fn grouping_sorting_and_joining_ignore_case() {
    let mut tenant = Tenant::with(CLUB).await;
    assert_eq!(rows(&mut tenant, "SELECT COUNT(DISTINCT city) AS n FROM members").await, ["2"]);
    assert_eq!(
        rows(
            &mut tenant,
            "SELECT COUNT(*) AS n, SUM(active) AS a FROM members GROUP BY city ORDER BY n DESC"
        )
        .await,
        ["2|1", "1|1"]
    );
    assert_eq!(rows(&mut tenant, "SELECT name FROM members ORDER BY name").await, ["", "Ada", "bo"]);
    assert_eq!(
        rows(&mut tenant, "SELECT name FROM members ORDER BY kind, name DESC").await,
        ["bo", "Ada", ""]
    );
    assert_eq!(
        rows(&mut tenant, "SELECT DISTINCT LOWER(city) AS c FROM members ORDER BY c").await,
        ["oslo", "rome"]
    );
    assert_eq!(
        rows(&mut tenant, "SELECT city, MAX(fee) AS top FROM members GROUP BY city HAVING top > 8").await,
        ["Rome|10.50"]
    );
    assert_eq!(
        rows(
            &mut tenant,
            "SELECT a.id, b.id AS other FROM members a JOIN members b ON a.city = b.city AND a.id < b.id"
        )
        .await,
        ["1|2"]
    );
    assert_eq!(
        rows(&mut tenant, "SELECT city FROM members UNION SELECT 'OSLO' ORDER BY city").await.len(),
        2
    );
    assert_eq!(
        rows(&mut tenant, "SELECT GROUP_CONCAT(name ORDER BY name SEPARATOR '; ') AS n FROM members").await,
        ["Ada; bo"]
    );
    assert_eq!(
        rows(
            &mut tenant,
            "WITH old AS (SELECT * FROM members WHERE born < '1989-01-01') SELECT name FROM old"
        )
        .await,
        ["bo"]
    );
    assert_eq!(
        rows(
            &mut tenant,
            "SELECT id, ROW_NUMBER() OVER (PARTITION BY city ORDER BY id) AS n FROM members WHERE id < 3"
        )
        .await,
        ["1|1", "2|2"]
    );
    assert_eq!(
        rows(&mut tenant, "SELECT name FROM members WHERE city IN (SELECT UPPER(city) FROM members WHERE id = 3) OR EXISTS (SELECT 1 FROM members x WHERE x.id = members.id AND x.fee > 10) LIMIT 1").await,
        ["Ada"]
    );
}

#[tokio::test]
async fn an_application_can_search_in_what_a_view_gives() {
    let mut tenant = Tenant::with(CLUB).await;
    tenant.apply("CREATE VIEW people AS SELECT name, CONCAT(name, ' of ', city) AS label FROM members").await;
    assert_eq!(
        tenant.rows("SELECT name FROM people WHERE name LIKE 'A%' AND label ILIKE '%ROME'").await,
        ["Ada"]
    );
    tenant.assert_as_modelled().await;
}
