//! `tenantry schema` and `tenantry drift`: what scripts read, and the exit codes.

use super::with_acme;
use serde_json::Value;
use sqlx::Connection;
use std::{path::Path, process::Command};

fn run(data: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .args(arguments)
        .env("TENANTRY_DATA_DIR", data)
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_checks_puts_back_keeps_and_leaves_alone() {
    let (place, app) = with_acme().await;
    let file = place.tenants_folder().join(place.files().first().unwrap());
    app.store.close().await;
    let data = place.folder.path();
    assert_eq!(run(data, &["drift", "check", "acme"]).0, 0);
    let (code, text) = run(data, &["schema", "show", "acme"]);
    assert!(code == 0 && text.contains("CREATE TABLE members"), "{text}");
    assert_eq!(run(data, &["schema", "diff", "acme", "--expected"]), (0, "They are the same.\n".into()));
    let mut tenant = sqlx::SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    sqlx::raw_sql("DROP INDEX members__idx_full_name; ALTER TABLE members ADD COLUMN own TEXT; CREATE INDEX own_x ON members (phone)")
        .execute(&mut tenant)
        .await
        .unwrap();
    tenant.close().await.unwrap();
    let (code, text) = run(data, &["drift", "check", "--all", "--json"]);
    let answer: Value = serde_json::from_str(&text).unwrap_or_else(|cause| panic!("{cause}: {text}"));
    let item = &answer["items"][0];
    assert_eq!((code, item["tenant"].as_str(), item["level"].as_str()), (1, Some("acme"), Some("medium")));
    assert_eq!(item["schema_hash"].as_str().unwrap().len(), 64);
    let differences = item["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 3, "{text}");
    for key in ["id", "object", "change", "severity", "expected", "found"] {
        assert!(differences.iter().all(|difference| difference.get(key).is_some()), "{key}: {text}");
    }
    let id = |change: &str, kind: &str| {
        let found = differences.iter().find(|one| one["change"] == change && one["kind"] == kind);
        found.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (code, text) = run(data, &["schema", "diff", "acme", "--expected"]);
    assert!(code == 1 && text.contains("idx_full_name"), "{text}");
    let missing = id("removed", "index");
    let (code, text) = run(data, &["drift", "repair", "acme", &missing]);
    assert!(code == 0 && text.contains("CREATE INDEX") && text.contains("Nothing was run"), "{text}");
    assert_eq!(run(data, &["drift", "check", "acme"]).0, 1, "showing the SQL has changed nothing");
    let (code, text) = run(data, &["drift", "repair", "acme", &missing, "--yes"]);
    assert!(code == 0 && text.contains("Put back"), "{text}");
    let (code, text) =
        run(data, &["drift", "adopt", "acme", &id("added", "column"), "--reason", "The board wants it."]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(
        run(data, &["drift", "ignore", "acme", &id("added", "index"), "--reason", "x", "--days", "0"]).0,
        2
    );
    assert_eq!(run(data, &["drift", "ignore", "acme", &id("added", "index"), "--reason", "A trial."]).0, 0);
    assert_eq!(run(data, &["drift", "check", "nobody"]).0, 1);
    assert_eq!(run(data, &["drift", "check"]).0, 2, "nobody is named");
    std::fs::remove_file(&file).unwrap();
    let (code, text) = run(data, &["drift", "check", "acme"]);
    assert!(code == 1 && text.contains("could not be looked at"), "{text}");
}
