//! What a job is to a worker: steps to run and to take back, and what its beginning and its ends do to the tenant. The
//! worker records, retries and backs off in the same way whatever the kind; [`super::kinds`] is the table of kinds.

use crate::{
    app::App,
    disk_trouble::DiskTrouble,
    engine::{Draft, EngineError},
    engines::NoEngine,
    store::{
        Connection, StoreError,
        events::{self, Doer},
        jobs::{Claim, Job, Problem},
        tenants::Tenant,
    },
};
use async_trait::async_trait;
use std::{collections::BTreeMap, time::Duration};

/// What the control database answers.
pub type StoreResult<T> = std::result::Result<T, StoreError>;

/// How a step went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done; a note worth showing, where there is one.
    Done(Option<String>),
    /// There was nothing to do, and why.
    Skipped(String),
}

/// How a step failed.
#[derive(Debug)]
pub enum StepError {
    /// Another worker has the tenant: stop, and record nothing.
    Stale,
    /// It failed.
    Failed {
        /// Whether trying again later may help.
        may_pass: bool,
        /// For people.
        plain: String,
        /// For the technical details.
        detail: String,
    },
}

/// What is said where an engine is out of reach, and it is not known why.
const OUT_OF_REACH: &str = "The tenant's database could not be written. The disk may be full or read-only.";

/// What is said where something was made by somebody else, who lets nobody have it.
const WITHHELD: &str = "Something in the tenant's database belongs to another account, which keeps it from Tenantry. Give it to the tenant's account, or take it away by hand, and try again.";

/// The same where it was a scratch database that was wanted.
pub(super) const NO_SCRATCH: &str = "No scratch database could be used.";

impl StepError {
    /// The same for a tenant on a server: a server that is away is named, and waited for like a full disk, however long that
    /// takes. True where that is so.
    pub fn on_server_of(self, tenant: &Tenant) -> (Self, bool) {
        match (self, &tenant.server_name) {
            (StepError::Failed { may_pass: true, plain, detail }, Some(server))
                if plain == OUT_OF_REACH || plain == NO_SCRATCH =>
            {
                let plain = format!("The server {server} cannot be used at the moment. Nothing is lost.");
                (StepError::Failed { may_pass: true, plain, detail }, true)
            }
            (other, _) => (other, false),
        }
    }

    /// A failure that trying again does not mend.
    pub fn lasting(plain: impl Into<String>, detail: impl Into<String>) -> Self {
        StepError::Failed { may_pass: false, plain: plain.into(), detail: detail.into() }
    }

    /// A step that this version of the program does not know.
    pub fn unknown_step(step: &str) -> Self {
        StepError::lasting(
            "This step belongs to another version of the program.",
            format!("unknown step {step}"),
        )
    }
}

impl From<EngineError> for StepError {
    fn from(cause: EngineError) -> Self {
        let plain = match &cause {
            EngineError::Stale => return StepError::Stale,
            EngineError::Foreign(_) => {
                "What lies in the place of this tenant's database is damaged, or belongs to somebody else. It was not touched."
            }
            EngineError::OutOfReach(_) if cause.is_damage() => {
                "This tenant's database is damaged. It was left as it is. Put the right file back from a backup."
            }
            EngineError::OutOfReach(_) if cause.is_withheld() => WITHHELD,
            EngineError::Missing(_) => "The tenant's database is not where it should be.",
            EngineError::Shut(_) => "The tenant's database is shut away at the moment.",
            EngineError::Statement { .. } | EngineError::Dangling(_) => {
                "The template's SQL was refused by the database."
            }
            EngineError::OutOfReach(text) => DiskTrouble::of(text).map_or(OUT_OF_REACH, DiskTrouble::words),
        };
        let detail = match &cause {
            EngineError::Statement { sql, .. } => format!("{cause}\n\n{sql}"),
            _ => cause.to_string(),
        };
        StepError::Failed { may_pass: cause.may_pass(), plain: plain.into(), detail }
    }
}

impl From<NoEngine> for StepError {
    fn from(cause: NoEngine) -> Self {
        StepError::Failed { may_pass: true, plain: OUT_OF_REACH.into(), detail: cause.0 }
    }
}

impl From<StoreError> for StepError {
    fn from(cause: StoreError) -> Self {
        let detail = cause.to_string();
        let plain = DiskTrouble::of(&detail).map_or(
            "The control database could not be used. Its disk may be full or read-only.",
            DiskTrouble::words,
        );
        StepError::Failed { may_pass: true, plain: plain.into(), detail }
    }
}

/// All steps of a job, done aside.
#[derive(Debug)]
pub struct Prepared {
    /// The database.
    pub draft: Draft,
    /// How each step went and how long it took, by its name. Steps that are not here take what is left of the time.
    pub steps: BTreeMap<String, (Outcome, Duration)>,
}

/// A job that was claimed, with what its steps need. Hooks that take a connection are called inside the transaction that
/// records what they are about, with the claim already checked; each may be called again after a crash.
#[async_trait]
pub trait Work: Send + Sync {
    /// The tenant that it works on.
    fn tenant(&self) -> &Tenant;

    /// The words of its kind.
    fn words(&self) -> &'static Words;

    /// Runs a step. Run twice, it finds what the first run did.
    async fn run(&self, step: &str) -> Result<Outcome, StepError>;

    /// Takes back what a step did, or may have done in part.
    async fn undo(&self, step: &str) -> Result<Outcome, StepError>;

    /// Whether its steps can be done at once, as far as can be told without doing anything.
    fn can_be_at_once(&self) -> bool {
        false
    }

    /// Does the work of all steps aside, where nobody sees it and where the undo of the first steps finds it; `None` where
    /// they have to be run one by one after all.
    async fn prepare(&self) -> Result<Option<Prepared>, StepError> {
        Ok(None)
    }

    /// Puts what was prepared in its place.
    async fn publish(&self, _prepared: &Prepared) -> Result<(), StepError> {
        Ok(())
    }

    /// Records in the control database what the steps would have recorded.
    async fn published(&self, _write: &mut Connection, _now_ms: i64) -> StoreResult<()> {
        Ok(())
    }

    /// Whether what it has done must not be taken back any more, though its last record is missing.
    fn is_settled(&self) -> bool {
        false
    }

    /// A step begins: the tenant takes the state of a tenant that this is being done to.
    async fn begun(&self, write: &mut Connection) -> StoreResult<()> {
        let _ = write;
        Ok(())
    }

    /// All steps are done.
    async fn ended(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()>;

    /// A try ended in an error.
    async fn try_failed(
        &self,
        write: &mut Connection,
        job: &Job,
        problem: &Problem,
        now_ms: i64,
    ) -> StoreResult<()> {
        let _ = (write, job, problem, now_ms);
        Ok(())
    }

    /// It was given up and taken back; `reason` is the last problem, for people.
    async fn taken_back(&self, write: &mut Connection, reason: &str, now_ms: i64) -> StoreResult<()> {
        let sentence = format!("{} {reason}", self.words().failed);
        let doer = Doer::program();
        events::record(write, Some(self.tenant().id), now_ms, &doer, "job_failed", &sentence).await
    }

    /// It was given up and could not be taken back; a person has to look.
    async fn stuck(&self, write: &mut Connection, problem: &Problem, now_ms: i64) -> StoreResult<()> {
        let sentence = format!("{} {} Reference {}.", self.words().stuck, problem.plain, problem.reference);
        let doer = Doer::program();
        events::record(write, Some(self.tenant().id), now_ms, &doer, "job_failed", &sentence).await
    }
}

/// A kind of job.
#[async_trait]
pub trait Kind: Send + Sync {
    /// Its name in rows, such as `provision`.
    fn name(&self) -> &'static str;

    /// Its words on pages.
    fn words(&self) -> &'static Words;

    /// Gets a claimed job ready; `None` where its tenant is gone.
    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError>;

    /// The same where its tenant is known.
    async fn load_of(
        &self,
        app: &App,
        job: &Job,
        claim: Claim,
        tenant: Tenant,
    ) -> Result<Option<Box<dyn Work>>, StoreError> {
        let _ = tenant;
        self.load(app, job, claim).await
    }
}

/// How people read about a kind of job. Where a word has two parts, the tenant's name stands between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// In the list of jobs: `Set up a tenant`.
    pub title: &'static str,
    /// While it runs: `Setting up` … .
    pub going: (&'static str, &'static str),
    /// When it is done: … `is ready`.
    pub done: (&'static str, &'static str),
    /// What that means: `Everything is in place. The tenant can be used.`
    pub done_sentence: &'static str,
    /// While it is taken back.
    pub undoing: &'static str,
    /// When it was given up and taken back, a sentence.
    pub failed: &'static str,
    /// The same with the way on, beside the reason.
    pub failed_advice: &'static str,
    /// When it was given up and could not be taken back, a sentence.
    pub stuck: &'static str,
}
