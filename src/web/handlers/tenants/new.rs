//! The form for a new tenant.

use crate::{
    app::App,
    error::Kind,
    store::tenants::Plan,
    usecases::{
        actor::Actor,
        templates::{self, Offer},
        tenants::{self, CreateForm},
    },
    web::{
        errors::Failure,
        guard::SignedIn,
        handlers::{Answer, Values, html, shell},
        htmx,
        pages::tenants::new::{Extra, NameCheck, NewTenantPage, PlanCard, TemplateCard},
        tenant_words::{plan, plan_line, template_icon},
        urls,
        views::{FormError, Place},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Query},
};

/// What was typed into the form for a new tenant.
struct Typed {
    form: CreateForm,
    /// Extras of every template, as (template, module): those of templates that were not chosen are kept, too.
    ticked: Vec<(String, String)>,
}

fn typed(values: &Values) -> Typed {
    let template = values.text("template").to_owned();
    // Two spellings are taken: `module=ngo:events` from the page, and a plain name for the chosen template.
    let ticked: Vec<(String, String)> = values
        .all("module")
        .chain(values.all("modules"))
        .map(|text| match text.split_once(':') {
            Some((owner, module)) => (owner.to_owned(), module.to_owned()),
            None => (template.clone(), text.to_owned()),
        })
        .collect();
    let modules =
        ticked.iter().filter(|(owner, _)| *owner == template).map(|(_, module)| module.clone()).collect();
    Typed {
        form: CreateForm {
            name: values.text("name").to_owned(),
            email: values.text("email").to_owned(),
            plan: values.text("plan").to_owned(),
            template,
            modules,
            request_id: values.text("request_id").parse().ok(),
        },
        ticked,
    }
}

fn template_card(offer: &Offer, chosen: &str, ticked: &[(String, String)]) -> TemplateCard {
    let template = offer.version.template_type.as_str();
    let optional = |name: &str| offer.modules.iter().find(|module| module.name == name && !module.is_core);
    TemplateCard {
        value: template.to_owned(),
        title: offer.version.name.clone(),
        text: offer.version.description.clone(),
        version: offer.version.version.clone(),
        icon: template_icon(template),
        is_chosen: template == chosen,
        included: offer
            .modules
            .iter()
            .filter(|module| module.is_core)
            .map(|module| module.title.clone())
            .collect(),
        extras: offer
            .modules
            .iter()
            .filter(|module| !module.is_core)
            .map(|module| {
                let needs: Vec<_> = module.dependencies.iter().filter_map(|name| optional(name)).collect();
                let titles: Vec<&str> = needs.iter().map(|module| module.title.as_str()).collect();
                let added = if needs.len() == 1 { "It is added for you." } else { "They are added for you." };
                Extra {
                    name: module.name.clone(),
                    title: module.title.clone(),
                    text: module.description.clone(),
                    needs: needs.iter().map(|module| module.name.clone()).collect(),
                    needs_text: (!needs.is_empty())
                        .then(|| format!("Needs {}. {added}", titles.join(" and "))),
                    is_ticked: ticked.iter().any(|(owner, name)| owner == template && *name == module.name),
                }
            })
            .collect(),
    }
}

async fn form_page(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    typed: &Typed,
    request_id: String,
) -> Result<NewTenantPage, Failure> {
    let offers = templates::offers(app, actor).await?;
    let plans = Plan::ALL.into_iter().map(|value| PlanCard {
        value: value.word().to_owned(),
        title: plan(value).to_owned(),
        text: plan_line(value).to_owned(),
        is_chosen: value.word() == typed.form.plan,
    });
    let cards = offers.iter().map(|offer| template_card(offer, &typed.form.template, &typed.ticked));
    Ok(NewTenantPage::new(
        shell(request, actor, Place::Tenants),
        request_id,
        plans.collect(),
        cards.collect(),
    ))
}

/// The empty form; `?template=` chooses one beforehand.
pub async fn new(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    query: Query<Vec<(String, String)>>,
) -> Answer {
    let mut typed = typed(&Values(query.into_inner()));
    if typed.form.plan.is_empty() {
        Plan::Basic.word().clone_into(&mut typed.form.plan);
    }
    let page = form_page(&request, &app, &actor, &typed, app.new_id().to_string()).await?;
    html(StatusCode::OK, &page)
}

fn name_check(found: tenants::NameCheck) -> NameCheck {
    match found {
        tenants::NameCheck::Empty => NameCheck::default(),
        tenants::NameCheck::Unusable(problem) => NameCheck { problem: Some(problem), ..NameCheck::default() },
        tenants::NameCheck::Usable { slug, is_known } => NameCheck {
            slug: Some(slug),
            warning: is_known.then(|| {
                "There is a tenant of this name already. Look whether it is the same one.".to_owned()
            }),
            problem: None,
        },
    }
}

/// The live check of a name.
pub async fn check_name(
    app: Data<App>,
    SignedIn(actor): SignedIn,
    query: Query<Vec<(String, String)>>,
) -> Answer {
    let values = Values(query.into_inner());
    let found = tenants::check_name(&app, &actor, values.text("name")).await?;
    html(StatusCode::OK, &name_check(found))
}

/// Asks for a tenant.
pub async fn create(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let values = Values(form.into_inner());
    let typed = typed(&values);
    let error = match tenants::create(&app, &actor, typed.form.clone()).await {
        Ok(created) => return Ok(htmx::redirect(&request, &urls::tenant_setup(&created.tenant.slug))),
        Err(error) if error.kind == Kind::Invalid => error,
        Err(error) => return Err(error.into()),
    };
    let request_id = typed.form.request_id.unwrap_or_else(|| app.new_id()).to_string();
    let mut page = form_page(&request, &app, &actor, &typed, request_id).await?;
    let wrong = |name: &str| error.fields.get(name).cloned();
    page.name = page.name.filled(values.text("name"), wrong("name"));
    page.email = page.email.filled(values.text("email"), wrong("email"));
    page.plan_error = wrong("plan");
    page.template_error = wrong("template").or_else(|| wrong("modules"));
    if page.name.error.is_none() {
        page.check = name_check(tenants::check_name(&app, &actor, values.text("name")).await?);
    }
    page.errors = FormError::of(&[&page.name, &page.email]);
    page.errors.extend(page.template_error.as_ref().map(|text| FormError::new("template", text)));
    page.errors.extend(page.plan_error.as_ref().map(|text| FormError::new("plan", text)));
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    if htmx::wants_fragment(&request) { html(status, &page.as_form()) } else { html(status, &page) }
}
