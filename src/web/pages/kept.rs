//! A form that could not be taken, given back with everything that was typed.

use crate::web::{typed::KeptForm, views::Shell};
use askama::Template;

/// The page after signing in again.
#[derive(Template)]
#[template(path = "kept.html")]
pub struct KeptPage {
    /// The frame.
    pub shell: Shell,
    /// The form, where one is kept.
    pub form: Option<SendAgain>,
}

/// A form to send again.
#[derive(Debug, Clone)]
pub struct SendAgain {
    /// Where it is sent.
    pub action: String,
    /// What was typed, as (name of the field, value).
    pub fields: Vec<(String, String)>,
    /// The same for people, as (label, value); what a person did not type is left out.
    pub shown: Vec<(String, String)>,
    /// Whether a password has to be typed again.
    pub had_password: bool,
}

/// Fields that pages fill in, and nobody types.
const NOT_TYPED: &[&str] =
    &["draft", "from", "seen", "next", "like", "version", "request_id", "opened_name", "opened_plan"];

impl SendAgain {
    /// The kept form, ready to show.
    pub fn of(form: KeptForm) -> Self {
        let label = |name: &str| {
            let words = name.replace(['_', '-'], " ");
            let mut letters = words.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        };
        let shown = form
            .fields
            .iter()
            .filter(|(name, value)| !value.is_empty() && !NOT_TYPED.contains(&name.as_str()))
            .map(|(name, value)| (label(name), value.clone()))
            .collect();
        Self { action: form.action, fields: form.fields, shown, had_password: form.had_password }
    }
}
