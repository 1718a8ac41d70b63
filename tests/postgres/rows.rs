//! Rows: INSERT in all its forms, UPDATE and DELETE.

use crate::tenant::Tenant;

const SHOP: &str = "
CREATE TABLE items (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL UNIQUE, price DECIMAL(8, 2) NOT NULL DEFAULT 1,
    sold INT NOT NULL DEFAULT 0, is_new BOOLEAN NOT NULL DEFAULT TRUE, doc JSON, on_day DATE NULL, at_time DATETIME NULL,
    moment TIMESTAMP NULL, raw BLOB, state ENUM('low', 'high') DEFAULT 'low');
CREATE TABLE sales (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, item_id BIGINT UNSIGNED NOT NULL, amount INT NOT NULL,
    FOREIGN KEY (item_id) REFERENCES items(id) ON DELETE CASCADE);
INSERT INTO items (name, price) VALUES ('Pen', 1.5), ('Cup', 3);
INSERT INTO sales (item_id, amount) VALUES (1, 2), (1, 3), (2, 1);
";

#[tokio::test]
async fn numbers_go_on_after_those_that_were_given() {
    let mut tenant = Tenant::with(SHOP).await;
    tenant.apply("INSERT INTO items (id, name) VALUES (10, 'a'), (5, 'b')").await;
    tenant.apply("INSERT INTO items (name) VALUES ('c')").await;
    tenant.apply("INSERT INTO items (id, name) VALUES (0, 'd'), (NULL, 'e')").await;
    assert_eq!(
        tenant.rows("SELECT id, name FROM items WHERE id > 10 ORDER BY id").await,
        ["11|c", "12|d", "13|e"]
    );
    tenant.apply("DELETE FROM items WHERE id > 5").await;
    tenant.apply("INSERT INTO items (id, name) VALUES (6, 'f')").await;
    tenant.apply("INSERT INTO items (name) VALUES ('g')").await;
    assert_eq!(tenant.rows("SELECT id FROM items WHERE name = 'g'").await, ["14"]);
}

#[tokio::test]
async fn variables_are_bound_and_take_their_columns_type() {
    let mut tenant = Tenant::with(SHOP).await;
    tenant
        .apply(
            "INSERT INTO items (name, moment, at_time, raw, doc) VALUES
             ('{{TENANT_NAME}}', '{{CURRENT_TIMESTAMP}}', '{{CURRENT_TIMESTAMP}}', '{{TENANT_SLUG}}', '{\"a\": \"{{TENANT_SLUG}}\"}')",
        )
        .await;
    assert_eq!(
        tenant
            .rows("SELECT name, extract(year FROM moment), extract(day FROM at_time), convert_from(raw, 'UTF8'), doc ->> 'a' AS a FROM items WHERE moment IS NOT NULL")
            .await,
        ["O'Hara; DROP TABLE users|2026|1|acme|acme"]
    );
    tenant
        .apply("UPDATE items SET name = CONCAT('{{TENANT_SLUG}}', '-', id) WHERE name = '{{TENANT_NAME}}'")
        .await;
    assert_eq!(tenant.rows("SELECT name FROM items WHERE id = 3").await, ["acme-3"]);
}

#[tokio::test]
async fn rows_that_are_there_already_are_met_in_every_way() {
    let mut tenant = Tenant::with(SHOP).await;
    tenant.apply("INSERT IGNORE INTO items (name) VALUES ('PEN'), ('New')").await;
    tenant
        .apply("INSERT INTO items (name, sold) VALUES ('pen', 4) ON DUPLICATE KEY UPDATE sold = sold + VALUES(sold), price = 2")
        .await;
    tenant.apply("INSERT INTO items (name, sold) SELECT 'cup', 9 FROM items WHERE id = 1 ON DUPLICATE KEY UPDATE sold = VALUES(sold)").await;
    assert_eq!(
        tenant.rows("SELECT name, sold, price FROM items ORDER BY id").await,
        ["Pen|4|2.00", "Cup|9|3.00", "New|0|1.00"]
    );
    assert!(
        tenant.change("REPLACE INTO items (name) VALUES ('Pen')").await.unwrap_err().contains("refers to")
    );
    tenant.apply("CREATE TABLE marks (k VARCHAR(9) PRIMARY KEY, v INT DEFAULT 7, w INT)").await;
    tenant.apply("INSERT INTO marks VALUES ('a', 1, 2)").await;
    tenant.apply("REPLACE INTO marks (k, w) VALUES ('A', 3)").await;
    assert_eq!(tenant.rows("SELECT v, w FROM marks").await, ["7|3"]);
}

#[tokio::test]
async fn updates_and_deletes_see_other_tables_and_limits() {
    let mut tenant = Tenant::with(SHOP).await;
    tenant
        .apply("UPDATE items SET sold = (SELECT SUM(amount) FROM sales WHERE sales.item_id = items.id)")
        .await;
    tenant
        .apply(
            "UPDATE items SET price = price * 2, state = 'HIGH', on_day = '2024-01-31' ORDER BY id LIMIT 1",
        )
        .await;
    assert_eq!(
        tenant.rows("SELECT sold, price, state, on_day FROM items ORDER BY id").await,
        ["5|3.00|high|2024-01-31", "1|3.00|low|"]
    );
    tenant.apply("UPDATE items SET on_day = DATE_ADD(on_day, INTERVAL 1 MONTH), is_new = 0 WHERE on_day IS NOT NULL").await;
    assert_eq!(tenant.rows("SELECT on_day, is_new FROM items WHERE id = 1").await, ["2024-02-29|f"]);
    tenant.apply("DELETE FROM sales WHERE item_id = 1 ORDER BY amount DESC LIMIT 1").await;
    assert_eq!(tenant.rows("SELECT amount FROM sales ORDER BY id").await, ["2", "1"]);
    tenant.apply("DELETE FROM items WHERE name LIKE 'p%'").await;
    assert_eq!(tenant.rows("SELECT amount FROM sales").await, ["1"]);
}

#[tokio::test]
async fn an_update_with_join_sets_what_it_read() {
    let mut tenant = Tenant::with(SHOP).await;
    tenant.apply("UPDATE items i LEFT JOIN sales s ON s.item_id = i.id AND s.amount = 1 SET i.sold = COALESCE(s.amount, 100)").await;
    assert_eq!(tenant.rows("SELECT sold FROM items ORDER BY id").await, ["100", "1"]);
}

#[tokio::test]
async fn selected_values_take_their_columns_types() {
    let mut tenant = Tenant::with(SHOP).await;
    tenant
        .apply(
            "INSERT INTO items (name, price, sold, is_new, on_day, at_time, moment, doc, state)
             SELECT CONCAT('x', id), '4.5', '3', 0, '2024-03-01', '2024-03-01', NOW(), '{}', 'low' FROM items",
        )
        .await;
    assert_eq!(
        tenant.rows("SELECT name, price, sold, is_new, on_day, at_time FROM items WHERE id = 3").await,
        ["x1|4.50|3|f|2024-03-01|2024-03-01 00:00:00"]
    );
}

#[tokio::test]
async fn braces_in_names_texts_and_paths_are_what_they_are() {
    let mut tenant = Tenant::with(
        "CREATE TABLE `t{}` (`i{}` INT PRIMARY KEY, `c{}` VARCHAR(50) NOT NULL DEFAULT '{}', doc JSON);
         CREATE TABLE `o{}` (`i{}` INT PRIMARY KEY, `c{}` VARCHAR(50) NOT NULL);
         CREATE INDEX `x{}` ON `t{}` (`c{}`);
         CREATE VIEW `v{}` AS SELECT `i{}`, CONCAT(`c{}`, '{}') AS `r{}` FROM `t{}` WHERE `c{}` <> '{}{}';
         INSERT INTO `t{}` (`i{}`, `c{}`, doc) VALUES (1, 'a{}', '{\"{}\": {\"b\": 1}}'), (2, '{}', '{}'), (3, 'x', '{}');
         INSERT INTO `o{}` VALUES (1, 'o{}')",
    )
    .await;
    tenant
        .apply("UPDATE `t{}` JOIN `o{}` AS `n{}` ON `n{}`.`i{}` = `t{}`.`i{}` SET `t{}`.`c{}` = CONCAT(`n{}`.`c{}`, '{}')")
        .await;
    assert_eq!(tenant.rows("SELECT \"c{}\" FROM \"t{}\" WHERE \"i{}\" = 1").await, ["o{}{}"]);
    tenant.apply("UPDATE `t{}` SET `c{}` = '{}' WHERE `c{}` = 'x' ORDER BY `i{}` LIMIT 1").await;
    tenant
        .apply("UPDATE `t{}` SET doc = JSON_SET(doc, '$.\"{}\".c', 2) WHERE doc->>'$.\"{}\".b' = '1'")
        .await;
    assert_eq!(
        tenant.rows("SELECT doc #>> ARRAY['{}', 'c'] AS c FROM \"t{}\" WHERE \"i{}\" = 1").await,
        ["2"]
    );
    tenant.apply("UPDATE `t{}` SET doc = JSON_REMOVE(JSON_INSERT(doc, '$.\"{}\".d', 3), '$.\"{}\".b')").await;
    assert_eq!(tenant.rows("SELECT \"r{}\" FROM \"v{}\" ORDER BY 1").await, ["o{}{}{}", "{}{}", "{}{}"]);
    tenant.apply("DELETE FROM `t{}` WHERE `c{}` = '{}' ORDER BY `i{}` LIMIT 1").await;
    tenant.apply("DELETE `t{}` FROM `t{}` JOIN `o{}` ON `o{}`.`i{}` = `t{}`.`i{}`").await;
    assert_eq!(tenant.rows("SELECT \"i{}\" FROM \"t{}\"").await, ["3"]);
    tenant.assert_as_modelled().await;
}
