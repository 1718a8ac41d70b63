//! Drafts of template versions: beginning one, looking at it, what is different in it, throwing it away.

use super::{Answer, Values, html, leave_flash, shell, template_import::finding};
use crate::{
    app::App,
    error::{Error, Result},
    templates::{
        Finding,
        comparison::{FileChange, FileDifference, Line},
        file_path,
    },
    usecases::{
        actor::Actor,
        permissions::Permission,
        template_drafts::{self, DraftDetail, DraftState, Step},
        templates,
    },
    web::{
        guard::SignedIn,
        htmx,
        pages::{
            template_drafts::{
                BeginDraftPage, DiffLine, DraftChangesPage, DraftHead, DraftPage, FileDiffView, PublishForm,
                StepChoice, TemplateConfirmPage,
            },
            template_import::FindingView,
        },
        pieces::Confirm,
        urls,
        views::{Crumb, Field, FormError, NavLink, Pill, Place, TimeView, Tone, counted_len},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path},
};
use uuid::Uuid;

/// The id in an address; what is none leads nowhere.
pub fn id_of(text: &str) -> Result<Uuid> {
    text.parse().map_err(|_| Error::not_found("There is no such draft. Look at the list of templates."))
}

/// A draft with how it differs, for its start page.
pub async fn load(app: &App, actor: &Actor, id: Uuid) -> Result<(DraftDetail, usize)> {
    let (shown, differences) = template_drafts::differences(app, actor, id).await?;
    Ok((shown, differences.len()))
}

fn step_value(step: Step) -> &'static str {
    match step {
        Step::Patch => "patch",
        Step::Minor => "minor",
        Step::Major => "major",
    }
}

fn step_words(step: Step) -> (&'static str, &'static str) {
    match step {
        Step::Patch => ("A repair", "Something was wrong and is mended. Nothing new."),
        Step::Minor => ("An addition", "New tables, columns or extras. Everything that was there stays."),
        Step::Major => {
            ("A change of what was there", "Something is renamed, taken away or must be filled in now.")
        }
    }
}

async fn begin_page(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    template_type: &str,
    version: &str,
    error: Option<&str>,
) -> Result<BeginDraftPage> {
    let numbers = template_drafts::next_numbers(app, actor, template_type, version).await?;
    let name = templates::show(app, actor, template_type, version).await?.version.name;
    let here = urls::template(template_type, version);
    Ok(BeginDraftPage {
        shell: shell(request, actor, Place::Templates),
        crumbs: vec![
            Crumb::new("Templates", urls::templates()),
            Crumb::new(format!("{name} {version}"), here.clone()),
        ],
        errors: error.map(|text| FormError::new("step-patch", text)).into_iter().collect(),
        name,
        version: version.to_owned(),
        action: urls::change_template(template_type, version),
        cancel: here,
        steps: numbers
            .into_iter()
            .map(|(step, number)| {
                let (title, text) = step_words(step);
                StepChoice {
                    value: step_value(step),
                    number: number.to_string(),
                    title,
                    text,
                    is_chosen: step == Step::Minor && error.is_none(),
                }
            })
            .collect(),
    })
}

/// Asks which number the draft is to have.
pub async fn choose(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
) -> Answer {
    let (template_type, version) = path.into_inner();
    html(StatusCode::OK, &begin_page(&request, &app, &actor, &template_type, &version, None).await?)
}

/// Begins a draft.
pub async fn begin(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let (template_type, version) = path.into_inner();
    let form = Values(form.into_inner());
    let Some(step) = Step::ALL.into_iter().find(|step| step_value(*step) == form.text("step")) else {
        let error = Some("Choose what kind of change it is.");
        let page = begin_page(&request, &app, &actor, &template_type, &version, error).await?;
        return html(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let id = template_drafts::begin(&app, &actor, &template_type, &version, step).await?;
    leave_flash(&request, "The draft is yours to change. Nobody gets it before it is published.")?;
    Ok(htmx::redirect(&request, &urls::template_draft(&id.to_string())))
}

/// Which page of a draft is open.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Its start page.
    Overview,
    /// The editor.
    Files,
    /// Its description.
    Details,
    /// What is different.
    Changes,
}

/// How the last check went, as a pill.
fn state(state: &DraftState) -> Pill {
    match state {
        DraftState::Unchecked => Pill::new("Draft, not checked", Tone::Quiet),
        DraftState::Changed(_) => Pill::new("Draft, changed since the check", Tone::Quiet),
        DraftState::Problems(report) => Pill::new(
            format!("Draft, {}", counted_len(report.problems.len(), "problem", "problems")),
            Tone::Bad,
        ),
        DraftState::Clean(_) => Pill::new("Draft, checked", Tone::Good),
    }
}

/// What the pages of a draft share.
pub fn head(app: &App, actor: &Actor, shown: &DraftDetail, tab: Tab) -> DraftHead {
    let id = shown.draft.id.to_string();
    let link = |title, icon, href, at| NavLink { title, icon, href, is_current: at == tab };
    let base_href = urls::template(&shown.draft.template_type, &shown.base.version);
    let (name, number) = match &shown.manifest {
        Some(manifest) => (manifest.name.clone(), manifest.version.to_string()),
        None => (shown.base.name.clone(), String::new()),
    };
    DraftHead {
        crumbs: vec![
            Crumb::new("Templates", urls::templates()),
            Crumb::new(format!("{} {}", shown.base.name, shown.base.version), base_href.clone()),
        ],
        name,
        number,
        state: state(&shown.state),
        base: Crumb::new(format!("From {}", shown.base.version), base_href),
        changed_by: shown.draft.changed_by.clone(),
        changed: TimeView::new(shown.draft.changed_ms, app.now_ms()),
        tabs: vec![
            link("Draft", "list-check", urls::template_draft(&id), Tab::Overview),
            link("Files", "file-code", urls::template_draft_file(&id, ""), Tab::Files),
            link("Description", "list-details", urls::template_draft_part(&id, "details"), Tab::Details),
            link("Differences", "git-branch", urls::template_draft_part(&id, "changes"), Tab::Changes),
        ],
        may_edit: actor.must(Permission::EditTemplates).is_ok(),
    }
}

/// Findings with the way to their lines.
pub fn findings(shown: &DraftDetail, findings: &[Finding]) -> Vec<FindingView> {
    let one = |found: &Finding| {
        let path = file_path::shown(&shown.draft.template_type, &found.file);
        let href = shown.files.contains_key(&found.file).then(|| {
            let line = found.line.map_or_else(String::new, |line| format!("#L{line}"));
            format!("{}{line}", urls::template_draft_file(&shown.draft.id.to_string(), &path))
        });
        finding(found, &path, href)
    };
    findings.iter().map(one).collect()
}

/// The start page of a draft.
pub fn draft_page(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    (shown, different): &(DraftDetail, usize),
) -> DraftPage {
    let id = shown.draft.id.to_string();
    let (problems, warnings) = shown
        .state
        .report()
        .map(|report| (findings(shown, &report.problems), findings(shown, &report.warnings)))
        .unwrap_or_default();
    let ago = shown.draft.check.as_ref().map(|check| TimeView::new(check.at_ms, app.now_ms()).ago);
    let ago = ago.unwrap_or_default();
    let (check, why_not) = match &shown.state {
        DraftState::Unchecked => (
            "It was not checked yet. A check makes databases from it, tries every extra and every migration, and throws them away.".to_owned(),
            "Check it first.",
        ),
        DraftState::Changed(_) => (
            format!("It changed since the check {ago}. What was found then may be mended."),
            "It changed since it was checked. Check it again first.",
        ),
        DraftState::Problems(report) => (
            format!("The check {ago} found {}.", counted_len(report.problems.len(), "problem", "problems")),
            "Mend what the check found, then check it again.",
        ),
        DraftState::Clean(_) => (format!("Checked {ago}: everything in it works."), ""),
    };
    let number = shown.manifest.as_ref().map_or_else(String::new, |found| format!(" {}", found.version));
    let may_publish =
        actor.must(Permission::PublishTemplates).is_ok() && matches!(shown.state, DraftState::Clean(_));
    DraftPage {
        shell: shell(request, actor, Place::Templates),
        head: head(app, actor, shown, Tab::Overview),
        errors: Vec::new(),
        check,
        check_action: urls::template_draft_part(&id, "check"),
        problems,
        warnings,
        different: match different {
            0 => format!("Every file is as in {}.", shown.base.version),
            number => format!(
                "{} different from {}.",
                counted_len(*number, "file is", "files are"),
                shown.base.version
            ),
        },
        changes_href: urls::template_draft_part(&id, "changes"),
        publish: may_publish.then(|| PublishForm {
            action: urls::template_draft_part(&id, "publish"),
            digest: shown.digest.clone(),
            note: Field::text("note", "What is new?")
                .with_hint("A sentence or two for those who choose a version."),
            button: format!("Publish{number}"),
        }),
        why_not: why_not.to_owned(),
        discard_href: urls::template_draft_part(&id, "discard"),
    }
}

/// A draft.
pub async fn show(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
) -> Answer {
    let shown = load(&app, &actor, id_of(&draft)?).await?;
    html(StatusCode::OK, &draft_page(&request, &app, &actor, &shown))
}

/// A line of a comparison for a page.
pub fn diff_line(line: &Line) -> DiffLine {
    let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
    DiffLine {
        before: number(line.before),
        after: number(line.after),
        sign: match (line.before, line.after) {
            (None, _) => "+",
            (_, None) => "-",
            _ => " ",
        },
        text: line.text.clone(),
    }
}

fn file_diff(template_type: &str, place: usize, file: &FileDifference) -> FileDiffView {
    FileDiffView {
        anchor: format!("file-{place}"),
        path: file_path::shown(template_type, &file.path),
        state: match file.change {
            FileChange::Added => Pill::new("New", Tone::Good).with_icon("plus"),
            FileChange::Removed => Pill::new("Gone", Tone::Bad).with_icon("circle-minus"),
            FileChange::Changed => Pill::new("Changed", Tone::Busy).with_icon("file-code"),
        },
        counts: format!("{} more, {} less", counted_len(file.added, "line", "lines"), file.removed),
        groups: file.groups.iter().map(|group| group.iter().map(diff_line).collect()).collect(),
        is_cut: file.is_cut,
    }
}

/// What is different in a draft, file by file.
pub async fn changes(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
) -> Answer {
    let (shown, differences) = template_drafts::differences(&app, &actor, id_of(&draft)?).await?;
    let files = differences.iter().enumerate();
    let page = DraftChangesPage {
        shell: shell(&request, &actor, Place::Templates),
        head: head(&app, &actor, &shown, Tab::Changes),
        files: files.map(|(place, file)| file_diff(&shown.draft.template_type, place, file)).collect(),
    };
    html(StatusCode::OK, &page)
}

/// Asks whether a draft is to be thrown away.
pub async fn ask_discard(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
) -> Answer {
    let (shown, different) = load(&app, &actor, id_of(&draft)?).await?;
    let head = head(&app, &actor, &shown, Tab::Overview);
    let here = urls::template_draft(&draft);
    let mut crumbs = head.crumbs;
    crumbs.push(Crumb::new("Draft", here.clone()));
    let page = TemplateConfirmPage {
        shell: shell(&request, &actor, Place::Templates),
        crumbs,
        title: "Throw this draft away".into(),
        ask: Confirm {
            action: urls::template_draft_part(&draft, "discard"),
            errors: Vec::new(),
            sentence: "What was written in it cannot be brought back.".into(),
            goes: vec![format!(
                "The draft with {} that were changed.",
                counted_len(different, "file", "files")
            )],
            stays: vec!["Every published version, and every tenant.".into()],
            typed: None,
            button: "Throw the draft away".into(),
            is_danger: true,
            cancel: Crumb::new("Keep it", here),
        },
    };
    html(StatusCode::OK, &page)
}

/// Throws a draft away.
pub async fn discard(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
) -> Answer {
    template_drafts::discard(&app, &actor, id_of(&draft)?).await?;
    leave_flash(&request, "The draft is gone. No version and no tenant changed.")?;
    Ok(htmx::redirect(&request, &urls::templates()))
}
