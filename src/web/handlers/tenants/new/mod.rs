//! Describing a new tenant: the first page, the way through the questions, and the tenant at its end. What each question
//! looks like is in [`questions`].

mod questions;

use crate::{
    app::App,
    error::{Error, Kind},
    store::tenants::Tenant,
    usecases::{
        actor::Actor,
        tenant_drafts::{self, Answer as Given, Described, Found, Sent, Start, Step},
        tenants,
    },
    web::{
        errors::{Failure, unknown_address},
        guard::SignedIn,
        handlers::{Answer, Values, html, leave_flash},
        htmx, urls,
    },
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Form, Path, Query},
};
use questions::Wrong;
pub use questions::unfinished;
use uuid::Uuid;

type Pairs = Vec<(String, String)>;

/// The first question of a new tenant. `?template=` chooses a template beforehand, `?like=` takes over the answers of a
/// tenant that is there.
pub async fn new(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    query: Query<Pairs>,
) -> Answer {
    let values = Values(query.into_inner());
    let page = questions::first(&request, &app, &actor, &values, app.new_id(), None).await?;
    html(StatusCode::OK, &page)
}

/// Takes the first answer, and so begins a draft.
pub async fn begin(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    form: Form<Pairs>,
) -> Answer {
    let values = Values(form.into_inner());
    let id = values.text("draft").parse().unwrap_or_else(|_| app.new_id());
    let start = Start { template: values.text("template").to_owned(), like: values.text("like").to_owned() };
    match tenant_drafts::begin(&app, &actor, id, given(Step::Customer, &values), start).await {
        Ok(found) => Ok(on(&request, &found)),
        Err(error) if error.kind == Kind::Invalid && !error.fields.is_empty() => {
            let page = questions::first(&request, &app, &actor, &values, id, Some(&error)).await?;
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// To the open question, or to the tenant that the draft has become.
fn on(request: &HttpRequest, found: &Found) -> HttpResponse {
    match found {
        Found::Open(described) => htmx::redirect(request, &open_question(described)),
        Found::Made(tenant) => htmx::redirect(request, &urls::tenant_setup(&tenant.slug)),
    }
}

fn open_question(described: &Described) -> String {
    urls::draft_step(&described.draft.id.to_string(), described.next().word())
}

/// The id in a draft's address; what is no id is no draft.
async fn at(app: &App, actor: &Actor, text: &str) -> Result<(Uuid, Found), Failure> {
    let id = text.parse().map_err(|_| {
        Error::not_found(
            "Check the address: there is no unfinished tenant here. Create a tenant to begin anew.",
        )
    })?;
    Ok((id, tenant_drafts::find(app, actor, id).await?))
}

/// Goes on with a draft at its open question.
pub async fn go_on(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
) -> Answer {
    Ok(on(&request, &at(&app, &actor, &draft).await?.1))
}

/// A question, with the answer that was given before.
pub async fn show(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
    query: Query<Pairs>,
) -> Answer {
    let (draft, step) = path.into_inner();
    let Ok(step) = step.parse::<Step>() else { return unknown_address(request).await };
    let described = match at(&app, &actor, &draft).await?.1 {
        Found::Open(described) => *described,
        Found::Made(tenant) => {
            // Such as with the back button, after it was created.
            leave_flash(&request, &format!("These answers have made {}. It is made once.", tenant.name))?;
            return Ok(htmx::redirect(&request, &urls::tenant_setup(&tenant.slug)));
        }
    };
    if !described.may_be_at(step) {
        return Ok(htmx::redirect(&request, &open_question(&described)));
    }
    let is_change = Values(query.into_inner()).text("from") == "check";
    questions::answer(&request, &app, &actor, described, step, is_change, None).await
}

/// What a form answers to a question.
fn given(step: Step, values: &Values) -> Given {
    match step {
        Step::Customer | Step::Check => Given::Customer {
            name: values.text("name").to_owned(),
            email: values.text("email").to_owned(),
            note: values.text("note").to_owned(),
        },
        Step::Template => Given::Template(values.text("template").to_owned()),
        Step::Extras => Given::Extras(values.all("module").map(ToOwned::to_owned).collect()),
        Step::Plan => Given::Plan(values.text("plan").to_owned()),
        Step::Place => Given::Place(values.text("place").to_owned()),
    }
}

/// Takes the answer to a question; on the last page, asks for the tenant.
pub async fn answer(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
    form: Form<Pairs>,
) -> Answer {
    let (draft, step) = path.into_inner();
    let Ok(step) = step.parse::<Step>() else { return unknown_address(request).await };
    let values = Values(form.into_inner());
    let (id, found) = at(&app, &actor, &draft).await?;
    let described = match found {
        Found::Open(described) if described.may_be_at(step) => *described,
        found => return Ok(on(&request, &found)),
    };
    if step == Step::Check {
        return create(&request, &app, &actor, id, values.text("seen")).await;
    }
    match tenant_drafts::put(&app, &actor, id, given(step, &values)).await {
        Ok(found) => Ok(on(&request, &found)),
        Err(error) if error.kind == Kind::Invalid && !error.fields.is_empty() => {
            let wrong = Wrong { values: &values, error: &error };
            let is_change = values.text("from") == "check";
            questions::answer(&request, &app, &actor, described, step, is_change, Some(wrong)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn create(request: &HttpRequest, app: &App, actor: &Actor, id: Uuid, seen: &str) -> Answer {
    match tenant_drafts::create(app, actor, id, seen).await? {
        Sent::Created(created) => Ok(htmx::redirect(request, &urls::tenant_setup(&created.tenant.slug))),
        Sent::Open(described) => Ok(htmx::redirect(request, &open_question(&described))),
        Sent::Changed(answers) => {
            let page = questions::check(request, app, actor, *answers, true).await?;
            html(StatusCode::CONFLICT, &page)
        }
    }
}

/// Throws a draft away.
pub async fn throw_away(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
) -> Answer {
    if let Ok(id) = draft.parse() {
        tenant_drafts::throw_away(&app, &actor, id).await?;
    }
    leave_flash(&request, "The unfinished tenant was thrown away.")?;
    Ok(htmx::redirect(&request, &urls::tenants()))
}

/// What a tenant is like, for a new one that takes over its answers.
async fn like(app: &App, actor: &Actor, slug: &str) -> Result<Option<Tenant>, Failure> {
    if slug.is_empty() {
        return Ok(None);
    }
    Ok(Some(tenants::find(app, actor, slug).await?))
}
