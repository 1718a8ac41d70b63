//! What scripts do with tenants after they were made: every command, its JSON, its refusals and its exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

use serde_json::Value;
use std::{fs, path::Path, process::Command};

fn run(data: &Path, arguments: &str) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .args(arguments.split_whitespace().map(|word| word.replace('_', " ")))
        .env("TENANTRY_DATA_DIR", data.join("data"))
        .env("TENANTRY_TEMPLATES_DIR", data.join("templates"))
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The JSON of a command that ends well.
fn json(data: &Path, arguments: &str) -> Value {
    let (code, out, err) = run(data, &format!("{arguments} --json"));
    assert_eq!(code, 0, "{arguments}: {out}{err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments}: {error}: {out}"))
}

/// What a command says that was typed wrongly: exit code 2.
fn mistake(data: &Path, arguments: &str) -> String {
    ends_with(2, data, arguments)
}

/// What a command says that cannot be done as things are: exit code 1.
fn refusal(data: &Path, arguments: &str) -> String {
    ends_with(1, data, arguments)
}

fn ends_with(wanted: i32, data: &Path, arguments: &str) -> String {
    let (code, out, err) = run(data, arguments);
    assert_eq!(code, wanted, "{arguments}: {out}{err}");
    assert!(out.is_empty(), "{arguments}: {out}");
    err
}

/// A folder with a template that fails for tenants with a long name, and one tenant in use, Acme.
fn with_acme() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("templates/narrow");
    fs::create_dir_all(&template).unwrap();
    for (name, text) in [
        ("template.toml", "name = \"Narrow\"\ndescription = \"Narrow.\"\nversion = \"1.0.0\"\n"),
        (
            "schema.sql",
            "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, slug VARCHAR(10) NOT NULL);\n",
        ),
        ("seed.sql", "INSERT INTO users (slug) VALUES ('{{TENANT_SLUG}}');\n"),
    ] {
        fs::write(template.join(name), text).unwrap();
    }
    let made =
        json(folder.path(), "tenants create --name Acme --email dana@example.org --template narrow --wait");
    assert_eq!(made["status"], "active");
    folder
}

#[test]
fn a_tenant_is_renamed_moved_to_a_plan_paused_archived_and_put_back() {
    let folder = with_acme();
    let data = folder.path();
    assert_eq!(json(data, "tenants rename acme --name Acme_Ltd --wait")["name"], "Acme Ltd");
    assert_eq!(json(data, "tenants set-plan acme premium --wait")["plan"], "premium");
    assert!(mistake(data, "tenants set-plan acme golden").contains("basic, premium or enterprise"));
    assert!(mistake(data, "tenants rename acme --name Acme_Ltd").contains("This is how it is already"));
    for (command, status) in
        [("suspend", "suspended"), ("resume", "active"), ("archive", "archived"), ("unarchive", "active")]
    {
        let shown = json(data, &format!("tenants {command} acme --wait"));
        assert_eq!((&shown["status"], &shown["slug"]), (&status.into(), &"acme".into()), "{command}");
        // What is so already cannot be asked for again.
        let said = refusal(data, &format!("tenants {command} acme"));
        assert!(said.contains("Acme Ltd is ") && said.contains("Nothing was changed"), "{command}: {said}");
    }
    assert!(refusal(data, "tenants suspend nobody").contains("There is no such tenant"));
    // Without --wait it is asked for, and the next command that works does it.
    let (code, out, _) = run(data, "tenants suspend acme");
    assert!(code == 0 && out.contains("--wait"), "{out}");
}

#[test]
fn a_tenant_is_copied_saved_and_restored() {
    let folder = with_acme();
    let data = folder.path();
    let copy = json(data, "tenants clone acme --name Copy --email olga@example.org --wait");
    assert_eq!(
        (&copy["slug"], &copy["status"], &copy["email"]),
        (&"copy".into(), &"active".into(), &"olga@example.org".into())
    );
    json(data, "tenants snapshot acme --note Before_the_move --wait");
    let list = json(data, "tenants snapshots acme");
    let snapshot = &list["items"][0];
    assert_eq!(snapshot["note"], "Before the move");
    assert_eq!(snapshot["sha256"].as_str().unwrap().len(), 64);
    let id = snapshot["id"].as_str().unwrap();
    let (code, table, _) = run(data, "tenants snapshots acme");
    assert!(code == 0 && table.contains(id) && table.contains("Before the move"), "{table}");
    assert_eq!(
        json(data, &format!("tenants restore acme --snapshot {id} --over --wait"))["status"],
        "active"
    );
    let new = format!("tenants restore acme --snapshot {id} --name Again --email olga@example.org --wait");
    assert_eq!(json(data, &new)["slug"], "again");
    let unknown = "tenants restore acme --snapshot 00000000-0000-7000-8000-000000000000 --over";
    assert!(refusal(data, unknown).contains("snapshot"), "an unknown one");
    assert!(mistake(data, &format!("tenants restore acme --snapshot {id}")).contains("--name"));
    // Another tenant's snapshot is none of this one's.
    assert!(refusal(data, &format!("tenants restore copy --snapshot {id} --over")).contains("snapshot"));
}

#[test]
fn a_tenant_is_deleted_by_its_name_and_kept_after_all() {
    let folder = with_acme();
    let data = folder.path();
    let said = mistake(data, "tenants delete acme --confirm Acne");
    assert!(said.contains("--confirm") && said.contains("Nothing was deleted"), "{said}");
    assert!(mistake(data, "tenants delete acme").contains("--confirm"), "the name is asked for");
    assert_eq!(json(data, "tenants delete acme --confirm Acme --wait")["status"], "deleting");
    assert!(refusal(data, "tenants suspend acme").contains("Acme"));
    assert_eq!(json(data, "tenants undelete acme --wait")["status"], "active");
    // A damaged one goes only where that is said.
    let folder_of_tenants = data.join("data/tenants");
    let file = fs::read_dir(folder_of_tenants).unwrap().flatten().map(|entry| entry.path());
    let file = file.into_iter().find(|path| path.extension().is_some_and(|end| end == "db")).unwrap();
    fs::write(&file, "garbage ".repeat(1_000)).unwrap();
    let (code, out, err) = run(data, "tenants delete acme --confirm Acme --wait");
    assert_eq!(code, 1, "{out}{err}");
    assert_eq!(json(data, "tenants show acme")["status"], "active");
    let gone = json(data, "tenants delete acme --confirm Acme --without-snapshot --wait");
    assert_eq!(gone["status"], "deleting");
}

#[test]
fn a_tenant_that_could_not_be_made_is_tried_again_or_taken_back() {
    let folder = with_acme();
    let data = folder.path();
    let create = "tenants create --name A_much_longer_name --email dana@example.org --template narrow --wait";
    let (code, out, err) = run(data, create);
    assert_eq!(code, 1, "{out}{err}");
    assert_eq!(json(data, "tenants show a-much-longer-name")["status"], "failed");
    let (code, _, err) = run(data, "tenants retry a-much-longer-name --wait");
    assert_eq!(code, 1, "it fails as before: {err}");
    let (code, said, _) = run(data, "tenants retry acme");
    assert!(code == 0 && said.contains("Nothing of Acme has failed"), "{said}");
    assert!(refusal(data, "tenants undo acme").contains("Acme"), "it is in use");
    assert_eq!(json(data, "tenants undo a-much-longer-name --wait")["status"], "deleted");
}
