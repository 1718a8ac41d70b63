//! Tables: what they hold, what they refuse, and that they are read back as they were written.

use crate::tenant::Tenant;
use tenantry::{
    engine::postgres::inspect,
    schema::{Default, Type},
    sql::operation::TableChange,
};

const EVERYTHING: &str = "
CREATE TABLE kinds (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    tiny TINYINT, tiny_u TINYINT UNSIGNED DEFAULT 7, small SMALLINT, small_u SMALLINT UNSIGNED,
    medium MEDIUMINT, medium_u MEDIUMINT UNSIGNED, whole INT DEFAULT -1, whole_u INT UNSIGNED, big BIGINT, big_u BIGINT UNSIGNED,
    flag BOOLEAN NOT NULL DEFAULT FALSE,
    money DECIMAL(10, 2) NOT NULL DEFAULT 0.50, money_u DECIMAL(8, 3) UNSIGNED,
    f FLOAT, d DOUBLE,
    code CHAR(4) DEFAULT 'it''s', name VARCHAR(20) NOT NULL COLLATE utf8mb4_bin, note TEXT, tiny_note TINYTEXT, long_note LONGTEXT,
    fixed BINARY(4), some VARBINARY(4), file BLOB, large LONGBLOB,
    day DATE DEFAULT '2024-02-29', hour TIME, wall DATETIME(3), wall_now DATETIME DEFAULT CURRENT_TIMESTAMP,
    moment TIMESTAMP(6) NULL, year_of YEAR, doc JSON,
    state ENUM('new', 'Old', 'it''s, so') NOT NULL DEFAULT 'new' COMMENT 'how it ''is''; /* -- */',
    uuid CHAR(36) NOT NULL UNIQUE DEFAULT (UUID()),
    other_uuid VARCHAR(36) DEFAULT (UUID()),
    total DECIMAL(10, 2) GENERATED ALWAYS AS (money * 2) STORED,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    changed_at DATETIME NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    INDEX idx_name (name, whole DESC), INDEX idx_note (note(10)), INDEX idx_lower ((LOWER(code))),
    CONSTRAINT chk_money CHECK (money >= 0 AND state <> 'Old')
) COMMENT='all kinds';
";

#[tokio::test]
async fn every_type_and_everything_beside_it_is_read_back() {
    let mut tenant = Tenant::with(EVERYTHING).await;
    tenant.assert_as_modelled().await;
    assert_eq!(
        tenant
            .rows(
                "SELECT string_agg(DISTINCT data_type, '/' ORDER BY data_type) FROM information_schema.columns \
                 WHERE column_name IN ('uuid', 'doc', 'created_at', 'wall', 'flag', 'money')"
            )
            .await,
        ["boolean/jsonb/numeric/timestamp with time zone/timestamp without time zone/uuid"]
    );
}

#[tokio::test]
async fn types_refuse_what_does_not_fit() {
    let mut tenant = Tenant::with(EVERYTHING).await;
    for (column, value) in [
        ("tiny", "128"),
        ("tiny_u", "-1"),
        ("small_u", "65536"),
        ("medium", "8388608"),
        ("whole_u", "4294967296"),
        ("big_u", "-1"),
        ("money_u", "-0.5"),
        ("money", "123456789"),
        ("code", "'12345'"),
        ("tiny_note", "repeat('x', 256)"),
        ("note", "repeat('x', 65536)"),
        ("fixed", "'abc'"),
        ("some", "'abcde'"),
        ("year_of", "1900"),
        ("state", "'gone'"),
        ("day", "'2023-02-29'"),
        ("doc", "'{'"),
    ] {
        let sql = format!("INSERT INTO kinds (name, {column}) VALUES ('x', {value})");
        assert!(tenant.run(&sql).await.is_err(), "{sql}");
    }
    tenant
        .run("INSERT INTO kinds (name, whole_u, year_of, fixed) VALUES ('x', 4294967295, 2155, 'abcd')")
        .await
        .unwrap();
}

#[tokio::test]
async fn texts_in_keys_are_one_without_case_and_others_can_be_searched() {
    let mut tenant = Tenant::with(
        "CREATE TABLE people (email VARCHAR(100) NOT NULL UNIQUE, name VARCHAR(50), exact_code VARCHAR(9) COLLATE utf8mb4_bin UNIQUE);
         INSERT INTO people VALUES ('Ada@x.org', 'Ada', 'a');",
    )
    .await;
    assert!(tenant.change("INSERT INTO people VALUES ('ADA@X.ORG', 'x', 'b')").await.is_err());
    tenant.apply("INSERT INTO people VALUES ('adá@x.org', 'x', 'A')").await;
    tenant
        .apply("INSERT INTO people (email, name) VALUES ('aDa@x.org', 'Ada B') ON DUPLICATE KEY UPDATE name = VALUES(name)")
        .await;
    assert_eq!(tenant.rows("SELECT name FROM people WHERE name LIKE 'A%'").await, ["Ada B"]);
    assert_eq!(tenant.rows("SELECT name FROM people WHERE email = 'ada@X.org'").await, ["Ada B"]);
}

#[tokio::test]
async fn updated_at_moves_only_when_another_column_changed() {
    let mut tenant = Tenant::with(
        "CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(20) UNIQUE,
            updated_at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP);
         INSERT INTO notes (title) VALUES ('a');",
    )
    .await;
    let moved = "SELECT updated_at IS NOT NULL FROM notes";
    tenant.apply("UPDATE notes SET title = 'a'").await;
    assert_eq!(tenant.rows(moved).await, ["f"]);
    tenant.apply("UPDATE notes SET title = 'b', updated_at = '2020-01-01 00:00:00'").await;
    assert_eq!(tenant.rows("SELECT date_part('year', updated_at) FROM notes").await, ["2020"]);
    tenant.apply("UPDATE notes SET title = 'B'").await;
    assert_eq!(tenant.rows("SELECT date_part('year', updated_at) > 2020 FROM notes").await, ["t"]);
}

#[tokio::test]
async fn uuids_go_with_the_keys_that_refer_to_them() {
    let mut tenant = Tenant::with(
        "CREATE TABLE teams (id CHAR(36) PRIMARY KEY DEFAULT (UUID()), name VARCHAR(60));
         CREATE TABLE seats (id INT AUTO_INCREMENT PRIMARY KEY, team_id CHAR(36) NOT NULL,
            CONSTRAINT fk_team FOREIGN KEY (team_id) REFERENCES teams(id) ON DELETE CASCADE);
         INSERT INTO teams (name) VALUES ('x');
         INSERT INTO seats (team_id) SELECT id FROM teams;
         INSERT INTO teams (id, name) VALUES ('{{TENANT_ID}}', CONCAT('t-', UUID()));",
    )
    .await;
    tenant.apply("DELETE FROM teams WHERE id = '0190A5C0-0000-7000-8000-000000000001'").await;
    assert_eq!(tenant.rows("SELECT count(*) FROM teams").await, ["1"]);
    tenant.assert_as_modelled().await;
}

#[tokio::test]
async fn long_names_are_cut_and_come_back_whole() {
    let long = "x".repeat(58);
    let mut tenant = Tenant::with(&format!(
        "CREATE TABLE {long} (id INT AUTO_INCREMENT PRIMARY KEY, {long}_1 ENUM('a') NULL, {long}_2 TINYINT, email VARCHAR(9),
            updated_at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP,
            UNIQUE KEY {long}_a (email), INDEX {long}_b (email))"
    ))
    .await;
    tenant.assert_as_modelled().await;
    let renamed = TableChange::RenameIndex { before: format!("{long}_b"), after: format!("{long}_c") };
    let dropped = TableChange::DropIndex(format!("{long}_a"));
    tenant.alter(&long, vec![renamed, dropped]).await;
    tenant.assert_as_modelled().await;
}

#[tokio::test]
async fn what_people_made_by_hand_shows() {
    let mut tenant = Tenant::with(
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(9), k ENUM('x', 'y'), updated_at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP)",
    )
    .await;
    for sql in [
        "CREATE TABLE tenantry_own (id integer)",
        "ALTER TABLE t ADD COLUMN place point, ADD COLUMN free uuid",
        "CREATE INDEX by_hand ON t (a) WHERE a <> ''",
        "ALTER TABLE t DROP CONSTRAINT tenantry_type_k",
        "CREATE FUNCTION hand() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER by_hand BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION hand()",
        "CREATE OR REPLACE FUNCTION t__on_update() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE VIEW seen AS SELECT a FROM t",
    ] {
        tenant.run(sql).await.unwrap();
    }
    let live = inspect(&mut tenant.connection, "public").await.unwrap();
    assert_eq!(live.tables.keys().collect::<Vec<_>>(), ["t"]);
    let table = &live.tables["t"];
    let ty = |name: &str| &table.columns.iter().find(|column| column.name == name).unwrap().ty;
    assert_eq!(*ty("place"), Type::Other("point".into()));
    assert_eq!(*ty("free"), Type::Other("uuid".into()));
    assert_eq!(*ty("k"), Type::Varchar(1));
    assert!(table.indexes["postgres:by_hand"].filter.is_some());
    assert_eq!(live.triggers.keys().collect::<Vec<_>>(), ["by_hand on t", "t__on_update on t"]);
    assert!(live.views.contains_key("seen"));
    assert_eq!(table.columns[0].default, None::<Default>);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let mut tenant =
        Tenant::with("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(9), f BOOLEAN)").await;
    for (mysql, part) in [
        ("CREATE TABLE pg_own (id INT)", "choose one that begins otherwise"),
        ("CREATE TABLE u (a VARCHAR(9), UNIQUE KEY uk (a(3)))", "unique over the whole column"),
        ("CREATE TABLE u (a VARCHAR(9) DEFAULT '{{TENANT_NAME}}')", "variables are for rows"),
        ("CREATE TABLE u (f BOOLEAN DEFAULT 2)", "use TINYINT"),
        ("CREATE TABLE u (e ENUM('a') DEFAULT 'b')", "not among the values"),
        ("INSERT INTO t (a) VALUES (a || 'x')", "write OR or CONCAT"),
        ("UPDATE t SET a = SOUNDEX(a)", "override file (NNN_name.postgres.sql)"),
        ("INSERT INTO t (f) VALUES (3)", "use TINYINT"),
        ("UPDATE t SET a = 'x' WHERE a", "compare it"),
        ("UPDATE t SET a = 'x', id = CHAR_LENGTH(a)", "Write two statements"),
    ] {
        let reason = tenant.change(mysql).await.unwrap_err();
        assert!(reason.contains(part), "{mysql}: {reason}");
    }
}
