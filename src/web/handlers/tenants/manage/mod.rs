//! Managing a tenant: what can be done to it, and each act with its question. The acts are in [`acts`].

pub mod acts;
mod questions;

use crate::{
    app::App,
    store::{snapshots::Snapshot, tenants::Status},
    usecases::{
        actor::Actor,
        life::{self, Manage},
        permissions::Permission,
    },
    web::{
        guard::SignedIn,
        handlers::{Answer, html, shell},
        pages::tenants::{
            manage::{ActGroup, ActLink, ManagePage, SnapshotRow},
            show::Tab,
        },
        urls,
        views::{Crumb, Place, TimeView, size},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Path},
};

/// What can be done to a tenant.
pub async fn show(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let found = life::manage(&app, &actor, &slug).await?;
    let now = app.now_ms();
    let slug = &found.tenant.slug;
    let is_admin = actor.must(Permission::ManageTenants).is_ok();
    let is_free = found.busy.is_none();
    let row = |snapshot: &Snapshot| SnapshotRow {
        at: TimeView::new(snapshot.created_ms, now),
        why: snapshot.note.clone().unwrap_or_else(|| "No note".into()),
        who: snapshot.taken_by.clone(),
        size: size(u64::try_from(snapshot.bytes).unwrap_or_default()),
        until: TimeView::new(snapshot.expires_ms, now),
        checksum: snapshot.checksum.clone(),
        restore_href: is_free.then(|| urls::tenant_restore(slug, &snapshot.id.to_string())),
    };
    let page = ManagePage {
        shell: shell(&request, &actor, Place::Tenants),
        head: super::show::head(&actor, &found.tenant, Tab::Manage),
        busy: found.busy.clone().map(|text| (text, Crumb::new("See the steps", urls::tenant_setup(slug)))),
        groups: if is_free || found.tenant.status == Status::Failed {
            groups(&app, &actor, &found, now)
        } else {
            Vec::new()
        },
        snapshots: is_admin.then(|| found.snapshots.iter().map(row).collect()),
    };
    html(StatusCode::OK, &page)
}

fn link(slug: &str, act: &str, title: &str, text: &str, button: &'static str) -> ActLink {
    ActLink {
        title: title.into(),
        text: text.into(),
        button,
        href: urls::tenant_act(slug, act),
        is_danger: act == "delete" || act == "give-up",
    }
}

fn groups(app: &App, actor: &Actor, found: &Manage, now: i64) -> Vec<ActGroup> {
    let tenant = &found.tenant;
    let is_admin = actor.must(Permission::ManageTenants).is_ok();
    let link = |act, title, text: &str, button| link(&tenant.slug, act, title, text, button);
    let mut details = Vec::new();
    let (mut usage, mut copies, mut account, mut end) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    if matches!(tenant.status, Status::Active | Status::Suspended | Status::Archived) {
        let text = "Its address and its database keep their names.";
        details.push(link("details", "Name and plan", text, "Change name or plan"));
        copies.push(link(
            "clone",
            "Clone",
            "A new tenant with the same data, as it is at one moment.",
            "Clone it",
        ));
        let text = "A copy of its data as it is now, to go back to.";
        copies.push(link("snapshot", "Snapshot", text, "Take a snapshot"));
        if actor.must(Permission::ExportTenants).is_ok() {
            copies.push(ActLink {
                title: "Export".into(),
                text: "All its data in one file to download: an SQL dump, and a CSV file for each table."
                    .into(),
                button: "Export its data",
                href: urls::tenant_exports(&tenant.slug),
                is_danger: false,
            });
        }
        if tenant.server_id.is_some() {
            let text = "For its account on the database server. The old one stops working at once.";
            account.push(link("new-password", "New password", text, "Give it a new password"));
        }
        let days = app.settings.grace.as_secs() / 86_400;
        let text = format!(
            "Out of reach at once; removed for good after {days} days, until which it can be kept after all."
        );
        end.push(link("delete", "Delete", &text, "Delete it"));
    }
    match tenant.status {
        Status::Active => {
            usage.push(link(
                "pause",
                "Pause",
                "Nobody can use it until it is resumed. Nothing is lost.",
                "Pause it",
            ));
            usage.push(link(
                "archive",
                "Archive",
                "Out of use for long, and kept in a compact file.",
                "Archive it",
            ));
        }
        Status::Suspended => {
            usage.push(link("resume", "Resume", "It can be used again, as it was.", "Resume it"));
            usage.push(link(
                "archive",
                "Archive",
                "Out of use for long, and kept in a compact file.",
                "Archive it",
            ));
        }
        Status::Archived => {
            usage.push(link(
                "unarchive",
                "Take it out of the archive",
                "It can be used again, as it was.",
                "Use it again",
            ));
        }
        Status::Deleting => {
            let until = found.delete_after_ms.map(|at| TimeView::new(at, now).text);
            let text = format!(
                "It is removed for good after {} UTC. Until then it comes back as it was.",
                until.unwrap_or_default()
            );
            usage.push(link("keep", "Keep it after all", &text, "Keep it after all"));
        }
        Status::Failed => {
            let text = "It could not be set up. What is left is removed, and its name in addresses is not given again.";
            end.push(link("give-up", "Remove what is left", text, "Remove what is left"));
        }
        Status::Pending | Status::Provisioning | Status::Deleted => {}
    }
    if !is_admin {
        usage.clear();
        copies.clear();
        account.clear();
        end.retain(|act| act.href.ends_with("/give-up"));
    }
    let group = |title, id, acts, is_danger| ActGroup { title, id, acts, is_danger };
    [
        group("What it is called", "details-title", details, false),
        group("In use or not", "usage-title", usage, false),
        group("Copies", "copies-title", copies, false),
        group("Its account", "account-title", account, false),
        group("The end", "end-title", end, true),
    ]
    .into_iter()
    .filter(|group| !group.acts.is_empty())
    .collect()
}
