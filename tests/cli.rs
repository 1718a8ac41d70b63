//! The command line, as scripts use it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

use serde_json::Value;
use std::{path::Path, process::Command};

fn run(data: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .args(arguments)
        .env("TENANTRY_DATA_DIR", data)
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(data: &Path, arguments: &[&str]) -> Value {
    let (code, out, err) = run(data, arguments);
    assert_eq!(code, 0, "{out}{err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

#[test]
fn a_tenant_is_created_listed_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let created = json(
        data,
        &[
            "tenants",
            "create",
            "--name",
            "Acme Foundation",
            "--email",
            "Dana@Example.org",
            "--template",
            "ngo",
            "--plan",
            "premium",
            "--module",
            "events",
            "--wait",
            "--json",
        ],
    );
    for key in ["id", "name", "slug", "status", "template", "template_version", "plan", "database_name"] {
        assert!(created[key].is_string(), "{key}: {created}");
    }
    assert_eq!(created["status"], "active");
    assert_eq!(created["slug"], "acme-foundation");
    assert_eq!(created["email"], "dana@example.org");
    assert_eq!(created["plan"], "premium");
    assert!(
        data.join("tenants").join(format!("{}.db", created["database_name"].as_str().unwrap())).is_file()
    );

    let list = json(data, &["tenants", "list", "--json"]);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["id"], created["id"]);
    let shown = json(data, &["tenants", "show", "acme-foundation", "--json"]);
    assert_eq!(shown, created);
    let (code, text, _) = run(data, &["tenants", "show", "acme-foundation"]);
    assert!(code == 0 && text.contains("Acme Foundation") && text.contains("active"));
    let none = json(data, &["tenants", "list", "--status", "failed", "--json"]);
    assert_eq!(none["items"].as_array().unwrap().len(), 0);
}

#[test]
fn without_wait_the_tenant_is_asked_for_and_a_worker_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let created = json(
        folder.path(),
        &[
            "tenants",
            "create",
            "--name",
            "Later",
            "--email",
            "a@example.org",
            "--template",
            "basic",
            "--json",
        ],
    );
    assert_eq!(created["status"], "pending");
}

#[test]
fn mistakes_are_named_by_their_flag_and_end_with_2_and_what_is_not_there_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let (code, _, said) =
        run(data, &["tenants", "create", "--name", "X", "--email", "nonsense", "--template", "zoo"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("--email") && said.contains("--template") && said.contains("ngo"), "{said}");
    let (code, _, said) = run(data, &["tenants", "show", "nobody"]);
    assert_eq!(code, 1, "{said}");
    let (code, _, _) = run(data, &["tenants", "create", "--name", "X"]);
    assert_eq!(code, 2);
}

#[test]
fn a_broken_template_is_reported_with_file_and_line_and_imports_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let club = folder.path().join("templates/club");
    std::fs::create_dir_all(club.join("modules")).unwrap();
    std::fs::write(
        club.join("template.toml"),
        "name = \"Club\"\ndescription = \"A club.\"\nversion = \"1.0.0\"\n",
    )
    .unwrap();
    std::fs::write(club.join("schema.sql"), "CREATE TABLE a (id INT PRIMARY KEY);\n\nCREATE TABLE b (\n  id INT PRIMARY KEY,\n  a_id INT,\n  FOREIGN KEY (a_id) REFERENCES missing(id)\n);\n").unwrap();
    let path = folder.path().join("templates");
    let path = path.to_str().unwrap();
    for verb in ["check", "import"] {
        let (code, said, _) = run(&data, &["templates", verb, path]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("club/schema.sql:3") && said.contains("missing"), "{said}");
    }
    let (_, said, _) = run(&data, &["templates", "list", "--json"]);
    assert!(!said.contains("club"), "{said}");

    std::fs::write(
        club.join("schema.sql"),
        "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) NOT NULL);\n",
    )
    .unwrap();
    let results = json(&data, &["templates", "import", path, "--json"]);
    assert_eq!(results["items"][0]["fate"], "imported", "{results}");
    let results = json(&data, &["templates", "import", path, "--json"]);
    assert_eq!(results["items"][0]["fate"], "unchanged", "{results}");
    let made = json(
        &data,
        &[
            "tenants",
            "create",
            "--name",
            "Chess",
            "--email",
            "a@example.org",
            "--template",
            "club",
            "--wait",
            "--json",
        ],
    );
    assert_eq!(made["status"], "active");

    // In use, so it stays as it is.
    std::fs::write(club.join("schema.sql"), "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY);\n")
        .unwrap();
    let (code, said, _) = run(&data, &["templates", "import", path]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("higher version"), "{said}");
}

#[test]
fn people_are_invited_listed_and_given_a_new_password_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let base = ["users", "create", "--email", "Ada@Example.org", "--name", "Ada", "--role"];
    let with = |more: &[&'static str]| -> Vec<&'static str> {
        base.iter().copied().chain(more.iter().copied()).collect()
    };
    let made = json(data, &with(&["admin", "--json"]));
    assert_eq!(made["email"], "ada@example.org");
    assert_eq!(made["kind"], "invitation");
    assert!(made["link"].as_str().unwrap().contains("/password/"), "{made}");
    let list = json(data, &["users", "list", "--json"]);
    assert_eq!(
        (list["items"][0]["role"].as_str(), list["items"][0]["state"].as_str()),
        (Some("admin"), Some("invited"))
    );
    let (code, text, _) = run(data, &["users", "list"]);
    assert!(code == 0 && text.contains("ada@example.org") && text.contains("invited"), "{text}");
    let again = json(data, &["users", "reset-link", "--email", "ada@example.org", "--json"]);
    assert_ne!(again["link"], made["link"]);
    let (code, _, said) = run(data, &["users", "reset-link", "--email", "nobody@example.org"]);
    assert!(code == 1 && said.contains("nobody@example.org"), "{said}");
    let (code, _, said) = run(data, &["users", "create", "--email", "x", "--name", "X", "--role", "owner"]);
    assert!(code == 2 && said.contains("--email") && said.contains("--tenant"), "{said}");

    let typed = |email: &str, password: &str| {
        use std::io::Write;
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenantry"))
            .args([
                "users",
                "create",
                "--email",
                email,
                "--name",
                "Sam",
                "--role",
                "staff",
                "--password-stdin",
            ])
            .env("TENANTRY_DATA_DIR", data)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let both = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(both).unwrap())
    };
    let (code, said) = typed("sam@example.org", "password1234\n");
    assert!(code == 2 && said.contains("--password-stdin"), "{said}");
    assert_eq!(
        json(data, &["users", "list", "--json"])["items"].as_array().unwrap().len(),
        1,
        "nothing was made"
    );
    let (code, said) = typed("sam@example.org", "walnut orbit cinder fog\n");
    assert!(code == 0 && said.contains("can sign in now"), "{said}");
    let list = json(data, &["users", "list", "--json"]);
    assert_eq!(list["items"][1]["state"], "active");
}
