//! `tenantry tenants rename|set-plan|suspend|resume|archive|unarchive|clone|snapshot|snapshots|restore|delete|undelete|retry|undo`.

use super::{
    End, Trouble, output,
    tenants::{moment, view, wait},
};
use crate::{
    app::App,
    error::Error,
    store::{jobs::JobStatus, snapshots::Snapshot},
    usecases::{
        actor::Actor,
        life::{self, LastSnapshot, NewName, Started},
        tenants,
    },
};
use uuid::Uuid;

const ACTOR: Actor = Actor::CommandLine;

#[derive(Debug, clap::Args)]
pub(super) struct One {
    /// Its slug or id
    slug: String,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
pub(super) struct How {
    /// Work until it is done
    #[arg(long)]
    wait: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Rename {
    /// Its slug or id
    slug: String,
    /// The new name; the slug and the database keep theirs
    #[arg(long)]
    name: String,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
pub(super) struct SetPlan {
    /// Its slug or id
    slug: String,
    /// basic, premium or enterprise
    plan: String,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
pub(super) struct CloneOf {
    /// The slug or id of the tenant to copy
    slug: String,
    /// The new tenant's name
    #[arg(long)]
    name: String,
    /// The new tenant's owner
    #[arg(long)]
    email: String,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
pub(super) struct Take {
    /// Its slug or id
    slug: String,
    /// Why, for whoever reads the list
    #[arg(long, default_value = "")]
    note: String,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// Its slug or id
    slug: String,
    /// The snapshot's id, from `tenants snapshots`
    #[arg(long)]
    snapshot: Uuid,
    /// Put it in the place of what the tenant has now, which is saved first
    #[arg(long, conflicts_with_all = ["name", "email"])]
    over: bool,
    /// The name of the new tenant
    #[arg(long, required_unless_present = "over")]
    name: Option<String>,
    /// The owner of the new tenant
    #[arg(long, required_unless_present = "over")]
    email: Option<String>,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
pub(super) struct Delete {
    /// Its slug or id
    slug: String,
    /// The tenant's name, to confirm
    #[arg(long, value_name = "NAME")]
    confirm: String,
    /// Delete it even where its database is so damaged that no last snapshot can be made
    #[arg(long)]
    without_snapshot: bool,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
pub(super) struct Snapshots {
    /// Its slug or id
    slug: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn new_name(name: String, email: String) -> NewName {
    NewName { name, email, request_id: None }
}

pub(super) async fn rename(app: &App, rename: Rename) -> Result<End, Trouble> {
    let asked = life::change_details(app, &ACTOR, &rename.slug, Some(&rename.name), None, None).await;
    end(app, asked, &rename.how).await
}

pub(super) async fn set_plan(app: &App, set: SetPlan) -> Result<End, Trouble> {
    let asked = life::change_details(app, &ACTOR, &set.slug, None, Some(&set.plan), None).await;
    end(app, asked, &set.how).await
}

pub(super) async fn suspend(app: &App, one: One) -> Result<End, Trouble> {
    end(app, life::suspend(app, &ACTOR, &one.slug).await, &one.how).await
}

pub(super) async fn resume(app: &App, one: One) -> Result<End, Trouble> {
    end(app, life::resume(app, &ACTOR, &one.slug).await, &one.how).await
}

pub(super) async fn archive(app: &App, one: One) -> Result<End, Trouble> {
    end(app, life::archive(app, &ACTOR, &one.slug).await, &one.how).await
}

pub(super) async fn unarchive(app: &App, one: One) -> Result<End, Trouble> {
    end(app, life::unarchive(app, &ACTOR, &one.slug).await, &one.how).await
}

pub(super) async fn clone_of(app: &App, clone: CloneOf) -> Result<End, Trouble> {
    let new = new_name(clone.name, clone.email);
    end(app, life::clone_tenant(app, &ACTOR, &clone.slug, new).await, &clone.how).await
}

pub(super) async fn snapshot(app: &App, take: Take) -> Result<End, Trouble> {
    end(app, life::take_snapshot(app, &ACTOR, &take.slug, &take.note).await, &take.how).await
}

pub(super) async fn restore(app: &App, restore: Restore) -> Result<End, Trouble> {
    let asked = match (restore.name, restore.email) {
        (Some(name), Some(email)) => {
            let new = new_name(name, email);
            life::restore_as_new(app, &ACTOR, &restore.slug, restore.snapshot, new).await
        }
        _ => life::restore_over(app, &ACTOR, &restore.slug, restore.snapshot).await,
    };
    end(app, asked, &restore.how).await
}

pub(super) async fn delete(app: &App, delete: Delete) -> Result<End, Trouble> {
    let last = if delete.without_snapshot { LastSnapshot::WherePossible } else { LastSnapshot::Needed };
    end(app, life::delete(app, &ACTOR, &delete.slug, &delete.confirm, last).await, &delete.how).await
}

pub(super) async fn undelete(app: &App, one: One) -> Result<End, Trouble> {
    end(app, life::keep(app, &ACTOR, &one.slug).await, &one.how).await
}

pub(super) async fn undo(app: &App, one: One) -> Result<End, Trouble> {
    end(app, life::give_up(app, &ACTOR, &one.slug).await, &one.how).await
}

pub(super) async fn new_password(app: &App, one: One) -> Result<End, Trouble> {
    end(app, life::new_password(app, &ACTOR, &one.slug).await, &one.how).await
}

pub(super) async fn password(app: &App, slug: &str) -> Result<End, Trouble> {
    output::line(&life::show_password(app, &ACTOR, slug).await?.0);
    Ok(End::Done)
}

pub(super) async fn retry(app: &App, one: One) -> Result<End, Trouble> {
    let tenant = life::retry(app, &ACTOR, &one.slug).await?;
    let (_, job) = tenants::making(app, &ACTOR, &tenant.slug).await?;
    let Some((job, _)) = job else { return Ok(End::Done) };
    if job.status == JobStatus::Done {
        if one.how.json {
            output::json(&view(&tenant));
        } else {
            output::line(&format!(
                "Nothing of {} has failed, so there is nothing to try again.",
                tenant.name
            ));
        }
        return Ok(End::Done);
    }
    end(app, Ok(Started { tenant, job_id: job.id }), &one.how).await
}

fn snapshot_view(snapshot: &Snapshot) -> serde_json::Value {
    serde_json::json!({
        "id": snapshot.id,
        "reason": snapshot.reason.word(),
        "note": snapshot.note,
        "taken_by": snapshot.taken_by,
        "bytes": snapshot.bytes,
        "sha256": snapshot.checksum,
        "created_at": moment(snapshot.created_ms),
        "expires_at": moment(snapshot.expires_ms),
    })
}

pub(super) async fn snapshots(app: &App, list: Snapshots) -> Result<End, Trouble> {
    let (_, found) = life::snapshots(app, &ACTOR, &list.slug).await?;
    if list.json {
        let items: Vec<_> = found.iter().map(snapshot_view).collect();
        output::json(&serde_json::json!({ "items": items, "has_more": false }));
    } else if found.is_empty() {
        output::line("No snapshots. Take one with: tenantry tenants snapshot SLUG");
    } else {
        let rows: Vec<Vec<String>> = found
            .iter()
            .map(|snapshot| {
                vec![
                    snapshot.id.to_string(),
                    moment(snapshot.created_ms),
                    snapshot.bytes.to_string(),
                    snapshot.taken_by.clone(),
                    snapshot.note.clone().unwrap_or_default(),
                ]
            })
            .collect();
        output::table(&["ID", "TAKEN", "BYTES", "BY", "WHY"], &rows);
    }
    Ok(End::Done)
}

/// Names the flag at each message, where a page would show it at the field.
fn with_flags(mut error: Error) -> Error {
    if !error.fields.is_empty() {
        let lines: Vec<String> =
            error.fields.iter().map(|(field, text)| format!("--{field}: {text}")).collect();
        error.message = lines.join("\n");
    }
    error
}

/// Waits for what was asked for, where that is wanted, and says how it stands.
async fn end(app: &App, asked: crate::error::Result<Started>, how: &How) -> Result<End, Trouble> {
    let mut tenant = asked.map_err(with_flags)?.tenant;
    let mut failed = false;
    if how.wait {
        tenant = wait(app, tenant, how.json).await?;
        let (_, job) = tenants::making(app, &ACTOR, &tenant.id.to_string()).await?;
        failed = job.is_some_and(|(job, _)| job.status == JobStatus::Failed);
    }
    if how.json {
        output::json(&view(&tenant));
    } else if how.wait {
        output::line(&format!("{} is {} as {}.", tenant.name, tenant.status.word(), tenant.slug));
    } else {
        output::line(&format!(
            "Asked for. A running `tenantry serve` does it to {}; --wait does it here.",
            tenant.slug
        ));
    }
    Ok(if failed { End::Failed } else { End::Done })
}
