//! Which engine a tenant lives on: the one inside this program, or the one of its server.

use crate::{
    engine::{
        Engine, EngineError, Secrets,
        server::{Product, ServerOptions, on_server},
    },
    store::{self, Store, servers::Server, tenants::Tenant},
    vault::{Vault, random_password},
};
use async_trait::async_trait;
use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// Why a tenant's engine cannot be used: a sentence. Nothing is the matter with the tenant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoEngine(pub String);

/// All engines of this installation.
pub struct Engines {
    own: Arc<dyn Engine>,
    secrets: Arc<Passwords>,
    folder: PathBuf,
    /// Engines of servers that were used.
    opened: Mutex<BTreeMap<Uuid, Opened>>,
}

/// An engine, and when the row was changed that it was opened by.
type Opened = (i64, Arc<dyn Engine>);

impl fmt::Debug for Engines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engines").field("own", &self.own).finish_non_exhaustive()
    }
}

/// The passwords of tenants' accounts, from the control database.
#[derive(Debug)]
struct Passwords {
    store: Store,
    vault: Arc<Vault>,
}

fn owner_of_server(id: Uuid) -> String {
    format!("server {id}")
}

fn owner_of_account(tenant: Uuid) -> String {
    format!("account of tenant {tenant}")
}

fn lost(cause: impl fmt::Display) -> EngineError {
    EngineError::OutOfReach(format!("The password of the tenant's account cannot be read: {cause}"))
}

#[async_trait]
impl Secrets for Passwords {
    async fn of(&self, tenant: Uuid) -> Result<String, EngineError> {
        let mut read = self.store.read().await.map_err(lost)?;
        let account = store::tenant_accounts::find(&mut read, tenant).await.map_err(lost)?;
        let account = account.ok_or_else(|| lost("there is none"))?;
        self.vault.open(&owner_of_account(tenant), &account.password).map_err(lost)
    }
}

impl Engines {
    /// Engines with this one inside the program. Files of copies on their way are kept in `folder`.
    pub fn new(own: Arc<dyn Engine>, store: Store, vault: Arc<Vault>, folder: PathBuf) -> Engines {
        Engines {
            own,
            secrets: Arc::new(Passwords { store, vault }),
            folder,
            opened: Mutex::new(BTreeMap::new()),
        }
    }

    /// The engine inside this program.
    pub fn own(&self) -> Arc<dyn Engine> {
        Arc::clone(&self.own)
    }

    /// The engine of a tenant.
    pub async fn of(&self, tenant: &Tenant) -> Result<Arc<dyn Engine>, NoEngine> {
        match tenant.server_id {
            None => Ok(self.own()),
            Some(id) => self.of_server(id).await,
        }
    }

    /// The engine of a server.
    pub async fn of_server(&self, id: Uuid) -> Result<Arc<dyn Engine>, NoEngine> {
        let cannot = |cause: store::StoreError| NoEngine(format!("The server cannot be looked up: {cause}"));
        let mut read = self.secrets.store.read().await.map_err(cannot)?;
        let server = store::servers::by_id(&mut read, id).await.map_err(cannot)?;
        let server = server.ok_or_else(|| {
            NoEngine("The server that this tenant is on is not in the list any more.".into())
        })?;
        self.on(&server)
    }

    /// The engine of a server, as its row is.
    pub fn on(&self, server: &Server) -> Result<Arc<dyn Engine>, NoEngine> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((changed_ms, engine)) = opened.get(&server.id)
            && *changed_ms == server.changed_ms
        {
            return Ok(Arc::clone(engine));
        }
        let engine = self.open(server)?;
        opened.insert(server.id, (server.changed_ms, Arc::clone(&engine)));
        Ok(engine)
    }

    /// An engine for a server that need not be in the list, or not as it is here.
    pub fn open(&self, server: &Server) -> Result<Arc<dyn Engine>, NoEngine> {
        let access = &server.access;
        let options = ServerOptions {
            product: server.product,
            host: access.host.clone(),
            port: access.port,
            admin_name: access.admin_name.clone(),
            admin_password: self
                .secrets
                .vault
                .open(&owner_of_server(server.id), &access.admin_password)
                .map_err(|cause| NoEngine(cause.0))?,
            admin_database: access.admin_database.clone(),
            tls_mode: access.tls_mode,
            tls_authority: access.tls_authority.clone(),
            isolation: server.isolation,
            connections: server.room.connections,
        };
        on_server(&options, Arc::clone(&self.secrets) as Arc<dyn Secrets>, self.folder.clone())
            .map_err(|cause| NoEngine(cause.to_string()))
    }

    /// A server of each product that there is, by name with its engine: a template has to run on all of them. One that was
    /// out of order when it was tried last comes only where there is no other.
    pub async fn of_each_product(&self) -> Result<Vec<(String, Arc<dyn Engine>)>, NoEngine> {
        let cannot = |cause: store::StoreError| NoEngine(format!("The servers cannot be looked up: {cause}"));
        let mut read = self.secrets.store.read().await.map_err(cannot)?;
        let mut servers = store::servers::all(&mut read).await.map_err(cannot)?;
        servers.sort_by_key(|server| (server.is_in_trouble(), server.is_draining));
        let mut engines = Vec::new();
        for product in Product::ALL {
            if let Some(server) = servers.iter().find(|server| server.product == product) {
                engines.push((server.name.clone(), self.on(server)?));
            }
        }
        Ok(engines)
    }

    /// Seals an administrator's password for a server's row.
    pub fn seal_for_server(&self, id: Uuid, password: &str) -> Result<String, NoEngine> {
        self.secrets.vault.seal(&owner_of_server(id), password).map_err(|cause| NoEngine(cause.0))
    }

    /// A new password for a tenant's account, sealed.
    pub fn new_password(&self, tenant: Uuid) -> Result<String, NoEngine> {
        let sealed = self.secrets.vault.seal(&owner_of_account(tenant), &random_password());
        sealed.map_err(|cause| NoEngine(cause.0))
    }

    /// Opens what [`Engines::new_password`] sealed.
    pub fn open_password(&self, tenant: Uuid, sealed: &str) -> Result<String, NoEngine> {
        self.secrets.vault.open(&owner_of_account(tenant), sealed).map_err(|cause| NoEngine(cause.0))
    }
}
