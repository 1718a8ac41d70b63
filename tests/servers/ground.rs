//! A tenant on a real server, seen as its application sees it.

use crate::support::{
    Place,
    control::{mariadb::Server, postgres::Postgres},
    tenant,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row, postgres::PgConnectOptions};
use std::sync::Arc;
use tenantry::{
    app::App,
    engine::server::Product,
    store,
    usecases::{
        actor::Actor,
        servers::{self, ServerForm},
    },
};

/// A server of one of the products.
pub enum Machine {
    MariaDb(Box<Server>),
    Postgres(Arc<Postgres>),
    /// PostgreSQL where tenants are schemas in the database `tenants`.
    Schemas(Arc<Postgres>),
}

/// Who asks a server.
pub enum Who<'a> {
    Admin,
    Account(&'a str, &'a str),
}

impl Machine {
    pub async fn start(product: Product) -> Machine {
        match product {
            Product::MariaDb => Machine::MariaDb(Box::new(Server::start().await)),
            Product::Postgres => Machine::Postgres(Arc::new(Postgres::start())),
        }
    }

    /// A server for tenants in schemas. Its administrator may do no more than that needs.
    pub async fn schemas() -> Machine {
        let server = Arc::new(Postgres::start());
        let mut admin = server.url().parse::<PgConnectOptions>().unwrap().connect().await.unwrap();
        for sql in [
            "CREATE ROLE keeper LOGIN CREATEROLE PASSWORD 'of-the-test-only'",
            "CREATE DATABASE tenants OWNER keeper",
        ] {
            admin.execute(sql).await.unwrap();
        }
        if admin.server_version_num().unwrap() < 150_000 {
            // The schema `public` is the superuser's there, and open to everybody until he closes it.
            let options: PgConnectOptions = server.url().parse().unwrap();
            let mut tenants = options.database("tenants").connect().await.unwrap();
            tenants.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC").await.unwrap();
            tenants.close().await.unwrap();
        }
        admin.close().await.unwrap();
        Machine::Schemas(server)
    }

    pub fn product(&self) -> Product {
        match self {
            Machine::MariaDb(_) => Product::MariaDb,
            Machine::Postgres(_) | Machine::Schemas(_) => Product::Postgres,
        }
    }

    /// The word for how it keeps tenants apart.
    pub fn isolation(&self) -> &'static str {
        if matches!(self, Machine::Schemas(_)) { "schema" } else { "database" }
    }

    pub fn url(&self) -> String {
        match self {
            Machine::MariaDb(server) => server.url(),
            Machine::Postgres(server) => server.url(),
            Machine::Schemas(server) => {
                let url = server.url().replace("//admin:", "//keeper:");
                format!("{}/tenants", url.trim_end_matches("/postgres"))
            }
        }
    }

    /// Adds it to an installation's list.
    pub async fn add(&self, app: &App, name: &str) -> store::servers::Server {
        self.add_with(app, ServerForm { name: name.into(), ..ServerForm::default() }).await
    }

    pub async fn add_with(&self, app: &App, form: ServerForm) -> store::servers::Server {
        let form = ServerForm { isolation: self.isolation().into(), ..form };
        let form = form.with_url(&self.url()).unwrap();
        servers::add(app, &Actor::CommandLine, &form).await.unwrap()
    }

    /// The first column of what a statement gives, as texts; `None` where it, or whoever asks, is refused.
    pub async fn ask(&self, who: &Who<'_>, database: &str, sql: &str) -> Option<Vec<String>> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Machine::MariaDb(server) => {
                let mut options = server.options();
                if let Who::Account(name, password) = who {
                    options = options.username(name).password(password);
                }
                if !database.is_empty() {
                    options = options.database(database);
                }
                let mut connection = options.connect().await.ok()?;
                let rows = connection.fetch_all(sql).await.ok();
                let _ = connection.close().await;
                Some(rows?.iter().map(|row| row.get_unchecked(0)).collect())
            }
            Machine::Postgres(server) | Machine::Schemas(server) => {
                let mut options: PgConnectOptions = server.url().parse().unwrap();
                if matches!(self, Machine::Schemas(_)) {
                    options = options.database("tenants");
                }
                if let Who::Account(name, password) = who {
                    options = options.username(name).password(password);
                }
                if !database.is_empty() {
                    options = options.database(database);
                }
                let mut connection = options.connect().await.ok()?;
                let rows = connection.fetch_all(sql).await.ok();
                let _ = connection.close().await;
                Some(rows?.iter().map(|row| row.get(0)).collect())
            }
        }
    }

    /// Runs statements as the administrator of the whole server.
    #[allow(dead_code, reason = "for the tests of what an administrator does by hand")]
    pub async fn run(&self, database: &str, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Machine::MariaDb(server) => {
                let mut connection = server.options().database(database).connect().await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await
            }
            Machine::Postgres(server) | Machine::Schemas(server) => {
                let options: PgConnectOptions = server.url().parse()?;
                let mut connection = options.database(database).connect().await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await
            }
        }
    }

    /// Takes the server down.
    pub fn down(&mut self) {
        match self {
            Machine::MariaDb(server) => server.down(),
            Machine::Postgres(server) | Machine::Schemas(server) => {
                Arc::get_mut(server).expect("nobody else uses this server").down();
            }
        }
    }

    /// Databases and accounts on it that are neither its own nor the administrator's.
    pub async fn left(&self) -> Vec<String> {
        let texts = match self.product() {
            Product::MariaDb => [
                "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN
                    ('information_schema', 'mysql', 'performance_schema', 'sys', 'tenantry_server')",
                "SELECT user FROM mysql.user WHERE user NOT IN ('root', 'admin', 'mysql', 'mariadb.sys', '')",
                "SELECT name FROM tenantry_server.made_databases",
            ],
            Product::Postgres => [
                "SELECT datname::text FROM pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', 'tenants')
                    AND datname NOT LIKE 'tenantry-template-%'",
                "SELECT rolname::text FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' AND rolname NOT IN ('admin', 'keeper', 'postgres')
                    AND rolname NOT LIKE 'tenantry-owner-%' AND rolname NOT LIKE 'tenantry-tenants-%'",
                "SELECT nspname::text FROM pg_namespace
                 WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public')",
            ],
        };
        let mut left = Vec::new();
        for text in texts {
            left.extend(self.ask(&Who::Admin, "", text).await.unwrap_or_default());
        }
        left
    }
}

/// A tenant's application: it knows its password.
pub struct Application<'a> {
    machine: &'a Machine,
    database: String,
    account: String,
    password: String,
}

impl<'a> Application<'a> {
    pub async fn of(machine: &'a Machine, app: &App, slug: &str) -> Application<'a> {
        let tenant = tenant(app, slug).await;
        let database = tenant.database_name.parse().unwrap();
        let engine = app.engines.of(&tenant).await.unwrap();
        let address = engine.address(&database);
        let fact = |label: &str| address.iter().find(|(found, _)| *found == label).unwrap().1.clone();
        let mut read = app.store.read().await.unwrap();
        let account = store::tenant_accounts::find(&mut read, tenant.id).await.unwrap().unwrap();
        Application {
            machine,
            database: fact("Database"),
            account: fact("Account"),
            password: app.engines.open_password(tenant.id, &account.password).unwrap(),
        }
    }

    pub async fn ask(&self, sql: &str) -> Option<Vec<String>> {
        self.machine.ask(&Who::Account(&self.account, &self.password), &self.database, sql).await
    }

    /// Runs statements, and says what the server said where it refused.
    pub async fn run(&self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.machine {
            Machine::MariaDb(server) => {
                let options = server.options().username(&self.account).password(&self.password);
                let mut connection = options.database(&self.database).connect().await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await
            }
            Machine::Postgres(server) | Machine::Schemas(server) => {
                let options: PgConnectOptions = server.url().parse()?;
                let options = options.username(&self.account).password(&self.password);
                let mut connection = options.database(&self.database).connect().await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await
            }
        }
    }

    /// Writes a row of its own.
    pub async fn remember(&self, word: &str) {
        let (key, group) = match self.machine.product() {
            Product::MariaDb => ("`key`", "`group`"),
            Product::Postgres => ("\"key\"", "\"group\""),
        };
        let sql = format!(
            "INSERT INTO settings ({key}, value, type, {group}) VALUES ('own.{word}', 'x', 'string', 'own')"
        );
        assert!(self.ask(&sql).await.is_some(), "{sql}");
    }

    /// The words that were remembered; `None` where it may not read.
    pub async fn remembered(&self) -> Option<Vec<String>> {
        let (key, group) = match self.machine.product() {
            Product::MariaDb => ("`key`", "`group`"),
            Product::Postgres => ("\"key\"", "\"group\""),
        };
        self.ask(&format!("SELECT SUBSTR({key}, 5) FROM settings WHERE {group} = 'own' ORDER BY 1")).await
    }
}

/// An installation with a server, s-1.
pub async fn with_server(product: Product) -> (Machine, Place, App) {
    with_machine(Machine::start(product).await).await
}

/// The same with a server that was started.
pub async fn with_machine(machine: Machine) -> (Machine, Place, App) {
    let place = Place::new();
    let app = place.open().await;
    machine.add(&app, "s-1").await;
    (machine, place, app)
}
