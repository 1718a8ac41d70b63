//! What is shown where a page cannot be: what happened, what it means, what to do.

use super::kept::SendAgain;
use crate::web::views::Shell;
use askama::Template;

/// An error as a page, or as a short notice for htmx (the block `notice`).
#[derive(Template)]
#[template(path = "error.html", blocks = ["notice"])]
pub struct ErrorPage {
    /// The frame.
    pub shell: Shell,
    /// The HTTP status, such as 404.
    pub status: u16,
    /// What happened, in a few words.
    pub heading: String,
    /// What it means and what to do.
    pub message: String,
    /// Finds the log line.
    pub reference: Option<String>,
    /// A way out: words and address.
    pub way_out: Option<(String, String)>,
    /// The form that was sent, to send it again where that may help.
    pub again: Option<SendAgain>,
    /// Whether only the short notice is wanted.
    pub is_notice: bool,
}

impl ErrorPage {
    /// The picture that goes with the status.
    pub fn icon(&self) -> &'static str {
        match self.status {
            401 | 403 => "lock",
            404 => "search",
            409 => "git-branch",
            429 => "hourglass",
            503 => "clock",
            _ => "alert-triangle",
        }
    }
}
