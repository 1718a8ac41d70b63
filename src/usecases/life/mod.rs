//! What is done to a tenant after it was made: its name and plan, pausing, archiving, copying, deleting. Each is a job; here
//! it is checked and asked for. One job at a time has a tenant, and the database decides who is first.

mod acts;
mod copies;
mod password;
mod repair;
mod sweep;

pub use acts::{
    LastSnapshot, Opened, Passage, archive, change_details, delete, give_up, keep, resume, retry, suspend,
    unarchive,
};
pub use copies::{NewName, clone_tenant, restore_as_new, restore_over, snapshots, take_snapshot};
pub use password::{new_password, show_password};
pub use repair::ask_for_repair;
pub use sweep::{Swept, sweep};

use super::{actor::Actor, permissions::Permission, tenants::find};
use crate::{
    app::App,
    apply::{delete as deletion, details, kinds},
    error::{Error, Result},
    store::{
        self, Connection, Scope,
        jobs::{Job, JobStatus, NewJob},
        snapshots::Snapshot,
        tenants::{Status, Tenant},
    },
};
use uuid::Uuid;

/// A job that was asked for.
#[derive(Debug, Clone)]
pub struct Started {
    /// The tenant that it works on.
    pub tenant: Tenant,
    /// The job.
    pub job_id: Uuid,
}

/// Which tenant something is asked of, and by which form. A slug alone stands for a program, which repeats what it means
/// to repeat.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its slug or id.
    pub slug: &'a str,
    /// Makes sending the form twice the same as sending it once.
    pub form: Option<Uuid>,
}

impl<'a> From<&'a str> for Asked<'a> {
    fn from(slug: &'a str) -> Self {
        Asked { slug, form: None }
    }
}

impl<'a> From<&'a String> for Asked<'a> {
    fn from(slug: &'a String) -> Self {
        Asked { slug, form: None }
    }
}

/// What is asked for.
struct Wish {
    kind: &'static str,
    steps: Vec<(String, String)>,
    params: serde_json::Value,
    /// States that it can be done in.
    from: &'static [Status],
    /// What cannot be done otherwise, such as `be paused`.
    what: &'static str,
    /// For the history.
    action: &'static str,
    sentence: String,
}

/// A state in words.
pub fn state_words(status: Status) -> &'static str {
    match status {
        Status::Pending => "waiting to be set up",
        Status::Provisioning => "being set up",
        Status::Active => "in use",
        Status::Failed => "not set up: setting it up did not work",
        Status::Suspended => "paused",
        Status::Archived => "archived",
        Status::Deleting => "about to be removed",
        Status::Deleted => "removed",
    }
}

/// A length of time in words.
fn time_words(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    let (number, unit) = match seconds {
        0 => return "a moment".into(),
        1..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        _ => (seconds / 3600, "hour"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// Why nothing else can be done to a tenant that a job has. The job may be another tenant's, which is made from this one.
async fn busy_words(connection: &mut Connection, job: &Job, tenant: &Tenant, now_ms: i64) -> Result<String> {
    let other = match job.tenant_id {
        Some(id) if id != tenant.id => store::tenants::by_id(connection, Scope::All, id).await?,
        _ => None,
    };
    let name = other.as_ref().map_or(&tenant.name, |other| &other.name);
    let (before, after) = kinds::words(&job.kind).going;
    let doing = format!("{before}{name}{after}");
    Ok(if job.status == JobStatus::Failed {
        format!("{doing} stopped in the middle, and somebody has to look at it first. Open its steps.")
    } else {
        let since = time_words(now_ms - job.created_ms);
        format!("{doing} has been going on for {since}. Nothing was changed; try again when it has ended.")
    })
}

/// Refuses a tenant that a job has.
async fn must_be_free(connection: &mut Connection, tenant: &Tenant, now_ms: i64) -> Result<()> {
    match store::jobs::holding(connection, tenant.id).await? {
        Some(job) => Err(Error::conflict(busy_words(connection, &job, tenant, now_ms).await?)),
        None => Ok(()),
    }
}

fn must_be_in(tenant: &Tenant, from: &[Status], what: &str) -> Result<()> {
    if from.contains(&tenant.status) {
        Ok(())
    } else {
        Err(Error::conflict(format!(
            "{} is {}, so it cannot {what}. Nothing was changed.",
            tenant.name,
            state_words(tenant.status)
        )))
    }
}

/// The job that a form has begun already: the other half of a double click, or the way back in the browser. Where
/// something else was done to the tenant since, the form is out of date and says so.
async fn sent_before(
    write: &mut Connection,
    asked: Asked<'_>,
    tenant: &Tenant,
    kind: &str,
    sent: &serde_json::Value,
) -> Result<Option<Started>> {
    let Some(form) = asked.form else { return Ok(None) };
    let Some(job) = store::jobs::find(write, form).await? else { return Ok(None) };
    if job.tenant_id != Some(tenant.id) || job.kind != kind {
        return Err(Error::conflict("This form is about something else. Nothing was changed. Press again."));
    }
    let newest = store::jobs::newest_of_tenant(write, Scope::All, tenant.id).await?;
    if job.params != *sent || newest.is_some_and(|newest| newest.id != job.id) {
        return Err(Error::conflict(
            "This form was sent before, and something has changed since. Nothing was done now. Press again if you still mean it.",
        ));
    }
    Ok(Some(Started { tenant: tenant.clone(), job_id: job.id }))
}

/// Adds the job of a wish, in the transaction that has checked it.
async fn add(
    app: &App,
    actor: &Actor,
    write: &mut Connection,
    asked: Asked<'_>,
    tenant: &Tenant,
    wish: Wish,
) -> Result<Started> {
    let now = app.now_ms();
    let job = NewJob {
        id: asked.form.unwrap_or_else(|| app.new_id()),
        kind: wish.kind,
        tenant_id: Some(tenant.id),
        other_tenant_id: None,
        params: wish.params,
        steps: &wish.steps,
        created_by: actor.id(),
        created_ms: now,
    };
    match store::jobs::add(write, &job).await {
        Err(cause) if cause.is_duplicate() => {
            must_be_free(write, tenant, now).await?;
            return Err(Error::internal(&cause));
        }
        other => other?,
    }
    store::events::record(write, Some(tenant.id), now, &actor.doer(), wish.action, &wish.sentence).await?;
    Ok(Started { tenant: tenant.clone(), job_id: job.id })
}

/// Checks a wish and adds its job.
async fn ask(app: &App, actor: &Actor, asked: impl Into<Asked<'_>>, wish: Wish) -> Result<Started> {
    let (kind, sent) = (wish.kind, wish.params.clone());
    ask_of(app, actor, asked.into(), (kind, &sent), |_| Ok(wish)).await
}

/// Checks a wish that depends on how the tenant is now, and adds its job. What was sent is a kind with its parameters.
async fn ask_of(
    app: &App,
    actor: &Actor,
    asked: Asked<'_>,
    (kind, sent): (&'static str, &serde_json::Value),
    wish: impl FnOnce(&Tenant) -> Result<Wish>,
) -> Result<Started> {
    let tenant = find(app, actor, asked.slug).await?;
    let mut write = app.store.write().await?;
    // What was read before the lock may have changed since.
    let tenant = store::tenants::by_id(&mut write, Scope::All, tenant.id).await?.unwrap_or(tenant);
    if let Some(started) = sent_before(&mut write, asked, &tenant, kind, sent).await? {
        return Ok(started);
    }
    must_be_free(&mut write, &tenant, app.now_ms()).await?;
    let wish = wish(&tenant)?;
    must_be_in(&tenant, wish.from, wish.what)?;
    let started = add(app, actor, &mut write, asked, &tenant, wish).await?;
    write.commit().await?;
    app.wake.notify_one();
    Ok(started)
}

/// What may be done to a tenant, and what stands in the way.
#[derive(Debug, Clone)]
pub struct Manage {
    /// The tenant.
    pub tenant: Tenant,
    /// What has it now, in a sentence.
    pub busy: Option<String>,
    /// When its database is removed for good, where it is to be deleted.
    pub delete_after_ms: Option<i64>,
    /// Its snapshots, newest first; only for those who may use them.
    pub snapshots: Vec<Snapshot>,
}

/// What may be done to a tenant.
pub async fn manage(app: &App, actor: &Actor, slug: &str) -> Result<Manage> {
    actor.must(Permission::EditTenants)?;
    let tenant = find(app, actor, slug).await?;
    let mut read = app.store.read().await?;
    let snapshots = if actor.must(Permission::ManageTenants).is_ok() {
        store::snapshots::of_tenant(&mut read, tenant.id).await?
    } else {
        Vec::new()
    };
    let busy = match store::jobs::holding(&mut read, tenant.id).await? {
        Some(job) => Some(busy_words(&mut read, &job, &tenant, app.now_ms()).await?),
        None => None,
    };
    Ok(Manage {
        busy,
        delete_after_ms: store::tenants::delete_after(&mut read, tenant.id).await?,
        snapshots,
        tenant,
    })
}

/// The permission to ask for a kind of job, and for another try of one.
fn permission_for(kind: &str) -> Permission {
    match kind {
        crate::apply::provision::KIND | deletion::GIVE_UP => Permission::CreateTenants,
        details::KIND => Permission::EditTenants,
        _ => Permission::ManageTenants,
    }
}

/// Whether the actor may ask for another try of a job.
pub fn may_retry(actor: &Actor, job: &Job) -> bool {
    actor.must(permission_for(&job.kind)).is_ok()
}
