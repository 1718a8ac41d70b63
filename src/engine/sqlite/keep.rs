//! Shutting a tenant's database away from its application, letting it in again, and copying.
//!
//! A program that has a file open keeps reading and writing it, whatever becomes of its name. So shutting away moves the
//! *content*: under the write lock a complete copy is made in `.shut`, then the file itself is emptied in a transaction,
//! which every open connection notices, and a small locked file stands in its place. Which of two files holds the truth can
//! be told at any moment: the one in its place, unless that is emptied or gone.

use super::{
    engine::{Sqlite, away, options, read_marker, remove_if_there, with_suffix},
    session,
};
use crate::{
    digest::sha256_file,
    engine::{DatabaseName, EngineError, Marker, Origin, Presence, Saved, TenantLock},
};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// Marks a file whose content was moved away.
pub(super) const SHUT_TABLE: &str =
    "CREATE TABLE tenantry_shut (only_row INTEGER PRIMARY KEY CHECK (only_row = 1))";

/// Empties a file without touching its pages: what the tables hold can no longer be reached, by anybody.
const FORGET: &str = "DELETE FROM sqlite_schema
     WHERE tbl_name NOT IN ('tenantry_owner', 'tenantry_ledger', 'tenantry_shut', 'sqlite_sequence')";

fn trouble(cause: impl std::fmt::Display) -> EngineError {
    away("The tenant's database cannot be copied", cause)
}

fn sync(path: &Path) -> Result<(), EngineError> {
    fs::File::open(path).and_then(|file| file.sync_all()).map_err(trouble)
}

fn make_folder(folder: &Path) -> Result<(), EngineError> {
    fs::create_dir_all(folder).map_err(|cause| away("A folder for the tenant cannot be made", cause))
}

/// A complete and compact copy of a file as it is at one moment, though others may be writing to it, on the disk when
/// this returns.
async fn copy(from: &Path, to: &Path) -> Result<(), EngineError> {
    remove_if_there(to)?;
    let mut connection = options(from).connect().await.map_err(trouble)?;
    let copied = sqlx::query("VACUUM INTO ?")
        .bind(to.display().to_string())
        .execute(&mut connection)
        .await
        .map_err(trouble);
    let _ = connection.close().await;
    copied?;
    protect(to, 0o600)?;
    sync(to)
}

/// Takes the lock's place in a database; an older claim than the last one is refused.
/// Writes a claim's number into a file that nobody else uses; refuses where a newer one is in it.
async fn raise_fence(file: &Path, lock: &TenantLock) -> Result<(), EngineError> {
    let mut connection = options(file).connect().await.map_err(trouble)?;
    let fenced = fence(&mut connection, lock).await;
    let _ = connection.close().await;
    fenced?;
    sync(file)
}

async fn fence(connection: &mut SqliteConnection, lock: &TenantLock) -> Result<(), EngineError> {
    let ours = sqlx::query("UPDATE tenantry_owner SET fence = ? WHERE tenant_id = ? AND fence <= ?")
        .bind(lock.fence)
        .bind(lock.tenant_id.to_string())
        .bind(lock.fence)
        .execute(connection)
        .await
        .map_err(trouble)?;
    if ours.rows_affected() == 1 { Ok(()) } else { Err(EngineError::Stale) }
}

/// One program at a time moves a tenant's content: a worker that was away too long must not go on in the middle of what
/// its successor did. Ends with the value, and with the process.
struct Held {
    file: fs::File,
    path: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Gone first, unlocked then: whoever gets the lock of a file that is gone looks again.
        let _ = fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

impl Held {
    fn take(path: PathBuf) -> Result<Held, EngineError> {
        loop {
            let file = fs::File::create(&path).map_err(trouble)?;
            file.try_lock()
                .map_err(|cause| away("Another worker is moving this tenant's database", cause))?;
            if is_same_file(&file, &path) {
                return Ok(Held { file, path });
            }
        }
    }
}

#[cfg(unix)]
fn is_same_file(file: &fs::File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(found)) => open.ino() == found.ino(),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same_file(_: &fs::File, path: &Path) -> bool {
    path.exists()
}

impl Sqlite {
    fn hold(&self, name: &DatabaseName) -> Result<Held, EngineError> {
        let folder = self.folder().join(".locks");
        make_folder(&folder)?;
        Held::take(folder.join(name.as_str()))
    }

    fn shut_folder(&self) -> PathBuf {
        self.folder().join(".shut")
    }

    /// Where the content of a database is that was shut away.
    pub(super) fn shut_file(&self, name: &DatabaseName) -> PathBuf {
        self.shut_folder().join(format!("{name}.db"))
    }

    /// The file that holds a database's content: the one in its place, or the one shut away.
    pub(super) async fn content(&self, name: &DatabaseName) -> Result<PathBuf, EngineError> {
        let shut = self.shut_file(name);
        if shut.is_file() && matches!(self.look_up_place(name).await?, Presence::Shut(_) | Presence::Absent) {
            Ok(shut)
        } else {
            Ok(self.file(name))
        }
    }

    /// The file with a tenant's content, its marker checked.
    async fn content_of(&self, name: &DatabaseName, tenant: Uuid) -> Result<PathBuf, EngineError> {
        let file = self.content(name).await?;
        if !file.is_file() {
            return Err(EngineError::Missing(name.to_string()));
        }
        match read_marker(&file, false).await {
            Ok(Some((Marker { tenant_id, .. }, _))) if tenant_id == tenant => Ok(file),
            Err(cause) if super::engine::is_machine_trouble(&cause) => Err(trouble(cause)),
            _ => Err(EngineError::Foreign(format!("The database {name} is not marked as this tenant's"))),
        }
    }

    pub(super) async fn shut_away(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let _held = self.hold(name)?;
        let shut = self.shut_file(name);
        match self.look_up_place(name).await? {
            Presence::Ours(marker) if marker.tenant_id == lock.tenant_id => {
                self.move_content(name, lock).await?
            }
            Presence::Shut(marker) if marker.tenant_id == lock.tenant_id && shut.is_file() => {}
            Presence::Absent if shut.is_file() => {}
            Presence::Absent => return Err(EngineError::Missing(name.to_string())),
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!(
                    "The database {name} is not marked as this tenant's"
                )));
            }
            Presence::Foreign(why) => return Err(EngineError::Foreign(why)),
        }
        self.put_stand_in(name, lock).await
    }

    /// Copies the content into `.shut`, then empties the file, both under its write lock: what was written before is in
    /// the copy, and nothing can be written after.
    async fn move_content(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let file = self.file(name);
        let busy = |cause| away("The tenant's application does not let go of its database", cause);
        let mut connection = options(&file).connect().await.map_err(trouble)?;
        let moved = async {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(busy)?;
            fence(&mut transaction, lock).await?;
            self.remove_making(name)?;
            make_folder(&self.making(name))?;
            make_folder(&self.shut_folder())?;
            let part = self.making(name).join(format!("{}.db", lock.fence));
            copy(&file, &part).await?;
            // The copy is of what was committed, and so without this claim's number.
            raise_fence(&part, lock).await?;
            fs::rename(&part, self.shut_file(name)).map_err(trouble)?;
            sync(&self.shut_folder())?;
            for text in [SHUT_TABLE, "PRAGMA writable_schema = ON", FORGET] {
                sqlx::query(text).execute(&mut *transaction).await.map_err(busy)?;
            }
            transaction.commit().await.map_err(busy)
        };
        let moved = moved.await;
        let _ = connection.close().await;
        moved
    }

    /// Puts a small locked file where the emptied one is, so that nothing else can take its place.
    async fn put_stand_in(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let file = self.file(name);
        let making = self.making(name);
        self.remove_making(name)?;
        make_folder(&making)?;
        let stand_in = making.join("stand-in.db");
        let mut connection = options(&stand_in).create_if_missing(true).connect().await.map_err(trouble)?;
        let made = async {
            session::write_marker(&mut connection, lock).await?;
            sqlx::query(SHUT_TABLE).execute(&mut connection).await
        };
        let made = made.await;
        let _ = connection.close().await;
        made.map_err(trouble)?;
        protect(&stand_in, 0o400)?;
        sync(&stand_in)?;
        // The log beside the emptied file goes only after that file has left its place: a log without its file is nothing,
        // a file without its log may be the state before it was emptied.
        match fs::rename(&file, making.join("emptied.db")) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(trouble(cause)),
            _ => {}
        }
        self.remove_beside(name)?;
        fs::rename(&stand_in, &file).map_err(trouble)?;
        self.sync_folder()?;
        self.remove_making(name)
    }

    pub(super) fn remove_beside(&self, name: &DatabaseName) -> Result<(), EngineError> {
        for suffix in ["-journal", "-wal", "-shm"] {
            remove_if_there(&with_suffix(&self.file(name), suffix))?;
        }
        Ok(())
    }

    pub(super) async fn let_in(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let _held = self.hold(name)?;
        let shut = self.shut_file(name);
        match self.look_up_place(name).await? {
            // What this job put in its place gives way again.
            Presence::Ours(Marker { tenant_id, job_id })
                if tenant_id == lock.tenant_id && job_id == lock.job_id && shut.is_file() =>
            {
                self.take_down(name)?;
            }
            // It was never emptied, or is back already; a copy that is there is of a try that broke off.
            Presence::Ours(marker) if marker.tenant_id == lock.tenant_id => return remove_if_there(&shut),
            Presence::Shut(marker) if marker.tenant_id == lock.tenant_id => {}
            Presence::Absent => {}
            // Nothing was shut away, so nothing can come back; whatever is there stays.
            _ if !shut.is_file() => return Err(EngineError::Missing(name.to_string())),
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!(
                    "The database {name} is not marked as this tenant's"
                )));
            }
            Presence::Foreign(why) => {
                return Err(EngineError::Foreign(format!(
                    "There is a file {name}.db in its place, and {why}"
                )));
            }
        }
        if !shut.is_file() {
            return Err(EngineError::Missing(name.to_string()));
        }
        self.content_of(name, lock.tenant_id).await?;
        protect(&shut, 0o600)?;
        raise_fence(&shut, lock).await?;
        self.remove_beside(name)?;
        fs::rename(&shut, self.file(name)).map_err(trouble)?;
        sync(&self.shut_folder())?;
        self.sync_folder()
    }

    pub(super) async fn copy_in(
        &self,
        origin: Origin<'_>,
        name: &DatabaseName,
        lock: &TenantLock,
    ) -> Result<(), EngineError> {
        let _held = self.hold(name)?;
        let mine = Marker { tenant_id: lock.tenant_id, job_id: lock.job_id };
        let replaces = match self.look_up_place(name).await? {
            Presence::Ours(marker) if marker == mine => return self.remove_making(name),
            Presence::Shut(marker) if marker.tenant_id == lock.tenant_id => true,
            Presence::Absent => false,
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!(
                    "The database {name} belongs to another tenant or job"
                )));
            }
            Presence::Foreign(why) => {
                return Err(EngineError::Foreign(format!("There is already a file {name}.db, and {why}")));
            }
        };
        let (from, of) = match origin {
            Origin::Database(other, tenant) => (self.content_of(other, tenant).await?, tenant),
            Origin::File(file, tenant) => {
                self.check_file(file, tenant).await?;
                (file.to_owned(), tenant)
            }
        };
        self.remove_making(name)?;
        make_folder(&self.making(name))?;
        let part = self.making(name).join(format!("{}.db", lock.fence));
        copy(&from, &part).await?;
        let mut connection = options(&part).connect().await.map_err(trouble)?;
        let marked = session::hand_over(&mut connection, lock, of).await;
        let _ = connection.close().await;
        marked.map_err(trouble)?;
        sync(&part)?;
        self.remove_beside(name)?;
        let file = self.file(name);
        if replaces {
            fs::rename(&part, &file).map_err(trouble)?;
        } else {
            match fs::hard_link(&part, &file) {
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                    self.remove_making(name)?;
                    return Err(EngineError::Foreign(format!("There is already a file {name}.db")));
                }
                other => other.map_err(trouble)?,
            }
        }
        self.sync_folder()?;
        self.remove_making(name)
    }

    pub(super) async fn save_to(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
        file: &Path,
    ) -> Result<Saved, EngineError> {
        let from = self.content_of(name, tenant).await?;
        let folder = file.parent().unwrap_or(Path::new("."));
        make_folder(folder)?;
        let part = with_suffix(file, ".part");
        if let Err(cause) = copy(&from, &part).await {
            let _ = remove_if_there(&part);
            return Err(cause);
        }
        protect(&part, 0o400)?;
        fs::rename(&part, file).map_err(trouble)?;
        sync(folder)?;
        let bytes = fs::metadata(file).map_err(trouble)?.len();
        let read = file.to_owned();
        let checksum = tokio::task::spawn_blocking(move || sha256_file(&read)).await.map_err(trouble)?;
        Ok(Saved { bytes, checksum: checksum.map_err(trouble)? })
    }

    pub(super) async fn check_file(&self, file: &Path, tenant: Uuid) -> Result<(), EngineError> {
        if !file.is_file() {
            return Err(EngineError::Missing(file.display().to_string()));
        }
        match read_marker(file, true).await {
            Ok(Some((Marker { tenant_id, .. }, false))) if tenant_id == tenant => Ok(()),
            Err(cause) if super::engine::is_machine_trouble(&cause) => Err(trouble(cause)),
            _ => Err(EngineError::Foreign("The copy is not marked as this tenant's".into())),
        }
    }

    pub(super) async fn forget_content(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
    ) -> Result<bool, EngineError> {
        let _held = self.hold(name)?;
        let shut = self.shut_file(name);
        if !shut.is_file() {
            return Ok(false);
        }
        match self.look_up_place(name).await? {
            Presence::Ours(marker) if marker.tenant_id == tenant => {
                remove_if_there(&shut)?;
                sync(&self.shut_folder())?;
                Ok(true)
            }
            _ => Err(EngineError::Foreign(format!(
                "What was shut away of {name} is all that there is of it, and stays"
            ))),
        }
    }

    pub(super) async fn remove_whole(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        let _held = self.hold(name)?;
        let mut removed = match self.look_up_place(name).await? {
            Presence::Absent => false,
            Presence::Ours(marker) | Presence::Shut(marker) if marker.tenant_id == tenant => {
                self.take_down(name)?;
                true
            }
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!("The database {name} belongs to another tenant")));
            }
            Presence::Foreign(why) => {
                return Err(EngineError::Foreign(format!("The file {name}.db stays where it is: {why}")));
            }
        };
        let shut = self.shut_file(name);
        if shut.is_file() {
            // Database names are never used twice, and only shutting away writes here.
            remove_if_there(&shut)?;
            sync(&self.shut_folder())?;
            removed = true;
        }
        self.remove_making(name)?;
        Ok(removed)
    }
}

/// Who may do what with a file.
#[cfg(unix)]
fn protect(file: &Path, mode: u32) -> Result<(), EngineError> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(mode))
        .map_err(|cause| away("A tenant's file cannot be protected", cause))
}

#[cfg(not(unix))]
fn protect(_: &Path, _: u32) -> Result<(), EngineError> {
    Ok(())
}
