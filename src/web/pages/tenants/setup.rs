//! Watching a job of a tenant, such as setting it up.

use crate::{
    apply::work::Words,
    web::views::{Crumb, Shell},
};
use askama::Template;

/// The steps of setting up a tenant. The block `live` is polled until the answer has no more trigger.
#[derive(Template)]
#[template(path = "tenants/setup.html", blocks = ["live"])]
pub struct SettingUpPage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// The tenant's name.
    pub name: String,
    /// The tenant's name in addresses.
    pub slug: String,
    /// How people read about this kind of job.
    pub words: &'static Words,
    /// Where it is.
    pub phase: Phase,
    /// Such as "Step 3 of 11: Add Events", or what happens next.
    pub sentence: String,
    /// Quieter lines, such as "Usually takes 1 to 2 seconds."
    pub notes: Vec<String>,
    /// Steps done.
    pub done: usize,
    /// The steps.
    pub steps: Vec<StepView>,
    /// What went wrong, while it waits for the next try and after it was given up.
    pub trouble: Option<Trouble>,
    /// How the block is asked for again, while it may still change.
    pub poll: Option<Poll>,
    /// Where one goes when it is done, the first as a button that stands out.
    pub links: Vec<Crumb>,
    /// A page for those who would rather give the tenant up than try again.
    pub give_up: Option<String>,
    /// Whether only the block is sent.
    pub is_fragment: bool,
    /// Whether the person may ask for another try.
    pub may_retry: bool,
}

impl SettingUpPage {
    /// What stands before and after the name in the heading. The name is kept apart, because it may run from right to left.
    fn around_name(&self) -> (&'static str, &'static str) {
        match self.phase {
            Phase::Waiting | Phase::Running | Phase::Retrying => self.words.going,
            Phase::Undoing => ("Cleaning up after ", ""),
            Phase::Ready => self.words.done,
            Phase::Failed | Phase::Stuck => ("", " needs attention"),
        }
    }

    /// What the browser's tab is called.
    pub fn heading(&self) -> String {
        let (before, after) = self.around_name();
        format!("{before}{}{after}", self.name)
    }

    /// An icon of the sprite that says where it is.
    fn icon(&self) -> &'static str {
        match self.phase {
            Phase::Waiting => "hourglass",
            Phase::Running => "loader-2",
            Phase::Retrying => "clock",
            Phase::Undoing => "arrow-back-up",
            Phase::Ready => "check",
            Phase::Failed | Phase::Stuck => "alert-triangle",
        }
    }

    /// The class that colours the progress.
    fn tone(&self) -> &'static str {
        match self.phase {
            Phase::Waiting | Phase::Running => "busy",
            Phase::Retrying | Phase::Undoing => "warn",
            Phase::Ready => "good",
            Phase::Failed | Phase::Stuck => "bad",
        }
    }
}

/// Where setting up is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nobody has begun.
    Waiting,
    /// Steps are being done.
    Running,
    /// A step failed; it is tried again in a while.
    Retrying,
    /// It was given up, and what was made is being taken down.
    Undoing,
    /// Done.
    Ready,
    /// Given up, and taken down.
    Failed,
    /// Given up, and could not be taken down: a person has to look.
    Stuck,
}

/// A step.
#[derive(Debug, Clone)]
pub struct StepView {
    /// What it does.
    pub title: String,
    /// Where it is.
    pub state: StepState,
    /// What came of it, or why it failed.
    pub note: Option<String>,
    /// How long it took, such as `0.4 s`.
    pub took: Option<String>,
}

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Being done.
    Running,
    /// Done.
    Done,
    /// There was nothing to do.
    Skipped,
    /// Failed.
    Failed,
    /// Being taken back.
    Undoing,
    /// Taken back.
    Undone,
}

impl StepState {
    /// Whether this is where the work stands.
    pub fn is_current(self) -> bool {
        matches!(self, StepState::Running | StepState::Undoing | StepState::Failed)
    }

    /// The word that says it.
    pub fn word(self) -> &'static str {
        match self {
            StepState::Waiting => "Waiting",
            StepState::Running => "Now",
            StepState::Done => "Done",
            StepState::Skipped => "Nothing to do",
            StepState::Failed => "Stopped here",
            StepState::Undoing => "Being taken back",
            StepState::Undone => "Taken back",
        }
    }

    /// The class and icon that show it.
    pub fn class(self) -> &'static str {
        match self {
            StepState::Waiting => "waiting",
            StepState::Running => "running",
            StepState::Done => "done",
            StepState::Skipped => "skipped",
            StepState::Failed => "failed",
            StepState::Undoing => "undoing",
            StepState::Undone => "undone",
        }
    }

    /// An icon of the sprite.
    pub fn icon(self) -> &'static str {
        match self {
            StepState::Waiting => "circle-dashed",
            StepState::Running => "loader-2",
            StepState::Done => "check",
            StepState::Skipped => "circle-minus",
            StepState::Failed => "x",
            StepState::Undoing | StepState::Undone => "arrow-back-up",
        }
    }
}

/// What went wrong.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// In plain words.
    pub reason: String,
    /// What we did about it, such as "What was made of it was removed. Nothing is left behind."
    pub what_we_did: String,
    /// The technical side, folded.
    pub detail: Option<String>,
    /// Finds the log line.
    pub reference: Option<String>,
    /// The number of the try, so that folded details are new for each.
    pub attempt: i64,
    /// What the button for another try says.
    pub button: &'static str,
}

/// How a block is asked for again.
#[derive(Debug, Clone)]
pub struct Poll {
    /// Its address.
    pub href: String,
    /// Seconds between two questions.
    pub seconds: u32,
}
