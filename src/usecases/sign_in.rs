//! Signing in.

use super::{
    accounts::{actor, new_token, token_hash},
    actor::Actor,
    limits::{self, Count},
    passwords,
};
use crate::{
    app::App,
    error::{Error, Result},
    store::{self, known_browsers, users},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A try at signing in.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// The e-mail as it was typed.
    pub email: String,
    /// The password as it was typed.
    pub password: String,
    /// Where the try comes from.
    pub address: String,
    /// The token by which the browser is known, where it brought one.
    pub browser: Option<String>,
}

/// Somebody who signed in.
#[derive(Debug, Clone)]
pub struct Entered {
    /// Who.
    pub actor: Actor,
    /// The token by which the browser is known from now on.
    pub browser: String,
}

fn wrong() -> Error {
    let text = "This e-mail and password do not fit together. Check both and try again.".to_owned();
    Error::invalid(BTreeMap::from([("password", text)]))
}

/// Says how long to wait, in whole seconds.
pub(super) fn wait(milliseconds: i64) -> Error {
    let seconds = (milliseconds + 999) / 1000;
    let time = match seconds {
        1 => "a second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", (seconds + 59) / 60),
    };
    Error::busy(format!("There were too many wrong passwords. Wait {time}, then try again."))
}

/// Signs a person in. Unknown people, people who were switched off, people who were invited and wrong passwords get the
/// same answer after the same work.
pub async fn sign_in(app: &App, attempt: Attempt) -> Result<Entered> {
    let mut fields = BTreeMap::new();
    if attempt.email.trim().is_empty() {
        fields.insert("email", "Enter your e-mail.".to_owned());
    }
    if attempt.password.is_empty() {
        fields.insert("password", "Enter your password.".to_owned());
    }
    if !fields.is_empty() {
        return Err(Error::invalid(fields));
    }
    if attempt.password.len() > passwords::LONGEST {
        return Err(wrong());
    }
    let email = attempt.email.trim().to_lowercase();
    let now = app.now_ms();
    let browser = attempt.browser.as_deref().map(token_hash);
    let mut write = app.store.write().await?;
    let counts = match &browser {
        Some(hash) if known_browsers::knows(&mut write, hash, &email).await? => {
            Count::of_known_browser(hash, &email)
        }
        _ => Count::of_stranger(&email, &attempt.address),
    };
    if let Some(milliseconds) = limits::take(&mut write, &counts, now).await? {
        tracing::info!(address = attempt.address, "A try at signing in has to wait");
        return Err(wait(milliseconds));
    }
    write.commit().await?;
    let user = users::by_email(&mut *app.store.read().await?, &email).await?.filter(|user| user.is_active);
    let hash = user.as_ref().map(|user| user.password_hash.as_str());
    let matches = passwords::matches(app, &attempt.password, hash).await?;
    let Some(user) = user.filter(|_| matches) else {
        tracing::info!(address = attempt.address, "A try at signing in failed");
        return Err(wrong());
    };
    let mut write = app.store.write().await?;
    let now = app.now_ms();
    users::signed_in(&mut write, user.id, now).await?;
    limits::give_back(&mut write, &counts, now).await?;
    let browser = remember(&mut write, user.id, attempt.browser, now).await?;
    write.commit().await?;
    tracing::info!(person = %user.id, address = attempt.address, "Somebody signed in");
    Ok(Entered { actor: actor(user), browser })
}

/// Remembers that a person used a browser; gives the token by which it is known.
pub(super) async fn remember(
    connection: &mut store::Connection,
    person: Uuid,
    token: Option<String>,
    now_ms: i64,
) -> Result<String> {
    // A token that is not of our making is not taken over: whoever planted it would know it.
    let token = match token {
        Some(token) if known_browsers::is_known(connection, &token_hash(&token)).await? => token,
        _ => new_token(),
    };
    known_browsers::keep(connection, &token_hash(&token), person, now_ms).await?;
    Ok(token)
}
