//! First run: whoever has the one-time link makes the first administrator.

use crate::web::views::{Field, FormError, Shell};
use askama::Template;

/// The form for the first administrator.
#[derive(Template)]
#[template(path = "setup.html", blocks = ["form"])]
pub struct FirstRunPage {
    /// The frame.
    pub shell: Shell,
    /// Where the form is sent: the one-time link itself.
    pub action: String,
    /// What was wrong with it.
    pub errors: Vec<FormError>,
    /// `name`.
    pub name: Field,
    /// `email`.
    pub email: Field,
    /// `password`.
    pub password: Field,
}

impl FirstRunPage {
    /// The form as it is seen first.
    pub fn new(shell: Shell, action: String) -> Self {
        Self {
            shell,
            action,
            errors: Vec::new(),
            name: Field { autocomplete: "name", ..Field::text("name", "Your name") },
            email: Field { autocomplete: "username", ..Field::email("email", "Your e-mail") }
                .with_hint("You sign in with it."),
            password: Field::password("password", "Password", "new-password")
                .with_hint("At least 12 characters. Three or four words are easy to remember."),
        }
    }
}
