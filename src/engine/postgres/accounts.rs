//! Roles: one for each tenant, and passing ones of ours for work on a database that its own role cannot enter.

use super::{
    names::{identifier, text},
    server::{Entry, Held, Postgres, code, failed, is_dropped_meanwhile},
};
use crate::engine::{DatabaseName, EngineError, server::Isolation};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};
use std::fmt::Write;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

/// Rounds of SCRAM-SHA-256 for tenants' passwords: PostgreSQL's own number, and the fewest that some clients take.
const ROUNDS: u32 = 4096;
/// For passwords of passing roles. Rounds make guessing slow; 192 random bits are not guessed.
const PASSING_ROUNDS: u32 = 1;

/// What the name begins with of the role that all tenants in the schemas of a database are members of. It has the right to
/// come into the database, and nothing else.
const TENANTS: &str = "tenantry-tenants-";

/// What the name of a passing role begins with. Names of tenants' databases and roles have no dashes.
pub(super) const GUEST: &str = "tenantry-guest-";

/// What no role of ours may do.
const NOTHING_ELSE: &str = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE";

fn sign(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key of HMAC may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// What the server keeps of a password and takes instead of it (RFC 5803): so no statement has the password in it.
fn verifier(password: &str, salt: &[u8], rounds: u32) -> String {
    let mut round = sign(password.as_bytes(), &[salt, &1_u32.to_be_bytes()]);
    let mut salted = round;
    for _ in 1..rounds {
        round = sign(password.as_bytes(), &[&round]);
        for (all, one) in salted.iter_mut().zip(round) {
            *all ^= one;
        }
    }
    let stored = Sha256::digest(sign(&salted, &[b"Client Key"]));
    let server = sign(&salted, &[b"Server Key"]);
    let encode = |bytes: &[u8]| STANDARD.encode(bytes);
    format!("SCRAM-SHA-256${rounds}:{}${}:{}", encode(salt), encode(&stored), encode(&server))
}

/// A password in the form in which a statement may have it, in quotes.
fn password(secret: &str, rounds: u32) -> Result<String, EngineError> {
    if secret.is_empty() || !secret.chars().all(|sign| sign.is_ascii_alphanumeric()) {
        return Err(EngineError::OutOfReach("A tenant's password has signs that it cannot have.".into()));
    }
    let salt: [u8; 16] = rand::random();
    Ok(text(&verifier(secret, &salt, rounds)))
}

/// A password that nobody but this process knows.
pub(super) fn random_password() -> String {
    let bytes: [u8; 24] = rand::random();
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What a tenant's role has as its comment.
fn mark(tenant: Uuid) -> String {
    format!("The account of Tenantry's tenant {tenant}")
}

/// A role for passing work on one database; dropped by [`Postgres::leave`], or later by the sweep.
pub(super) struct Guest {
    pub(super) name: String,
    pub(super) container: String,
    pub(super) held: Held,
}

impl Postgres {
    /// The role that all tenants in schemas here are members of.
    pub(super) fn tenants_role(&self) -> String {
        format!("{}all", self.start(TENANTS))
    }

    /// The statements that make a passing role.
    pub(super) async fn passing_role(
        &self,
        admin: &mut PgConnection,
        name: &str,
        secret: &str,
    ) -> Result<String, EngineError> {
        self.role_statements(admin, name, &password(secret, PASSING_ROUNDS)?).await
    }

    /// The statements that make a role that can log in.
    async fn role_statements(
        &self,
        admin: &mut PgConnection,
        name: &str,
        password: &str,
    ) -> Result<String, EngineError> {
        self.prepare_database(admin).await?;
        let role = identifier(name);
        let mut sql = format!("CREATE ROLE {role} {NOTHING_ELSE} PASSWORD {password};\n");
        if !self.is_superuser(admin).await? {
            // To end its connections, and to make others members of it.
            let _ = writeln!(sql, "GRANT {role} TO CURRENT_USER;");
        }
        sql.push_str(&self.membership(name));
        Ok(sql)
    }

    /// The statement that lets a role into the database that tenants share, where they do.
    fn membership(&self, name: &str) -> String {
        if !self.has_schemas() {
            return String::new();
        }
        format!("GRANT {} TO {};\n", identifier(&self.tenants_role()), identifier(name))
    }

    /// The statement after which a tenant's application finds its own tables.
    fn search_path(&self, name: &str) -> String {
        if !self.has_schemas() {
            return String::new();
        }
        let (role, database) = (identifier(name), identifier(self.own_database()));
        format!("ALTER ROLE {role} IN DATABASE {database} SET search_path = {role};\n")
    }

    /// The statements that make a tenant's role, or give it its password again and take from it what it had while its
    /// database was made.
    pub(super) async fn tenant_role(
        &self,
        admin: &mut PgConnection,
        name: &DatabaseName,
        tenant: Uuid,
        secret: &str,
    ) -> Result<String, EngineError> {
        let role = identifier(name.as_str());
        let found = sqlx::query(
            "SELECT shobj_description(r.oid, 'pg_authid'),
                    ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                          WHERE m.member = r.oid)
             FROM pg_roles r WHERE r.rolname = $1",
        )
        .bind(name.as_str())
        .fetch_optional(&mut *admin)
        .await
        .map_err(failed)?;
        let Some(found) = found else {
            let make = self.role_statements(admin, name.as_str(), &password(secret, ROUNDS)?).await?;
            let path = self.search_path(name.as_str());
            return Ok(format!("{make}COMMENT ON ROLE {role} IS {};\n{path}", text(&mark(tenant))));
        };
        self.prepare_database(admin).await?;
        let comment: Option<String> = found.try_get(0).map_err(failed)?;
        if comment.as_deref() != Some(&mark(tenant)) {
            return Err(EngineError::Foreign(format!("There is already a role {name} on the server")));
        }
        let mut sql = format!("ALTER ROLE {role} PASSWORD {};\n", password(secret, ROUNDS)?);
        for group in found.try_get::<Vec<String>, _>(1).map_err(failed)? {
            let _ = writeln!(sql, "REVOKE {} FROM {role};", identifier(&group));
        }
        sql.push_str(&self.membership(name.as_str()));
        sql.push_str(&self.search_path(name.as_str()));
        Ok(sql)
    }

    /// Gives a tenant's role a password.
    pub(super) async fn give_password(
        &self,
        admin: &mut PgConnection,
        name: &DatabaseName,
        secret: &str,
    ) -> Result<(), EngineError> {
        let sql = format!("ALTER ROLE {} PASSWORD {}", identifier(name.as_str()), password(secret, ROUNDS)?);
        self.run(admin, sql).await
    }

    /// Drops a tenant's role, if it is there and is the tenant's.
    pub(super) async fn drop_tenant_role(
        &self,
        admin: &mut PgConnection,
        name: &DatabaseName,
        tenant: Uuid,
    ) -> Result<(), EngineError> {
        let found = sqlx::query(
            "SELECT 1 FROM pg_roles WHERE rolname = $1 AND shobj_description(oid, 'pg_authid') = $2",
        )
        .bind(name.as_str())
        .bind(mark(tenant))
        .fetch_optional(&mut *admin)
        .await
        .map_err(failed)?;
        if found.is_none() {
            return Ok(());
        }
        if self.has_schemas() {
            // In the database that tenants share, it may have more than what was in its schema.
            self.end_connections(admin, name.as_str(), name.as_str()).await?;
            return self.drop_guest(admin, name.as_str(), &[]).await;
        }
        self.run(admin, format!("DROP ROLE IF EXISTS {}", identifier(name.as_str()))).await
    }

    /// Enters a database or schema with the rights of its tenant's role, whatever that role's password is and whether it may
    /// enter.
    /// Whoever asks is alone on what the short text stands for.
    pub(super) async fn enter_as_guest(
        &self,
        admin: &mut PgConnection,
        place: OwnedSemaphorePermit,
        container: &str,
        (role, short): (&str, &str),
    ) -> Result<Guest, EngineError> {
        let random: [u8; 6] = rand::random();
        let random = random.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        let name = format!("{}{short}-{random:012x}", self.start(GUEST));
        let secret = random_password();
        let make = self.passing_role(admin, &name, &secret).await?;
        let (guest, of) = (identifier(&name), identifier(container));
        let (enter, acts_as) = match self.isolation {
            Isolation::Database => ("CONNECT ON DATABASE", Some(role)),
            // The role itself may not enter a schema that was shut away.
            Isolation::Schema => ("USAGE ON SCHEMA", None),
        };
        let sql = format!("{make}GRANT {} TO {guest};\nGRANT {enter} {of} TO {guest};", identifier(role));
        self.run(admin, sql).await?;
        let home = self.home(container, role);
        let entry = Entry { home: &home, account: &name, password: &secret, acts_as };
        match self.enter_or_fail(place, entry).await {
            Ok(held) => Ok(Guest { name, container: container.to_owned(), held }),
            Err(cause) => {
                let _ = self.drop_guest(admin, &name, &[container.to_owned()]).await;
                Err(cause)
            }
        }
    }

    /// Ends a guest's session, and the guest.
    pub(super) async fn leave(
        &self,
        admin: &mut PgConnection,
        guest: Guest,
    ) -> Result<Option<OwnedSemaphorePermit>, EngineError> {
        let place = guest.held.close_with(admin).await;
        self.drop_guest(admin, &guest.name, &[guest.container]).await?;
        Ok(place)
    }

    /// Drops a passing role that has nothing but the right to enter these databases, or what it has in the database that
    /// tenants share.
    pub(super) async fn drop_guest(
        &self,
        admin: &mut PgConnection,
        name: &str,
        databases: &[String],
    ) -> Result<(), EngineError> {
        let role = identifier(name);
        let mut sql = String::new();
        if self.has_schemas() {
            let _ = writeln!(sql, "SET LOCAL client_min_messages = error; DROP OWNED BY {role} CASCADE;");
        }
        for database in databases.iter().filter(|_| !self.has_schemas()) {
            let _ = writeln!(sql, "REVOKE ALL ON DATABASE {} FROM {role};", identifier(database));
        }
        let dropped = self.try_run(admin, format!("{sql}DROP ROLE {role};")).await?;
        match dropped {
            // Another sweep was quicker, or the database is gone.
            Err(cause)
                if code(&cause).is_some_and(|code| code == "42704" || code == "3D000")
                    || is_dropped_meanwhile(&cause) =>
            {
                self.run(admin, format!("DROP ROLE IF EXISTS {role}")).await
            }
            other => other.map_err(failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_kept_as_the_server_itself_would_keep_it() {
        // RFC 7677's example: its proofs are made of these keys.
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        assert_eq!(
            verifier("pencil", &salt, ROUNDS),
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        );
        assert!(password("it's", 1).is_err() && password("", 1).is_err());
    }
}
