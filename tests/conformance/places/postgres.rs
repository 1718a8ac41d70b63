//! PostgreSQL: databases with roles on a server that the tests of this process share.

#[allow(dead_code, reason = "what only the tests of PostgreSQL alone need")]
#[path = "../../support/servers.rs"]
pub mod support;

use crate::ground::{Address, Application, Passwords, Place, value};
use async_trait::async_trait;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::sync::Arc;
use tenantry::engine::{DatabaseName, Engine, postgres::Postgres};

pub struct Server {
    server: Arc<support::Postgres>,
    engine: Arc<Postgres>,
}

pub struct OnServer(pub PgConnection);

impl Server {
    async fn admin(&self, database: &str) -> Result<PgConnection, sqlx::Error> {
        self.server.options().database(database).connect().await
    }

    async fn run(&self, database: &str, statement: String) {
        let mut admin = self.admin(database).await.unwrap();
        admin.execute(AssertSqlSafe(statement)).await.unwrap();
        admin.close().await.unwrap();
    }
}

#[async_trait]
impl Place for Server {
    async fn make(passwords: Arc<Passwords>) -> Server {
        let server = support::Postgres::shared();
        let engine = Postgres::new(server.options(), 6, passwords, server.folder().join("copies"));
        Server { server, engine: Arc::new(engine) }
    }

    fn engine(&self) -> Arc<dyn Engine> {
        Arc::<Postgres>::clone(&self.engine)
    }

    async fn enter(&self, address: &Address, password: &str) -> Result<Box<dyn Application>, String> {
        let options = PgConnectOptions::new_without_pgpass()
            .ssl_mode(PgSslMode::Disable)
            .host(value(address, "Host"))
            .port(value(address, "Port").parse().unwrap())
            .username(value(address, "Account"))
            .password(password)
            .database(value(address, "Database"));
        let connection = options.connect().await.map_err(|cause| cause.to_string())?;
        Ok(Box::new(OnServer(connection)))
    }

    async fn put_foreign(&self, name: &DatabaseName) {
        self.run("postgres", format!("CREATE DATABASE {name}")).await;
        self.run(name.as_str(), "CREATE TABLE theirs AS SELECT 7 AS id".to_owned()).await;
    }

    async fn foreign(&self, name: &DatabaseName) -> String {
        let mut admin = self.admin(name.as_str()).await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace",
        )
        .fetch_all(&mut admin)
        .await
        .unwrap();
        let sum: i64 = sqlx::query_scalar("SELECT sum(id) FROM theirs").fetch_one(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        format!("{tables:?} {sum}")
    }

    async fn has_table(&self, name: &str) -> bool {
        let mut admin = self.admin("postgres").await.unwrap();
        let databases: Vec<String> =
            sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datallowconn")
                .fetch_all(&mut admin)
                .await
                .unwrap();
        admin.close().await.unwrap();
        for database in databases {
            // Other tests' databases come and go meanwhile.
            let Ok(mut admin) = self.admin(&database).await else { continue };
            let found: Result<i64, _> =
                sqlx::query_scalar("SELECT count(*) FROM pg_class WHERE relname = $1")
                    .bind(name)
                    .fetch_one(&mut admin)
                    .await;
            let _ = admin.close().await;
            if found.is_ok_and(|found| found > 0) {
                return true;
            }
        }
        false
    }
}

#[async_trait]
impl Application for OnServer {
    async fn run(&mut self, sql: &str) -> Result<(), String> {
        let done = self.0.execute(AssertSqlSafe(sql.to_owned())).await;
        done.map(|_| ()).map_err(|cause| cause.to_string())
    }

    async fn number(&mut self, sql: &str) -> Result<i64, String> {
        let whole = AssertSqlSafe(format!("SELECT ({sql})::bigint"));
        sqlx::query_scalar(whole).fetch_one(&mut self.0).await.map_err(|cause| cause.to_string())
    }

    async fn close(self: Box<Self>) {
        let _ = self.0.close().await;
    }
}
