//! The first administrator, tokens and e-mail addresses, and who the person of a session is.

use super::{actor::Actor, passwords, people};
use crate::{
    app::App,
    digest::sha256_hex,
    error::{Error, Result},
    store::{
        self, settings,
        users::{self, Role, User},
    },
};
use std::{collections::BTreeMap, path::PathBuf};
use uuid::Uuid;

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
    let name = people::usable_name(&form.name).unwrap_or_else(|text| {
        fields.insert("name", text);
        String::new()
    });
    let email = normal_email(&form.email);
    if email.is_none() {
        fields.insert("email", "Enter your e-mail, such as dana@example.org.".to_owned());
    }
    if let Some(problem) = passwords::problem(&form.password, &[&form.name, &form.email]) {
        fields.insert("password", problem);
    }
    let (Some(email), true) = (email, fields.is_empty()) else { return Err(Error::invalid(fields)) };
    let password_hash = passwords::hash_password(app, &form.password).await?;
    let user = new_user(app, email, name, Role::Admin, password_hash);
    let mut write = app.store.write().await?;
    // Asked again inside the transaction: of two people with the link, one is first.
    if users::has_admin(&mut write).await? {
        return Err(stale());
    }
    users::add(&mut write, &user, app.now_ms()).await?;
    settings::forget(&mut write, FIRST_RUN_HASH).await?;
    let doer = store::events::Doer { id: Some(user.id), name: user.name.clone() };
    store::events::record_of_person(
        &mut write,
        (user.id, None),
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
    if wanted.password.0.chars().count() < passwords::SHORTEST_SET
        || wanted.password.0.len() > passwords::LONGEST
    {
        return Err(Error::unusable(format!(
            "TENANTRY_ADMIN_PASSWORD takes {} to 1,000 characters.",
            passwords::SHORTEST_SET
        )));
    }
    let password_hash = passwords::hash_password(app, &wanted.password.0).await?;
    let user = new_user(app, email, "Administrator".into(), Role::Admin, password_hash);
    let mut write = app.store.write().await?;
    if users::has_admin(&mut write).await? {
        return Ok(false);
    }
    users::add(&mut write, &user, app.now_ms()).await?;
    settings::forget(&mut write, FIRST_RUN_HASH).await?;
    store::events::record_of_person(
        &mut write,
        (user.id, None),
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

pub(super) fn new_user(app: &App, email: String, name: String, role: Role, password_hash: String) -> User {
    User { id: app.new_id(), email, name, role, password_hash, is_active: true }
}

pub(super) fn actor(user: User) -> Actor {
    Actor::Person { id: user.id, name: user.name, email: user.email, role: user.role }
}

/// The person of a session, as they are now: rights are read anew on each request.
pub async fn person(app: &App, id: Uuid) -> Result<Option<Actor>> {
    let user = users::by_id(&mut *app.store.read().await?, id).await?;
    Ok(user.filter(|user| user.is_active).map(actor))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
