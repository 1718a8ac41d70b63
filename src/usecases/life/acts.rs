//! Name and plan, in use or out of use, kept or deleted.

use super::{Asked, Started, Wish, add, ask, ask_of, must_be_free, must_be_in, permission_for, sent_before};
use crate::{
    app::App,
    apply::{delete as deletion, details, passage, snapshot},
    error::{Error, Result},
    store::{
        self, Scope,
        jobs::{Job, JobStatus},
        tenants::{Plan, Status, Tenant},
    },
    usecases::{
        actor::Actor,
        permissions::Permission,
        tenant_names::{name_problem, tidy},
        tenants::find,
    },
};
pub use passage::Passage;
use std::collections::BTreeMap;

/// What a form for name and plan showed when it was opened: what is sent back as it was is not a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The name.
    pub name: &'a str,
    /// The plan's word.
    pub plan: &'a str,
}

/// What a field is to become, if anything; refuses to overwrite what somebody else has made of it since the form was
/// opened.
fn wanted(what: &str, meant: Option<&String>, opened: Option<&str>, now: &str) -> Result<Option<String>> {
    let meant = meant.filter(|meant| *meant != now);
    if meant.is_some() && opened.is_some_and(|opened| opened != now) {
        return Err(Error::conflict(format!(
            "Somebody has changed the {what} to {now} since you opened this page. Nothing was changed. Save again if yours is to stand."
        )));
    }
    Ok(meant.cloned())
}

/// Gives a tenant another name or plan; what is `None`, or as the form showed it when it was opened, stays. Its slug and
/// its database keep theirs.
pub async fn change_details(
    app: &App,
    actor: &Actor,
    asked: impl Into<Asked<'_>>,
    name: Option<&str>,
    plan: Option<&str>,
    opened: Option<Opened<'_>>,
) -> Result<Started> {
    actor.must(Permission::EditTenants)?;
    let mut fields = BTreeMap::new();
    let asks_for = match (name, plan) {
        (None, _) => ("plan", "plan"),
        (Some(_), None) => ("name", "name"),
        (Some(_), Some(_)) => ("name", "name or the plan"),
    };
    let name = name.map(tidy);
    if let Some(problem) = name.as_deref().and_then(name_problem) {
        fields.insert("name", problem);
    }
    if plan.is_some_and(|word| word.parse::<Plan>().is_err()) {
        fields.insert("plan", "Choose a plan: basic, premium or enterprise.".to_owned());
    }
    if !fields.is_empty() {
        return Err(Error::invalid(fields));
    }
    let opened_name = opened.map(|opened| tidy(opened.name));
    let opened_plan = opened.map(|opened| opened.plan);
    let meant = details::Change {
        name: name.filter(|name| Some(name) != opened_name.as_ref()),
        plan: plan.filter(|plan| Some(*plan) != opened_plan).map(str::to_owned),
    };
    ask_of(app, actor, asked.into(), (details::KIND, &serde_json::json!(meant)), |tenant| {
        let change = details::Change {
            name: wanted("name", meant.name.as_ref(), opened_name.as_deref(), &tenant.name)?,
            plan: wanted("plan", meant.plan.as_ref(), opened_plan, tenant.plan.word())?,
        };
        let sentence = match (&change.name, &change.plan) {
            (Some(name), Some(plan)) => format!("Asked for the name {name} and the plan {plan}."),
            (Some(name), None) => format!("Asked for the name {name}."),
            (None, Some(plan)) => format!("Asked for the plan {plan}."),
            (None, None) => {
                let (field, what) = asks_for;
                let text = format!("This is how it is already. Change the {what}.");
                return Err(Error::invalid(BTreeMap::from([(field, text)])));
            }
        };
        Ok(Wish {
            kind: details::KIND,
            steps: details::change_steps(),
            params: serde_json::json!(change),
            from: &[Status::Active, Status::Suspended, Status::Archived],
            what: "be changed",
            action: "tenant_change_asked",
            sentence,
        })
    })
    .await
}

async fn pass(
    app: &App,
    actor: &Actor,
    asked: impl Into<Asked<'_>>,
    passage: &'static Passage,
    what: &'static str,
    sentence: &str,
) -> Result<Started> {
    actor.must(Permission::ManageTenants)?;
    let wish = Wish {
        kind: passage.kind(),
        steps: passage.steps(),
        params: serde_json::Value::Null,
        from: passage.from,
        what,
        action: "tenant_change_asked",
        sentence: sentence.to_owned(),
    };
    ask(app, actor, asked, wish).await
}

/// Pauses a tenant: its application can neither read nor write.
pub async fn suspend(app: &App, actor: &Actor, asked: impl Into<Asked<'_>>) -> Result<Started> {
    pass(app, actor, asked, &passage::SUSPEND, "be paused", "Asked to pause the tenant.").await
}

/// Puts a paused tenant back into use.
pub async fn resume(app: &App, actor: &Actor, asked: impl Into<Asked<'_>>) -> Result<Started> {
    pass(app, actor, asked, &passage::RESUME, "be resumed", "Asked to resume the tenant.").await
}

/// Takes a tenant out of use and keeps it.
pub async fn archive(app: &App, actor: &Actor, asked: impl Into<Asked<'_>>) -> Result<Started> {
    pass(app, actor, asked, &passage::ARCHIVE, "be archived", "Asked to archive the tenant.").await
}

/// Puts an archived tenant back into use.
pub async fn unarchive(app: &App, actor: &Actor, asked: impl Into<Asked<'_>>) -> Result<Started> {
    let sentence = "Asked to take the tenant out of the archive.";
    pass(app, actor, asked, &passage::UNARCHIVE, "be taken out of the archive", sentence).await
}

/// Keeps a tenant after all that was to be deleted.
pub async fn keep(app: &App, actor: &Actor, asked: impl Into<Asked<'_>>) -> Result<Started> {
    pass(app, actor, asked, &passage::KEEP, "be kept after all", "Asked to keep the tenant after all.").await
}

/// What deleting a tenant asks of its last snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastSnapshot {
    /// Without one, the tenant stays.
    Needed,
    /// A tenant whose database is damaged goes without one.
    WherePossible,
}

/// Puts a tenant out of reach, to be removed when the time to think again is over. `confirmation` is its name, typed.
pub async fn delete(
    app: &App,
    actor: &Actor,
    asked: impl Into<Asked<'_>>,
    confirmation: &str,
    last: LastSnapshot,
) -> Result<Started> {
    actor.must(Permission::ManageTenants)?;
    let asked = asked.into();
    let tenant = find(app, actor, asked.slug).await?;
    if tidy(confirmation) != tidy(&tenant.name) {
        let text = if confirmation.trim().is_empty() {
            format!("Type the tenant's name to confirm: {}", tenant.name)
        } else {
            format!("This is not the tenant's name. Nothing was deleted. The name is: {}", tenant.name)
        };
        return Err(Error::invalid(BTreeMap::from([("confirm", text)])));
    }
    let note = Some("Before the tenant was deleted".to_owned());
    let wish = Wish {
        kind: deletion::DELETE,
        steps: deletion::delete_steps(),
        params: serde_json::json!(deletion::Farewell {
            snapshot: snapshot::Wish { note, by: actor.doer().name },
            may_lack_snapshot: last == LastSnapshot::WherePossible,
        }),
        from: &[Status::Active, Status::Suspended, Status::Archived],
        what: "be deleted",
        action: "tenant_change_asked",
        sentence: "Asked to delete the tenant.".to_owned(),
    };
    ask(app, actor, asked, wish).await
}

/// Removes what is left of a tenant that could not be made; its slug is not given again.
pub async fn give_up(app: &App, actor: &Actor, asked: impl Into<Asked<'_>>) -> Result<Started> {
    actor.must(Permission::CreateTenants)?;
    let asked = asked.into();
    let tenant = find(app, actor, asked.slug).await?;
    let now = app.now_ms();
    let mut write = app.store.write().await?;
    let tenant = store::tenants::by_id(&mut write, Scope::All, tenant.id).await?.unwrap_or(tenant);
    let wish = Wish {
        kind: deletion::GIVE_UP,
        steps: deletion::remove_steps(),
        params: serde_json::Value::Null,
        from: &[Status::Failed],
        what: "be given up",
        action: "tenant_change_asked",
        sentence: "Asked to remove what is left of the tenant.".to_owned(),
    };
    if let Some(started) = sent_before(&mut write, asked, &tenant, wish.kind, &wish.params).await? {
        return Ok(started);
    }
    must_be_in(&tenant, wish.from, wish.what)?;
    // A job that waits for a person has the tenant: this is what the person decides.
    if let Some(job) = store::jobs::holding(&mut write, tenant.id).await?
        && job.status == JobStatus::Failed
    {
        store::jobs::dismiss(&mut write, job.id).await?;
    }
    must_be_free(&mut write, &tenant, now).await?;
    let started = add(app, actor, &mut write, asked, &tenant, wish).await?;
    write.commit().await?;
    app.wake.notify_one();
    Ok(started)
}

/// Gives the newest job of a tenant another chance, where it has failed; pressed twice, it is one chance. A job that waits
/// for its next try goes on at once.
pub async fn retry(app: &App, actor: &Actor, slug: &str) -> Result<Tenant> {
    let tenant = find(app, actor, slug).await?;
    let now = app.now_ms();
    let mut write = app.store.write().await?;
    let nothing = || Error::conflict("Nothing has been done to this tenant that could be tried again.");
    let job = store::jobs::newest_of_tenant(&mut write, Scope::All, tenant.id).await?.ok_or_else(nothing)?;
    actor.must(Permission::CreateTenants)?;
    if actor.must(permission_for(&job.kind)).is_err() {
        return Err(Error::conflict(
            "What was done to this tenant last was an administrator's act. Ask an administrator to try it again.",
        ));
    }
    if let Some(sentence) = another_chance(&mut write, &tenant, &job, now).await? {
        store::events::record(&mut write, Some(tenant.id), now, &actor.doer(), "tenant_retried", sentence)
            .await?;
        write.commit().await?;
        app.wake.notify_one();
    }
    Ok(tenant)
}

async fn another_chance(
    write: &mut store::Connection,
    tenant: &Tenant,
    job: &Job,
    now: i64,
) -> Result<Option<&'static str>> {
    if job.status == JobStatus::Failed && !job.needs_person {
        // A second tenant that it reads from may be another job's now.
        for id in job.tenant_id.into_iter().chain(job.other_tenant_id) {
            if let Some(held) = store::tenants::by_id(write, Scope::All, id).await? {
                must_be_free(write, &held, now).await?;
            }
        }
    }
    Ok(if store::jobs::retry(write, job.id, now).await? {
        store::tenants::set_status(write, tenant.id, &[Status::Failed], Status::Pending).await?;
        Some("Asked for another try.")
    } else if store::jobs::retry_clean_up(write, job.id, now).await? {
        Some("Asked for another try at cleaning up.")
    } else if store::jobs::hurry(write, job.id, now).await? {
        Some("Asked for the next try at once.")
    } else {
        None
    })
}
