//! Choosing a password, behind an invitation or a reset link.

use crate::web::views::{Field, FormError, Shell};
use askama::Template;

/// The form behind the link.
#[derive(Template)]
#[template(path = "password.html")]
pub struct PasswordPage {
    /// The frame.
    pub shell: Shell,
    /// Where the form is sent: the link itself.
    pub action: String,
    /// What the page is.
    pub heading: String,
    /// What it is for.
    pub lead: String,
    /// The e-mail to sign in with.
    pub email: String,
    /// What was wrong with the form.
    pub errors: Vec<FormError>,
    /// `password`.
    pub password: Field,
}

impl PasswordPage {
    /// The form as it is seen first; `is_new` for a person's first password.
    pub fn new(shell: Shell, action: String, is_new: bool, name: &str, email: &str) -> Self {
        let (heading, lead) = if is_new {
            (
                format!("Welcome, {name}"),
                format!("You are invited to Tenantry. Choose a password; you sign in with {email}."),
            )
        } else {
            (
                "Choose a new password".to_owned(),
                format!("It is for {email}. All sessions of this account end when it is set."),
            )
        };
        Self {
            shell,
            action,
            heading,
            lead,
            email: email.to_owned(),
            errors: Vec::new(),
            password: Field::password("password", "Password", "new-password")
                .with_hint("At least 12 characters. Three or four words are easy to remember."),
        }
    }
}
