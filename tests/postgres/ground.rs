//! A server with an engine on it, and a tenant.

use crate::servers::Postgres as Server;
use async_trait::async_trait;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row, postgres::PgConnectOptions,
};
use std::sync::Arc;
use tenantry::{
    engine::{
        Applied, DatabaseName, Engine, EngineError, Marker, Secrets, Statement, TenantLock, Unit,
        postgres::Postgres,
    },
    sql::variables::Variables,
};
use uuid::Uuid;

/// A password for each tenant, made of its id.
#[derive(Debug)]
pub struct OfTheTest;

#[async_trait]
impl Secrets for OfTheTest {
    async fn of(&self, tenant: Uuid) -> Result<String, EngineError> {
        Ok(password(tenant))
    }
}

pub fn password(tenant: Uuid) -> String {
    format!("s{}", tenant.simple())
}

/// What the names of databases begin with that dumps are put back into.
pub const BACK: &str = "back_";

pub struct Ground {
    pub server: Arc<Server>,
    pub options: PgConnectOptions,
    /// Whether tenants are schemas in the options' database.
    pub in_schemas: bool,
    pub engine: Postgres,
    pub name: DatabaseName,
    pub lock: TenantLock,
}

/// An engine that the options' account is the administrator of.
pub fn engine(server: &Server, options: PgConnectOptions, connections: u32) -> Postgres {
    Postgres::new(options, connections, Arc::new(OfTheTest), server.folder().join("copies"))
}

/// A tenant that there is nothing of yet.
pub fn another(slug: &str, fence: i64) -> (DatabaseName, TenantLock) {
    let tenant_id = Uuid::now_v7();
    (DatabaseName::derive(slug, tenant_id), TenantLock { tenant_id, job_id: Uuid::now_v7(), fence })
}

/// Another job of the same tenant.
pub fn next(lock: &TenantLock) -> TenantLock {
    TenantLock { job_id: Uuid::now_v7(), fence: lock.fence + 1, ..*lock }
}

pub fn marker(lock: &TenantLock) -> Marker {
    Marker { tenant_id: lock.tenant_id, job_id: lock.job_id }
}

/// Before PostgreSQL 15 the schema `public` is the superuser's and open to everybody. He closes it in a database, as `examine` or
/// docs/servers.md asks for.
pub async fn close_before_15(server: &Server, database: &str) {
    let mut admin = server.options().database(database).connect().await.unwrap();
    if admin.server_version_num().unwrap() < 150_000 {
        admin.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC").await.unwrap();
    }
    admin.close().await.unwrap();
}

pub fn statements(texts: &[&str]) -> Vec<Statement> {
    texts.iter().map(|sql| Statement { sql: (*sql).to_owned(), values: Vec::new() }).collect()
}

impl Ground {
    /// A tenant's empty database on the shared server.
    pub async fn made() -> Ground {
        let ground = Ground::on(Server::shared(), 8);
        ground.engine.create(&ground.name, &ground.lock).await.unwrap();
        ground
    }

    /// A tenant's empty database, on the shared server, made by an administrator that is no superuser.
    pub async fn hosted() -> Ground {
        let server = Server::shared();
        let account = format!("host_{}", Uuid::now_v7().simple());
        let mut admin = server.options().connect().await.unwrap();
        let role = format!("CREATE ROLE {account} LOGIN CREATEDB CREATEROLE PASSWORD 'hosted'");
        let database = format!("CREATE DATABASE {account} OWNER {account}");
        for sql in [role, database] {
            admin.execute(AssertSqlSafe(sql)).await.unwrap();
        }
        admin.close().await.unwrap();
        let options = server.options().username(&account).password("hosted").database(&account);
        let engine = engine(&server, options.clone(), 8);
        let (name, lock) = another("acme", 1);
        Ground { server, options, in_schemas: false, engine, name, lock }
    }

    /// The same with tenants in schemas.
    pub fn in_schemas(self) -> Ground {
        Ground { engine: self.engine.in_schemas(), in_schemas: true, ..self }
    }

    /// Tenants in schemas of a new database on this server, whose administrator is a superuser.
    pub async fn schemas_on(server: Arc<Server>, connections: u32) -> Ground {
        let database = format!("tenants_{}", Uuid::now_v7().simple());
        let mut admin = server.options().connect().await.unwrap();
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE {database}"))).await.unwrap();
        admin.close().await.unwrap();
        let (name, lock) = another("acme", 1);
        let options = server.options().database(&database);
        let engine = engine(&server, options.clone(), connections);
        Ground { engine, options, in_schemas: false, server, name, lock }.in_schemas()
    }

    /// Whoever may be the administrator of tenants in schemas, and may do no more.
    pub async fn hosted_schemas() -> Ground {
        let ground = Ground::hosted().await;
        let mut admin = ground.server.options().connect().await.unwrap();
        let less = format!("ALTER ROLE {} NOCREATEDB", ground.options.get_username());
        admin.execute(AssertSqlSafe(less)).await.unwrap();
        admin.close().await.unwrap();
        close_before_15(&ground.server, ground.options.get_database().unwrap()).await;
        ground.in_schemas()
    }

    /// How the superuser looks into a tenant's database or schema, or into the database `postgres` or one of [`BACK`].
    pub fn looking_into(&self, place: &str) -> PgConnectOptions {
        if self.in_schemas && place != "postgres" && !place.starts_with(BACK) {
            let database = self.options.get_database().unwrap();
            return self
                .server
                .options()
                .database(database)
                .options([("search_path", format!("\"{place}\""))]);
        }
        self.server.options().database(place)
    }

    pub fn on(server: Arc<Server>, connections: u32) -> Ground {
        let (name, lock) = another("acme", 1);
        let options = server.options();
        let engine = engine(&server, options.clone(), connections);
        Ground { engine, options, in_schemas: false, server, name, lock }
    }

    /// Runs statements as one unit of the tenant's.
    pub async fn apply(&self, lock: &TenantLock, key: &str, texts: &[&str]) -> Result<Applied, EngineError> {
        apply(&self.engine, &self.name, lock, key, texts).await
    }

    /// A connection as the tenant's application has it.
    pub async fn as_tenant(&self) -> Result<PgConnection, sqlx::Error> {
        self.enter(&self.name, self.lock.tenant_id, self.name.as_str()).await
    }

    /// A connection of a tenant's account to any database, or in the one that tenants share to any schema.
    pub async fn enter(
        &self,
        account: &DatabaseName,
        tenant: Uuid,
        place: &str,
    ) -> Result<PgConnection, sqlx::Error> {
        let options = self.server.options().username(account.as_str()).password(&password(tenant));
        if !self.in_schemas {
            return options.database(place).connect().await;
        }
        let mut connection = options.database(self.options.get_database().unwrap()).connect().await?;
        if place != account.as_str() {
            connection.execute(AssertSqlSafe(format!("SET search_path = \"{place}\""))).await?;
        }
        // It sees no schema that it may not use.
        let found: Option<String> =
            sqlx::query_scalar("SELECT current_schema()::text").fetch_one(&mut connection).await?;
        if found.as_deref() == Some(place) {
            return Ok(connection);
        }
        Err(sqlx::Error::Protocol(format!("permission denied for schema {place}")))
    }

    /// The first value of a question that the superuser asks.
    pub async fn number(&self, place: &str, question: &str) -> i64 {
        let mut admin = self.looking_into(place).connect().await.unwrap();
        let row = sqlx::query(AssertSqlSafe(question.to_owned())).fetch_one(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        row.try_get(0).unwrap()
    }

    /// Databases, schemas and roles of ours that are there for a while only.
    pub async fn passing(&self) -> i64 {
        let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE ANY(ARRAY['tenantry-making-%', 'tenantry-draft-%', 'tenantry-scratch-%'])";
        let schemas = if self.in_schemas { self.number(self.name.as_str(), schemas).await } else { 0 };
        let question = "SELECT (SELECT count(*) FROM pg_database WHERE datname LIKE ANY(ARRAY['tenantry-making-%', 'tenantry-draft-%', 'tenantry-scratch-%']))
            + (SELECT count(*) FROM pg_roles WHERE rolname LIKE ANY(ARRAY['tenantry-guest-%', 'tenantry-scratch-%']))";
        schemas + self.number("postgres", question).await
    }
}

pub async fn apply(
    engine: &Postgres,
    name: &DatabaseName,
    lock: &TenantLock,
    key: &str,
    texts: &[&str],
) -> Result<Applied, EngineError> {
    let statements = statements(texts);
    let mut session = engine.open(name, lock).await?;
    let applied =
        session.apply(Unit { key, statements: &statements, variables: &Variables::default() }).await;
    session.close().await;
    applied
}
