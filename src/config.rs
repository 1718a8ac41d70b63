//! Settings: flags come first, then `TENANTRY_…` variables, then `tenantry.toml`, then defaults. What is wrong with one
//! is said in one sentence that names it.

mod control;

pub use control::{ControlDatabase, ServerAddress, ServerKind};
use serde::Deserialize;
use std::{
    fmt,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
    time::Duration,
};

/// A bad setting: one sentence that names it and says what it takes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct BadSetting(pub String);

/// A text that is never printed.
#[derive(Clone)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The first administrator, where the settings name one.
#[derive(Debug, Clone)]
pub struct FirstAdmin {
    /// The e-mail to sign in with.
    pub email: String,
    /// The password.
    pub password: Secret,
}

/// Addresses of a network, such as `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether an address is in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        let bits = u32::from(self.bits);
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let rest = 32_u32.saturating_sub(bits);
                u64::from(network.to_bits()) >> rest == u64::from(address.to_bits()) >> rest
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let rest = 128_u32.saturating_sub(bits);
                rest == 128 || network.to_bits() >> rest == address.to_bits() >> rest
            }
            _ => false,
        }
    }
}

impl std::str::FromStr for Network {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no address and no network such as 10.0.0.0/8");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits > most { Err(wrong()) } else { Ok(Network { address, bits }) }
    }
}

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where all files are (`TENANTRY_DATA_DIR`).
    pub data_dir: PathBuf,
    /// Where the web server listens (`TENANTRY_LISTEN`); port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the control database is (`TENANTRY_DATABASE_URL`).
    pub control: ControlDatabase,
    /// The address that people use (`TENANTRY_PUBLIC_URL`), where it is another, as behind a proxy.
    pub public_url: Option<String>,
    /// Proxies that are believed when they say for whom they ask (`TENANTRY_TRUSTED_PROXIES`, a list of addresses and
    /// networks).
    pub trusted_proxies: Vec<Network>,
    /// The key that secrets in the control database are encrypted with: 64 hexadecimal digits (`TENANTRY_SECRET_KEY`).
    pub secret_key: Option<Secret>,
    /// The file that this key is in (`TENANTRY_SECRET_KEY_FILE`); without either, `secret.key` in the data folder.
    pub secret_key_file: Option<PathBuf>,
    /// A folder of templates to import at the start besides the built-in ones (`TENANTRY_TEMPLATES_DIR`).
    pub templates_dir: Option<PathBuf>,
    /// The first administrator (`TENANTRY_ADMIN_EMAIL`, `TENANTRY_ADMIN_PASSWORD`).
    pub first_admin: Option<FirstAdmin>,
    /// Jobs worked on at the same time in this process (`TENANTRY_WORKERS`).
    pub workers: usize,
    /// How long a worker that says nothing keeps its job (`TENANTRY_LEASE_SECONDS`).
    pub lease: Duration,
    /// Waiting times before the second and later tries (`TENANTRY_RETRY_SECONDS`, a list).
    pub retry_delays: Vec<Duration>,
    /// Days for which an export can be downloaded (`TENANTRY_EXPORT_DAYS`).
    pub export_days: u16,
    /// How long a deleted tenant can be kept after all (`TENANTRY_GRACE_DAYS`).
    pub grace: Duration,
    /// How long snapshots are kept (`TENANTRY_SNAPSHOT_DAYS`).
    pub snapshots_kept: Duration,
    /// How often all tenants' databases are compared with what they should be (`TENANTRY_DRIFT_HOURS`); `None` is never.
    pub drift_every: Option<Duration>,
    /// How log lines look (`TENANTRY_LOG_FORMAT`, `text` or `json`).
    pub log_format: LogFormat,
}

/// One layer of settings: the command line's flags, or the file. Everything may be left out.
#[derive(Debug, Clone, Default, Deserialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Settings file [default: tenantry.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Where all files are kept [default: ./data]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// The control database [default: sqlite:<data folder>/control.db]
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// The address that people use, where it is another (as behind a proxy)
    #[arg(long, global = true, value_name = "URL")]
    pub public_url: Option<String>,
    /// Addresses of proxies whose X-Forwarded-For is believed [default: none]
    #[arg(long, global = true, value_name = "LIST")]
    pub trusted_proxies: Option<String>,
    /// The key that secrets are encrypted with
    #[arg(skip)]
    pub secret_key: Option<String>,
    /// The file with the key that secrets are encrypted with [default: <data folder>/secret.key]
    #[arg(long, global = true, value_name = "FILE")]
    pub secret_key_file: Option<PathBuf>,
    /// A folder of templates to import at the start, besides the built-in ones
    #[arg(long, global = true, value_name = "FOLDER")]
    pub templates_dir: Option<PathBuf>,
    /// E-mail of the first administrator
    #[arg(skip)]
    pub admin_email: Option<String>,
    /// Password of the first administrator
    #[arg(skip)]
    pub admin_password: Option<String>,
    /// Jobs worked on at the same time [default: 4]
    #[arg(long, global = true, value_name = "NUMBER")]
    pub workers: Option<usize>,
    /// Seconds after which a silent worker loses its job [default: 10]
    #[arg(long, global = true, value_name = "SECONDS")]
    pub lease_seconds: Option<f64>,
    /// Seconds to wait before each further try [default: 60,120]
    #[arg(long, global = true, value_name = "LIST")]
    pub retry_seconds: Option<String>,
    /// Days for which an export can be downloaded [default: 7]
    #[arg(long, global = true, value_name = "NUMBER")]
    pub export_days: Option<u16>,
    /// Days for which a deleted tenant can be kept after all [default: 7]
    #[arg(long, global = true, value_name = "DAYS")]
    pub grace_days: Option<f64>,
    /// Days for which snapshots are kept [default: 30]
    #[arg(long, global = true, value_name = "DAYS")]
    pub snapshot_days: Option<f64>,
    /// Hours between two looks for unexpected changes in all databases; 0 is never [default: 24]
    #[arg(long, global = true, value_name = "HOURS")]
    pub drift_hours: Option<f64>,
    /// How log lines look: text or json [default: text]
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// Names of the settings in the environment, and how each is put into a layer.
const VARIABLES: [&str; 19] = [
    "CONFIG",
    "DATA_DIR",
    "LISTEN",
    "DATABASE_URL",
    "PUBLIC_URL",
    "TRUSTED_PROXIES",
    "SECRET_KEY",
    "SECRET_KEY_FILE",
    "TEMPLATES_DIR",
    "ADMIN_EMAIL",
    "ADMIN_PASSWORD",
    "WORKERS",
    "LEASE_SECONDS",
    "RETRY_SECONDS",
    "EXPORT_DAYS",
    "GRACE_DAYS",
    "SNAPSHOT_DAYS",
    "DRIFT_HOURS",
    "LOG_FORMAT",
];

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, BadSetting> {
    text.trim().parse().map_err(|_| BadSetting(format!("TENANTRY_{name} is {text:?}, which is no number.")))
}

fn environment(variables: impl Iterator<Item = (String, String)>) -> Result<Layer, BadSetting> {
    let mut layer = Layer::default();
    for (key, value) in variables {
        let Some(name) = key.strip_prefix("TENANTRY_") else { continue };
        if value.is_empty() {
            continue;
        }
        match name {
            "CONFIG" => layer.config = Some(value.into()),
            "DATA_DIR" => layer.data_dir = Some(value.into()),
            "LISTEN" => layer.listen = Some(value),
            "DATABASE_URL" => layer.database_url = Some(value),
            "PUBLIC_URL" => layer.public_url = Some(value),
            "TRUSTED_PROXIES" => layer.trusted_proxies = Some(value),
            "SECRET_KEY" => layer.secret_key = Some(value),
            "SECRET_KEY_FILE" => layer.secret_key_file = Some(value.into()),
            "TEMPLATES_DIR" => layer.templates_dir = Some(value.into()),
            "ADMIN_EMAIL" => layer.admin_email = Some(value),
            "ADMIN_PASSWORD" => layer.admin_password = Some(value),
            "WORKERS" => layer.workers = Some(number(name, &value)?),
            "LEASE_SECONDS" => layer.lease_seconds = Some(number(name, &value)?),
            "RETRY_SECONDS" => layer.retry_seconds = Some(value),
            "EXPORT_DAYS" => layer.export_days = Some(number(name, &value)?),
            "GRACE_DAYS" => layer.grace_days = Some(number(name, &value)?),
            "SNAPSHOT_DAYS" => layer.snapshot_days = Some(number(name, &value)?),
            "DRIFT_HOURS" => layer.drift_hours = Some(number(name, &value)?),
            "LOG_FORMAT" => layer.log_format = Some(value),
            _ => {
                // Tests of the program and wrappers around it use names of their own; a likely slip is worth a word.
                if let Some(near) = VARIABLES.iter().find(|known| is_near(known, name)) {
                    return Err(BadSetting(format!("{key} is no setting. Did you mean TENANTRY_{near}?")));
                }
            }
        }
    }
    Ok(layer)
}

/// Whether two names differ by a dash, a plural or one letter.
fn is_near(known: &str, given: &str) -> bool {
    let bare = |text: &str| text.replace(['_', '-'], "").trim_end_matches(['S', 's']).to_uppercase();
    bare(known) == bare(given)
}

fn file(path: &Path, must_exist: bool) -> Result<Layer, BadSetting> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound && !must_exist => {
            return Ok(Layer::default());
        }
        Err(cause) => {
            return Err(BadSetting(format!("The settings file {} cannot be read: {cause}.", path.display())));
        }
    };
    toml::from_str(&text).map_err(|cause| {
        let line = cause
            .span()
            .map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        BadSetting(format!("The settings file {}, line {line}: {}.", path.display(), cause.message()))
    })
}

impl Layer {
    /// This layer, with what it leaves out taken from the next.
    fn or(self, next: Layer) -> Layer {
        Layer {
            config: self.config.or(next.config),
            data_dir: self.data_dir.or(next.data_dir),
            listen: self.listen.or(next.listen),
            database_url: self.database_url.or(next.database_url),
            public_url: self.public_url.or(next.public_url),
            trusted_proxies: self.trusted_proxies.or(next.trusted_proxies),
            secret_key: self.secret_key.or(next.secret_key),
            secret_key_file: self.secret_key_file.or(next.secret_key_file),
            templates_dir: self.templates_dir.or(next.templates_dir),
            admin_email: self.admin_email.or(next.admin_email),
            admin_password: self.admin_password.or(next.admin_password),
            workers: self.workers.or(next.workers),
            lease_seconds: self.lease_seconds.or(next.lease_seconds),
            retry_seconds: self.retry_seconds.or(next.retry_seconds),
            export_days: self.export_days.or(next.export_days),
            grace_days: self.grace_days.or(next.grace_days),
            snapshot_days: self.snapshot_days.or(next.snapshot_days),
            drift_hours: self.drift_hours.or(next.drift_hours),
            log_format: self.log_format.or(next.log_format),
        }
    }
}

fn listen_address(text: &str) -> Result<SocketAddr, BadSetting> {
    text.to_socket_addrs().ok().and_then(|mut found| found.next()).ok_or_else(|| {
        BadSetting(format!(
            "The listen address {text:?} is not of the form ADDRESS:PORT, such as 127.0.0.1:8080."
        ))
    })
}

fn seconds(name: &str, value: f64, range: std::ops::RangeInclusive<f64>) -> Result<Duration, BadSetting> {
    if range.contains(&value) {
        Ok(Duration::from_secs_f64(value))
    } else {
        Err(BadSetting(format!("{name} is {value}; it takes {} to {} seconds.", range.start(), range.end())))
    }
}

fn days(name: &str, value: f64) -> Result<Duration, BadSetting> {
    if (0.0..=3650.0).contains(&value) {
        Ok(Duration::from_secs_f64(value * 86_400.0))
    } else {
        Err(BadSetting(format!("{name} is {value}; it takes 0 to 3650 days.")))
    }
}

/// A length of time; 0 is never.
fn hours(name: &str, value: f64) -> Result<Option<Duration>, BadSetting> {
    if (0.0..=8760.0).contains(&value) {
        Ok((value > 0.0).then(|| Duration::from_secs_f64(value * 3_600.0)))
    } else {
        Err(BadSetting(format!("{name} is {value}; it takes 0 to 8760 hours.")))
    }
}

impl Settings {
    /// Settings from the command line's flags, the given environment and the settings file.
    pub fn gather(
        flags: Layer,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Settings, BadSetting> {
        let above = flags.or(environment(variables)?);
        let below = match &above.config {
            Some(path) => file(path, true)?,
            None => file(Path::new("tenantry.toml"), false)?,
        };
        let layer = above.or(below);
        let data_dir = layer.data_dir.unwrap_or_else(|| "data".into());
        let first_admin = match (layer.admin_email, layer.admin_password) {
            (Some(email), Some(password)) => Some(FirstAdmin { email, password: Secret(password) }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(BadSetting(
                    "TENANTRY_ADMIN_EMAIL is set, but TENANTRY_ADMIN_PASSWORD is not. Set both or none."
                        .into(),
                ));
            }
            (None, Some(_)) => {
                return Err(BadSetting(
                    "TENANTRY_ADMIN_PASSWORD is set, but TENANTRY_ADMIN_EMAIL is not. Set both or none."
                        .into(),
                ));
            }
        };
        let workers = layer.workers.unwrap_or(4);
        if !(1..=64).contains(&workers) {
            return Err(BadSetting(format!("TENANTRY_WORKERS is {workers}; it takes 1 to 64.")));
        }
        let retry_delays = layer
            .retry_seconds
            .as_deref()
            .unwrap_or("60,120")
            .split(',')
            .filter(|part| !part.trim().is_empty())
            .map(|part| {
                number("RETRY_SECONDS", part)
                    .and_then(|value| seconds("TENANTRY_RETRY_SECONDS", value, 0.0..=86_400.0))
            })
            .collect::<Result<_, _>>()?;
        let export_days = layer.export_days.unwrap_or(7);
        if !(1..=3650).contains(&export_days) {
            return Err(BadSetting(format!("TENANTRY_EXPORT_DAYS is {export_days}; it takes 1 to 3650.")));
        }
        let log_format = match layer.log_format.as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(other) => {
                return Err(BadSetting(format!("TENANTRY_LOG_FORMAT is {other:?}; it takes text or json.")));
            }
        };
        if layer.secret_key.is_some() && layer.secret_key_file.is_some() {
            return Err(BadSetting(
                "TENANTRY_SECRET_KEY and TENANTRY_SECRET_KEY_FILE are both set. Keep one of them.".into(),
            ));
        }
        if let Some(url) = &layer.public_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(BadSetting(format!(
                "TENANTRY_PUBLIC_URL is {url:?}; it starts with http:// or https://."
            )));
        }
        Ok(Settings {
            listen: listen_address(layer.listen.as_deref().unwrap_or("127.0.0.1:8080"))?,
            control: control::control_database(layer.database_url.as_deref(), &data_dir)?,
            data_dir,
            trusted_proxies: layer
                .trusted_proxies
                .as_deref()
                .unwrap_or_default()
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| {
                    part.parse().map_err(|cause| BadSetting(format!("TENANTRY_TRUSTED_PROXIES: {cause}.")))
                })
                .collect::<Result<_, _>>()?,
            public_url: layer.public_url.map(|url| url.trim_end_matches('/').to_owned()),
            secret_key: layer.secret_key.map(Secret),
            secret_key_file: layer.secret_key_file,
            templates_dir: layer.templates_dir,
            first_admin,
            workers,
            lease: seconds("TENANTRY_LEASE_SECONDS", layer.lease_seconds.unwrap_or(10.0), 0.2..=600.0)?,
            retry_delays,
            export_days,
            grace: days("TENANTRY_GRACE_DAYS", layer.grace_days.unwrap_or(7.0))?,
            snapshots_kept: days("TENANTRY_SNAPSHOT_DAYS", layer.snapshot_days.unwrap_or(30.0))?,
            drift_every: hours("TENANTRY_DRIFT_HOURS", layer.drift_hours.unwrap_or(24.0))?,
            log_format,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(pairs: &[(&str, &str)]) -> Result<Settings, BadSetting> {
        let pairs: Vec<_> =
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Settings::gather(Layer::default(), pairs.into_iter())
    }

    #[test]
    fn the_defaults_are_those_of_the_readme() {
        let settings = gather(&[]).unwrap();
        assert_eq!(settings.data_dir, PathBuf::from("data"));
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
        let ControlDatabase::File(file) = settings.control else { panic!("not in a file") };
        assert_eq!(file, PathBuf::from("data/control.db"));
        assert_eq!(settings.retry_delays, [Duration::from_mins(1), Duration::from_mins(2)]);
    }

    #[test]
    fn each_bad_setting_is_named_in_one_sentence() {
        for (pairs, part) in [
            (&[("TENANTRY_LISTEN", "nonsense")][..], "nonsense"),
            (&[("TENANTRY_LISTEN", "127.0.0.1:99999")], "99999"),
            (&[("TENANTRY_WORKERS", "many")], "TENANTRY_WORKERS"),
            (&[("TENANTRY_WORKERS", "0")], "1 to 64"),
            (&[("TENANTRY_EXPORT_DAYS", "0")], "1 to 3650"),
            (&[("TENANTRY_ADMIN_EMAIL", "a@b.c")], "TENANTRY_ADMIN_PASSWORD"),
            (&[("TENANTRY_DATABASE_URL", "mysql://u:secret@h")], "mysql"),
            (&[("TENANTRY_LOG_FORMAT", "xml")], "text or json"),
            (&[("TENANTRY_PUBLIC_URL", "example.org")], "http"),
            (&[("TENANTRY_TRUSTED_PROXIES", "10.0.0.0/8,proxy")], "\"proxy\" is no address"),
            (&[("TENANTRY_LEASE_SECONDS", "-1")], "TENANTRY_LEASE_SECONDS"),
            (&[("TENANTRY_RETRY_SECONDS", "1,x")], "TENANTRY_RETRY_SECONDS"),
            (&[("TENANTRY_DATADIR", "x")], "TENANTRY_DATA_DIR"),
            (&[("TENANTRY_CONFIG", "no-such-file.toml")], "no-such-file.toml"),
        ] {
            let said = gather(pairs).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }

    #[test]
    fn flags_come_before_variables_and_variables_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\nworkers = 7\ndata_dir = \"from-file\"\n").unwrap();
        let flags = Layer { listen: Some("127.0.0.1:3".into()), ..Layer::default() };
        let variables = [
            ("TENANTRY_CONFIG".to_owned(), path.display().to_string()),
            ("TENANTRY_LISTEN".to_owned(), "127.0.0.1:2".to_owned()),
            ("TENANTRY_WORKERS".to_owned(), "2".to_owned()),
        ];
        let settings = Settings::gather(flags, variables.into_iter()).unwrap();
        assert_eq!(settings.listen.port(), 3);
        assert_eq!(settings.workers, 2);
        assert_eq!(settings.data_dir, PathBuf::from("from-file"));
    }

    #[test]
    fn a_mistake_in_the_file_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.toml");
        std::fs::write(&path, "workers = 2\nlitsen = \"x\"\n").unwrap();
        let said = gather(&[("TENANTRY_CONFIG", &path.display().to_string())]).unwrap_err().to_string();
        assert!(said.contains("line 2") && said.contains("litsen"), "{said}");
    }
}
