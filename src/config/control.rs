//! Where the control database is: `TENANTRY_DATABASE_URL`.

use super::{BadSetting, Secret};
use std::{
    fmt,
    path::{Path, PathBuf},
};
use url::Url;

/// Where the control database is.
#[derive(Debug, Clone)]
pub enum ControlDatabase {
    /// In a file of this machine (`sqlite:PATH`).
    File(PathBuf),
    /// In a database of a server (`mysql://…`, `mariadb://…`, `postgres://…`).
    Server(ServerAddress),
}

/// What a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// MariaDB or MySQL.
    MariaDb,
    /// PostgreSQL.
    Postgres,
}

/// A database of a server, and how to come in. Shown, it is the server and the database and no more.
#[derive(Debug, Clone)]
pub struct ServerAddress {
    /// What the server runs.
    pub kind: ServerKind,
    url: Secret,
    shown: String,
}

impl ServerAddress {
    /// The whole address, with its password: for the driver only.
    pub fn url(&self) -> &str {
        &self.url.0
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

const TAKES: &str = "TENANTRY_DATABASE_URL takes sqlite:PATH, mysql://NAME:PASSWORD@HOST/DATABASE or postgres://NAME:PASSWORD@HOST/DATABASE";

/// Reads the setting; without it the control database is a file in the data folder. Nothing of an address is repeated but its
/// first word: it may hold a password.
pub(super) fn control_database(url: Option<&str>, data_dir: &Path) -> Result<ControlDatabase, BadSetting> {
    let Some(url) = url else { return Ok(ControlDatabase::File(data_dir.join("control.db"))) };
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.contains('?') || path.contains(":memory:") {
            return Err(BadSetting(format!("The database URL {url:?} names no file; write sqlite:PATH.")));
        }
        return Ok(ControlDatabase::File(PathBuf::from(path)));
    }
    let scheme = url.split(':').next().filter(|scheme| scheme.len() < url.len()).unwrap_or_default();
    let kind = match scheme {
        "mysql" | "mariadb" => ServerKind::MariaDb,
        "postgres" | "postgresql" => ServerKind::Postgres,
        _ => return Err(BadSetting(format!("The control database cannot be on {scheme:?}; {TAKES}."))),
    };
    let wrong =
        |what: &str| BadSetting(format!("The {scheme} address of the control database {what}; {TAKES}."));
    let read = Url::parse(url).map_err(|_| {
        wrong("cannot be read (special characters of a password are written as %40 and the like)")
    })?;
    let host = read.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("names no server"))?;
    let database = read.path().trim_matches('/');
    if database.is_empty() || database.contains('/') {
        return Err(wrong("names no database"));
    }
    let port = read.port().map(|port| format!(":{port}")).unwrap_or_default();
    let shown = format!("{database} on {host}{port}");
    Ok(ControlDatabase::Server(ServerAddress { kind, url: Secret(url.to_owned()), shown }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<ControlDatabase, BadSetting> {
        control_database(Some(url), Path::new("data"))
    }

    #[test]
    fn files_and_servers_are_told_apart() {
        let file = |url| match read(url).unwrap() {
            ControlDatabase::File(file) => file,
            ControlDatabase::Server(server) => panic!("{server}"),
        };
        assert_eq!(file("sqlite:a/b.db"), PathBuf::from("a/b.db"));
        assert_eq!(file("sqlite:///a/b.db"), PathBuf::from("/a/b.db"));
        let server = |url| match read(url).unwrap() {
            ControlDatabase::File(file) => panic!("{}", file.display()),
            ControlDatabase::Server(server) => (server.kind, server.to_string()),
        };
        assert_eq!(
            server("mariadb://u:p@db.example.org/control"),
            (ServerKind::MariaDb, "control on db.example.org".into())
        );
        assert_eq!(
            server("postgresql://u@[::1]:5433/control?sslmode=require"),
            (ServerKind::Postgres, "control on [::1]:5433".into())
        );
    }

    #[test]
    fn an_address_that_is_wrong_is_not_repeated() {
        for (url, part) in [
            ("oracle://u:secret@h/d", "oracle"),
            ("secret", "sqlite:PATH"),
            ("mysql://u:secret@h", "names no database"),
            ("postgres:///secret", "names no server"),
            ("postgres://u:secret@h:port/d", "cannot be read"),
            ("mysql://u:secret@h/a/b", "names no database"),
        ] {
            let said = read(url).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
            assert!(!said.contains("secret"), "{said}");
        }
        let debugged = format!("{:?}", read("mysql://u:hidden@h/d").unwrap());
        assert!(!debugged.contains("hidden"), "{debugged}");
    }
}
