//! Signed-in browsers: when their sessions end, which ones a person has, and ending them.

use super::{
    accounts::token_hash,
    actor::Actor,
    limits::{self, Count},
    passwords,
    permissions::Permission,
    sign_in,
};
use crate::{
    app::App,
    error::{Error, Result},
    store::{
        self, known_browsers, password_links,
        sessions::{self, Browser},
        sign_in_tries,
        users::{self, Role},
    },
};
use std::collections::BTreeMap;
use uuid::Uuid;

const HOUR_MS: i64 = 3_600_000;
/// A session ends after a day, however much it is used (ux.md, 7.1).
pub const LONGEST_MS: i64 = 24 * HOUR_MS;
/// Tries at signing in are forgotten after a day.
const TRIES_KEPT_MS: i64 = 24 * HOUR_MS;
/// Browsers are forgotten after half a year without signing in.
pub const BROWSERS_KEPT_MS: i64 = 182 * 24 * HOUR_MS;

/// How long a session lives without a request.
fn idle_ms(role: Option<Role>) -> i64 {
    match role {
        Some(Role::Owner) => 12 * HOUR_MS,
        Some(Role::Staff | Role::Admin) | None => HOUR_MS,
    }
}

/// When a session ends that began at `created_ms` and is used now.
pub fn end_of(role: Option<Role>, created_ms: i64, now_ms: i64) -> i64 {
    (now_ms + idle_ms(role)).min(created_ms + LONGEST_MS)
}

fn person(actor: &Actor) -> Result<Uuid> {
    actor.must(Permission::BeSignedIn)?;
    actor.id().ok_or_else(|| Error::refused("Only a person has an account of their own."))
}

/// The actor's own sessions.
pub async fn own(app: &App, actor: &Actor) -> Result<Vec<Browser>> {
    Ok(sessions::of_person(&mut *app.store.read().await?, person(actor)?, app.now_ms()).await?)
}

/// Ends one of the actor's own sessions.
pub async fn end_one(app: &App, actor: &Actor, mark: Uuid) -> Result<()> {
    let mut write = app.store.write().await?;
    // Ended already is as good as ended now.
    sessions::end_one(&mut write, person(actor)?, mark).await?;
    Ok(write.commit().await?)
}

/// Ends the actor's other sessions; gives their number.
pub async fn end_others(app: &App, actor: &Actor, this: Option<Uuid>) -> Result<u64> {
    let id = person(actor)?;
    let mut write = app.store.write().await?;
    let ended = sessions::end_others(&mut write, id, this).await?;
    let sentence = "Ended their other sessions.";
    store::events::record_of_person(
        &mut write,
        (id, None),
        app.now_ms(),
        &actor.doer(),
        "sessions_ended",
        sentence,
    )
    .await?;
    write.commit().await?;
    Ok(ended)
}

/// Gives the actor another name.
pub async fn rename(app: &App, actor: &Actor, name: &str) -> Result<()> {
    let id = person(actor)?;
    let name =
        super::people::usable_name(name).map_err(|text| Error::invalid(BTreeMap::from([("name", text)])))?;
    let mut write = app.store.write().await?;
    users::set_name(&mut write, id, &name).await?;
    let sentence = format!("Changed their name to {name}.");
    store::events::record_of_person(
        &mut write,
        (id, None),
        app.now_ms(),
        &actor.doer(),
        "name_changed",
        &sentence,
    )
    .await?;
    Ok(write.commit().await?)
}

/// The form with which a person changes the own password.
#[derive(Debug, Clone, Default)]
pub struct PasswordForm {
    /// The password that they have.
    pub current: String,
    /// The one that they want.
    pub new: String,
    /// The session that goes on; all others end.
    pub this: Option<Uuid>,
    /// The token by which the browser is known.
    pub browser: Option<String>,
}

/// Changes the actor's own password. All other sessions end, and links that were made for them are no longer good. Gives
/// the token by which the browser is known from now on.
pub async fn change_password(app: &App, actor: &Actor, form: PasswordForm) -> Result<String> {
    let id = person(actor)?;
    let mut fields = BTreeMap::new();
    let user = users::by_id(&mut *app.store.read().await?, id).await?.ok_or_else(Error::signed_out)?;
    if form.current.is_empty() {
        fields.insert("current_password", "Enter the password that you have now.".to_owned());
    }
    if let Some(problem) = passwords::problem(&form.new, &[&user.name, &user.email]) {
        fields.insert("password", problem);
    } else if form.new == form.current {
        fields.insert("password", "This is the password that you have. Choose another one.".to_owned());
    }
    if !fields.is_empty() {
        return Err(Error::invalid(fields));
    }
    let counts = Count::of_person(id);
    let mut write = app.store.write().await?;
    if let Some(milliseconds) = limits::take(&mut write, &counts, app.now_ms()).await? {
        return Err(sign_in::wait(milliseconds));
    }
    write.commit().await?;
    if !passwords::matches(app, &form.current, Some(&user.password_hash)).await? {
        let text = "This is not your password. Type the one with which you signed in.".to_owned();
        return Err(Error::invalid(BTreeMap::from([("current_password", text)])));
    }
    let hash = passwords::hash_password(app, &form.new).await?;
    let now = app.now_ms();
    let mut write = app.store.write().await?;
    limits::give_back(&mut write, &counts, now).await?;
    users::set_password(&mut write, id, &hash).await?;
    sessions::end_others(&mut write, id, form.this).await?;
    password_links::remove(&mut write, id).await?;
    let kept = match form.browser {
        Some(token) if known_browsers::knows(&mut write, &token_hash(&token), &user.email).await? => {
            Some(token)
        }
        _ => None,
    };
    known_browsers::forget(&mut write, id).await?;
    let browser = kept.unwrap_or_else(super::accounts::new_token);
    known_browsers::keep(&mut write, &token_hash(&browser), id, now).await?;
    let sentence = "Changed their password; their other sessions ended.";
    store::events::record_of_person(&mut write, (id, None), now, &actor.doer(), "password_changed", sentence)
        .await?;
    write.commit().await?;
    Ok(browser)
}

/// Forgets sessions that have ended, tries at signing in that are long ago and browsers that nobody uses; gives the number
/// of sessions.
pub async fn sweep(app: &App) -> Result<u64> {
    let now = app.now_ms();
    let mut write = app.store.write().await?;
    let swept = sessions::sweep(&mut write, now).await?;
    sign_in_tries::sweep(&mut write, now - TRIES_KEPT_MS).await?;
    known_browsers::sweep(&mut write, now - BROWSERS_KEPT_MS).await?;
    write.commit().await?;
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_it_is_not_used_and_after_a_day_in_any_case() {
        assert_eq!(end_of(Some(Role::Staff), 0, 0), HOUR_MS);
        assert_eq!(end_of(Some(Role::Admin), 0, 5 * HOUR_MS), 6 * HOUR_MS);
        assert_eq!(end_of(Some(Role::Owner), 0, 5 * HOUR_MS), 17 * HOUR_MS);
        for role in Role::ALL {
            assert_eq!(end_of(Some(role), 0, 23 * HOUR_MS + HOUR_MS / 2), LONGEST_MS);
        }
    }
}
