//! Tenants: the list, making one, watching it come up, looking at it, and managing it.

pub mod exports;
pub mod list;
pub mod manage;
pub mod name_check;
pub mod new;
pub mod owners;
pub mod setup;
pub mod show;
pub mod structure;

use crate::{
    store::Scope,
    usecases::{actor::Actor, permissions::Permission},
    web::{urls, views::Crumb},
};

/// The way to a tenant's pages.
fn crumbs(actor: &Actor) -> Vec<Crumb> {
    let is_owner = actor.scope(Permission::SeeTenants).is_ok_and(|scope| scope != Scope::All);
    vec![Crumb::new(if is_owner { "My tenants" } else { "Tenants" }, urls::tenants())]
}
