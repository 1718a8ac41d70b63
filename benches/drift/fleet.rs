//! Tenants that are checked, made through the job machinery.

use crate::{CONNECTIONS, Kind, mariadb, place, raw, servers};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tempfile::TempDir;
use tenantry::{
    app::App,
    store::tenants::{Status, Tenant},
    usecases::{
        actor::Actor,
        servers::{self as list, ServerForm},
        tenants,
    },
    worker,
};
use tokio_util::sync::CancellationToken;

/// Tenants that are made at once.
const AT_ONCE: usize = 8;

/// The database that tenants share where each has a schema.
pub const TENANTS: &str = "tenants";

/// What the tenants are on.
pub enum Server {
    Files,
    MariaDb(mariadb::Server),
    Postgres(Box<servers::Postgres>),
}

/// An installation with its tenants.
pub struct Fleet {
    pub app: App,
    pub kind: Kind,
    pub server: Server,
    pub tenants: Vec<Tenant>,
    folder: TempDir,
    modules: Vec<String>,
}

impl Fleet {
    /// An installation without tenants, with a server of its own that keeps nobody waiting for the disk: making tenants is not what
    /// is measured.
    pub async fn start(kind: Kind) -> Fleet {
        let folder = place::folder();
        let app = place::open(folder.path(), AT_ONCE).await;
        let (server, url) = match kind {
            Kind::Sqlite => (Server::Files, None),
            Kind::MariaDb => {
                let settings = ["--innodb-file-per-table=0", "--innodb-buffer-pool-size=256M"];
                let server = mariadb::Server::start_with(&settings).await;
                let url = server.url();
                (Server::MariaDb(server), Some(url))
            }
            Kind::Postgres | Kind::Schemas => {
                let server = servers::Postgres::start_with(&["autovacuum=on", "max_wal_size=4GB"]);
                let mut url = server.url();
                if kind == Kind::Schemas {
                    let mut admin = server.options().connect().await.unwrap();
                    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {TENANTS}"))).await.unwrap();
                    admin.close().await.unwrap();
                    url = url.replace("/postgres", &format!("/{TENANTS}"));
                }
                (Server::Postgres(Box::new(server)), Some(url))
            }
        };
        if let Some(url) = url {
            let form = ServerForm {
                name: "bench".into(),
                connections: CONNECTIONS.to_string(),
                isolation: if kind == Kind::Schemas { "schema".into() } else { String::new() },
                ..ServerForm::default()
            };
            list::add(&app, &Actor::CommandLine, &form.with_url(&url).unwrap()).await.unwrap();
        }
        let modules = place::modules(&place::offer(&app).await);
        Fleet { app, kind, server, tenants: Vec::new(), folder, modules }
    }

    /// Makes tenants until there are so many.
    pub async fn grow(&mut self, size: usize) {
        // The template is proven and its image made before several ask for it.
        if self.tenants.is_empty() {
            self.tenants.push(make(&self.app, 0, &self.modules).await);
        }
        let next = Arc::new(AtomicUsize::new(self.tenants.len()));
        let clients: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (app, next, modules) = (self.app.clone(), Arc::clone(&next), self.modules.clone());
                tokio::spawn(async move {
                    let mut made = Vec::new();
                    loop {
                        let mine = next.fetch_add(1, Ordering::SeqCst);
                        if mine >= size {
                            return made;
                        }
                        made.push(make(&app, mine, &modules).await);
                    }
                })
            })
            .collect();
        for client in clients {
            self.tenants.extend(client.await.unwrap());
        }
        assert_eq!(self.tenants.len(), size);
    }

    /// The same catalogs, with nothing done about what they say.
    pub async fn reading(&self) -> raw::Reading {
        raw::Reading::of(self, &self.folder.path().join("tenants")).await
    }

    /// Connections that the server has had so far.
    pub async fn connections_made(&self) -> f64 {
        match &self.server {
            Server::Files => 0.0,
            Server::MariaDb(server) => {
                let mut admin = server.admin().await;
                let row = sqlx::query("SHOW GLOBAL STATUS LIKE 'Connections'").fetch_one(&mut admin).await;
                let number: String = row.unwrap().get_unchecked(1);
                number.parse().unwrap()
            }
            Server::Postgres(server) => {
                let mut admin = server.options().connect().await.unwrap();
                // What a connection has to tell comes with its end, or after a second.
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                let row =
                    sqlx::query("SELECT sum(sessions)::float8 FROM pg_stat_database").fetch_one(&mut admin);
                let number = row.await.unwrap().get(0);
                admin.close().await.unwrap();
                number
            }
        }
    }

    /// Connections that a check opened, in words.
    pub fn connections(&self, opened: f64) -> String {
        match self.server {
            Server::Files => "one for each file".to_owned(),
            _ if opened < 1.0 => "those that were open".to_owned(),
            _ => format!("{opened:.0} made"),
        }
    }

    /// Ends the installation.
    pub async fn end(self) {
        self.app.store.close().await;
    }
}

async fn make(app: &App, number: usize, modules: &[String]) -> Tenant {
    let created = tenants::create(app, &Actor::CommandLine, place::form(number, modules)).await.unwrap();
    let job = created.job_id.unwrap();
    assert!(worker::run_one(app, job, &CancellationToken::new()).await.unwrap());
    let made = tenants::find(app, &Actor::CommandLine, &created.tenant.slug).await.unwrap();
    assert_eq!(made.status, Status::Active);
    made
}
