//! Shutting a tenant's database away from its application, letting it in again, and removing what there is.
//!
//! What is shut away has another name, and its tenant's role may not enter it. The server gives a database another name only
//! while nobody is connected to it, and a name is there or not: so there is no half of it. A schema is closed to its role
//! first, whose connections are ended then.

use super::{
    alone::Alone,
    marks::{self, Found, not_marked},
    server::{Postgres, failed, short},
};
use crate::engine::{DatabaseName, EngineError, Marker, Presence, TenantLock};
use sqlx::Connection;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

impl Postgres {
    /// Takes the lock's place in a database or schema; an older claim than the last one is refused.
    pub(super) async fn fence(
        &self,
        admin: &mut Alone,
        place: OwnedSemaphorePermit,
        (name, container): (&DatabaseName, &str),
        lock: &TenantLock,
    ) -> Result<OwnedSemaphorePermit, EngineError> {
        let mut guest =
            self.enter_as_guest(admin, place, container, (name.as_str(), &short(name.as_str()))).await?;
        let raised = async {
            let own = guest.held.home.own();
            let mut transaction = guest.held.connection.begin().await.map_err(failed)?;
            let raised = super::session::raise_fence(&mut transaction, &own, lock).await;
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

    pub(super) async fn shut_away(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let place = self.place().await?;
        let mut admin = self.alone_on(name).await?;
        let found = self.find(&mut admin, name).await?;
        let content = found.content(name, lock.tenant_id)?;
        drop(self.fence(&mut admin, place, (name, &content), lock).await?);
        if found.place != Presence::Absent {
            if found.shut.is_some() {
                // What was shut away before another took its place, and was not forgotten.
                self.drop_container(&mut admin, &marks::shut(name)).await?;
            }
            // First nobody new comes in, then everybody goes.
            self.run(&mut admin, self.keep_out_statement(name.as_str(), name.as_str())).await?;
            self.rename(&mut admin, (name.as_str(), name.as_str()), &marks::shut(name), "").await?;
        }
        admin.release().await;
        Ok(())
    }

    pub(super) async fn let_in(&self, name: &DatabaseName, lock: &TenantLock) -> Result<(), EngineError> {
        let place = self.place().await?;
        let mut admin = self.alone_on(name).await?;
        let Found { place: presence, shut } = self.find(&mut admin, name).await?;
        let ours = Marker { tenant_id: lock.tenant_id, job_id: lock.job_id };
        if shut.is_some_and(|marker| marker.tenant_id != lock.tenant_id) {
            return Err(not_marked(name));
        }
        let shut_name = marks::shut(name);
        match presence {
            // What this job put in its place gives way again.
            Presence::Ours(marker) if marker == ours && shut.is_some() => {
                drop(self.fence(&mut admin, place, (name, &shut_name), lock).await?);
                self.drop_container(&mut admin, name.as_str()).await?;
                self.bring_back(&mut admin, name).await?;
            }
            // It was never shut wholly, or is back already.
            Presence::Ours(marker) if marker.tenant_id == lock.tenant_id => {
                drop(self.fence(&mut admin, place, (name, name.as_str()), lock).await?);
                self.run(&mut admin, self.let_in_statement(name.as_str(), name.as_str())).await?;
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
        let let_in = self.let_in_statement(name.as_str(), name.as_str());
        self.rename(admin, (&marks::shut(name), name.as_str()), name.as_str(), &let_in).await
    }

    pub(super) async fn forget(&self, name: &DatabaseName, tenant: Uuid) -> Result<bool, EngineError> {
        let mut admin = self.alone_on(name).await?;
        let found = self.find(&mut admin, name).await?;
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
            self.drop_container(&mut admin, &marks::shut(name)).await?;
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
        let found = self.find(&mut admin, name).await?;
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
            self.drop_container(&mut admin, name.as_str()).await?;
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
        let found = self.find(&mut admin, name).await?;
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
            self.drop_container(&mut admin, name.as_str()).await?;
        }
        if found.shut.is_some() {
            self.drop_container(&mut admin, &marks::shut(name)).await?;
        }
        self.drop_tenant_role(&mut admin, name, tenant).await?;
        admin.release().await;
        Ok(is_there || found.shut.is_some())
    }
}
