//! The reference on a page finds exactly one line in the log of the real program, with the cause that no page shows.

use crate::pages::texts;
use reqwest::{Client, redirect::Policy};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};
use tempfile::TempDir;

struct Program {
    folder: TempDir,
    child: Child,
    base: String,
    log: Arc<Mutex<String>>,
    client: Client,
}

impl Program {
    async fn start(format: &str) -> Program {
        let folder = tempfile::tempdir().unwrap();
        let narrow = folder.path().join("templates/narrow");
        fs::create_dir_all(&narrow).unwrap();
        for (name, text) in [
            ("template.toml", "name = \"Narrow\"\ndescription = \"Narrow.\"\nversion = \"1.0.0\"\n"),
            (
                "schema.sql",
                "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, slug VARCHAR(10) NOT NULL);\n",
            ),
            ("seed.sql", "INSERT INTO users (slug) VALUES ('{{TENANT_SLUG}}');\n"),
        ] {
            fs::write(narrow.join(name), text).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenantry"))
            .arg("serve")
            .env("TENANTRY_DATA_DIR", folder.path().join("data"))
            .env("TENANTRY_LISTEN", "127.0.0.1:0")
            .env("TENANTRY_TEMPLATES_DIR", folder.path().join("templates"))
            .env("TENANTRY_ADMIN_EMAIL", "admin@example.org")
            .env("TENANTRY_ADMIN_PASSWORD", "correct-horse-battery-staple-7")
            .env("TENANTRY_LOG_FORMAT", format)
            .env("TENANTRY_CONFIG", "")
            .env_remove("RUST_LOG")
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (mut errors, lines) = (child.stderr.take().unwrap(), Arc::clone(&log));
        std::thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(read @ 1..) = errors.read(&mut block) {
                lines.lock().unwrap().push_str(&String::from_utf8_lossy(&block[..read]));
            }
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = loop {
            let line = lines.next().expect("it ended before it listened").unwrap();
            if let Some(address) = line.strip_prefix("Listening on ") {
                break address.to_owned();
            }
        };
        std::thread::spawn(move || for _ in lines {});
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
        let program = Program { folder, child, base, log, client };
        program
            .post("/login", &[("email", "admin@example.org"), ("password", "correct-horse-battery-staple-7")])
            .await;
        program
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let form = self.client.post(format!("{}{path}", self.base)).form(fields);
        form.header("Sec-Fetch-Site", "same-origin").send().await.unwrap()
    }

    async fn get(&self, path: &str) -> String {
        self.client.get(format!("{}{path}", self.base)).send().await.unwrap().text().await.unwrap()
    }

    /// Makes a tenant on the command line, beside the running program.
    fn create(&self, name: &str, template: &str) {
        let done = Command::new(env!("CARGO_BIN_EXE_tenantry"))
            .args([
                "tenants",
                "create",
                "--name",
                name,
                "--email",
                "dana@example.org",
                "--template",
                template,
                "--json",
            ])
            .env("TENANTRY_DATA_DIR", self.folder.path().join("data"))
            .env("TENANTRY_CONFIG", "")
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Waits until a page shows what it is waited for.
    async fn wait(&self, path: &str, selector: &str) -> String {
        for _ in 0..600 {
            let page = self.get(path).await;
            if !texts(&page, selector).is_empty() {
                return page;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{path} never shows {selector}: {}", self.get(path).await);
    }

    /// The one log line of a reference.
    async fn line(&self, reference: &str) -> String {
        for _ in 0..100 {
            let log = self.log.lock().unwrap().clone();
            let lines: Vec<&str> = log.lines().filter(|line| line.contains(reference)).collect();
            if let [line] = lines.as_slice() {
                return (*line).to_owned();
            }
            assert!(lines.len() < 2, "{reference} is there more than once: {lines:?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{reference} is not in {}", self.log.lock().unwrap());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn every_reference_finds_its_line(format: &str) {
    let program = Program::start(format).await;
    program.create("Much too long a name", "narrow");
    program.create("Acme", "basic");
    let failed = program.wait("/tenants/much-too-long-a-name/setup", ".trouble-card .btn-primary").await;
    program.wait("/tenants/acme/setup", ".setup-links").await;
    let folder = program.folder.path().join("data/tenants");
    let file = fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        // The other tenant's may be there still.
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("acme_")))
        .unwrap();
    fs::write(&file, b"garbage ".repeat(1000)).unwrap();
    let structure = program.get("/tenants/acme/structure").await;
    let overview = program.get("/tenants/acme").await;
    let of_structure = texts(&structure, ".blank p")[0].split("(reference ").nth(1).unwrap()[..9].to_owned();
    let of_notice = |page: &str| {
        texts(page, "main .alert p")[0].split("Reference ").nth(1).unwrap().get(..9).unwrap().to_owned()
    };
    for (what, reference, cause, outside) in [
        (
            "a step",
            texts(&failed, ".trouble-card code")[0].clone(),
            "statement 1",
            texts(&failed, ".trouble-card p").join(" "),
        ),
        ("the structure", of_structure, "not marked as this tenant's", structure.clone()),
        (
            "the overview",
            of_notice(&overview),
            "not marked as this tenant's",
            texts(&overview, "main .alert p").join(" "),
        ),
    ] {
        let line = program.line(&reference).await;
        assert!(line.contains(cause), "{what}: {line}");
        assert!(
            !outside.contains(cause) && !outside.contains(&*folder.to_string_lossy()),
            "{what}: {outside}"
        );
        if format == "json" {
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(line["fields"]["reference"], reference.as_str(), "{what}");
            assert!(line["fields"]["cause"].as_str().unwrap().contains(cause), "{what}: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reference_finds_one_line_of_text() {
    every_reference_finds_its_line("text").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reference_finds_one_line_of_json() {
    every_reference_finds_its_line("json").await;
}
