//! Who a tenant is for: its name, what the name becomes in addresses, its owner's e-mail, a note.

use super::{accounts::normal_email, actor::Actor, permissions::Permission};
use crate::{
    app::App,
    error::Result,
    slug::Slug,
    store::{self, StoreError},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Longest name of a tenant, in characters.
pub const LONGEST_NAME: usize = 200;

/// What can be said about a name before the form is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameCheck {
    /// Nothing typed yet.
    Empty,
    /// Not usable, and why.
    Unusable(String),
    /// Usable; the name in addresses that it will get, and whether another tenant has the same name.
    Usable {
        /// The name in addresses.
        slug: String,
        /// Whether a tenant of this name is there already.
        is_known: bool,
    },
}

/// Signs that turn the direction of what follows them: with them a name can be made to read as another one.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Signs that nobody can see and no script needs. Joiners are not among them: Persian and emoji are written with them.
fn is_nothing(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Whether a sign leaves anything to see on its own.
fn can_be_seen(c: char) -> bool {
    let is_filler =
        matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}' | '\u{34f}' | '\u{61c}');
    let is_mark = matches!(c, '\u{200c}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}');
    !(c.is_whitespace() || is_nothing(c) || is_filler || is_mark)
}

/// What is wrong with a tidy name, where something is.
pub(super) fn name_problem(name: &str) -> Option<String> {
    let letters = name.chars().count();
    if !name.chars().any(can_be_seen) {
        Some("Enter the tenant's name.".into())
    } else if letters > LONGEST_NAME {
        Some(format!("The name has {letters} characters. Use at most {LONGEST_NAME}."))
    } else if name.chars().any(char::is_control) {
        Some("The name has a line break or another invisible sign in it. Type it again on one line.".into())
    } else if name.chars().any(turns_direction) {
        Some(
            "The name has invisible signs in it that turn the direction of writing. Type it again by hand."
                .into(),
        )
    } else {
        None
    }
}

/// White space at the ends goes, runs of it become one space, and signs that nobody can see go.
pub(super) fn tidy(text: &str) -> String {
    let seen: String = text.chars().filter(|c| !is_nothing(*c)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Says what a name would become. Changes nothing, and holds nothing back for anybody.
pub async fn check_name(app: &App, actor: &Actor, name: &str) -> Result<NameCheck> {
    actor.must(Permission::CreateTenants)?;
    let name = tidy(name);
    if name.is_empty() {
        return Ok(NameCheck::Empty);
    }
    if let Some(problem) = name_problem(&name) {
        return Ok(NameCheck::Unusable(problem));
    }
    let mut read = app.store.read().await?;
    let slug = free_slug(&mut read, &Slug::from_name(&name), Uuid::nil()).await?;
    let is_known = store::tenants::name_is_known(&mut read, &name).await?;
    Ok(NameCheck::Usable { slug, is_known })
}

/// How many suffixes are tried before the id decides: with more tenants of one name than this, counting on would cost
/// more with each.
const SUFFIXES: usize = 20;

/// Longest note about a tenant, in characters.
pub const LONGEST_NOTE: usize = 1_000;

/// Who a tenant is for, in a form that can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The tenant's name.
    pub name: String,
    /// The owner's e-mail.
    pub email: String,
    /// What there is to say about it.
    pub note: Option<String>,
}

/// Reads who a tenant is for, or says at each field what is wrong.
pub fn customer(
    name: &str,
    email: &str,
    note: &str,
) -> std::result::Result<Customer, BTreeMap<&'static str, String>> {
    let mut fields = BTreeMap::new();
    let name = tidy(name);
    if let Some(problem) = name_problem(&name) {
        fields.insert("name", problem);
    }
    let known = normal_email(email);
    if known.is_none() {
        let text = if email.trim().is_empty() {
            "Enter the owner's e-mail."
        } else {
            "Enter the owner's e-mail in full, such as dana@example.org."
        };
        fields.insert("email", text.to_owned());
    }
    let note = note.replace("\r\n", "\n").trim().to_owned();
    let letters = note.chars().count();
    if letters > LONGEST_NOTE {
        fields.insert("note", format!("The note has {letters} characters. Use at most {LONGEST_NOTE}."));
    }
    match known {
        Some(email) if fields.is_empty() => {
            Ok(Customer { name, email, note: Some(note).filter(|note| !note.is_empty()) })
        }
        _ => Err(fields),
    }
}

/// The address that a tenant of this name would get now. It is held back for nobody.
pub async fn likely_address(app: &App, name: &str) -> Result<String> {
    Ok(free_slug(&mut *app.store.read().await?, &Slug::from_name(name), Uuid::nil()).await?)
}

/// The first slug of the name's family that no tenant has or had.
pub(super) async fn free_slug(
    connection: &mut store::Connection,
    base: &Slug,
    id: Uuid,
) -> std::result::Result<String, StoreError> {
    for candidate in base.candidates(SUFFIXES) {
        if !store::tenants::slug_is_taken(connection, &candidate).await? {
            return Ok(candidate);
        }
    }
    Ok(base.with_id(id))
}
