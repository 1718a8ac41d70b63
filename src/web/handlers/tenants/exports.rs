//! A tenant's exports: the list, asking for one, downloading one, removing one.

use super::show::head;
use crate::{
    app::App,
    apply::export::archive::Contents,
    error::Kind,
    store::{
        exports::{Export, ExportState},
        jobs::Job,
    },
    usecases::{
        actor::Actor,
        exports::{self, Asked},
    },
    web::{
        download,
        errors::Failure,
        guard::SignedIn,
        handlers::{Answer, Values, html, jobs::state, leave_flash, shell},
        htmx,
        pages::tenants::{
            exports::{ExportRow, ExportsPage},
            show::Tab,
        },
        urls,
        views::{FormError, Pill, Place, TimeView, Tone, counted, size},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path},
};
use uuid::Uuid;

/// The exports of a tenant.
pub async fn list(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let contents = Contents { sql: true, csv: true, for_spreadsheets: true };
    let page = page(&request, &app, &actor, &slug, contents, Vec::new()).await?;
    if htmx::wants_fragment(&request) {
        html(StatusCode::OK, &page.as_exports())
    } else {
        html(StatusCode::OK, &page)
    }
}

/// Asks for an export.
pub async fn ask(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let values = Values(form.into_inner());
    let contents = Contents {
        sql: values.all("form").any(|form| form == "sql"),
        csv: values.all("form").any(|form| form == "csv"),
        for_spreadsheets: values.text("for_spreadsheets") == "1",
    };
    let request_id = values.text("request_id").parse::<Uuid>().unwrap_or_else(|_| app.new_id());
    match exports::ask(&app, &actor, &slug, &Asked { contents, request_id }).await {
        Ok(tenant) => Ok(htmx::redirect(&request, &urls::tenant_exports(&tenant.slug))),
        Err(error) if error.kind == Kind::Invalid => {
            let errors = error.fields.iter().map(|(field, text)| FormError::new(*field, text)).collect();
            let page = page(&request, &app, &actor, &slug, contents, errors).await?;
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// Sends the file of an export, or the part of it that was asked for.
pub async fn fetch(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
) -> Answer {
    let (slug, id) = path.into_inner();
    let begins = download::is_beginning(&request);
    let found = exports::download(&app, &actor, &slug, &id, begins).await?;
    Ok(download::send(&request, found))
}

/// Removes an export.
pub async fn remove(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
) -> Answer {
    let (slug, id) = path.into_inner();
    let tenant = exports::remove(&app, &actor, &slug, &id).await?;
    leave_flash(&request, "The export was removed.")?;
    Ok(htmx::redirect(&request, &urls::tenant_exports(&tenant.slug)))
}

async fn page(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    slug: &str,
    contents: Contents,
    errors: Vec<FormError>,
) -> Result<ExportsPage, Failure> {
    let (tenant, found) = exports::list(app, actor, slug).await?;
    let now = app.now_ms();
    let is_busy = found.iter().any(|(export, job)| {
        export.state == ExportState::Waiting && job.as_ref().is_some_and(|job| !job.needs_person)
    });
    Ok(ExportsPage {
        shell: shell(request, actor, Place::Tenants),
        head: head(actor, &tenant, Tab::Manage),
        errors,
        request_id: app.new_id().to_string(),
        sql: contents.sql,
        csv: contents.csv,
        for_spreadsheets: contents.for_spreadsheets,
        kept: counted(i64::from(app.settings.export_days), "day", "days"),
        exports: found.iter().map(|(export, job)| row(export, job.as_ref(), &tenant.slug, now)).collect(),
        poll: is_busy.then(|| urls::tenant_exports(&tenant.slug)),
    })
}

fn row(export: &Export, job: Option<&Job>, slug: &str, now: i64) -> ExportRow {
    let id = export.id.to_string();
    let contents: Option<Contents> = serde_json::from_value(export.contents.clone()).ok();
    let tables = match contents {
        Some(Contents { csv: true, for_spreadsheets: true, .. }) => Some("tables for spreadsheets"),
        Some(Contents { csv: true, .. }) => Some("tables for programs"),
        _ => None,
    };
    let dump = contents.is_some_and(|contents| contents.sql).then_some("SQL dump");
    let is_ready = export.state == ExportState::Ready;
    let (pill, note) = match (export.state, job) {
        (ExportState::Ready, _) => (Pill::new("Ready", Tone::Good), None),
        (ExportState::Waiting, Some(job)) => (state(job), job.problem.clone()),
        (ExportState::Waiting, None) => (Pill::new("Waiting", Tone::Quiet).with_icon("clock"), None),
        (ExportState::Failed | ExportState::Removed, job) => {
            (Pill::new("Needs attention", Tone::Bad), job.and_then(|job| job.problem.clone()))
        }
    };
    let file = export.file.as_ref().filter(|_| is_ready);
    ExportRow {
        asked: TimeView::new(export.created_ms, now),
        who: export.asked_by.clone(),
        contents: [dump, tables].into_iter().flatten().collect::<Vec<_>>().join(" and "),
        state: pill,
        reference: job.filter(|_| note.is_some()).and_then(|job| job.reference.clone()),
        note,
        size: file.map(|file| {
            format!(
                "{}, {}, {}",
                counted(file.tables, "table", "tables"),
                counted(file.rows, "row", "rows"),
                size(u64::try_from(file.bytes).unwrap_or_default())
            )
        }),
        until: export.expires_ms.filter(|_| is_ready).map(|at| TimeView::new(at, now)),
        download: is_ready.then(|| urls::tenant_export(slug, &id)),
        remove: (export.state != ExportState::Waiting).then(|| urls::tenant_export_remove(slug, &id)),
    }
}
