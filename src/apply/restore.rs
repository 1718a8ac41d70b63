//! Putting a snapshot in the place of what a tenant has now. The present state is saved first.

use super::{
    ground::{Ground, steps},
    passage::{open_again, shut_if_there},
    snapshot::{self, Wish},
    work::{Kind, Outcome, StepError, StoreResult, Words, Work},
};
use crate::{
    app::App,
    clock::timestamp,
    engine::Origin,
    store::{
        self, Connection, StoreError,
        jobs::{Claim, Job},
        snapshots::{Reason, Snapshot},
        tenants::Tenant,
    },
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is to be restored, and who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The snapshot.
    pub snapshot: Uuid,
    /// The name of whoever asked.
    pub by: String,
}

/// The kind of job that restores over a tenant.
pub struct Restore;

/// Its name.
pub const KIND: &str = "restore";

/// Its steps.
pub fn restore_steps() -> Vec<(String, String)> {
    steps(&[
        ("check", "Check the snapshot"),
        ("save", "Save the present state first"),
        ("shut", "Shut the present database away"),
        ("copy", "Put the snapshot in its place"),
        ("verify", "Check what is there now"),
        ("forget", "Remove what was shut away"),
    ])
}

const WORDS: Words = Words {
    title: "Restore a tenant",
    going: ("Restoring ", ""),
    done: ("", " was restored"),
    done_sentence: "The tenant has the snapshot's data. What it had before is kept as a snapshot of its own.",
    undoing: "The tenant is being put back as it was.",
    failed: "The tenant could not be restored. It has the data that it had.",
    failed_advice: "The tenant has the data that it had, and you can try again.",
    stuck: "The tenant could not be restored, and could not be put back as it was.",
};

#[async_trait]
impl Kind for Restore {
    fn name(&self) -> &'static str {
        KIND
    }

    fn words(&self) -> &'static Words {
        &WORDS
    }

    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError> {
        let ground = Ground::load(app, job, claim).await?;
        Ok(ground.map(|ground| -> Box<dyn Work> { Box::new(Restoring(ground)) }))
    }
}

/// The snapshot with an id.
pub(super) async fn find(app: &App, id: Uuid) -> Result<Snapshot, StepError> {
    store::snapshots::find(&mut *app.store.read().await?, id).await?.ok_or_else(|| {
        StepError::lasting("The snapshot is no longer there.", format!("no snapshot has the id {id}"))
    })
}

struct Restoring(Ground);

impl Restoring {
    async fn snapshot(&self) -> Result<Snapshot, StepError> {
        let choice: Choice = self.0.params()?;
        let snapshot = find(&self.0.app, choice.snapshot).await?;
        if snapshot.tenant_id == self.0.tenant.id {
            Ok(snapshot)
        } else {
            Err(StepError::lasting("The snapshot is of another tenant.", snapshot.tenant_id.to_string()))
        }
    }

    async fn verify(&self) -> Result<Outcome, StepError> {
        let ground = &self.0;
        let snapshot = self.snapshot().await?;
        let mut session = ground.engine()?.open(&ground.name()?, &ground.lock()).await?;
        let found = session.inspect().await;
        session.close().await;
        let found = found?;
        let hash = found.fingerprint();
        let now = timestamp(ground.app.now_ms());
        let mut write = ground.app.store.write().await?;
        store::tenants::copy_schema(&mut write, ground.tenant.id, ground.tenant.id, &hash, &now).await?;
        write.commit().await?;
        // The checksum says that it is what was saved; that was not always what Tenantry had noted of the tenant.
        let tables = format!("{} tables", found.tables.len());
        Ok(Outcome::Done(Some(if snapshot.schema_hash.is_none_or(|expected| expected == hash) {
            format!("{tables}, as expected.")
        } else {
            format!("{tables}. The tenant had changed since it was made, and so had its snapshot.")
        })))
    }
}

#[async_trait]
impl Work for Restoring {
    fn tenant(&self) -> &Tenant {
        &self.0.tenant
    }

    fn words(&self) -> &'static Words {
        &WORDS
    }

    async fn run(&self, step: &str) -> Result<Outcome, StepError> {
        let ground = &self.0;
        match step {
            "check" => {
                snapshot::check(&ground.app, ground.engine()?, &self.snapshot().await?).await?;
                Ok(Outcome::Done(None))
            }
            "save" => {
                let by = ground.params::<Choice>()?.by;
                let note = Some("Before a snapshot was restored".to_owned());
                snapshot::take_if_there(ground, Reason::BeforeRestore, Wish { note, by }).await
            }
            "shut" => shut_if_there(ground).await,
            "copy" => {
                let file = snapshot::file_of(&ground.app, &self.snapshot().await?);
                let origin = Origin::File(&file, ground.tenant.id);
                ground.engine()?.create_from(origin, &ground.name()?, &ground.lock()).await?;
                Ok(Outcome::Done(None))
            }
            "verify" => self.verify().await,
            // Past this there is no way back, so it must not fail: what stays is overwritten by the next shutting away.
            "forget" => Ok(match ground.engine()?.forget_shut(&ground.name()?, ground.tenant.id).await {
                Ok(_) => Outcome::Done(None),
                Err(cause) => Outcome::Skipped(format!("It could not be removed: {cause}.")),
            }),
            other => Err(StepError::unknown_step(other)),
        }
    }

    async fn undo(&self, step: &str) -> Result<Outcome, StepError> {
        let ground = &self.0;
        match step {
            "shut" => {
                // What the next steps have put in its place gives way.
                open_again(ground).await
            }
            "save" => snapshot::take_back(ground).await,
            _ => Ok(Outcome::Done(None)),
        }
    }

    async fn ended(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()> {
        let ground = &self.0;
        let tenant = &ground.tenant;
        let what = format!("{} {}", tenant.template_type, tenant.template_version);
        let took = ground.job.started_ms.map_or(0, |started| now_ms - started);
        store::tenants::add_history(write, tenant.id, &what, true, took, &[], "Restored from a snapshot")
            .await?;
        if let Ok(choice) = ground.params::<Choice>()
            && let Some(snapshot) = store::snapshots::find(write, choice.snapshot).await?
        {
            store::tenants::set_template(write, tenant.id, snapshot.template_id, &snapshot.modules).await?;
        }
        let sentence = "Restored the tenant from a snapshot. What it had before is kept as a snapshot.";
        ground.record(write, now_ms, "tenant_restored", sentence).await
    }
}
