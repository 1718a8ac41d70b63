//! Taking a tenant out of use and back: pause and resume, archive and take out again, and keeping one after all that was to
//! be deleted. They differ in where they lead, not in how.

use super::{
    ground::{Ground, steps},
    work::{Kind, Outcome, StepError, StoreResult, Words, Work},
};
use crate::{
    app::App,
    engine::EngineError,
    store::{
        self, Connection, StoreError,
        jobs::{Claim, Job},
        tenants::{Status, Tenant},
    },
};
use async_trait::async_trait;

/// One way from state to state.
#[derive(Debug)]
pub struct Passage {
    name: &'static str,
    words: Words,
    /// States that it leads from.
    pub from: &'static [Status],
    /// Where it leads to; `None` means back to where the tenant was before it was to be deleted.
    to: Option<Status>,
    action: &'static str,
    sentence: &'static str,
    steps: &'static [(&'static str, &'static str)],
}

const SHUT: (&str, &str) = ("shut", "Shut its database away from its application");
const REOPEN: (&str, &str) = ("reopen", "Let its application in again");

/// Pausing.
pub static SUSPEND: Passage = Passage {
    name: "suspend",
    words: Words {
        title: "Pause a tenant",
        going: ("Pausing ", ""),
        done: ("", " is paused"),
        done_sentence: "Its application can neither read nor write. Nothing was lost.",
        undoing: "The tenant is being opened again.",
        failed: "The tenant could not be paused. It is in use as before.",
        failed_advice: "The tenant is in use as before, and you can try again.",
        stuck: "The tenant could not be paused, and could not be opened again.",
    },
    from: &[Status::Active],
    to: Some(Status::Suspended),
    action: "tenant_suspended",
    sentence: "Paused the tenant. Its application can neither read nor write.",
    steps: &[SHUT, ("note", "Note that it is paused")],
};

/// Resuming.
pub static RESUME: Passage = Passage {
    name: "resume",
    words: Words {
        title: "Resume a tenant",
        going: ("Resuming ", ""),
        done: ("", " is in use again"),
        done_sentence: "Its application can read and write as before.",
        undoing: "The tenant is being paused again.",
        failed: "The tenant could not be resumed. It stays paused.",
        failed_advice: "The tenant stays paused, and you can try again.",
        stuck: "The tenant could not be resumed, and could not be paused again.",
    },
    from: &[Status::Suspended],
    to: Some(Status::Active),
    action: "tenant_resumed",
    sentence: "Resumed the tenant.",
    steps: &[REOPEN, ("note", "Note that it is in use")],
};

/// Archiving.
pub static ARCHIVE: Passage = Passage {
    name: "archive",
    words: Words {
        title: "Archive a tenant",
        going: ("Archiving ", ""),
        done: ("", " is archived"),
        done_sentence: "It is out of use, and kept in a compact file.",
        undoing: "The tenant is being put back.",
        failed: "The tenant could not be archived. It is as it was.",
        failed_advice: "The tenant is as it was, and you can try again.",
        stuck: "The tenant could not be archived, and could not be put back.",
    },
    from: &[Status::Active, Status::Suspended],
    to: Some(Status::Archived),
    action: "tenant_archived",
    sentence: "Archived the tenant: out of use, and kept.",
    steps: &[("shut", "Put its database away as a compact file"), ("note", "Note that it is archived")],
};

/// Taking out of the archive.
pub static UNARCHIVE: Passage = Passage {
    name: "unarchive",
    words: Words {
        title: "Take a tenant out of the archive",
        going: ("Taking ", " out of the archive"),
        done: ("", " is in use again"),
        done_sentence: "Its application can read and write as before.",
        undoing: "The tenant is being archived again.",
        failed: "The tenant could not be taken out of the archive. It stays there.",
        failed_advice: "The tenant stays in the archive, and you can try again.",
        stuck: "The tenant could not be taken out of the archive, and could not be put back there.",
    },
    from: &[Status::Archived],
    to: Some(Status::Active),
    action: "tenant_unarchived",
    sentence: "Took the tenant out of the archive.",
    steps: &[REOPEN, ("note", "Note that it is in use")],
};

/// Keeping a tenant that was to be deleted.
pub static KEEP: Passage = Passage {
    name: "keep",
    words: Words {
        title: "Keep a tenant after all",
        going: ("Bringing back ", ""),
        done: ("", " is kept"),
        done_sentence: "It is as it was before it was to be deleted. Nothing was lost.",
        undoing: "The tenant is being shut away again.",
        failed: "The tenant could not be brought back. It is still to be deleted.",
        failed_advice: "The tenant is still to be deleted. Try again before its time is over.",
        stuck: "The tenant could not be brought back, and could not be shut away again.",
    },
    from: &[Status::Deleting],
    to: None,
    action: "tenant_kept",
    sentence: "Kept the tenant after all. It is as it was before.",
    steps: &[REOPEN, ("note", "Note that it is kept")],
};

impl Passage {
    /// Its kind in rows.
    pub fn kind(&self) -> &'static str {
        self.name
    }

    /// Its steps.
    pub fn steps(&self) -> Vec<(String, String)> {
        steps(self.steps)
    }
}

#[async_trait]
impl Kind for &'static Passage {
    fn name(&self) -> &'static str {
        self.name
    }

    fn words(&self) -> &'static Words {
        &self.words
    }

    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError> {
        let Some(ground) = Ground::load(app, job, claim).await? else { return Ok(None) };
        let before = store::tenants::status_before(&mut *app.store.read().await?, ground.tenant.id).await?;
        Ok(Some(Box::new(Passing { ground, passage: self, before })))
    }
}

struct Passing {
    ground: Ground,
    passage: &'static Passage,
    /// The tenant's state before it was to be deleted.
    before: Option<Status>,
}

impl Passing {
    fn goal(&self) -> Status {
        self.passage.to.or(self.before).unwrap_or(Status::Active)
    }

    async fn shut(&self) -> Result<Outcome, StepError> {
        self.ground.engine()?.shut(&self.ground.name()?, &self.ground.lock()).await?;
        Ok(Outcome::Done(None))
    }

    async fn reopen(&self) -> Result<Outcome, StepError> {
        self.ground.engine()?.reopen(&self.ground.name()?, &self.ground.lock()).await?;
        Ok(Outcome::Done(None))
    }
}

#[async_trait]
impl Work for Passing {
    fn tenant(&self) -> &Tenant {
        &self.ground.tenant
    }

    fn words(&self) -> &'static Words {
        &self.passage.words
    }

    async fn run(&self, step: &str) -> Result<Outcome, StepError> {
        match step {
            "shut" => self.shut().await,
            "reopen" if self.goal() == Status::Active => self.reopen().await,
            "reopen" => Ok(Outcome::Skipped("It was out of use before, and stays so.".into())),
            "note" => Ok(Outcome::Done(None)),
            other => Err(StepError::unknown_step(other)),
        }
    }

    async fn undo(&self, step: &str) -> Result<Outcome, StepError> {
        match step {
            // What was shut away before this job is no work of it.
            "shut" if self.ground.tenant.status == Status::Active => open_again(&self.ground).await,
            "reopen" if self.goal() == Status::Active => match self.shut().await {
                // It was not there to be opened, so there is nothing to shut.
                Err(StepError::Failed { may_pass: false, plain, .. }) => Ok(Outcome::Skipped(plain)),
                other => other,
            },
            _ => Ok(Outcome::Done(None)),
        }
    }

    async fn ended(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()> {
        let id = self.ground.tenant.id;
        store::tenants::set_status(write, id, self.passage.from, self.goal()).await?;
        if self.passage.to.is_none() {
            store::tenants::set_deletion(write, id, None, None).await?;
        }
        self.ground.record(write, now_ms, self.passage.action, self.passage.sentence).await
    }
}

/// Lets the application in again, where its database was shut away.
pub(super) async fn open_again(ground: &Ground) -> Result<Outcome, StepError> {
    match ground.engine()?.reopen(&ground.name()?, &ground.lock()).await {
        Ok(()) => Ok(Outcome::Done(None)),
        Err(EngineError::Missing(_)) => {
            Ok(Outcome::Skipped("No database was shut away, so none was put back.".into()))
        }
        Err(cause) => Err(cause.into()),
    }
}

/// Shuts a tenant's database away where there is one.
pub(super) async fn shut_if_there(ground: &Ground) -> Result<Outcome, StepError> {
    match ground.engine()?.shut(&ground.name()?, &ground.lock()).await {
        Ok(()) => Ok(Outcome::Done(None)),
        Err(EngineError::Missing(_)) => Ok(Outcome::Skipped("There is no database any more.".into())),
        Err(cause) => Err(cause.into()),
    }
}
