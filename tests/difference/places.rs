//! The engines, each on a server or in a folder of this process's tests, and databases on them.

#[path = "../support/mariadb.rs"]
mod mariadb_server;
#[allow(dead_code, reason = "what other tests need")]
#[path = "../support/servers.rs"]
mod servers;

use async_trait::async_trait;
use std::sync::Arc;
use tenantry::{
    engine::{
        Applied, Engine, EngineError, Secrets, Session, SqlDialect, Statement, Unit, mariadb::MariaDb,
        postgres::Postgres, sqlite::Sqlite,
    },
    schema::Schema,
    sql::{evolve, operations, read, variables::Variables},
};
use uuid::Uuid;

/// An engine and what it stands on.
pub struct Place {
    pub engine: Box<dyn Engine>,
    _ground: Box<dyn std::any::Any + Send + Sync>,
}

#[derive(Debug)]
struct OfTheTest;

#[async_trait]
impl Secrets for OfTheTest {
    async fn of(&self, tenant: Uuid) -> Result<String, EngineError> {
        Ok(format!("s{}", tenant.simple()))
    }
}

pub fn sqlite() -> Place {
    let folder = tempfile::tempdir().unwrap();
    Place { engine: Box::new(Sqlite::new(folder.path().to_owned())), _ground: Box::new(folder) }
}

pub async fn mariadb() -> Place {
    let server = mariadb_server::Server::shared().await;
    let engine = MariaDb::new(server.options(), 6, Arc::new(OfTheTest), server.folder().join("copies"));
    Place { engine: Box::new(engine), _ground: Box::new(server) }
}

pub fn postgres() -> Place {
    let server = servers::Postgres::shared();
    let engine = Postgres::new(server.options(), 6, Arc::new(OfTheTest), server.folder().join("copies"));
    Place { engine: Box::new(engine), _ground: Box::new(server) }
}

impl Place {
    pub async fn scratch(&self) -> Base<'_> {
        Base {
            engine: self.engine.as_ref(),
            session: self.engine.scratch().await.unwrap(),
            model: Schema::default(),
            units: 0,
        }
    }

    pub fn is(&self, dialect: SqlDialect) -> bool {
        self.engine.dialect() == dialect
    }

    /// A schema as far as the engine can tell two apart: where columns have no places of their own, without their order.
    pub fn told(&self, schema: &Schema) -> Schema {
        let mut schema = schema.clone();
        if !self.engine.capabilities().column_places {
            for table in schema.tables.values_mut() {
                table.columns.sort_by(|one, other| one.name.cmp(&other.name));
            }
        }
        schema
    }
}

/// An empty database, gone with its session.
pub struct Base<'a> {
    pub engine: &'a dyn Engine,
    pub session: Box<dyn Session>,
    /// What its templates have made.
    pub model: Schema,
    units: u32,
}

impl Base<'_> {
    pub async fn run(&mut self, statements: &[Statement]) -> Result<u64, EngineError> {
        self.units += 1;
        let key = format!("unit {}", self.units);
        let unit = Unit { key: &key, statements, variables: &Variables::default() };
        match self.session.apply(unit).await? {
            Applied::Now { rows } => Ok(rows),
            Applied::Before => panic!("{key} ran before"),
        }
    }

    /// Runs what a person writes in the engine's own words.
    pub async fn by_hand(&mut self, statements: &[&str]) -> Result<u64, EngineError> {
        let statements: Vec<Statement> =
            statements.iter().map(|sql| Statement { sql: (*sql).to_owned(), values: Vec::new() }).collect();
        self.run(&statements).await
    }

    /// Runs a text in the template's dialect.
    pub async fn template(&mut self, text: &str) {
        let mut all = Vec::new();
        for source in read::split(text, 1).unwrap_or_else(|problems| panic!("{text}: {problems:?}")) {
            for operation in
                operations::operation(&source).unwrap_or_else(|problem| panic!("{}", problem.message))
            {
                let mut after = self.model.clone();
                evolve::apply(&mut after, &operation).unwrap();
                all.extend(self.engine.render(&self.model, &operation, &after).unwrap());
                self.model = after;
            }
        }
        self.run(&all).await.unwrap();
    }

    pub async fn inspect(&mut self) -> Schema {
        self.session.inspect().await.unwrap()
    }

    /// Turns the one schema into the other; what the engine says, where it does not.
    pub async fn change(&mut self, found: &Schema, wanted: &Schema) -> Result<(), String> {
        let statements = self.engine.change(found, wanted)?;
        self.run(&statements).await.map(|_| ()).map_err(|cause| format!("{cause:#?}\n{statements:#?}"))
    }

    pub fn quoted(&self, name: &str) -> String {
        match self.engine.dialect() {
            SqlDialect::Mysql => format!("`{name}`"),
            SqlDialect::Sqlite | SqlDialect::Postgres => format!("\"{name}\""),
        }
    }
}
