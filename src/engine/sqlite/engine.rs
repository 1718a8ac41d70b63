//! Making, finding and removing tenants' files.
//!
//! A file comes to life complete or not at all: it is made aside with its marker and ledger, and then linked to its real
//! name, which fails where something has that name already. It goes the same way backwards.

use super::{
    image::Images,
    own,
    seen::{self, InOrder},
    session::{self, SqliteSession},
};
use crate::engine::{
    Capabilities, DatabaseName, Draft, Drafted, Engine, EngineError, Inspected, Marker, Origin, Presence,
    Saved, Session, SqlDialect, Statement, TenantLock, Whole, inspected::Known, standing,
};
use crate::{schema::Schema, sql::operation::Operation};
use async_trait::async_trait;
use sqlx::{ConnectOptions, Connection, Row, sqlite::SqliteConnectOptions};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use uuid::Uuid;

/// How the name of a file ends that waits for its own.
const READY: &str = ".ready";

/// The embedded engine, on one folder.
#[derive(Debug, Clone)]
pub struct Sqlite {
    folder: PathBuf,
    images: Images,
    in_order: InOrder,
    /// What was read of files before.
    pub(super) known: Known,
}

pub(super) fn away(what: &str, cause: impl std::fmt::Display) -> EngineError {
    EngineError::OutOfReach(format!("{what}: {cause}"))
}

impl Sqlite {
    /// An engine that keeps its files in `folder`, which must exist.
    pub fn new(folder: PathBuf) -> Self {
        Sqlite { folder, images: Images::default(), in_order: InOrder::default(), known: Known::default() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn file(&self, name: &DatabaseName) -> PathBuf {
        self.folder.join(format!("{name}.db"))
    }

    /// Where the files of a database in the making or going are: a folder of its own, so that cleaning it up costs the
    /// same with ten tenants and with ten thousand.
    pub(super) fn making(&self, name: &DatabaseName) -> PathBuf {
        self.folder.join(".making").join(name.as_str())
    }

    /// The file in which a claim makes a database.
    fn hidden(&self, name: &DatabaseName, lock: &TenantLock) -> PathBuf {
        self.making(name).join(format!("{}.db", lock.fence))
    }

    /// The file in which a whole database waits for its name. It has no folder of its own: making and removing one took a
    /// tenth of the time of a tenant.
    fn ready(&self, name: &DatabaseName, lock: &TenantLock) -> PathBuf {
        self.folder.join(".making").join(format!("{name}.{}{READY}", lock.fence))
    }

    /// Writes a whole file aside, and waits until it is on the disk.
    fn write_ready(&self, name: &DatabaseName, lock: &TenantLock, bytes: &[u8]) -> Result<(), EngineError> {
        let ready = self.ready(name, lock);
        let mut file = match create_restricted(&ready) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                std::fs::create_dir_all(self.folder.join(".making"))
                    .map_err(|cause| away("A folder for the tenant cannot be made", cause))?;
                create_restricted(&ready)
            }
            made => made,
        }
        .map_err(|cause| away("A file for the tenant cannot be made", cause))?;
        io::Write::write_all(&mut file, bytes)
            .and_then(|()| file.sync_all())
            .map_err(|cause| away("A file for the tenant cannot be written", cause))
    }

    /// Gives a file that is complete and on the disk its name; fails where something has it already.
    fn put_in_place(&self, name: &DatabaseName, hidden: &Path) -> Result<(), EngineError> {
        match std::fs::hard_link(hidden, self.file(name)) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                self.remove_making(name)?;
                Err(EngineError::Foreign(format!("There is already a file {name}.db")))
            }
            Err(cause) => {
                Err(away("A tenant's file cannot be put in its place (the disk must know hard links)", cause))
            }
            Ok(()) => self.sync_folder(),
        }
    }

    /// Runs work that waits for the disk where it does not hold up others.
    async fn on_disk(
        &self,
        work: impl FnOnce(&Sqlite) -> Result<(), EngineError> + Send + 'static,
    ) -> Result<(), EngineError> {
        let engine = self.clone();
        tokio::task::spawn_blocking(move || work(&engine))
            .await
            .map_err(|cause| away("Work on a tenant's file ended early", cause))?
    }

    pub(super) fn sync_folder(&self) -> Result<(), EngineError> {
        std::fs::File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|cause| away("The folder of the tenants' files cannot be written", cause))
    }

    /// What is in the place of a database's file.
    pub(super) async fn look_up_place(&self, name: &DatabaseName) -> Result<Presence, EngineError> {
        let file = self.file(name);
        match std::fs::symlink_metadata(&file) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Presence::Absent),
            Err(cause) => return Err(away("The folder of the tenants' files cannot be read", cause)),
            Ok(found) if !found.is_file() => return Ok(Presence::Foreign("it is no plain file".into())),
            Ok(_) => {}
        }
        let mut answer = read_marker(&file, true).await;
        if answer.as_ref().is_err_and(is_machine_trouble) {
            // A file whose last writer was killed has a journal to roll back, which a read-only connection cannot.
            answer = read_marker(&file, false).await;
        }
        match answer {
            Ok(Some((marker, false))) => Ok(Presence::Ours(marker)),
            Ok(Some((marker, true))) => Ok(Presence::Shut(marker)),
            Ok(None) => Ok(Presence::Foreign("its ownership marker is empty".into())),
            Err(cause) if is_machine_trouble(&cause) => Err(away("A tenant's file cannot be opened", cause)),
            Err(_) => Ok(Presence::Foreign("it has no ownership marker of Tenantry".into())),
        }
    }

    /// Takes a file out of its place and removes it.
    pub(super) fn take_down(&self, name: &DatabaseName) -> Result<(), EngineError> {
        let making = self.making(name);
        std::fs::create_dir_all(&making)
            .map_err(|cause| away("A folder for the tenant cannot be made", cause))?;
        std::fs::rename(self.file(name), making.join("gone.db"))
            .map_err(|cause| away("A tenant's file cannot be removed", cause))?;
        self.remove_beside(name)?;
        self.remove_making(name)?;
        self.sync_folder()
    }

    /// Removes what an earlier try left. Database names are never used twice, so all of it is ours.
    pub(super) fn remove_making(&self, name: &DatabaseName) -> Result<(), EngineError> {
        match std::fs::remove_dir_all(self.making(name)) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                return Err(away("A file cannot be removed", cause));
            }
            _ => {}
        }
        // What waits for its name is few at any time.
        let Ok(waiting) = std::fs::read_dir(self.folder.join(".making")) else { return Ok(()) };
        for file in waiting.flatten() {
            let of_tenant = |text: &str| {
                let fence = text.strip_suffix(READY)?.strip_prefix(name.as_str())?.strip_prefix('.')?;
                fence.parse::<i64>().ok()
            };
            if file.file_name().to_str().and_then(of_tenant).is_some() {
                remove_if_there(&file.path())?;
            }
        }
        Ok(())
    }
}

pub(super) fn remove_if_there(path: &Path) -> Result<(), EngineError> {
    match std::fs::remove_file(path) {
        Err(cause) if !matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Err(away("A file cannot be removed", cause))
        }
        _ => Ok(()),
    }
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut text = path.as_os_str().to_owned();
    text.push(suffix);
    PathBuf::from(text)
}

pub(super) fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(Duration::from_secs(10))
        // What `MIGRATION_PRAGMAS` says. The session checks all foreign keys itself before it commits.
        .foreign_keys(false)
        .pragma("legacy_alter_table", "ON")
}

/// The marker of a file, and whether its content was shut away.
pub(super) async fn read_marker(file: &Path, read_only: bool) -> Result<Option<(Marker, bool)>, sqlx::Error> {
    let mut connection = options(file).read_only(read_only).connect().await?;
    let text = "SELECT tenant_id, job_id, EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'tenantry_shut')
                FROM tenantry_owner";
    let row = sqlx::query(text).fetch_optional(&mut connection).await;
    let _ = connection.close().await;
    let Some(row) = row? else { return Ok(None) };
    let id = |column: &str| row.try_get::<String, _>(column).ok().and_then(|text| text.parse::<Uuid>().ok());
    let marker = id("tenant_id").zip(id("job_id")).map(|(tenant_id, job_id)| Marker { tenant_id, job_id });
    Ok(marker.map(|marker| (marker, row.try_get::<bool, _>(2).unwrap_or_default())))
}

/// Whether SQLite says "busy", "I/O", "full" or "cannot open": trouble of the machine, not of the file's content.
pub(super) fn is_machine_trouble(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(cause) => {
            let code = cause.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default();
            matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14)
        }
        sqlx::Error::Io(_) => true,
        _ => false,
    }
}

#[async_trait]
impl Engine for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            transactional_ddl: true,
            accounts: false,
            whole: true,
            column_places: true,
            name_limit: 63,
            shutting: "Its database file is moved to a folder that only Tenantry uses, and a small locked file stands in its place. \
                       Programs that have the file open find it empty.",
        }
    }

    fn dialect(&self) -> SqlDialect {
        SqlDialect::Sqlite
    }

    fn render(
        &self,
        before: &Schema,
        operation: &Operation,
        after: &Schema,
    ) -> Result<Vec<Statement>, String> {
        super::render(before, operation, after).map_err(|refusal| refusal.reason)
    }

    fn change(&self, found: &Schema, wanted: &Schema) -> Result<Vec<Statement>, String> {
        standing::refuse_blind_triggers(found, wanted)?;
        super::change::change(found, wanted).map_err(|refusal| refusal.reason)
    }

    fn split_own(&self, text: &str) -> Result<Vec<(Statement, usize)>, (usize, String)> {
        own::split(text)
    }

    async fn look_up(&self, name: &DatabaseName) -> Result<Presence, EngineError> {
        match self.look_up_place(name).await? {
            // The moment between emptying a file and putting the stand-in in its place.
            Presence::Absent if self.shut_file(name).is_file() => {
                Ok(match read_marker(&self.shut_file(name), false).await {
                    Ok(Some((marker, _))) => Presence::Shut(marker),
                    _ => Presence::Foreign("what was shut away has no ownership marker".into()),
                })
            }
            presence => Ok(presence),
        }
    }

    async fn create(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        match self.look_up(name).await? {
            Presence::Ours(marker) if marker.tenant_id == lock.tenant_id && marker.job_id == lock.job_id => {
                return self.remove_making(name);
            }
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!(
                    "The database {name} belongs to another tenant or job"
                )));
            }
            Presence::Foreign(why) => {
                return Err(EngineError::Foreign(format!("There is already a file {name}.db, and {why}")));
            }
            Presence::Absent => {}
        }
        self.remove_making(name)?;
        std::fs::create_dir_all(self.making(name))
            .map_err(|cause| away("A folder for the tenant cannot be made", cause))?;
        let hidden = self.hidden(name, lock);
        let mut connection = options(&hidden)
            .create_if_missing(true)
            .connect()
            .await
            .map_err(|cause| away("A file for the tenant cannot be made", cause))?;
        let made = session::write_marker(&mut connection, lock).await;
        let _ = connection.close().await;
        made.map_err(|cause| away("A file for the tenant cannot be written", cause))?;
        restrict(&hidden)?;
        self.put_in_place(name, &hidden)?;
        self.remove_making(name)
    }

    async fn draft(
        &self,
        name: &DatabaseName,
        lock: &TenantLock,
        whole: &Whole<'_>,
    ) -> Result<Drafted, EngineError> {
        if self.look_up(name).await? != Presence::Absent {
            return Ok(Drafted::Stepwise);
        }
        let Some(image) = self.images.of(whole).await? else { return Ok(Drafted::Stepwise) };
        let (bytes, took) = image.fill(lock, whole).await?;
        let draft = Draft { name: name.clone(), lock: *lock, took };
        let (name, lock) = (name.clone(), *lock);
        self.on_disk(move |engine| engine.write_ready(&name, &lock, &bytes)).await?;
        Ok(Drafted::Ready(draft))
    }

    async fn publish(&self, draft: &Draft) -> Result<(), EngineError> {
        let draft = draft.clone();
        self.on_disk(move |engine| {
            let ready = engine.ready(&draft.name, &draft.lock);
            engine.put_in_place(&draft.name, &ready)?;
            remove_if_there(&ready)
        })
        .await
    }

    async fn remove(&self, name: &DatabaseName, marker: &Marker) -> Result<bool, EngineError> {
        let presence = self.look_up(name).await?;
        match presence {
            Presence::Absent => {
                self.remove_making(name)?;
                return Ok(false);
            }
            // What this job was to put there is not there; what was shut away is no work of it.
            Presence::Shut(found) if found.tenant_id == marker.tenant_id => {
                self.remove_making(name)?;
                return Ok(false);
            }
            Presence::Ours(found) if found == *marker => {}
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!(
                    "The database {name} belongs to another tenant or job"
                )));
            }
            Presence::Foreign(why) => {
                return Err(EngineError::Foreign(format!("The file {name}.db stays where it is: {why}")));
            }
        }
        self.take_down(name)?;
        Ok(true)
    }

    async fn shut(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        self.shut_away(name, lock).await
    }

    async fn reopen(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        self.let_in(name, lock).await
    }

    async fn create_from(
        &self,
        origin: Origin<'_>,
        name: &DatabaseName,
        lock: &TenantLock,
    ) -> Result<(), EngineError> {
        self.copy_in(origin, name, lock).await
    }

    async fn save(&self, name: &DatabaseName, tenant: Uuid, file: &Path) -> Result<Saved, EngineError> {
        self.save_to(name, tenant, file).await
    }

    async fn check_saved(&self, file: &Path, tenant: Uuid) -> Result<(), EngineError> {
        self.check_file(file, tenant).await
    }

    async fn forget_shut(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        self.forget_content(name, tenant).await
    }

    async fn remove_all(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        self.remove_whole(name, tenant).await
    }

    async fn open(&self, name: &DatabaseName, lock: &TenantLock) -> Result<Box<dyn Session>, EngineError> {
        let session =
            SqliteSession::open(options(&self.file(name)), name, lock.tenant_id, Some(*lock)).await?;
        Ok(Box::new(session))
    }

    async fn look(&self, name: &DatabaseName, tenant: Uuid) -> Result<Box<dyn Session>, EngineError> {
        let options = options(&self.content(name).await?).read_only(true);
        Ok(Box::new(SqliteSession::open(options, name, tenant, None).await?))
    }

    async fn inspect_all(&self, tenants: &[(DatabaseName, Uuid)]) -> Vec<Result<Inspected, EngineError>> {
        self.inspect_many(tenants).await
    }

    async fn check(&self, name: &DatabaseName, tenant: Uuid) -> Result<(), EngineError> {
        let file = self.content(name).await?;
        if self.in_order.knows(&file, tenant) {
            return Ok(());
        }
        let before = seen::state(&file);
        self.look(name, tenant).await?.close().await;
        self.in_order.note(&file, before, tenant);
        Ok(())
    }

    async fn scratch(&self) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(SqliteSession::scratch().await?))
    }

    fn address(&self, name: &DatabaseName) -> Vec<(&'static str, String)> {
        vec![("Engine", "SQLite".into()), ("File", self.file(name).display().to_string())]
    }

    async fn size(&self, name: &DatabaseName) -> Option<u64> {
        let file = self.content(name).await.ok()?;
        tokio::fs::metadata(file).await.ok().map(|found| found.len())
    }
}

/// A new file that only the account that runs Tenantry may read.
fn create_restricted(file: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

/// Only the account that runs Tenantry may read a tenant's file.
#[cfg(unix)]
fn restrict(file: &Path) -> Result<(), EngineError> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
        .map_err(|cause| away("A tenant's file cannot be protected", cause))
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> Result<(), EngineError> {
    Ok(())
}
