//! How far a job is: from the job and its steps to the page's own values.

use crate::{
    apply::kinds,
    store::jobs::{Direction, Job, JobStatus, Step, StepStatus},
    web::{
        pages::tenants::setup::{Phase, Poll, StepState, StepView, Trouble},
        urls,
        views::{counted, duration},
    },
};

/// Where the job is, in the page's words.
pub fn phase(job: &Job, steps: &[Step]) -> Phase {
    match (job.status, job.direction) {
        (JobStatus::Done, _) => Phase::Ready,
        (JobStatus::Failed, _) if job.needs_person => Phase::Stuck,
        (JobStatus::Failed, _) => Phase::Failed,
        (_, Direction::Undo) => Phase::Undoing,
        (JobStatus::Queued, _) if job.attempt > 0 => Phase::Retrying,
        (JobStatus::Queued, _) if steps.iter().all(|step| step.status == StepStatus::Waiting) => {
            Phase::Waiting
        }
        (JobStatus::Queued | JobStatus::Running, _) => Phase::Running,
    }
}

/// Steps that need no more work.
pub fn done(steps: &[Step]) -> usize {
    steps.iter().filter(|step| matches!(step.status, StepStatus::Done | StepStatus::Skipped)).count()
}

/// What happens now, in a sentence. `tries` is how often it is tried in all.
pub fn sentence(phase: Phase, job: &Job, steps: &[Step], tries: usize, now_ms: i64) -> String {
    let words = kinds::words(&job.kind);
    match phase {
        Phase::Waiting => "Waiting for its turn. It begins in a moment.".into(),
        Phase::Running => {
            let number = done(steps);
            match steps.get(number) {
                Some(step) => format!("Step {} of {}: {}", number + 1, steps.len(), step.title),
                None => "Nearly done.".into(),
            }
        }
        Phase::Retrying => {
            let seconds = (job.run_after_ms - now_ms + 999).div_euclid(1000).max(0);
            let when = if seconds == 0 {
                "in a moment".to_owned()
            } else {
                format!("in {}", counted(seconds, "second", "seconds"))
            };
            format!("Next try {when} (try {} of {tries}). Nothing is lost.", job.attempt + 1)
        }
        Phase::Undoing => words.undoing.into(),
        Phase::Ready => words.done_sentence.into(),
        Phase::Failed => words.failed.into(),
        Phase::Stuck => words.stuck.into(),
    }
}

/// The steps as the page shows them.
pub fn steps(steps: &[Step]) -> Vec<StepView> {
    steps
        .iter()
        .map(|step| StepView {
            title: step.title.clone(),
            state: match step.status {
                StepStatus::Waiting => StepState::Waiting,
                StepStatus::Running => StepState::Running,
                StepStatus::Done => StepState::Done,
                StepStatus::Skipped => StepState::Skipped,
                StepStatus::Failed => StepState::Failed,
                StepStatus::Undoing => StepState::Undoing,
                StepStatus::Undone => StepState::Undone,
            },
            note: step.note.clone(),
            took: step
                .started_ms
                .zip(step.ended_ms)
                .filter(|_| step.status == StepStatus::Done)
                .map(|(from, to)| duration(to - from)),
        })
        .collect()
}

/// What went wrong, where something did and it still matters.
pub fn trouble(phase: Phase, job: &Job) -> Option<Trouble> {
    let words = kinds::words(&job.kind);
    let (what_we_did, button) = match phase {
        Phase::Retrying => ("Nothing is lost: it is tried again by itself.", "Try now"),
        Phase::Undoing => (words.undoing, "Try now"),
        Phase::Failed => (words.failed_advice, "Try again"),
        Phase::Stuck => (
            "What was done could not be taken back. Somebody who looks after the machine should read the details, then press the button.",
            "Try to clean up again",
        ),
        Phase::Waiting | Phase::Running | Phase::Ready => return None,
    };
    Some(Trouble {
        reason: job.problem.clone()?,
        what_we_did: what_we_did.into(),
        detail: job.problem_detail.clone().filter(|text| !text.is_empty()),
        reference: job.reference.clone(),
        attempt: job.attempt,
        button,
    })
}

/// How the page asks again, while something can still change: every second at first, less often later.
pub fn poll(phase: Phase, job: &Job, slug: &str, now_ms: i64) -> Option<Poll> {
    let seconds = match phase {
        Phase::Ready | Phase::Failed | Phase::Stuck => return None,
        Phase::Waiting | Phase::Running | Phase::Retrying | Phase::Undoing => match now_ms - job.created_ms {
            ..30_000 => 1,
            30_000..120_000 => 2,
            _ => 5,
        },
    };
    Some(Poll { href: urls::tenant_setup(slug), seconds })
}

/// A line about how long it usually takes.
pub fn usual(times: Option<(i64, i64)>) -> Option<String> {
    let (middle, most) = times?;
    Some(format!("Usually takes {} to {}.", duration(middle), duration(most.max(middle))))
}

/// How soon a new tenant is usually ready, for whoever is about to ask for one.
pub fn usually_ready((middle, most): (i64, i64)) -> String {
    match most.max(middle) {
        ..1000 => "Usually ready in under a second.".to_owned(),
        most => format!("Usually ready in {} to {}.", duration(middle), duration(most)),
    }
}
