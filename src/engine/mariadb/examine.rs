//! Trying a server out: what it is, and what the administrator's account may do on it.

use super::{MariaDb, accounts::RIGHTS, server::failed};
use crate::engine::{EngineError, Examined};
use sqlx::{MySqlConnection, Row};

/// The oldest versions on which each structure statement happens wholly or not at all.
const OLDEST_MARIADB: (u32, u32) = (10, 6);
const OLDEST_MYSQL: (u32, u32) = (8, 0);

/// What the administrator needs for himself, beyond what he gives to tenants' accounts: to see the connections of a tenant
/// that is shut out and to end them, and to make views and triggers for a tenant's account. Any one of each is enough, and
/// the first is what a grant says. Accounts can be made on MariaDB by whoever may write to every database.
const OWN_RIGHTS_MARIADB: [&[&str]; 3] = [&["PROCESS"], &["CONNECTION ADMIN"], &["SET USER"]];
const OWN_RIGHTS_MYSQL: [&[&str]; 4] =
    [&["CREATE USER"], &["PROCESS"], &["CONNECTION_ADMIN"], &["SET_USER_ID", "SET_ANY_DEFINER"]];
/// The same from the version on in which MySQL calls one otherwise, and does not know its old name for long.
const OWN_RIGHTS_NEW_MYSQL: [&[&str]; 4] =
    [&["CREATE USER"], &["PROCESS"], &["CONNECTION_ADMIN"], &["SET_ANY_DEFINER", "SET_USER_ID"]];
const NEW_MYSQL: (u32, u32) = (8, 2);

/// A server's product with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Product {
    is_mariadb: bool,
    version: (u32, u32),
    words: String,
}

/// Reads what `VERSION()` says, such as `10.11.6-MariaDB-0+deb12u1` or `8.0.36`.
fn product(text: &str) -> Product {
    let is_mariadb = text.to_ascii_lowercase().contains("mariadb");
    let number = text.split('-').next().unwrap_or(text);
    let mut parts = number.split('.').map(|part| part.parse().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    let name = if is_mariadb { "MariaDB" } else { "MySQL" };
    Product { is_mariadb, version, words: format!("{name} {number}") }
}

/// What an account may do everywhere on the server.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Grants {
    rights: Vec<String>,
    /// It may give away what it has.
    may_grant: bool,
}

/// Reads the lines of SHOW GRANTS; what is for single databases is left out.
fn grants(lines: &[String]) -> Grants {
    let mut found = Grants::default();
    for line in lines {
        let Some((rights, rest)) =
            line.strip_prefix("GRANT ").and_then(|line| line.split_once(" ON *.* TO "))
        else {
            continue;
        };
        let is_grant = rest.ends_with(" WITH GRANT OPTION");
        found.may_grant |= is_grant;
        found.rights.extend(rights.split(',').map(|right| right.trim().to_uppercase()));
    }
    found
}

impl Grants {
    fn has(&self, right: &str) -> bool {
        self.rights.iter().any(|found| found == right || found == "ALL PRIVILEGES")
    }
}

/// What is in the way, each with the statement that mends it. `account` is the administrator's, as statements name it.
fn problems(product: &Product, grants: &Grants, account: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let (oldest, name) =
        if product.is_mariadb { (OLDEST_MARIADB, "MariaDB") } else { (OLDEST_MYSQL, "MySQL") };
    if product.version < oldest {
        problems.push(format!(
            "{} is too old: tenants need {name} {}.{} or newer, which keeps a structure change whole when it is killed.",
            product.words, oldest.0, oldest.1
        ));
    }
    let mut lacks = |right: &str, option: &str| {
        problems.push(format!(
            "The administrator lacks the right {right}. As another administrator, run: GRANT {right} ON *.* TO {account}{option};"
        ));
    };
    for right in RIGHTS.iter().filter(|right| !grants.has(right)) {
        lacks(right, " WITH GRANT OPTION");
    }
    let of_product: &[&[&str]] = if product.is_mariadb {
        &OWN_RIGHTS_MARIADB
    } else if product.version < NEW_MYSQL {
        &OWN_RIGHTS_MYSQL
    } else {
        &OWN_RIGHTS_NEW_MYSQL
    };
    for rights in of_product {
        if !rights.iter().any(|right| grants.has(right)) {
            lacks(rights.first().unwrap_or(&""), "");
        }
    }
    if !grants.may_grant {
        problems.push(format!(
            "The administrator may not give tenants' accounts their rights. As another administrator, run: GRANT {} ON *.* TO {account} \
             WITH GRANT OPTION;",
            RIGHTS.join(", ")
        ));
    }
    problems
}

/// What a server is set to that is in the way.
fn bad_settings(is_read_only: bool, engine: &str, distrusts_triggers: bool) -> Vec<String> {
    let mut problems = Vec::new();
    if is_read_only {
        problems.push(
            "The server is read only. Use the one that it is a replica of, or run: SET GLOBAL read_only = 0;"
                .to_owned(),
        );
    }
    if !engine.eq_ignore_ascii_case("InnoDB") {
        problems.push(format!(
            "New tables are kept by {engine}, which knows no transactions. In the server's settings, set default_storage_engine = InnoDB."
        ));
    }
    if distrusts_triggers {
        problems.push(
            "The server keeps a binary log and lets only its own administrator make triggers. Run: SET GLOBAL \
             log_bin_trust_function_creators = 1; and set it in the server's settings."
                .to_owned(),
        );
    }
    problems
}

async fn granted(connection: &mut MySqlConnection) -> Result<Grants, EngineError> {
    let rows = sqlx::raw_sql("SHOW GRANTS").fetch_all(connection).await.map_err(failed)?;
    let lines: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get_unchecked(0)).collect();
    Ok(grants(&lines.map_err(failed)?))
}

/// Whether the administrator is shown the connections of others.
pub(super) async fn sees_all_connections(connection: &mut MySqlConnection) -> Result<bool, EngineError> {
    Ok(granted(connection).await?.has("PROCESS"))
}

/// `name@host` as statements name an account.
fn as_written(account: &str) -> String {
    let (name, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    format!("{}@{}", super::words::text(name), super::words::text(host))
}

impl MariaDb {
    /// Says what the server is, and what is in the way of tenants.
    pub(super) async fn try_out(&self) -> Result<Examined, EngineError> {
        let mut admin = self.admin().await?;
        let row = sqlx::query(
            "SELECT VERSION(), CURRENT_USER(), CAST(@@global.read_only AS SIGNED), @@default_storage_engine,
             CAST(@@log_bin AND NOT @@log_bin_trust_function_creators AS SIGNED)",
        )
        .fetch_one(&mut *admin)
        .await
        .map_err(failed)?;
        let text = |place: usize| row.try_get_unchecked::<String, _>(place).map_err(failed);
        let number = |place: usize| row.try_get_unchecked::<i64, _>(place).map_err(failed);
        let product = product(&text(0)?);
        let grants = granted(&mut admin).await?;
        let mut problems = problems(&product, &grants, &as_written(&text(1)?));
        problems.extend(bad_settings(number(2)? != 0, &text(3)?, number(4)? != 0));
        let scratch = super::scratch::count(&mut admin).await?;
        Ok(Examined { product: product.words, problems, scratch })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_their_versions_are_told_apart() {
        let found = product("10.11.6-MariaDB-0+deb12u1");
        assert_eq!(
            (found.is_mariadb, found.version, found.words.as_str()),
            (true, (10, 11), "MariaDB 10.11.6")
        );
        let found = product("8.0.36-0ubuntu0.22.04.1");
        assert_eq!((found.is_mariadb, found.version, found.words.as_str()), (false, (8, 0), "MySQL 8.0.36"));
    }

    #[test]
    fn old_servers_are_refused() {
        let all = Grants { rights: vec!["ALL PRIVILEGES".to_owned()], may_grant: true };
        for (version, is_old) in [
            ("10.5.23-MariaDB", true),
            ("10.6.0-MariaDB", false),
            ("11.4.2-MariaDB", false),
            ("5.7.44", true),
            ("8.0.11", false),
            ("9.1.0", false),
        ] {
            assert_eq!(problems(&product(version), &all, "'a'@'%'").len(), usize::from(is_old), "{version}");
        }
    }

    #[test]
    fn rights_of_mysql_come_in_several_lines() {
        let mut rights = RIGHTS.join(", ");
        rights.push_str(", CREATE USER, PROCESS");
        let mut lines = vec![
            format!("GRANT {rights} ON *.* TO `a`@`%` WITH GRANT OPTION"),
            "GRANT CONNECTION_ADMIN,SET_ANY_DEFINER ON *.* TO `a`@`%`".to_owned(),
        ];
        assert!(problems(&product("8.4.0"), &grants(&lines), "'a'@'%'").is_empty());
        lines.pop();
        let found = problems(&product("8.4.0"), &grants(&lines), "'a'@'%'");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|problem| problem.contains("GRANT CONNECTION_ADMIN ON *.* TO 'a'@'%';")));
        // Rights on one database are no rights on the server.
        let of_one = ["GRANT ALL PRIVILEGES ON `x`.* TO `a`@`%` WITH GRANT OPTION".to_owned()];
        assert_eq!(grants(&of_one), Grants::default());
    }
}
