//! The form for a server: what was typed, what is wrong with it, and the server that it describes.

use super::no_key;
use crate::{
    app::App,
    engine::server::{Isolation, Product, TlsMode},
    error::{Error, Result},
    store::servers::{Access, Room, Server},
};
use std::collections::BTreeMap;

/// Longest name of a server, and of a label.
const LONGEST_NAME: usize = 40;
/// Longest name of a host, an account or a database.
const LONGEST_PART: usize = 128;
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
pub(super) fn read(app: &App, form: &ServerForm, known: Option<&Server>) -> Result<Server> {
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
    let isolation = match known {
        // Tenants that are there cannot become the other.
        Some(server) => server.isolation,
        None => {
            word(&mut fields, "isolation", &form.isolation, Isolation::Database, "Choose database or schema.")
        }
    };
    if isolation == Isolation::Schema {
        check_schemas(&mut fields, product, &admin_database, known);
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

/// What a server with tenants in schemas needs to be told.
fn check_schemas(fields: &mut Fields, product: Product, database: &str, known: Option<&Server>) {
    if product != Product::Postgres {
        fields.insert("isolation", "Only PostgreSQL keeps tenants apart by schemas. Choose database.".into());
    } else if database.is_empty() {
        fields.insert(
            "admin_database",
            "Enter the database that the tenants' schemas are to be in. Nothing else should be in it.".into(),
        );
    }
    let before =
        known.filter(|server| server.tenants > 0).and_then(|server| server.access.admin_database.as_ref());
    if let Some(before) = before.filter(|before| *before != database) {
        fields.insert(
            "admin_database",
            format!("The tenants of this server are in {before}. Enter that again."),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let form =
            ServerForm::default().with_url("postgres://admin@localhost/postgres?host=/run/db").unwrap();
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
