//! Links with which a person chooses a password: made by somebody else, opened by the person. Nobody but the person ever
//! chooses the password.

use super::{
    accounts::{new_token, token_hash},
    passwords, sign_in,
};
use crate::{
    app::App,
    error::{Error, Result},
    store::{
        self, Connection,
        events::Doer,
        known_browsers,
        password_links::{LinkKind, PasswordLink},
        users::User,
    },
};
use std::collections::BTreeMap;

const HOUR_MS: i64 = 3_600_000;

/// A link that was just made. It cannot be shown again.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// The secret part of the address.
    pub token: String,
    /// What it is for.
    pub kind: LinkKind,
    /// It is no longer good from this moment on.
    pub expires_ms: i64,
}

/// How long a link is good: three days for an invitation, half an hour for a reset.
fn good_for_ms(kind: LinkKind) -> i64 {
    match kind {
        LinkKind::Invitation => 72 * HOUR_MS,
        LinkKind::Reset => HOUR_MS / 2,
    }
}

/// Makes a person's link: an invitation for whoever has no password yet, a reset for others. An older one is no longer
/// good.
pub(super) async fn make(
    connection: &mut Connection,
    user: &User,
    doer: &Doer,
    now_ms: i64,
) -> Result<NewLink> {
    let kind = if user.is_invited() { LinkKind::Invitation } else { LinkKind::Reset };
    let token = new_token();
    let expires_ms = now_ms + good_for_ms(kind);
    let link = PasswordLink { kind, made_by: doer.name.clone(), expires_ms };
    store::password_links::set(connection, user.id, &token_hash(&token), &link, now_ms).await?;
    Ok(NewLink { token, kind, expires_ms })
}

/// The person of a link that is still good, and what it is for. A link that was used, is too old or never was gets one
/// and the same answer.
pub async fn look(app: &App, token: &str) -> Result<(PasswordLink, User)> {
    let found =
        store::password_links::by_token(&mut *app.store.read().await?, &token_hash(token), app.now_ms())
            .await?;
    found.ok_or_else(|| {
        Error::not_found("This link has been used, or its time is over. Ask whoever sent it for a new one.")
    })
}

/// Chooses the password of the person of a link. All sessions of the person end. Gives the person, and the token by which
/// the browser is known from now on: a stranger who types wrong passwords cannot make this browser wait.
pub async fn take_up(
    app: &App,
    token: &str,
    password: &str,
    browser: Option<String>,
) -> Result<(User, String)> {
    let (link, user) = look(app, token).await?;
    if let Some(problem) = passwords::problem(password, &[&user.name, &user.email]) {
        return Err(Error::invalid(BTreeMap::from([("password", problem)])));
    }
    let hash = passwords::hash_password(app, password).await?;
    let now = app.now_ms();
    let mut write = app.store.write().await?;
    if !store::password_links::use_up(&mut write, &token_hash(token)).await? {
        drop(write);
        // Somebody was faster: the link is answered as any other that was used.
        return Err(look(app, token)
            .await
            .err()
            .unwrap_or_else(|| Error::internal(&"the link is still there")));
    }
    store::users::set_password(&mut write, user.id, &hash).await?;
    store::sessions::end_others(&mut write, user.id, None).await?;
    known_browsers::forget(&mut write, user.id).await?;
    let browser = sign_in::remember(&mut write, user.id, browser, now).await?;
    let (action, sentence) = match link.kind {
        LinkKind::Invitation => ("person_joined", "Chose a password and took up the invitation."),
        LinkKind::Reset => {
            ("password_reset", "Chose a new password with a reset link; all their sessions ended.")
        }
    };
    let doer = Doer { id: Some(user.id), name: user.name.clone() };
    store::events::record_of_person(&mut write, (user.id, None), now, &doer, action, sentence).await?;
    write.commit().await?;
    Ok((user, browser))
}
