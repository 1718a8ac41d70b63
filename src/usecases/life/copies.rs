//! Snapshots, and tenants that are made from others.

use super::{Asked, Started, Wish, ask, must_be_free, must_be_in};
use crate::{
    app::App,
    apply::{copy, restore, snapshot},
    engine::DatabaseName,
    error::{Error, Result},
    slug::Slug,
    store::{
        self, Scope,
        jobs::NewJob,
        new_tenant::{self, NewTenant},
        snapshots::Snapshot,
        tenants::{Status, Tenant},
    },
    usecases::{
        actor::Actor,
        permissions::Permission,
        tenant_names::{Customer, customer, free_slug, tidy},
        tenants::find,
    },
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Longest note on a snapshot, in characters.
const LONGEST_NOTE: usize = 200;

/// The form for a tenant that is made from another, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct NewName {
    /// The new tenant's name.
    pub name: String,
    /// Its owner's e-mail.
    pub email: String,
    /// Makes sending the form twice the same as sending it once.
    pub request_id: Option<Uuid>,
}

/// Takes a copy of a tenant's database as it is at one moment.
pub async fn take_snapshot(
    app: &App,
    actor: &Actor,
    asked: impl Into<Asked<'_>>,
    note: &str,
) -> Result<Started> {
    actor.must(Permission::ManageTenants)?;
    let note = tidy(note);
    if note.chars().count() > LONGEST_NOTE {
        let text = format!("The note is too long. Use at most {LONGEST_NOTE} characters.");
        return Err(Error::invalid(BTreeMap::from([("note", text)])));
    }
    let note = (!note.is_empty()).then_some(note);
    let wish = Wish {
        kind: snapshot::KIND,
        steps: snapshot::snapshot_steps(),
        params: serde_json::json!(snapshot::Wish { note, by: actor.doer().name }),
        from: &[Status::Active, Status::Suspended, Status::Archived],
        what: "be copied",
        action: "tenant_change_asked",
        sentence: "Asked for a snapshot.".to_owned(),
    };
    ask(app, actor, asked, wish).await
}

/// The snapshots of a tenant, newest first.
pub async fn snapshots(app: &App, actor: &Actor, slug: &str) -> Result<(Tenant, Vec<Snapshot>)> {
    actor.must(Permission::ManageTenants)?;
    let tenant = find(app, actor, slug).await?;
    let found = store::snapshots::of_tenant(&mut *app.store.read().await?, tenant.id).await?;
    Ok((tenant, found))
}

async fn snapshot_of(app: &App, tenant: &Tenant, id: Uuid) -> Result<Snapshot> {
    let found = store::snapshots::find(&mut *app.store.read().await?, id).await?;
    found.filter(|snapshot| snapshot.tenant_id == tenant.id).ok_or_else(|| {
        Error::not_found("There is no such snapshot of this tenant. Its time may be over; look at the list.")
    })
}

/// Puts a snapshot in the place of what the tenant has now. The present state is saved first.
pub async fn restore_over(
    app: &App,
    actor: &Actor,
    asked: impl Into<Asked<'_>>,
    snapshot: Uuid,
) -> Result<Started> {
    actor.must(Permission::ManageTenants)?;
    let asked = asked.into();
    let tenant = find(app, actor, asked.slug).await?;
    let snapshot = snapshot_of(app, &tenant, snapshot).await?;
    let wish = Wish {
        kind: restore::KIND,
        steps: restore::restore_steps(),
        params: serde_json::json!(restore::Choice { snapshot: snapshot.id, by: actor.doer().name }),
        from: &[Status::Active],
        what: "be restored in place",
        action: "tenant_change_asked",
        sentence: "Asked to restore a snapshot over the tenant.".to_owned(),
    };
    ask(app, actor, asked, wish).await
}

/// Makes a new tenant from a snapshot.
pub async fn restore_as_new(
    app: &App,
    actor: &Actor,
    slug: &str,
    snapshot: Uuid,
    new: NewName,
) -> Result<Started> {
    actor.must(Permission::ManageTenants)?;
    let original = find(app, actor, slug).await?;
    let snapshot = snapshot_of(app, &original, snapshot).await?;
    make(app, actor, &original, new, Some(&snapshot)).await
}

/// Makes a new tenant with the data of another.
pub async fn clone_tenant(app: &App, actor: &Actor, slug: &str, new: NewName) -> Result<Started> {
    actor.must(Permission::ManageTenants)?;
    let original = find(app, actor, slug).await?;
    make(app, actor, &original, new, None).await
}

async fn make(
    app: &App,
    actor: &Actor,
    original: &Tenant,
    form: NewName,
    snapshot: Option<&Snapshot>,
) -> Result<Started> {
    if let Some(request) = form.request_id
        && let Some(done) = requested_before(app, request).await?
    {
        return Ok(done);
    }
    let Customer { name, email, .. } = customer(&form.name, &form.email, "").map_err(Error::invalid)?;
    let (id, now) = (app.new_id(), app.now_ms());
    let mut write = app.store.write().await?;
    let original =
        store::tenants::by_id(&mut write, Scope::All, original.id).await?.unwrap_or(original.clone());
    must_be_free(&mut write, &original, now).await?;
    if snapshot.is_none() {
        must_be_in(&original, &[Status::Active, Status::Suspended, Status::Archived], "be cloned")?;
    }
    if let Some(server) = original.server_id {
        let server = store::servers::by_id(&mut write, server).await?;
        if let Some(server) = server.filter(|server| server.is_draining || server.is_full()) {
            return Err(Error::conflict(format!(
                "A copy stays on the server of the original, and {} is full or takes no new tenants. Ask an administrator to make room there.",
                server.name
            )));
        }
    }
    let slug = free_slug(&mut write, &Slug::from_name(&name), id).await?;
    let template_id = snapshot.map_or(original.template_id, |snapshot| snapshot.template_id);
    let new = NewTenant {
        id,
        database_name: DatabaseName::derive(&slug, id).to_string(),
        name,
        slug,
        email,
        note: None,
        plan: original.plan,
        template_id,
        template_version: original.template_version.clone(),
        modules: snapshot.map_or(&original.modules, |snapshot| &snapshot.modules).clone(),
        engine: original.engine.clone(),
        server_id: original.server_id,
        request_id: form.request_id,
        created_by: actor.id(),
        created_ms: now,
    };
    match new_tenant::add(&mut write, &new).await {
        Err(cause) if cause.is_duplicate() => {
            drop(write);
            // The other half of a double click was faster.
            return match form.request_id {
                Some(request) => requested_before(app, request).await?.ok_or_else(|| Error::internal(&cause)),
                None => Err(Error::internal(&cause)),
            };
        }
        other => other?,
    }
    store::tenants::set_template(&mut write, id, template_id, &new.modules).await?;
    let source = copy::Source {
        tenant: original.id,
        name: original.name.clone(),
        snapshot: snapshot.map(|snapshot| snapshot.id),
    };
    let steps = copy::copy_steps(&source);
    let job = NewJob {
        id: app.new_id(),
        kind: if snapshot.is_some() { copy::RESTORE_NEW } else { copy::CLONE },
        tenant_id: Some(id),
        other_tenant_id: Some(original.id),
        params: serde_json::json!(source),
        steps: &steps,
        created_by: actor.id(),
        created_ms: now,
    };
    store::jobs::add(&mut write, &job).await?;
    let from = if snapshot.is_some() { "a snapshot of" } else { "the data of" };
    let doer = actor.doer();
    let sentence = format!("Asked for the tenant with {from} {}.", original.name);
    store::events::record(&mut write, Some(id), now, &doer, "tenant_created", &sentence).await?;
    let sentence = format!("Asked for a new tenant, {}, with {from} this one.", new.name);
    store::events::record(&mut write, Some(original.id), now, &doer, "tenant_copied", &sentence).await?;
    write.commit().await?;
    app.wake.notify_one();
    let tenant = store::tenants::by_id(&mut *app.store.read().await?, Scope::All, id).await?;
    let tenant = tenant.ok_or_else(|| Error::internal(&"the tenant is gone right after it was added"))?;
    Ok(Started { tenant, job_id: job.id })
}

async fn requested_before(app: &App, request: Uuid) -> Result<Option<Started>> {
    let mut read = app.store.read().await?;
    let Some(tenant) = store::tenants::by_request(&mut read, request).await? else {
        return Ok(None);
    };
    let job = store::jobs::newest_of_tenant(&mut read, Scope::All, tenant.id).await?;
    Ok(job.map(|job| Started { tenant, job_id: job.id }))
}
