//! Database servers that tenants are placed on.

use super::db::{Connection, Result, Row, sql, sql_of};
use crate::engine::server::{Isolation, Product, TlsMode};
use std::fmt;
use uuid::Uuid;

/// Where a server is and who Tenantry is there.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// A name, an address, or the folder of a socket (it begins with a slash).
    pub host: String,
    /// The port.
    pub port: u16,
    /// The administrator's account.
    pub admin_name: String,
    /// Its password, sealed for the server's row.
    pub admin_password: String,
    /// The database that the administrator asks from, where the engine wants one.
    pub admin_database: Option<String>,
    /// How connections are protected.
    pub tls_mode: TlsMode,
    /// Certificates that are believed, as PEM, besides those of the system.
    pub tls_authority: Option<String>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// How much a server takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// A label, such as `eu`.
    pub region: Option<String>,
    /// Tenants at most.
    pub capacity: Option<u32>,
    /// Its share: a server of 200 takes twice the tenants of one of 100.
    pub weight: u32,
    /// Connections at most, for all tenants together.
    pub connections: u32,
}

/// How a server was when it was tried last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// When, in milliseconds.
    pub tried_ms: i64,
    /// What it said that it is.
    pub product: Option<String>,
    /// What was in the way.
    pub problem: Option<String>,
    /// Scratch databases that were there; `None` where it did not answer.
    pub scratch: Option<i64>,
}

/// A server.
#[derive(Debug, Clone)]
pub struct Server {
    /// Identifies it.
    pub id: Uuid,
    /// Its name: small letters, digits and dashes.
    pub name: String,
    /// What it runs.
    pub product: Product,
    /// How it is reached.
    pub access: Access,
    /// How much it takes.
    pub room: Room,
    /// How tenants are kept apart there.
    pub isolation: Isolation,
    /// Whether it takes no new tenants.
    pub is_draining: bool,
    /// How it was when it was tried last.
    pub tried: Option<Tried>,
    /// When its row changed last: what was opened before is opened anew.
    pub changed_ms: i64,
    /// When it was added.
    pub created_ms: i64,
    /// Tenants on it that are not removed.
    pub tenants: u32,
}

impl Server {
    /// Whether it has no place left.
    pub fn is_full(&self) -> bool {
        self.room.capacity.is_some_and(|capacity| self.tenants >= capacity)
    }

    /// Whether it was out of order when it was tried last.
    pub fn is_in_trouble(&self) -> bool {
        self.tried.as_ref().is_some_and(|tried| tried.problem.is_some())
    }
}

const COLUMNS: &str = "s.id, s.name, s.engine, s.host, s.port, s.admin_name, s.admin_password, s.admin_database, s.region, s.capacity,
    s.weight, s.connections, s.tls_mode, s.tls_authority, s.isolation, s.is_draining, s.product, s.problem, s.tried_ms, s.scratch, s.changed_ms,
    s.created_ms,
    (SELECT COUNT(*) FROM tenants t WHERE t.server_id = s.id AND t.status <> 'deleted') AS tenants";

fn server(row: &Row) -> Result<Server> {
    let number = |column: &str| -> Result<u32> { Ok(u32::try_from(row.int(column)?).unwrap_or(u32::MAX)) };
    let tried = match row.maybe_int("tried_ms")? {
        Some(tried_ms) => {
            let (product, problem) = (row.maybe_text("product")?, row.maybe_text("problem")?);
            Some(Tried { tried_ms, product, problem, scratch: row.maybe_int("scratch")? })
        }
        None => None,
    };
    Ok(Server {
        id: row.parse("id")?,
        name: row.text("name")?,
        product: row.parse("engine")?,
        access: Access {
            host: row.text("host")?,
            port: u16::try_from(row.int("port")?).unwrap_or_default(),
            admin_name: row.text("admin_name")?,
            admin_password: row.text("admin_password")?,
            admin_database: row.maybe_text("admin_database")?,
            tls_mode: row.parse("tls_mode")?,
            tls_authority: row.maybe_text("tls_authority")?,
        },
        room: Room {
            region: row.maybe_text("region")?,
            capacity: row.maybe_int("capacity")?.map(|capacity| u32::try_from(capacity).unwrap_or(u32::MAX)),
            weight: number("weight")?,
            connections: number("connections")?,
        },
        isolation: row.parse("isolation")?,
        is_draining: row.flag("is_draining")?,
        tried,
        changed_ms: row.int("changed_ms")?,
        created_ms: row.int("created_ms")?,
        tenants: number("tenants")?,
    })
}

/// Adds a server. A name that is taken makes a duplicate error ([`super::StoreError::is_duplicate`]).
pub async fn add(connection: &mut Connection, new: &Server) -> Result<()> {
    let tried = new.tried.as_ref();
    sql("INSERT INTO servers (id, name, engine, host, port, admin_name, admin_password, admin_database, tls_mode, tls_authority,
                              region, capacity, weight, connections, isolation, product, problem, tried_ms, changed_ms, created_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    .bind(new.id)
    .bind(&new.name)
    .bind(new.product.word())
    .bind(&new.access.host)
    .bind(i64::from(new.access.port))
    .bind(&new.access.admin_name)
    .bind(&new.access.admin_password)
    .bind(new.access.admin_database.clone())
    .bind(new.access.tls_mode.word())
    .bind(new.access.tls_authority.clone())
    .bind(new.room.region.clone())
    .bind(new.room.capacity.map(i64::from))
    .bind(i64::from(new.room.weight))
    .bind(i64::from(new.room.connections))
    .bind(new.isolation.word())
    .bind(tried.and_then(|tried| tried.product.clone()))
    .bind(tried.and_then(|tried| tried.problem.clone()))
    .bind(tried.map(|tried| tried.tried_ms))
    .bind(new.changed_ms)
    .bind(new.created_ms)
    .run(connection)
    .await?;
    Ok(())
}

/// All servers, by name.
pub async fn all(connection: &mut Connection) -> Result<Vec<Server>> {
    sql_of(format!("SELECT {COLUMNS} FROM servers s ORDER BY s.name"))
        .all(connection)
        .await?
        .iter()
        .map(server)
        .collect()
}

/// The name of the key that servers' secrets are encrypted with, where there is any server: the second part of what is
/// sealed.
pub async fn key_name(connection: &mut Connection) -> Result<Option<String>> {
    let row = sql("SELECT admin_password FROM servers LIMIT 1").first(connection).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(row.text("admin_password")?.split(':').nth(1).map(str::to_owned))
}

/// Servers that could not be used when they were tried last, by name with what was in the way.
pub async fn troubled(connection: &mut Connection, limit: u32) -> Result<Vec<(String, String)>> {
    sql("SELECT name, problem FROM servers WHERE problem IS NOT NULL ORDER BY name LIMIT ?")
        .bind(limit)
        .all(connection)
        .await?
        .iter()
        .map(|row| Ok((row.text("name")?, row.text("problem")?)))
        .collect()
}

/// A server by its name.
pub async fn by_name(connection: &mut Connection, name: &str) -> Result<Option<Server>> {
    let query = sql_of(format!("SELECT {COLUMNS} FROM servers s WHERE s.name = ?")).bind(name);
    query.first(connection).await?.as_ref().map(server).transpose()
}

/// A server by its id.
pub async fn by_id(connection: &mut Connection, id: Uuid) -> Result<Option<Server>> {
    let query = sql_of(format!("SELECT {COLUMNS} FROM servers s WHERE s.id = ?")).bind(id);
    query.first(connection).await?.as_ref().map(server).transpose()
}

/// Notes how it was when it was tried.
pub async fn set_tried(connection: &mut Connection, id: Uuid, tried: &Tried) -> Result<()> {
    sql("UPDATE servers SET product = COALESCE(?, product), problem = ?, tried_ms = ?, scratch = ? WHERE id = ?")
        .bind(tried.product.clone())
        .bind(tried.problem.clone())
        .bind(tried.tried_ms)
        .bind(tried.scratch)
        .bind(id)
        .run(connection)
        .await?;
    Ok(())
}

/// Whether it takes new tenants.
pub async fn set_draining(connection: &mut Connection, id: Uuid, is_draining: bool) -> Result<bool> {
    let changed = sql("UPDATE servers SET is_draining = ? WHERE id = ? AND is_draining <> ?")
        .bind(i64::from(is_draining))
        .bind(id)
        .bind(i64::from(is_draining))
        .run(connection)
        .await?;
    Ok(changed == 1)
}

/// Gives it another access and room, unless somebody else has changed it since `changed_ms`; false where that is so.
pub async fn change(
    connection: &mut Connection,
    id: Uuid,
    (access, room): (&Access, &Room),
    changed_ms: i64,
    now_ms: i64,
) -> Result<bool> {
    let changed = sql("UPDATE servers SET host = ?, port = ?, admin_name = ?, admin_password = ?, admin_database = ?, tls_mode = ?,
             tls_authority = ?, region = ?, capacity = ?, weight = ?, connections = ?, changed_ms = ?
         WHERE id = ? AND changed_ms = ?")
    .bind(&access.host)
    .bind(i64::from(access.port))
    .bind(&access.admin_name)
    .bind(&access.admin_password)
    .bind(access.admin_database.clone())
    .bind(access.tls_mode.word())
    .bind(access.tls_authority.clone())
    .bind(room.region.clone())
    .bind(room.capacity.map(i64::from))
    .bind(i64::from(room.weight))
    .bind(i64::from(room.connections))
    .bind(now_ms.max(changed_ms + 1))
    .bind(id)
    .bind(changed_ms)
    .run(connection)
    .await?;
    Ok(changed == 1)
}

/// Removes a server that no tenant is on; false where one is, or there is no such server.
pub async fn remove(connection: &mut Connection, id: Uuid) -> Result<bool> {
    let removed = sql("DELETE FROM servers WHERE id = ?
         AND NOT EXISTS (SELECT 1 FROM tenants t WHERE t.server_id = servers.id AND t.status <> 'deleted')")
    .bind(id)
    .run(connection)
    .await?;
    Ok(removed == 1)
}
