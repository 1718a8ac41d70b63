//! The list of tenants, its search in the address.

use crate::{
    app::App,
    error::Kind,
    store::{
        Scope,
        drift::runs::CHECKED,
        tenant_list::{Cursor, Filter, Sort},
        tenants::{Plan, Status, Tenant},
    },
    usecases::{
        drift::runs,
        permissions::Permission,
        templates,
        tenants::{self, COUNT_LIMIT},
    },
    web::{
        guard::SignedIn,
        handlers::{Answer, Values, html, leave_warning, shell, tenants::new::unfinished},
        htmx,
        pages::tenants::list::{Search, SortLink, TenantRow, TenantsPage},
        tenant_words::{plan, state},
        urls,
        views::{Choice, Pager, Place, TimeView, counted},
    },
};
use actix_web::{
    HttpRequest,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
    web::{Data, Form, Query},
};
use base64::Engine;
use std::collections::BTreeMap;

/// Tenants on a page of the list.
const A_PAGE: u32 = 50;

fn read_cursor(text: &str) -> Option<Cursor> {
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn write_cursor(cursor: &Cursor) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor).unwrap_or_default())
}

/// What the list is narrowed to.
const NARROWED: [&str; 4] = ["q", "state", "template", "plan"];

fn filter_of(values: &Values) -> Filter {
    let word = |name: &str| Some(values.text(name).trim().to_owned()).filter(|text| !text.is_empty());
    Filter {
        search: word("q"),
        status: word("state").and_then(|text| text.parse().ok()),
        template_type: word("template"),
        plan: word("plan").and_then(|text| text.parse().ok()),
    }
}

/// Asks for a check of the tenants that were ticked, or of all in the list.
pub async fn check(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let sent = Values(form.into_inner());
    let asked = if sent.text("which") == "all" {
        runs::ask_for_list(&app, &actor, &filter_of(&sent)).await
    } else {
        let slugs: Vec<String> = sent.all("tenant").map(ToOwned::to_owned).collect();
        runs::ask_for_some(&app, &actor, &slugs).await
    };
    match asked {
        Ok(run) => Ok(htmx::redirect(&request, &urls::drift_run(&run.id.to_string()))),
        Err(error) if matches!(error.kind, Kind::Invalid | Kind::Conflict) => {
            leave_warning(&request, &error.message)?;
            let narrowed = NARROWED.map(|name| (name, sent.text(name)));
            Ok(htmx::redirect(&request, &urls::with_query(&urls::tenants(), &narrowed)))
        }
        Err(error) => Err(error.into()),
    }
}

/// A page of the list.
pub async fn list(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    query: Query<Vec<(String, String)>>,
) -> Answer {
    let query = Values(query.into_inner());
    let filter = filter_of(&query);
    let sort: Sort = query.text("sort").parse().unwrap_or_default();
    let cursor = read_cursor(query.text("at"));
    let found = tenants::list(&app, &actor, &filter, sort, cursor.as_ref(), A_PAGE).await?;
    // An owner has few tenants, and no templates to choose from.
    let is_owner = actor.scope(Permission::SeeTenants)? != Scope::All;
    let types = if is_owner { BTreeMap::new() } else { templates::types(&app, &actor).await? };
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
    let may_create = actor.must(Permission::CreateTenants).is_ok();
    let is_fragment = htmx::wants_fragment(&request);
    let page = TenantsPage {
        shell: shell(&request, &actor, Place::Tenants),
        is_owner,
        search: search(&query, sort, is_on, &types),
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
        may_create,
        check: (!is_owner && actor.must(Permission::CheckDrift).is_ok()).then(|| {
            let given = NARROWED.map(|name| (name, query.text(name).to_owned()));
            given.into_iter().filter(|(_, value)| !value.is_empty()).collect()
        }),
        unfinished: if may_create && !is_fragment { unfinished(&app, &actor).await? } else { Vec::new() },
    };
    if is_fragment {
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

fn search(query: &Values, sort: Sort, is_on: bool, types: &BTreeMap<String, String>) -> Search {
    let choice = |name: &str, value: &str, text: &str| Choice {
        value: value.to_owned(),
        text: text.to_owned(),
        is_chosen: query.text(name) == value,
    };
    let states = Status::ALL.into_iter().filter(|status| *status != Status::Deleted);
    Search {
        text: query.text("q").to_owned(),
        states: std::iter::once(choice("state", "", "All states"))
            .chain(states.map(|status| choice("state", status.word(), &state(status).text)))
            .collect(),
        templates: std::iter::once(choice("template", "", "All templates"))
            .chain(types.iter().map(|(template, name)| choice("template", template, name)))
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
        has_database: CHECKED.contains(&tenant.status),
        template: tenant.template_name.clone(),
        version: tenant.template_version.clone(),
        state: state(tenant.status),
        plan: plan(tenant.plan).to_owned(),
        owner: tenant.email.clone(),
        created: TimeView::new(tenant.created_ms, now),
    }
}
