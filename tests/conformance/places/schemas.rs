//! PostgreSQL: schemas with roles in a database of this test's, on the server that the tests of this process share.

use super::postgres::{OnServer, support};
use crate::ground::{Address, Application, Passwords, Place, value};
use async_trait::async_trait;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::sync::Arc;
use tenantry::engine::{DatabaseName, Engine, postgres::Postgres};
use uuid::Uuid;

pub struct Schemas {
    server: Arc<support::Postgres>,
    database: String,
    engine: Arc<Postgres>,
}

impl Schemas {
    async fn admin(&self) -> PgConnection {
        self.server.options().database(&self.database).connect().await.unwrap()
    }
}

#[async_trait]
impl Place for Schemas {
    async fn make(passwords: Arc<Passwords>) -> Schemas {
        let server = support::Postgres::shared();
        let database = format!("tenants_{}", Uuid::now_v7().simple());
        let mut admin = server.options().connect().await.unwrap();
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE {database}"))).await.unwrap();
        admin.close().await.unwrap();
        let options = server.options().database(&database);
        let engine = Postgres::new(options, 6, passwords, server.folder().join("copies")).in_schemas();
        Schemas { server, database, engine: Arc::new(engine) }
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
        let mut connection = options.connect().await.map_err(|cause| cause.to_string())?;
        let (schema, account) = (value(address, "Schema"), value(address, "Account"));
        // An account is in its own schema by itself.
        if schema != account {
            let set = format!("SET search_path = {schema}");
            connection.execute(AssertSqlSafe(set)).await.map_err(|cause| cause.to_string())?;
        }
        let question = "SELECT current_schema()::text";
        let found: Option<String> = sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap();
        match found {
            Some(found) if found == schema => Ok(Box::new(OnServer(connection))),
            _ => Err(format!("{account} may not use {schema}")),
        }
    }

    async fn put_foreign(&self, name: &DatabaseName) {
        let mut admin = self.admin().await;
        let make = format!("CREATE SCHEMA {name}; CREATE TABLE {name}.theirs AS SELECT 7 AS id");
        admin.execute(AssertSqlSafe(make)).await.unwrap();
        admin.close().await.unwrap();
    }

    async fn foreign(&self, name: &DatabaseName) -> String {
        let mut admin = self.admin().await;
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT relname::text FROM pg_class WHERE relnamespace = $1::text::regnamespace",
        )
        .bind(name.as_str())
        .fetch_all(&mut admin)
        .await
        .unwrap();
        let sum = AssertSqlSafe(format!("SELECT sum(id) FROM {name}.theirs"));
        let sum: i64 = sqlx::query_scalar(sum).fetch_one(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        format!("{tables:?} {sum}")
    }

    async fn has_table(&self, name: &str) -> bool {
        let mut admin = self.admin().await;
        let found: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_class WHERE relname = $1")
            .bind(name)
            .fetch_one(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
        found > 0
    }
}
