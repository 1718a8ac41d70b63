//! Of which tenants something is decided.

use super::{
    super::{actor::Actor, tenants::find},
    fleet::gone,
};
use crate::{
    app::App,
    error::{Error, Result},
    store::{self, drift::fleet::Member, tenants::Tenant},
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Of which tenants something is decided.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Of one, by its slug or id.
    Tenant(&'a str),
    /// Of those that have the difference: the ones with these slugs, or all where there is none.
    Group(&'a [String]),
}

/// All tenants that have it.
pub const ALL: Target<'static> = Target::Group(&[]);

/// Tenants that a decision is about at most: more than an installation is made for.
const MOST: u32 = 1_000_000;

/// Tenants that are read together.
const TOGETHER: usize = 200;

/// Tenants with a difference that is left alone, or is not: those with these slugs, or all where there is none.
pub(super) async fn members(app: &App, id: &str, only: &[String], is_ignored: bool) -> Result<Vec<Member>> {
    let mut read = app.store.read().await?;
    let mut members = store::drift::fleet::members(&mut read, id, is_ignored, app.now_ms(), MOST).await?;
    if members.is_empty() {
        return Err(gone());
    }
    if !only.is_empty() {
        let only: BTreeSet<&str> = only.iter().map(String::as_str).collect();
        members.retain(|member| only.contains(member.slug.as_str()));
        if members.is_empty() {
            return Err(Error::conflict(
                "None of the tenants that were ticked differs in this way any more. Nothing was changed. Look at the list again.",
            ));
        }
    }
    Ok(members)
}

/// These tenants, as far as they are there still.
pub(super) async fn those(app: &App, ids: &[Uuid]) -> Result<Vec<Tenant>> {
    let mut read = app.store.read().await?;
    let mut all = Vec::with_capacity(ids.len());
    for some in ids.chunks(TOGETHER) {
        all.extend(store::drift::runs::some(&mut read, some).await?);
    }
    Ok(all)
}

/// The ids of tenants by their slugs or ids.
pub(super) async fn ids_of(app: &App, actor: &Actor, slugs: &[String]) -> Result<Vec<Uuid>> {
    let mut ids = Vec::with_capacity(slugs.len());
    for slug in slugs {
        let tenant = find(app, actor, slug).await?;
        super::must_be_there(&tenant)?;
        ids.push(tenant.id);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}
