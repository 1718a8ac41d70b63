//! The pages for those who are not signed in: signing in, first run, invitations.

use super::{Sheet, fixtures::LONG};
use tenantry::web::{
    pages::{invitations::InvitationPage, session::LoginPage, setup::FirstRunPage},
    urls,
    views::{FormError, Shell},
};

pub fn door_pages() -> Vec<Sheet> {
    let mut wrong = LoginPage::new(Shell::outside("token"), "/tenants".into());
    wrong.errors = vec![FormError::new("email", "The e-mail or the password is not right. Check both.")];
    wrong.email.value = "maria@example.org".into();
    let mut first = FirstRunPage::new(Shell::outside("token"), urls::setup("token"));
    let first_empty = Sheet::new("first-run", "/setup/{token}", &first);
    first.name = first.name.filled("", Some("Enter your name.".into()));
    first.password.error = Some("This password has 6 characters. Use at least 12.".into());
    first.errors = FormError::of(&[&first.name, &first.password]);
    let invitation = InvitationPage::new(
        Shell::outside("token"),
        urls::invitation("token"),
        "Acme Bakery".into(),
        "dana@example.org".into(),
    );
    let taken = InvitationPage {
        is_done: true,
        ..InvitationPage::new(Shell::outside("token"), String::new(), LONG.into(), "dana@example.org".into())
    };
    vec![
        Sheet::new("login", "/login", &LoginPage::new(Shell::outside("token"), String::new())),
        Sheet::new("login-wrong", "/login", &wrong),
        first_empty,
        Sheet::new("first-run-wrong", "/setup/{token}", &first),
        Sheet::new("invitation", "/invitations/{token}", &invitation),
        Sheet::new("invitation-done", "/invitations/{token}", &taken),
    ]
}
