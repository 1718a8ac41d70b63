//! People who sign in.

use super::db::{Connection, Result, Row, StoreError, sql, sql_of};
use uuid::Uuid;

/// What a person may do; `usecases::permissions` holds the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Creates and sees tenants.
    Staff,
    /// Everything.
    Admin,
    /// Their own tenants.
    Owner,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 3] = [Role::Staff, Role::Admin, Role::Owner];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Role::Staff => "staff",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        match word {
            "staff" => Ok(Role::Staff),
            "admin" => Ok(Role::Admin),
            "owner" => Ok(Role::Owner),
            other => Err(format!("unknown role {other}")),
        }
    }
}

/// A person.
#[derive(Debug, Clone)]
pub struct User {
    /// Identifies the person.
    pub id: Uuid,
    /// Folded to lower case.
    pub email: String,
    /// For showing.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// argon2id, as a PHC string; empty for somebody who was invited and has not chosen a password yet.
    pub password_hash: String,
    /// A person who was switched off cannot sign in.
    pub is_active: bool,
}

impl User {
    /// Whether the person was invited and has not chosen a password yet.
    pub fn is_invited(&self) -> bool {
        self.password_hash.is_empty()
    }
}

pub(super) fn user(row: &Row) -> Result<User> {
    Ok(User {
        id: row.parse("id")?,
        email: row.text("email")?,
        name: row.text("name")?,
        role: row.parse("role")?,
        password_hash: row.text("password_hash")?,
        is_active: row.flag("is_active")?,
    })
}

/// Adds a person.
pub async fn add(connection: &mut Connection, user: &User, now_ms: i64) -> Result<()> {
    sql("INSERT INTO users (id, email, name, role, password_hash, created_ms) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(user.id)
        .bind(&user.email)
        .bind(&user.name)
        .bind(user.role.word())
        .bind(&user.password_hash)
        .bind(now_ms)
        .run(connection)
        .await?;
    Ok(())
}

/// Whether anybody can administer this installation yet.
pub async fn has_admin(connection: &mut Connection) -> Result<bool> {
    Ok(sql("SELECT id FROM users WHERE role = 'admin' AND password_hash <> '' LIMIT 1")
        .first(connection)
        .await?
        .is_some())
}

/// Whether somebody else than this person can administer this installation now.
pub async fn has_other_admin(connection: &mut Connection, than: Uuid) -> Result<bool> {
    Ok(sql("SELECT id FROM users WHERE role = 'admin' AND is_active = 1 AND password_hash <> '' AND id <> ? LIMIT 1")
        .bind(than)
        .first(connection)
        .await?
        .is_some())
}

/// A person by e-mail (folded to lower case by the caller).
pub async fn by_email(connection: &mut Connection, email: &str) -> Result<Option<User>> {
    sql("SELECT * FROM users WHERE email = ?")
        .bind(email)
        .first(connection)
        .await?
        .as_ref()
        .map(user)
        .transpose()
}

/// A person by id.
pub async fn by_id(connection: &mut Connection, id: Uuid) -> Result<Option<User>> {
    sql("SELECT * FROM users WHERE id = ?").bind(id).first(connection).await?.as_ref().map(user).transpose()
}

/// A person in the list of people.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The person.
    pub user: User,
    /// When the person last used the program.
    pub seen_ms: Option<i64>,
    /// The person's link, good or not.
    pub link_expires_ms: Option<i64>,
    /// How many tenants the person owns.
    pub tenants: i64,
}

/// People whose name or e-mail holds a text, of one role or of all, by name; at most `limit`.
pub async fn list(
    connection: &mut Connection,
    search: &str,
    role: Option<Role>,
    limit: u32,
) -> Result<Vec<Listed>> {
    let pattern = format!("%{}%", search.replace('!', "!!").replace('%', "!%").replace('_', "!_"));
    let roles = role.map_or(Role::ALL.map(Role::word), |role| [role.word(); 3]);
    let [first, second, third] = roles;
    let holds = super::search::condition_on_person(connection.backend());
    sql_of(format!(
        "SELECT u.*, l.expires_ms AS link_expires_ms,
            (SELECT COUNT(*) FROM tenant_owners o JOIN tenants t ON t.id = o.tenant_id
             WHERE o.user_id = u.id AND t.status <> 'deleted') AS tenants
         FROM users u LEFT JOIN password_links l ON l.user_id = u.id
         WHERE {holds} AND u.role IN (?, ?, ?)
         ORDER BY u.name, u.id LIMIT ?"
    ))
    .bind(&pattern)
    .bind(&pattern)
    .bind(first)
    .bind(second)
    .bind(third)
    .bind(limit)
    .all(connection)
    .await?
    .iter()
    .map(|row| {
        Ok(Listed {
            user: user(row)?,
            seen_ms: row.maybe_int("seen_ms")?.or(row.maybe_int("last_sign_in_ms")?),
            link_expires_ms: row.maybe_int("link_expires_ms")?,
            tenants: row.int("tenants")?,
        })
    })
    .collect()
}

/// When a person last used the program.
pub async fn seen(connection: &mut Connection, id: Uuid) -> Result<Option<i64>> {
    match sql("SELECT seen_ms, last_sign_in_ms FROM users WHERE id = ?").bind(id).first(connection).await? {
        Some(row) => Ok(row.maybe_int("seen_ms")?.or(row.maybe_int("last_sign_in_ms")?)),
        None => Ok(None),
    }
}

/// Gives a person another role.
pub async fn set_role(connection: &mut Connection, id: Uuid, role: Role) -> Result<()> {
    sql("UPDATE users SET role = ? WHERE id = ?").bind(role.word()).bind(id).run(connection).await?;
    Ok(())
}

/// Switches a person off or on.
pub async fn set_active(connection: &mut Connection, id: Uuid, is_active: bool) -> Result<()> {
    sql("UPDATE users SET is_active = ? WHERE id = ?").bind(is_active).bind(id).run(connection).await?;
    Ok(())
}

/// Gives a person another password.
pub async fn set_password(connection: &mut Connection, id: Uuid, password_hash: &str) -> Result<()> {
    sql("UPDATE users SET password_hash = ? WHERE id = ?")
        .bind(password_hash)
        .bind(id)
        .run(connection)
        .await?;
    Ok(())
}

/// Gives a person another name.
pub async fn set_name(connection: &mut Connection, id: Uuid, name: &str) -> Result<()> {
    sql("UPDATE users SET name = ? WHERE id = ?").bind(name).bind(id).run(connection).await?;
    Ok(())
}

/// Removes a person, with their sessions, links and memberships.
pub async fn remove(connection: &mut Connection, id: Uuid) -> Result<()> {
    sql("DELETE FROM users WHERE id = ?").bind(id).run(connection).await?;
    Ok(())
}

/// Notes that the person signed in.
pub async fn signed_in(connection: &mut Connection, id: Uuid, now_ms: i64) -> Result<()> {
    let changed = sql("UPDATE users SET last_sign_in_ms = ?, seen_ms = ? WHERE id = ?")
        .bind(now_ms)
        .bind(now_ms)
        .bind(id)
        .run(connection)
        .await?;
    match changed {
        1 => Ok(()),
        _ => Err(StoreError::Unreadable { column: "users.id".into(), reason: "the person is gone".into() }),
    }
}
