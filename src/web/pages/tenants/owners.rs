//! The people who may see a tenant here as its owners.

use super::show::TenantHead;
use crate::web::{
    pieces::Secret,
    views::{Field, FormError, Pill, Shell},
};
use askama::Template;

/// The owners, and the form to invite one.
#[derive(Template)]
#[template(path = "tenants/owners.html")]
pub struct OwnersPage {
    /// The frame.
    pub shell: Shell,
    /// What stands above the tabs.
    pub head: TenantHead,
    /// A link that was just made.
    pub secret: Option<Secret>,
    /// The owners, by e-mail.
    pub owners: Vec<OwnerRow>,
    /// What was wrong with the form.
    pub errors: Vec<FormError>,
    /// `name`.
    pub name: Field,
    /// `email`.
    pub email: Field,
}

/// An owner.
#[derive(Debug, Clone)]
pub struct OwnerRow {
    /// The person's name.
    pub name: String,
    /// Their e-mail.
    pub email: String,
    /// Their page, for those who may see it.
    pub href: Option<String>,
    /// Whether they can sign in.
    pub state: Pill,
}
