//! A tenant: overview, structure, activity. The tabs are pages of their own.

use crate::web::{
    pages::templates::{ModuleView, TableView},
    picture_view::PictureView,
    urls,
    views::{Crumb, EventView, NavLink, Pager, Pill, Shell},
};
use askama::Template;

pub use crate::web::pieces::Fact;

/// What stands above the tabs.
#[derive(Debug, Clone)]
pub struct TenantHead {
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// The tenant's name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// Is it running?
    pub state: Pill,
    /// The name of its template, and the version that it stands at.
    pub template: String,
    /// That version's page, for those who may see it.
    pub template_href: Option<String>,
    /// The plan in words.
    pub plan: String,
    /// The tabs.
    pub tabs: Vec<NavLink>,
    /// A sentence with a link where the tenant is not ready, such as "Setting up stopped." and "See the steps".
    pub notice: Option<(String, Crumb)>,
}

/// The tabs of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Facts about it.
    Overview,
    /// Its tables.
    Structure,
    /// What differs in it from what it should be.
    Drift,
    /// What was done to it.
    Activity,
    /// What can be done to it.
    Manage,
    /// Its owners who sign in here.
    Owners,
}

impl Tab {
    /// The row of tabs, with this one marked; managing is for those who may.
    pub fn row(self, slug: &str, may_manage: bool) -> Vec<NavLink> {
        let link = |title, icon, href, tab| NavLink { title, icon, href, is_current: tab == self };
        let mut links = vec![
            link("Overview", "list-details", urls::tenant(slug), Tab::Overview),
            link("Structure", "sitemap", urls::tenant_structure(slug), Tab::Structure),
            link("Changes", "search", urls::tenant_drift(slug), Tab::Drift),
            link("Activity", "history", urls::tenant_activity(slug), Tab::Activity),
        ];
        if may_manage {
            links.push(link("Manage", "settings", urls::tenant_manage(slug), Tab::Manage));
        }
        links
    }

    /// One more tab, for those who may see a tenant's owners.
    pub fn owners(self, slug: &str) -> NavLink {
        NavLink {
            title: "Owners",
            icon: "user",
            href: urls::tenant_owners(slug),
            is_current: self == Tab::Owners,
        }
    }
}

/// The overview.
#[derive(Template)]
#[template(path = "tenants/overview.html", blocks = ["invitation_block"])]
pub struct OverviewPage {
    /// The frame.
    pub shell: Shell,
    /// What stands above the tabs.
    pub head: TenantHead,
    /// Facts, label and value, in order.
    pub facts: Vec<Fact>,
    /// The titles of the modules that it has, with whether they are extras.
    pub modules: Vec<(String, bool)>,
    /// How its application connects; empty before it is ready.
    pub connection: Vec<Fact>,
    /// The password of its account, where it has one.
    pub password: Option<PasswordView>,
    /// The owner's invitation.
    pub invitation: InvitationView,
    /// Where its data can be taken out, for those who may and once there is any.
    pub exports: Option<String>,
    /// The last events.
    pub events: Vec<EventView>,
}

/// The password of a tenant's account on a server.
#[derive(Debug, Clone)]
pub struct PasswordView {
    /// A sentence about it.
    pub sentence: String,
    /// The password itself, this one time.
    pub shown: Option<String>,
    /// Whether there is a button that shows it.
    pub can_show: bool,
    /// Where it can be given another one, for those who may.
    pub renew: Option<String>,
}

/// The owner's invitation.
#[derive(Debug, Clone)]
pub struct InvitationView {
    /// The owner's e-mail.
    pub email: String,
    /// Where it is, such as "Not taken up yet".
    pub state: Pill,
    /// A sentence about it, such as "The link works until 26 Nov 2026, 10:00."
    pub sentence: String,
    /// The link, shown once, right after it was made.
    pub link: Option<String>,
    /// What the button that makes a link says, for those who may.
    pub button: Option<&'static str>,
}

/// The structure.
#[derive(Template)]
#[template(path = "tenants/structure.html")]
pub struct StructurePage {
    /// The frame.
    pub shell: Shell,
    /// What stands above the tabs.
    pub head: TenantHead,
    /// The picture with the ways to look at it.
    pub picture: PictureView,
    /// The modules that it was made with, and their sentences.
    pub modules: Vec<ModuleView>,
    /// The tables.
    pub tables: Vec<TableView>,
    /// The definition as SQL.
    pub ddl: String,
    /// Why there is nothing to show, in plain words.
    pub missing: Option<String>,
}

/// The activity.
#[derive(Template)]
#[template(path = "tenants/activity.html")]
pub struct ActivityPage {
    /// The frame.
    pub shell: Shell,
    /// What stands above the tabs.
    pub head: TenantHead,
    /// What was done, newest first.
    pub events: Vec<EventView>,
    /// The pages beside this one.
    pub pager: Pager,
}
