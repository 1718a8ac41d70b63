//! The real program: how it starts, what it says when it cannot, and how it stops.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]
#![cfg(unix)]

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

fn program(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    command.env("TENANTRY_DATA_DIR", data).env("TENANTRY_LISTEN", "127.0.0.1:0").env_remove("RUST_LOG");
    command
}

/// Starts `serve` and reads what it prints until it listens; gives the process, the address and the first-run link.
fn serve(data: &Path) -> (Child, String, Option<String>) {
    let mut child = program(data).arg("serve").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().expect("it ended before it listened").unwrap();
        if let Some(address) = line.strip_prefix("Listening on ") {
            break address.to_owned();
        }
    };
    // The link follows at once where there is one; the health page answers either way.
    let mut link = None;
    if !data.join("has-admin").exists() {
        for line in lines.by_ref() {
            let line = line.unwrap();
            if line.contains("/setup/") {
                link = Some(line.trim().to_owned());
                break;
            }
        }
    }
    std::thread::spawn(move || for _ in lines {});
    (child, address, link)
}

fn terminate(child: &mut Child) -> Option<i32> {
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    child.wait().unwrap().code()
}

fn assert_refused(output: &Output, part: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(part), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "one sentence: {said}");
}

#[test]
fn the_first_start_makes_everything_and_a_second_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (mut first, address, link) = serve(&data);
    let link = link.unwrap();
    assert!(link.starts_with(&address), "{link}");
    assert_eq!(terminate(&mut first), Some(0));
    let templates = list(&data);
    for template in ["basic", "corporate", "ngo", "political_party"] {
        assert!(templates.contains(&format!("\"{template}\"")), "{templates}");
    }
    let before = std::fs::read(data.join("control.db")).unwrap();

    let (mut second, _, again) = serve(&data);
    let token = |link: &str| link.rsplit('/').next().unwrap().to_owned();
    assert_eq!(token(&link), token(&again.unwrap()), "the link stays the same until it is used");
    assert_eq!(terminate(&mut second), Some(0));
    assert_eq!(std::fs::read(data.join("control.db")).unwrap(), before);
    assert_eq!(list(&data), templates);
}

fn list(data: &Path) -> String {
    let output = program(data).args(["templates", "list", "--json"]).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_port_in_use_is_told_in_one_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let output = program(&folder.path().join("data"))
        .arg("serve")
        .env("TENANTRY_LISTEN", taken.local_addr().unwrap().to_string())
        .output()
        .unwrap();
    assert_refused(&output, "another program uses this port");
}

#[test]
fn a_data_folder_that_cannot_be_written_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    // A plain file where the folder should be refuses everybody, the superuser too.
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let output = program(&file.join("data")).arg("serve").output().unwrap();
    assert_refused(&output, "cannot be written");
}

#[test]
fn a_control_database_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    list(&data);
    let database = data.join("control.db");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sqlx::{ConnectOptions, Connection};
        let mut connection =
            sqlx::sqlite::SqliteConnectOptions::new().filename(&database).connect().await.unwrap();
        sqlx::query("INSERT INTO control_migrations VALUES (9999, 'future', '', '')")
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    });
    let output = program(&data).arg("serve").output().unwrap();
    assert_refused(&output, "newer version");
}

#[test]
fn bad_settings_and_bad_usage_end_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert_refused(
        &program(&data).arg("serve").env("TENANTRY_WORKERS", "0").output().unwrap(),
        "TENANTRY_WORKERS",
    );
    let short = program(&data)
        .arg("serve")
        .env("TENANTRY_ADMIN_EMAIL", "a@example.org")
        .env("TENANTRY_ADMIN_PASSWORD", "short")
        .output();
    assert_refused(&short.unwrap(), "TENANTRY_ADMIN_PASSWORD");
    let unknown = program(&data).arg("fly").output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn a_request_that_is_under_way_ends_before_the_program_does() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, address, _) = serve(&folder.path().join("data"));
    let address = address.strip_prefix("http://").unwrap().to_owned();
    // A form whose last bytes come after the signal.
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    let head = b"POST /login HTTP/1.1\r\nHost: t\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\
        Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nemail=";
    std::io::Write::write_all(&mut stream, head).unwrap();
    // Another request that is answered shows that the first one has been read.
    let other = std::net::TcpStream::connect(&address).and_then(|mut stream| {
        std::io::Write::write_all(
            &mut stream,
            b"GET /healthz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
        )?;
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer)?;
        Ok(answer)
    });
    assert!(other.unwrap().contains("200 OK"));
    let pid = child.id().to_string();
    Command::new("kill").args(["-INT", &pid]).status().unwrap();
    // The signal has been taken up once the program listens no more.
    while std::net::TcpStream::connect(&address).is_ok_and(|stream| stream.peer_addr().is_ok()) {
        std::thread::yield_now();
    }
    std::io::Write::write_all(&mut stream, b"a@b").unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
