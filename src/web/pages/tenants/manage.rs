//! Managing a tenant: what can be done to it, and the question before each.

use crate::web::{
    pages::tenants::show::TenantHead,
    pieces::{Confirm, Select},
    views::{Crumb, Field, Shell, TimeView},
};
use askama::Template;

/// What can be done to a tenant.
#[derive(Template)]
#[template(path = "tenants/manage.html")]
pub struct ManagePage {
    /// The frame.
    pub shell: Shell,
    /// What stands above the tabs.
    pub head: TenantHead,
    /// What is being done to it now, with the way to its steps; nothing else can be begun meanwhile.
    pub busy: Option<(String, Crumb)>,
    /// What can be done, in groups.
    pub groups: Vec<ActGroup>,
    /// The snapshots, newest first; `None` for those who may not use them.
    pub snapshots: Option<Vec<SnapshotRow>>,
}

/// Things that can be done, under one heading.
#[derive(Debug, Clone)]
pub struct ActGroup {
    /// The heading.
    pub title: &'static str,
    /// The id of the heading.
    pub id: &'static str,
    /// What can be done.
    pub acts: Vec<ActLink>,
    /// Whether something is lost here.
    pub is_danger: bool,
}

/// A thing that can be done.
#[derive(Debug, Clone)]
pub struct ActLink {
    /// What it is.
    pub title: String,
    /// What it does.
    pub text: String,
    /// What the link says.
    pub button: &'static str,
    /// The page that asks.
    pub href: String,
    /// Whether something is lost.
    pub is_danger: bool,
}

/// A snapshot.
#[derive(Debug, Clone)]
pub struct SnapshotRow {
    /// When it was taken.
    pub at: TimeView,
    /// Why.
    pub why: String,
    /// Who asked.
    pub who: String,
    /// How large it is.
    pub size: String,
    /// Until when it is kept.
    pub until: TimeView,
    /// The checksum of its file.
    pub checksum: String,
    /// The page that restores it.
    pub restore_href: Option<String>,
}

/// The question before something is done to a tenant.
#[derive(Template)]
#[template(path = "tenants/act.html")]
pub struct ActPage {
    /// The frame.
    pub shell: Shell,
    /// What stands above the tabs.
    pub head: TenantHead,
    /// What it is, such as "Pause Acme".
    pub title: String,
    /// The question itself.
    pub ask: Confirm,
    /// Values that the form brings back as they are.
    pub hidden: Vec<(&'static str, String)>,
    /// What is to be chosen.
    pub selects: Vec<Select>,
    /// What is to be typed.
    pub fields: Vec<Field>,
}
