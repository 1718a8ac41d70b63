//! What the databases or schemas of ours on a server are called, and what their comments say. A comment can be changed by an
//! owner only, and that is the administrator: so whose a database or a schema is can be told without a look into it.
//!
//! Names of ours for anything but a tenant's database have dashes, which a tenant's never has.

use super::{
    names::text,
    server::{Postgres, short},
};
use crate::digest::sha256_hex;
use crate::engine::{DatabaseName, EngineError, Marker, Presence, TenantLock};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

/// What the name begins with of a database that is being made.
pub(super) const MAKING: &str = "tenantry-making-";
/// Of one that is complete and waits for its name.
pub(super) const DRAFT: &str = "tenantry-draft-";
/// Of one that was shut away.
pub(super) const SHUT: &str = "tenantry-shut-";
/// Of a scratch database, and of its role.
pub(super) const SCRATCH: &str = "tenantry-scratch-";
/// Of one that others are made from.
pub(super) const TEMPLATE: &str = "tenantry-template-";

/// Signs of the digest of a name that was shut away: no two meet.
const SHUT_DIGITS: usize = 40;

/// What a comment begins with.
const OURS: &str = "Tenantry: ";

/// A comment of ours on a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The name that it has or will have.
    pub(super) name: String,
    pub(super) tenant: Uuid,
    pub(super) job: Uuid,
    /// When it was made: seconds of Unix time.
    pub(super) made: i64,
}

impl Mark {
    pub(super) fn new(name: &DatabaseName, lock: &TenantLock) -> Self {
        let made = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        Self { name: name.to_string(), tenant: lock.tenant_id, job: lock.job_id, made }
    }

    /// What the comment is, in quotes.
    pub(super) fn comment(&self) -> String {
        text(&format!("{OURS}{}", serde_json::to_string(self).unwrap_or_default()))
    }

    pub(super) fn read(comment: &str) -> Option<Self> {
        serde_json::from_str(comment.strip_prefix(OURS)?).ok()
    }

    fn marker(&self) -> Marker {
        Marker { tenant_id: self.tenant, job_id: self.job }
    }
}

/// The name that a tenant's database has while it is shut away.
pub(super) fn shut(name: &DatabaseName) -> String {
    format!("{SHUT}{}", sha256_hex(name.as_str()).get(..SHUT_DIGITS).unwrap_or_default())
}

/// What there is of a tenant on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Under its name.
    pub(super) place: Presence,
    /// What was shut away.
    pub(super) shut: Option<Marker>,
}

impl Found {
    /// What is to be found under the name.
    pub(super) fn presence(&self) -> Presence {
        match (&self.place, self.shut) {
            (Presence::Absent, Some(marker)) => Presence::Shut(marker),
            (place, _) => place.clone(),
        }
    }

    /// The name of the database that has the tenant's content.
    pub(super) fn content(&self, name: &DatabaseName, tenant: Uuid) -> Result<String, EngineError> {
        match self.presence() {
            Presence::Absent => Err(EngineError::Missing(name.to_string())),
            Presence::Ours(marker) if marker.tenant_id == tenant => Ok(name.to_string()),
            Presence::Shut(marker) if marker.tenant_id == tenant => Ok(shut(name)),
            Presence::Ours(_) | Presence::Shut(_) | Presence::Foreign(_) => Err(not_marked(name)),
        }
    }
}

pub(super) fn not_marked(name: &DatabaseName) -> EngineError {
    EngineError::Foreign(format!("The database {name} is not marked as this tenant's"))
}

impl Postgres {
    /// What there is of a tenant under a name.
    pub(super) async fn find(
        &self,
        admin: &mut PgConnection,
        name: &DatabaseName,
    ) -> Result<Found, EngineError> {
        let shut = shut(name);
        let mut found = Found { place: Presence::Absent, shut: None };
        for (named, comment) in self.commented(admin, &[name.as_str(), &shut]).await? {
            let mark = comment.as_deref().and_then(Mark::read).filter(|mark| mark.name == name.as_str());
            if named == shut {
                found.shut = mark.map(|mark| mark.marker());
            } else {
                found.place = match mark {
                    Some(mark) => Presence::Ours(mark.marker()),
                    None => Presence::Foreign(format!(
                        "A {} {name} that Tenantry has not made is on the server",
                        self.noun()
                    )),
                };
            }
        }
        Ok(found)
    }

    /// The name of a database while a claim makes it.
    pub(super) fn making(&self, name: &DatabaseName, lock: &TenantLock) -> String {
        format!("{}{}-{:x}", self.start(MAKING), short(name.as_str()), lock.fence)
    }

    /// The name of a draft.
    pub(super) fn draft_name(&self, name: &DatabaseName, lock: &TenantLock) -> String {
        format!("{}{}-{:x}", self.start(DRAFT), short(name.as_str()), lock.fence)
    }

    /// Drops what earlier tries of making a tenant's database have left; nobody else is at work on it.
    pub(super) async fn drop_tries(
        &self,
        admin: &mut PgConnection,
        name: &DatabaseName,
    ) -> Result<(), EngineError> {
        let own = short(name.as_str());
        let starts = [MAKING, DRAFT].map(|kind| format!("{}{own}-", self.start(kind)));
        for (tried, _) in self.beginning(admin, &starts).await? {
            self.drop_container(admin, &tried).await?;
        }
        Ok(())
    }
}
