//! Checking and publishing a draft; retiring a version and bringing it back.

use super::{
    Answer, Values, html, leave_flash, leave_warning, shell,
    template_drafts::{draft_page, id_of, load},
};
use crate::{
    app::App,
    error::Kind,
    usecases::{template_publishing, templates},
    web::{
        guard::SignedIn,
        htmx,
        pages::template_drafts::TemplateConfirmPage,
        pieces::Confirm,
        urls,
        views::{Crumb, FormError, Place, counted, counted_len},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path},
};

/// What a check found, for the message on the next page.
pub fn said(problems: usize) -> String {
    match problems {
        0 => "Checked: no problems.".into(),
        problems => format!("Checked: {}.", counted_len(problems, "problem", "problems")),
    }
}

/// Checks a draft as it is.
pub async fn check(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
) -> Answer {
    let id = id_of(&draft)?;
    let report = template_publishing::check(&app, &actor, id).await?;
    let leave = if report.problems.is_empty() { leave_flash } else { leave_warning };
    leave(&request, &said(report.problems.len()))?;
    Ok(htmx::redirect(&request, &urls::template_draft(&draft)))
}

/// Publishes a draft.
pub async fn publish(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let id = id_of(&draft)?;
    let form = Values(form.into_inner());
    match template_publishing::publish(&app, &actor, id, form.text("digest"), form.text("note")).await {
        Ok((template_type, version)) => {
            leave_flash(
                &request,
                &format!("Published {version}. New tenants are made from it, if it is the newest."),
            )?;
            Ok(htmx::redirect(&request, &urls::template(&template_type, &version)))
        }
        Err(error) if error.kind == Kind::Invalid => {
            let shown = load(&app, &actor, id).await?;
            let mut page = draft_page(&request, &app, &actor, &shown);
            if let Some(publish) = &mut page.publish {
                publish.note =
                    publish.note.clone().filled(form.text("note"), error.fields.get("note").cloned());
                page.errors = FormError::of(&[&publish.note]);
            }
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks whether a version is to be retired.
pub async fn ask(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
) -> Answer {
    let (template_type, version) = path.into_inner();
    let detail = templates::show(&app, &actor, &template_type, &version).await?;
    let here = urls::template(&template_type, &version);
    let title = format!("Retire {} {version}", detail.version.name);
    let others = detail.versions.iter().any(|other| other.is_active && other.id != detail.version.id);
    let mut goes = vec!["No new tenant can be made from this version.".to_owned()];
    if !others {
        goes.push(format!(
            "It is the only version in use for new tenants: {} is offered no more.",
            detail.version.name
        ));
    }
    let page = TemplateConfirmPage {
        shell: shell(&request, &actor, Place::Templates),
        crumbs: vec![
            Crumb::new("Templates", urls::templates()),
            Crumb::new(format!("{} {version}", detail.version.name), here.clone()),
        ],
        title,
        ask: Confirm {
            action: urls::retire_template(&template_type, &version),
            errors: Vec::new(),
            sentence: "A retired version stays here with its files, and can be brought back at any time."
                .into(),
            goes,
            stays: vec![format!(
                "{} on this version: nothing changes for them.",
                counted(detail.tenants, "tenant stays", "tenants stay")
            )],
            typed: None,
            button: "Retire this version".into(),
            is_danger: false,
            cancel: Crumb::new("Leave it as it is", here),
        },
    };
    html(StatusCode::OK, &page)
}

/// Retires a version.
pub async fn retire(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
) -> Answer {
    let (template_type, version) = path.into_inner();
    template_publishing::retire(&app, &actor, &template_type, &version).await?;
    leave_flash(&request, &format!("Version {version} is retired. No new tenant can be made from it."))?;
    Ok(htmx::redirect(&request, &urls::template(&template_type, &version)))
}

/// Brings a retired version back.
pub async fn bring_back(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
) -> Answer {
    let (template_type, version) = path.into_inner();
    template_publishing::bring_back(&app, &actor, &template_type, &version).await?;
    leave_flash(&request, &format!("Version {version} is back. New tenants can be made from it again."))?;
    Ok(htmx::redirect(&request, &urls::template(&template_type, &version)))
}
