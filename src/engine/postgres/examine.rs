//! Trying a server out: what is missing of what tenants need.

use super::{
    marks::SCRATCH,
    names::identifier,
    server::{Postgres, failed},
};
use crate::engine::{EngineError, Examined};
use sqlx::{PgConnection, Row, postgres::PgRow};

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

/// What of the administrator's own database lets in whom it should not, or keeps out whom it should let in.
const SHARED: &str = "
SELECT d.datname::text, has_database_privilege(d.oid, 'CREATE'), pg_has_role(d.datdba, 'USAGE'),
       pg_encoding_to_char(d.encoding)::text,
       ARRAY(SELECT nspname::text FROM pg_namespace n
             WHERE nspname NOT IN ('pg_catalog', 'information_schema')
               AND NOT (nspname = 'public' AND pg_has_role(nspowner, 'USAGE')) AND EXISTS (
                   SELECT 1 FROM aclexplode(nspacl) AS a WHERE a.grantee = 0)
             ORDER BY nspname),
       d.datistemplate OR d.datname = 'postgres'
FROM pg_database d WHERE d.datname = current_database()";

/// What closes the schema `public` of the administrator's own database; `None` where it is closed or not the administrator's.
pub(super) async fn close_public(admin: &mut PgConnection) -> Result<Option<String>, EngineError> {
    let open = sqlx::query(
        "SELECT 1 FROM pg_namespace n, aclexplode(n.nspacl) AS a
         WHERE n.nspname = 'public' AND a.grantee = 0 AND pg_has_role(n.nspowner, 'USAGE')",
    );
    let open = open.fetch_optional(admin).await.map_err(failed)?;
    Ok(open.map(|_| "REVOKE ALL ON SCHEMA public FROM PUBLIC".to_owned()))
}

impl Postgres {
    /// Tries the server out.
    pub(super) async fn examine_server(&self) -> Result<Examined, EngineError> {
        let mut admin = self.admin().await?;
        let row = sqlx::query(QUESTION).fetch_one(&mut *admin).await.map_err(failed)?;
        let version: String = row.try_get(0).map_err(failed)?;
        let open = is_open_to_public(&mut admin).await?;
        let mut problems = missing(&row, self.has_schemas()).map_err(failed)?;
        if self.has_schemas() {
            let row = sqlx::query(SHARED).fetch_one(&mut *admin).await.map_err(failed)?;
            let account = self.options.get_username();
            problems.extend(missing_of_database(&row, account).map_err(failed)?);
        }
        if let Some((database, false)) = open {
            problems.push(format!(
                "Every account may enter the database {database}. Its owner closes it with: REVOKE CONNECT ON DATABASE {} FROM PUBLIC;",
                identifier(&database)
            ));
        }
        let number = version.split(' ').next().unwrap_or_default();
        let scratch = self.beginning(&mut admin, &[self.start(SCRATCH)]).await?.len() as u64;
        Ok(Examined { product: format!("PostgreSQL {number}"), problems, scratch })
    }
}

/// What the database lacks that tenants share.
fn missing_of_database(row: &PgRow, account: &str) -> Result<Vec<String>, sqlx::Error> {
    let mut problems = Vec::new();
    let database: String = row.try_get(0)?;
    let (of, role) = (identifier(&database), identifier(account));
    if row.try_get(5)? {
        problems.push(format!(
            "Tenants' schemas need a database that nothing else is in, and {database} is one of the server's own. Make one with: CREATE DATABASE tenants OWNER {role}; and name it at the end of the address."
        ));
        return Ok(problems);
    }
    if !row.try_get::<bool, _>(1)? {
        problems.push(format!(
            "The account {account} may not make schemas. The owner of the database gives it that with: GRANT CREATE ON DATABASE {of} TO {role};"
        ));
    }
    if !row.try_get::<bool, _>(2)? {
        problems.push(format!(
            "The account {account} cannot let tenants into the database {database}. A superuser makes it the owner with: ALTER DATABASE {of} OWNER TO {role};"
        ));
    }
    let encoding: String = row.try_get(3)?;
    if encoding != "UTF8" {
        problems.push(format!(
            "The database {database} is in {encoding}. Make another one with: CREATE DATABASE tenants OWNER {role} ENCODING 'UTF8' TEMPLATE template0;"
        ));
    }
    for schema in row.try_get::<Vec<String>, _>(4)? {
        problems.push(format!(
            "Every account that may enter the database may use its schema {schema}. A superuser closes it with: REVOKE ALL ON SCHEMA {} FROM PUBLIC;",
            identifier(&schema)
        ));
    }
    Ok(problems)
}

fn missing(row: &PgRow, has_schemas: bool) -> Result<Vec<String>, sqlx::Error> {
    let mut problems = Vec::new();
    if row.try_get::<i32, _>(1)? < OLDEST {
        problems.push("The server is older than PostgreSQL 14. Upgrade it.".to_owned());
    }
    let account: String = row.try_get(2)?;
    let role = identifier(&account);
    let is_superuser: bool = row.try_get(3)?;
    if !is_superuser && !has_schemas && !row.try_get::<bool, _>(4)? {
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
    if !has_schemas && encoding != "UTF8" && !["C", "POSIX"].contains(&collation.as_str()) {
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
