//! Links with which a person chooses a password: an invitation, or a reset. A link's token is shown once; only its
//! SHA-256 is kept, until the link is used or a newer one takes its place.

use super::{
    db::{Connection, Result, Row, sql},
    users::{User, user},
};
use uuid::Uuid;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// The person's first password.
    Invitation,
    /// A new password in the place of one that was lost.
    Reset,
}

impl LinkKind {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            LinkKind::Invitation => "invitation",
            LinkKind::Reset => "reset",
        }
    }
}

impl std::str::FromStr for LinkKind {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        match word {
            "invitation" => Ok(LinkKind::Invitation),
            "reset" => Ok(LinkKind::Reset),
            other => Err(format!("unknown kind of link {other}")),
        }
    }
}

/// A link as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordLink {
    /// What it is for.
    pub kind: LinkKind,
    /// Who made it.
    pub made_by: String,
    /// It is no longer good from this moment on.
    pub expires_ms: i64,
}

fn link(row: &Row) -> Result<PasswordLink> {
    Ok(PasswordLink {
        kind: row.parse("kind")?,
        made_by: row.text("made_by")?,
        expires_ms: row.int("expires_ms")?,
    })
}

/// Keeps a person's new link; an older one is no longer good.
pub async fn set(
    connection: &mut Connection,
    person: Uuid,
    token_hash: &str,
    link: &PasswordLink,
    now_ms: i64,
) -> Result<()> {
    remove(connection, person).await?;
    sql("INSERT INTO password_links (user_id, kind, token_hash, made_by, made_ms, expires_ms) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(person)
        .bind(link.kind.word())
        .bind(token_hash)
        .bind(&link.made_by)
        .bind(now_ms)
        .bind(link.expires_ms)
        .run(connection)
        .await?;
    Ok(())
}

/// A person's link, good or not.
pub async fn of_person(connection: &mut Connection, person: Uuid) -> Result<Option<PasswordLink>> {
    sql("SELECT * FROM password_links WHERE user_id = ?")
        .bind(person)
        .first(connection)
        .await?
        .as_ref()
        .map(link)
        .transpose()
}

/// The link of a token that is still good, and its person.
pub async fn by_token(
    connection: &mut Connection,
    token_hash: &str,
    now_ms: i64,
) -> Result<Option<(PasswordLink, User)>> {
    sql("SELECT l.kind, l.made_by, l.expires_ms, u.* FROM password_links l JOIN users u ON u.id = l.user_id
         WHERE l.token_hash = ? AND l.expires_ms > ? AND u.is_active = 1")
    .bind(token_hash)
    .bind(now_ms)
    .first(connection)
    .await?
    .map(|row| Ok((link(&row)?, user(&row)?)))
    .transpose()
}

/// Uses a link up; false where somebody was faster, or a newer link took its place.
pub async fn use_up(connection: &mut Connection, token_hash: &str) -> Result<bool> {
    Ok(sql("DELETE FROM password_links WHERE token_hash = ?").bind(token_hash).run(connection).await? == 1)
}

/// Forgets a person's link.
pub async fn remove(connection: &mut Connection, person: Uuid) -> Result<()> {
    sql("DELETE FROM password_links WHERE user_id = ?").bind(person).run(connection).await?;
    Ok(())
}
