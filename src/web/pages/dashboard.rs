//! The start page: what needs me now?

use crate::web::views::{Crumb, EventView, Pill, Shell, Tone};
use askama::Template;

/// The start page.
#[derive(Template)]
#[template(path = "dashboard.html", blocks = ["running"])]
pub struct DashboardPage {
    /// The frame.
    pub shell: Shell,
    /// Three cards for the first day; empty once all are done.
    pub start: Vec<StartCard>,
    /// What needs a person, newest first.
    pub todo: Vec<Todo>,
    /// A sentence for when nothing does, such as "1,204 tenants are ready."
    pub calm: String,
    /// Tenants by state, those that there are.
    pub counts: Vec<StateCount>,
    /// What is being worked on now.
    pub running: Vec<Running>,
    /// The address of the block `running`, while something is being worked on.
    pub poll: Option<String>,
    /// The last events.
    pub events: Vec<EventView>,
}

/// A card of the first day.
#[derive(Debug, Clone)]
pub struct StartCard {
    /// What to do.
    pub title: &'static str,
    /// Why, and what it means.
    pub text: String,
    /// Whether it is done.
    pub is_done: bool,
    /// What the button says, and where it goes.
    pub button: Option<Crumb>,
}

/// Something that needs a person.
#[derive(Debug, Clone)]
pub struct Todo {
    /// A sentence.
    pub sentence: String,
    /// A quieter second line, such as the reason.
    pub detail: Option<String>,
    /// What the button says, and where it goes.
    pub button: Crumb,
}

/// How many tenants are in a state.
#[derive(Debug, Clone)]
pub struct StateCount {
    /// The state in the words of the pages.
    pub state: Pill,
    /// How many, as text.
    pub count: String,
    /// The list with this filter.
    pub href: String,
}

impl StateCount {
    /// Whether the number asks for attention.
    pub fn is_bad(&self) -> bool {
        matches!(self.state.tone, Tone::Bad | Tone::Warn)
    }
}

/// A tenant that is being worked on.
#[derive(Debug, Clone)]
pub struct Running {
    /// The tenant, with the address of its steps.
    pub tenant: Crumb,
    /// Such as "Step 3 of 11: Add Events".
    pub sentence: String,
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub total: usize,
}
