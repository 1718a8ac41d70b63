//! What engines on servers share: where a server is, passwords of tenants' accounts, and what a server says when it is tried
//! out.

use super::{Engine, EngineError, mariadb::MariaDb, postgres::Postgres};
use async_trait::async_trait;
use sqlx::{
    mysql::{MySqlConnectOptions, MySqlSslMode},
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{fmt, io, path::PathBuf, str::FromStr, sync::Arc};
use uuid::Uuid;

/// The product that a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Product {
    /// MariaDB or MySQL.
    MariaDb,
    /// PostgreSQL.
    Postgres,
}

impl Product {
    /// All of them.
    pub const ALL: [Product; 2] = [Product::MariaDb, Product::Postgres];

    /// The word in rows and on the command line: the name of its engine.
    pub fn word(self) -> &'static str {
        match self {
            Product::MariaDb => "mariadb",
            Product::Postgres => "postgres",
        }
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Product::MariaDb => "MariaDB or MySQL",
            Product::Postgres => "PostgreSQL",
        }
    }

    /// The product that an address begins with, such as `mysql` in `mysql://…`.
    pub fn of_scheme(scheme: &str) -> Option<Product> {
        match scheme {
            "mysql" | "mariadb" => Some(Product::MariaDb),
            "postgres" | "postgresql" => Some(Product::Postgres),
            _ => None,
        }
    }

    /// The database that its administrator asks from where nothing else is said.
    pub fn usual_database(self) -> Option<&'static str> {
        match self {
            Product::MariaDb => None,
            Product::Postgres => Some("postgres"),
        }
    }

    /// The port where it usually listens.
    pub fn usual_port(self) -> u16 {
        match self {
            Product::MariaDb => 3306,
            Product::Postgres => 5432,
        }
    }
}

impl FromStr for Product {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        Product::ALL
            .into_iter()
            .find(|product| product.word() == word)
            .ok_or(format!("unknown engine {word}"))
    }
}

/// How far a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Not at all.
    Off,
    /// Encrypted where the server can; nobody is checked.
    Prefer,
    /// Encrypted; nobody is checked.
    Require,
    /// Encrypted, and the server's certificate is one that is believed.
    VerifyCa,
    /// The same, and the certificate is for the server's name.
    VerifyFull,
}

impl TlsMode {
    /// All of them, from the weakest on.
    pub const ALL: [TlsMode; 5] =
        [TlsMode::Off, TlsMode::Prefer, TlsMode::Require, TlsMode::VerifyCa, TlsMode::VerifyFull];

    /// The word in rows and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            TlsMode::Off => "off",
            TlsMode::Prefer => "prefer",
            TlsMode::Require => "require",
            TlsMode::VerifyCa => "verify-ca",
            TlsMode::VerifyFull => "verify-full",
        }
    }

    /// What it means, for people.
    pub fn title(self) -> &'static str {
        match self {
            TlsMode::Off => "Not encrypted",
            TlsMode::Prefer => "Encrypted where the server can",
            TlsMode::Require => "Always encrypted",
            TlsMode::VerifyCa => "Encrypted, with a certificate that is believed",
            TlsMode::VerifyFull => "Encrypted, with a certificate that is believed and names this server",
        }
    }
}

impl FromStr for TlsMode {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        TlsMode::ALL.into_iter().find(|mode| mode.word() == word).ok_or(format!("unknown TLS mode {word}"))
    }
}

/// How tenants on a server are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Each has a database.
    Database,
    /// Each has a schema in one database; PostgreSQL only.
    Schema,
}

impl Isolation {
    /// All of them.
    pub const ALL: [Isolation; 2] = [Isolation::Database, Isolation::Schema];

    /// What a tenant gets, for people.
    pub fn title(self) -> &'static str {
        match self {
            Isolation::Database => "A database of its own",
            Isolation::Schema => "A schema in the account's database (PostgreSQL only)",
        }
    }

    /// The word in rows and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Isolation::Database => "database",
            Isolation::Schema => "schema",
        }
    }
}

impl FromStr for Isolation {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        Isolation::ALL
            .into_iter()
            .find(|isolation| isolation.word() == word)
            .ok_or(format!("unknown isolation {word}"))
    }
}

/// Where a server is, and who Tenantry is there.
#[derive(Clone)]
pub struct ServerOptions {
    /// What it runs.
    pub product: Product,
    /// A name, an address, or the folder of a socket (it begins with a slash).
    pub host: String,
    /// The port.
    pub port: u16,
    /// The administrator's account.
    pub admin_name: String,
    /// Its password, as it is.
    pub admin_password: String,
    /// The database that the administrator asks from, where the engine wants one.
    pub admin_database: Option<String>,
    /// How connections are protected.
    pub tls_mode: TlsMode,
    /// Certificates that are believed, as PEM, besides those of the system.
    pub tls_authority: Option<String>,
    /// How tenants are kept apart.
    pub isolation: Isolation,
    /// Connections at most, for all tenants together.
    pub connections: u32,
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the password.
        f.debug_struct("ServerOptions")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// The engine for a server. Files of copies on their way are kept in `folder`. Opens no connection; must be called within
/// the runtime.
pub fn on_server(
    options: &ServerOptions,
    secrets: Arc<dyn Secrets>,
    folder: PathBuf,
) -> Result<Arc<dyn Engine>, EngineError> {
    Ok(match (options.product, options.isolation) {
        (Product::MariaDb, Isolation::Database) => {
            Arc::new(MariaDb::new(mysql_options(options), options.connections, secrets, folder))
        }
        (Product::MariaDb, Isolation::Schema) => {
            return Err(EngineError::OutOfReach("Only PostgreSQL keeps tenants apart by schemas.".into()));
        }
        (Product::Postgres, isolation) => {
            let server = Postgres::new(postgres_options(options), options.connections, secrets, folder);
            Arc::new(if isolation == Isolation::Schema { server.in_schemas() } else { server })
        }
    })
}

fn mysql_options(from: &ServerOptions) -> MySqlConnectOptions {
    let mut options = MySqlConnectOptions::new().username(&from.admin_name).password(&from.admin_password);
    options = if from.host.starts_with('/') {
        options.socket(&from.host)
    } else {
        options.host(&from.host).port(from.port)
    };
    if let Some(authority) = &from.tls_authority {
        options = options.ssl_ca_from_pem(authority.clone().into_bytes());
    }
    options.ssl_mode(match from.tls_mode {
        TlsMode::Off => MySqlSslMode::Disabled,
        TlsMode::Prefer => MySqlSslMode::Preferred,
        TlsMode::Require => MySqlSslMode::Required,
        TlsMode::VerifyCa => MySqlSslMode::VerifyCa,
        TlsMode::VerifyFull => MySqlSslMode::VerifyIdentity,
    })
}

fn postgres_options(from: &ServerOptions) -> PgConnectOptions {
    let mut options = PgConnectOptions::new_without_pgpass()
        .username(&from.admin_name)
        .password(&from.admin_password)
        .port(from.port)
        .database(from.admin_database.as_deref().or(from.product.usual_database()).unwrap_or_default());
    options = if from.host.starts_with('/') { options.socket(&from.host) } else { options.host(&from.host) };
    if let Some(authority) = &from.tls_authority {
        options = options.ssl_root_cert_from_pem(authority.clone().into_bytes());
    }
    options.ssl_mode(match from.tls_mode {
        TlsMode::Off => PgSslMode::Disable,
        TlsMode::Prefer => PgSslMode::Prefer,
        TlsMode::Require => PgSslMode::Require,
        TlsMode::VerifyCa => PgSslMode::VerifyCa,
        TlsMode::VerifyFull => PgSslMode::VerifyFull,
    })
}

/// What to say where no connection could be made.
pub(super) fn unreached(cause: sqlx::Error) -> EngineError {
    EngineError::OutOfReach(match cause {
        // What the encryption has to say about a certificate comes as an answer that makes no sense.
        sqlx::Error::Io(cause) if cause.kind() == io::ErrorKind::InvalidData => format!(
            "The database server's certificate cannot be trusted: {cause}. Give the file of the authority that signed it, or see \
             whether this is the right server."
        ),
        sqlx::Error::Tls(cause) => format!(
            "The database server cannot be reached over an encrypted connection, as its settings ask for: {cause}."
        ),
        cause => format!("The database server cannot be reached: {cause}"),
    })
}

/// Where the passwords of tenants' accounts come from.
#[async_trait]
pub trait Secrets: Send + Sync + fmt::Debug {
    /// The password of a tenant's account: letters and digits only.
    async fn of(&self, tenant: Uuid) -> Result<String, EngineError>;
}

/// What a server said when it was tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// The product and its version, such as `MariaDB 10.11.6`.
    pub product: String,
    /// What is in the way of tenants on this server, each in a sentence that says what to do, such as the statement that
    /// gives a right that is missing. Empty where tenants can be placed here.
    pub problems: Vec<String>,
    /// Scratch databases that are there at this moment: those in use, and those that the next sweep removes.
    pub scratch: u64,
}
