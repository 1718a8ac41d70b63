//! Database servers: adding them, trying them out, taking them out of use.

mod choices;
mod form;
mod watch;

pub use choices::{Choice, choices};
pub use form::ServerForm;
pub use watch::watch;

use super::{actor::Actor, permissions::Permission};
use crate::{
    app::App,
    engines::NoEngine,
    error::{Error, Result},
    store::{
        self,
        servers::{Server, Tried},
    },
};
use form::read;
use std::{collections::BTreeMap, time::Duration};

/// How long a server may take to say how it is.
const LONGEST_TRIAL: Duration = Duration::from_secs(30);

fn no_key(cause: &NoEngine) -> Error {
    Error::unavailable("The server's password cannot be kept, because of the key for secrets.", cause)
}

/// Tries a server out, as it is described; nothing on it is changed.
async fn try_out(app: &App, server: &Server) -> Tried {
    let examined = async {
        let engine = app.engines.open(server).map_err(|cause| cause.0)?;
        match tokio::time::timeout(LONGEST_TRIAL, engine.examine()).await {
            Ok(examined) => examined.map_err(|cause| in_plain_words(&cause.to_string())),
            Err(_) => Err(format!("It did not answer within {} seconds.", LONGEST_TRIAL.as_secs())),
        }
    };
    let tried_ms = app.now_ms();
    match examined.await {
        Ok(examined) => Tried {
            tried_ms,
            product: Some(examined.product),
            problem: Some(examined.problems.join("\n")).filter(|text| !text.is_empty()),
            scratch: i64::try_from(examined.scratch).ok(),
        },
        Err(problem) => Tried { tried_ms, product: None, problem: Some(problem), scratch: None },
    }
}

/// What a driver says, after what it comes to for whoever fills in the form.
fn in_plain_words(cause: &str) -> String {
    const WORDS: [(&[&str], &str); 4] = [
        (
            &["access denied", "authentication failed", "password authentication", "no pg_hba.conf entry"],
            "It does not let the account in. Check the account's name and password.",
        ),
        (
            &["connection refused", "pool timed out", "did not answer", "timed out", "no such file"],
            "Nothing answers there. Check the address and the port, and whether the server runs.",
        ),
        (
            &["lookup", "name or service not known", "nodename"],
            "There is no machine of this name. Check the address.",
        ),
        (
            &["certificate", "tls", "ssl"],
            "The encryption does not work out. Check the settings for it and the certificates.",
        ),
    ];
    let lower = cause.to_lowercase();
    let plain = WORDS.iter().find(|(signs, _)| signs.iter().any(|sign| lower.contains(sign)));
    match plain {
        Some((_, plain)) => format!("{plain} ({})", cause.trim_end_matches('.')),
        None => cause.to_owned(),
    }
}

fn not_usable(tried: &Tried) -> Option<Error> {
    let problem = tried.problem.as_ref()?;
    let begin = if tried.product.is_some() {
        "The server answers, but tenants cannot be placed on it yet."
    } else {
        "The server cannot be used like this."
    };
    Some(Error::invalid(BTreeMap::from([("trial", format!("{begin} {problem}"))])))
}

/// Adds a server that was tried out and can be used.
pub async fn add(app: &App, actor: &Actor, form: &ServerForm) -> Result<Server> {
    actor.must(Permission::ManageServers)?;
    let mut server = read(app, form, None)?;
    let taken = || {
        let text = format!("There is a server {} already. Choose another name.", server.name);
        Error::invalid(BTreeMap::from([("name", text)]))
    };
    if store::servers::by_name(&mut *app.store.read().await?, &server.name).await?.is_some() {
        return Err(taken());
    }
    let tried = try_out(app, &server).await;
    if let Some(error) = not_usable(&tried) {
        return Err(error);
    }
    let taken = taken();
    server.tried = Some(tried);
    let mut write = app.store.write().await?;
    match store::servers::add(&mut write, &server).await {
        Err(cause) if cause.is_duplicate() => return Err(taken),
        other => other?,
    }
    let sentence = format!("Added the server {} ({}).", server.name, server.product.title());
    record(app, actor, &mut write, "server_added", &sentence).await?;
    write.commit().await?;
    Ok(server)
}

async fn record(
    app: &App,
    actor: &Actor,
    write: &mut store::Connection,
    action: &str,
    sentence: &str,
) -> Result<()> {
    Ok(store::events::record(write, None, app.now_ms(), &actor.doer(), action, sentence).await?)
}

/// All servers.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Server>> {
    actor.must(Permission::ManageServers)?;
    Ok(store::servers::all(&mut *app.store.read().await?).await?)
}

/// A server by its name.
pub async fn find(app: &App, actor: &Actor, name: &str) -> Result<Server> {
    actor.must(Permission::ManageServers)?;
    let found = store::servers::by_name(&mut *app.store.read().await?, name).await?;
    found.ok_or_else(|| Error::not_found("There is no such server. Look for it in the list of servers."))
}

/// Tries a server out again, and notes how it was.
pub async fn test(app: &App, actor: &Actor, name: &str) -> Result<Server> {
    let mut server = find(app, actor, name).await?;
    let tried = try_out(app, &server).await;
    let mut write = app.store.write().await?;
    store::servers::set_tried(&mut write, server.id, &tried).await?;
    write.commit().await?;
    server.tried = Some(Tried {
        product: tried.product.clone().or(server.tried.and_then(|before| before.product)),
        ..tried
    });
    Ok(server)
}

/// Takes a server out of the choice for new tenants, or puts it back.
pub async fn set_draining(app: &App, actor: &Actor, name: &str, is_draining: bool) -> Result<Server> {
    let mut server = find(app, actor, name).await?;
    let mut write = app.store.write().await?;
    if store::servers::set_draining(&mut write, server.id, is_draining).await? {
        let (action, sentence) = if is_draining {
            ("server_drained", format!("The server {name} takes no new tenants from now on."))
        } else {
            ("server_undrained", format!("The server {name} takes new tenants again."))
        };
        record(app, actor, &mut write, action, &sentence).await?;
    }
    write.commit().await?;
    server.is_draining = is_draining;
    Ok(server)
}

/// Gives a server another access or room, after it was tried out. `changed_ms` is how the form has seen it.
pub async fn change(
    app: &App,
    actor: &Actor,
    name: &str,
    form: &ServerForm,
    changed_ms: i64,
) -> Result<Server> {
    let known = find(app, actor, name).await?;
    let stale = || {
        Error::conflict(
            "Somebody else has changed this server since you opened this page. Nothing was saved. Save again if yours is to stand.",
        )
    };
    if known.changed_ms != changed_ms {
        return Err(stale());
    }
    let mut server = read(app, form, Some(&known))?;
    let tried = try_out(app, &server).await;
    if let Some(error) = not_usable(&tried) {
        return Err(error);
    }
    let mut write = app.store.write().await?;
    let now = app.now_ms();
    if !store::servers::change(&mut write, known.id, (&server.access, &server.room), changed_ms, now).await? {
        return Err(stale());
    }
    store::servers::set_tried(&mut write, known.id, &tried).await?;
    record(app, actor, &mut write, "server_changed", &format!("Changed the server {name}.")).await?;
    write.commit().await?;
    server.tried = Some(tried);
    server.tenants = known.tenants;
    Ok(server)
}

/// Removes a server that no tenant is on from the list. Nothing on the server is touched.
pub async fn remove(app: &App, actor: &Actor, name: &str) -> Result<()> {
    let server = find(app, actor, name).await?;
    let mut write = app.store.write().await?;
    if !store::servers::remove(&mut write, server.id).await? {
        let tenants = store::servers::by_id(&mut write, server.id).await?.map_or(0, |server| server.tenants);
        if tenants == 0 {
            return Ok(());
        }
        let (noun, verb) = if tenants == 1 { ("tenant", "is") } else { ("tenants", "are") };
        return Err(Error::conflict(format!(
            "{tenants} {noun} {verb} on the server {name}, so it stays in the list. Let it take no new tenants, and remove it when the last one is gone."
        )));
    }
    record(app, actor, &mut write, "server_removed", &format!("Removed the server {name} from the list."))
        .await?;
    Ok(write.commit().await?)
}

/// How full a server is, in words.
pub fn places(server: &Server) -> String {
    match server.room.capacity {
        Some(capacity) => format!("{} of {capacity} places used", server.tenants),
        None if server.tenants == 1 => "1 tenant".into(),
        None => format!("{} tenants", server.tenants),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_driver_says_is_told_in_plain_words_with_a_way_out() {
        for (cause, part) in [
            ("1045 (28000): Access denied for user 'admin'@'127.0.0.1'", "name and password"),
            ("password authentication failed for user \"admin\"", "name and password"),
            ("Connection refused (os error 111)", "whether the server runs"),
            ("pool timed out while waiting for an open connection", "whether the server runs"),
            ("failed to lookup address information: Name or service not known", "no machine of this name"),
            ("invalid peer certificate: UnknownIssuer", "certificates"),
        ] {
            let said = in_plain_words(cause);
            assert!(said.contains(part) && said.contains(cause), "{said}");
        }
        assert_eq!(in_plain_words("something new"), "something new");
    }
}
