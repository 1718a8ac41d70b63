//! A MariaDB server of the test's own: on a free port, in a temporary folder, gone with the test however that ends.
//!
//! `TENANTRY_TEST_MARIADB` names the program of another server, MySQL's or another version's, which the tests run on
//! then. Beside a MariaDB server's stands its `mariadb-install-db`. `tests/other-servers` fetches some.
#![allow(dead_code, reason = "each program of tests uses what it needs")]

use sqlx::{ConnectOptions, Connection, Executor, MySqlConnection, mysql::MySqlConnectOptions};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::sync::OnceCell;

/// Runs the server, and ends it and its folder when the test's end of the pipe is closed: a killed test closes it, too.
const WATCH: &str =
    r#"folder=$1; shift; "$@" & server=$!; cat > /dev/null; kill -9 $server; wait; rm -rf "$folder""#;

/// The variable that names the program of another server.
const OTHER_PROGRAM: &str = "TENANTRY_TEST_MARIADB";

/// The server's administrator.
pub const ADMIN: (&str, &str) = ("admin", "of-the-test-only");

pub struct Server {
    folder: PathBuf,
    port: u16,
    watch: Option<Child>,
    settings: Vec<String>,
}

fn program(names: &[&str]) -> String {
    let found = names.iter().find(|name| {
        Command::new("sh")
            .args(["-c", &format!("command -v {name}")])
            .output()
            .is_ok_and(|done| done.status.success())
    });
    let found = found.unwrap_or_else(|| panic!("{} is not installed; tests/run installs it", names[0]));
    (*found).to_owned()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|done| done.stdout.starts_with(b"0\n"))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// MySQL makes a file of 100 MB otherwise.
const SMALL_LOG: &str = "--innodb-redo-log-capacity=8M";

/// What the tests run on.
#[derive(Hash)]
pub struct Product {
    program: String,
    /// What it says of itself: another version has other files.
    version: Vec<u8>,
    pub is_mariadb: bool,
}

static PRODUCT: LazyLock<Product> = LazyLock::new(|| {
    let program = std::env::var(OTHER_PROGRAM).unwrap_or_else(|_| program(&["mariadbd", "mysqld"]));
    let said = Command::new(&program).args(["--no-defaults", "--version"]).output();
    let said = said.unwrap_or_else(|cause| panic!("{program} does not start: {cause}")).stdout;
    Product { is_mariadb: String::from_utf8_lossy(&said).contains("MariaDB"), version: said, program }
});

/// What the tests run on.
pub fn product() -> &'static Product {
    &PRODUCT
}

impl Product {
    /// Puts the first files of a server into a folder. They are made once for each kind of server, which MySQL takes seconds for.
    fn install(&self, folder: &Path) {
        let mut kind = DefaultHasher::new();
        self.hash(&mut kind);
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("server-{:016x}", kind.finish()));
        let data = folder.join("data");
        if kept.is_dir() {
            copy(&kept, &data);
            return;
        }
        // In the folder of the server's own: the account that it runs as need not be able to go where the build is.
        self.make(&data, folder);
        let copied = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        copy(&data, &copied.path().join("data"));
        // Where another test was quicker, its files are as good.
        let _ = std::fs::rename(copied.path().join("data"), &kept);
    }

    fn make(&self, data: &Path, folder: &Path) {
        let data = format!("--datadir={}", data.display());
        let mut install = if self.is_mariadb {
            let beside = Path::new(&self.program).with_file_name("mariadb-install-db");
            let mut install = if beside.is_file() {
                Command::new(beside)
            } else {
                Command::new(program(&["mariadb-install-db", "mysql_install_db"]))
            };
            install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
            install
        } else {
            let mut install = Command::new(&self.program);
            install.args(["--no-defaults", "--initialize-insecure", SMALL_LOG]);
            install
        };
        // Several tests may do this at once, and it calls its files alike each time.
        install.arg(data).args(account()).env("TMPDIR", folder);
        let made = install.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// What keeps a server from making certificates of its own and taking encrypted connections.
    fn without_tls(&self) -> &'static str {
        if self.is_mariadb { "--skip-ssl" } else { "--tls-version=" }
    }

    /// What a server of tests is set to and the other product does not know.
    fn settings(&self) -> &'static [&'static str] {
        if self.is_mariadb {
            &["--debug-no-sync"]
        } else {
            &[
                "--mysqlx=OFF",
                "--skip-log-bin",
                "--secure-file-priv=",
                "--performance-schema=OFF",
                SMALL_LOG,
                "--innodb-flush-method=nosync",
            ]
        }
    }
}

/// Whom a server runs as that an administrator of the machine starts.
fn account() -> &'static [&'static str] {
    if is_root() { &["--user=mysql"] } else { &[] }
}

/// Copies a folder with whom its files belong to.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(copied.success());
}

/// Gives a folder to whom a server runs as.
fn own(folder: &Path) {
    if is_root() {
        let done = Command::new("chown").arg("mysql").arg(folder).status().unwrap();
        assert!(done.success());
    }
}

static SHARED: OnceCell<Arc<Server>> = OnceCell::const_new();

impl Server {
    /// The server that the tests of this process share. It ends with the process: its watch hears of that.
    pub async fn shared() -> Arc<Server> {
        let start = async || Arc::new(Server::start().await);
        Arc::clone(SHARED.get_or_init(start).await)
    }

    /// A server of the test's own.
    pub async fn start() -> Server {
        Server::start_with(&[]).await
    }

    /// A server of the test's own with settings of its own.
    pub async fn start_with(settings: &[&str]) -> Server {
        let folder = tempfile::tempdir().unwrap().keep();
        own(&folder);
        product().install(&folder);
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let mut server = Server { folder, port: free_port(), watch: None, settings };
        server.run();
        let root = MySqlConnectOptions::new().socket(server.folder.join("socket")).username("root");
        let mut root = server.connect(&root).await;
        for statement in [
            format!("CREATE USER {}@'%' IDENTIFIED BY '{}'", ADMIN.0, ADMIN.1),
            format!("GRANT ALL ON *.* TO {}@'%' WITH GRANT OPTION", ADMIN.0),
        ] {
            root.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
        }
        // Over TLS the server may be gone before it has heard all of the farewell.
        let _ = root.close().await;
        server
    }

    fn run(&mut self) {
        let is_encrypted = self.settings.iter().any(|setting| setting.starts_with("--ssl-"));
        let without_tls = (!is_encrypted).then(|| product().without_tls());
        let watch = Command::new("sh")
            .args(["-c", WATCH, "watch"])
            .arg(&self.folder)
            .arg(&product().program)
            .arg("--no-defaults")
            .arg(format!("--datadir={}", self.folder.join("data").display()))
            .arg(format!("--socket={}", self.folder.join("socket").display()))
            .arg(format!("--pid-file={}", self.folder.join("data/pid").display()))
            .arg(format!("--port={}", self.port))
            .args(["--bind-address=127.0.0.1", "--skip-name-resolve", "--innodb-buffer-pool-size=64M"])
            // A killed server has lost nothing; a machine that loses power would.
            .arg("--innodb-flush-log-at-trx-commit=2")
            .args(product().settings())
            .args(without_tls)
            // A server that starts removes what others have in a folder that they share.
            .arg(format!("--tmpdir={}", self.folder.display()))
            .args(&self.settings)
            .args(account())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.watch = Some(watch);
    }

    async fn connect(&self, options: &MySqlConnectOptions) -> MySqlConnection {
        for _ in 0..300 {
            if let Ok(connection) = options.connect().await {
                return connection;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the server does not start: {}", self.folder.display());
    }

    /// The administrator's way in, as an address.
    pub fn url(&self) -> String {
        format!("mysql://{}:{}@127.0.0.1:{}", ADMIN.0, ADMIN.1, self.port)
    }

    /// The administrator's way in.
    pub fn options(&self) -> MySqlConnectOptions {
        MySqlConnectOptions::new().host("127.0.0.1").port(self.port).username(ADMIN.0).password(ADMIN.1)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A folder that is gone with the server.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub async fn admin(&self) -> MySqlConnection {
        self.connect(&self.options()).await
    }

    /// Kills the server in the middle of what it does, and starts it again.
    pub async fn crash(&mut self) {
        self.down();
        self.up().await;
    }

    /// Kills the server in the middle of what it does; its data stays.
    pub fn down(&mut self) {
        Server::kill(&self.pid_file());
        let mut watch = self.watch.take().unwrap();
        // The watch would take the folder away.
        watch.kill().unwrap();
        watch.wait().unwrap();
    }

    /// Where the number of the server's process is.
    pub fn pid_file(&self) -> PathBuf {
        self.folder.join("data/pid")
    }

    /// Kills the process of a server, where it is not dead yet.
    pub fn kill(pid_file: &Path) {
        let pid = std::fs::read_to_string(pid_file).unwrap();
        let _ = Command::new("kill").args(["-9", pid.trim()]).stderr(Stdio::null()).status().unwrap();
    }

    /// Starts it again.
    pub async fn up(&mut self) {
        self.run();
        self.admin().await.close().await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut watch) = self.watch.take() {
            drop(watch.stdin.take());
            let _ = watch.wait();
        }
    }
}
