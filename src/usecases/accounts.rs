//! The first administrator, and signing in.

use super::actor::Actor;
use crate::{
    app::App,
    digest::sha256_hex,
    error::{Error, Result},
    store::{
        self, settings, sign_in_tries,
        users::{self, Role, User},
    },
};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::{collections::BTreeMap, path::PathBuf};
use uuid::Uuid;

/// Shortest password that a person may choose (ux.md, 7.1).
const SHORTEST_CHOSEN: usize = 12;
/// Shortest password that the settings may give: NIST 800-63B's floor, since who sets it is the operator.
const SHORTEST_SET: usize = 8;
/// Longest password looked at, in bytes: hashing must not be made to take for ever.
const LONGEST: usize = 1024;
/// Wrong passwords that cost nothing.
const FREE_TRIES: i64 = 5;
/// A hash that no password matches, of the same cost as real ones: signing in takes as long for unknown people.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LW5vYm9keQ$5Lw1BCGMEmc5lkU2pTHGE1HB4TxXk6TP4RKZC0Yd3sA";

const FIRST_RUN_HASH: &str = "first_run_token_hash";
const FIRST_RUN_FILE: &str = "first-run-token";

/// A random token of 256 bits, safe in addresses.
pub fn new_token() -> String {
    use base64::Engine;
    let bytes: [u8; 32] = rand::random();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256 of a token, in hex: what is kept of it.
pub fn token_hash(token: &str) -> String {
    sha256_hex(token)
}

/// An e-mail address as it is kept: trimmed, lower case. `None` where it cannot be one.
pub fn normal_email(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |part: &str| {
        !part.is_empty()
            && !part.contains(|c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"@".contains(c))
    };
    let dotted = domain.contains('.') || domain == "localhost";
    let ends_well =
        domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    (plain(local) && plain(domain) && dotted && ends_well && text.len() <= 254).then(|| text.to_lowercase())
}

/// Hashes a password with argon2id, off the async threads.
pub async fn hash_password(app: &App, password: String) -> Result<String> {
    let _turn = app.hashing.acquire().await.map_err(|cause| Error::internal(&cause))?;
    app.blocking(move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()))
        .await?
        .map_err(|cause| Error::internal(&cause))
}

async fn password_matches(app: &App, password: String, hash: String) -> Result<bool> {
    let _turn = app.hashing.acquire().await.map_err(|cause| Error::internal(&cause))?;
    app.blocking(move || {
        PasswordHash::new(&hash)
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    })
    .await
}

/// What is wrong with a chosen password, where something is.
pub fn password_problem(password: &str, email: &str) -> Option<String> {
    let letters = password.chars().count();
    if password.is_empty() {
        Some("Choose a password.".into())
    } else if letters < SHORTEST_CHOSEN {
        Some(format!(
            "The password has {letters} characters. Use {SHORTEST_CHOSEN} or more; a few words in a row are easy to remember."
        ))
    } else if password.len() > LONGEST {
        Some("The password is too long. Use at most 1,000 characters.".into())
    } else if password.trim().to_lowercase() == email.to_lowercase() {
        Some("The password is your e-mail. Choose something that others do not know.".into())
    } else if password.chars().collect::<std::collections::BTreeSet<_>>().len() < 4 {
        Some("The password repeats the same few characters. Choose something harder to guess.".into())
    } else {
        None
    }
}

/// The form of the first run.
#[derive(Debug, Clone, Default)]
pub struct FirstAdmin {
    /// The person's name.
    pub name: String,
    /// Their e-mail.
    pub email: String,
    /// Their password.
    pub password: String,
}

fn token_file(app: &App) -> PathBuf {
    app.settings.data_dir.join(FIRST_RUN_FILE)
}

/// The token of the first-run link, where no administrator exists yet. The same one until it is used, so that a second
/// start changes nothing.
pub async fn first_run_token(app: &App) -> Result<Option<String>> {
    let mut write = app.store.write().await?;
    if users::has_admin(&mut write).await? {
        return Ok(None);
    }
    let kept = settings::find(&mut write, FIRST_RUN_HASH).await?;
    if let Ok(text) = std::fs::read_to_string(token_file(app))
        && kept.as_deref() == Some(token_hash(text.trim()).as_str())
    {
        return Ok(Some(text.trim().to_owned()));
    }
    let token = new_token();
    write_private(&token_file(app), &token).map_err(|cause| {
        Error::unavailable(
            "The first-run link cannot be kept in the data folder. Look whether it can be written.",
            &cause,
        )
    })?;
    settings::set(&mut write, FIRST_RUN_HASH, &token_hash(&token)).await?;
    write.commit().await?;
    Ok(Some(token))
}

fn write_private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Whether the link's token is the one that was printed, and still good.
pub async fn first_run_token_is_good(app: &App, token: &str) -> Result<bool> {
    let mut read = app.store.read().await?;
    Ok(!users::has_admin(&mut read).await?
        && settings::find(&mut read, FIRST_RUN_HASH).await?.as_deref() == Some(token_hash(token).as_str()))
}

/// Creates the first administrator for whoever has the link. The link is good for one person.
pub async fn create_first_admin(app: &App, token: &str, form: FirstAdmin) -> Result<Actor> {
    let stale = || {
        Error::not_found(
            "This link has been used, or is not the one that the program printed. Sign in, or look at the program's output.",
        )
    };
    if !first_run_token_is_good(app, token).await? {
        return Err(stale());
    }
    let mut fields = BTreeMap::new();
    let name = form.name.trim().to_owned();
    if name.is_empty() {
        fields.insert("name", "Enter your name.".to_owned());
    } else if name.chars().count() > 200 {
        fields.insert("name", "The name is too long. Use at most 200 characters.".to_owned());
    }
    let email = normal_email(&form.email);
    if email.is_none() {
        fields.insert("email", "Enter your e-mail, such as dana@example.org.".to_owned());
    }
    if let Some(problem) = password_problem(&form.password, &form.email) {
        fields.insert("password", problem);
    }
    let (Some(email), true) = (email, fields.is_empty()) else { return Err(Error::invalid(fields)) };
    let password_hash = hash_password(app, form.password).await?;
    let user = new_user(app, email, name, Role::Admin, password_hash);
    let mut write = app.store.write().await?;
    // Asked again inside the transaction: of two people with the link, one is first.
    if users::has_admin(&mut write).await? {
        return Err(stale());
    }
    users::add(&mut write, &user, app.now_ms()).await?;
    settings::forget(&mut write, FIRST_RUN_HASH).await?;
    let doer = store::events::Doer { id: Some(user.id), name: user.name.clone() };
    store::events::record(
        &mut write,
        None,
        app.now_ms(),
        &doer,
        "first_admin_created",
        &format!("{} became the first administrator.", user.name),
    )
    .await?;
    write.commit().await?;
    let _ = std::fs::remove_file(token_file(app));
    Ok(actor(user))
}

/// Creates the administrator that the settings name, where there is none yet. True where it was created now.
pub async fn create_admin_from_settings(app: &App) -> Result<bool> {
    let Some(wanted) = &app.settings.first_admin else { return Ok(false) };
    if users::has_admin(&mut *app.store.read().await?).await? {
        return Ok(false);
    }
    let email = normal_email(&wanted.email).ok_or_else(|| {
        Error::unusable(format!("TENANTRY_ADMIN_EMAIL is {:?}, which is no e-mail address.", wanted.email))
    })?;
    if wanted.password.0.chars().count() < SHORTEST_SET || wanted.password.0.len() > LONGEST {
        return Err(Error::unusable(format!(
            "TENANTRY_ADMIN_PASSWORD takes {SHORTEST_SET} to 1,000 characters."
        )));
    }
    let password_hash = hash_password(app, wanted.password.0.clone()).await?;
    let user = new_user(app, email, "Administrator".into(), Role::Admin, password_hash);
    let mut write = app.store.write().await?;
    if users::has_admin(&mut write).await? {
        return Ok(false);
    }
    users::add(&mut write, &user, app.now_ms()).await?;
    settings::forget(&mut write, FIRST_RUN_HASH).await?;
    store::events::record(
        &mut write,
        None,
        app.now_ms(),
        &store::events::Doer::program(),
        "first_admin_created",
        &format!("{} became the first administrator, from the settings.", user.email),
    )
    .await?;
    write.commit().await?;
    let _ = std::fs::remove_file(token_file(app));
    Ok(true)
}

fn new_user(app: &App, email: String, name: String, role: Role, password_hash: String) -> User {
    User { id: app.new_id(), email, name, role, password_hash, is_active: true }
}

fn actor(user: User) -> Actor {
    Actor::Person { id: user.id, name: user.name, email: user.email, role: user.role }
}

/// Milliseconds that the next try has to wait after so many wrong passwords: 1, 2, 4 … 60 seconds.
fn back_off(failed: i64) -> i64 {
    match failed - FREE_TRIES {
        ..0 => 0,
        over => (1000_i64 << over.min(6)).min(60_000),
    }
}

/// Signs a person in. Unknown people and wrong passwords get the same answer after the same time.
pub async fn sign_in(app: &App, email: &str, password: String) -> Result<Actor> {
    let wrong = || {
        let text = "This e-mail and password do not fit together. Check both and try again.".to_owned();
        Error::invalid(BTreeMap::from([("password", text)]))
    };
    let mut fields = BTreeMap::new();
    if email.trim().is_empty() {
        fields.insert("email", "Enter your e-mail.".to_owned());
    }
    if password.is_empty() {
        fields.insert("password", "Enter your password.".to_owned());
    }
    if !fields.is_empty() {
        return Err(Error::invalid(fields));
    }
    if password.len() > LONGEST {
        return Err(wrong());
    }
    let folded = email.trim().to_lowercase();
    let tries_of = sha256_hex(format!("sign-in {folded}"));
    let now = app.now_ms();
    // The try is counted before the password is looked at, so that many at once do not count as one; and it is counted
    // for people who do not exist, too, so that nobody can tell who does.
    let mut write = app.store.write().await?;
    let tries = sign_in_tries::find(&mut write, &tries_of).await?;
    if tries.next_ms > now {
        let seconds = (tries.next_ms - now + 999) / 1000;
        return Err(Error::busy(format!(
            "There were too many wrong passwords for this e-mail. Wait {seconds} seconds, then try again."
        )));
    }
    sign_in_tries::take(&mut write, &tries_of, tries, now + back_off(tries.failed + 1), now).await?;
    write.commit().await?;
    let user = users::by_email(&mut *app.store.read().await?, &folded).await?.filter(|user| user.is_active);
    let hash = user.as_ref().map_or_else(|| NOBODY.to_owned(), |user| user.password_hash.clone());
    let matches = password_matches(app, password, hash).await?;
    let Some(user) = user.filter(|_| matches) else { return Err(wrong()) };
    let mut write = app.store.write().await?;
    users::signed_in(&mut write, user.id, app.now_ms()).await?;
    sign_in_tries::clear(&mut write, &tries_of).await?;
    write.commit().await?;
    Ok(actor(user))
}

/// The person of a session, as they are now: rights are read anew on each request.
pub async fn person(app: &App, id: Uuid) -> Result<Option<Actor>> {
    let user = users::by_id(&mut *app.store.read().await?, id).await?;
    Ok(user.filter(|user| user.is_active).map(actor))
}

/// Tries at signing in are forgotten after a day.
const TRIES_KEPT_MS: i64 = 86_400_000;

/// Forgets sessions that have ended and tries at signing in that are long ago; gives the number of sessions.
pub async fn sweep_sessions(app: &App) -> Result<u64> {
    let mut write = app.store.write().await?;
    let swept = store::sessions::sweep(&mut write, app.now_ms()).await?;
    sign_in_tries::sweep(&mut write, app.now_ms() - TRIES_KEPT_MS).await?;
    write.commit().await?;
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_passwords_cost_more_and_more_time_but_never_lock_for_ever() {
        let waits: Vec<i64> = (0..20).map(back_off).collect();
        assert_eq!(waits.get(..9).unwrap(), [0, 0, 0, 0, 0, 1000, 2000, 4000, 8000]);
        assert_eq!(back_off(1_000_000), 60_000);
    }

    #[test]
    fn e_mail_addresses_are_trimmed_and_folded_and_nonsense_is_refused() {
        assert_eq!(normal_email(" Dana@Example.ORG "), Some("dana@example.org".into()));
        assert_eq!(normal_email("o'hara+x@sub.example.org"), Some("o'hara+x@sub.example.org".into()));
        for text in [
            "",
            "dana",
            "@example.org",
            "dana@",
            "da na@example.org",
            "a@b@c.org",
            "a@b..org",
            "a@-b.org",
            "a@b",
            "a<b@c.org",
        ] {
            assert_eq!(normal_email(text), None, "{text}");
        }
    }

    #[test]
    fn the_hash_for_unknown_people_can_be_read_and_matches_nothing_obvious() {
        let parsed = PasswordHash::new(NOBODY).unwrap();
        assert!(Argon2::default().verify_password(b"nobody", &parsed).is_err());
    }
}
