//! Trying a server out: what is missing of what tenants need.

use super::{
    names::identifier,
    server::{Postgres, failed},
};
use crate::engine::{EngineError, Examined};
use sqlx::{PgConnection, Row};

/// Oldest version of the server, as it numbers them.
const OLDEST: i32 = 140_000;

const QUESTION: &str = "
SELECT current_setting('server_version'), current_setting('server_version_num')::integer,
       r.rolname::text, r.rolsuper, r.rolcreatedb, r.rolcreaterole,
       EXISTS (SELECT 1 FROM pg_collation WHERE collprovider = 'i'),
       pg_encoding_to_char(t.encoding)::text, t.datcollate::text, pg_is_in_recovery()
FROM pg_roles r, pg_database t WHERE r.rolname = current_user AND t.datname = 'template0'";

/// The administrator's own database where everybody may enter it, and whether the administrator may change that.
pub(super) async fn is_open_to_public(
    admin: &mut PgConnection,
) -> Result<Option<(String, bool)>, EngineError> {
    let row = sqlx::query(
        "SELECT datname::text, pg_has_role(datdba, 'USAGE') FROM pg_database d
         WHERE datname = current_database() AND EXISTS (
             SELECT 1 FROM aclexplode(COALESCE(datacl, acldefault('d', datdba))) AS a
             WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT')",
    )
    .fetch_optional(admin)
    .await
    .map_err(failed)?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose().map_err(failed)
}

impl Postgres {
    /// Tries the server out.
    pub(super) async fn examine_server(&self) -> Result<Examined, EngineError> {
        let mut admin = self.admin().await?;
        let row = sqlx::query(QUESTION).fetch_one(&mut *admin).await.map_err(failed)?;
        let version: String = row.try_get(0).map_err(failed)?;
        let open = is_open_to_public(&mut admin).await?;
        let mut problems = missing(&row).map_err(failed)?;
        if let Some((database, false)) = open {
            problems.push(format!(
                "Every account may enter the database {database}. Its owner closes it with: REVOKE CONNECT ON DATABASE {} FROM PUBLIC;",
                identifier(&database)
            ));
        }
        let number = version.split(' ').next().unwrap_or_default();
        Ok(Examined { product: format!("PostgreSQL {number}"), problems })
    }
}

fn missing(row: &sqlx::postgres::PgRow) -> Result<Vec<String>, sqlx::Error> {
    let mut problems = Vec::new();
    if row.try_get::<i32, _>(1)? < OLDEST {
        problems.push("The server is older than PostgreSQL 14. Upgrade it.".to_owned());
    }
    let account: String = row.try_get(2)?;
    let role = identifier(&account);
    let is_superuser: bool = row.try_get(3)?;
    if !is_superuser && !row.try_get::<bool, _>(4)? {
        problems.push(format!(
            "The account {account} may not make databases. A superuser gives it that with: ALTER ROLE {role} CREATEDB;"
        ));
    }
    if !is_superuser && !row.try_get::<bool, _>(5)? {
        problems.push(format!(
            "The account {account} may not make accounts. A superuser gives it that with: ALTER ROLE {role} CREATEROLE;"
        ));
    }
    if !row.try_get::<bool, _>(6)? {
        problems.push(
            "The server was built without ICU, which texts without case need. Install a build that has it."
                .to_owned(),
        );
    }
    let (encoding, collation): (String, String) = (row.try_get(7)?, row.try_get(8)?);
    if encoding != "UTF8" && !["C", "POSIX"].contains(&collation.as_str()) {
        problems.push(format!(
            "The server's databases are in {encoding}, and its locale {collation} lets none be in UTF-8. Make the server anew with: initdb --encoding=UTF8"
        ));
    }
    if row.try_get(9)? {
        problems
            .push("The server is a standby, which only reads. Use the address of its primary.".to_owned());
    }
    Ok(problems)
}
