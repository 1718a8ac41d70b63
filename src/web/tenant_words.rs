//! The words of the pages for what the code names otherwise.

use super::views::{Pill, Tone};
use crate::store::tenants::{Plan, Status};

/// A tenant's state: is it running?
pub fn state(status: Status) -> Pill {
    match status {
        Status::Pending => Pill::new("Waiting", Tone::Quiet).with_icon("clock"),
        Status::Provisioning => Pill::new("Setting up", Tone::Busy),
        Status::Active => Pill::new("Ready", Tone::Good),
        Status::Failed => Pill::new("Needs attention", Tone::Bad),
        Status::Suspended => Pill::new("Paused", Tone::Warn),
        Status::Archived => Pill::new("Archived", Tone::Quiet),
        Status::Deleting => Pill::new("Being removed", Tone::Warn),
        Status::Deleted => Pill::new("Removed", Tone::Quiet),
    }
}

/// A plan's name.
pub fn plan(plan: Plan) -> &'static str {
    match plan {
        Plan::Basic => "Basic",
        Plan::Premium => "Premium",
        Plan::Enterprise => "Enterprise",
    }
}

/// What a plan is for, in a line.
pub fn plan_line(plan: Plan) -> &'static str {
    match plan {
        Plan::Basic => "For a small organisation that starts out.",
        Plan::Premium => "For an organisation with more people and more data.",
        Plan::Enterprise => "For a large organisation with needs of its own.",
    }
}

/// The icon of an event.
pub fn icon_of(action: &str) -> &'static str {
    match action {
        "tenant_created" => "plus",
        "tenant_ready" => "circle-check",
        "tenant_failed" => "alert-triangle",
        "tenant_retried" => "refresh",
        "tenant_suspended" | "tenant_archived" => "player-pause",
        "tenant_resumed" | "tenant_unarchived" => "player-play",
        "tenant_kept" | "tenant_restored" => "arrow-back-up",
        "tenant_deleting" | "tenant_deleted" => "circle-x",
        "job_failed" => "alert-triangle",
        "tenant_copied" | "snapshot_taken" => "copy",
        "owner_invited" => "mail",
        "invitation_taken_up" => "user-check",
        "person_invited" | "person_joined" | "owner_added" | "first_admin_created" => "user-plus",
        "password_changed" | "password_reset" | "link_made" => "key",
        "person_switched_off" | "person_switched_on" | "role_changed" => "user-circle",
        "sessions_ended" => "logout",
        "person_removed" | "owner_removed" => "circle-x",
        "template_imported" | "template_published" => "stack-2",
        "template_draft_begun" => "file-code",
        "template_draft_discarded" | "template_retired" => "circle-minus",
        "template_brought_back" => "arrow-back-up",
        _ => "history",
    }
}

/// The icon of a template.
pub fn template_icon(template_type: &str) -> &'static str {
    match template_type {
        "ngo" => "heart-handshake",
        "political_party" => "speakerphone",
        "corporate" => "building-skyscraper",
        _ => "building-community",
    }
}
