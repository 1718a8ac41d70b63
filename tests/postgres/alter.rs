//! ALTER TABLE: rows, keys, indexes, views and triggers come through it.

use crate::tenant::Tenant;
use tenantry::sql::operation::TableChange;

const CLUB: &str = "
CREATE TABLE clubs (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL, UNIQUE KEY uk_name (name)) COMMENT='all';
CREATE TABLE members (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, club_id BIGINT UNSIGNED NOT NULL, name VARCHAR(20) NOT NULL COMMENT 'n',
    points SMALLINT NOT NULL DEFAULT 1, state ENUM('a', 'b') DEFAULT 'a', born DATETIME NULL,
    updated_at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP,
    INDEX idx_name (name, points), CONSTRAINT chk_points CHECK (points >= 0),
    CONSTRAINT fk_club FOREIGN KEY (club_id) REFERENCES clubs(id) ON DELETE CASCADE);
INSERT INTO clubs (name) VALUES ('x');
INSERT INTO members (club_id, name, born) VALUES (1, 'Ada', '2000-01-02 03:04:05'), (1, 'Bo', NULL);
";

async fn altered(changes: &str) -> Tenant {
    let mut tenant = Tenant::with(CLUB).await;
    tenant.apply(changes).await;
    tenant.assert_as_modelled().await;
    tenant.apply("UPDATE members SET id = id + 10").await;
    assert_eq!(tenant.rows("SELECT count(*) FROM members").await, ["2"]);
    tenant
}

#[tokio::test]
async fn columns_come_with_the_values_that_mysql_gives_them() {
    let mut tenant = altered(
        "ALTER TABLE members ADD COLUMN a INT NOT NULL AFTER id, ADD COLUMN b VARCHAR(9) NOT NULL FIRST, ADD COLUMN c ENUM('q', 'r') NOT NULL,
         ADD COLUMN d DECIMAL(5, 2) NOT NULL DEFAULT 2.5 COMMENT 'd', ADD COLUMN e CHAR(36) NOT NULL DEFAULT (UUID()), ADD UNIQUE KEY uk_e (e),
         ADD COLUMN g INT GENERATED ALWAYS AS (points + 1) STORED, ADD COLUMN h JSON NOT NULL",
    )
    .await;
    assert_eq!(tenant.rows("SELECT a, b, c, d, g, h FROM members LIMIT 1").await, ["0||q|2.50|2|null"]);
}

#[tokio::test]
async fn types_change_around_their_values() {
    let mut tenant = altered(
        "ALTER TABLE members MODIFY points BIGINT UNSIGNED NOT NULL DEFAULT 7, MODIFY state ENUM('b', 'a', 'c') NOT NULL DEFAULT 'c',
         CHANGE born born_on DATE NULL COMMENT 'day', MODIFY name TEXT NOT NULL, DROP INDEX idx_name",
    )
    .await;
    assert_eq!(
        tenant.rows("SELECT points, state, born_on FROM members ORDER BY id LIMIT 1").await,
        ["1|a|2000-01-02"]
    );
    tenant.apply("ALTER TABLE members MODIFY name VARCHAR(3) NOT NULL").await;
    assert!(tenant.change("ALTER TABLE members MODIFY name VARCHAR(2) NOT NULL").await.is_err());
    assert!(tenant.change("ALTER TABLE members MODIFY state ENUM('b') NOT NULL").await.is_err());
    assert_eq!(tenant.rows("SELECT name, state FROM members ORDER BY id LIMIT 1").await, ["Ada|a"]);
    tenant.assert_as_modelled().await;
}

#[tokio::test]
async fn renames_take_everything_along() {
    let mut tenant =
        altered("ALTER TABLE members RENAME COLUMN name TO full_name, RENAME COLUMN points TO score").await;
    let renamed = TableChange::RenameIndex { before: "idx_name".into(), after: "idx_full".into() };
    tenant.alter("members", vec![renamed]).await;
    tenant.assert_as_modelled().await;
    tenant.apply("RENAME TABLE members TO people").await;
    tenant.assert_as_modelled().await;
    tenant.apply("ALTER TABLE clubs RENAME COLUMN id TO club, CHANGE name title VARCHAR(30) NOT NULL").await;
    tenant.assert_as_modelled().await;
    tenant
        .apply("ALTER TABLE people RENAME COLUMN full_name TO state_x, RENAME COLUMN state TO full_name")
        .await;
    tenant.assert_as_modelled().await;
    tenant.apply("UPDATE people SET score = 5").await;
    assert_eq!(tenant.rows("SELECT count(*) FROM people WHERE updated_at IS NOT NULL").await, ["2"]);
}

#[tokio::test]
async fn keys_come_and_go() {
    let mut tenant = altered(
        "ALTER TABLE members DROP FOREIGN KEY fk_club, DROP CHECK chk_points, ADD CONSTRAINT chk_more CHECK (points > -5 AND state <> 'z'),
         ADD UNIQUE KEY uk_name (name), ALTER COLUMN points DROP DEFAULT",
    )
    .await;
    tenant.apply("ALTER TABLE members DROP INDEX uk_name, ALTER COLUMN points SET DEFAULT 3").await;
    tenant.alter("members", vec![TableChange::SetComment("people".into())]).await;
    tenant.assert_as_modelled().await;
    tenant.apply("CREATE TABLE pairs (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a)); INSERT INTO pairs VALUES (1, 2);").await;
    tenant.apply("ALTER TABLE pairs DROP PRIMARY KEY, ADD PRIMARY KEY (a, b)").await;
    tenant.assert_as_modelled().await;
    tenant
        .apply(
            "ALTER TABLE pairs DROP PRIMARY KEY, ADD PRIMARY KEY (b), MODIFY b INT UNSIGNED AUTO_INCREMENT",
        )
        .await;
    tenant.assert_as_modelled().await;
    tenant.apply("INSERT INTO pairs (a) VALUES (9)").await;
    assert_eq!(tenant.rows("SELECT a, b FROM pairs ORDER BY b").await, ["1|2", "9|3"]);
}

#[tokio::test]
async fn views_stand_aside_for_a_type_and_come_back() {
    let mut tenant = Tenant::with(CLUB).await;
    tenant.apply("CREATE VIEW scores AS SELECT id, points FROM members; CREATE VIEW best AS SELECT * FROM scores WHERE points > 0;").await;
    tenant.apply("ALTER TABLE members MODIFY points DECIMAL(6, 1) NOT NULL, DROP COLUMN born").await;
    tenant.assert_as_modelled().await;
    assert_eq!(tenant.rows("SELECT points FROM best ORDER BY id").await, ["1.0", "1.0"]);
    assert!(tenant.change("ALTER TABLE members DROP COLUMN points").await.is_err());
    assert!(
        tenant.change("DROP TABLE members").await.unwrap_err().contains("best")
            || tenant.schema.views.len() == 2
    );
    tenant.apply("DROP VIEW best; DROP VIEW scores; DROP TABLE members;").await;
    assert_eq!(tenant.rows("SELECT count(*) FROM pg_proc WHERE proname LIKE '%on_update'").await, ["0"]);
    tenant.assert_as_modelled().await;
}

#[tokio::test]
async fn a_column_dropped_and_added_again_is_another() {
    let mut tenant =
        altered("ALTER TABLE members DROP COLUMN state, ADD COLUMN state VARCHAR(5) NOT NULL DEFAULT 'new'")
            .await;
    assert_eq!(tenant.rows("SELECT DISTINCT state FROM members").await, ["new"]);
}
