//! The real program, which a test starts, asks, and reads the log of.

use crate::pages::texts;
use reqwest::{Client, redirect::Policy};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

/// A running server, with a client that is signed in as its first administrator.
pub struct Program {
    folder: PathBuf,
    child: Child,
    base: String,
    log: Arc<Mutex<String>>,
    client: Client,
}

impl Program {
    /// Starts it with its data in `data` inside a folder; it logs in a format, `text` or `json`.
    pub async fn start(folder: &Path, format: &str) -> Program {
        let narrow = folder.join("templates/narrow");
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
            .env("TENANTRY_DATA_DIR", folder.join("data"))
            .env("TENANTRY_LISTEN", "127.0.0.1:0")
            .env("TENANTRY_TEMPLATES_DIR", folder.join("templates"))
            .env("TENANTRY_ADMIN_EMAIL", "admin@example.org")
            .env("TENANTRY_ADMIN_PASSWORD", "correct-horse-battery-staple-7")
            .env("TENANTRY_LOG_FORMAT", format)
            .env("TENANTRY_CONFIG", "")
            .env_remove("RUST_LOG")
            .current_dir(folder)
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
        let program = Program { folder: folder.to_owned(), child, base, log, client };
        program
            .post("/login", &[("email", "admin@example.org"), ("password", "correct-horse-battery-staple-7")])
            .await;
        program
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let form = self.client.post(format!("{}{path}", self.base)).form(fields);
        form.header("Sec-Fetch-Site", "same-origin").send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> String {
        self.client.get(format!("{}{path}", self.base)).send().await.unwrap().text().await.unwrap()
    }

    /// Makes a tenant on the command line, beside the running program.
    pub fn create(&self, name: &str, template: &str) {
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
            .env("TENANTRY_DATA_DIR", self.folder.join("data"))
            .env("TENANTRY_CONFIG", "")
            .current_dir(&self.folder)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Waits until a page shows what it is waited for.
    pub async fn wait(&self, path: &str, selector: &str) -> String {
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
    pub async fn line(&self, reference: &str) -> String {
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
