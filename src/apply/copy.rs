//! A new tenant with the data of another: cloned from what that one is at this moment, or made from one of its snapshots.

use super::{
    account,
    ground::{Ground, database_name, steps},
    own_sql::carried,
    provision::NO_PASSWORD,
    restore, snapshot,
    work::{Kind, Outcome, StepError, StoreResult, Words, Work},
};
use crate::{
    app::App,
    clock::timestamp,
    engine::{EngineError, Marker, Origin, Presence, Unit},
    schema::Schema,
    sql::variables::Variables,
    store::{
        self, Connection, Scope, StoreError,
        jobs::{Claim, Job, Problem},
        tenants::{Status, Tenant},
    },
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where the data comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The tenant.
    pub tenant: Uuid,
    /// Its name, for the history.
    pub name: String,
    /// One of its snapshots, where it is not what it has now.
    pub snapshot: Option<Uuid>,
}

/// The kind of job that clones a tenant.
pub struct CloneTenant;
/// The kind of job that makes a tenant from a snapshot.
pub struct RestoreNew;

/// The name of [`CloneTenant`].
pub const CLONE: &str = "clone";
/// The name of [`RestoreNew`].
pub const RESTORE_NEW: &str = "restore_new";

/// The steps of both.
pub fn copy_steps(source: &Source) -> Vec<(String, String)> {
    let mut all = vec![("reserve", "Reserve its name")];
    if source.snapshot.is_some() {
        all.push(("check", "Check the snapshot"));
    }
    all.extend([
        ("copy", "Copy the data as it is at one moment"),
        ("identity", "Make it a tenant of its own"),
        ("verify", "Check the copy"),
        ("invite_owner", "Prepare the owner's invitation"),
        ("activate", "Open it for use"),
    ]);
    steps(&all)
}

const CLONE_WORDS: Words = Words {
    title: "Clone a tenant",
    going: ("Making ", " as a copy"),
    done: ("", " is ready"),
    done_sentence: "It has the data of the original, and is a tenant of its own from now on.",
    undoing: "The unfinished copy is being removed.",
    failed: "The copy could not be made. Nothing of it is left behind, and the original is as it was.",
    failed_advice: "Nothing of the copy is left behind, the original is as it was, and you can try again.",
    stuck: "The copy could not be made, and what there was of it could not be removed.",
};

const RESTORE_WORDS: Words = Words {
    title: "Make a tenant from a snapshot",
    going: ("Making ", " from a snapshot"),
    done: ("", " is ready"),
    done_sentence: "It has the data of the snapshot, and is a tenant of its own.",
    undoing: "The unfinished copy is being removed.",
    failed: "The tenant could not be made from the snapshot. Nothing of it is left behind.",
    failed_advice: "Nothing of it is left behind, and you can try again.",
    stuck: "The tenant could not be made from the snapshot, and what there was of it could not be removed.",
};

#[async_trait]
impl Kind for CloneTenant {
    fn name(&self) -> &'static str {
        CLONE
    }

    fn words(&self) -> &'static Words {
        &CLONE_WORDS
    }

    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError> {
        load(app, job, claim, &CLONE_WORDS).await
    }
}

#[async_trait]
impl Kind for RestoreNew {
    fn name(&self) -> &'static str {
        RESTORE_NEW
    }

    fn words(&self) -> &'static Words {
        &RESTORE_WORDS
    }

    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError> {
        load(app, job, claim, &RESTORE_WORDS).await
    }
}

async fn load(
    app: &App,
    job: &Job,
    claim: Claim,
    words: &'static Words,
) -> Result<Option<Box<dyn Work>>, StoreError> {
    let ground = Ground::load(app, job, claim).await?;
    Ok(ground.map(|ground| -> Box<dyn Work> { Box::new(Copying { ground, words }) }))
}

struct Copying {
    ground: Ground,
    words: &'static Words,
}

impl Copying {
    fn marker(&self) -> Marker {
        Marker { tenant_id: self.ground.tenant.id, job_id: self.ground.claim.job_id }
    }

    fn source(&self) -> Result<Source, StepError> {
        self.ground.params()
    }

    async fn original(&self) -> Result<Tenant, StepError> {
        let id = self.source()?.tenant;
        store::tenants::by_id(&mut *self.ground.app.store.read().await?, Scope::All, id).await?.ok_or_else(
            || StepError::lasting("The original tenant is gone.", format!("no tenant has the id {id}")),
        )
    }

    async fn reserve(&self) -> Result<Outcome, StepError> {
        let name = self.ground.name()?;
        match self.ground.engine()?.look_up(&name).await? {
            Presence::Absent => Ok(Outcome::Done(None)),
            Presence::Ours(marker) if marker == self.marker() => Ok(Outcome::Done(None)),
            Presence::Ours(_) | Presence::Shut(_) | Presence::Foreign(_) => {
                Err(EngineError::Foreign(format!("There is already something under the name {name}")).into())
            }
        }
    }

    async fn copy(&self) -> Result<Outcome, StepError> {
        let (app, name, lock) = (&self.ground.app, self.ground.name()?, self.ground.lock());
        let source = self.source()?;
        let engine = self.ground.engine()?;
        account::ensure(app, engine, &self.ground.tenant).await?;
        let made = match source.snapshot {
            Some(id) => {
                let file = snapshot::file_of(app, &restore::find(app, id).await?);
                engine.create_from(Origin::File(&file, source.tenant), &name, &lock).await
            }
            None => {
                let original = database_name(&self.original().await?)?;
                let origin = Origin::Database(&original, source.tenant);
                engine.create_from(origin, &name, &lock).await
            }
        };
        match made {
            Err(EngineError::Missing(detail)) => {
                Err(StepError::lasting("The database of the original is not where it should be.", detail))
            }
            other => Ok(other.map(|()| Outcome::Done(None))?),
        }
    }

    /// What in the copied data says whose it is: the note on what it was made from, its own name, and the owner's row, which
    /// becomes the new owner's, without a password. Everybody else in it stays as they are.
    async fn identity(&self) -> Result<Outcome, StepError> {
        let (ground, original) = (&self.ground, self.original().await?);
        let engine = ground.engine()?;
        let mut session = engine.open(&ground.name()?, &ground.lock()).await?;
        let done = async {
            let found = session.inspect().await?;
            let mut statements = Vec::new();
            for text in identity(&found) {
                statements.extend(carried(engine, &found, text)?);
            }
            let variables = Variables::from([
                ("TENANT_ID", ground.tenant.id.to_string()),
                ("TENANT_NAME", ground.tenant.name.clone()),
                ("OWNER_EMAIL", ground.tenant.email.clone()),
                ("ORIGINAL_NAME", original.name.clone()),
                ("ORIGINAL_EMAIL", original.email.clone()),
                ("SET_ON_APP", NO_PASSWORD.to_owned()),
            ]);
            session.apply(Unit { key: "identity", statements: &statements, variables: &variables }).await
        };
        let done = done.await;
        session.close().await;
        done?;
        Ok(Outcome::Done(None))
    }

    async fn verify(&self) -> Result<Outcome, StepError> {
        let ground = &self.ground;
        let source = self.source()?;
        let expected = match source.snapshot {
            Some(id) => restore::find(&ground.app, id).await?.schema_hash,
            None => self.original().await?.schema_hash,
        };
        let mut session = ground.engine()?.open(&ground.name()?, &ground.lock()).await?;
        let found = session.inspect().await;
        session.close().await;
        let found = found?;
        let hash = found.fingerprint();
        let mut write = ground.app.store.write().await?;
        let now = timestamp(ground.app.now_ms());
        store::tenants::copy_schema(&mut write, source.tenant, ground.tenant.id, &hash, &now).await?;
        store::customizations::copy(&mut write, source.tenant, ground.tenant.id).await?;
        write.commit().await?;
        let tables = format!("{} tables", found.tables.len());
        Ok(Outcome::Done(Some(if expected.is_none_or(|expected| expected == hash) {
            format!("{tables}, as in the original.")
        } else {
            format!("{tables}. The original had changed since it was made, and so has the copy.")
        })))
    }

    async fn invite(&self) -> Result<Outcome, StepError> {
        let ground = &self.ground;
        let mut write = ground.app.store.write().await?;
        let (id, now) = (ground.app.new_id(), ground.app.now_ms());
        store::invitations::ensure(&mut write, id, ground.tenant.id, &ground.tenant.email, now).await?;
        write.commit().await?;
        Ok(Outcome::Done(None))
    }

    async fn failed(&self, write: &mut Connection, sentence: &str, now_ms: i64) -> StoreResult<()> {
        let from = [Status::Pending, Status::Provisioning];
        store::tenants::set_status(write, self.ground.tenant.id, &from, Status::Failed).await?;
        self.ground.record(write, now_ms, "tenant_failed", sentence).await
    }
}

/// The statements that make copied data another tenant's, as far as its tables have a place for it.
fn identity(found: &Schema) -> Vec<&'static str> {
    let has = |table: &str, columns: &[&str]| {
        found.tables.get(table).is_some_and(|table| {
            columns.iter().all(|name| table.columns.iter().any(|column| column.name == *name))
        })
    };
    let mut statements = Vec::new();
    if has("tenant_info", &["tenant_id"]) {
        statements.push("UPDATE tenant_info SET tenant_id = '{{TENANT_ID}}'");
    }
    if has("settings", &["key", "value"]) {
        statements.push(
            "UPDATE settings SET `value` = '{{TENANT_NAME}}' WHERE `key` = 'app.name' AND `value` = '{{ORIGINAL_NAME}}'",
        );
    }
    if has("users", &["email", "password_hash"]) {
        // MySQL changes no table that the same statement asks, unless it asks a copy.
        statements.push(
            "UPDATE users SET email = '{{OWNER_EMAIL}}', password_hash = '{{SET_ON_APP}}'
             WHERE email = '{{ORIGINAL_EMAIL}}' AND NOT EXISTS (SELECT 1 FROM (SELECT email FROM users) AS others
                WHERE others.email = '{{OWNER_EMAIL}}' AND others.email <> '{{ORIGINAL_EMAIL}}')",
        );
    }
    statements
}

#[async_trait]
impl Work for Copying {
    fn tenant(&self) -> &Tenant {
        &self.ground.tenant
    }

    fn words(&self) -> &'static Words {
        self.words
    }

    async fn begun(&self, write: &mut Connection) -> StoreResult<()> {
        let from = [Status::Pending];
        store::tenants::set_status(write, self.ground.tenant.id, &from, Status::Provisioning).await?;
        Ok(())
    }

    async fn run(&self, step: &str) -> Result<Outcome, StepError> {
        match step {
            "reserve" => self.reserve().await,
            "check" => {
                let app = &self.ground.app;
                let id = self.source()?.snapshot.unwrap_or_default();
                snapshot::check(app, self.ground.engine()?, &restore::find(app, id).await?).await?;
                Ok(Outcome::Done(None))
            }
            "copy" => self.copy().await,
            "identity" => self.identity().await,
            "verify" => self.verify().await,
            "invite_owner" => self.invite().await,
            "activate" => Ok(Outcome::Done(None)),
            other => Err(StepError::unknown_step(other)),
        }
    }

    async fn undo(&self, step: &str) -> Result<Outcome, StepError> {
        let ground = &self.ground;
        match step {
            "copy" => match ground.engine()?.remove(&ground.name()?, &self.marker()).await {
                Ok(removed) => {
                    Ok(Outcome::Done(removed.then(|| "The half-made database was removed.".to_owned())))
                }
                // Not ours, so not ours to remove: taking back is done.
                Err(EngineError::Foreign(why)) => Ok(Outcome::Skipped(why)),
                Err(cause) => Err(cause.into()),
            },
            "invite_owner" => {
                let mut write = ground.app.store.write().await?;
                store::invitations::withdraw(&mut write, ground.tenant.id).await?;
                write.commit().await?;
                Ok(Outcome::Done(None))
            }
            _ => Ok(Outcome::Done(None)),
        }
    }

    async fn ended(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()> {
        let (ground, tenant) = (&self.ground, &self.ground.tenant);
        let from = [Status::Pending, Status::Provisioning];
        store::tenants::set_status(write, tenant.id, &from, Status::Active).await?;
        store::tenants::set_ready_moment(write, tenant.id, now_ms).await?;
        let what = format!("{} {}", tenant.template_type, tenant.template_version);
        let took = ground.job.started_ms.map_or(0, |started| now_ms - started);
        let from = self.source().map(|source| source.name).unwrap_or_default();
        let sentence = format!("Copied the data of {from}. The tenant is ready.");
        store::tenants::add_history(write, tenant.id, &what, true, took, &[], &sentence).await?;
        ground.record(write, now_ms, "tenant_ready", &sentence).await
    }

    async fn taken_back(&self, write: &mut Connection, reason: &str, now_ms: i64) -> StoreResult<()> {
        self.failed(write, &format!("{} {reason}", self.words.failed), now_ms).await
    }

    async fn stuck(&self, write: &mut Connection, problem: &Problem, now_ms: i64) -> StoreResult<()> {
        let sentence = format!("{} {} Reference {}.", self.words.stuck, problem.plain, problem.reference);
        self.failed(write, &sentence, now_ms).await
    }
}
