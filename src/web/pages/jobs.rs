//! The list of jobs.

use crate::web::views::{Crumb, Pill, Shell, TimeView};
use askama::Template;

/// The newest jobs. The block `rows` is polled where something is running.
#[derive(Template)]
#[template(path = "jobs.html", blocks = ["rows"])]
pub struct JobsPage {
    /// The frame.
    pub shell: Shell,
    /// The jobs, newest first.
    pub jobs: Vec<JobRow>,
    /// The address of the block, while something is running or waiting.
    pub poll: Option<String>,
}

/// A job in the list.
#[derive(Debug, Clone)]
pub struct JobRow {
    /// What it does, such as `Set up a tenant`.
    pub what: String,
    /// The tenant that it works on, with the address of its steps.
    pub tenant: Option<Crumb>,
    /// Where it is.
    pub state: Pill,
    /// What went wrong, or what it waits for.
    pub note: Option<String>,
    /// Finds the log line.
    pub reference: Option<String>,
    /// How many tries it took, from the second on.
    pub tries: Option<String>,
    /// When it was asked for.
    pub created: TimeView,
    /// How long it ran.
    pub took: Option<String>,
}
