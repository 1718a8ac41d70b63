//! The list of tenants.

use super::new::Unfinished;
use crate::web::views::{Choice, Pager, Pill, Shell, TimeView};
use askama::Template;

/// The list with its search. The block `results` is what a change of the search replaces.
#[derive(Template)]
#[template(path = "tenants/list.html", blocks = ["results"])]
pub struct TenantsPage {
    /// The frame.
    pub shell: Shell,
    /// Whether these are the tenants of an owner, who sees no others.
    pub is_owner: bool,
    /// What is searched for.
    pub search: Search,
    /// How many match, such as "38 tenants".
    pub count: String,
    /// The tenants of this page.
    pub rows: Vec<TenantRow>,
    /// The heads of columns that the list can be sorted by.
    pub sort_name: SortLink,
    /// See `sort_name`.
    pub sort_version: SortLink,
    /// See `sort_name`.
    pub sort_created: SortLink,
    /// The pages beside this one.
    pub pager: Pager,
    /// Whether there are no tenants at all, or none that match.
    pub is_empty: bool,
    /// Whether the person may make tenants.
    pub may_create: bool,
    /// What the list is narrowed to, where its tenants can be checked for unexpected changes.
    pub check: Option<Vec<(&'static str, String)>>,
    /// Tenants that the person has begun to describe.
    pub unfinished: Vec<Unfinished>,
}

impl TenantsPage {
    /// Whether there is no tenant yet and nothing to search.
    pub fn is_first(&self) -> bool {
        self.is_empty && !self.search.is_on
    }

    /// What an empty list says.
    pub fn no_tenants(&self) -> &'static str {
        if self.is_owner {
            "No tenant is shared with you at the moment. Ask whoever invited you."
        } else {
            "A tenant is one customer with its own database."
        }
    }

    /// What a screen reader says after the list has changed.
    pub fn say(&self) -> String {
        if self.rows.is_empty() { "No tenant found.".into() } else { format!("{} found.", self.count) }
    }
}

/// The search form.
#[derive(Debug, Clone)]
pub struct Search {
    /// `q`.
    pub text: String,
    /// `state`, beginning with all.
    pub states: Vec<Choice>,
    /// `template`, beginning with all.
    pub templates: Vec<Choice>,
    /// `plan`, beginning with all.
    pub plans: Vec<Choice>,
    /// `sort`, kept while the search changes.
    pub sort: String,
    /// Whether anything is searched for, so that there is something to clear.
    pub is_on: bool,
}

/// The head of a column that the list can be sorted by.
#[derive(Debug, Clone)]
pub struct SortLink {
    /// Where a press on it goes.
    pub href: String,
    /// `ascending`, `descending` or `none`, in the words of `aria-sort`.
    pub now: &'static str,
}

impl SortLink {
    /// The icon that shows it.
    pub fn icon(&self) -> &'static str {
        match self.now {
            "ascending" => "sort-ascending",
            "descending" => "sort-descending",
            _ => "arrows-sort",
        }
    }
}

/// A tenant in the list.
#[derive(Debug, Clone)]
pub struct TenantRow {
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// Its page, or its steps while it is being set up.
    pub href: String,
    /// Whether it has a database that can be checked.
    pub has_database: bool,
    /// The name of its template.
    pub template: String,
    /// The version that it stands at.
    pub version: String,
    /// Is it running?
    pub state: Pill,
    /// The plan in words.
    pub plan: String,
    /// The owner's e-mail.
    pub owner: String,
    /// When it was asked for.
    pub created: TimeView,
}
