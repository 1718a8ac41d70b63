//! A tenant's exports: asking for one, and downloading those that are ready.

use super::show::TenantHead;
use crate::web::views::{FormError, Pill, Shell, TimeView};
use askama::Template;

/// The form and the list. The block `exports` is polled while one is being written.
#[derive(Template)]
#[template(path = "tenants/exports.html", blocks = ["exports"])]
pub struct ExportsPage {
    /// The frame.
    pub shell: Shell,
    /// What stands above the tabs.
    pub head: TenantHead,
    /// What is wrong with the form.
    pub errors: Vec<FormError>,
    /// `request_id`: makes sending the form twice the same as sending it once.
    pub request_id: String,
    /// `form=sql`: whether it is ticked.
    pub sql: bool,
    /// `form=csv`: whether it is ticked.
    pub csv: bool,
    /// `for_spreadsheets`: whether it is ticked.
    pub for_spreadsheets: bool,
    /// For how long an export can be downloaded, such as `7 days`.
    pub kept: String,
    /// The exports, newest first.
    pub exports: Vec<ExportRow>,
    /// The address of the block, while one is being written.
    pub poll: Option<String>,
}

impl ExportsPage {
    /// What a screen reader says after the list has changed.
    pub fn say(&self) -> &'static str {
        if self.poll.is_some() { "An export is being written." } else { "No export is being written." }
    }
}

/// An export in the list.
#[derive(Debug, Clone)]
pub struct ExportRow {
    /// When it was asked for.
    pub asked: TimeView,
    /// Who asked.
    pub who: String,
    /// What is in it, such as `SQL dump and tables for spreadsheets`.
    pub contents: String,
    /// Where it is.
    pub state: Pill,
    /// What went wrong, or what happens next.
    pub note: Option<String>,
    /// Finds the log line.
    pub reference: Option<String>,
    /// How large it is, such as `16 tables, 1,204 rows, 2.1 MB`.
    pub size: Option<String>,
    /// When it is removed.
    pub until: Option<TimeView>,
    /// Where it can be downloaded.
    pub download: Option<String>,
    /// Where it can be removed.
    pub remove: Option<String>,
}
