//! Deciding about what differs: the question, and the answer.

use super::super::{Answer, Values, html, leave_flash, shell};
use crate::{
    app::App,
    error::{Error, Kind},
    store::drift::Noted,
    usecases::{
        actor::Actor,
        drift::{self, Decision, Ignore, Planned, Target},
    },
    web::{
        guard::SignedIn,
        htmx,
        pages::drift::{DecidePage, PlanView},
        urls,
        views::{Crumb, Field, FormError, Place, counted, counted_len},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path, Query},
};

type Fields = Form<Vec<(String, String)>>;

/// What is to be done, from the last part of an address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Repair,
    Keep,
    Ignore,
}

fn act_of(request: &HttpRequest) -> Act {
    match request.path().rsplit('/').next() {
        Some("keep") => Act::Keep,
        Some("ignore") => Act::Ignore,
        _ => Act::Repair,
    }
}

/// Of what a decision is about.
struct Subject {
    slug: Option<String>,
    /// Of a group, the slugs of the tenants that were ticked; none is all.
    only: Vec<String>,
    /// Which tenants these are, in words.
    whom: Option<String>,
    /// The differences.
    ids: Vec<String>,
    /// What they are, in sentences.
    sentences: Vec<String>,
}

impl Subject {
    fn target(&self) -> Target<'_> {
        self.slug.as_deref().map_or(Target::Group(&self.only), Target::Tenant)
    }

    fn id(&self) -> &str {
        self.ids.first().map(String::as_str).unwrap_or_default()
    }

    fn back(&self) -> String {
        match &self.slug {
            Some(slug) => urls::tenant_drift(slug),
            None => urls::drift_group(self.id()),
        }
    }
}

fn gone() -> Error {
    Error::not_found(
        "This tenant does not differ in this way any more. Look at its unexpected changes again.",
    )
}

/// One difference of all tenants that have it.
async fn of_group(app: &App, actor: &Actor, id: &str, sent: &Values) -> Result<Subject, Error> {
    let group = drift::group(app, actor, id).await?;
    let only: Vec<String> = sent.all("only").map(ToOwned::to_owned).collect();
    let named = |slug: &String| {
        let member = group.members.iter().find(|member| member.slug == *slug);
        member.map_or_else(|| slug.clone(), |member| member.name.clone())
    };
    let whom = match only.as_slice() {
        [] if group.number == 1 => "For the tenant that has it.".to_owned(),
        [] => format!("For all {} that have it.", counted(group.number, "tenant", "tenants")),
        [one] => format!("For {} only.", named(one)),
        some if some.len() <= NAMED => {
            let names: Vec<String> = some.iter().map(named).collect();
            format!("For {} only.", names.join(", "))
        }
        some => format!("For the {} that were ticked only.", counted_len(some.len(), "tenant", "tenants")),
    };
    let sentences = vec![group.difference.sentence];
    Ok(Subject { slug: None, only, whom: Some(whom), ids: vec![id.to_owned()], sentences })
}

/// One difference of a tenant, or all that count.
async fn of_one(app: &App, actor: &Actor, slug: &str, id: Option<&str>) -> Result<Subject, Error> {
    let report = drift::of_tenant(app, actor, slug).await?;
    let now = app.now_ms();
    let chosen = |noted: &&Noted| match id {
        Some(id) => noted.difference.id == id,
        None => !noted.is_ignored(now),
    };
    let found: Vec<&Noted> = report.differences.iter().filter(chosen).collect();
    if found.is_empty() {
        return Err(gone());
    }
    Ok(Subject {
        slug: Some(report.tenant.slug.clone()),
        only: Vec::new(),
        whom: None,
        ids: found.iter().map(|noted| noted.difference.id.clone()).collect(),
        sentences: found.iter().map(|noted| noted.difference.sentence.clone()).collect(),
    })
}

async fn page_of(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    subject: &Subject,
    typed: &Values,
    error: Option<&Error>,
) -> Result<DecidePage, Error> {
    let act = act_of(request);
    let wrong = |name: &str| error.and_then(|error| error.fields.get(name).cloned());
    let (plans, refused) = match act {
        Act::Repair => drift::plans(app, actor, subject.target(), &subject.ids).await?,
        Act::Keep | Act::Ignore => (Vec::new(), Vec::new()),
    };
    let reason = Field::text("reason", "Why?")
        .with_hint("For those who come across it later.")
        .filled(typed.text("reason"), wrong("reason"));
    let days = Field::text("days", "For how many days?")
        .filled(if error.is_some() { typed.text("days") } else { "30" }, wrong("days"));
    let fields = if act == Act::Ignore { vec![days] } else { Vec::new() };
    let reason = (act != Act::Repair).then_some(reason);
    let mut errors = FormError::of(&reason.iter().chain(&fields).collect::<Vec<_>>());
    errors.extend(
        error
            .filter(|error| error.fields.is_empty())
            .map(|error| FormError::new("form", error.message.clone())),
    );
    let (heading, text, button) = match act {
        Act::Repair => (
            "Put it back?",
            "This SQL brings the structure to what it should be. Rows and values stay, but for what is named below. Exactly what you approve here is run, and only where the database is still as it was.",
            None,
        ),
        Act::Keep => (
            "Keep it as the tenant's own?",
            "It is expected from now on, and is no unexpected change any more. Later versions of the template respect it.",
            Some("Keep it"),
        ),
        Act::Ignore => (
            "Leave it alone?",
            "Nothing is changed. It does not count until the days are over; then it counts again.",
            Some("Leave it alone"),
        ),
    };
    let crumb = match &subject.slug {
        Some(slug) => Crumb::new(slug, urls::tenant_drift(slug)),
        None => Crumb::new("The difference", urls::drift_group(subject.id())),
    };
    Ok(DecidePage {
        shell: shell(request, actor, Place::Drift),
        crumbs: vec![Crumb::new("Unexpected changes", urls::drift()), crumb],
        heading: heading.into(),
        sentences: subject.sentences.clone(),
        whom: subject.whom.clone().filter(|_| act != Act::Repair),
        text: text.into(),
        action: request.path().to_owned(),
        hidden: (subject.ids.iter().map(|id| ("difference", id.clone())))
            .chain(subject.only.iter().map(|slug| ("only", slug.clone())))
            .collect(),
        errors,
        plans: plans.into_iter().map(|planned| plan_view(planned, subject.slug.is_none())).collect(),
        refused: grouped_reasons(refused),
        reason,
        fields,
        button,
        cancel: subject.back(),
    })
}

/// Tenants that are named beside the SQL for them.
const NAMED: usize = 20;

fn plan_view(planned: Planned, is_group: bool) -> PlanView {
    PlanView {
        tenants: is_group.then(|| match planned.tenants.as_slice() {
            [one] => one.name.clone(),
            [one, other] => format!("{} and {}", one.name, other.name),
            all => counted_len(all.len(), "tenant", "tenants"),
        }),
        names: if is_group && planned.tenants.len() > 2 {
            planned.tenants.iter().take(NAMED).map(|tenant| tenant.name.clone()).collect()
        } else {
            Vec::new()
        },
        others: planned.tenants.len().saturating_sub(NAMED),
        sql: planned
            .plan
            .statements
            .iter()
            .map(|sql| format!("{};", sql.trim_end_matches(';')))
            .collect::<Vec<_>>()
            .join("\n\n"),
        losses: planned.plan.losses,
        left: planned.plan.left,
        hash: planned.hash,
    }
}

/// Why something cannot be done, each reason once with the tenants that have it.
pub(super) fn grouped_reasons(refused: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for (name, why) in refused {
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    let named = |names: Vec<String>| match names.as_slice() {
        [name] => name.clone(),
        [name, other] => format!("{name} and {other}"),
        [first, rest @ ..] => format!("{first} and {}", counted_len(rest.len(), "other", "others")),
        [] => String::new(),
    };
    reasons.into_iter().map(|(why, names)| (named(names), why)).collect()
}

/// The question, for all tenants with a difference.
pub async fn ask_group(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    id: Path<String>,
    query: Query<Vec<(String, String)>>,
) -> Answer {
    let subject = of_group(&app, &actor, &id, &Values(query.into_inner())).await?;
    let page = page_of(&request, &app, &actor, &subject, &Values(Vec::new()), None).await?;
    html(StatusCode::OK, &page)
}

/// The question, for one tenant.
pub async fn ask_one(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
) -> Answer {
    let subject = of_one(&app, &actor, &path.0, Some(&path.1)).await?;
    let page = page_of(&request, &app, &actor, &subject, &Values(Vec::new()), None).await?;
    html(StatusCode::OK, &page)
}

/// The question, for all that differs in one tenant.
pub async fn ask_all_of(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let subject = of_one(&app, &actor, &slug, None).await?;
    let page = page_of(&request, &app, &actor, &subject, &Values(Vec::new()), None).await?;
    html(StatusCode::OK, &page)
}

/// Does it, for all tenants with a difference.
pub async fn do_group(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    id: Path<String>,
    form: Fields,
) -> Answer {
    let values = Values(form.into_inner());
    let subject = of_group(&app, &actor, &id, &values).await?;
    decide(&request, &app, &actor, &subject, values).await
}

/// Does it, for one tenant.
pub async fn do_one(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
    form: Fields,
) -> Answer {
    let subject = of_one(&app, &actor, &path.0, Some(&path.1)).await?;
    decide(&request, &app, &actor, &subject, Values(form.into_inner())).await
}

/// Puts back what was chosen in one tenant: what was on the page that was approved.
pub async fn do_all_of(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
    form: Fields,
) -> Answer {
    let values = Values(form.into_inner());
    let mut subject = of_one(&app, &actor, &slug, None).await?;
    subject.ids = values.all("difference").map(ToOwned::to_owned).collect();
    decide(&request, &app, &actor, &subject, values).await
}

/// What was sent, done: where to go on, and what is said there.
async fn done(
    app: &App,
    actor: &Actor,
    subject: &Subject,
    act: Act,
    typed: &Values,
) -> Result<(String, &'static str), Error> {
    let id = subject.id();
    let (reason, form) = (
        typed.text("reason"),
        Ignore { reason: typed.text("reason").into(), days: typed.text("days").into() },
    );
    let (approved, with_snapshot) = (typed.text("plan"), typed.text("snapshot") == "yes");
    let Some(slug) = &subject.slug else {
        let decision = match act {
            Act::Repair => Decision::Repair { approved, with_snapshot },
            Act::Keep => Decision::Keep { reason },
            Act::Ignore => Decision::Ignore(&form),
        };
        let run = drift::decide(app, actor, (id, &subject.only), decision).await?;
        return Ok((urls::drift_run(&run.id.to_string()), ""));
    };
    let page = urls::tenant_drift(slug);
    Ok(match act {
        Act::Repair => {
            drift::repair(app, actor, slug, &subject.ids, (approved, with_snapshot)).await?;
            // The job's steps say how it goes.
            (urls::tenant_setup(slug), "")
        }
        Act::Keep => {
            drift::adopt(app, actor, slug, id, reason).await?;
            (page, "Kept as the tenant's own.")
        }
        Act::Ignore => {
            drift::ignore(app, actor, slug, id, &form).await?;
            (page, "Left alone until the days are over.")
        }
    })
}

async fn decide(request: &HttpRequest, app: &App, actor: &Actor, subject: &Subject, typed: Values) -> Answer {
    match done(app, actor, subject, act_of(request), &typed).await {
        Ok((after, said)) => {
            if !said.is_empty() {
                leave_flash(request, said)?;
            }
            Ok(htmx::redirect(request, &after))
        }
        Err(error) if matches!(error.kind, Kind::Invalid | Kind::Conflict) => {
            let status = if error.kind == Kind::Invalid {
                StatusCode::UNPROCESSABLE_ENTITY
            } else {
                StatusCode::CONFLICT
            };
            html(status, &page_of(request, app, actor, subject, &typed, Some(&error)).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Lets something count again that was left alone, in one tenant.
pub async fn count_again(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
) -> Answer {
    drift::stop_ignoring(&app, &actor, path.0.as_str(), &path.1).await?;
    leave_flash(&request, "It counts again.")?;
    Ok(htmx::redirect(&request, &urls::tenant_drift(&path.0)))
}

/// Lets something count again in all tenants in which it was left alone.
pub async fn count_again_group(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    id: Path<String>,
) -> Answer {
    let run = drift::decide(&app, &actor, (&id, &[]), Decision::Count).await?;
    Ok(htmx::redirect(&request, &urls::drift_run(&run.id.to_string())))
}
