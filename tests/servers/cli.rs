//! What scripts do with servers: every command, its JSON, its refusals and its exit codes.

use crate::ground::{Machine, Who};
use serde_json::Value;
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use tenantry::engine::server::Product;

fn run(data: &Path, arguments: &str, typed: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .args(arguments.split_whitespace().map(|word| word.replace('_', " ")))
        .env("TENANTRY_DATA_DIR", data.join("data"))
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn done(data: &Path, arguments: &str) -> String {
    let (code, out, err) = run(data, arguments, "");
    assert_eq!(code, 0, "{arguments}: {out}{err}");
    out
}

fn json(data: &Path, arguments: &str) -> Value {
    serde_json::from_str(&done(data, &format!("{arguments} --json"))).unwrap()
}

fn fails(data: &Path, arguments: &str, wanted: i32) -> String {
    let (code, out, err) = run(data, arguments, "");
    assert_eq!(code, wanted, "{arguments}: {out}{err}");
    format!("{out}{err}")
}

async fn whole_way(product: Product) {
    let machine = Machine::start(product).await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    assert_eq!(json(data, "servers list")["items"], serde_json::json!([]));
    let url = machine.url();
    let added = json(data, &format!("servers add eu-1 --url {url} --region eu --capacity 5 --weight 200"));
    assert_eq!((&added["name"], &added["engine"]), (&"eu-1".into(), &product.word().into()));
    assert!(added["problem"].is_null() && added["product"].as_str().unwrap().contains('.'), "{added}");
    assert!(!added.to_string().contains("of-the-test-only"));

    let created = json(
        data,
        "tenants create --name Acme --email dana@example.org --template basic --server eu-1 --wait",
    );
    assert_eq!((&created["status"], &created["server"]), (&"active".into(), &"eu-1".into()));
    assert_eq!(created["engine"], product.word());
    let name = created["database_name"].as_str().unwrap();
    let password = done(data, "tenants password acme");
    let account = account(&machine, name);
    let who = Who::Account(&account, password.trim());
    assert!(machine.ask(&who, name, "SELECT email FROM users").await.is_some());
    assert!(fails(data, "tenants password acme", 1).contains("shown once"));
    done(data, "tenants new-password acme --wait");
    assert!(machine.ask(&who, name, "SELECT email FROM users").await.is_none());
    let by_engine = json(
        data,
        &format!(
            "tenants create --name Two --email a@b.co --template basic --engine {} --region eu",
            product.word()
        ),
    );
    assert_eq!(by_engine["server"], "eu-1");
    let beside = json(data, "tenants create --name Three --email a@b.co --template basic --engine sqlite");
    assert!(beside["server"].is_null() && beside["engine"] == "sqlite");

    assert!(done(data, "servers list").contains("2 of 5 places used"));
    assert!(done(data, "servers test eu-1").contains("Nothing is missing"));
    assert!(done(data, "servers drain eu-1").contains("takes no new tenants"));
    assert_eq!(json(data, "servers list")["items"][0]["draining"], true);
    assert!(
        fails(data, "tenants create --name Four --email a@b.co --template basic --server eu-1", 2)
            .contains("takes no new tenants")
    );
    assert!(done(data, "servers drain eu-1 --undo").contains("takes new tenants again"));
    assert!(fails(data, "servers remove eu-1", 1).contains("2 tenants are on the server eu-1"));
    refusals(data, &url);
}

/// The account of a database: on both products it is told with the address.
fn account(machine: &Machine, database: &str) -> String {
    match machine.product() {
        Product::MariaDb if database.len() > 32 => unreachable!("the test's names are short"),
        _ => database.to_owned(),
    }
}

fn refusals(data: &Path, url: &str) {
    let twice = fails(data, &format!("servers add eu-1 --url {url}"), 2);
    assert!(twice.starts_with("NAME: There is a server eu-1 already"), "{twice}");
    let wrong =
        fails(data, &format!("servers add eu-2 --url {}", url.replace("of-the-test-only", "hunter2")), 2);
    assert!(wrong.contains("account's name and password") && !wrong.contains("hunter2"), "{wrong}");
    let nowhere = fails(data, "servers add eu-2 --url mysql://a:hunter2@127.0.0.1:1", 2);
    assert!(nowhere.contains("whether the server runs") && !nowhere.contains("hunter2"), "{nowhere}");
    for (arguments, part) in [
        ("servers add EU_1! --url mysql://a:b@h", "NAME: Use small letters"),
        ("servers add eu-2 --url oracle://a:hunter2@h", "mysql://ACCOUNT"),
        ("servers add eu-2 --url mysql://a:b@h --capacity many", "--capacity: Enter a whole number"),
        ("servers add eu-2 --url mysql://a:b@h --tls strong", "--tls: Choose"),
        ("servers add eu-2 --url mysql://a:b@h --tls-ca /nowhere", "cannot be read"),
        ("servers add eu-2 --url mysql://a:b@h --isolation schema", "Only PostgreSQL"),
        (
            "tenants create --name X --email a@b.co --template basic --server nowhere",
            "There is no server nowhere",
        ),
        (
            "tenants create --name X --email a@b.co --template basic --engine oracle",
            "sqlite, mariadb or postgres",
        ),
    ] {
        let said = fails(data, arguments, 2);
        assert!(said.contains(part) && !said.contains("hunter2"), "{arguments}: {said}");
    }
    assert!(fails(data, "servers test nowhere", 1).contains("There is no such server"));
    assert!(fails(data, "tenants password three", 1).contains("file of its own"));
    // The password can come another way than by an argument that a list of processes shows.
    let without = url.replace(":of-the-test-only@", "@");
    let (code, out, err) =
        run(data, &format!("servers add eu-3 --url {without} --password-stdin"), "of-the-test-only\n");
    assert_eq!(code, 0, "{out}{err}");
    let (code, out, _) = run(data, "servers remove eu-3", "");
    assert!(code == 0 && out.contains("Nothing on it was touched"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_on_the_command_line() {
    whole_way(Product::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_on_the_command_line() {
    whole_way(Product::Postgres).await;
}
