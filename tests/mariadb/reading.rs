//! A dump of a database, put back by the server's own client program, is the same database.

use crate::{Ground, server::ADMIN};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use std::{
    io::Write,
    process::{Command, Stdio},
};
use tenantry::engine::{Engine, Reading};

async fn dump(reading: &mut dyn Reading) -> Vec<u8> {
    let mut out = reading.opening(None).into_bytes();
    let insert = reading.inserter();
    for table in reading.tables().to_vec() {
        let number = reading.rows(&table, &mut |row| insert(&table, row, &mut out)).await.unwrap();
        assert_eq!(number, table.rows, "{}", table.name);
    }
    out.extend(reading.closing(None).into_bytes());
    out
}

const ROWS: &str = r#"INSERT INTO a (name, data, raw, amount, ratio, big, at, day, half_day, kind, flag) VALUES
    ('O''Hara \\ "x"; -- \n\r\t 日本 🙂', '{"a": [1, "ü"]}', x'00ff27', 12345678.90, 0.1, 18446744073709551615, '2026-01-02 03:04:05', '2026-01-02', '11:12:13.5', 'it''s', 1),
    ('', NULL, '', -0.01, -1e300, 0, NULL, NULL, NULL, 'a', 0), ('NULL', '"NULL"', x'0a', 0, 1e-300, 1, NULL, NULL, NULL, 'a', 0)"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_is_put_back_by_the_client_program_and_reads_the_same() {
    let ground = Ground::made().await;
    let unit = [
        "CREATE TABLE z_parent (id INT PRIMARY KEY)",
        "CREATE TABLE a (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, parent_id INT NULL, name VARCHAR(200) NOT NULL, data JSON NULL, raw VARBINARY(9),
            amount DECIMAL(12,2), ratio DOUBLE, big BIGINT UNSIGNED, at TIMESTAMP NULL, day DATE, half_day TIME(1), kind ENUM('a', 'it''s'), flag TINYINT(1),
            twice INT GENERATED ALWAYS AS (flag * 2) VIRTUAL, updated_at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP,
            CONSTRAINT of_parent FOREIGN KEY (parent_id) REFERENCES z_parent (id)) COMMENT='it''s; all'",
        "CREATE SQL SECURITY INVOKER VIEW v AS SELECT id, name FROM a WHERE name <> ';'",
        "INSERT INTO z_parent VALUES (7)",
        ROWS,
        "UPDATE a SET parent_id = 7 WHERE id = 1",
    ];
    ground.apply(&ground.lock, "one", &unit).await.unwrap();
    let mut tenant = ground.as_tenant().await.unwrap();
    tenant
        .execute("CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN IF NEW.flag IS NULL THEN SET NEW.flag = 1; END IF; END")
        .await
        .unwrap();
    tenant
        .execute(
            "CREATE FUNCTION seven() RETURNS INT DETERMINISTIC BEGIN DECLARE x INT; SET x = 7; RETURN x; END",
        )
        .await
        .unwrap();
    let session = ground.engine.look(&ground.name, ground.lock.tenant_id).await.unwrap();
    let mut reading = session.read().await.unwrap();
    let names: Vec<&str> = reading.tables().iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["z_parent", "a"], "what others refer to comes first");
    // What is written meanwhile neither waits nor is seen.
    tenant.execute("INSERT INTO a (name) VALUES ('later')").await.unwrap();
    let first = dump(reading.as_mut()).await;
    reading.close().await;
    assert!(!String::from_utf8_lossy(&first).contains("later"));

    let mut admin = ground.server.admin().await;
    admin.execute("CREATE DATABASE back CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci").await.unwrap();
    let options = ground.server.options();
    let mut client = Command::new("mariadb")
        .args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1"])
        .arg(format!("--port={}", options.get_port()))
        .args([format!("--user={}", ADMIN.0), format!("--password={}", ADMIN.1), "back".to_owned()])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    client.stdin.take().unwrap().write_all(&first).unwrap();
    let done = client.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    assert_eq!(ground.number("SELECT back.seven()").await, 7);

    // The tables that were put back take the place of the tenant's, and are read again.
    let put_back = ground.name.as_str();
    tenant.execute("DELETE FROM a WHERE name = 'later'").await.unwrap();
    for table in ["z_parent", "a"] {
        let differs = format!(
            "SELECT COUNT(*) FROM (SELECT * FROM `{put_back}`.{table} EXCEPT SELECT * FROM back.{table}) AS d"
        );
        assert_eq!(ground.number(&differs).await, 0, "{table}");
        let differs = format!(
            "SELECT COUNT(*) FROM (SELECT * FROM back.{table} EXCEPT SELECT * FROM `{put_back}`.{table}) AS d"
        );
        assert_eq!(ground.number(&differs).await, 0, "{table}");
    }
    let mut back = ground.server.options().database("back").connect().await.unwrap();
    let live = tenantry::engine::mariadb::inspect(&mut back, "back").await.unwrap();
    let mut here = ground.server.options().database(put_back).connect().await.unwrap();
    assert_eq!(live, tenantry::engine::mariadb::inspect(&mut here, put_back).await.unwrap());
    assert!(live.views.contains_key("v") && live.triggers.contains_key("t"));
    back.execute(AssertSqlSafe("INSERT INTO a (name) VALUES ('next')".to_owned())).await.unwrap();
}
