//! Tenants: the list, making one, watching it come up, and looking at it.

use super::{Answer, Values, dashboard::event_view, html, making, shell, templates::module_of_tables};
use crate::{
    app::App,
    error::Kind,
    picture,
    schema::{Schema, text::describe},
    store::{
        invitations::Invitation,
        tenants::{Cursor, Filter, Plan, Sort, Status, Tenant},
    },
    usecases::{
        actor::Actor,
        invitations, jobs,
        permissions::{Permission, Reach},
        templates::{self, Offer},
        tenants::{self, COUNT_LIMIT, CreateForm},
    },
    web::{
        errors::Failure,
        guard::SignedIn,
        htmx,
        pages::tenants::{
            list::{Search, SortLink, TenantRow, TenantsPage},
            new::{Extra, NameCheck, NewTenantPage, PlanCard, TemplateCard},
            setup::SettingUpPage,
            show::{ActivityPage, Fact, InvitationView, OverviewPage, StructurePage, Tab, TenantHead},
        },
        tables,
        tenant_words::{plan, plan_line, state, template_icon},
        urls,
        views::{Choice, Crumb, FormError, Pager, Pill, Place, TimeView, Tone, counted, counted_len, size},
    },
};
use actix_web::{
    HttpRequest,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
    web::{Data, Form, Path, Query},
};
use base64::Engine;
use std::collections::BTreeMap;

/// Tenants on a page of the list.
const A_PAGE: u32 = 50;
/// Events on a page of the history.
const EVENTS: u32 = 50;

fn read_cursor(text: &str) -> Option<Cursor> {
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn write_cursor(cursor: &Cursor) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor).unwrap_or_default())
}

/// The list, its search in the address.
pub async fn list(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    query: Query<Vec<(String, String)>>,
) -> Answer {
    let query = Values(query.into_inner());
    let word = |name: &str| Some(query.text(name).trim().to_owned()).filter(|text| !text.is_empty());
    let filter = Filter {
        search: word("q"),
        status: word("state").and_then(|text| text.parse().ok()),
        template_type: word("template"),
        plan: word("plan").and_then(|text| text.parse().ok()),
    };
    let sort: Sort = query.text("sort").parse().unwrap_or_default();
    let cursor = read_cursor(query.text("at"));
    let found = tenants::list(&app, &actor, &filter, sort, cursor.as_ref(), A_PAGE).await?;
    let offers = templates::list(&app, &actor).await?;
    let now = app.now_ms();
    let address = |sort: Sort, at: Option<&Cursor>| {
        let at = at.map(write_cursor).unwrap_or_default();
        let sort = if sort == Sort::default() { "" } else { sort.word() };
        let parameters = [
            ("q", query.text("q")),
            ("state", query.text("state")),
            ("template", query.text("template")),
            ("plan", query.text("plan")),
            ("sort", sort),
            ("at", &at),
        ];
        urls::with_query(&urls::tenants(), &parameters)
    };
    let head = |up: Sort, down: Sort, first: Sort| {
        let now = match sort {
            sort if sort == up => "ascending",
            sort if sort == down => "descending",
            _ => "none",
        };
        let other = if first == up { down } else { up };
        SortLink { href: address(if sort == first { other } else { first }, None), now }
    };
    let is_on = filter.search.is_some()
        || filter.status.is_some()
        || filter.template_type.is_some()
        || filter.plan.is_some();
    let page = TenantsPage {
        shell: shell(&request, &actor, Place::Tenants),
        search: search(
            &query,
            sort,
            is_on,
            offers.iter().map(|(version, _)| (version.template_type.as_str(), version.name.as_str())),
        ),
        count: if found.count > i64::from(COUNT_LIMIT) {
            format!("More than {}", counted(i64::from(COUNT_LIMIT), "tenant", "tenants"))
        } else {
            counted(found.count, "tenant", "tenants")
        },
        is_empty: found.page.tenants.is_empty(),
        rows: found.page.tenants.iter().map(|tenant| row(tenant, now)).collect(),
        sort_name: head(Sort::Name, Sort::NameDescending, Sort::Name),
        sort_version: head(Sort::Template, Sort::TemplateDescending, Sort::Template),
        sort_created: head(Sort::Oldest, Sort::Newest, Sort::Newest),
        pager: Pager {
            previous: found.page.previous.as_ref().map(|cursor| address(sort, Some(cursor))),
            next: found.page.next.as_ref().map(|cursor| address(sort, Some(cursor))),
        },
        may_create: actor.must(Permission::CreateTenants).is_ok(),
    };
    if htmx::wants_fragment(&request) {
        let mut answer = html(StatusCode::OK, &page.as_results())?;
        // The address in the browser holds what was asked for, and nothing that was left empty.
        let clean = address(sort, cursor.as_ref());
        if let Ok(value) = HeaderValue::from_str(&clean) {
            answer.headers_mut().insert(HeaderName::from_static("hx-replace-url"), value);
        }
        Ok(answer)
    } else {
        html(StatusCode::OK, &page)
    }
}

fn search<'a>(
    query: &Values,
    sort: Sort,
    is_on: bool,
    templates: impl Iterator<Item = (&'a str, &'a str)>,
) -> Search {
    let choice = |name: &str, value: &str, text: &str| Choice {
        value: value.to_owned(),
        text: text.to_owned(),
        is_chosen: query.text(name) == value,
    };
    let by_type: BTreeMap<&str, &str> = templates.collect();
    let states = Status::ALL.into_iter().filter(|status| *status != Status::Deleted);
    Search {
        text: query.text("q").to_owned(),
        states: std::iter::once(choice("state", "", "All states"))
            .chain(states.map(|status| choice("state", status.word(), &state(status).text)))
            .collect(),
        templates: std::iter::once(choice("template", "", "All templates"))
            .chain(by_type.into_iter().map(|(template, name)| choice("template", template, name)))
            .collect(),
        plans: std::iter::once(choice("plan", "", "All plans"))
            .chain(Plan::ALL.into_iter().map(|value| choice("plan", value.word(), plan(value))))
            .collect(),
        sort: if sort == Sort::default() { String::new() } else { sort.word().to_owned() },
        is_on,
    }
}

fn row(tenant: &Tenant, now: i64) -> TenantRow {
    TenantRow {
        name: tenant.name.clone(),
        slug: tenant.slug.clone(),
        href: match tenant.status {
            Status::Pending | Status::Provisioning | Status::Failed => urls::tenant_setup(&tenant.slug),
            _ => urls::tenant(&tenant.slug),
        },
        template: tenant.template_name.clone(),
        version: tenant.template_version.clone(),
        state: state(tenant.status),
        plan: plan(tenant.plan).to_owned(),
        owner: tenant.email.clone(),
        created: TimeView::new(tenant.created_ms, now),
    }
}

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

/// The steps that make a tenant.
pub async fn setup(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let (tenant, job) = tenants::making(&app, &actor, &slug).await?;
    let Some((job, steps)) = job else { return Ok(htmx::redirect(&request, &urls::tenant(&tenant.slug))) };
    let now = app.now_ms();
    let phase = making::phase(&job, &steps);
    let poll = making::poll(phase, &job, &tenant.slug, now);
    let is_fragment = htmx::wants_fragment(&request);
    let mut notes = Vec::new();
    if poll.is_some() {
        notes.extend(making::usual(jobs::usual_time(&app).await?));
        notes.push("You can close this page: the work goes on without you.".to_owned());
    }
    let page = SettingUpPage {
        shell: shell(&request, &actor, Place::Tenants),
        crumbs: crumbs(&actor),
        name: tenant.name.clone(),
        slug: tenant.slug.clone(),
        phase,
        sentence: making::sentence(phase, &job, &steps, app.settings.retry_delays.len() + 1, now),
        notes,
        done: making::done(&steps),
        steps: making::steps(&steps),
        trouble: making::trouble(phase, &job),
        poll,
        is_fragment,
        may_retry: actor.must(Permission::CreateTenants).is_ok(),
    };
    if is_fragment { html(StatusCode::OK, &page.as_live()) } else { html(StatusCode::OK, &page) }
}

/// Another try, or the next one at once.
pub async fn retry(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let tenant = tenants::retry(&app, &actor, &slug).await?;
    Ok(htmx::redirect(&request, &urls::tenant_setup(&tenant.slug)))
}

fn crumbs(actor: &Actor) -> Vec<Crumb> {
    if actor.must(Permission::SeeTenants).is_ok_and(|reach| reach == Reach::All) {
        vec![Crumb::new("Tenants", urls::tenants())]
    } else {
        Vec::new()
    }
}

fn head(actor: &Actor, tenant: &Tenant, tab: Tab) -> TenantHead {
    let steps = |words: &str| Crumb::new(words, urls::tenant_setup(&tenant.slug));
    TenantHead {
        crumbs: crumbs(actor),
        name: tenant.name.clone(),
        slug: tenant.slug.clone(),
        state: state(tenant.status),
        template: format!("{} {}", tenant.template_name, tenant.template_version),
        template_href: urls::template(&tenant.template_type, &tenant.template_version),
        plan: plan(tenant.plan).to_owned(),
        tabs: tab.row(&tenant.slug),
        notice: match tenant.status {
            Status::Pending | Status::Provisioning => {
                Some(("This tenant is being set up.".into(), steps("See the steps")))
            }
            Status::Failed => Some(("This tenant could not be set up.".into(), steps("See what happened"))),
            Status::Active | Status::Suspended | Status::Archived | Status::Deleting | Status::Deleted => {
                None
            }
        },
    }
}

/// The overview of a tenant.
pub async fn overview(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let page = overview_page(&request, &app, &actor, &slug, None).await?;
    html(StatusCode::OK, &page)
}

/// Makes an invitation link and shows it, this one time.
pub async fn invite(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let link = invitations::make_link(&app, &actor, &slug).await?;
    let base = match &app.settings.public_url {
        Some(url) => url.clone(),
        None => {
            let connection = request.connection_info();
            format!("http://{}", connection.host())
        }
    };
    let link = format!("{base}{}", urls::invitation(&link.token));
    let page = overview_page(&request, &app, &actor, &slug, Some(link)).await?;
    if htmx::wants_fragment(&request) {
        html(StatusCode::OK, &page.as_invitation_block())
    } else {
        html(StatusCode::OK, &page)
    }
}

async fn overview_page(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    slug: &str,
    link: Option<String>,
) -> Result<OverviewPage, Failure> {
    let found = tenants::overview(app, actor, slug).await?;
    let now = app.now_ms();
    let tenant = &found.tenant;
    let detail =
        templates::show(app, &Actor::CommandLine, &tenant.template_type, &tenant.template_version).await?;
    let modules =
        detail.modules.iter().filter(|module| module.is_core || tenant.modules.contains(&module.name));
    let mut facts = vec![
        Fact::text("Owner", &tenant.email),
        Fact::link(
            "Template",
            format!("{} {}", tenant.template_name, tenant.template_version),
            urls::template(&tenant.template_type, &tenant.template_version),
        ),
        Fact::text("Plan", plan(tenant.plan)),
        Fact::time("Asked for", TimeView::new(tenant.created_ms, now)),
    ];
    facts.extend(tenant.active_ms.map(|at| Fact::time("Ready since", TimeView::new(at, now))));
    facts.extend(found.size.map(|bytes| Fact::text("Size", size(bytes))));
    facts.push(Fact::code("Id", tenant.id.to_string()));
    let may_invite = actor.must(Permission::InviteOwners).is_ok();
    Ok(OverviewPage {
        shell: shell(request, actor, Place::Tenants),
        head: head(actor, tenant, Tab::Overview),
        facts,
        modules: modules.map(|module| (module.title.clone(), !module.is_core)).collect(),
        connection: found.address.iter().map(|(label, value)| Fact::code(*label, value)).collect(),
        invitation: invitation_view(tenant, found.invitation.as_ref(), link, may_invite, now),
        events: found
            .events
            .iter()
            .map(|event| crate::web::views::EventView { tenant: None, ..event_view(event, now) })
            .collect(),
    })
}

fn invitation_view(
    tenant: &Tenant,
    invitation: Option<&Invitation>,
    link: Option<String>,
    may_invite: bool,
    now: i64,
) -> InvitationView {
    let email = invitation.map_or(&tenant.email, |invitation| &invitation.email).clone();
    let until = |ms: i64| TimeView::new(ms, now).text;
    let (state, sentence, button) = match invitation {
        None => (
            Pill::new("Not yet", Tone::Quiet),
            "The invitation is prepared when the tenant is ready.".to_owned(),
            None,
        ),
        Some(Invitation { used_ms: Some(at), .. }) => (
            Pill::new("Taken up", Tone::Good),
            format!("The owner chose a password on {}.", until(*at)),
            None,
        ),
        Some(Invitation { has_link: true, expires_ms: Some(at), .. }) if *at > now => (
            Pill::new("Link made", Tone::Busy).with_icon("mail"),
            format!("The link works until {} UTC, once.", until(*at)),
            Some("Make a new link"),
        ),
        Some(Invitation { has_link: true, .. }) => (
            Pill::new("Link too old", Tone::Warn),
            "The last link no longer works.".to_owned(),
            Some("Make a new link"),
        ),
        Some(_) => (
            Pill::new("Not invited yet", Tone::Warn),
            "Make a link and send it to the owner. Whoever opens it chooses the owner's password.".to_owned(),
            Some("Make an invitation link"),
        ),
    };
    InvitationView { email, state, sentence, link, button: button.filter(|_| may_invite) }
}

/// The tables of a tenant, as text and as a picture.
pub async fn structure(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let (tenant, found) = match tenants::schema(&app, &actor, &slug).await {
        Ok((tenant, schema)) => (tenant, Ok(schema)),
        Err(error) if matches!(error.kind, Kind::Conflict | Kind::Unavailable) => {
            (tenants::find(&app, &actor, &slug).await?, Err(error))
        }
        Err(error) => return Err(error.into()),
    };
    let detail =
        templates::show(&app, &Actor::CommandLine, &tenant.template_type, &tenant.template_version).await?;
    let modules = module_of_tables(&detail);
    let (schema, missing) = match found {
        Ok(schema) => (schema, None),
        Err(error) => (Schema::default(), Some(error.to_string())),
    };
    let picture = draw(&schema, &tenant, &modules);
    let relations: usize = schema.tables.values().map(|table| table.foreign_keys.len()).sum();
    let page = StructurePage {
        shell: shell(&request, &actor, Place::Tenants),
        head: head(&actor, &tenant, Tab::Structure),
        summary: format!(
            "{} and {}",
            counted_len(schema.tables.len(), "table", "tables"),
            counted_len(relations, "relation", "relations")
        ),
        picture: picture.svg,
        picture_text: picture.text,
        tables: tables::views(&schema, &modules),
        ddl: describe(&schema),
        missing,
    };
    html(StatusCode::OK, &page)
}

fn draw(schema: &Schema, tenant: &Tenant, modules: &BTreeMap<String, String>) -> picture::Picture {
    let mut titles: Vec<&String> = modules.values().collect();
    titles.sort();
    titles.dedup();
    let groups = modules
        .iter()
        .map(|(table, title)| {
            let index = titles.iter().position(|known| *known == title).map_or(0, |place| place + 1);
            (table.clone(), picture::Group { index, name: title.clone() })
        })
        .collect();
    let options = picture::Options {
        title: format!("The tables of {}", tenant.name),
        groups,
        ..picture::Options::default()
    };
    picture::draw(schema, &options)
}

/// Everything that was done to a tenant.
pub async fn activity(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
    query: Query<Vec<(String, String)>>,
) -> Answer {
    let before = Values(query.into_inner()).text("before").parse::<i64>().ok();
    let (tenant, mut events) = tenants::history(&app, &actor, &slug, before, EVENTS + 1).await?;
    let now = app.now_ms();
    let address = urls::tenant_activity(&tenant.slug);
    let limit = EVENTS as usize;
    let has_more = events.len() > limit;
    events.truncate(limit);
    let next = events
        .last()
        .filter(|_| has_more)
        .map(|event| urls::with_query(&address, &[("before", &event.id.to_string())]));
    let page = ActivityPage {
        shell: shell(&request, &actor, Place::Tenants),
        head: head(&actor, &tenant, Tab::Activity),
        events: events
            .iter()
            .map(|event| crate::web::views::EventView { tenant: None, ..event_view(event, now) })
            .collect(),
        pager: Pager { previous: before.map(|_| address), next },
    };
    html(StatusCode::OK, &page)
}
