//! Tenants: the list, making one, watching it come up, and looking at it.

pub mod list;
pub mod new;
pub mod setup;
pub mod show;

use crate::{
    usecases::{
        actor::Actor,
        permissions::{Permission, Reach},
    },
    web::{urls, views::Crumb},
};

/// The way to a tenant's pages, for those who see the list.
fn crumbs(actor: &Actor) -> Vec<Crumb> {
    if actor.must(Permission::SeeTenants).is_ok_and(|reach| reach == Reach::All) {
        vec![Crumb::new("Tenants", urls::tenants())]
    } else {
        Vec::new()
    }
}
