//! Shutting a tenant's database away from its application, letting it in again, and removing what there is.
//!
//! A database that is shut away has another name, and its tenant's role may not enter it. The server gives a database another
//! name only while nobody is connected to it, and a name is there or not: so there is no half of it.

use super::{
    marks::{self, Found, find, not_marked},
    names::identifier,
    server::{Alone, Postgres, away, code, failed, short},
};
use crate::engine::{DatabaseName, EngineError, Marker, Presence, TenantLock};
use sqlx::Connection;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

/// How often connections are ended before somebody who comes back at once is given up on.
const MOST_TRIES: u32 = 5;

impl Postgres {
    /// Takes the lock's place in a database; an older claim than the last one is refused.
    pub(super) async fn fence(
        &self,
        admin: &mut Alone,
        place: OwnedSemaphorePermit,
        (name, database): (&DatabaseName, &str),
        lock: &TenantLock,
    ) -> Result<OwnedSemaphorePermit, EngineError> {
        let mut guest =
            self.enter_as_guest(admin, place, database, (name.as_str(), &short(name.as_str()))).await?;
        let raised = async {
            let mut transaction = guest.held.connection.begin().await.map_err(failed)?;
            let raised = super::session::raise_fence(&mut transaction, lock).await;
            transaction.commit().await.map_err(failed)?;
            raised
        };
        let raised = raised.await;
        let place = self.leave(admin, guest).await?;
        raised?;
        match place {
            Some(place) => Ok(place),
            None => self.place().await,
        }
    }

    /// Gives a database another name, whoever comes back to it.
    async fn rename(
        &self,
        admin: &mut Alone,
        before: &str,
        after: &str,
        more: &str,
    ) -> Result<(), EngineError> {
        let sql = format!("ALTER DATABASE {} RENAME TO {};{more}", identifier(before), identifier(after));
        let mut tries = 0;
        loop {
            self.end_connections(admin, before).await?;
            let renamed = self.try_run(admin, sql.clone()).await?;
            tries += 1;
            match renamed {
                Err(cause) if code(&cause).as_deref() == Some("55006") && tries < MOST_TRIES => {}
                Err(cause) if code(&cause).as_deref() == Some("55006") => {
                    return Err(away("The tenant's application does not let go of its database", cause));
                }
                Err(cause) if code(&cause).as_deref() == Some("42P04") => {
                    return Err(EngineError::Foreign(format!("There is already a database {after}")));
                }
                other => return other.map_err(failed),
            }
        }
    }

    /// Ends all connections to a database.
    async fn end_connections(&self, admin: &mut Alone, database: &str) -> Result<(), EngineError> {
        self.count()?;
        sqlx::query(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
             WHERE datname = $1 AND backend_type = 'client backend'",
        )
        .bind(database)
        .execute(&mut **admin)
        .await
        .map(|_| ())
        .map_err(failed)
    }

    pub(super) async fn shut_away(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let place = self.place().await?;
        let mut admin = self.alone_on(name).await?;
        let found = find(&mut admin, name).await?;
        let content = found.content(name, lock.tenant_id)?;
        drop(self.fence(&mut admin, place, (name, &content), lock).await?);
        if found.place != Presence::Absent {
            if found.shut.is_some() {
                // What was shut away before another took its place, and was not forgotten.
                self.drop_database(&mut admin, &marks::shut(name)).await?;
            }
            let (database, role) = (identifier(name.as_str()), identifier(name.as_str()));
            // First nobody new comes in, then everybody goes.
            self.run(&mut admin, format!("REVOKE ALL ON DATABASE {database} FROM {role}")).await?;
            self.rename(&mut admin, name.as_str(), &marks::shut(name), "").await?;
        }
        admin.release().await;
        Ok(())
    }

    pub(super) async fn let_in(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let place = self.place().await?;
        let mut admin = self.alone_on(name).await?;
        let Found { place: presence, shut } = find(&mut admin, name).await?;
        let ours = Marker { tenant_id: lock.tenant_id, job_id: lock.job_id };
        if shut.is_some_and(|marker| marker.tenant_id != lock.tenant_id) {
            return Err(not_marked(name));
        }
        let shut_name = marks::shut(name);
        match presence {
            // What this job put in its place gives way again.
            Presence::Ours(marker) if marker == ours && shut.is_some() => {
                drop(self.fence(&mut admin, place, (name, &shut_name), lock).await?);
                self.drop_database(&mut admin, name.as_str()).await?;
                self.bring_back(&mut admin, name).await?;
            }
            // It was never shut wholly, or is back already.
            Presence::Ours(marker) if marker.tenant_id == lock.tenant_id => {
                drop(self.fence(&mut admin, place, (name, name.as_str()), lock).await?);
                self.run(&mut admin, grant(name)).await?;
            }
            Presence::Absent if shut.is_some() => {
                drop(self.fence(&mut admin, place, (name, &shut_name), lock).await?);
                self.bring_back(&mut admin, name).await?;
            }
            Presence::Absent => return Err(EngineError::Missing(name.to_string())),
            Presence::Ours(_) | Presence::Shut(_) => return Err(not_marked(name)),
            Presence::Foreign(why) => return Err(EngineError::Foreign(why)),
        }
        admin.release().await;
        Ok(())
    }

    async fn bring_back(&self, admin: &mut Alone, name: &DatabaseName) -> Result<(), EngineError> {
        self.rename(admin, &marks::shut(name), name.as_str(), &grant(name)).await
    }

    pub(super) async fn forget(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        let mut admin = self.alone_on(name).await?;
        let found = find(&mut admin, name).await?;
        let is_there = match (found.shut, found.place) {
            (None, _) => false,
            (Some(_), Presence::Ours(marker)) if marker.tenant_id == tenant => true,
            _ => {
                return Err(EngineError::Foreign(format!(
                    "What was shut away of {name} is all that there is of it, and stays"
                )));
            }
        };
        if is_there {
            self.drop_database(&mut admin, &marks::shut(name)).await?;
        }
        admin.release().await;
        Ok(is_there)
    }

    /// Removes what a job has made under a name.
    pub(super) async fn remove_made(
        &self,
        name: &DatabaseName,
        marker: &Marker,
    ) -> Result<bool, EngineError> {
        let mut admin = self.alone_on(name).await?;
        let found = find(&mut admin, name).await?;
        let is_there = match found.presence() {
            Presence::Absent => false,
            // What this job was to put there is not there; what was shut away is no work of it.
            Presence::Shut(found) if found.tenant_id == marker.tenant_id => false,
            Presence::Ours(found) if found == *marker => true,
            Presence::Ours(_) | Presence::Shut(_) => {
                return Err(EngineError::Foreign(format!(
                    "The database {name} belongs to another tenant or job"
                )));
            }
            Presence::Foreign(why) => return Err(EngineError::Foreign(why)),
        };
        self.drop_tries(&mut admin, name).await?;
        if is_there {
            self.drop_database(&mut admin, name.as_str()).await?;
        }
        if found.shut.is_none() {
            self.drop_tenant_role(&mut admin, name, marker.tenant_id).await?;
        }
        admin.release().await;
        Ok(is_there)
    }

    /// Removes all that there is of a tenant under a name.
    pub(super) async fn remove_whole(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        let mut admin = self.alone_on(name).await?;
        let found = find(&mut admin, name).await?;
        if found.shut.is_some_and(|marker| marker.tenant_id != tenant) {
            return Err(not_marked(name));
        }
        let is_there = match found.place {
            Presence::Absent => false,
            Presence::Ours(marker) if marker.tenant_id == tenant => true,
            Presence::Ours(_) | Presence::Shut(_) => return Err(not_marked(name)),
            Presence::Foreign(why) => return Err(EngineError::Foreign(why)),
        };
        self.drop_tries(&mut admin, name).await?;
        if is_there {
            self.drop_database(&mut admin, name.as_str()).await?;
        }
        if found.shut.is_some() {
            self.drop_database(&mut admin, &marks::shut(name)).await?;
        }
        self.drop_tenant_role(&mut admin, name, tenant).await?;
        admin.release().await;
        Ok(is_there || found.shut.is_some())
    }
}

/// Lets a tenant's role into its database.
fn grant(name: &DatabaseName) -> String {
    let (database, role) = (identifier(name.as_str()), identifier(name.as_str()));
    format!("GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}")
}
