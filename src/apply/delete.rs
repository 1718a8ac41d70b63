//! Deleting: first out of reach, with a last snapshot and a time to think again; then for good. Nothing here looks at what
//! version the tenant stands at or what its schema is like.

use super::{
    ground::{Ground, steps},
    passage::{open_again, shut_if_there},
    snapshot::{self, Wish},
    work::{Kind, Outcome, StepError, StoreResult, Words, Work},
};
use crate::{
    app::App,
    clock::timestamp,
    store::{
        self, Connection, StoreError,
        jobs::{Claim, Job},
        snapshots::Reason,
        tenants::{Status, Tenant},
    },
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// The kind of job that puts a tenant out of reach, to be removed later.
pub struct Delete;
/// The kind of job that removes a tenant whose time is over.
pub struct Remove;
/// The kind of job that removes what is left of a tenant that could not be made.
pub struct GiveUp;

/// The name of [`Delete`].
pub const DELETE: &str = "delete";
/// The name of [`Remove`].
pub const REMOVE: &str = "remove";
/// The name of [`GiveUp`].
pub const GIVE_UP: &str = "give_up";

/// The steps of [`Delete`].
pub fn delete_steps() -> Vec<(String, String)> {
    steps(&[
        ("save", "Save a last snapshot"),
        ("shut", "Shut its database away"),
        ("note", "Note when it is removed for good"),
    ])
}

/// The steps of [`Remove`] and [`GiveUp`].
pub fn remove_steps() -> Vec<(String, String)> {
    steps(&[
        ("remove", "Remove its database"),
        ("withdraw", "Withdraw the owner's invitation"),
        ("note", "Note that it is gone"),
    ])
}

const DELETE_WORDS: Words = Words {
    title: "Delete a tenant",
    going: ("Deleting ", ""),
    done: ("", " is out of reach and will be removed"),
    done_sentence: "Nobody can use it any more. Until it is removed for good, it can be kept after all.",
    undoing: "The tenant is being put back.",
    failed: "The tenant could not be deleted. It is as it was.",
    failed_advice: "The tenant is as it was, and you can try again.",
    stuck: "The tenant could not be deleted, and could not be put back.",
};

const REMOVE_WORDS: Words = Words {
    title: "Remove a deleted tenant for good",
    going: ("Removing ", ""),
    done: ("", " is removed"),
    done_sentence: "Its database is gone. Its last snapshot is kept for a while.",
    undoing: "It could not be removed.",
    failed: "The tenant's database could not be removed.",
    failed_advice: "It is tried again by itself within the hour.",
    stuck: "The tenant's database could not be removed.",
};

const GIVE_UP_WORDS: Words = Words {
    title: "Remove what is left of a tenant",
    going: ("Removing what is left of ", ""),
    done: ("", " is removed"),
    done_sentence: "What there was of it is gone, and its name in addresses is not given again.",
    undoing: "It could not be removed.",
    failed: "What is left of the tenant could not be removed.",
    failed_advice: "What is left of it is still there, and you can try again.",
    stuck: "What is left of the tenant could not be removed.",
};

/// What is asked of [`Delete`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    /// Of the last snapshot.
    #[serde(flatten)]
    pub snapshot: Wish,
    /// Whether the tenant is deleted even where no last snapshot can be made of it.
    #[serde(default)]
    pub may_lack_snapshot: bool,
}

struct Deleting(Ground);

impl Deleting {
    /// Where nobody minds, what cannot be done with a damaged database is left out. A full disk is no damage.
    fn unless_damaged(&self, done: Result<Outcome, StepError>, instead: &str) -> Result<Outcome, StepError> {
        match done {
            Err(StepError::Failed { detail, may_pass: false, .. })
                if self.0.params::<Farewell>()?.may_lack_snapshot =>
            {
                tracing::warn!(job = %self.0.job.id, cause = detail, "A damaged database is deleted as it is");
                Ok(Outcome::Skipped(instead.to_owned()))
            }
            done => done,
        }
    }
}

struct Removing {
    ground: Ground,
    words: &'static Words,
}

#[async_trait]
impl Kind for Delete {
    fn name(&self) -> &'static str {
        DELETE
    }

    fn words(&self) -> &'static Words {
        &DELETE_WORDS
    }

    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError> {
        let ground = Ground::load(app, job, claim).await?;
        Ok(ground.map(|ground| -> Box<dyn Work> { Box::new(Deleting(ground)) }))
    }
}

async fn load_removing(
    app: &App,
    job: &Job,
    claim: Claim,
    words: &'static Words,
) -> Result<Option<Box<dyn Work>>, StoreError> {
    let ground = Ground::load(app, job, claim).await?;
    Ok(ground.map(|ground| -> Box<dyn Work> { Box::new(Removing { ground, words }) }))
}

#[async_trait]
impl Kind for Remove {
    fn name(&self) -> &'static str {
        REMOVE
    }

    fn words(&self) -> &'static Words {
        &REMOVE_WORDS
    }

    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError> {
        load_removing(app, job, claim, &REMOVE_WORDS).await
    }
}

#[async_trait]
impl Kind for GiveUp {
    fn name(&self) -> &'static str {
        GIVE_UP
    }

    fn words(&self) -> &'static Words {
        &GIVE_UP_WORDS
    }

    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError> {
        load_removing(app, job, claim, &GIVE_UP_WORDS).await
    }
}

impl Deleting {
    async fn before(&self) -> Result<Option<Status>, StoreError> {
        store::tenants::status_before(&mut *self.0.app.store.read().await?, self.0.tenant.id).await
    }
}

#[async_trait]
impl Work for Deleting {
    fn tenant(&self) -> &Tenant {
        &self.0.tenant
    }

    fn words(&self) -> &'static Words {
        &DELETE_WORDS
    }

    async fn begun(&self, write: &mut Connection) -> StoreResult<()> {
        let id = self.0.tenant.id;
        for before in [Status::Active, Status::Suspended, Status::Archived] {
            if store::tenants::set_status(write, id, &[before], Status::Deleting).await? {
                store::tenants::set_deletion(write, id, Some(before), None).await?;
            }
        }
        Ok(())
    }

    async fn run(&self, step: &str) -> Result<Outcome, StepError> {
        match step {
            "save" => {
                let wish: Farewell = self.0.params()?;
                let taken = snapshot::take_if_there(&self.0, Reason::Last, wish.snapshot).await;
                self.unless_damaged(taken, "The database is damaged: no last snapshot can be made of it.")
            }
            "shut" => {
                let shut = shut_if_there(&self.0).await;
                self.unless_damaged(shut, "What lies in the place of the database was left as it is.")
            }
            "note" => Ok(Outcome::Done(None)),
            other => Err(StepError::unknown_step(other)),
        }
    }

    async fn undo(&self, step: &str) -> Result<Outcome, StepError> {
        match step {
            "shut" if self.before().await? == Some(Status::Active) => open_again(&self.0).await,
            "save" => snapshot::take_back(&self.0).await,
            _ => Ok(Outcome::Done(None)),
        }
    }

    async fn ended(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()> {
        let id = self.0.tenant.id;
        let grace = i64::try_from(self.0.app.settings.grace.as_millis()).unwrap_or(i64::MAX / 2);
        let before = store::tenants::status_before(write, id).await?;
        let after = now_ms.saturating_add(grace);
        store::tenants::set_deletion(write, id, before, Some(after)).await?;
        let sentence = format!(
            "Shut the tenant away to be deleted. It is removed for good on {} UTC, unless somebody keeps it.",
            timestamp(after)
        );
        self.0.record(write, now_ms, "tenant_deleting", &sentence).await
    }

    async fn taken_back(&self, write: &mut Connection, reason: &str, now_ms: i64) -> StoreResult<()> {
        let id = self.0.tenant.id;
        if let Some(before) = store::tenants::status_before(write, id).await? {
            store::tenants::set_status(write, id, &[Status::Deleting], before).await?;
        }
        store::tenants::set_deletion(write, id, None, None).await?;
        let sentence = format!("{} {reason}", DELETE_WORDS.failed);
        self.0.record(write, now_ms, "job_failed", &sentence).await
    }
}

#[async_trait]
impl Work for Removing {
    fn tenant(&self) -> &Tenant {
        &self.ground.tenant
    }

    fn words(&self) -> &'static Words {
        self.words
    }

    async fn run(&self, step: &str) -> Result<Outcome, StepError> {
        let ground = &self.ground;
        match step {
            "remove" => match ground.engine()?.remove_all(&ground.name()?, ground.tenant.id).await {
                Ok(true) => Ok(Outcome::Done(Some("The database was removed.".into()))),
                Ok(false) => Ok(Outcome::Skipped("There was no database.".into())),
                // Not ours, so not ours to remove.
                Err(cause) if cause.is_damage() => {
                    tracing::warn!(job = %ground.job.id, %cause, "What lies in the place of a removed tenant's database stays there");
                    Ok(Outcome::Skipped(
                        "What lies in the place of the database is damaged or not its own, and was left there.".into(),
                    ))
                }
                Err(cause) => Err(cause.into()),
            },
            "withdraw" => {
                let mut write = ground.app.store.write().await?;
                store::invitations::withdraw(&mut write, ground.tenant.id).await?;
                write.commit().await?;
                Ok(Outcome::Done(None))
            }
            "note" => Ok(Outcome::Done(None)),
            other => Err(StepError::unknown_step(other)),
        }
    }

    async fn undo(&self, _: &str) -> Result<Outcome, StepError> {
        Ok(Outcome::Done(None))
    }

    async fn ended(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()> {
        let ground = &self.ground;
        store::tenants::set_deleted(write, ground.tenant.id, &timestamp(now_ms)).await?;
        store::tenant_accounts::remove(write, ground.tenant.id).await?;
        let sentence = if ground.job.kind == GIVE_UP {
            "Removed what was left of the tenant. Its name in addresses is not given again."
        } else {
            "Removed the tenant's database for good. Its last snapshot is kept for a while."
        };
        ground.record(write, now_ms, "tenant_deleted", sentence).await
    }
}
