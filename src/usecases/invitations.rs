//! Owners' invitations: a link that is shown once to whoever made it, and taking it up.

use super::{
    accounts::{new_token, token_hash},
    actor::Actor,
    passwords,
    permissions::Permission,
    tenants::find,
};
use crate::{
    app::App,
    apply::owner,
    engine::Applied,
    error::{Error, Result},
    store::{
        self, Scope,
        events::Doer,
        invitations::Invitation,
        tenants::{Status, Tenant},
    },
};
use std::collections::BTreeMap;

/// A link is good for 72 hours.
const GOOD_FOR_MS: i64 = 72 * 3_600_000;

/// A link that was just made. It cannot be shown again.
#[derive(Debug, Clone)]
pub struct Link {
    /// The secret part of the address.
    pub token: String,
    /// It is no longer good from this moment on.
    pub expires_ms: i64,
}

/// Makes a new link for the owner of a tenant; an older one is no longer good.
pub async fn make_link(app: &App, actor: &Actor, slug: &str) -> Result<Link> {
    actor.must(Permission::InviteOwners)?;
    let tenant = find(app, actor, slug).await?;
    let nothing = || {
        Error::conflict(
            "This tenant's owner cannot be invited yet. The invitation is prepared when the tenant is made.",
        )
    };
    let mut write = app.store.write().await?;
    let invitation = store::invitations::of_tenant(&mut write, tenant.id).await?.ok_or_else(nothing)?;
    let token = new_token();
    let now = app.now_ms();
    let expires_ms = now + GOOD_FOR_MS;
    if !store::invitations::set_link(&mut write, invitation.id, &token_hash(&token), expires_ms).await? {
        return Err(Error::conflict("The owner has taken up the invitation already."));
    }
    let sentence = format!("Made an invitation link for {}.", invitation.email);
    store::events::record(&mut write, Some(tenant.id), now, &actor.doer(), "owner_invited", &sentence)
        .await?;
    write.commit().await?;
    Ok(Link { token, expires_ms })
}

/// The invitation of a link, and its tenant.
pub async fn look(app: &App, token: &str) -> Result<(Invitation, Tenant)> {
    let stale = || {
        Error::not_found(
            "This invitation has been used, or its time is over. Ask whoever sent it for a new one.",
        )
    };
    let mut read = app.store.read().await?;
    let invitation =
        store::invitations::by_link(&mut read, &token_hash(token), app.now_ms()).await?.ok_or_else(stale)?;
    let tenant =
        store::tenants::by_id(&mut read, Scope::All, invitation.tenant_id).await?.ok_or_else(stale)?;
    Ok((invitation, tenant))
}

/// Takes an invitation up: the password becomes the owner's in the tenant's own database.
pub async fn take_up(app: &App, token: &str, password: String) -> Result<Tenant> {
    let (invitation, tenant) = look(app, token).await?;
    if tenant.status != Status::Active {
        return Err(Error::conflict("This tenant is not in use at the moment. Try the link again later."));
    }
    if let Some(problem) = passwords::problem(&password, &[&invitation.email, &tenant.name]) {
        return Err(Error::invalid(BTreeMap::from([("password", problem)])));
    }
    let hash = passwords::hash_as_typed(app, password).await?;
    let now = app.now_ms();
    let mut write = app.store.write().await?;
    let fence = store::jobs::next_fence(&mut write).await?;
    write.commit().await?;
    // The tenant's own ledger decides between two people with the same link: the second finds it used.
    let act = owner::Act { id: invitation.id, link: token_hash(token), fence };
    let set = owner::set_password(app, &tenant, &act, &invitation.email, &hash).await.map_err(|cause| {
        Error::unavailable("The tenant's database cannot be reached at the moment. Nothing was changed; try the link again in a minute.", &cause)
    })?;
    let mut write = app.store.write().await?;
    store::invitations::use_up(&mut write, invitation.id, now).await?;
    if set == Applied::Before {
        write.commit().await?;
        return Err(Error::not_found(
            "This invitation has been used. Sign in with the password that was chosen.",
        ));
    }
    let doer = Doer { id: None, name: invitation.email.clone() };
    store::events::record(
        &mut write,
        Some(tenant.id),
        now,
        &doer,
        "invitation_taken_up",
        "Chose a password and took up the invitation.",
    )
    .await?;
    write.commit().await?;
    Ok(tenant)
}
