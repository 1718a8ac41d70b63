//! Database servers of the tests' own: started in a folder that goes away with them, reached over a socket in it only, and
//! stopped even where the test dies.

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{
    fs,
    os::unix::fs::{MetadataExt, chown},
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
    process: u32,
    keeper: Option<JoinHandle<()>>,
    databases: AtomicU32,
}

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

    /// Starts a server of its own.
    pub fn start() -> Postgres {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let made = as_account(&folder, "initdb")
            .args(["--auth=trust", "--username=admin", "--encoding=UTF8", "--no-sync", "--pgdata"])
            .arg(&data)
            .status()
            .unwrap();
        assert!(made.success(), "initdb failed");
        let mut command = as_account(&folder, "postgres");
        command.arg("-D").arg(&data).arg("-k").arg(folder.path());
        for setting in ["listen_addresses=", "fsync=off", "max_connections=50", "autovacuum=off"] {
            command.args(["-c", setting]);
        }
        let (sender, receiver) = mpsc::channel();
        let keeper = std::thread::spawn(move || {
            let mut child = command.spawn().unwrap();
            sender.send(child.id()).unwrap();
            let _ = child.wait();
        });
        let process = receiver.recv().unwrap();
        let server = Postgres { folder, process, keeper: Some(keeper), databases: AtomicU32::new(0) };
        let ready = server.folder.path().join(".s.PGSQL.5432");
        let end = Instant::now() + Duration::from_secs(30);
        while !ready.exists() {
            assert!(Instant::now() < end, "the server did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// How an admin connects.
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.folder.path())
            .port(5432)
            .ssl_mode(PgSslMode::Disable)
            .username("admin")
            .database("postgres")
            .options([("timezone", "UTC")])
    }

    /// A connection to a new, empty database.
    pub async fn database(&self) -> PgConnection {
        let end = Instant::now() + Duration::from_secs(30);
        let mut admin = loop {
            match self.options().connect().await {
                Ok(admin) => break admin,
                // It listens a moment before it is ready.
                Err(error) => assert!(Instant::now() < end, "no connection: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
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
