//! `tenantry tenants export`, as scripts use it.

use crate::{
    files::unzip,
    support::{Place, ask, count, work_off},
};
use std::{path::Path, process::Command};

fn run(data: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .args(["tenants", "export"])
        .args(arguments)
        .env("TENANTRY_DATA_DIR", data)
        .env("TENANTRY_CONFIG", "")
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_gets_sql_or_a_table_through_a_pipe_and_a_zip_in_a_file() {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "Acme", &[]).await;
    work_off(&app).await;
    let data = place.folder.path();
    let (code, sql, said) = run(data, &["acme", "--format", "sql"]);
    assert_eq!(code, 0, "{said}");
    assert!(sql.starts_with("-- Acme (acme), as it was at ") && sql.ends_with("COMMIT;\n"), "{sql}");
    assert!(said.contains("rows of"), "{said}");
    let (code, table, _) = run(data, &["acme", "--format", "csv", "--table", "roles", "--for-spreadsheets"]);
    assert_eq!(code, 0);
    assert!(table.starts_with('\u{feff}') && table.lines().count() > 1, "{table}");
    let file = data.join("acme.zip");
    let (code, out, said) = run(data, &["acme", "--format", "zip", "--output", &file.display().to_string()]);
    assert_eq!((code, out.as_str()), (0, ""), "{said}");
    assert!(unzip(&file).contains_key("csv/roles.csv"));
    assert!(!data.join("acme.zip.part").exists());
    assert_eq!(count(&app, "events WHERE action = 'tenant_exported'").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_told_and_leaves_no_file() {
    let place = Place::new();
    let app = place.open().await;
    ask(&app, "Acme", &[]).await;
    let data = place.folder.path();
    let file = data.join("acme.sql");
    let file = file.display().to_string();
    let (code, _, said) = run(data, &["acme", "--format", "sql", "--output", &file]);
    assert!(code == 1 && said.contains("once it is ready"), "{code} {said}");
    work_off(&app).await;
    for (arguments, part) in [
        (&["acme", "--format", "csv"][..], "--table"),
        (&["acme", "--format", "zip"], "--output"),
        (&["acme", "--format", "csv", "--table", "rolls", "--output", &file], "roles"),
        (&["acme", "--format", "xml"], "sql, csv, zip"),
    ] {
        let (code, out, said) = run(data, arguments);
        assert!(code == 2 && out.is_empty() && said.contains(part), "{code} {said}");
    }
    let (code, _, said) = run(data, &["nobody", "--format", "sql"]);
    assert!(code == 1 && said.contains("no such tenant"), "{said}");
    let left: Vec<_> = std::fs::read_dir(data).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("acme.sql")), "{left:?}");
}
