//! What a behaviour is tried out on: an engine in a place of its own or a shared one, a tenant, and a way in as its application.

use async_trait::async_trait;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use tenantry::{
    engine::{
        Applied, DatabaseName, Engine, EngineError, Marker, Origin, Presence, Secrets, Session, SqlDialect,
        Statement, TenantLock, Unit,
    },
    schema::Schema,
    sql::{evolve, operations, read, variables::Variables},
};
use uuid::Uuid;

/// Where an engine keeps databases in a test. All that the conformance suite has to know of an engine.
#[async_trait]
pub trait Place: Send + Sync {
    /// A place with nothing of this test's in it.
    async fn make(passwords: Arc<Passwords>) -> Self
    where
        Self: Sized;

    /// The engine there.
    fn engine(&self) -> Arc<dyn Engine>;

    /// A connection as a tenant's application has it, to what [`Engine::address`] says, or what the engine says against it.
    async fn enter(&self, address: &Address, password: &str) -> Result<Box<dyn Application>, String>;

    /// Makes something under a database's name that Tenantry has not made.
    async fn put_foreign(&self, name: &DatabaseName);

    /// All that there is of that, as a text.
    async fn foreign(&self, name: &DatabaseName) -> String;

    /// Whether a table of this name is in any database there, scratch ones as well.
    async fn has_table(&self, name: &str) -> bool;
}

/// Where an application finds its database: labels and values.
pub type Address = Vec<(&'static str, String)>;

/// A value of an address.
pub fn value<'a>(address: &'a Address, label: &str) -> &'a str {
    &address.iter().find(|(found, _)| *found == label).unwrap_or_else(|| panic!("no {label}: {address:?}")).1
}

/// A connection as a tenant's application has it.
#[async_trait]
pub trait Application: Send {
    /// Runs a statement.
    async fn run(&mut self, sql: &str) -> Result<(), String>;
    /// The first value of an answer.
    async fn number(&mut self, sql: &str) -> Result<i64, String>;
    async fn close(self: Box<Self>);
}

/// Passwords of tenants' accounts, which can be changed.
#[derive(Debug, Default)]
pub struct Passwords(Mutex<BTreeMap<Uuid, String>>);

impl Passwords {
    pub fn set(&self, tenant: Uuid, password: &str) {
        self.0.lock().unwrap().insert(tenant, password.to_owned());
    }

    pub fn get(&self, tenant: Uuid) -> String {
        let known = self.0.lock().unwrap().get(&tenant).cloned();
        known.unwrap_or_else(|| format!("s{}", tenant.simple()))
    }
}

#[async_trait]
impl Secrets for Passwords {
    async fn of(&self, tenant: Uuid) -> Result<String, EngineError> {
        Ok(self.get(tenant))
    }
}

/// A tenant on an engine.
pub struct Ground {
    pub place: Arc<dyn Place>,
    pub engine: Arc<dyn Engine>,
    pub passwords: Arc<Passwords>,
    pub tenant: Tenant,
    files: tempfile::TempDir,
}

/// A tenant, as one job has it.
pub struct Tenant {
    pub name: DatabaseName,
    pub lock: TenantLock,
    /// What its templates have made so far.
    pub model: Mutex<Schema>,
}

impl Tenant {
    pub fn new(slug: &str, fence: i64) -> Tenant {
        let tenant_id = Uuid::now_v7();
        Tenant {
            name: DatabaseName::derive(slug, tenant_id),
            lock: TenantLock { tenant_id, job_id: Uuid::now_v7(), fence },
            model: Mutex::default(),
        }
    }

    pub fn id(&self) -> Uuid {
        self.lock.tenant_id
    }

    pub fn marker(&self) -> Marker {
        Marker { tenant_id: self.lock.tenant_id, job_id: self.lock.job_id }
    }

    pub fn model(&self) -> Schema {
        self.model.lock().unwrap().clone()
    }

    /// The same tenant in the hands of a later job.
    pub fn later(&self, by: i64) -> TenantLock {
        TenantLock { job_id: Uuid::now_v7(), fence: self.lock.fence + by, ..self.lock }
    }
}

pub fn marker(lock: &TenantLock) -> Marker {
    Marker { tenant_id: lock.tenant_id, job_id: lock.job_id }
}

/// Structure and rows that everything in them is worth copying of.
pub const CONTENT: &str = "
    CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL, note TEXT NULL, INDEX by_name (name));
    CREATE TABLE gifts (id INT PRIMARY KEY, person_id INT NOT NULL, worth DECIMAL(10,2) NOT NULL DEFAULT 1.5,
        CONSTRAINT of_person FOREIGN KEY (person_id) REFERENCES people (id), CHECK (worth > 0));
    CREATE VIEW z_names AS SELECT id, name FROM people;
    CREATE VIEW a_names AS SELECT name FROM z_names WHERE id > 0;
    INSERT INTO people (name, note) VALUES ('O''Hara', NULL), ('日本', 'x');
    INSERT INTO gifts (id, person_id) VALUES (1, 1);
";

impl Ground {
    pub async fn new<P: Place + 'static>() -> Ground {
        let passwords = Arc::new(Passwords::default());
        let place = Arc::new(P::make(Arc::clone(&passwords)).await);
        Ground {
            engine: place.engine(),
            place,
            passwords,
            tenant: Tenant::new("acme", 1),
            files: tempfile::tempdir().unwrap(),
        }
    }

    /// A file of this test's.
    pub fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// Makes the tenant's database.
    pub async fn made(&self) -> &Tenant {
        self.engine.create(&self.tenant.name, &self.tenant.lock).await.unwrap();
        &self.tenant
    }

    /// Makes the tenant's database with something in it.
    pub async fn filled(&self) -> &Tenant {
        self.made().await;
        self.apply(&self.tenant, "content", CONTENT).await.unwrap();
        &self.tenant
    }

    /// A template's text as statements of the engine, and the schema after it.
    pub fn render(&self, before: &Schema, template: &str) -> (Vec<Statement>, Schema) {
        let mut schema = before.clone();
        let mut all = Vec::new();
        for source in read::split(template, 1).unwrap_or_else(|problems| panic!("{template}: {problems:?}")) {
            for operation in operations::operation(&source).unwrap_or_else(|p| panic!("{}", p.message)) {
                let mut after = schema.clone();
                evolve::apply(&mut after, &operation).unwrap();
                all.extend(self.engine.render(&schema, &operation, &after).unwrap());
                schema = after;
            }
        }
        (all, schema)
    }

    /// Runs a template's text as one unit.
    pub async fn apply(&self, tenant: &Tenant, key: &str, template: &str) -> Result<Applied, EngineError> {
        self.apply_as(tenant, &tenant.lock, key, template).await
    }

    /// The same, as another job.
    pub async fn apply_as(
        &self,
        tenant: &Tenant,
        lock: &TenantLock,
        key: &str,
        template: &str,
    ) -> Result<Applied, EngineError> {
        let (statements, after) = self.render(&tenant.model(), template);
        let mut session = self.engine.open(&tenant.name, lock).await?;
        let unit = Unit { key, statements: &statements, variables: &Variables::default() };
        let applied = session.apply(unit).await;
        session.close().await;
        if applied.is_ok() {
            *tenant.model.lock().unwrap() = after;
        }
        applied
    }

    /// The live schema.
    pub async fn inspect(&self, tenant: &Tenant) -> Schema {
        let mut session = self.engine.look(&tenant.name, tenant.id()).await.unwrap();
        let schema = session.inspect().await.unwrap();
        session.close().await;
        schema
    }

    pub async fn presence(&self, tenant: &Tenant) -> Presence {
        self.engine.look_up(&tenant.name).await.unwrap()
    }

    /// Whether the tenant's database is there and shut away.
    pub async fn is_shut(&self, tenant: &Tenant) -> bool {
        matches!(self.presence(tenant).await, Presence::Shut(marker) if marker.tenant_id == tenant.id())
    }

    /// A name, quoted as an application has to.
    pub fn quoted(&self, name: &str) -> String {
        let quote = match self.engine.dialect() {
            SqlDialect::Mysql => "`",
            SqlDialect::Sqlite | SqlDialect::Postgres => "\"",
        };
        format!("{quote}{}{quote}", name.replace(quote, &quote.repeat(2)))
    }

    /// A way in as the tenant's application.
    pub async fn enter(&self, tenant: &Tenant) -> Result<Box<dyn Application>, String> {
        let address = self.engine.address(&tenant.name);
        self.place.enter(&address, &self.passwords.get(tenant.id())).await
    }

    /// Whether the application can use the database.
    pub async fn is_open(&self, tenant: &Tenant) -> bool {
        match self.enter(tenant).await {
            Ok(mut application) => {
                let answer = application.number("SELECT COUNT(*) FROM people").await;
                application.close().await;
                answer.is_ok()
            }
            Err(_) => false,
        }
    }

    /// The first value of an answer, asked by the application.
    pub async fn number(&self, tenant: &Tenant, sql: &str) -> i64 {
        let mut application = self.enter(tenant).await.unwrap();
        let number = application.number(sql).await.unwrap();
        application.close().await;
        number
    }

    /// Runs a statement as the application.
    pub async fn write(&self, tenant: &Tenant, sql: &str) {
        let mut application = self.enter(tenant).await.unwrap();
        application.run(sql).await.unwrap();
        application.close().await;
    }

    /// Copies a tenant's database into a new one.
    pub async fn copy(&self, from: &Tenant, to: &Tenant) -> Result<(), EngineError> {
        let origin = Origin::Database(&from.name, from.id());
        self.engine.create_from(origin, &to.name, &to.lock).await
    }

    /// Saves a tenant's database into a file.
    pub async fn save(&self, tenant: &Tenant, file: &Path) {
        self.engine.save(&tenant.name, tenant.id(), file).await.unwrap();
    }

    /// A session on an empty database.
    pub async fn scratch(&self) -> Box<dyn Session> {
        self.engine.scratch().await.unwrap()
    }
}
