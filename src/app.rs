//! Everything that the doors and the tests share: settings, store, engine, clock. Built once.

use crate::{
    clock::Clock,
    config::{ControlDatabase, Settings},
    engine::sqlite::Sqlite,
    engines::Engines,
    error::{Error, Result},
    faults::Faults,
    store::{self, Store, StoreError, migrate},
    templates::catalog::Catalog,
    vault::{KeySource, Vault, VaultError},
};
use std::{
    fmt,
    path::Path,
    sync::{Arc, atomic::AtomicU64},
};
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

/// The shared parts of the program. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// All settings.
    pub settings: Settings,
    /// The control database.
    pub store: Store,
    /// The engines that tenants live on.
    pub engines: Engines,
    /// Template versions, compiled and proven.
    pub catalog: Catalog,
    /// The time.
    pub clock: Clock,
    /// Wakes the workers of this process when there is a new job.
    pub wake: Notify,
    /// Wakes whatever compares databases with what they should be.
    pub wake_drift: Notify,
    /// Jobs that this process has just added.
    pub fresh: store::fresh::Fresh,
    /// One claim at a time in this process: what it has read stays true until it is written, without the write lock.
    pub claiming: Semaphore,
    /// Password hashing takes 19 MiB and a core each: at most so many at a time.
    pub hashing: Semaphore,
    /// Trying a template out keeps a core busy: at most so many at a time.
    pub proving: Semaphore,
    /// How many passwords were hashed or compared: tests hold that it does not depend on who exists.
    pub hashed: AtomicU64,
    /// Points at which tests stop the program.
    pub faults: Faults,
    /// Names this process in leases.
    pub process: String,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Why the program cannot start: one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CannotStart(pub String);

impl From<StoreError> for CannotStart {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Newer { .. } | StoreError::Migration(_) | StoreError::Unfit(_) => {
                CannotStart(cause.to_string())
            }
            other => CannotStart(format!("The control database cannot be opened: {other}.")),
        }
    }
}

fn make_folder(folder: &Path, setting: &str) -> std::result::Result<(), CannotStart> {
    let cannot = |cause: std::io::Error| {
        CannotStart(format!(
            "The data folder {} cannot be written: {cause}. Choose another with {setting}, or change its rights.",
            folder.display()
        ))
    };
    std::fs::create_dir_all(folder).map_err(cannot)?;
    let probe = folder.join(format!(".probe-{}", std::process::id()));
    std::fs::write(&probe, b"x").and_then(|()| std::fs::remove_file(&probe)).map_err(cannot)
}

async fn open_store(control: &ControlDatabase) -> std::result::Result<Store, CannotStart> {
    match control {
        ControlDatabase::File(file) => Store::open(file).await.map_err(|cause| {
            CannotStart(format!("The control database {} cannot be opened: {cause}.", file.display()))
        }),
        ControlDatabase::Server(address) => Ok(Store::connect(address).await?),
    }
}

/// Where the key for secrets is.
fn key_source(settings: &Settings, folder: &Path) -> KeySource {
    match (&settings.secret_key, &settings.secret_key_file) {
        (Some(key), _) => KeySource::Given(key.clone()),
        (None, Some(file)) => KeySource::File(file.clone()),
        (None, None) => KeySource::Own(folder.join("secret.key")),
    }
}

/// Refuses to start with another key than the one that secrets were encrypted with: better now than in the night, when a
/// tenant is wanted.
async fn check_key(store: &Store, vault: &Vault) -> std::result::Result<(), CannotStart> {
    let cannot = |cause: VaultError| CannotStart(cause.0);
    let found = store::servers::key_name(&mut *store.read().await?).await?;
    let Some(found) = found else { return Ok(()) };
    match vault.key_name().map_err(cannot)? {
        Some(name) if name == found => Ok(()),
        Some(_) => Err(CannotStart(format!(
            "Secrets of this installation are encrypted with another key than the one in use. {}",
            vault.way_out()
        ))),
        None => Err(CannotStart(format!(
            "The key that secrets of this installation are encrypted with is not there. {}",
            vault.way_out()
        ))),
    }
}

impl App {
    /// Opens everything: makes the data folder, brings the control database up to date.
    pub async fn open(
        settings: Settings,
        clock: Clock,
        faults: Faults,
    ) -> std::result::Result<App, CannotStart> {
        make_folder(&settings.data_dir, "TENANTRY_DATA_DIR")?;
        let folder = settings.data_dir.canonicalize().map_err(|cause| {
            CannotStart(format!("The data folder {} cannot be read: {cause}.", settings.data_dir.display()))
        })?;
        let tenants = folder.join("tenants");
        make_folder(&tenants, "TENANTRY_DATA_DIR")?;
        let store = open_store(&settings.control).await?;
        migrate::migrate(&store, clock.now_ms()).await?;
        let on_their_way = folder.join("copies");
        make_folder(&on_their_way, "TENANTRY_DATA_DIR")?;
        let vault = Arc::new(Vault::new(key_source(&settings, &folder)));
        check_key(&store, &vault).await?;
        let engines = Engines::new(Arc::new(Sqlite::new(tenants)), store.clone(), vault, on_their_way);
        Ok(App(Arc::new(Parts {
            catalog: Catalog::default(),
            settings,
            store,
            engines,
            clock,
            wake: Notify::new(),
            wake_drift: Notify::new(),
            fresh: store::fresh::Fresh::default(),
            claiming: Semaphore::new(1),
            hashing: Semaphore::new(2),
            proving: Semaphore::new(2),
            hashed: AtomicU64::new(0),
            faults,
            process: format!("{}-{}", std::process::id(), Uuid::new_v4().simple()),
        })))
    }

    /// Now, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// A new id; later ids sort after earlier ones.
    pub fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    /// Runs work that keeps a core busy where it does not hold up others.
    pub async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        tokio::task::spawn_blocking(work).await.map_err(|cause| Error::internal(&cause))
    }
}
