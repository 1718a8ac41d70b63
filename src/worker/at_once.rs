//! All steps of a job at once: begun in one commit, done aside, put in place, and ended in one commit. Only a job's first
//! try goes this way; whatever stops it, the steps are then run one by one, and find what is there.

use super::LetGo;
use crate::{
    app::App,
    apply::kinds,
    apply::work::{Outcome, Prepared, StepError, Work},
    store::{
        Connection, StoreError,
        db::Ticket,
        jobs::{self, Claim, Direction, Job, JobStatus, Step, StepStatus},
        steps::{self, Ended},
    },
};
use std::time::Duration;

/// A job whose steps were all begun together with its claim.
pub(super) struct Begun {
    work: Box<dyn Work>,
    steps: Vec<Step>,
    /// When, in milliseconds.
    started: i64,
}

/// A job whose steps can all be begun together, if its claim holds.
pub(super) struct Ready {
    work: Box<dyn Work>,
    steps: Vec<Step>,
}

/// Gets a job ready whose claim is to be taken next, which `is_first` where nobody has claimed it before; `None` where its
/// steps have to be run one by one.
pub(super) async fn look(app: &App, job: &Job, is_first: bool) -> Result<Option<Ready>, StoreError> {
    let known = app.fresh.take(job.id).filter(|_| is_first);
    if job.attempt != 0 || job.crashes != 0 || job.direction != Direction::Forward {
        return Ok(None);
    }
    let claim = Claim { job_id: job.id, fence: job.fence };
    let Some(kind) = kinds::find(&job.kind) else { return Ok(None) };
    let (work, steps) = match known {
        Some((tenant, steps)) => (kind.load_of(app, job, claim, tenant).await?, Some(steps)),
        None => (kind.load(app, job, claim).await?, None),
    };
    let Some(work) = work else { return Ok(None) };
    if !work.can_be_at_once() {
        return Ok(None);
    }
    let steps = match steps {
        Some(steps) => steps,
        None => jobs::steps(&mut *app.store.read().await?, job.id).await?,
    };
    let are_new = steps.iter().all(|step| step.status == StepStatus::Waiting && step.attempts == 0);
    Ok(are_new.then_some(Ready { work, steps }))
}

/// Begins all steps of a job in the transaction that has claimed it.
pub(super) async fn begin(
    app: &App,
    claim: Claim,
    ready: Ready,
    write: &mut Connection,
) -> Result<Begun, LetGo> {
    let Ready { work, steps } = ready;
    app.faults.point("all:before")?;
    let started = app.now_ms();
    work.begun(write).await?;
    steps::begin_all(write, claim, started).await?;
    Ok(Begun { work, steps, started })
}

/// Does what was begun; false where the steps have to be run one by one after all. `kept` tells when the claim is on the disk.
pub(super) async fn run(
    app: &App,
    job: &Job,
    claim: Claim,
    begun: Begun,
    kept: Ticket,
    is_stopping: bool,
) -> Result<bool, LetGo> {
    let Begun { work, steps, started } = begun;
    if is_stopping {
        return one_by_one(app, claim, None).await;
    }
    app.faults.point("all:begun")?;
    let prepared = match work.prepare().await {
        Ok(Some(prepared)) => prepared,
        Ok(None) => return one_by_one(app, claim, None).await,
        Err(failure) => return one_by_one(app, claim, Some(failure)).await,
    };
    app.faults.point("all:prepared")?;
    // Nothing has its name before the disk knows who made it.
    kept.on_disk().await?;
    if !jobs::is_ours(&mut *app.store.read().await?, claim).await? {
        return Err(LetGo::Lost);
    }
    if let Err(failure) = work.publish(&prepared).await {
        return one_by_one(app, claim, Some(failure)).await;
    }
    app.faults.point("all:published")?;
    let now = app.now_ms();
    let ended = ended(&steps, &prepared, started, now);
    if let Err(cause) = record(app, claim, work.as_ref(), &ended, now).await {
        let is_ours = jobs::is_ours(&mut *app.store.read().await?, claim).await?;
        return Err(if is_ours { LetGo::Store(cause) } else { LetGo::Lost });
    }
    app.faults.point("all:recorded")?;
    tracing::info!(job = %job.id, tenant = work.tenant().slug, "{}", work.words().done_sentence);
    Ok(true)
}

/// Records that all steps have ended, durably, or nothing of it: where the claim is not good any more, that is an error.
async fn record(
    app: &App,
    claim: Claim,
    work: &dyn Work,
    ended: &[Ended],
    now: i64,
) -> Result<(), StoreError> {
    let mut write = app.store.write().await?;
    jobs::must_be_ours(&mut write, claim).await?;
    work.published(&mut write, now).await?;
    steps::end_all(&mut write, claim, ended).await?;
    work.ended(&mut write, now).await?;
    jobs::end(&mut write, claim, JobStatus::Done, false, now).await?;
    write.commit().await
}

/// Takes the beginning back, so that each step says for itself where it is. The steps then meet the same trouble, each
/// with its own sentence, its own tries and its own undo.
async fn one_by_one(app: &App, claim: Claim, failure: Option<StepError>) -> Result<bool, LetGo> {
    match failure {
        Some(StepError::Stale) => return Err(LetGo::Lost),
        Some(StepError::Failed { detail, .. }) => {
            tracing::info!(job = %claim.job_id, cause = detail, "Not everything can be done at once; the steps are run one by one");
        }
        None => {}
    }
    let mut write = app.store.write().await?;
    if !jobs::is_ours(&mut write, claim).await? {
        return Err(LetGo::Lost);
    }
    steps::wait_all(&mut write, claim).await?;
    let _ = write.commit_soon().await?;
    Ok(false)
}

/// What is noted about each step: those that were timed one after the other, and between them the others, which share what
/// is left of the time.
fn ended(steps: &[Step], prepared: &Prepared, started: i64, now: i64) -> Vec<Ended> {
    let milliseconds = |took: Duration| took.as_secs_f64() * 1_000.0;
    let timed: f64 = prepared.steps.values().map(|(_, took)| milliseconds(*took)).sum();
    let is_timed = |step: &Step| prepared.steps.contains_key(&step.name);
    let untimed = steps.iter().filter(|step| !is_timed(step)).count().max(1);
    #[expect(clippy::cast_precision_loss, reason = "times of a job and numbers of steps are far below 2^52")]
    let share = ((now - started) as f64 - timed).max(0.0) / untimed as f64;
    let mut at = 0.0;
    let mut moment = |took: f64| {
        at += took;
        #[expect(clippy::cast_possible_truncation, reason = "rounded, and bounded by the moment of now")]
        let moment = started.saturating_add(f64::round(at) as i64).min(now);
        moment
    };
    let mut ended = Vec::new();
    for step in steps {
        let (outcome, took) = match prepared.steps.get(&step.name) {
            Some((outcome, took)) => (outcome.clone(), milliseconds(*took)),
            None => (Outcome::Done(None), share),
        };
        let (status, note) = match outcome {
            Outcome::Done(note) => (StepStatus::Done, note),
            Outcome::Skipped(why) => (StepStatus::Skipped, Some(why)),
        };
        ended.push(Ended {
            position: step.position,
            status,
            note,
            started_ms: moment(0.0),
            ended_ms: moment(took),
        });
    }
    ended
}
