//! A tenant: overview, structure, activity, and the owner's invitation.

use super::crumbs;
use crate::{
    app::App,
    error::Kind,
    picture,
    schema::{Schema, text::describe},
    store::{
        invitations::Invitation,
        tenants::{Status, Tenant},
    },
    usecases::{actor::Actor, invitations, permissions::Permission, templates, tenants},
    web::{
        errors::Failure,
        guard::SignedIn,
        handlers::{Answer, Values, dashboard::event_view, html, shell, templates::module_of_tables},
        htmx,
        pages::tenants::show::{
            ActivityPage, Fact, InvitationView, OverviewPage, StructurePage, Tab, TenantHead,
        },
        tables,
        tenant_words::{plan, state},
        urls,
        views::{Crumb, EventView, Pager, Pill, Place, TimeView, Tone, counted_len, size},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Path, Query},
};
use std::collections::BTreeMap;

/// Events on a page of the history.
const EVENTS: u32 = 50;

fn head(actor: &Actor, tenant: &Tenant, tab: Tab) -> TenantHead {
    let steps = |words: &str| Crumb::new(words, urls::tenant_setup(&tenant.slug));
    TenantHead {
        crumbs: crumbs(actor),
        name: tenant.name.clone(),
        slug: tenant.slug.clone(),
        state: state(tenant.status),
        template: format!("{} {}", tenant.template_name, tenant.template_version),
        template_href: template_href(actor, tenant),
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

/// The address of a tenant's template version, for those who may see templates.
fn template_href(actor: &Actor, tenant: &Tenant) -> Option<String> {
    let may_see = actor.must(Permission::SeeTemplates).is_ok();
    may_see.then(|| urls::template(&tenant.template_type, &tenant.template_version))
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
    let mut head = head(actor, tenant, Tab::Overview);
    head.notice = found
        .trouble
        .as_ref()
        .map(|trouble| {
            let reference = trouble.reference.as_deref().unwrap_or_default();
            let words = format!("{} Reference {reference}.", trouble.message);
            (words, Crumb::new("Look again", urls::tenant(&tenant.slug)))
        })
        .or(head.notice);
    let detail =
        templates::show(app, &Actor::CommandLine, &tenant.template_type, &tenant.template_version).await?;
    let modules =
        detail.modules.iter().filter(|module| module.is_core || tenant.modules.contains(&module.name));
    let mut facts = vec![
        Fact::text("Owner", &tenant.email),
        Fact {
            href: template_href(actor, tenant),
            ..Fact::text("Template", format!("{} {}", tenant.template_name, tenant.template_version))
        },
        Fact::text("Plan", plan(tenant.plan)),
        Fact::time("Asked for", TimeView::new(tenant.created_ms, now)),
    ];
    facts.extend(tenant.active_ms.map(|at| Fact::time("Ready since", TimeView::new(at, now))));
    facts.extend(found.size.map(|bytes| Fact::text("Size", size(bytes))));
    if actor.must(Permission::CreateTenants).is_ok() {
        facts.extend(tenant.note.as_ref().map(|note| Fact::text("Note", note)));
    }
    facts.push(Fact::code("Id", tenant.id.to_string()));
    let may_invite = actor.must(Permission::InviteOwners).is_ok();
    Ok(OverviewPage {
        shell: shell(request, actor, Place::Tenants),
        head,
        facts,
        modules: modules.map(|module| (module.title.clone(), !module.is_core)).collect(),
        connection: found.address.iter().map(|(label, value)| Fact::code(*label, value)).collect(),
        invitation: invitation_view(tenant, found.invitation.as_ref(), link, may_invite, now),
        events: found
            .events
            .iter()
            .map(|event| EventView { tenant: None, ..event_view(event, now) })
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
        events: events.iter().map(|event| EventView { tenant: None, ..event_view(event, now) }).collect(),
        pager: Pager { previous: before.map(|_| address), next },
    };
    html(StatusCode::OK, &page)
}
