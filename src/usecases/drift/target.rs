//! Of which tenants something is decided.

use super::{
    super::{actor::Actor, tenants::find},
    fleet::gone,
};
use crate::{
    app::App,
    error::Result,
    store::{self, drift::fleet::Member, tenants::Tenant},
};
use uuid::Uuid;

/// Of which tenants something is decided.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Of one, by its slug or id.
    Tenant(&'a str),
    /// Of all that have the difference.
    Group,
}

impl<'a> From<&'a str> for Target<'a> {
    fn from(slug: &'a str) -> Self {
        Target::Tenant(slug)
    }
}

/// Tenants that a decision is about at most: more than an installation is made for.
const MOST: u32 = 1_000_000;

/// Tenants that are read together.
pub(super) const TOGETHER: usize = 200;

/// All tenants with a difference that is left alone, or is not.
pub(super) async fn members(app: &App, id: &str, is_ignored: bool) -> Result<Vec<Member>> {
    let mut read = app.store.read().await?;
    let members = store::drift::fleet::members(&mut read, id, is_ignored, app.now_ms(), MOST).await?;
    if members.is_empty() { Err(gone()) } else { Ok(members) }
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

/// The tenants that a decision about a difference is about.
pub(super) async fn tenants(
    app: &App,
    actor: &Actor,
    target: Target<'_>,
    (id, is_ignored): (&str, bool),
) -> Result<Vec<Tenant>> {
    match target {
        Target::Tenant(slug) => Ok(vec![find(app, actor, slug).await?]),
        Target::Group => {
            let ids: Vec<Uuid> = members(app, id, is_ignored).await?.iter().map(|member| member.id).collect();
            those(app, &ids).await
        }
    }
}
