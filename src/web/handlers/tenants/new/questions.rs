//! What each question about a new tenant looks like, with the answer that was given, or the one that could not be taken.

use super::super::name_check;
use crate::{
    app::App,
    error::Error,
    store::{
        templates::Module,
        tenants::{Plan, Tenant},
    },
    usecases::{
        actor::Actor,
        jobs,
        templates::Offer,
        tenant_drafts::{self, Answers, Described, Step},
        tenants,
    },
    web::{
        errors::Failure,
        handlers::{Answer, Values, html, making, shell},
        pages::tenants::new::{
            AnswerRow, CheckPage, Extra, ExtrasPage, Like, PlanPage, RadioCard, TemplateCard,
            TemplateStepPage, Unfinished, Way, WherePage, WhoPage,
        },
        tenant_words::{plan, plan_line, template_icon},
        urls,
        views::{FormError, Place, TimeView},
    },
};
use actix_web::{HttpRequest, http::StatusCode};
use uuid::Uuid;

/// An answer that could not be taken.
pub struct Wrong<'a> {
    /// What was typed.
    pub values: &'a Values,
    /// What is wrong with it.
    pub error: &'a Error,
}

impl Wrong<'_> {
    fn at(&self, name: &str) -> Option<String> {
        self.error.fields.get(name).cloned()
    }
}

/// The titles of modules, those that every tenant gets or those to choose from.
fn titles(modules: &[Module], is_core: bool) -> Vec<String> {
    modules.iter().filter(|module| module.is_core == is_core).map(|module| module.title.clone()).collect()
}

/// The first question of a new tenant.
pub async fn first(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    values: &Values,
    id: Uuid,
    error: Option<&Error>,
) -> Result<WhoPage, Failure> {
    let way = Way {
        number: 1,
        total: tenant_drafts::usual_steps(app, actor).await?,
        back: urls::tenants(),
        action: urls::new_tenant(),
        is_change: false,
        errors: Vec::new(),
    };
    let mut page = WhoPage::new(shell(request, actor, Place::Tenants), way);
    page.unfinished = unfinished(app, actor).await?;
    page.draft = id.to_string();
    values.text("template").clone_into(&mut page.template);
    page.like = super::like(app, actor, values.text("like")).await?.map(|tenant| Like {
        text: alike(&tenant),
        name: tenant.name,
        slug: tenant.slug,
    });
    let typed = [values.text("name"), values.text("email"), values.text("note")];
    fill(app, actor, &mut page, typed, error).await?;
    Ok(page)
}

/// The tenants that the person has begun to describe.
pub async fn unfinished(app: &App, actor: &Actor) -> Result<Vec<Unfinished>, Failure> {
    let now = app.now_ms();
    let drafts = tenant_drafts::unfinished(app, actor).await?;
    Ok(drafts
        .into_iter()
        .map(|draft| Unfinished {
            href: urls::draft(&draft.id.to_string()),
            at: TimeView::new(draft.changed_ms, now),
            name: draft.name,
        })
        .collect())
}

fn alike(tenant: &Tenant) -> String {
    let extras = match tenant.modules.len() {
        0 => "without extras".to_owned(),
        count => format!("with {}", crate::web::views::counted_len(count, "extra", "extras")),
    };
    format!("{} {extras}, {} plan", tenant.template_name, plan(tenant.plan))
}

async fn fill(
    app: &App,
    actor: &Actor,
    page: &mut WhoPage,
    [name, email, note]: [&str; 3],
    error: Option<&Error>,
) -> Result<(), Failure> {
    let wrong = |field: &str| error.and_then(|error| error.fields.get(field).cloned());
    page.name = page.name.clone().filled(name, wrong("name"));
    page.email = page.email.clone().filled(email, wrong("email"));
    page.note = page.note.clone().filled(note, wrong("note"));
    if page.name.error.is_none() && !name.is_empty() {
        page.check = name_check::view(tenants::check_name(app, actor, name).await?);
    }
    page.way.errors = FormError::of(&[&page.name, &page.email, &page.note]);
    Ok(())
}

/// Where a question of a draft stands.
fn way(described: &Described, step: Step, is_change: bool) -> Way {
    let steps = described.steps();
    let place = steps.iter().position(|found| *found == step).unwrap_or_default();
    let id = described.draft.id.to_string();
    let before = place.checked_sub(1).and_then(|place| steps.get(place));
    Way {
        number: place + 1,
        total: steps.len(),
        back: match before {
            _ if is_change => urls::draft_step(&id, Step::Check.word()),
            Some(before) => urls::draft_step(&id, before.word()),
            None => urls::tenants(),
        },
        action: urls::draft_step(&id, step.word()),
        is_change,
        errors: Vec::new(),
    }
}

/// A question of a draft, as an answer to the browser.
pub async fn answer(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    described: Described,
    step: Step,
    is_change: bool,
    wrong: Option<Wrong<'_>>,
) -> Answer {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let shell = shell(request, actor, Place::Tenants);
    let mut way = way(&described, step, is_change);
    let field = match step {
        Step::Template => "template",
        Step::Extras => "module",
        Step::Plan => "plan",
        Step::Place => "place",
        Step::Customer | Step::Check => "",
    };
    let error = wrong.as_ref().and_then(|wrong| wrong.at(field));
    way.errors.extend(error.as_ref().map(|text| FormError::new(field, text)));
    let draft = &described.draft;
    let name = draft.name.clone();
    match step {
        Step::Customer => {
            let mut page = WhoPage::new(shell, way);
            let typed = match &wrong {
                Some(Wrong { values, .. }) => ["name", "email", "note"].map(|name| values.text(name)),
                None => [draft.name.as_str(), &draft.email, draft.note.as_deref().unwrap_or_default()],
            };
            fill(app, actor, &mut page, typed, wrong.as_ref().map(|wrong| wrong.error)).await?;
            html(status, &page)
        }
        Step::Template => {
            let templates = described.offers.iter().map(|offer| card(offer, draft.template.as_deref()));
            let usual = usually(app).await?;
            let templates = templates.collect();
            html(status, &TemplateStepPage { shell, way, name, templates, error, usual })
        }
        Step::Extras => {
            let Some(offer) = described.offer() else { return Err(no_template().into()) };
            let kept = draft.modules.get(&offer.version.template_type);
            let ticked: Vec<String> = match &wrong {
                Some(Wrong { values, .. }) => values.all("module").map(ToOwned::to_owned).collect(),
                None => kept.cloned().unwrap_or_default(),
            };
            let page = ExtrasPage {
                shell,
                way,
                name,
                template: offer.version.name.clone(),
                included: titles(&offer.modules, true),
                extras: extras(&offer.modules, &ticked),
                error,
            };
            html(status, &page)
        }
        Step::Plan => {
            let chosen = draft.plan.unwrap_or(Plan::Basic);
            let plans = Plan::ALL.into_iter().map(|value| RadioCard {
                value: value.word().to_owned(),
                title: plan(value).to_owned(),
                text: plan_line(value).to_owned(),
                is_chosen: value == chosen,
            });
            html(status, &PlanPage { shell, way, name, plans: plans.collect(), error })
        }
        Step::Place => {
            let chosen = draft.place.clone().unwrap_or_default();
            let places = described.places.iter().map(|place| RadioCard {
                value: place.value.clone(),
                title: place.title.clone(),
                text: place.hint.clone(),
                is_chosen: place.value == chosen,
            });
            html(status, &WherePage { shell, way, name, places: places.collect(), error })
        }
        Step::Check => {
            let answers = tenant_drafts::check(app, described).await?;
            html(status, &check(request, app, actor, answers, false).await?)
        }
    }
}

fn no_template() -> Error {
    Error::conflict("Choose a template first.")
}

async fn usually(app: &App) -> Result<Option<String>, Failure> {
    Ok(jobs::usual_time(app).await?.map(making::usually_ready))
}

fn card(offer: &Offer, chosen: Option<&str>) -> TemplateCard {
    let template = offer.version.template_type.as_str();
    TemplateCard {
        value: template.to_owned(),
        title: offer.version.name.clone(),
        text: offer.version.description.clone(),
        version: offer.version.version.clone(),
        icon: template_icon(template),
        is_chosen: chosen == Some(template),
        included: titles(&offer.modules, true),
        extras: titles(&offer.modules, false),
    }
}

/// The extras to tick, each with its rule in words.
fn extras(modules: &[Module], ticked: &[String]) -> Vec<Extra> {
    let optional = |name: &str| modules.iter().find(|module| module.name == name && !module.is_core);
    modules
        .iter()
        .filter(|module| !module.is_core)
        .map(|module| {
            let needs: Vec<_> = module.dependencies.iter().filter_map(|name| optional(name)).collect();
            let titles: Vec<&str> = needs.iter().map(|module| module.title.as_str()).collect();
            Extra {
                name: module.name.clone(),
                title: module.title.clone(),
                text: module.description.clone(),
                needs: needs.iter().map(|module| module.name.clone()).collect(),
                rule: (!needs.is_empty())
                    .then(|| format!("{} needs {} (added for you).", module.title, titles.join(" and "))),
                is_ticked: ticked.contains(&module.name),
            }
        })
        .collect()
}

/// The page with all answers; `is_changed` where they are not those that were seen.
pub async fn check(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    answers: Answers,
    is_changed: bool,
) -> Result<CheckPage, Failure> {
    let draft = &answers.described.draft;
    let id = draft.id.to_string();
    let row = |question, lines, step: Step, what| AnswerRow {
        question,
        lines,
        change: urls::draft_change(&id, step.word()),
        what,
    };
    let extras: Vec<String> = answers
        .extras
        .iter()
        .map(|(title, is_added)| if *is_added { format!("{title} (added for you)") } else { title.clone() })
        .collect();
    let mut rows = vec![
        row("Name", vec![draft.name.clone()], Step::Customer, "the name"),
        row("Owner's e-mail", vec![draft.email.clone()], Step::Customer, "the owner's e-mail"),
    ];
    rows.extend(draft.note.clone().map(|note| row("Note", vec![note], Step::Customer, "the note")));
    let template = format!("{} {}", answers.choice.template_name, answers.choice.version);
    rows.push(row("Template", vec![template], Step::Template, "the template"));
    if answers.described.steps().contains(&Step::Extras) {
        let lines = if extras.is_empty() { vec!["None".to_owned()] } else { extras };
        rows.push(row("Extras", lines, Step::Extras, "the extras"));
    }
    rows.push(row("Plan", vec![plan(answers.plan).to_owned()], Step::Plan, "the plan"));
    if let Some(place) = answers.described.place() {
        rows.push(row("Place", vec![place.title.clone()], Step::Place, "the place"));
    }
    let mut way = way(&answers.described, Step::Check, false);
    if is_changed {
        let text = "The answers have changed since this page was opened: in another window, or because the template has a newer version. Look at them again, then create the tenant.";
        way.errors.push(FormError::new("answers", text));
    }
    Ok(CheckPage {
        shell: shell(request, actor, Place::Tenants),
        way,
        answers: rows,
        address: answers.address,
        steps: answers.steps,
        seen: answers.seen,
        usual: usually(app).await?,
    })
}
