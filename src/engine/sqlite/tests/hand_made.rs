use super::*;

/// Databases that a person made with the sqlite3 shell.
const BY_HAND: &[&str] = &[
    "CREATE TABLE plain (a, b TEXT, c INTEGER PRIMARY KEY, d VARCHAR(10) UNIQUE)",
    "CREATE TABLE strict (a ANY, b INT NOT NULL) STRICT",
    "CREATE TABLE norowid (a TEXT PRIMARY KEY, b) WITHOUT ROWID",
    "CREATE TABLE [odd name] ('single' text, \"dou\"\"ble\" int, `back``tick` real, [brack et] blob, PRIMARY KEY (\"single\", [brack et]))",
    "CREATE TABLE types (a DOUBLE PRECISION DEFAULT 1e3, b UNSIGNED BIG INT DEFAULT -1, c \"quoted type\"(1, 2), d NATIVE CHARACTER(70) DEFAULT \"dq\", e DEFAULT (1 + 1) CHECK (e > 0))",
    "CREATE TABLE generated (a, b GENERATED ALWAYS AS (a * 2) STORED, c INT AS (a || ')'), d CHECK (d <> '(') UNIQUE ON CONFLICT REPLACE)",
    "CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT COLLATE RTRIM, UNIQUE (x, id) ON CONFLICT IGNORE)",
    "CREATE TABLE child (p REFERENCES parent ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, q CONSTRAINT k REFERENCES parent(id), FOREIGN KEY (q) REFERENCES parent)",
    "CREATE INDEX i1 ON plain (lower(b), a COLLATE NOCASE DESC) WHERE a IS NOT NULL",
    "CREATE UNIQUE INDEX plain__i2 ON plain (b)",
    "CREATE INDEX i2 ON plain (b)",
    "CREATE VIRTUAL TABLE search USING fts5(title, body)",
    "CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1)",
    "CREATE VIEW v (\"a b\", c) AS SELECT 1, 2 /* end */",
    "CREATE VIEW broken AS SELECT gone FROM nowhere",
    "CREATE TRIGGER t AFTER UPDATE ON plain BEGIN SELECT 1; END",
    "CREATE TRIGGER plain__on_update AFTER UPDATE ON plain BEGIN SELECT 2; END",
    "CREATE TABLE \"\" (\"\" INT)",
    "CREATE TABLE copy AS SELECT 1 AS a, 'x' AS \"b c\"",
    "CREATE TABLE comma (a int, /* COMMENT 'lost' */ b int -- , c int\n , CHECK (a > b) CHECK (b > 0))",
    "CREATE TABLE tenantry_own (a)",
];

async fn by_hand() -> Tenant {
    let mut tenant = Tenant::new().await;
    for sql in BY_HAND {
        assert_eq!(tenant.execute(sql).await, Ok(()), "{sql}");
    }
    tenant
}

#[tokio::test]
async fn anything_made_by_hand_is_read_and_read_the_same_twice() {
    let found = by_hand().await.inspected().await;
    assert_eq!(found, by_hand().await.inspected().await);
    let tables = &found.tables;
    assert!(!tables.contains_key("tenantry_own"));
    assert_eq!(tables["odd name"].primary_key, ["single", "brack et"]);
    let names: Vec<_> = tables["odd name"].columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["single", "dou\"ble", "back`tick", "brack et"]);
    assert_eq!(tables["strict"].checks["sqlite: options"].expression, "STRICT");
    assert_eq!(tables["norowid"].checks["sqlite: options"].expression, "WITHOUT ROWID");
    assert!(tables["search"].checks["sqlite: definition"].expression.contains("fts5(title, body)"));
    assert_eq!(tables["types"].columns[0].default, Some(Default::Number("1e3".into())));
    assert_eq!(tables["types"].columns[1].default, Some(Default::Number("-1".into())));
    assert_eq!(tables["types"].columns[3].default, Some(Default::Expression("\"dq\"".into())));
    assert_eq!(tables["types"].checks["chk_types_1"].expression, "e > 0");
    assert_eq!(tables["generated"].columns[1].generated.as_ref().unwrap().expression, "a * 2");
    assert_eq!(tables["generated"].columns[2].ty, Type::Other("INT".into()));
    assert_eq!(tables["parent"].columns[1].collation.as_deref(), Some("RTRIM"));
    assert!(tables["parent"].columns[0].auto_increment);
    assert_eq!(tables["child"].foreign_keys["fk_child_p"].foreign_columns, ["id"]);
    assert_eq!(
        tables["child"].checks["sqlite: foreign key fk_child_p"].expression,
        "DEFERRABLE INITIALLY DEFERRED"
    );
    let plain = &tables["plain"];
    assert_eq!(plain.columns[3].ty, Type::Other("VARCHAR(10)".into()));
    assert_eq!(plain.indexes["sqlite:i1"].filter.as_deref(), Some("a IS NOT NULL"));
    assert_eq!(plain.indexes["sqlite:i1"].parts[0].column, "lower(b)");
    assert!(plain.indexes["sqlite:i1"].parts[1].descending);
    assert!(plain.indexes.contains_key("i2") && plain.indexes.contains_key("sqlite:i2"));
    assert!(plain.indexes.contains_key("sqlite:sqlite_autoindex_plain_1"));
    assert_eq!(found.triggers.len(), 2);
    assert_eq!(found.views["v"].columns, ["a b", "c"]);
    assert_eq!(tables["comma"].checks.len(), 2);
}

#[tokio::test]
async fn every_difference_that_a_person_makes_shows() {
    let before = ngo().await.inspected().await;
    for by_hand in [
        "ALTER TABLE members ADD COLUMN nickname TEXT",
        "ALTER TABLE members DROP COLUMN metadata",
        "CREATE INDEX idx_status ON members (status)",
        "DROP INDEX members__email",
        "CREATE VIEW v AS SELECT 1",
        "DROP TRIGGER members__on_update",
        "CREATE TRIGGER x AFTER DELETE ON members BEGIN SELECT 1; END",
        "DROP TABLE donations",
        "CREATE TABLE x (a)",
    ] {
        let mut tenant = ngo().await;
        if by_hand.contains("DROP COLUMN") {
            tenant.execute("DROP TRIGGER members__on_update").await.unwrap();
        }
        tenant.execute(by_hand).await.unwrap();
        assert_ne!(tenant.inspected().await, before, "{by_hand}");
    }
    // Changes inside the text of a table.
    for (from, to) in [
        ("<= 100", "<= 101"),
        ("'pending'", "'waiting'"),
        (" COLLATE NOCASE", " COLLATE RTRIM"),
        ("NOT NULL", "    "),
        ("AUTOINCREMENT", ""),
        ("COMMENT 'where", "COMMENT 'There"),
        ("people", "persons"),
        ("DEFAULT CURRENT_TIMESTAMP", "DEFAULT (1)"),
        ("\n)", "\n) STRICT"),
    ] {
        let mut tenant = ngo().await;
        tenant.execute("PRAGMA writable_schema = ON").await.unwrap();
        let update = format!(
            "UPDATE sqlite_schema SET sql = replace(sql, {}, {}) WHERE name = 'members'",
            crate::engine::sqlite::names::text(from),
            crate::engine::sqlite::names::text(to)
        );
        tenant.execute(&update).await.unwrap();
        tenant.execute("PRAGMA schema_version = 1000").await.unwrap();
        assert_ne!(tenant.inspected().await, before, "{from} to {to}");
    }
}

#[tokio::test]
async fn a_virtual_table_without_its_module_is_shown() {
    let mut tenant = Tenant::new().await;
    tenant.execute("PRAGMA writable_schema = ON").await.unwrap();
    tenant
        .execute("INSERT INTO sqlite_schema VALUES ('table', 'lost', 'lost', 0, 'CREATE VIRTUAL TABLE lost USING gone(a)')")
        .await
        .unwrap();
    tenant.execute("PRAGMA schema_version = 1000").await.unwrap();
    let found = tenant.inspected().await;
    assert!(found.tables["lost"].checks["sqlite: definition"].expression.contains("gone(a)"));
}
