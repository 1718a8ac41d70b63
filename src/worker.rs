//! A door: claims jobs, runs their steps, keeps the claim alive, records what happened, backs off. Everything that it
//! knows is in the control database, so it may die at any moment and another one goes on.

mod at_once;
mod claiming;

use crate::{
    app::App,
    apply::{
        kinds,
        work::{Outcome, StepError, Work},
    },
    disk_trouble::DiskTrouble,
    error::new_reference,
    faults::Stopped,
    store::{
        StoreError,
        jobs::{self, Claim, Direction, Job, JobStatus, Problem, StepStatus},
    },
};
use claiming::{Beginning, Claimed, claim_next};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often the control database is asked for jobs that another process has added.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// A job whose worker vanished so often at the same step is given up: the step itself must be what kills it.
const MOST_CRASHES: i64 = 10;

/// Why a job was let go before its end.
#[derive(Debug)]
enum LetGo {
    /// Another worker has it.
    Lost,
    /// The control database is away; the lease runs out and somebody tries again.
    Store(StoreError),
    /// A test stopped the program here.
    Stopped(Stopped),
}

impl From<StoreError> for LetGo {
    fn from(cause: StoreError) -> Self {
        LetGo::Store(cause)
    }
}

impl From<Stopped> for LetGo {
    fn from(stopped: Stopped) -> Self {
        LetGo::Stopped(stopped)
    }
}

/// Works on jobs until `stop` is cancelled; then lets running steps end, hands their jobs back and returns.
pub async fn run(app: App, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(app.settings.workers));
    let mut running = JoinSet::new();
    while !stop.is_cancelled() {
        while running.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        match claim_next(&app, None).await {
            Ok(Some(claimed)) => {
                let (app, stop) = (app.clone(), stop.clone());
                running.spawn(async move {
                    work(&app, claimed, &stop).await;
                    drop(place);
                });
                continue;
            }
            Ok(None) => {}
            Err(cause) => tracing::warn!(%cause, "Jobs cannot be looked for at the moment"),
        }
        drop(place);
        tokio::select! {
            () = stop.cancelled() => {}
            () = app.wake.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    while running.join_next().await.is_some() {}
}

/// Works on one job until it has ended or waits for its next try; true where this call worked on it.
pub async fn run_one(app: &App, job_id: Uuid, stop: &CancellationToken) -> Result<bool, StoreError> {
    match claim_next(app, Some(job_id)).await? {
        Some(claimed) => {
            work(app, claimed, stop).await;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// Works on the next job that is due; false where none is.
pub async fn run_next(app: &App, stop: &CancellationToken) -> Result<bool, StoreError> {
    match claim_next(app, None).await? {
        Some(claimed) => {
            work(app, claimed, stop).await;
            Ok(true)
        }
        None => Ok(false),
    }
}

fn lease_end(app: &App) -> i64 {
    app.now_ms() + i64::try_from(app.settings.lease.as_millis()).unwrap_or(i64::MAX / 2)
}

/// Runs a claimed job, with its heartbeat beside it.
async fn work(app: &App, claimed: Claimed, stop: &CancellationToken) {
    let Claimed { job, beginning } = claimed;
    let claim = Claim { job_id: job.id, fence: job.fence };
    let lost = CancellationToken::new();
    let heart = tokio::spawn(beat(app.clone(), claim, lost.clone()));
    let ended = tokio::select! {
        ended = advance(app, &job, claim, beginning, stop) => ended,
        () = lost.cancelled() => Err(LetGo::Lost),
    };
    heart.abort();
    match ended {
        Ok(()) => {}
        Err(LetGo::Lost) => tracing::warn!(job = %job.id, "Another worker has taken this job over"),
        Err(LetGo::Store(cause)) => {
            tracing::warn!(job = %job.id, %cause, "The control database is away; this job goes on later")
        }
        Err(LetGo::Stopped(stopped)) => tracing::warn!(job = %job.id, "{stopped}"),
    }
}

async fn beat(app: App, claim: Claim, lost: CancellationToken) {
    loop {
        tokio::time::sleep(app.settings.lease / 3).await;
        let kept = async {
            // On a server nobody waits for it, nor it for anybody but who has the job's own row.
            let mut write = match app.store.claim().await? {
                Some(write) => write,
                None => app.store.write().await?,
            };
            let kept = jobs::heartbeat(&mut write, claim, lease_end(&app)).await?;
            let _ = write.commit_soon().await?;
            Ok::<_, StoreError>(kept)
        };
        match kept.await {
            Ok(true) => {}
            Ok(false) => return lost.cancel(),
            Err(cause) => {
                tracing::warn!(job = %claim.job_id, %cause, "A heartbeat did not reach the control database")
            }
        }
    }
}

async fn advance(
    app: &App,
    job: &Job,
    claim: Claim,
    beginning: Beginning,
    stop: &CancellationToken,
) -> Result<(), LetGo> {
    match beginning {
        Beginning::StepByStep => {}
        Beginning::Stopped(stopped) => return Err(LetGo::Stopped(stopped)),
        Beginning::AtOnce(begun) => {
            let (begun, kept) = *begun;
            if at_once::run(app, job, claim, begun, kept, stop.is_cancelled()).await? {
                return Ok(());
            }
        }
    }
    let work = match kinds::find(&job.kind) {
        Some(kind) => kind.load(app, job, claim).await?,
        None => None,
    };
    let Some(work) = work else {
        tracing::error!(job = %job.id, kind = job.kind, "This job is of a kind that this version does not know, or its tenant is gone");
        let mut write = app.store.write().await?;
        jobs::end(&mut write, claim, JobStatus::Failed, true, app.now_ms()).await?;
        return Ok(write.commit().await?);
    };
    let work = work.as_ref();
    match job.direction {
        Direction::Forward if job.crashes > MOST_CRASHES => {
            let failure = StepError::lasting(
                "The program ended each time that it tried this step.",
                format!("{} workers vanished at the same step", job.crashes),
            );
            fail(app, job, claim, work, None, failure).await
        }
        Direction::Forward => forward(app, job, claim, work, stop).await,
        Direction::Undo => undo(app, job, claim, work, stop).await,
    }
}

async fn hand_back(app: &App, job: &Job, claim: Claim, direction: Direction) -> Result<(), LetGo> {
    let mut write = app.store.write().await?;
    jobs::put_back(&mut write, claim, direction, job.attempt, app.now_ms(), None).await?;
    Ok(write.commit().await?)
}

async fn forward(
    app: &App,
    job: &Job,
    claim: Claim,
    work: &dyn Work,
    stop: &CancellationToken,
) -> Result<(), LetGo> {
    let steps = jobs::steps(&mut *app.store.read().await?, job.id).await?;
    let last = steps.last().map(|step| step.position);
    for step in &steps {
        if matches!(step.status, StepStatus::Done | StepStatus::Skipped) {
            continue;
        }
        if stop.is_cancelled() {
            return hand_back(app, job, claim, Direction::Forward).await;
        }
        app.faults.point(&format!("{}:before", step.name))?;
        let mut write = app.store.write().await?;
        if !jobs::is_ours(&mut write, claim).await? {
            return Err(LetGo::Lost);
        }
        work.begun(&mut write).await?;
        jobs::begin_step(&mut write, claim, step.position, StepStatus::Running, app.now_ms()).await?;
        write.commit().await?;
        app.faults.point(&format!("{}:begun", step.name))?;
        let outcome = work.run(&step.name).await;
        app.faults.point(&format!("{}:acted", step.name))?;
        match outcome {
            Ok(outcome) => {
                let (status, note) = match outcome {
                    Outcome::Done(note) => (StepStatus::Done, note),
                    Outcome::Skipped(why) => (StepStatus::Skipped, Some(why)),
                };
                let mut write = app.store.write().await?;
                if !jobs::is_ours(&mut write, claim).await? {
                    return Err(LetGo::Lost);
                }
                let now = app.now_ms();
                jobs::end_step(&mut write, claim, step.position, status, note.as_deref(), now).await?;
                if Some(step.position) == last {
                    work.ended(&mut write, now).await?;
                    jobs::end(&mut write, claim, JobStatus::Done, false, now).await?;
                }
                write.commit().await?;
                app.faults.point(&format!("{}:recorded", step.name))?;
            }
            Err(StepError::Stale) => return Err(LetGo::Lost),
            Err(failure) => {
                return fail(app, job, claim, work, Some((step.position, &step.title)), failure).await;
            }
        }
    }
    tracing::info!(job = %job.id, tenant = work.tenant().slug, "{}", work.words().done_sentence);
    Ok(())
}

/// Records a failed try: the next try later, or the way back.
async fn fail(
    app: &App,
    job: &Job,
    claim: Claim,
    work: &dyn Work,
    step: Option<(i64, &str)>,
    failure: StepError,
) -> Result<(), LetGo> {
    let (failure, waits_for_server) = failure.on_server_of(work.tenant());
    let StepError::Failed { may_pass, plain, detail } = failure else { return Err(LetGo::Lost) };
    let plain = match step {
        Some((_, title)) => format!("{plain} It stopped at the step \u{201c}{title}\u{201d}."),
        None => plain,
    };
    let problem = Problem { plain, detail, reference: new_reference() };
    tracing::warn!(job = %job.id, tenant = work.tenant().slug, reference = problem.reference, step = step.map_or("", |(_, title)| title),
        cause = problem.detail, attempt = job.attempt + 1, "A step failed");
    let now = app.now_ms();
    let delay = usize::try_from(job.attempt).ok().and_then(|attempt| app.settings.retry_delays.get(attempt));
    // A disk that is full or read-only, or a server that is away, is no fault of the job: it is waited for, however long that
    // takes.
    let waits = waits_for_server || DiskTrouble::of(&problem.detail).is_some();
    let delay = delay.or(app.settings.retry_delays.last().filter(|_| waits));
    let tries = i64::try_from(app.settings.retry_delays.len()).unwrap_or(i64::MAX);
    let mut write = app.store.write().await?;
    if !jobs::is_ours(&mut write, claim).await? {
        return Err(LetGo::Lost);
    }
    if let Some((position, _)) = step {
        jobs::end_step(&mut write, claim, position, StepStatus::Failed, Some(&problem.plain), now).await?;
    }
    work.try_failed(&mut write, job, &problem, now).await?;
    match delay {
        Some(delay) if may_pass => {
            let next = now + i64::try_from(delay.as_millis()).unwrap_or(i64::MAX / 2);
            jobs::put_back(
                &mut write,
                claim,
                Direction::Forward,
                tries.min(job.attempt + 1),
                next,
                Some(&problem),
            )
            .await?;
        }
        _ => {
            jobs::put_back(&mut write, claim, Direction::Undo, 0, now, Some(&problem)).await?;
            app.wake.notify_one();
        }
    }
    Ok(write.commit().await?)
}

async fn undo(
    app: &App,
    job: &Job,
    claim: Claim,
    work: &dyn Work,
    stop: &CancellationToken,
) -> Result<(), LetGo> {
    let steps = jobs::steps(&mut *app.store.read().await?, job.id).await?;
    if work.is_settled() {
        let mut write = app.store.write().await?;
        jobs::end(&mut write, claim, JobStatus::Done, false, app.now_ms()).await?;
        return Ok(write.commit().await?);
    }
    for step in steps.iter().rev() {
        if matches!(step.status, StepStatus::Waiting | StepStatus::Undone) {
            continue;
        }
        if stop.is_cancelled() {
            return hand_back(app, job, claim, Direction::Undo).await;
        }
        app.faults.point(&format!("{}:before-undo", step.name))?;
        let mut write = app.store.write().await?;
        if !jobs::is_ours(&mut write, claim).await? {
            return Err(LetGo::Lost);
        }
        jobs::begin_step(&mut write, claim, step.position, StepStatus::Undoing, app.now_ms()).await?;
        write.commit().await?;
        app.faults.point(&format!("{}:undo-begun", step.name))?;
        let outcome = work.undo(&step.name).await;
        app.faults.point(&format!("{}:undone", step.name))?;
        let note = match outcome {
            Ok(Outcome::Done(note)) => note,
            Ok(Outcome::Skipped(why)) => Some(why),
            Err(StepError::Stale) => return Err(LetGo::Lost),
            Err(failure) => return fail_undo(app, job, claim, work, &step.title, failure).await,
        };
        let mut write = app.store.write().await?;
        if !jobs::is_ours(&mut write, claim).await? {
            return Err(LetGo::Lost);
        }
        jobs::end_step(&mut write, claim, step.position, StepStatus::Undone, note.as_deref(), app.now_ms())
            .await?;
        write.commit().await?;
        app.faults.point(&format!("{}:undo-recorded", step.name))?;
    }
    let mut write = app.store.write().await?;
    if !jobs::is_ours(&mut write, claim).await? {
        return Err(LetGo::Lost);
    }
    let now = app.now_ms();
    jobs::end(&mut write, claim, JobStatus::Failed, false, now).await?;
    work.taken_back(&mut write, job.problem.as_deref().unwrap_or_default(), now).await?;
    Ok(write.commit().await?)
}

/// Records that taking back failed: another try later, or a person.
async fn fail_undo(
    app: &App,
    job: &Job,
    claim: Claim,
    work: &dyn Work,
    title: &str,
    failure: StepError,
) -> Result<(), LetGo> {
    let (failure, waits) = failure.on_server_of(work.tenant());
    let StepError::Failed { plain, detail, .. } = failure else { return Err(LetGo::Lost) };
    let problem = Problem { plain, detail, reference: new_reference() };
    tracing::error!(job = %job.id, tenant = work.tenant().slug, reference = problem.reference, step = title, cause = problem.detail,
        "Taking back a step failed");
    let delay = usize::try_from(job.attempt).ok().and_then(|attempt| app.settings.retry_delays.get(attempt));
    // A server that is away comes back; nobody has to look at what can be taken back then.
    let delay = delay.or(app.settings.retry_delays.last().filter(|_| waits));
    if let Some(delay) = delay {
        let next = app.now_ms() + i64::try_from(delay.as_millis()).unwrap_or(i64::MAX / 2);
        let mut write = app.store.write().await?;
        jobs::put_back(
            &mut write,
            claim,
            Direction::Undo,
            job.attempt.saturating_add(1),
            next,
            Some(&problem),
        )
        .await?;
        return Ok(write.commit().await?);
    }
    let now = app.now_ms();
    let mut write = app.store.write().await?;
    if !jobs::is_ours(&mut write, claim).await? {
        return Err(LetGo::Lost);
    }
    jobs::end(&mut write, claim, JobStatus::Failed, true, now).await?;
    work.stuck(&mut write, &problem, now).await?;
    Ok(write.commit().await?)
}
