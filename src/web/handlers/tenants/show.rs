//! A tenant: overview, structure, activity, and the owner's invitation.

use super::crumbs;
use crate::{
    app::App,
    config::Secret,
    error::Kind,
    store::{
        invitations::Invitation,
        tenants::{Status, Tenant},
    },
    usecases::{actor::Actor, invitations, life, permissions::Permission, tenants},
    web::{
        errors::Failure,
        guard::SignedIn,
        handlers::{Answer, Values, absolute, dashboard::event_view, html, leave_warning, shell},
        htmx,
        pages::tenants::show::{
            ActivityPage, Fact, InvitationView, OverviewPage, PasswordView, Tab, TenantHead,
        },
        tenant_words::{plan, state},
        urls,
        views::{Crumb, EventView, Pager, Pill, Place, TimeView, Tone, size},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Path, Query},
};

/// Events on a page of the history.
const EVENTS: u32 = 50;

pub(in crate::web::handlers) fn head(actor: &Actor, tenant: &Tenant, tab: Tab) -> TenantHead {
    let mut tabs = tab.row(&tenant.slug, actor.must(Permission::EditTenants).is_ok());
    if actor.must(Permission::ShareTenants).is_ok() {
        tabs.push(tab.owners(&tenant.slug));
    }
    let steps = |words: &str| Crumb::new(words, urls::tenant_setup(&tenant.slug));
    TenantHead {
        crumbs: crumbs(actor),
        name: tenant.name.clone(),
        slug: tenant.slug.clone(),
        state: state(tenant.status),
        template: format!("{} {}", tenant.template_name, tenant.template_version),
        template_href: template_href(actor, tenant),
        plan: plan(tenant.plan).to_owned(),
        tabs,
        notice: match tenant.status {
            Status::Pending | Status::Provisioning => {
                Some(("This tenant is being set up.".into(), steps("See the steps")))
            }
            Status::Failed => Some(("This tenant could not be set up.".into(), steps("See what happened"))),
            Status::Active => None,
            Status::Suspended | Status::Archived | Status::Deleting | Status::Deleted => {
                out_of_use(actor, tenant)
            }
        },
    }
}

/// What stands above the pages of a tenant that nobody can use, with the way back for those who may.
fn out_of_use(actor: &Actor, tenant: &Tenant) -> Option<(String, Crumb)> {
    let text = match tenant.status {
        Status::Suspended => "This tenant is paused: its application can neither read nor write.",
        Status::Archived => "This tenant is archived: kept, and out of use.",
        Status::Deleting => {
            "This tenant is deleted: out of use, and kept for a few days before it is removed for good."
        }
        Status::Deleted => "This tenant is removed. What is here is its history.",
        Status::Pending | Status::Provisioning | Status::Active | Status::Failed => return None,
    };
    let way = if actor.must(Permission::EditTenants).is_ok() {
        Crumb::new("See what can be done", urls::tenant_manage(&tenant.slug))
    } else {
        Crumb::new("See its activity", urls::tenant_activity(&tenant.slug))
    };
    Some((text.into(), way))
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
    let page = overview_page(&request, &app, &actor, &slug, Shown::default()).await?;
    html(StatusCode::OK, &page)
}

/// What a page shows this one time.
#[derive(Default)]
struct Shown {
    link: Option<String>,
    password: Option<Secret>,
}

/// Shows the password of a tenant's account, this one time.
pub async fn password(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let shown = match life::show_password(&app, &actor, &slug).await {
        Ok(password) => Shown { password: Some(password), link: None },
        // Such as after a double click: the page says how to come by another one.
        Err(error) if error.kind == Kind::Conflict => {
            leave_warning(&request, &error.message)?;
            return Ok(htmx::redirect(&request, &urls::tenant(&slug)));
        }
        Err(error) => return Err(error.into()),
    };
    let page = overview_page(&request, &app, &actor, &slug, shown).await?;
    html(StatusCode::OK, &page)
}

/// The password of a tenant's account, as its page has it.
fn password_view(
    actor: &Actor,
    found: &tenants::Overview,
    shown: Option<Secret>,
    now: i64,
) -> Option<PasswordView> {
    let account = found.account.as_ref().filter(|_| !found.address.is_empty())?;
    let may = actor.must(Permission::ManageTenants).is_ok();
    let sentence = match account.shown_ms {
        _ if !may => "An administrator can see it, once, and give it to the application.".to_owned(),
        None => "It is shown once. Have the application's settings open before you look.".to_owned(),
        Some(at) => format!(
            "It was shown on {} UTC, and is shown once. Whoever has lost it gives the account a new one.",
            TimeView::new(at, now).text
        ),
    };
    Some(PasswordView {
        sentence,
        shown: shown.map(|secret| secret.0),
        can_show: may && account.shown_ms.is_none(),
        renew: may.then(|| urls::tenant_act(&found.tenant.slug, "new-password")),
    })
}

/// Makes an invitation link and shows it, this one time.
pub async fn invite(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    let link = invitations::make_link(&app, &actor, &slug).await?;
    let link = absolute(&request, &app, &urls::invitation(&link.token));
    let page =
        overview_page(&request, &app, &actor, &slug, Shown { link: Some(link), password: None }).await?;
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
    shown: Shown,
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
    facts.extend(tenant.server_name.as_ref().map(|server| Fact {
        href: actor.must(Permission::ManageServers).is_ok().then(|| urls::server(server)),
        ..Fact::text("Server", server)
    }));
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
        modules: found.modules.clone(),
        connection: found.address.iter().map(|(label, value)| Fact::code(*label, value)).collect(),
        password: password_view(actor, &found, shown.password, now),
        exports: (tenant.active_ms.is_some() && actor.must(Permission::ExportTenants).is_ok())
            .then(|| urls::tenant_exports(&tenant.slug)),
        invitation: invitation_view(tenant, found.invitation.as_ref(), shown.link, may_invite, now),
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
            "Make a link and send it to the owner. Whoever opens it chooses the owner's password in the tenant's own application; it does not open Tenantry.".to_owned(),
            Some("Make an invitation link"),
        ),
    };
    InvitationView { email, state, sentence, link, button: button.filter(|_| may_invite) }
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
