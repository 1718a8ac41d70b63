//! Taking up an invitation: a tenant's owner chooses a password.

use crate::web::views::{Field, FormError, Shell};
use askama::Template;

/// The form behind an invitation link.
#[derive(Template)]
#[template(path = "invitation.html", blocks = ["form"])]
pub struct InvitationPage {
    /// The frame.
    pub shell: Shell,
    /// Where the form is sent: the link itself.
    pub action: String,
    /// The name of the tenant.
    pub tenant: String,
    /// The owner's e-mail.
    pub email: String,
    /// What was wrong with the form.
    pub errors: Vec<FormError>,
    /// `password`.
    pub password: Field,
    /// Whether the password was set, so that there is nothing left to fill in.
    pub is_done: bool,
}

impl InvitationPage {
    /// The form as it is seen first.
    pub fn new(shell: Shell, action: String, tenant: String, email: String) -> Self {
        Self {
            shell,
            action,
            tenant,
            email,
            errors: Vec::new(),
            password: Field::password("password", "Password", "new-password")
                .with_hint("At least 12 characters. Three or four words are easy to remember."),
            is_done: false,
        }
    }
}
