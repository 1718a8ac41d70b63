//! Drafts of template versions: beginning one, its start page, the editor, its description, and what is different in it.

use super::template_import::FindingView;
use crate::web::{
    pieces::Confirm,
    views::{Crumb, Field, FormError, NavLink, Pill, Shell, TimeView},
};
use askama::Template;

/// Choosing the number of a new draft.
#[derive(Template)]
#[template(path = "templates/change.html")]
pub struct BeginDraftPage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// What was wrong with the form.
    pub errors: Vec<FormError>,
    /// The template's name.
    pub name: String,
    /// The version that the draft comes from.
    pub version: String,
    /// Where the form is sent.
    pub action: String,
    /// Where one goes who does not want to.
    pub cancel: String,
    /// The numbers to choose from.
    pub steps: Vec<StepChoice>,
}

/// A number that a draft may get.
#[derive(Debug, Clone)]
pub struct StepChoice {
    /// What the form sends.
    pub value: &'static str,
    /// The number.
    pub number: String,
    /// What it says of the change.
    pub title: &'static str,
    /// When to choose it.
    pub text: &'static str,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// What the pages of a draft share.
#[derive(Debug, Clone)]
pub struct DraftHead {
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// The template's name.
    pub name: String,
    /// The draft's number, where its manifest can be read.
    pub number: String,
    /// How the last check went.
    pub state: Pill,
    /// The version that it came from, such as "From 1.0.0".
    pub base: Crumb,
    /// Who changed it last.
    pub changed_by: String,
    /// When.
    pub changed: TimeView,
    /// Its pages.
    pub tabs: Vec<NavLink>,
    /// Whether the person may change it.
    pub may_edit: bool,
}

/// The start page of a draft: what is to be done until it is published.
#[derive(Template)]
#[template(path = "templates/draft.html")]
pub struct DraftPage {
    /// The frame.
    pub shell: Shell,
    /// What its pages share.
    pub head: DraftHead,
    /// What was wrong with the form.
    pub errors: Vec<FormError>,
    /// How the last check went, in a sentence.
    pub check: String,
    /// Where a check is asked for.
    pub check_action: String,
    /// What must be mended.
    pub problems: Vec<FindingView>,
    /// What is probably not meant so.
    pub warnings: Vec<FindingView>,
    /// Such as "3 files are different from 1.0.0".
    pub different: String,
    /// Where that is shown.
    pub changes_href: String,
    /// The form that publishes it, where it can be.
    pub publish: Option<PublishForm>,
    /// Why it cannot be published, where it cannot be.
    pub why_not: String,
    /// Where it is thrown away.
    pub discard_href: String,
}

/// The form that publishes a draft.
#[derive(Debug, Clone)]
pub struct PublishForm {
    /// Where it is sent.
    pub action: String,
    /// Hash of the files that the person looks at.
    pub digest: String,
    /// `note`.
    pub note: Field,
    /// What the button says.
    pub button: String,
}

/// A file in the list beside the editor.
#[derive(Debug, Clone)]
pub struct FileLink {
    /// Its path in the template.
    pub path: String,
    /// Its editor.
    pub href: String,
    /// Whether it is the one that is open.
    pub is_current: bool,
    /// Such as "2 problems", where the last check found some in it.
    pub problems: String,
}

/// A line's number beside the text.
#[derive(Debug, Clone, Copy)]
pub struct LineMark {
    /// The number.
    pub number: usize,
    /// Whether the last check found something in it.
    pub is_wrong: bool,
}

/// What somebody else saved meanwhile.
#[derive(Debug, Clone)]
pub struct Clash {
    /// What happened, in sentences.
    pub sentence: String,
    /// How the person's own text differs from what is there now.
    pub groups: Vec<Vec<DiffLine>>,
    /// What is there now, as a whole.
    pub theirs: Option<String>,
}

/// The editor of a file.
#[derive(Template)]
#[template(path = "templates/draft_file.html")]
pub struct DraftFilePage {
    /// The frame.
    pub shell: Shell,
    /// What its pages share.
    pub head: DraftHead,
    /// What was wrong with a form.
    pub errors: Vec<FormError>,
    /// All files.
    pub files: Vec<FileLink>,
    /// The path of the one that is open; empty where there is none.
    pub path: String,
    /// Its text, or what the person typed.
    pub text: String,
    /// What is wrong with the text as a whole.
    pub text_error: Option<String>,
    /// The edition that the text is based on.
    pub edition: i64,
    /// The numbers beside the text.
    pub lines: Vec<LineMark>,
    /// The height of the text where the browser does not find it itself.
    pub rows: usize,
    /// What the last check found in this file.
    pub problems: Vec<FindingView>,
    /// Who changed it last, in a sentence.
    pub changed: String,
    /// What somebody else saved meanwhile.
    pub clash: Option<Clash>,
    /// Where the text is sent.
    pub action: String,
    /// `to`, and where it is sent.
    pub rename: (Field, String),
    /// `path` of a new file, and where it is sent.
    pub add: (Field, String),
    /// Where the file is taken away.
    pub remove_action: String,
}

/// A module in the form of the description.
#[derive(Debug, Clone)]
pub struct ModuleForm {
    /// Its place in the form, for ids.
    pub place: usize,
    /// Its name in files.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// Whether every tenant has it.
    pub is_core: bool,
    /// The names of the modules that it needs, with commas.
    pub depends: String,
}

/// The description of a draft and its modules.
#[derive(Template)]
#[template(path = "templates/draft_details.html")]
pub struct DraftDetailsPage {
    /// The frame.
    pub shell: Shell,
    /// What its pages share.
    pub head: DraftHead,
    /// What was wrong with a form.
    pub errors: Vec<FormError>,
    /// Where the description is sent; none where the manifest cannot be read.
    pub action: Option<String>,
    /// The editor of the manifest.
    pub manifest_href: String,
    /// The edition of the manifest that the form is based on.
    pub edition: i64,
    /// Whether somebody else changed the manifest meanwhile, in a sentence.
    pub clash: Option<String>,
    /// `name`.
    pub name: Field,
    /// `description`.
    pub description: Field,
    /// `version`.
    pub version: Field,
    /// Its modules.
    pub modules: Vec<ModuleForm>,
    /// Where modules are added and taken out.
    pub modules_action: String,
    /// `module` and `title` of a new one.
    pub add: (Field, Field),
}

/// A line of a comparison.
#[derive(Debug, Clone)]
pub struct DiffLine {
    /// Its number before.
    pub before: String,
    /// Its number now.
    pub after: String,
    /// `+`, `-` or a space.
    pub sign: &'static str,
    /// Its text.
    pub text: String,
}

impl DiffLine {
    /// The class of its colour; the sign says it too.
    pub fn class(&self) -> &'static str {
        match self.sign {
            "+" => "is-new",
            "-" => "is-gone",
            _ => "",
        }
    }
}

/// A file that is different.
#[derive(Debug, Clone)]
pub struct FileDiffView {
    /// The id of its place in the page.
    pub anchor: String,
    /// Its path.
    pub path: String,
    /// New, gone or changed.
    pub state: Pill,
    /// Such as "3 lines more, 1 less".
    pub counts: String,
    /// Groups of lines.
    pub groups: Vec<Vec<DiffLine>>,
    /// Whether there is more than is shown.
    pub is_cut: bool,
}

/// What is different in a draft.
#[derive(Template)]
#[template(path = "templates/draft_changes.html")]
pub struct DraftChangesPage {
    /// The frame.
    pub shell: Shell,
    /// What its pages share.
    pub head: DraftHead,
    /// Every file that is different.
    pub files: Vec<FileDiffView>,
}

/// The question before a template version is retired or a draft thrown away.
#[derive(Template)]
#[template(path = "templates/confirm.html")]
pub struct TemplateConfirmPage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// What is asked, as a heading.
    pub title: String,
    /// The question.
    pub ask: Confirm,
}
