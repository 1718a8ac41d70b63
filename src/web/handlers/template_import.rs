//! Bringing templates in as a zip, and taking a version's files away as one.

use super::{Answer, html, leave_flash, shell};
use crate::{
    app::App,
    error::{Error, Result},
    templates::{Finding, Report, archive::LARGEST_ARCHIVE},
    usecases::{
        actor::Actor,
        templates::{self, Fate, Imported},
    },
    web::{
        guard::SignedIn,
        htmx,
        pages::template_import::{FindingView, ImportPage, ImportResult},
        urls,
        views::{Crumb, Field, FormError, Pill, Place, Tone},
    },
};
use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path, Payload},
};
use futures_util::StreamExt;

/// What is read of a body that is too large, so that a browser gets the answer and not a broken connection.
const MOST_READ: usize = 4 * LARGEST_ARCHIVE;

/// The form.
pub async fn form(request: HttpRequest, SignedIn(actor): SignedIn) -> Answer {
    html(StatusCode::OK, &page(&request, &actor, None, Vec::new()))
}

fn page(
    request: &HttpRequest,
    actor: &Actor,
    error: Option<String>,
    results: Vec<ImportResult>,
) -> ImportPage {
    let file = Field::text("file", "A zip with one template, or several")
        .with_hint("At most 8 MiB. Download the files of a version to see what belongs in it.")
        .filled("", error);
    ImportPage {
        shell: shell(request, actor, Place::Templates),
        crumbs: vec![Crumb::new("Templates", urls::templates())],
        errors: FormError::of(&[&file]),
        file,
        results,
    }
}

/// Takes a zip in: everything in it, or nothing.
pub async fn import(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    payload: Payload,
) -> Answer {
    let refuse = |text: String| {
        html(StatusCode::UNPROCESSABLE_ENTITY, &page(&request, &actor, Some(text), Vec::new()))
    };
    let (name, bytes) = match receive(&request, payload).await {
        Ok(received) => received,
        Err(reason) => return refuse(reason),
    };
    let results = templates::import_zip(&app, &actor, &name, bytes).await?;
    if results.iter().any(|result| result.fate == Fate::Refused) {
        let views = results.iter().map(view).collect();
        let text = "Nothing was brought in. Mend what is named below, then send the zip again.".to_owned();
        return html(StatusCode::UNPROCESSABLE_ENTITY, &page(&request, &actor, Some(text), views));
    }
    leave_flash(&request, &said(&results))?;
    let address = match results.as_slice() {
        [Imported { template, version: Some(version), .. }] => urls::template(template, version),
        _ => urls::templates(),
    };
    Ok(htmx::redirect(&request, &address))
}

fn said(results: &[Imported]) -> String {
    let names = |fate: &Fate| -> Vec<String> {
        results
            .iter()
            .filter(|result| result.fate == *fate)
            .map(|result| format!("{} {}", result.template, result.version.as_deref().unwrap_or_default()))
            .collect()
    };
    let (new, same) = (names(&Fate::Imported), names(&Fate::Unchanged));
    let mut said = Vec::new();
    if !new.is_empty() {
        said.push(format!("Brought in: {}.", new.join(", ")));
    }
    if !same.is_empty() {
        said.push(format!("Was there already, unchanged: {}.", same.join(", ")));
    }
    said.join(" ")
}

/// Reads the file of the form, bounded; the error is for the field.
async fn receive(request: &HttpRequest, payload: Payload) -> std::result::Result<(String, Vec<u8>), String> {
    const NONE: &str = "Choose a zip.";
    let mut form = Multipart::new(request.headers(), payload);
    let mut read = 0;
    let mut found = None;
    while let Some(part) = form.next().await {
        let mut part = part.map_err(|_| NONE.to_owned())?;
        let is_file = part.name() == Some("file") && found.is_none();
        let name =
            part.content_disposition().and_then(|said| said.get_filename()).unwrap_or_default().to_owned();
        let mut bytes = Vec::new();
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(|_| "The file did not arrive as a whole. Send it again.".to_owned())?;
            read += chunk.len();
            if read > MOST_READ {
                return Err(too_large());
            }
            // One byte more than may be there is enough to see that it is too large.
            if is_file && bytes.len() <= LARGEST_ARCHIVE {
                bytes.extend_from_slice(&chunk);
            }
        }
        if is_file {
            found = Some((name, bytes));
        }
    }
    match found {
        Some((_, bytes)) if bytes.is_empty() => Err(NONE.into()),
        Some((_, bytes)) if bytes.len() > LARGEST_ARCHIVE => Err(too_large()),
        Some((name, bytes)) => Ok((if name.is_empty() { "The zip".into() } else { name }, bytes)),
        None => Err(NONE.into()),
    }
}

fn too_large() -> String {
    format!("The file is larger than {} MiB. A template is text, and takes much less.", LARGEST_ARCHIVE >> 20)
}

fn view(result: &Imported) -> ImportResult {
    let title = match &result.version {
        Some(version) => format!("{} {version}", result.template),
        None => result.template.clone(),
    };
    let state = match result.fate {
        Fate::Imported => Pill::new("Brought in", Tone::Good),
        Fate::Unchanged => Pill::new("There already", Tone::Quiet),
        Fate::Proven => Pill::new("Works, waits for the others", Tone::Quiet),
        Fate::Refused => Pill::new("Not brought in", Tone::Bad),
    };
    let views =
        |findings: &[Finding]| findings.iter().map(|found| finding(found, &found.file, None)).collect();
    let Report { problems, warnings } = &result.report;
    ImportResult { title, state, problems: views(problems), warnings: views(warnings) }
}

/// A finding for a page, with the file's name as people are to read it.
pub fn finding(found: &Finding, file: &str, href: Option<String>) -> FindingView {
    let place = match found.line {
        Some(line) => format!("{file}, line {line}"),
        None => file.to_owned(),
    };
    FindingView { place, href, reason: found.reason.clone() }
}

/// The files of a version in a zip.
pub async fn download(app: Data<App>, SignedIn(actor): SignedIn, path: Path<(String, String)>) -> Answer {
    let (template_type, version) = path.into_inner();
    let (name, bytes) = templates::download(&app, &actor, &template_type, &version).await?;
    Ok(attachment(&name, bytes)?)
}

fn attachment(name: &str, bytes: Vec<u8>) -> Result<HttpResponse> {
    // A template's type and number hold nothing that a header would mind; what would is refused all the same.
    let value = header::HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .map_err(|cause| Error::internal(&cause))?;
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((header::CONTENT_DISPOSITION, value))
        .body(bytes))
}
