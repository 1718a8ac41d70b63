//! Claiming a job: in a file by what was read before, which is found out to be true or not under the write lock; on a server by
//! a lock on the job's row, past those that others hold.

use super::{LetGo, at_once, lease_end};
use crate::{
    app::App,
    faults::Stopped,
    store::{
        StoreError,
        db::{Ticket, Write},
        jobs::{self, Claim, Job},
    },
};
use uuid::Uuid;

/// A claimed job, and how it begins.
pub(super) struct Claimed {
    pub(super) job: Job,
    pub(super) beginning: Beginning,
}

/// How a claimed job begins.
pub(super) enum Beginning {
    /// Its steps are run one by one.
    StepByStep,
    /// Its steps were begun together with the claim; the ticket is that of both.
    AtOnce(Box<(at_once::Begun, Ticket)>),
    /// A test stopped the program here.
    Stopped(Stopped),
}

/// How often a claim is looked for without the write lock; another process was faster each time, so then it is held.
const LOOKS: usize = 3;

/// Claims the next job that is due, or this one.
pub(super) async fn claim_next(app: &App, only: Option<Uuid>) -> Result<Option<Claimed>, StoreError> {
    let _claiming = app.claiming.acquire().await;
    if !app.store.has_row_locks() {
        return claim_in_file(app, only).await;
    }
    match claim_row(app, only).await {
        // Two transactions waited for each other, and the server has ended this one: the job is still there.
        Err(cause) if cause.is_collision() => Ok(None),
        claimed => claimed,
    }
}

/// Everything is read before the write lock is taken: most of the time there is nothing to do, and otherwise nobody has to
/// wait for it.
async fn claim_in_file(app: &App, only: Option<Uuid>) -> Result<Option<Claimed>, StoreError> {
    for look in 0..=LOOKS {
        let now = app.now_ms();
        let mut locked = if look == LOOKS { Some(app.store.write().await?) } else { None };
        let found = match &mut locked {
            Some(write) => jobs::look(write, only, now).await?,
            None => jobs::look(&mut *app.store.read().await?, only, now).await?,
        };
        let Some(found) = found else { return Ok(None) };
        let ready = at_once::look(app, &found.job, found.is_first()).await?;
        let mut write = match locked {
            Some(write) => write,
            None => app.store.write().await?,
        };
        jobs::take(&mut write, &found, &app.process, now, lease_end(app)).await?;
        match begin(app, found.job, ready, write).await {
            Err(cause) if cause.is_null() => {}
            claimed => return claimed.map(Some),
        }
    }
    Ok(None)
}

/// Claims a job on a server. Its row is held from here on, so whoever looks for one meanwhile takes another.
async fn claim_row(app: &App, only: Option<Uuid>) -> Result<Option<Claimed>, StoreError> {
    let now = app.now_ms();
    // Nothing is locked to find out that there is nothing to do.
    if jobs::look(&mut *app.store.read().await?, only, now).await?.is_none() {
        return Ok(None);
    }
    let Some(mut write) = app.store.claim().await? else { return Ok(None) };
    let Some(mut job) = jobs::lock(&mut write, only, now).await? else {
        let _ = write.commit_soon().await?;
        return Ok(None);
    };
    let is_first = job.fence == 0;
    // The number is given while the job is held, so a later claim of it has a higher one. All claims of the installation
    // wait for each other here, which is why it is a transaction of its own.
    let Some(mut numbers) = app.store.claim().await? else { return Ok(None) };
    job.fence = jobs::next_fence(&mut numbers).await?;
    let _ = numbers.commit_soon().await?;
    let ready = at_once::look(app, &job, is_first).await?;
    jobs::take_locked(&mut write, &job, &app.process, lease_end(app)).await?;
    begin(app, job, ready, write).await.map(Some)
}

/// Begins all steps of a claimed job, where they can be, and makes the claim known.
async fn begin(
    app: &App,
    job: Job,
    ready: Option<at_once::Ready>,
    mut write: Write,
) -> Result<Claimed, StoreError> {
    let claim = Claim { job_id: job.id, fence: job.fence };
    let begun = match ready {
        None => Err(Beginning::StepByStep),
        Some(ready) => match at_once::begin(app, claim, ready, &mut write).await {
            Ok(begun) => Ok(begun),
            Err(LetGo::Store(cause)) => return Err(cause),
            Err(LetGo::Stopped(stopped)) => Err(Beginning::Stopped(stopped)),
            Err(LetGo::Lost) => Err(Beginning::StepByStep),
        },
    };
    // A claim that a loss of power undoes is no loss: whoever comes next claims anew. Every record of a step is waited
    // for, and nothing is on the disk without what was committed before it.
    let kept = write.commit_soon().await?;
    let beginning = match begun {
        Ok(begun) => Beginning::AtOnce(Box::new((begun, kept))),
        Err(beginning) => beginning,
    };
    Ok(Claimed { job, beginning })
}
