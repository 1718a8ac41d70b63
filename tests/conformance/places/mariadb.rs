//! MariaDB: databases with accounts on a server that the tests of this process share.

#[path = "../../support/mariadb.rs"]
mod support;

use crate::ground::{Address, Application, Passwords, Place, value};
use async_trait::async_trait;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, MySqlConnection, Row, mysql::MySqlConnectOptions,
};
use std::sync::Arc;
use tenantry::engine::{DatabaseName, Engine, mariadb::MariaDb};

pub struct Server {
    server: Arc<support::Server>,
    engine: Arc<MariaDb>,
}

struct OnServer(MySqlConnection);

#[async_trait]
impl Place for Server {
    async fn make(passwords: Arc<Passwords>) -> Server {
        let server = support::Server::shared().await;
        let engine = MariaDb::new(server.options(), 6, passwords, server.folder().join("copies"));
        Server { server, engine: Arc::new(engine) }
    }

    fn engine(&self) -> Arc<dyn Engine> {
        Arc::<MariaDb>::clone(&self.engine)
    }

    async fn enter(&self, address: &Address, password: &str) -> Result<Box<dyn Application>, String> {
        let options = MySqlConnectOptions::new()
            .host(value(address, "Host"))
            .port(value(address, "Port").parse().unwrap())
            .username(value(address, "Account"))
            .password(password)
            .database(value(address, "Database"));
        let connection = options.connect().await.map_err(|cause| cause.to_string())?;
        Ok(Box::new(OnServer(connection)))
    }

    async fn put_foreign(&self, name: &DatabaseName) {
        let mut admin = self.server.admin().await;
        for statement in [
            format!("CREATE DATABASE `{name}`"),
            format!("CREATE TABLE `{name}`.theirs (id INT)"),
            format!("INSERT INTO `{name}`.theirs VALUES (7)"),
        ] {
            admin.execute(AssertSqlSafe(statement)).await.unwrap();
        }
    }

    async fn foreign(&self, name: &DatabaseName) -> String {
        let mut admin = self.server.admin().await;
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT table_name FROM information_schema.tables WHERE table_schema = ?")
                .bind(name.as_str())
                .fetch_all(&mut admin)
                .await
                .unwrap();
        let sum = format!("SELECT CAST(SUM(id) AS SIGNED) FROM `{name}`.theirs");
        let sum: i64 = sqlx::query_scalar(AssertSqlSafe(sum)).fetch_one(&mut admin).await.unwrap();
        format!("{tables:?} {sum}")
    }

    async fn has_table(&self, name: &str) -> bool {
        let found: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = ?")
                .bind(name)
                .fetch_one(&mut self.server.admin().await)
                .await
                .unwrap();
        found > 0
    }
}

#[async_trait]
impl Application for OnServer {
    async fn run(&mut self, sql: &str) -> Result<(), String> {
        let done = self.0.execute(AssertSqlSafe(sql.to_owned())).await;
        done.map(|_| ()).map_err(|cause| cause.to_string())
    }

    async fn number(&mut self, sql: &str) -> Result<i64, String> {
        let row = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.0).await;
        row.and_then(|row| row.try_get(0)).map_err(|cause| cause.to_string())
    }

    async fn close(self: Box<Self>) {
        let _ = self.0.close().await;
    }
}
