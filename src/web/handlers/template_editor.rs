//! The editor of a draft's files.

use super::{
    Answer, Values, html, leave_flash, leave_warning, shell,
    template_drafts::{Tab, diff_line, findings, head, id_of},
    template_publishing::said,
};
use crate::{
    app::App,
    error::{Error, Kind, Result},
    store::template_drafts::DraftFile,
    templates::{
        comparison::{FileChange, difference},
        file_path,
    },
    usecases::{
        actor::Actor,
        template_drafts::{self, DraftDetail, Saved},
        template_publishing,
    },
    web::{
        guard::SignedIn,
        htmx,
        pages::template_drafts::{Clash, DraftFilePage, FileLink, LineMark},
        urls,
        views::{Field, FormError, Place, TimeView, counted_len},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path, Payload, Query},
};
use futures_util::StreamExt;
use std::collections::BTreeMap;

/// The largest form: a file of 1 MiB in which every sign takes three.
const LARGEST_FORM: usize = 4 << 20;
/// Lines that get a number beside them.
const NUMBERED: usize = 5_000;
/// Numbers beyond the last line, for what is typed without a script that counts.
const SPARE: usize = 200;

/// Which file is open, and what is in the editor.
struct Open<'a> {
    path: &'a str,
    text: String,
    edition: i64,
    error: Option<String>,
    clash: Option<Clash>,
}

fn page(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    shown: &DraftDetail,
    open: Open<'_>,
) -> DraftFilePage {
    let id = shown.draft.id.to_string();
    let template_type = &shown.draft.template_type;
    let stored = file_path::stored(template_type, open.path);
    let report = shown.state.report().cloned().unwrap_or_default();
    let of_file = |path: &str| -> Vec<_> {
        report.problems.iter().filter(|found| found.file == path).cloned().collect()
    };
    let here = of_file(&stored);
    let count = open.text.lines().count();
    let changed = shown.files.get(&stored).map_or_else(String::new, |file| {
        let at = TimeView::new(file.changed_ms, app.now_ms());
        format!("Last saved by {}, {}.", file.changed_by, at.ago)
    });
    DraftFilePage {
        shell: shell(request, actor, Place::Templates),
        head: head(app, actor, shown, Tab::Files),
        errors: open.error.iter().map(|text| FormError::new("text", text)).collect(),
        files: shown
            .files
            .keys()
            .map(|path| {
                let inside = file_path::shown(template_type, path);
                FileLink {
                    href: urls::template_draft_file(&id, &inside),
                    is_current: inside == open.path,
                    problems: match of_file(path).len() {
                        0 => String::new(),
                        count => counted_len(count, "problem", "problems"),
                    },
                    path: inside,
                }
            })
            .collect(),
        path: open.path.to_owned(),
        text_error: open.error,
        edition: open.edition,
        lines: (1..=count.min(NUMBERED) + SPARE)
            .map(|number| LineMark { number, is_wrong: here.iter().any(|found| found.line == Some(number)) })
            .collect(),
        rows: (count + 2).clamp(14, NUMBERED),
        text: open.text,
        problems: findings(shown, &here),
        changed,
        clash: open.clash,
        action: urls::template_draft_file(&id, ""),
        rename: (Field::text("to", "Name").filled(open.path, None), urls::template_draft_part(&id, "move")),
        add: (
            Field::text("path", "Name of the new file")
                .with_hint("Such as modules/020_shop.seed.sql or migrations/2026_01_31_add_phone.sql"),
            urls::template_draft_part(&id, "files"),
        ),
        remove_action: urls::template_draft_part(&id, "remove"),
    }
}

/// The file that is open where none is named: the first with a problem, else the manifest, else the first.
fn first_file(shown: &DraftDetail) -> String {
    let report = shown.state.report();
    let with_problem = report.and_then(|report| {
        report.problems.iter().map(|found| &found.file).find(|file| shown.files.contains_key(*file))
    });
    let manifest = shown.manifest_path();
    let path = with_problem
        .or_else(|| shown.files.keys().find(|path| **path == manifest))
        .or_else(|| shown.files.keys().next());
    path.map_or_else(String::new, |path| file_path::shown(&shown.draft.template_type, path))
}

fn open_as_is<'a>(shown: &DraftDetail, path: &'a str) -> Result<Open<'a>> {
    let file = shown.files.get(&file_path::stored(&shown.draft.template_type, path));
    match file {
        Some(file) => {
            Ok(Open { path, text: file.text.clone(), edition: file.edition, error: None, clash: None })
        }
        None if path.is_empty() => {
            Ok(Open { path, text: String::new(), edition: 0, error: None, clash: None })
        }
        None => Err(Error::not_found("There is no such file in this draft. Look at the list of its files.")),
    }
}

/// The editor.
pub async fn file(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
    query: Query<BTreeMap<String, String>>,
) -> Answer {
    let shown = template_drafts::show(&app, &actor, id_of(&draft)?).await?;
    let path = match query.get("path").filter(|path| !path.is_empty()) {
        Some(path) => path.clone(),
        None => first_file(&shown),
    };
    let open = open_as_is(&shown, &path)?;
    html(StatusCode::OK, &page(&request, &app, &actor, &shown, open))
}

/// Reads a form that may hold a whole file.
async fn read_form(mut payload: Payload) -> Result<Values> {
    let mut body = Vec::new();
    let mut read = 0;
    while let Some(chunk) = payload.next().await {
        let chunk =
            chunk.map_err(|_| Error::unusable("The form did not arrive as a whole. Send it again."))?;
        read += chunk.len();
        if read > 4 * LARGEST_FORM {
            break;
        }
        if read <= LARGEST_FORM {
            body.extend_from_slice(&chunk);
        }
    }
    if read > LARGEST_FORM {
        return Err(Error::unusable("The file is larger than 1 MiB. Take something out of it."));
    }
    let pairs = serde_urlencoded::from_bytes(&body);
    pairs.map(Values).map_err(|_| Error::unusable("The form could not be read. Load the page again."))
}

/// What the person sees whose save came second: both texts, and how they differ.
fn clash(app: &App, theirs: Option<&DraftFile>, mine: &str) -> Clash {
    match theirs {
        Some(file) => {
            let at = TimeView::new(file.changed_ms, app.now_ms());
            let compared = difference("", FileChange::Changed, &file.text, mine);
            Clash {
                sentence: format!(
                    "{} saved this file {}, after you opened it. Your text is below and is not saved yet. Take over what you want of theirs, then save: yours takes the place of theirs.",
                    file.changed_by, at.ago
                ),
                groups: compared.groups.iter().map(|group| group.iter().map(diff_line).collect()).collect(),
                theirs: Some(file.text.clone()),
            }
        }
        None => Clash {
            sentence: "Somebody took this file away after you opened it. Your text is below and is not saved yet. Save it to bring the file back.".into(),
            groups: Vec::new(),
            theirs: None,
        },
    }
}

/// Saves a file, and checks the draft where that was asked for.
pub async fn save(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
    payload: Payload,
) -> Answer {
    let id = id_of(&draft)?;
    let form = read_form(payload).await?;
    let (path, text) = (form.text("path"), form.text("text"));
    let edition = form.text("edition").parse().unwrap_or(-1);
    let again = |error: Option<String>, clash: Option<Clash>, edition: i64| Open {
        path,
        text: text.replace("\r\n", "\n"),
        edition,
        error,
        clash,
    };
    match template_drafts::save(&app, &actor, id, path, text, edition).await {
        Ok(Saved::Kept) => {
            if form.text("act") == "check" {
                let problems = template_publishing::check(&app, &actor, id).await?.problems.len();
                let leave = if problems == 0 { leave_flash } else { leave_warning };
                leave(&request, &format!("Saved. {}", said(problems)))?;
            } else {
                leave_flash(&request, "Saved.")?;
            }
            Ok(htmx::redirect(&request, &urls::template_draft_file(&draft, path)))
        }
        Ok(Saved::Clash(theirs)) => {
            let shown = template_drafts::show(&app, &actor, id).await?;
            let found = clash(&app, theirs.as_ref(), &text.replace("\r\n", "\n"));
            let edition = theirs.map_or(0, |file| file.edition);
            let page = page(&request, &app, &actor, &shown, again(None, Some(found), edition));
            html(StatusCode::CONFLICT, &page)
        }
        Err(error) if error.kind == Kind::Invalid => {
            let shown = template_drafts::show(&app, &actor, id).await?;
            let page = page(&request, &app, &actor, &shown, again(Some(error.message), None, edition));
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// Adds a file.
pub async fn add(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let form = Values(form.into_inner());
    let id = id_of(&draft)?;
    match template_drafts::add_file(&app, &actor, id, form.text("path")).await {
        Ok(path) => Ok(htmx::redirect(&request, &urls::template_draft_file(&draft, &path))),
        Err(error) if error.kind == Kind::Invalid => {
            let shown = template_drafts::show(&app, &actor, id).await?;
            let current = first_file(&shown);
            let mut page = page(&request, &app, &actor, &shown, open_as_is(&shown, &current)?);
            page.add.0 = page.add.0.filled(form.text("path"), Some(error.message));
            page.errors = FormError::of(&[&page.add.0]);
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives a file another name.
pub async fn rename(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let form = Values(form.into_inner());
    let id = id_of(&draft)?;
    let edition = form.text("edition").parse().unwrap_or(-1);
    match template_drafts::rename_file(&app, &actor, id, form.text("path"), form.text("to"), edition).await {
        Ok(path) => {
            leave_flash(&request, "The file has its new name.")?;
            Ok(htmx::redirect(&request, &urls::template_draft_file(&draft, &path)))
        }
        Err(error) if error.fields.contains_key("to") => {
            let shown = template_drafts::show(&app, &actor, id).await?;
            let open = open_as_is(&shown, form.text("path"))?;
            let mut page = page(&request, &app, &actor, &shown, open);
            page.rename.0 = page.rename.0.filled(form.text("to"), Some(error.message));
            page.errors = FormError::of(&[&page.rename.0]);
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes a file out.
pub async fn remove(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let form = Values(form.into_inner());
    let edition = form.text("edition").parse().unwrap_or(-1);
    template_drafts::remove_file(&app, &actor, id_of(&draft)?, form.text("path"), edition).await?;
    leave_flash(&request, &format!("{} is no longer in the draft.", form.text("path")))?;
    Ok(htmx::redirect(&request, &urls::template_draft_file(&draft, "")))
}
