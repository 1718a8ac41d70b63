//! Database servers: adding them, trying them out, taking them out of use.

use super::{actor::Actor, permissions::Permission};
use crate::{
    app::App,
    engine::server::{Isolation, Product, TlsMode},
    engines::NoEngine,
    error::{Error, Result},
    store::{
        self,
        servers::{Access, Room, Server, Tried},
    },
};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// Longest name of a server, and of a label.
const LONGEST_NAME: usize = 40;
/// Longest name of a host, an account or a database.
const LONGEST_PART: usize = 128;
/// How long a server may take to say how it is.
const LONGEST_TRIAL: Duration = Duration::from_secs(30);
/// Connections to a server at most: more than these need another way to share it.
const MOST_CONNECTIONS: u32 = 500;

/// The form for a server, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct ServerForm {
    /// Its name.
    pub name: String,
    /// What it runs: `mariadb` or `postgres`.
    pub product: String,
    /// Its host.
    pub host: String,
    /// Its port; empty for the usual one.
    pub port: String,
    /// The administrator's account.
    pub admin_name: String,
    /// Its password; empty on a change for the one that is known.
    pub admin_password: String,
    /// The database that the administrator asks from; empty for the usual one.
    pub admin_database: String,
    /// How connections are protected; empty for the usual way.
    pub tls_mode: String,
    /// Certificates that are believed, as PEM.
    pub tls_authority: String,
    /// A label.
    pub region: String,
    /// Tenants at most; empty for no bound.
    pub capacity: String,
    /// Its share; empty for 100.
    pub weight: String,
    /// Connections at most; empty for 20.
    pub connections: String,
    /// How tenants are kept apart; empty for a database each.
    pub isolation: String,
}

impl ServerForm {
    /// A form as a server has it now, without the password.
    pub fn of(server: &Server) -> ServerForm {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        ServerForm {
            name: server.name.clone(),
            product: server.product.word().into(),
            host: server.access.host.clone(),
            port: server.access.port.to_string(),
            admin_name: server.access.admin_name.clone(),
            admin_password: String::new(),
            admin_database: text(&server.access.admin_database),
            tls_mode: server.access.tls_mode.word().into(),
            tls_authority: text(&server.access.tls_authority),
            region: text(&server.room.region),
            capacity: server.room.capacity.map(|capacity| capacity.to_string()).unwrap_or_default(),
            weight: server.room.weight.to_string(),
            connections: server.room.connections.to_string(),
            isolation: server.isolation.word().into(),
        }
    }

    /// Fills host, port, account, password, database and TLS from an address such as
    /// `mysql://admin:secret@db.example.org:3306`. The error repeats nothing of it: there is a password in it.
    pub fn with_url(mut self, text: &str) -> std::result::Result<ServerForm, String> {
        let form = "Write the address as mysql://ACCOUNT:PASSWORD@HOST:PORT or postgres://ACCOUNT:PASSWORD@HOST:PORT/DATABASE.";
        let url = url::Url::parse(text).map_err(|_| format!("The address cannot be read. {form}"))?;
        let product = Product::of_scheme(url.scheme()).ok_or_else(|| {
            format!(
                "The address begins with {}://, which is no server that tenants can live on. {form}",
                url.scheme()
            )
        })?;
        let plain = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| format!("The address has signs in it that cannot be read. {form}"))
        };
        product.word().clone_into(&mut self.product);
        plain(url.host_str().unwrap_or_default())?.trim_matches(['[', ']']).clone_into(&mut self.host);
        self.port = url.port().map(|port| port.to_string()).unwrap_or_default();
        self.admin_name = plain(url.username())?;
        if let Some(password) = url.password() {
            self.admin_password = plain(password)?;
        }
        self.admin_database = plain(url.path().trim_start_matches('/'))?;
        for (key, value) in url.query_pairs() {
            match key.as_ref() {
                "host" | "socket" => self.host = value.into_owned(),
                "sslmode" | "ssl-mode" if self.tls_mode.is_empty() => {
                    tls_word(&value).clone_into(&mut self.tls_mode);
                }
                _ => return Err(format!("The address has ?{key}= in it, which is not known here. {form}")),
            }
        }
        Ok(self)
    }
}

/// The word for a TLS mode as MySQL's and PostgreSQL's own programs call it.
fn tls_word(word: &str) -> &str {
    match word.to_ascii_lowercase().replace('_', "-").as_str() {
        "disable" | "disabled" | "off" => "off",
        "allow" | "prefer" | "preferred" => "prefer",
        "require" | "required" => "require",
        "verify-ca" => "verify-ca",
        "verify-full" | "verify-identity" => "verify-full",
        _ => word,
    }
}

type Fields = BTreeMap<&'static str, String>;

fn part(fields: &mut Fields, field: &'static str, text: &str, missing: &str) -> String {
    let text = text.trim();
    let letters = text.chars().count();
    if text.is_empty() {
        if !missing.is_empty() {
            fields.insert(field, missing.to_owned());
        }
    } else if letters > LONGEST_PART {
        fields.insert(field, format!("This has {letters} characters. Use at most {LONGEST_PART}."));
    } else if text.chars().any(|sign| sign.is_control() || sign.is_whitespace()) {
        fields.insert(field, "There is a space or an invisible sign in it. Take it out.".into());
    }
    text.to_owned()
}

fn number(
    fields: &mut Fields,
    field: &'static str,
    text: &str,
    otherwise: u32,
    range: std::ops::RangeInclusive<u32>,
) -> u32 {
    let text = text.trim().replace([',', '\u{a0}', ' '], "");
    if text.is_empty() {
        return otherwise;
    }
    match text.parse() {
        Ok(number) if range.contains(&number) => number,
        _ => {
            fields.insert(field, format!("Enter a whole number from {} to {}.", range.start(), range.end()));
            otherwise
        }
    }
}

fn name(fields: &mut Fields, field: &'static str, text: &str, what: &str) -> String {
    let text = text.trim().to_lowercase();
    let is_fine = text.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-');
    if text.is_empty() {
        fields.insert(field, format!("Enter {what}, such as eu-1."));
    } else if text.len() > LONGEST_NAME || !is_fine || text.starts_with('-') || text == "add" {
        fields.insert(
            field,
            format!("Use small letters, digits and dashes only, at most {LONGEST_NAME}, and another word than \"add\"."),
        );
    }
    text
}

fn word<T: std::str::FromStr>(
    fields: &mut Fields,
    field: &'static str,
    text: &str,
    otherwise: T,
    problem: &str,
) -> T {
    match (text.trim(), text.trim().parse()) {
        ("", _) => otherwise,
        (_, Ok(known)) => known,
        (_, Err(_)) => {
            fields.insert(field, problem.to_owned());
            otherwise
        }
    }
}

/// Reads a form; `known` is the server that it changes.
fn read(app: &App, form: &ServerForm, known: Option<&Server>) -> Result<Server> {
    let mut fields = BTreeMap::new();
    let id = known.map_or_else(|| app.new_id(), |server| server.id);
    let product = match known {
        Some(server) => server.product,
        None => word(
            &mut fields,
            "product",
            if form.product.trim().is_empty() { "?" } else { &form.product },
            Product::MariaDb,
            "Choose what the server runs.",
        ),
    };
    let host =
        part(&mut fields, "host", &form.host, "Enter the server's name or address, such as db.example.org.");
    let port = number(&mut fields, "port", &form.port, product.usual_port().into(), 1..=65_535);
    let admin_name =
        part(&mut fields, "admin_name", &form.admin_name, "Enter the name of the administrator's account.");
    let admin_database = part(&mut fields, "admin_database", &form.admin_database, "");
    let region = Some(form.region.trim())
        .filter(|text| !text.is_empty())
        .map(|text| name(&mut fields, "region", text, "a label"));
    let capacity = match form.capacity.trim() {
        "" => None,
        text => Some(number(&mut fields, "capacity", text, 1, 1..=1_000_000)),
    };
    let tls_authority = form.tls_authority.trim().replace("\r\n", "\n");
    if !tls_authority.is_empty() && !tls_authority.contains("-----BEGIN CERTIFICATE-----") {
        fields.insert(
            "tls_authority",
            "This is no certificate. Paste it whole, from -----BEGIN CERTIFICATE----- on.".into(),
        );
    }
    let isolation = word(
        &mut fields,
        "isolation",
        &form.isolation,
        known.map_or(Isolation::Database, |server| server.isolation),
        "Choose database or schema.",
    );
    if isolation == Isolation::Schema && product != Product::Postgres {
        fields.insert("isolation", "Only PostgreSQL keeps tenants apart by schemas. Choose database.".into());
    }
    let server = Server {
        id,
        name: match known {
            Some(server) => server.name.clone(),
            None => name(&mut fields, "name", &form.name, "a short name for the server"),
        },
        product,
        room: Room {
            region,
            capacity,
            weight: number(&mut fields, "weight", &form.weight, 100, 1..=10_000),
            connections: number(&mut fields, "connections", &form.connections, 20, 2..=MOST_CONNECTIONS),
        },
        access: Access {
            host,
            port: u16::try_from(port).unwrap_or_default(),
            admin_name,
            admin_password: match (form.admin_password.as_str(), known) {
                ("", Some(server)) => server.access.admin_password.clone(),
                (password, _) => app.engines.seal_for_server(id, password).map_err(|cause| no_key(&cause))?,
            },
            admin_database: Some(admin_database).filter(|text| !text.is_empty()),
            tls_mode: word(
                &mut fields,
                "tls_mode",
                &form.tls_mode,
                TlsMode::Prefer,
                "Choose how connections are protected: off, prefer, require, verify-ca or verify-full.",
            ),
            tls_authority: Some(tls_authority).filter(|text| !text.is_empty()),
        },
        isolation,
        is_draining: known.is_some_and(|server| server.is_draining),
        tried: None,
        changed_ms: known.map_or_else(|| app.now_ms(), |server| server.changed_ms),
        created_ms: app.now_ms(),
        tenants: 0,
    };
    if fields.is_empty() { Ok(server) } else { Err(Error::invalid(fields)) }
}

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
        },
        Err(problem) => Tried { tried_ms, product: None, problem: Some(problem) },
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

/// The server that a tenant is on, for whoever may see the tenant.
pub async fn of_tenant(app: &App, server: Option<Uuid>) -> Result<Option<Server>> {
    match server {
        Some(id) => Ok(store::servers::by_id(&mut *app.store.read().await?, id).await?),
        None => Ok(None),
    }
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

/// Tries all servers out, each by itself, so that pages and placement know which work; and removes what programs that were
/// killed have left on them.
pub async fn watch(app: &App) -> Result<()> {
    let servers = store::servers::all(&mut *app.store.read().await?).await?;
    let tasks: Vec<_> = servers
        .into_iter()
        .map(|server| {
            let app = app.clone();
            tokio::spawn(async move { watch_one(&app, &server).await })
        })
        .collect();
    for task in tasks {
        task.await.map_err(|cause| Error::internal(&cause))??;
    }
    Ok(())
}

async fn watch_one(app: &App, server: &Server) -> Result<()> {
    let tried = try_out(app, server).await;
    let was_fine = !server.is_in_trouble();
    let is_fine = tried.problem.is_none();
    let mut write = app.store.write().await?;
    store::servers::set_tried(&mut write, server.id, &tried).await?;
    if was_fine != is_fine {
        let sentence = match &tried.problem {
            Some(problem) => {
                tracing::warn!(server = server.name, problem, "A server cannot be used");
                format!("The server {} cannot be used.", server.name)
            }
            None => format!("The server {} can be used again.", server.name),
        };
        let doer = store::events::Doer::program();
        store::events::record(&mut write, None, tried.tried_ms, &doer, "server_watched", &sentence).await?;
    }
    write.commit().await?;
    if is_fine {
        let engine = app.engines.on(server).map_err(|cause| no_key(&cause))?;
        match tokio::time::timeout(LONGEST_TRIAL, engine.sweep()).await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(count)) => {
                tracing::info!(server = server.name, count, "Removed what killed programs had left")
            }
            Ok(Err(cause)) => tracing::warn!(server = server.name, %cause, "A server could not be swept"),
        }
    }
    Ok(())
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

/// A place that a new tenant can be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What stands in a form.
    pub value: String,
    /// Its words.
    pub title: String,
    /// How full it is.
    pub hint: String,
}

/// The places that somebody who creates tenants can choose from; empty where there is only one.
pub async fn choices(app: &App, actor: &Actor) -> Result<Vec<Choice>> {
    actor.must(Permission::CreateTenants)?;
    let servers = store::servers::all(&mut *app.store.read().await?).await?;
    if servers.is_empty() {
        return Ok(Vec::new());
    }
    let mut choices = vec![Choice {
        value: String::new(),
        title: "Choose for me".into(),
        hint: "On the server that has the most room.".into(),
    }];
    let mut regions: Vec<&String> = servers.iter().filter_map(|server| server.room.region.as_ref()).collect();
    regions.sort();
    regions.dedup();
    if regions.len() > 1 {
        choices.extend(regions.into_iter().map(|region| Choice {
            value: format!("among::{region}"),
            title: format!("Somewhere in {region}"),
            hint: format!("On the server with the label {region} that has the most room."),
        }));
    }
    choices.extend(servers.iter().filter(|server| !server.is_draining && !server.is_full()).map(|server| {
        Choice {
            value: format!("server:{}", server.name),
            title: format!("Server {}", server.name),
            hint: places(server),
        }
    }));
    choices.push(Choice {
        value: "own".into(),
        title: "Beside Tenantry itself".into(),
        hint: "In a file of its own, on the machine that this program runs on.".into(),
    });
    Ok(choices)
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

    #[test]
    fn an_address_becomes_a_form() {
        let form = ServerForm::default()
            .with_url("postgres://ad%40min:p%3Aw@db.example.org:6000/ops?sslmode=verify-full")
            .unwrap();
        assert_eq!(
            (form.product.as_str(), form.host.as_str(), form.port.as_str()),
            ("postgres", "db.example.org", "6000")
        );
        assert_eq!((form.admin_name.as_str(), form.admin_password.as_str()), ("ad@min", "p:w"));
        assert_eq!((form.admin_database.as_str(), form.tls_mode.as_str()), ("ops", "verify-full"));
        let form = ServerForm::default().with_url("mysql://root@[::1]").unwrap();
        assert_eq!((form.host.as_str(), form.port.as_str(), form.tls_mode.as_str()), ("::1", "", ""));
        let form = ServerForm::default().with_url("postgres://admin@/postgres?host=/run/db").unwrap();
        assert_eq!(form.host, "/run/db");
    }

    #[test]
    fn a_bad_address_is_refused_without_repeating_its_password() {
        for bad in
            ["oracle://a:secret@h", "nonsense secret", "mysql://a:secret@h?x=1", "mysql://a:%FFsecret@h"]
        {
            let said = ServerForm::default().with_url(bad).unwrap_err();
            assert!(said.contains("mysql://ACCOUNT") && !said.contains("secret"), "{said}");
        }
    }
}
