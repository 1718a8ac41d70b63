//! Shutting a tenant's database away, letting its application in again, and removing what there is of it. A database that is
//! shut has a locked account and no connections.

use super::{
    MariaDb,
    accounts::{end_connections, lock_account, whole_account},
    aside::{Mover, Phase},
    server::failed,
    words::identifier,
};
use crate::engine::{DatabaseName, EngineError, Marker, Presence, TenantLock};
use sqlx::{AssertSqlSafe, Executor, MySqlConnection};
use uuid::Uuid;

impl MariaDb {
    /// Locks a tenant's account and ends its connections.
    pub(super) async fn shut_away(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let mut mover = self.hold(name).await?;
        let done = mover.shut(lock).await;
        mover.line.close().await;
        done
    }

    /// Lets a tenant's account in again.
    pub(super) async fn let_in(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let mut mover = self.hold(name).await?;
        let done = mover.reopen(lock).await;
        mover.line.close().await;
        done
    }

    /// Removes what a job has made under a name.
    pub(super) async fn take_down(&self, name: &DatabaseName, marker: &Marker) -> Result<bool, EngineError> {
        let mut mover = self.hold(name).await?;
        let done = mover.remove(marker).await;
        mover.line.close().await;
        done
    }

    /// Removes the content that another has taken the place of.
    pub(super) async fn forget_content(
        &self,
        name: &DatabaseName,
        tenant: Uuid,
    ) -> Result<bool, EngineError> {
        let mut mover = self.hold(name).await?;
        let done = mover.forget_shut(tenant).await;
        mover.line.close().await;
        done
    }

    /// Removes all that there is of a tenant under a name.
    pub(super) async fn remove_whole(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        let mut mover = self.hold(name).await?;
        let done = mover.remove_all(tenant).await;
        mover.line.close().await;
        done
    }

    /// Removes a database with its account and its row of the list.
    pub(super) async fn drop_all(&self, name: &DatabaseName) -> Result<(), EngineError> {
        drop_database(&mut *self.admin().await?, name).await
    }
}

pub(super) async fn drop_database(
    connection: &mut MySqlConnection,
    name: &DatabaseName,
) -> Result<(), EngineError> {
    for statement in [
        format!("DROP DATABASE IF EXISTS {}", identifier(name.as_str())),
        format!("DROP USER IF EXISTS {}", whole_account(name)),
    ] {
        connection.execute(AssertSqlSafe(statement)).await.map_err(failed)?;
    }
    sqlx::query("DELETE FROM tenantry_server.made_databases WHERE name = ?")
        .bind(name.as_str())
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

impl Mover<'_> {
    async fn note_shut(&mut self, is_shut: bool) -> Result<(), EngineError> {
        sqlx::query("UPDATE tenantry_server.made_databases SET is_shut = ? WHERE name = ?")
            .bind(i64::from(is_shut))
            .bind(self.name.as_str())
            .execute(&mut self.line.connection)
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// A database that is noted to be shut has a locked account: so it is locked first, and let in last.
    async fn shut(&mut self, lock: &TenantLock) -> Result<(), EngineError> {
        self.settle().await?;
        self.claim(lock).await?;
        lock_account(&mut self.line.connection, self.name, true).await?;
        self.note_shut(true).await?;
        end_connections(&mut self.line.connection, self.name).await
    }

    async fn reopen(&mut self, lock: &TenantLock) -> Result<(), EngineError> {
        self.settle().await?;
        let presence = self.claim(lock).await?;
        if let Some(kept) = self.kept().await?
            && matches!(presence, Presence::Ours(marker) if marker.job_id == lock.job_id)
        {
            // What this job has put in its place gives way.
            self.take_back(&kept).await?;
            self.claim(lock).await?;
        }
        self.note_shut(false).await?;
        lock_account(&mut self.line.connection, self.name, false).await
    }

    async fn remove(&mut self, marker: &Marker) -> Result<bool, EngineError> {
        let name = self.name;
        self.settle().await?;
        match self.presence().await? {
            Presence::Absent => return Ok(false),
            // What this job was to put there is not there; what was shut away is no work of it.
            Presence::Shut(found) if found.tenant_id == marker.tenant_id => return Ok(false),
            Presence::Ours(found) if found == *marker => {}
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!("The database {name} was made by another job")));
            }
            Presence::Foreign(reason) => return Err(EngineError::Foreign(reason)),
        }
        match self.kept().await? {
            Some(kept) => self.take_back(&kept).await?,
            None => drop_database(&mut self.line.connection, name).await?,
        }
        Ok(true)
    }

    async fn forget_shut(&mut self, tenant: Uuid) -> Result<bool, EngineError> {
        let name = self.name;
        self.settle().await?;
        let kept = self.kept().await?;
        match self.presence().await? {
            Presence::Ours(marker) | Presence::Shut(marker) if marker.tenant_id != tenant => {
                Err(EngineError::Foreign(format!("The database {name} is another tenant's")))
            }
            Presence::Shut(_) if kept.is_none() => Err(EngineError::Foreign(format!(
                "What was shut away of {name} is all that there is of it, and stays"
            ))),
            Presence::Ours(_) | Presence::Shut(_) if kept.is_some() => {
                self.forget().await?;
                Ok(true)
            }
            Presence::Ours(_) | Presence::Shut(_) | Presence::Absent | Presence::Foreign(_) => Ok(false),
        }
    }

    async fn remove_all(&mut self, tenant: Uuid) -> Result<bool, EngineError> {
        let name = self.name;
        self.settle().await?;
        let kept = self.kept().await?;
        match self.presence().await? {
            Presence::Absent if kept.as_ref().is_some_and(|kept| kept.marker.tenant_id == tenant) => {}
            Presence::Absent => return Ok(false),
            Presence::Ours(found) | Presence::Shut(found) if found.tenant_id == tenant => {}
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!("The database {name} is another tenant's")));
            }
            Presence::Foreign(reason) => return Err(EngineError::Foreign(reason)),
        }
        if kept.is_some_and(|kept| kept.phase == Phase::Filled) {
            self.forget().await?;
        }
        drop_database(&mut self.line.connection, name).await?;
        Ok(true)
    }
}
