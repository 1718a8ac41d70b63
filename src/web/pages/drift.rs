//! Unexpected changes: of all tenants, of those with the same one, of one tenant, and the question before something is done.

use crate::web::{
    pages::tenants::show::TenantHead,
    pieces::StackedBar,
    views::{Crumb, Field, FormError, Pager, Pill, Shell, TimeView},
};
use askama::Template;

/// All tenants together.
#[derive(Template)]
#[template(path = "drift/fleet.html", blocks = ["progress"])]
pub struct FleetPage {
    /// The frame.
    pub shell: Shell,
    /// The answer: whether everything is as it should be.
    pub heading: String,
    /// A sentence about how much was looked at, and when.
    pub text: String,
    /// Whether nobody has looked yet.
    pub is_new: bool,
    /// Whether the last check is long ago.
    pub is_old: bool,
    /// The check that goes on.
    pub going_on: Option<ProgressView>,
    /// What is done to some tenants: its page, and how far it is.
    pub of_some: Vec<(Crumb, String)>,
    /// Tenants by level; nothing where there is no tenant.
    pub levels: Option<StackedBar>,
    /// Template versions, each with its tenants by level.
    pub versions: Vec<VersionRow>,
    /// The template version that the list is about, and the address of the list about all of them.
    pub version: Option<(String, String)>,
    /// Links that narrow the list, the current one marked.
    pub filters: Vec<(String, String, bool)>,
    /// Tenants with the same difference.
    pub groups: Vec<GroupRow>,
    /// The way to other pages of the list.
    pub pager: Pager,
    /// Tenants that could not be looked at.
    pub troubled: Vec<(Crumb, String)>,
}

/// How far a check of all tenants is.
#[derive(Debug, Clone)]
pub struct ProgressView {
    /// In words, such as "340 of 1,204 tenants looked at".
    pub text: String,
    /// Tenants that it has come to.
    pub done: i64,
    /// Tenants in all.
    pub total: i64,
    /// Who asked, and when.
    pub asked: String,
}

/// A template version in the picture of the fleet.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// Its name.
    pub name: String,
    /// The list about it.
    pub href: String,
    /// Whether the list is about it.
    pub is_current: bool,
    /// How many tenants it has, and how many of them differ.
    pub text: String,
    /// Its tenants by level.
    pub bar: StackedBar,
}

/// Tenants with the same difference.
#[derive(Debug, Clone)]
pub struct GroupRow {
    /// What differs.
    pub sentence: String,
    /// How bad that is.
    pub severity: Pill,
    /// How many have it, in words.
    pub tenants: String,
    /// Since when.
    pub since: TimeView,
    /// Its page.
    pub href: String,
}

/// What differs, with what there should be and what there is.
#[derive(Debug, Clone)]
pub struct DifferenceView {
    /// Its id.
    pub id: String,
    /// In a sentence.
    pub sentence: String,
    /// How bad it is.
    pub severity: Pill,
    /// What there should be, in pieces: a text and whether it is other than what there is.
    pub expected: Vec<(String, bool)>,
    /// What there is, in the same way.
    pub found: Vec<(String, bool)>,
    /// What is known of how it came about.
    pub cause: Option<String>,
    /// Since when it is known.
    pub since: Option<TimeView>,
    /// What can be done: what, and where.
    pub acts: Vec<(&'static str, String)>,
    /// The form whose ticks go with what is done, where some of many tenants can be chosen.
    pub form: Option<&'static str>,
    /// Why something cannot be done that one would look for.
    pub note: Option<&'static str>,
    /// Why it is left alone, and until when; and where that is ended.
    pub ignored: Option<(String, Option<String>)>,
}

/// Tenants with the same difference.
#[derive(Template)]
#[template(path = "drift/group.html")]
pub struct GroupPage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// What differs.
    pub difference: DifferenceView,
    /// How many tenants, in words.
    pub count: String,
    /// What to know about deciding here.
    pub text: &'static str,
    /// Whether some of the tenants can be chosen.
    pub can_choose: bool,
    /// The tenants.
    pub members: Vec<MemberRow>,
    /// How many are not named.
    pub more: Option<String>,
    /// Those of which it is left alone.
    pub ignored: Vec<Crumb>,
    /// How many of them are not named.
    pub more_ignored: Option<String>,
    /// Where a check of them is asked for.
    pub check: Option<String>,
    /// Where leaving it alone is ended for all of them, for those who may.
    pub count_again: Option<String>,
}

/// A tenant with the difference.
#[derive(Debug, Clone)]
pub struct MemberRow {
    /// Its page.
    pub tenant: Crumb,
    /// Its name in addresses.
    pub slug: String,
    /// Since when it differs.
    pub since: TimeView,
}

/// How far something is that is done to many tenants, and what came of it.
#[derive(Template)]
#[template(path = "drift/run.html", blocks = ["outcome"])]
pub struct RunPage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// This page.
    pub here: String,
    /// What is done, or what came of it.
    pub heading: String,
    /// What there is to know.
    pub text: String,
    /// What it is about.
    pub sentence: Option<String>,
    /// How far it is, while it is done.
    pub going_on: Option<ProgressView>,
    /// What those are called for which it was not done.
    pub refused_title: &'static str,
    /// Tenants for which it was not done, with why.
    pub refused: Vec<(String, String)>,
    /// The page of the difference.
    pub group: Option<String>,
}

/// One tenant.
#[derive(Template)]
#[template(path = "drift/tenant.html")]
pub struct TenantPage {
    /// The frame.
    pub shell: Shell,
    /// The head of the tenant's pages.
    pub head: TenantHead,
    /// The answer.
    pub answer: Pill,
    /// A sentence about it.
    pub text: String,
    /// When it was looked at last.
    pub looked: Option<TimeView>,
    /// Why it could not be looked at.
    pub problem: Option<String>,
    /// Where a check is asked for, for those who may.
    pub check: Option<String>,
    /// Where everything is put back, for those who may, where there is more than one thing.
    pub repair_all: Option<String>,
    /// What differs.
    pub differences: Vec<DifferenceView>,
    /// What is left alone.
    pub ignored: Vec<DifferenceView>,
    /// What the tenant has of its own.
    pub own: Vec<String>,
}

/// The SQL for some of the tenants.
#[derive(Debug, Clone)]
pub struct PlanView {
    /// Which tenants, in words; nothing where it is one.
    pub tenants: Option<String>,
    /// Names of the first of them, where they are many.
    pub names: Vec<String>,
    /// How many are not named.
    pub others: usize,
    /// The statements.
    pub sql: String,
    /// What it takes away.
    pub losses: Vec<String>,
    /// What stays all the same.
    pub left: Vec<String>,
    /// Its fingerprint, which is what is approved.
    pub hash: String,
}

/// The question before something is done about what differs.
#[derive(Template)]
#[template(path = "drift/decide.html")]
pub struct DecidePage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// The question.
    pub heading: String,
    /// What it is about, in sentences.
    pub sentences: Vec<String>,
    /// For which tenants, in words.
    pub whom: Option<String>,
    /// What will happen.
    pub text: String,
    /// Where the form is sent.
    pub action: String,
    /// Values that nobody types.
    pub hidden: Vec<(&'static str, String)>,
    /// What was wrong.
    pub errors: Vec<FormError>,
    /// The SQL: one for each kind of tenant. More than one are approved one by one.
    pub plans: Vec<PlanView>,
    /// Tenants for which it cannot be done, with why.
    pub refused: Vec<(String, String)>,
    /// A reason to type, where one is wanted.
    pub reason: Option<Field>,
    /// Other lines to type.
    pub fields: Vec<Field>,
    /// What the button says; nothing where there is nothing to send.
    pub button: Option<&'static str>,
    /// The way back.
    pub cancel: String,
}
