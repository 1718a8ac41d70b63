//! The page before each act, and the act.

use super::questions::{LAST_SNAPSHOT, Question, Typed, last_snapshot, question};
use crate::{
    app::App,
    error::{Error, Kind, Result},
    usecases::{
        actor::Actor,
        life::{self, Asked, LastSnapshot, NewName, Opened, Started},
        tenants,
    },
    web::{
        errors::Failure,
        guard::SignedIn,
        handlers::{Answer, Values, html, shell},
        htmx,
        pages::tenants::{manage::ActPage, show::Tab},
        urls,
        views::{FormError, Place},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path, Query},
};
use uuid::Uuid;

type Pairs = Vec<(String, String)>;

/// What the last part of the address names.
fn act_of(request: &HttpRequest) -> String {
    request.path().rsplit('/').next().unwrap_or_default().to_owned()
}

/// The question before an act.
pub async fn form(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
    query: Query<Pairs>,
) -> Answer {
    let act = act_of(&request);
    page(&request, &app, &actor, &slug, &act, &Values(query.into_inner()), None).await
}

/// The act.
pub async fn send(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
    form: Form<Pairs>,
) -> Answer {
    let act = act_of(&request);
    let values = Values(form.into_inner());
    if act == "restore" && snapshot_of(&values).is_none() {
        return Ok(htmx::redirect(&request, &urls::tenant_manage(&slug)));
    }
    match begin(&app, &actor, &slug, &act, &values).await {
        Ok(started) => Ok(htmx::redirect(&request, &urls::tenant_setup(&started.tenant.slug))),
        Err(error) if matches!(error.kind, Kind::Invalid | Kind::Conflict) => {
            page(&request, &app, &actor, &slug, &act, &values, Some(&error)).await
        }
        Err(error) => Err(error.into()),
    }
}

fn snapshot_of(values: &Values) -> Option<Uuid> {
    values.text("snapshot").parse().ok()
}

async fn begin(app: &App, actor: &Actor, slug: &str, act: &str, values: &Values) -> Result<Started> {
    let form = values.text("request_id").parse().ok();
    let asked = Asked { slug, form };
    let new = || NewName {
        name: values.text("name").to_owned(),
        email: values.text("email").to_owned(),
        request_id: form,
    };
    match act {
        "details" => {
            let (name, plan) = (values.text("name"), values.text("plan"));
            life::change_details(app, actor, asked, Some(name), Some(plan), opened(values)).await
        }
        "pause" => life::suspend(app, actor, asked).await,
        "resume" => life::resume(app, actor, asked).await,
        "archive" => life::archive(app, actor, asked).await,
        "unarchive" => life::unarchive(app, actor, asked).await,
        "new-password" => life::new_password(app, actor, asked).await,
        "keep" => life::keep(app, actor, asked).await,
        "give-up" => life::give_up(app, actor, asked).await,
        "clone" => life::clone_tenant(app, actor, slug, new()).await,
        "snapshot" => life::take_snapshot(app, actor, asked, values.text("note")).await,
        "delete" => {
            let last = match values.text("last") {
                "without" => LastSnapshot::WherePossible,
                _ => LastSnapshot::Needed,
            };
            life::delete(app, actor, asked, values.text("confirm"), last).await
        }
        "restore" => match snapshot_of(values) {
            Some(id) if values.text("way") == "over" => life::restore_over(app, actor, asked, id).await,
            Some(id) => life::restore_as_new(app, actor, slug, id, new()).await,
            None => Err(no_such_act()),
        },
        _ => Err(no_such_act()),
    }
}

/// What the form for name and plan showed when it was opened.
fn opened(values: &Values) -> Option<Opened<'_>> {
    let (name, plan) = (values.text("opened_name"), values.text("opened_plan"));
    (!name.is_empty() && !plan.is_empty()).then_some(Opened { name, plan })
}

fn no_such_act() -> Error {
    Error::not_found("There is no such page. Go back to the tenant.")
}

async fn page(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    slug: &str,
    act: &str,
    values: &Values,
    error: Option<&Error>,
) -> Answer {
    let tenant = tenants::find(app, actor, slug).await?;
    if act == "restore" && snapshot_of(values).is_none() {
        return Ok(htmx::redirect(request, &urls::tenant_manage(&tenant.slug)));
    }
    let is_conflict = error.is_some_and(|error| error.kind == Kind::Conflict);
    let typed = Typed {
        // What was left as it was shows what it is by now.
        values: &|name| match (name, opened(values)) {
            ("name", Some(opened)) if values.text(name) == opened.name => String::new(),
            ("plan", Some(opened)) if values.text(name) == opened.plan => String::new(),
            _ => values.text(name).to_owned(),
        },
        error: &|name| error.and_then(|error| error.fields.get(name).cloned()),
    };
    let engine = app.engines.of(&tenant).await;
    let shutting = engine.map_or("", |engine| engine.capabilities().shutting);
    let question = question(app, &tenant, act, &typed, shutting);
    let Some(Question { title, mut ask, mut selects, fields }) = question else {
        return Err(Failure(no_such_act()));
    };
    if act == "delete" && tenants::is_damaged(app, &tenant).await {
        ask.stays.retain(|line| !line.starts_with(LAST_SNAPSHOT));
        selects.push(last_snapshot(&typed));
    }
    let mut status = StatusCode::OK;
    if let Some(error) = error {
        status = StatusCode::UNPROCESSABLE_ENTITY;
        if is_conflict {
            status = StatusCode::CONFLICT;
            ask.errors.push(FormError::new("main", error.message.clone()));
        }
    }
    // Whoever was told how things stand and presses again means something new.
    let sent = values.text("request_id");
    let request_id = if sent.is_empty() || is_conflict { app.new_id().to_string() } else { sent.to_owned() };
    let mut hidden = vec![("request_id", request_id)];
    if act == "details" {
        let seen = if is_conflict { None } else { opened(values) };
        let seen = seen.unwrap_or(Opened { name: &tenant.name, plan: tenant.plan.word() });
        hidden.push(("opened_name", seen.name.to_owned()));
        hidden.push(("opened_plan", seen.plan.to_owned()));
    }
    if let Some(id) = snapshot_of(values) {
        hidden.push(("snapshot", id.to_string()));
    }
    let page = ActPage {
        shell: shell(request, actor, Place::Tenants),
        head: super::super::show::head(actor, &tenant, Tab::Manage),
        title,
        ask,
        hidden,
        selects,
        fields,
    };
    html(status, &page)
}
