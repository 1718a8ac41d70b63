//! Templates: the list, and one version with everything in it.

use crate::{
    sql::hazards::{Class, Hazard},
    web::views::{Crumb, Pill, Shell, TimeView, Tone},
};
use askama::Template;

/// The list of templates.
#[derive(Template)]
#[template(path = "templates/list.html")]
pub struct TemplatesPage {
    /// The frame.
    pub shell: Shell,
    /// One for each template type.
    pub templates: Vec<TemplateSummary>,
    /// The folder that templates are imported from, for the page without any.
    pub folder: String,
    /// Where a template is brought in, for those who may.
    pub import_href: Option<String>,
    /// New versions in the making.
    pub drafts: Vec<DraftRow>,
}

/// A draft in a list.
#[derive(Debug, Clone)]
pub struct DraftRow {
    /// Such as "NGO 1.1.0".
    pub title: String,
    /// Its page.
    pub href: String,
    /// Who changed it last.
    pub who: String,
    /// When.
    pub changed: TimeView,
}

/// A template in the list.
#[derive(Debug, Clone)]
pub struct TemplateSummary {
    /// Its name.
    pub name: String,
    /// Its type, such as `ngo`.
    pub template_type: String,
    /// One sentence.
    pub description: String,
    /// Its newest version.
    pub version: String,
    /// The address of its newest version.
    pub href: String,
    /// An icon of the sprite.
    pub icon: &'static str,
    /// Such as "3 modules, 5 extras".
    pub modules: String,
    /// Such as "23 tables".
    pub tables: String,
    /// Such as "1,204 tenants".
    pub tenants: String,
    /// Whether every version of it is retired.
    pub is_retired: bool,
}

/// A template version.
#[derive(Template)]
#[template(path = "templates/show.html")]
pub struct TemplatePage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// Its name.
    pub name: String,
    /// Its type, such as `ngo`.
    pub template_type: String,
    /// One sentence.
    pub description: String,
    /// The version that is shown.
    pub version: String,
    /// Whether new tenants are made from it, and whether it may still change.
    pub state: Vec<Pill>,
    /// When it was published.
    pub published: TimeView,
    /// By whom, where that is known.
    pub published_by: Option<String>,
    /// What they wrote about it.
    pub note: Option<String>,
    /// What a retired version means, in sentences.
    pub retired: Option<String>,
    /// What is new in it; none in the first version.
    pub news: Option<NewsView>,
    /// All versions, newest first.
    pub versions: Vec<VersionRow>,
    /// Drafts of new versions.
    pub drafts: Vec<DraftRow>,
    /// Where its files are downloaded.
    pub files_href: String,
    /// Where a draft is begun from it, for those who may.
    pub change_href: Option<String>,
    /// Where it is retired, for those who may.
    pub retire_href: Option<String>,
    /// Where it is brought back, for those who may.
    pub bring_back: Option<String>,
    /// Its modules in the order in which they are added.
    pub modules: Vec<ModuleView>,
    /// Its tables in that order.
    pub tables: Vec<TableView>,
    /// Its migrations, in order.
    pub migrations: Vec<MigrationView>,
    /// Such as "1,204 tenants".
    pub used_by: String,
    /// The list of these tenants, where there are any.
    pub used_by_href: Option<String>,
    /// Where a tenant is made from it, for those who may.
    pub create_href: Option<String>,
}

/// What is new in a version.
#[derive(Debug, Clone)]
pub struct NewsView {
    /// The version before it, with its page.
    pub since: Crumb,
    /// A sentence for each change.
    pub sentences: Vec<String>,
}

/// A version in the list of all versions of a template.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// Its number.
    pub version: String,
    /// Its page.
    pub href: String,
    /// Whether it is the one that is shown.
    pub is_current: bool,
    /// The page of the shown version with what is new in it since this one, where this one is earlier.
    pub compare_href: Option<String>,
    /// Published, or retired.
    pub state: Pill,
    /// When it was published.
    pub published: TimeView,
    /// By whom.
    pub who: String,
    /// What they wrote about it.
    pub note: String,
    /// Such as "1,204 tenants".
    pub tenants: String,
}

/// A module of a template version.
#[derive(Debug, Clone)]
pub struct ModuleView {
    /// Its name in files, such as `event_shifts`.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// Whether every tenant has it.
    pub is_core: bool,
    /// The titles of the modules that it needs.
    pub needs: Vec<String>,
    /// Its tables.
    pub tables: Vec<String>,
}

/// A table in plain words.
#[derive(Debug, Clone)]
pub struct TableView {
    /// Its name.
    pub name: String,
    /// The id of its place in the page, see `picture::anchor`.
    pub anchor: String,
    /// What it is for, where the template says so.
    pub comment: Option<String>,
    /// The title of the module that it comes from.
    pub module: Option<String>,
    /// Whether it is the tenant's own.
    pub is_own: bool,
    /// Its columns.
    pub columns: Vec<ColumnView>,
    /// Its other promises in sentences, such as "No two rows have the same email."
    pub rules: Vec<String>,
}

/// A column in plain words.
#[derive(Debug, Clone)]
pub struct ColumnView {
    /// Its name.
    pub name: String,
    /// What goes into it, such as "Short text, up to 255 letters".
    pub kind: String,
    /// Whether it must be filled in.
    pub is_required: bool,
    /// What is there when nothing is said.
    pub default: Option<String>,
    /// Marks such as "Key", or "Links to users".
    pub marks: Vec<String>,
    /// Whether it is the tenant's own.
    pub is_own: bool,
    /// What it is for, where the template says so.
    pub comment: Option<String>,
}

/// Something that can go wrong with a migration.
#[derive(Debug, Clone)]
pub struct HazardView {
    /// How much it weighs.
    pub mark: Pill,
    /// What is about to happen.
    pub sentence: String,
    /// Why that is a hazard.
    pub reason: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

impl HazardView {
    /// The mark of a class.
    pub fn mark(class: Class) -> Pill {
        match class {
            Class::Breaking => Pill::new(class.word(), Tone::Warn),
            Class::Slow => Pill::new(class.word(), Tone::Busy).with_icon("hourglass"),
            Class::Notice => Pill::new(class.word(), Tone::Quiet).with_icon("info-circle"),
        }
    }
}

impl From<&Hazard> for HazardView {
    fn from(hazard: &Hazard) -> Self {
        let &Hazard { class, reason, advice, .. } = hazard;
        HazardView { mark: Self::mark(class), sentence: hazard.sentence.clone(), reason, advice }
    }
}

/// A migration of a template.
#[derive(Debug, Clone)]
pub struct MigrationView {
    /// Its name.
    pub name: String,
    /// What it does, in words.
    pub summary: Vec<String>,
    /// What can go wrong with it, the heaviest first.
    pub hazards: Vec<HazardView>,
    /// Whether it needs an approval.
    pub is_breaking: bool,
    /// The template version that is reached with it.
    pub completes: Option<String>,
    /// The SQL that does it.
    pub up: String,
    /// The SQL that takes it back.
    pub down: String,
}
