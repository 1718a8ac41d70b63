//! People who sign in.

use super::db::{Connection, Result, Row, StoreError, sql};
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
    /// argon2id, as a PHC string.
    pub password_hash: String,
    /// A person who was switched off cannot sign in.
    pub is_active: bool,
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
    Ok(sql("SELECT id FROM users WHERE role = 'admin' LIMIT 1").first(connection).await?.is_some())
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

/// Notes that the person signed in.
pub async fn signed_in(connection: &mut Connection, id: Uuid, now_ms: i64) -> Result<()> {
    let changed = sql("UPDATE users SET last_sign_in_ms = ? WHERE id = ?")
        .bind(now_ms)
        .bind(id)
        .run(connection)
        .await?;
    match changed {
        1 => Ok(()),
        _ => Err(StoreError::Unreadable { column: "users.id".into(), reason: "the person is gone".into() }),
    }
}
