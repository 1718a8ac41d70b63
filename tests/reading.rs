//! Reading SQL: a corpus of statements, each taken as expected or refused with its reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

use tenantry::{
    schema::Schema,
    sql::{evolve, operations::operation, read::split},
};

fn fold(schema: &mut Schema, text: &str) -> Result<(), String> {
    let statements =
        split(text, 1).map_err(|problems| format!("{}: {}", problems[0].line, problems[0].message))?;
    for statement in statements {
        for operation in
            operation(&statement).map_err(|problem| format!("{}: {}", problem.line, problem.message))?
        {
            evolve::apply(schema, &operation)?;
        }
    }
    Ok(())
}

const BASE: &str = "
CREATE TABLE users (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, note TEXT, age INT,
    CHECK (age >= 0), INDEX idx_age (age));
CREATE TABLE posts (id INT AUTO_INCREMENT PRIMARY KEY, user_id BIGINT UNSIGNED, title VARCHAR(100),
    FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE SET NULL);
CREATE VIEW titles AS SELECT title FROM posts;
";

fn base() -> Schema {
    let mut schema = Schema::default();
    fold(&mut schema, BASE).unwrap();
    schema
}

#[test]
fn what_a_template_may_not_do_is_refused_with_its_reason() {
    for (text, part) in [
        ("CREATE DATABASE x", "not allowed"),
        ("DROP DATABASE x", "not allowed"),
        ("USE other", "not allowed"),
        ("SET NAMES utf8mb4", "not allowed"),
        ("GRANT ALL ON x TO y", "not allowed"),
        ("START TRANSACTION", "not allowed"),
        ("COMMIT", "not allowed"),
        ("TRUNCATE TABLE users", "not allowed"),
        ("SELECT 1", "not allowed"),
        ("INSERT INTO other.users (email) VALUES ('a')", "another database"),
        ("DELETE FROM users WHERE id IN (SELECT id FROM mysql.user)", "another database"),
        ("CREATE TABLE other.t (id INT)", "another database"),
        ("UPDATE tenantry_owner SET fence = 0", "program's own"),
        ("CREATE TABLE tenantry_x (id INT)", "taken"),
        ("CREATE TABLE sqlite_x (id INT)", "taken"),
        ("CREATE TABLE t (id INT) ENGINE=MyISAM", "MyISAM"),
        ("CREATE TABLE t (id INT) DEFAULT CHARSET=latin1", "latin1"),
        ("CREATE TABLE t (id INT) AUTO_INCREMENT=1000", "AUTO_INCREMENT"),
        ("CREATE TABLE t (a SET('x','y'))", "SET"),
        ("CREATE TABLE t (a GEOMETRY)", "not taken"),
        ("CREATE TABLE t (a VARCHAR)", "needs a length"),
        ("CREATE TABLE t (a ENUM('x','X'))", "only once"),
        ("CREATE TABLE t (a DECIMAL(70,2))", "outside"),
        ("CREATE TABLE t (a INT, FULLTEXT INDEX f (a))", "FULLTEXT"),
        ("CREATE TABLE t (a INT, a INT)", "two columns"),
        ("CREATE TABLE t (id INT AUTO_INCREMENT)", "must be a key"),
        ("CREATE TABLE t (a INT, INDEX i (b))", "no column b"),
        ("CREATE TABLE t (a INT, CHECK (b > 0))", "no column b"),
        ("CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES missing(id))", "missing"),
        ("CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES users(id))", "different types"),
        ("CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES users(age))", "no key"),
        (
            "CREATE TABLE t (a BIGINT UNSIGNED NOT NULL, FOREIGN KEY (a) REFERENCES users(id) ON DELETE SET NULL)",
            "NULL",
        ),
        ("CREATE TABLE t LIKE users", "LIKE"),
        ("CREATE TABLE t AS SELECT 1", "AS SELECT"),
        ("CREATE TEMPORARY TABLE t (a INT)", "TEMPORARY"),
        ("CREATE TABLE users (id INT)", "already"),
        ("CREATE TABLE t (a INT DEFAULT '{{TENANT_ID}}')", "variables are for rows"),
        ("ALTER TABLE nobody ADD COLUMN a INT", "no table nobody"),
        ("ALTER TABLE users ADD COLUMN email INT", "already"),
        ("ALTER TABLE users DROP COLUMN id", "primary key"),
        ("ALTER TABLE users DROP COLUMN age", "check"),
        ("ALTER TABLE posts DROP COLUMN user_id", "foreign key"),
        ("ALTER TABLE posts DROP COLUMN title", "view titles"),
        ("ALTER TABLE users MODIFY COLUMN id BIGINT AUTO_INCREMENT", "different types"),
        ("ALTER TABLE users ADD COLUMN x INT AFTER nothing", "no column nothing"),
        ("ALTER TABLE users ADD COLUMN IF NOT EXISTS x INT", "not understood"),
        ("ALTER TABLE users DROP INDEX nothing", "no index"),
        ("ALTER TABLE users AUTO_INCREMENT = 5", "every engine"),
        ("DROP TABLE users", "refers to it"),
        ("DROP TABLE posts", "view titles"),
        ("DROP INDEX idx_age", "needs its table"),
        ("DROP VIEW nothing", "no view"),
        ("CREATE INDEX i ON users (nothing)", "no column"),
        ("INSERT INTO nobody (a) VALUES (1)", "no table nobody"),
    ] {
        let mut schema = base();
        let before = schema.clone();
        let said = fold(&mut schema, text).expect_err(text);
        assert!(said.contains(part), "{text}: {said}");
        assert_eq!(schema, before, "{text} left something behind");
    }
}

#[test]
fn what_is_taken_becomes_the_schema_that_mysql_would_have() {
    let described = |text: &str| {
        let mut schema = base();
        fold(&mut schema, text).unwrap_or_else(|said| panic!("{text}: {said}"));
        tenantry::schema::text::describe(&schema)
    };
    for (text, part) in [
        ("ALTER TABLE users ADD COLUMN first VARCHAR(5) FIRST", "first VARCHAR(5)"),
        (
            "ALTER TABLE users ADD COLUMN b BOOLEAN NOT NULL DEFAULT TRUE AFTER id",
            "b     BOOLEAN NOT NULL DEFAULT TRUE",
        ),
        ("ALTER TABLE users CHANGE COLUMN age years SMALLINT UNSIGNED NULL", "CHECK (years >= 0)"),
        ("ALTER TABLE users RENAME COLUMN email TO mail", "UNIQUE KEY email (mail)"),
        ("ALTER TABLE users RENAME TO people", "REFERENCES people (id) ON DELETE SET NULL"),
        ("RENAME TABLE users TO people", "CREATE TABLE people"),
        ("ALTER TABLE users ALTER COLUMN age SET DEFAULT 18", "INT DEFAULT 18"),
        ("ALTER TABLE users ADD UNIQUE KEY u (note(10), age)", "UNIQUE KEY u (note(10), age)"),
        ("CREATE INDEX i ON users (age DESC)", "INDEX i (age DESC)"),
        (
            "CREATE TABLE t (a VARCHAR(9) COLLATE utf8mb4_bin DEFAULT \"it's\" COMMENT 'x')",
            "COLLATE utf8mb4_bin DEFAULT 'it''s' COMMENT 'x'",
        ),
        (
            "CREATE TABLE t (a JSON, b DECIMAL(10, 2) UNSIGNED, c ENUM('x', 'y') DEFAULT 'x', d CHAR(36) DEFAULT (UUID()))",
            "d CHAR(36) DEFAULT (UUID())",
        ),
        (
            "CREATE TABLE t (a TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3))",
            "ON UPDATE CURRENT_TIMESTAMP",
        ),
        ("CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a + 1) STORED)", "AS (a + 1) STORED"),
        ("ALTER TABLE users DROP CHECK chk_users_1, DROP COLUMN age", "note"),
        ("ALTER TABLE posts DROP FOREIGN KEY fk_posts_user_id, DROP COLUMN user_id", "title"),
        ("CREATE OR REPLACE VIEW titles AS SELECT id, title FROM posts", "SELECT id, title FROM posts"),
        ("DROP VIEW titles; DROP TABLE posts, users; CREATE TABLE t (a INT)", "CREATE TABLE t"),
        ("INSERT INTO users (email) VALUES ('{{OWNER_EMAIL}}')", "CREATE TABLE users"),
    ] {
        let found = described(text);
        assert!(found.contains(part), "{text}:\n{found}");
    }
    assert!(
        !described("ALTER TABLE users DROP CHECK chk_users_1, DROP COLUMN age").contains("idx_age"),
        "an index goes with its only column"
    );
}

#[test]
fn the_plans_own_tables_are_read_column_for_column() {
    let mut schema = Schema::default();
    for text in [
        include_str!("../sql_templates/ngo/schema.sql"),
        include_str!("../sql_templates/ngo/modules/001_core.sql"),
        include_str!("../sql_templates/ngo/modules/002_members.sql"),
        include_str!("../sql_templates/ngo/modules/003_donations.sql"),
    ] {
        fold(&mut schema, text).unwrap();
    }
    let columns = |table: &str| {
        schema.tables[table].columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        columns("users"),
        [
            "id",
            "uuid",
            "first_name",
            "last_name",
            "email",
            "email_verified_at",
            "password_hash",
            "status",
            "last_login_at",
            "created_at",
            "updated_at",
            "deleted_at"
        ]
    );
    assert_eq!(
        columns("members"),
        [
            "id",
            "uuid",
            "user_id",
            "membership_number",
            "first_name",
            "last_name",
            "email",
            "phone",
            "join_date",
            "membership_type",
            "membership_status",
            "address",
            "metadata",
            "created_at",
            "updated_at",
            "deleted_at"
        ]
    );
    assert_eq!(
        columns("donations"),
        [
            "id",
            "member_id",
            "donation_date",
            "amount",
            "currency",
            "donation_type",
            "payment_method",
            "receipt_number",
            "notes",
            "created_at",
            "updated_at"
        ]
    );
    assert_eq!(columns("settings"), ["id", "key", "value", "type", "group", "created_at", "updated_at"]);
}

#[test]
fn the_control_database_is_read_by_the_same_reader() {
    fold(&mut Schema::default(), include_str!("../src/store/schema/0001_first.sql")).unwrap();
}
