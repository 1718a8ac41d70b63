//! Database servers of the tests' own: started in a folder that goes away with them, on a free port of this machine, and
//! stopped even where the test dies. Everybody needs a password, as on a real server.

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A PostgreSQL server.
pub struct Postgres {
    folder: TempDir,
    port: u16,
    process: u32,
    keeper: Option<JoinHandle<()>>,
    databases: AtomicU32,
    settings: Vec<String>,
}

/// The server's administrator.
pub const ADMIN: (&str, &str) = ("admin", "of-the-test-only");

/// The account that PostgreSQL runs as where the tests run as root, which it refuses.
const ACCOUNT: &str = "postgres";

fn as_account(folder: &TempDir, program: &str) -> Command {
    let mut command = Command::new("setpriv");
    if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        let id = |flag: &str| -> u32 {
            let found = Command::new("id").args([flag, ACCOUNT]).output().unwrap();
            String::from_utf8(found.stdout).unwrap().trim().parse().unwrap()
        };
        chown(folder.path(), Some(id("-u")), Some(id("-g"))).unwrap();
        command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]);
    }
    // The server goes with the thread that started it, and so with this process.
    command.args(["--pdeathsig", "KILL", program]);
    command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());

impl Postgres {
    /// The server that the tests of this process share; it stops with the last of them.
    pub fn shared() -> Arc<Postgres> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Postgres::start());
        *shared = Arc::downgrade(&server);
        server
    }

    /// Starts a server of its own, and waits until it takes connections.
    pub fn start() -> Postgres {
        Postgres::start_with(&[])
    }

    /// Starts a server of its own with more settings, such as `fsync=on`.
    pub fn start_with(settings: &[&str]) -> Postgres {
        let folder = tempfile::tempdir().unwrap();
        let password = folder.path().join("password");
        fs::write(&password, ADMIN.1).unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o644)).unwrap();
        let data = folder.path().join("data");
        let made = as_account(&folder, "initdb")
            .args(["--auth=scram-sha-256", "--username", ADMIN.0, "--encoding=UTF8", "--no-sync"])
            .arg("--pwfile")
            .arg(&password)
            .arg("--pgdata")
            .arg(&data)
            .status()
            .unwrap();
        assert!(made.success(), "initdb failed");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let usual = ["listen_addresses=127.0.0.1", "fsync=off", "max_connections=60", "autovacuum=off"];
        let settings = usual.iter().chain(settings).map(|setting| (*setting).to_owned()).collect();
        let databases = AtomicU32::new(0);
        let mut server = Postgres { folder, port, process: 0, keeper: None, databases, settings };
        server.up();
        server
    }

    /// Starts it, for the first time or again, and waits until it takes connections.
    pub fn up(&mut self) {
        let folder = self.folder.path();
        let mut command = as_account(&self.folder, "postgres");
        command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder).arg("-p").arg(self.port.to_string());
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        let (sender, receiver) = mpsc::channel();
        self.keeper = Some(std::thread::spawn(move || {
            let mut child = command.spawn().unwrap();
            sender.send(child.id()).unwrap();
            let _ = child.wait();
        }));
        self.process = receiver.recv().unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        while !self.is_ready() {
            assert!(Instant::now() < end, "the server did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it in the middle of what it does, without any farewell; its data stays.
    pub fn down(&mut self) {
        let _ = Command::new("kill").arg("-QUIT").arg(self.process.to_string()).status();
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
        let _ = fs::remove_file(self.folder.path().join("data/postmaster.pid"));
    }

    /// What the server itself says, in the last line of the file with its number.
    fn is_ready(&self) -> bool {
        let said = fs::read_to_string(self.folder.path().join("data/postmaster.pid"));
        said.is_ok_and(|said| said.lines().last().is_some_and(|line| line.trim() == "ready"))
    }

    /// How an admin connects.
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .ssl_mode(PgSslMode::Disable)
            .username(ADMIN.0)
            .password(ADMIN.1)
            .database("postgres")
            .options([("timezone", "UTC")])
    }

    /// The same as a URL.
    pub fn url(&self) -> String {
        format!("postgres://{}:{}@127.0.0.1:{}/postgres", ADMIN.0, ADMIN.1, self.port)
    }

    /// A folder that is gone with the server.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A connection to a new, empty database.
    pub async fn database(&self) -> PgConnection {
        let mut admin = self.options().connect().await.unwrap();
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let sql = format!("CREATE DATABASE {name} TEMPLATE template0");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        self.options().database(&name).connect().await.unwrap()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg("-INT").arg(self.process.to_string()).status();
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}
