//! Control databases on servers of the tests' own, each empty or with the built-in templates imported.

#![allow(clippy::duplicate_mod, reason = "tests of servers have them under names of their own, too")]

use super::Place;
#[path = "mariadb.rs"]
pub mod mariadb;
#[path = "servers.rs"]
pub mod postgres;

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// What a control database runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    File,
    MariaDb,
    Postgres,
}

impl On {
    pub const ALL: [On; 3] = [On::File, On::MariaDb, On::Postgres];
    pub const SERVERS: [On; 2] = [On::MariaDb, On::Postgres];

    /// What `TENANTRY_TEST_CONTROL` asks for: every test that has no wish of its own runs on that then.
    pub fn asked_for() -> On {
        match std::env::var("TENANTRY_TEST_CONTROL").as_deref() {
            Ok("mariadb") => On::MariaDb,
            Ok("postgres") => On::Postgres,
            Ok("sqlite") | Err(_) => On::File,
            Ok(other) => panic!("TENANTRY_TEST_CONTROL is {other:?}; it takes sqlite, mariadb or postgres"),
        }
    }
}

/// A server that stays for as long as somebody has a database on it.
#[derive(Clone)]
pub enum Host {
    MariaDb(Arc<mariadb::Server>),
    Postgres(Arc<postgres::Postgres>),
    /// A database that a test looks after itself, by its address.
    Elsewhere(String),
}

/// A database for a control database.
#[derive(Clone)]
pub struct Database {
    pub host: Host,
    pub name: String,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Host {
    /// The server that the tests of this process share.
    pub async fn shared(on: On) -> Option<Host> {
        match on {
            On::File => None,
            On::MariaDb => Some(Host::MariaDb(mariadb::Server::shared().await)),
            On::Postgres => Some(Host::Postgres(postgres::Postgres::shared())),
        }
    }

    /// A new database without anything in it.
    pub async fn empty(&self) -> Database {
        let name = format!("control_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.run(&match self {
            Host::MariaDb(_) => format!("CREATE DATABASE {name}"),
            Host::Postgres(_) => format!("CREATE DATABASE {name} TEMPLATE template0"),
            Host::Elsewhere(url) => panic!("{url} is there already"),
        })
        .await;
        Database { host: self.clone(), name }
    }

    /// Runs a statement as the server's administrator.
    pub async fn run(&self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        match self {
            Host::MariaDb(server) => {
                let mut admin = server.admin().await;
                admin.execute(statement).await.unwrap();
                admin.close().await.unwrap();
            }
            Host::Postgres(server) => {
                let mut admin = server.options().connect().await.unwrap();
                admin.execute(statement).await.unwrap();
                admin.close().await.unwrap();
            }
            Host::Elsewhere(url) => panic!("nobody here administers {url}"),
        }
    }
}

impl Database {
    /// As `TENANTRY_DATABASE_URL` names it.
    pub fn url(&self) -> String {
        match &self.host {
            Host::MariaDb(server) => format!("{}/{}", server.url(), self.name),
            Host::Elsewhere(url) => url.clone(),
            Host::Postgres(server) => {
                format!("{}/{}", server.url().strip_suffix("/postgres").unwrap(), self.name)
            }
        }
    }

    /// A new database with the same content; nobody may be in this one.
    pub async fn copy(&self) -> Database {
        match &self.host {
            Host::Elsewhere(url) => panic!("nobody here administers {url}"),
            Host::Postgres(_) => {
                let name = format!("control_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
                self.host.run(&format!("CREATE DATABASE {name} TEMPLATE {}", self.name)).await;
                Database { host: self.host.clone(), name }
            }
            Host::MariaDb(server) => {
                let copy = self.host.empty().await;
                let port = format!("--port={}", server.port());
                let account = format!("--user={}", mariadb::ADMIN.0);
                let usual = ["--no-defaults", "--host=127.0.0.1", &port, &account];
                let mut dump = Command::new("mysqldump")
                    .args(usual)
                    .arg(&self.name)
                    .env("MYSQL_PWD", mariadb::ADMIN.1)
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap();
                let filled = Command::new("mysql")
                    .args(usual)
                    .arg(&copy.name)
                    .env("MYSQL_PWD", mariadb::ADMIN.1)
                    .stdin(dump.stdout.take().unwrap())
                    .status()
                    .unwrap();
                assert!(dump.wait().unwrap().success() && filled.success());
                copy
            }
        }
    }

    /// Somebody of the tests' own in this database.
    pub async fn postgres(&self) -> sqlx::PgConnection {
        let Host::Postgres(server) = &self.host else { panic!("no PostgreSQL") };
        server.options().database(&self.name).connect().await.unwrap()
    }

    /// The same on MariaDB.
    pub async fn mariadb(&self) -> sqlx::MySqlConnection {
        let Host::MariaDb(server) = &self.host else { panic!("no MariaDB") };
        server.options().database(&self.name).connect().await.unwrap()
    }
}

/// Databases with the built-in templates imported, made once for all tests of a process.
static IMPORTED: [tokio::sync::OnceCell<Database>; 2] = [const { tokio::sync::OnceCell::const_new() }; 2];

/// A new database with the built-in templates imported; `None` in a file.
pub async fn imported(on: On) -> Option<Database> {
    let host = Host::shared(on).await?;
    let cell = match on {
        On::File | On::MariaDb => &IMPORTED[0],
        On::Postgres => &IMPORTED[1],
    };
    let first = cell
        .get_or_init(async || {
            let database = host.empty().await;
            let place = Place::with(Some(database.clone()));
            Box::pin(place.import()).await.store.close().await;
            database
        })
        .await;
    Some(first.copy().await)
}
