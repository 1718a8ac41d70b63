//! The people who sign in.

use crate::web::{
    pieces::{Confirm, Fact, Secret},
    views::{Choice, Crumb, EventView, Field, FormError, Pill, Shell, TimeView},
};
use askama::Template;
use uuid::Uuid;

/// The list.
#[derive(Template)]
#[template(path = "people/list.html")]
pub struct PeoplePage {
    /// The frame.
    pub shell: Shell,
    /// What was searched for.
    pub search: String,
    /// Roles to choose from.
    pub roles: Vec<Choice>,
    /// Whether anything is searched for.
    pub is_searched: bool,
    /// How many there are, in words.
    pub count: String,
    /// The people, by name.
    pub rows: Vec<PersonRow>,
    /// What each role may do.
    pub rights: Vec<Right>,
}

/// A person in the list.
#[derive(Debug, Clone)]
pub struct PersonRow {
    /// The person's name.
    pub name: String,
    /// Their e-mail.
    pub email: String,
    /// Their page.
    pub href: String,
    /// Their role.
    pub role: &'static str,
    /// For owners: how many tenants.
    pub tenants: Option<String>,
    /// Whether they can sign in.
    pub state: Pill,
    /// When they were here last.
    pub seen: Option<TimeView>,
}

/// A line of the table of what each role may do.
#[derive(Debug, Clone)]
pub struct Right {
    /// What it allows.
    pub what: &'static str,
    /// Each role, and how far it reaches.
    pub roles: Vec<(&'static str, &'static str)>,
}

/// A role to choose.
#[derive(Debug, Clone)]
pub struct RoleChoice {
    /// What the form sends.
    pub value: &'static str,
    /// Its name.
    pub title: &'static str,
    /// What it is for.
    pub text: &'static str,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// The form to invite somebody.
#[derive(Template)]
#[template(path = "people/invite.html")]
pub struct InvitePage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// What was wrong with it.
    pub errors: Vec<FormError>,
    /// `name`.
    pub name: Field,
    /// `email`.
    pub email: Field,
    /// `role`.
    pub roles: Vec<RoleChoice>,
    /// What is wrong with the role.
    pub role_error: Option<String>,
    /// `tenants`, several lines.
    pub tenants: Field,
}

/// A tenant of an owner.
#[derive(Debug, Clone)]
pub struct OwnTenant {
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
}

/// The page of a person.
#[derive(Template)]
#[template(path = "people/show.html")]
pub struct PersonPage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// Identifies the person in addresses.
    pub id: Uuid,
    /// The person's name.
    pub name: String,
    /// Their role.
    pub role: &'static str,
    /// Whether they can sign in.
    pub state: Pill,
    /// Facts about the account.
    pub facts: Vec<Fact>,
    /// A link that was just made.
    pub secret: Option<Secret>,
    /// What the button that makes a link says.
    pub link_button: Option<&'static str>,
    /// Whether the person has not chosen a password yet.
    pub is_invited: bool,
    /// Whether there are sessions to end.
    pub is_signed_in: bool,
    /// Why what the person may do cannot be changed here.
    pub fixed: Option<&'static str>,
    /// Whether the person is not switched off.
    pub is_active: bool,
    /// Roles to choose from.
    pub roles: Vec<RoleChoice>,
    /// The tenants of an owner; `None` for others.
    pub own: Option<Vec<OwnTenant>>,
    /// What was wrong with the tenant to add.
    pub errors: Vec<FormError>,
    /// `tenants`: one to add.
    pub tenants: Field,
    /// What was done to the account.
    pub events: Vec<EventView>,
}

/// The question before a person is removed.
#[derive(Template)]
#[template(path = "people/remove.html")]
pub struct RemovePage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// The question.
    pub heading: String,
    /// What it means.
    pub ask: Confirm,
}
