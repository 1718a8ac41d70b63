//! Taking a copy of a tenant's database as it is at one moment.

use super::{
    ground::{Ground, snapshots_folder, steps},
    work::{Kind, Outcome, StepError, StoreResult, Words, Work},
};
use crate::{
    app::App,
    digest::sha256_file,
    engine::{Engine, EngineError},
    store::{
        self, Connection, StoreError,
        jobs::{Claim, Job},
        snapshots::{Reason, Snapshot},
        tenants::Tenant,
    },
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::{io::ErrorKind, path::PathBuf, time::Duration};

/// Who asked for a copy, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Why, in the words of whoever asked.
    pub note: Option<String>,
    /// The name of whoever asked.
    pub by: String,
}

/// The kind of job that takes a copy.
pub struct TakeSnapshot;

/// Its name.
pub const KIND: &str = "snapshot";

/// Its steps.
pub fn snapshot_steps() -> Vec<(String, String)> {
    steps(&[("save", "Save a copy of its database")])
}

const WORDS: Words = Words {
    title: "Take a snapshot of a tenant",
    going: ("Taking a snapshot of ", ""),
    done: ("A snapshot of ", " was taken"),
    done_sentence: "The copy is complete and listed on the tenant's page.",
    undoing: "The unfinished copy is being removed.",
    failed: "The snapshot could not be taken. The tenant is as it was.",
    failed_advice: "The tenant is as it was, and you can try again.",
    stuck: "The snapshot could not be taken, and what there was of it could not be removed.",
};

/// The file of a copy.
pub fn file_of(app: &App, snapshot: &Snapshot) -> PathBuf {
    snapshots_folder(app).join(&snapshot.file)
}

/// Takes a copy in the name of the job that asks; done before, it is found.
pub(super) async fn take(ground: &Ground, reason: Reason, wish: Wish) -> Result<Snapshot, StepError> {
    let app = &ground.app;
    let tenant = &ground.tenant;
    let id = ground.claim.job_id;
    let before = store::snapshots::find(&mut *app.store.read().await?, id).await?;
    if let Some(snapshot) = before {
        return Ok(snapshot);
    }
    let file = format!("{}/{id}.db", tenant.id);
    let path = snapshots_folder(app).join(&file);
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(|cause| {
            StepError::from(EngineError::OutOfReach(format!(
                "The folder of snapshots cannot be made: {cause}"
            )))
        })?;
    }
    let saved = ground.engine()?.save(&ground.name()?, tenant.id, &path).await?;
    let now = app.now_ms();
    // The last one outlives the time in which the tenant can be kept after all.
    let grace = if reason == Reason::Last { app.settings.grace } else { Duration::ZERO };
    let kept = i64::try_from((app.settings.snapshots_kept + grace).as_millis()).unwrap_or(i64::MAX / 2);
    let snapshot = Snapshot {
        id,
        tenant_id: tenant.id,
        reason,
        note: wish.note,
        taken_by: wish.by,
        file,
        bytes: i64::try_from(saved.bytes).unwrap_or(i64::MAX),
        checksum: saved.checksum,
        template_id: tenant.template_id,
        modules: tenant.modules.clone(),
        schema_hash: tenant.schema_hash.clone(),
        created_ms: now,
        expires_ms: now.saturating_add(kept),
    };
    let mut write = app.store.write().await?;
    if !store::jobs::is_ours(&mut write, ground.claim).await? {
        return Err(StepError::Stale);
    }
    store::snapshots::ensure(&mut write, &snapshot).await?;
    write.commit().await?;
    Ok(snapshot)
}

/// The same, where there is a database to copy.
pub(super) async fn take_if_there(ground: &Ground, reason: Reason, wish: Wish) -> Result<Outcome, StepError> {
    let name = ground.name()?;
    match ground.engine()?.look(&name, ground.tenant.id).await {
        Err(EngineError::Missing(_)) => {
            return Ok(Outcome::Skipped("There is no database to copy any more.".into()));
        }
        Ok(session) => session.close().await,
        Err(cause) => return Err(cause.into()),
    }
    take(ground, reason, wish).await?;
    Ok(Outcome::Done(None))
}

/// Removes the copy that a job took, and what there is of an unfinished one.
pub(super) async fn take_back(ground: &Ground) -> Result<Outcome, StepError> {
    let id = ground.claim.job_id;
    let file = snapshots_folder(&ground.app).join(format!("{}/{id}.db", ground.tenant.id));
    remove_file(&file.with_extension("db.part"))?;
    remove_file(&file)?;
    let mut write = ground.app.store.write().await?;
    store::snapshots::remove(&mut write, id).await?;
    write.commit().await?;
    Ok(Outcome::Done(None))
}

/// Removes a file that may be gone already.
pub fn remove_file(file: &std::path::Path) -> Result<(), StepError> {
    match std::fs::remove_file(file) {
        Err(cause) if !matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Err(StepError::Failed {
                may_pass: true,
                plain: "A copy could not be removed from the folder of snapshots.".into(),
                detail: format!("{}: {cause}", file.display()),
            })
        }
        _ => Ok(()),
    }
}

/// Checks that a copy is what was saved: its checksum, and whose it is.
pub(super) async fn check(app: &App, engine: &dyn Engine, snapshot: &Snapshot) -> Result<(), StepError> {
    let file = file_of(app, snapshot);
    let read = file.clone();
    let found = app
        .blocking(move || sha256_file(&read))
        .await
        .map_err(|cause| StepError::lasting("The snapshot cannot be read.", cause.to_string()))?;
    match found {
        Ok(checksum) if checksum == snapshot.checksum => {}
        Ok(checksum) => {
            return Err(StepError::lasting(
                "The snapshot is not what was saved: its file has changed since. It was not used.",
                format!("{}: SHA-256 is {checksum}, was {}", file.display(), snapshot.checksum),
            ));
        }
        Err(cause) => {
            return Err(StepError::Failed {
                may_pass: cause.kind() != ErrorKind::NotFound,
                plain: "The snapshot's file cannot be read.".into(),
                detail: format!("{}: {cause}", file.display()),
            });
        }
    }
    Ok(engine.check_saved(&file, snapshot.tenant_id).await?)
}

#[async_trait]
impl Kind for TakeSnapshot {
    fn name(&self) -> &'static str {
        KIND
    }

    fn words(&self) -> &'static Words {
        &WORDS
    }

    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError> {
        let ground = Ground::load(app, job, claim).await?;
        Ok(ground.map(|ground| -> Box<dyn Work> { Box::new(Taking(ground)) }))
    }
}

struct Taking(Ground);

#[async_trait]
impl Work for Taking {
    fn tenant(&self) -> &Tenant {
        &self.0.tenant
    }

    fn words(&self) -> &'static Words {
        &WORDS
    }

    async fn run(&self, step: &str) -> Result<Outcome, StepError> {
        match step {
            "save" => {
                take(&self.0, Reason::Asked, self.0.params()?).await?;
                Ok(Outcome::Done(None))
            }
            other => Err(StepError::unknown_step(other)),
        }
    }

    async fn undo(&self, step: &str) -> Result<Outcome, StepError> {
        if step == "save" { take_back(&self.0).await } else { Ok(Outcome::Done(None)) }
    }

    async fn ended(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()> {
        self.0.record(write, now_ms, "snapshot_taken", "Took a snapshot of the tenant.").await
    }
}
