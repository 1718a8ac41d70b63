//! What goes into the files: it comes back bit by bit, is of one moment, and takes little memory.

use crate::support::{self, Place, ask, open_tenant, tenant, work_off};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Write},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, mpsc},
};
use tenantry::{
    app::App,
    apply::export::{archive::Contents, csv::CsvFor},
    engine::sqlite::inspect,
    error::Kind,
    store::tenants::Tenant,
    usecases::{
        actor::Actor,
        exports::{self, Wanted},
    },
};

/// Everything that makes trouble, in one database.
const NASTY: &str = r#"
CREATE TABLE "odd ""name"", =1+1" ("=cmd" TEXT, "select" INTEGER, "ü ,""x" BLOB, plain);
INSERT INTO "odd ""name"", =1+1" VALUES
    ('=1+1', 1, x'00ff', NULL), ('', -1, x'', ''), (NULL, NULL, NULL, 1.5), ('\N', 9223372036854775807, zeroblob(3), '\N'),
    ('O''Hara "x", y', -9223372036854775808, CAST('text' AS BLOB), 'line
break'), (CAST(x'610062' AS TEXT), 0, x'27', CAST(x'0d0a' AS TEXT)), (CAST(x'fffe' AS TEXT), 3, NULL, 0.1 + 0.2),
    ('سلام 上海 🦀', 7, NULL, 1e300), (';', 8, NULL, 4.9e-324), ('--', 9, NULL, -9e999), ('.quit', 10, NULL, '12');
CREATE TABLE Eggs (id INTEGER PRIMARY KEY, hen_id INTEGER NOT NULL REFERENCES hens(id));
CREATE TABLE hens (id INTEGER PRIMARY KEY, egg_id INTEGER REFERENCES eggs(id), mother_id INTEGER REFERENCES hens(id));
INSERT INTO hens VALUES (1, 1, 2), (2, 1, 1);
INSERT INTO Eggs VALUES (1, 1);
CREATE TABLE a_child (id INTEGER PRIMARY KEY, parent TEXT NOT NULL REFERENCES z_parent(code)); -- a comment
CREATE TABLE z_parent (code TEXT PRIMARY KEY /* ; */, "from" DATE DEFAULT '2026-01-01' -- no end
) WITHOUT ROWID;
INSERT INTO z_parent VALUES ('b', '2026-11-25'), ('A', '0000-00-00'), ('c', NULL);
INSERT INTO a_child VALUES (5, 'A'), (3, 'b');
CREATE TABLE sums (id INTEGER PRIMARY KEY AUTOINCREMENT, price REAL, count INTEGER,
    total REAL GENERATED ALWAYS AS (price * count) VIRTUAL, label TEXT AS ('#' || count) STORED);
INSERT INTO sums (price, count) VALUES (19.99, 3), (0.07, 100), (1.0, 1);
DELETE FROM sums WHERE count = 1;
CREATE TABLE pairs (k1 TEXT COLLATE NOCASE, k2 REAL, v BLOB, PRIMARY KEY (k1, k2 DESC)) WITHOUT ROWID;
INSERT INTO pairs VALUES ('b', 1.5, randomblob(50000)), ('B', 2.5, 'small'), ('a', -1, randomblob(70000)), ('a', 5, NULL);
CREATE TABLE shadows (rowid TEXT, _rowid_ TEXT, oid BLOB);
INSERT INTO shadows VALUES ('1', '2', randomblob(40000)), (NULL, '', x'');
CREATE TABLE exact (anything ANY, bytes BLOB, number INT) STRICT;
INSERT INTO exact VALUES ('12', x'01', 1), (12, NULL, 2), (12.0, randomblob(100000), 3), (x'3132', NULL, 4), ('x', randomblob(33000), 5);
CREATE TABLE nobody (id INTEGER PRIMARY KEY);
CREATE TABLE defaults_only (id INTEGER PRIMARY KEY, same TEXT AS ('x') VIRTUAL);
CREATE VIRTUAL TABLE words USING fts5(title, body);
INSERT INTO words VALUES ('one', 'the quick brown fox'), ('two', 'jumps; over');
CREATE UNIQUE INDEX one_price ON sums (price) WHERE count > 0;
CREATE INDEX by_word ON a_child (lower(parent) DESC, id);
CREATE VIEW "hen's eggs" AS SELECT h.id, count(*) AS eggs FROM hens h LEFT JOIN Eggs e ON e.hen_id = h.id GROUP BY h.id;
CREATE TRIGGER no_change AFTER INSERT ON sums BEGIN
    UPDATE sums SET price = CASE WHEN new.price > 5 THEN 5 ELSE new.price END WHERE id = new.id;
    DELETE FROM exact;
END;
CREATE TRIGGER into_view INSTEAD OF INSERT ON "hen's eggs" BEGIN SELECT 1; END;
PRAGMA user_version = 42;
"#;

async fn run_sql(connection: &mut SqliteConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.unwrap();
}

async fn nasty_tenant(place: &Place, app: &App) -> Tenant {
    ask(app, "Nasty", &[]).await;
    work_off(app).await;
    let tenant = tenant(app, "nasty").await;
    let mut connection = open_tenant(place, &tenant).await;
    run_sql(&mut connection, "PRAGMA foreign_keys = OFF").await;
    run_sql(&mut connection, NASTY).await;
    connection.close().await.unwrap();
    tenant
}

async fn open_file(file: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .foreign_keys(false)
        .connect()
        .await
        .unwrap()
}

/// The tenant's tables with every value of every row, told apart by type and by bit.
async fn content(connection: &mut SqliteConnection) -> BTreeMap<String, Vec<String>> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'tenantry%' AND name NOT LIKE 'sqlite\\_s%' ESCAPE '\\'",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let mut content = BTreeMap::new();
    for name in names {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid")
                .bind(&name)
                .fetch_all(&mut *connection)
                .await
                .unwrap();
        let values: Vec<String> = columns
            .iter()
            .map(|column| {
                let column = format!("\"{}\"", column.replace('"', "\"\""));
                format!(
                    "CASE typeof({column}) WHEN 'text' THEN 't' || hex({column}) ELSE quote({column}) END"
                )
            })
            .collect();
        let sql = format!("SELECT {} AS line FROM {quoted}", values.join(" || ',' || "));
        let mut rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *connection).await.unwrap();
        rows.sort();
        content.insert(name, rows);
    }
    content
}

async fn dump(app: &App, slug: &str, wanted: Wanted, file: &Path) -> u64 {
    let out = Box::new(File::create(file).unwrap());
    exports::stream(app, &Actor::CommandLine, slug, wanted, out, Arc::default()).await.unwrap().rows
}

/// Loads a dump with the sqlite3 program.
fn load_with_sqlite3(dump: &Path, into: &Path) {
    let loaded = Command::new("sqlite3")
        .arg("-bail")
        .arg(into)
        .stdin(File::open(dump).unwrap())
        .output()
        .expect("sqlite3 is installed (tests/run does that)");
    assert!(
        loaded.status.success() && loaded.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&loaded.stderr)
    );
}

/// A dump gives back the same schema and the same rows, through the sqlite3 program and through our own engine.
async fn check_round_trip(place: &Place, app: &App, tenant: &Tenant) {
    let mut source = open_tenant(place, tenant).await;
    let (schema, rows) = (inspect(&mut source).await.unwrap(), content(&mut source).await);
    assert!(rows.len() > 5, "{:?}", rows.keys());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump.sql");
    let count = dump(app, &tenant.slug, Wanted::Sql(None), &file).await;
    assert_eq!(count, rows.values().map(|rows| u64::try_from(rows.len()).unwrap()).sum::<u64>());
    let text = std::fs::read(&file).unwrap();
    assert!(
        !String::from_utf8(text.clone()).unwrap().contains("tenantry_"),
        "Tenantry's own tables stay at home"
    );

    let by_program = folder.path().join("program.db");
    load_with_sqlite3(&file, &by_program);
    let mut ours = open_file(&folder.path().join("ours.db")).await;
    run_sql(&mut ours, &String::from_utf8(text).unwrap()).await;
    for mut restored in [open_file(&by_program).await, ours] {
        assert_eq!(
            inspect(&mut restored).await.unwrap().fingerprint(),
            schema.fingerprint(),
            "{}",
            tenant.slug
        );
        let found = content(&mut restored).await;
        for (table, rows) in &rows {
            assert_eq!(found.get(table), Some(rows), "{} {table}", tenant.slug);
        }
        let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut restored).await.unwrap();
        assert!(dangling.is_empty());
        for question in ["PRAGMA user_version", "SELECT seq FROM sqlite_sequence WHERE name = 'sums'"] {
            let ask = |connection| sqlx::query_scalar::<_, i64>(question).fetch_optional(connection);
            assert_eq!(ask(&mut restored).await.ok(), ask(&mut source).await.ok(), "{question}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_every_template_gives_back_the_same_tables_and_rows() {
    let place = Place::new();
    let app = place.open().await;
    for template in ["basic", "ngo"] {
        let detail =
            tenantry::usecases::templates::show(&app, &Actor::CommandLine, template, "1.0.0").await.unwrap();
        let form = tenantry::usecases::tenants::CreateForm {
            template: template.into(),
            modules: detail
                .modules
                .iter()
                .filter(|module| !module.is_core)
                .map(|module| module.name.clone())
                .collect(),
            ..support::form(template, &[])
        };
        tenantry::usecases::tenants::create(&app, &Actor::CommandLine, form).await.unwrap();
    }
    work_off(&app).await;
    for template in ["basic", "ngo"] {
        check_round_trip(&place, &app, &tenant(&app, template).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_every_odd_name_type_and_value_gives_back_the_same_bit_by_bit() {
    let place = Place::new();
    let app = place.open().await;
    let nasty = nasty_tenant(&place, &app).await;
    check_round_trip(&place, &app, &nasty).await;
    // The same from a file in WAL mode, which is read where it is.
    let mut connection = open_tenant(&place, &nasty).await;
    run_sql(&mut connection, "PRAGMA journal_mode = WAL").await;
    check_round_trip(&place, &app, &nasty).await;
    let left: Vec<_> =
        place.files().into_iter().filter(|name| !name.starts_with(&nasty.database_name)).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_table_can_be_dumped_alone_and_an_unknown_one_is_told_with_those_that_there_are() {
    let place = Place::new();
    let app = place.open().await;
    let nasty = nasty_tenant(&place, &app).await;
    let file = place.folder.path().join("one.sql");
    let rows = dump(&app, "nasty", Wanted::Sql(Some("sums".into())), &file).await;
    assert_eq!(rows, 2);
    let database = place.folder.path().join("one.db");
    // Its trigger names a table that is not there, which SQLite minds only when it fires.
    load_with_sqlite3(&file, &database);
    let mut restored = open_file(&database).await;
    let found = content(&mut restored).await;
    let mut source = open_tenant(&place, &nasty).await;
    assert_eq!(found.keys().collect::<Vec<_>>(), ["sums"]);
    assert_eq!(found["sums"], content(&mut source).await["sums"]);
    let wanted = Wanted::Csv("summs".into(), CsvFor::Programs);
    let error =
        exports::stream(&app, &Actor::CommandLine, "nasty", wanted, Box::new(io::sink()), Arc::default())
            .await
            .unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(error.message.contains("no table summs") && error.message.contains("sums"), "{}", error.message);
}

/// What a cell of the exact form is, beside the value in the database.
fn cell(row: &sqlx::sqlite::SqliteRow, place: usize) -> Vec<u8> {
    use sqlx::{TypeInfo, ValueRef};
    let raw = row.try_get_raw(place).unwrap();
    if raw.is_null() {
        return b"\\N".to_vec();
    }
    let hex = |bytes: &[u8]| {
        let digit = |number: u8| b"0123456789abcdef"[usize::from(number)];
        let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        b"\\x".iter().copied().chain(digits).collect::<Vec<u8>>()
    };
    match raw.type_info().name() {
        "INTEGER" => row.get_unchecked::<i64, _>(place).to_string().into_bytes(),
        "REAL" => format!("{:?}", row.get_unchecked::<f64, _>(place)).into_bytes(),
        "TEXT" => {
            let bytes = row.get_unchecked::<&[u8], _>(place);
            if std::str::from_utf8(bytes).is_ok() { bytes.to_vec() } else { hex(bytes) }
        }
        _ => hex(row.get_unchecked::<&[u8], _>(place)),
    }
}

pub fn unzip(file: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(File::open(file).unwrap()).unwrap();
    let mut found = BTreeMap::new();
    for place in 0..zip.len() {
        let mut entry = zip.by_index(place).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        found.insert(entry.name().unwrap().into_owned(), bytes);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_zip_holds_each_table_as_csv_that_a_reader_gives_back_and_a_manifest_that_is_true() {
    let place = Place::new();
    let app = place.open().await;
    let nasty = nasty_tenant(&place, &app).await;
    let file = place.folder.path().join("nasty.zip");
    let contents = Contents { sql: true, csv: true, for_spreadsheets: false };
    exports::stream_archive(
        &app,
        &Actor::CommandLine,
        "nasty",
        contents,
        File::create(&file).unwrap(),
        Arc::default(),
    )
    .await
    .unwrap();
    let checked = Command::new("python3").args(["-m", "zipfile", "-t"]).arg(&file).output();
    if let Ok(checked) = checked {
        assert!(checked.status.success(), "{checked:?}");
    }
    let files = unzip(&file);
    let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    assert_eq!(manifest["tenant_name"], "Nasty");
    assert_eq!(manifest["template_version"], "1.0.0");
    assert!(String::from_utf8_lossy(&files["README.txt"]).contains("at the same moment"));
    for entry in manifest["files"].as_array().unwrap() {
        let bytes = &files[entry["name"].as_str().unwrap()];
        assert_eq!(entry["bytes"], bytes.len());
        assert_eq!(entry["sha256"], tenantry::digest::sha256_hex(bytes));
    }
    assert_eq!(files.len(), manifest["files"].as_array().unwrap().len() + 1);
    let mut source = open_tenant(&place, &nasty).await;
    for table in manifest["tables"].as_array().unwrap() {
        let name = table["name"].as_str().unwrap();
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {quoted}")))
            .fetch_all(&mut source)
            .await
            .unwrap();
        assert_eq!(table["rows"], rows.len(), "{name}");
        let bytes = &files[table["csv"].as_str().unwrap()];
        let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(bytes.as_slice());
        let mut read: Vec<Vec<Vec<u8>>> = Vec::new();
        for record in reader.byte_records() {
            read.push(record.unwrap().iter().map(<[u8]>::to_vec).collect());
        }
        let mut expected: Vec<Vec<Vec<u8>>> =
            rows.iter().map(|row| (0..row.len()).map(|place| cell(row, place)).collect()).collect();
        read.sort();
        expected.sort();
        assert_eq!(read, expected, "{name}");
    }
}

/// Takes what is written, and holds the writer up at the first bytes until it is told to go on.
struct HeldUp {
    file: File,
    begun: Option<mpsc::Sender<()>>,
    go_on: mpsc::Receiver<()>,
}

impl Write for HeldUp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(begun) = self.begun.take() {
            begun.send(()).unwrap();
            self.go_on.recv().unwrap();
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_written_meanwhile_the_export_is_of_one_moment_and_the_writer_does_not_wait_for_it() {
    for mode in ["DELETE", "WAL"] {
        let place = Place::new();
        let app = place.open().await;
        ask(&app, "Busy", &[]).await;
        work_off(&app).await;
        let busy = tenant(&app, "busy").await;
        let mut writer = open_tenant(&place, &busy).await;
        run_sql(&mut writer, &format!("PRAGMA journal_mode = {mode}; PRAGMA busy_timeout = 0;")).await;
        run_sql(
            &mut writer,
            "CREATE TABLE accounts (id INTEGER PRIMARY KEY, amount INTEGER, note TEXT);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
             INSERT INTO accounts SELECT i, 100, printf('%.100c', 'x') FROM n;",
        )
        .await;
        let before = content(&mut writer).await;
        let dumped = place.folder.path().join("dump.sql");
        let ((begun, has_begun), (go_on, may_go_on)) = (mpsc::channel(), mpsc::channel());
        let out = HeldUp { file: File::create(&dumped).unwrap(), begun: Some(begun), go_on: may_go_on };
        let exporting = tokio::spawn({
            let app = app.clone();
            async move {
                let wanted = Wanted::Sql(None);
                exports::stream(&app, &Actor::CommandLine, "busy", wanted, Box::new(out), Arc::default())
                    .await
            }
        });
        tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
        run_sql(
            &mut writer,
            "BEGIN IMMEDIATE; UPDATE accounts SET amount = 99 WHERE id > 4000; DELETE FROM accounts WHERE id = 4999;
             INSERT INTO accounts VALUES (9999, 1, 'late'); COMMIT;",
        )
        .await;
        go_on.send(()).unwrap();
        exporting.await.unwrap().unwrap();
        let database = place.folder.path().join("restored.db");
        load_with_sqlite3(&dumped, &database);
        assert_eq!(content(&mut open_file(&database).await).await, before, "{mode}");
        assert_ne!(content(&mut writer).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_plainly() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "Acme", &[]).await;
    work_off(&app).await;
    let error =
        exports::stream(&app, &Actor::CommandLine, "acme", Wanted::Sql(None), Box::new(Full), Arc::default())
            .await
            .unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.message.contains("The disk is full") && error.reference.is_some(), "{}", error.message);
}

/// The most memory that a process had in use, in KiB.
#[cfg(target_os = "linux")]
fn most_memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok())
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_large_tenant_takes_no_more_memory_than_its_largest_row() {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "Large", &[]).await;
    work_off(&app).await;
    let large = tenant(&app, "large").await;
    let mut connection = open_tenant(&place, &large).await;
    // Many small rows, with pictures of 2 MB among them. `tests/run --torture 10` makes it two million rows.
    let more: u32 = std::env::var("TENANTRY_TORTURE").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let rows = 200_000 * more;
    run_sql(
        &mut connection,
        &format!(
            "PRAGMA synchronous = OFF;
             CREATE TABLE visits (id INTEGER PRIMARY KEY, note TEXT, picture BLOB);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             INSERT INTO visits SELECT i, printf('visit %d %.100c', i, 'x'),
                 CASE WHEN i % 5000 = 0 THEN randomblob(2000000) END FROM n;"
        ),
    )
    .await;
    connection.close().await.unwrap();
    for arguments in [&["--format", "sql"][..], &["--format", "csv", "--table", "visits"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenantry"))
            .args(["--data-dir", &place.folder.path().display().to_string(), "tenants", "export", "large"])
            .args(arguments)
            .env("TENANTRY_CONFIG", "")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut buffer = vec![0; 1 << 20];
        let (mut bytes, mut most) = (0_usize, 0);
        loop {
            let count = stdout.read(&mut buffer).unwrap();
            if count == 0 {
                break;
            }
            bytes += count;
            most = most_memory(child.id()).unwrap_or_default().max(most);
        }
        assert!(child.wait().unwrap().success());
        assert!(bytes > 150_000_000, "{bytes}");
        assert!(most > 0 && most < 90_000, "{arguments:?} took {most} KiB");
    }
}
