//! Reading everything as it is at one moment.

use crate::ground::Ground;
use tenantry::{
    engine::{
        Reading,
        reading::{ReadTable, Value},
    },
    schema::Schema,
};

fn text(value: &Value<'_>) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Bytes(bytes) => bytes.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}")),
    }
}

fn table(reading: &dyn Reading, name: &str) -> ReadTable {
    reading.tables().iter().find(|table| table.name == name).unwrap().clone()
}

async fn all(reading: &mut dyn Reading, name: &str) -> Vec<Vec<String>> {
    let table = table(reading, name);
    let mut rows = Vec::new();
    let number = reading
        .rows(&table, &mut |row| {
            rows.push(row.iter().map(text).collect());
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((number, table.rows), (rows.len() as u64, rows.len() as u64));
    rows
}

/// All rows of a table as texts.
pub async fn rows(mut reading: Box<dyn Reading>, name: &str) -> Vec<Vec<String>> {
    let rows = all(reading.as_mut(), name).await;
    reading.close().await;
    rows
}

async fn begin(ground: &Ground) -> Box<dyn Reading> {
    let tenant = &ground.tenant;
    ground.engine.look(&tenant.name, tenant.id()).await.unwrap().read().await.unwrap()
}

/// Ten thousand rows, written in no order; more than go in one packet or page.
async fn many(ground: &Ground) -> Vec<Vec<String>> {
    let tenant = ground.made().await;
    ground.apply(tenant, "table", "CREATE TABLE a (id INT PRIMARY KEY, n INT);").await.unwrap();
    for part in 0..20 {
        let values: Vec<String> = (0..500)
            .map(|row| {
                let id = (part * 500 + row) * 7919 % 10_000;
                format!("({id}, {})", id * 2)
            })
            .collect();
        let insert = format!("INSERT INTO a (id, n) VALUES {};", values.join(", "));
        ground.apply(tenant, &format!("rows {part}"), &insert).await.unwrap();
    }
    rows(begin(ground).await, "a").await
}

fn expected() -> Vec<Vec<String>> {
    (0..10_000).map(|id| vec![id.to_string(), (id * 2).to_string()]).collect()
}

pub async fn every_row_is_read(ground: &Ground) {
    let mut read = many(ground).await;
    read.sort_by_key(|row| row[0].parse::<i64>().unwrap());
    assert_eq!(read, expected());
}

pub async fn rows_come_in_the_order_of_their_key(ground: &Ground) {
    assert!(many(ground).await == expected(), "not in the order of the key");
}

pub async fn every_value_is_read_as_it_was_written(ground: &Ground) {
    let tenant = ground.made().await;
    let large = "x'; \\ \" ü ".repeat(120_000);
    let text = format!(
        "CREATE TABLE a (id BIGINT PRIMARY KEY, name VARCHAR(200) NULL, body LONGTEXT NULL, raw VARBINARY(9) NULL, day DATE NULL, share DOUBLE NULL);
         INSERT INTO a (id, name, body, raw, day, share) VALUES
         (-9223372036854775807, '', '', X'00FF27', '2026-01-02', 0.1), (0, NULL, NULL, NULL, NULL, NULL),
         (9223372036854775807, 'O''Hara \\\\ \"x\"; -- 日本 🙂', '{}', X'', '1000-01-01', -0.25);",
        large.replace('\\', "\\\\").replace('\'', "''")
    );
    ground.apply(tenant, "one", &text).await.unwrap();
    let read = rows(begin(ground).await, "a").await;
    assert_eq!(read[0], ["-9223372036854775807", "", "", "0x00ff27", "2026-01-02", "0.1"]);
    assert_eq!(read[1], ["0", "NULL", "NULL", "NULL", "NULL", "NULL"]);
    assert_eq!(read[2][..2], ["9223372036854775807", "O'Hara \\ \"x\"; -- 日本 🙂"]);
    assert!(read[2][2] == large, "{} of {} bytes", read[2][2].len(), large.len());
    assert_eq!(read[2][3..], ["0x", "1000-01-01", "-0.25"]);
}

pub async fn what_others_refer_to_is_read_first(ground: &Ground) {
    let tenant = ground.made().await;
    let text = "
        CREATE TABLE z (id INT PRIMARY KEY);
        CREATE TABLE m (id INT PRIMARY KEY, z_id INT, m_id INT, CONSTRAINT of_z FOREIGN KEY (z_id) REFERENCES z (id), CONSTRAINT of_m FOREIGN KEY (m_id) REFERENCES m (id));
        CREATE TABLE a (id INT PRIMARY KEY, m_id INT, CONSTRAINT of_other FOREIGN KEY (m_id) REFERENCES m (id));
        CREATE VIEW v AS SELECT id FROM a;
        INSERT INTO z (id) VALUES (1);
    ";
    ground.apply(tenant, "one", text).await.unwrap();
    let mut reading = begin(ground).await;
    // Our own tables and views are no part of it.
    let names: Vec<&str> = reading.tables().iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["z", "m", "a"]);
    assert!(all(reading.as_mut(), "a").await.is_empty());
    let columns: Vec<String> =
        table(reading.as_ref(), "m").columns.into_iter().map(|column| column.name).collect();
    assert_eq!(columns, ["id", "z_id", "m_id"]);
    // Whoever takes the rows may say no.
    let z = table(reading.as_ref(), "z");
    let stopped = reading.rows(&z, &mut |_| Err(std::io::Error::other("enough"))).await;
    assert!(stopped.unwrap_err().to_string().contains("enough"));
    let opening = reading.opening(None);
    assert!(opening.contains("CREATE TABLE"), "{opening}");
    assert!(!opening.contains("tenantry_owner") && !opening.contains("tenantry_ledger"), "{opening}");
    reading.close().await;
    assert_ne!(ground.inspect(tenant).await, Schema::default());
}

pub async fn what_is_written_meanwhile_is_neither_seen_nor_kept_waiting(ground: &Ground) {
    let tenant = ground.filled().await;
    let mut reading = begin(ground).await;
    ground.write(tenant, "INSERT INTO people (id, name) VALUES (7, 'later')").await;
    assert_eq!(all(reading.as_mut(), "people").await.len(), 2);
    ground.write(tenant, "DELETE FROM gifts").await;
    assert_eq!(all(reading.as_mut(), "gifts").await.len(), 1);
    assert_eq!(all(reading.as_mut(), "people").await.len(), 2);
    reading.close().await;
    assert_eq!(rows(begin(ground).await, "people").await.len(), 3);
}
