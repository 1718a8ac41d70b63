//! One's own account.

use crate::web::views::{Field, FormError, Shell, TimeView};
use askama::Template;

/// Name, password, signed-in browsers.
#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    /// The frame.
    pub shell: Shell,
    /// What was wrong with a form.
    pub errors: Vec<FormError>,
    /// The e-mail to sign in with.
    pub email: String,
    /// What the person may do.
    pub role: &'static str,
    /// `name`.
    pub name: Field,
    /// `current`.
    pub current: Field,
    /// `password`.
    pub password: Field,
    /// Signed-in browsers, the one that was used last first.
    pub sessions: Vec<SessionRow>,
    /// Whether there are others than this one.
    pub has_others: bool,
}

/// A signed-in browser.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Such as "Firefox on Windows".
    pub browser: String,
    /// Where it was signed in from.
    pub address: String,
    /// When it was signed in.
    pub since: TimeView,
    /// When it was last used.
    pub seen: TimeView,
    /// Whether it is the one that looks at the page.
    pub is_this: bool,
    /// Names it in the form.
    pub mark: String,
}
