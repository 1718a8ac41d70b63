//! Signing in.

use crate::web::views::{Field, FormError, Shell};
use askama::Template;

/// The form to sign in.
#[derive(Template)]
#[template(path = "login.html", blocks = ["form"])]
pub struct LoginPage {
    /// The frame.
    pub shell: Shell,
    /// What was wrong with it.
    pub errors: Vec<FormError>,
    /// `email`.
    pub email: Field,
    /// `password`.
    pub password: Field,
    /// `next`: the page to go to afterwards; empty for the start page.
    pub next: String,
}

impl LoginPage {
    /// The form as it is seen first.
    pub fn new(shell: Shell, next: String) -> Self {
        Self {
            shell,
            errors: Vec::new(),
            email: Field { autocomplete: "username", ..Field::email("email", "E-mail") },
            password: Field::password("password", "Password", "current-password"),
            next,
        }
    }
}
