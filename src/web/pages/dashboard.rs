//! The start page: is everything all right, and if not, what is to be done?

use crate::web::{
    pieces::StackedBar,
    views::{Crumb, EventView, Shell},
};
use askama::Template;

/// The start page. A part that could not be loaded is missing, and the page says so in its place.
#[derive(Template)]
#[template(path = "dashboard.html", blocks = ["running"])]
pub struct DashboardPage {
    /// The frame.
    pub shell: Shell,
    /// The answer in a sentence: "Nothing needs you."
    pub heading: String,
    /// What else there is to say: "1,204 tenants are ready."
    pub sentence: String,
    /// Whether all is well.
    pub is_calm: bool,
    /// Cards for the first day; empty once there is a tenant.
    pub start: Vec<StartCard>,
    /// What needs a person, newest first.
    pub todo: Option<Vec<Todo>>,
    /// Tenants by state.
    pub states: Option<StackedBar>,
    /// Tenants by template version.
    pub versions: Option<StackedBar>,
    /// What is being worked on now.
    pub running: Option<Vec<Running>>,
    /// The address of the block `running`, while something is being worked on.
    pub poll: Option<String>,
    /// The last events.
    pub events: Option<Vec<EventView>>,
}

impl DashboardPage {
    /// The page with nothing on it, to be filled in.
    pub fn empty(shell: Shell) -> Self {
        Self {
            shell,
            heading: String::new(),
            sentence: String::new(),
            is_calm: true,
            start: Vec::new(),
            todo: Some(Vec::new()),
            states: None,
            versions: None,
            running: Some(Vec::new()),
            poll: None,
            events: Some(Vec::new()),
        }
    }
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

/// Something that needs a person. It is read as one sentence: the name, then the rest.
#[derive(Debug, Clone)]
pub struct Todo {
    /// What it is about, such as a tenant's name; it may run from right to left.
    pub name: String,
    /// What is the matter with it.
    pub rest: String,
    /// A quieter second line, such as the reason.
    pub detail: Option<String>,
    /// An icon of the sprite.
    pub icon: &'static str,
    /// Whether something is broken.
    pub is_bad: bool,
    /// What the button says, and where it goes.
    pub button: Crumb,
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
