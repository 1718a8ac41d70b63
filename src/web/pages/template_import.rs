//! Bringing templates in as a zip.

use crate::web::views::{Crumb, Field, FormError, Pill, Shell};
use askama::Template;

/// The form, and what came of it.
#[derive(Template)]
#[template(path = "templates/import.html")]
pub struct ImportPage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// What was wrong with the form.
    pub errors: Vec<FormError>,
    /// `file`.
    pub file: Field,
    /// What came of the last zip, template by template; none before one was sent.
    pub results: Vec<ImportResult>,
}

/// What came of one template of a zip.
#[derive(Debug, Clone)]
pub struct ImportResult {
    /// Its name and version, or the zip's name where it could not be unpacked.
    pub title: String,
    /// What became of it.
    pub state: Pill,
    /// What must be mended.
    pub problems: Vec<FindingView>,
    /// What is probably not meant so.
    pub warnings: Vec<FindingView>,
}

/// Something that was found in a template.
#[derive(Debug, Clone)]
pub struct FindingView {
    /// Such as `schema.sql, line 3`.
    pub place: String,
    /// Where that line can be edited.
    pub href: Option<String>,
    /// What is wrong, and what to do about it.
    pub reason: String,
}
