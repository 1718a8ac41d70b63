//! Database servers: the list, adding one, and the page of each.

use super::{Answer, Values, html, leave_flash, leave_warning, shell};
use crate::{
    app::App,
    engine::server::{Isolation, Product, TlsMode},
    error::{Error, Kind},
    store::servers::Server,
    usecases::{
        actor::Actor,
        servers::{self, ServerForm},
    },
    web::{
        errors::Failure,
        guard::SignedIn,
        htmx,
        pages::{
            people::RemovePage,
            servers::{ServerFormPage, ServerPage, ServerRow, ServersPage},
        },
        pieces::{Confirm, Fact, Usage},
        urls,
        views::{Choice, Crumb, Field, FormError, Pill, Place, TimeView, Tone},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path},
};

type Fields = Form<Vec<(String, String)>>;

fn state(server: &Server) -> Pill {
    if server.is_in_trouble() {
        Pill::new("Cannot be used", Tone::Bad)
    } else if server.is_draining {
        Pill::new("No new tenants", Tone::Quiet)
    } else if server.is_full() {
        Pill::new("Full", Tone::Warn)
    } else {
        Pill::new("Takes tenants", Tone::Good)
    }
}

fn address(server: &Server) -> String {
    if server.access.host.starts_with('/') {
        server.access.host.clone()
    } else {
        format!("{}:{}", server.access.host, server.access.port)
    }
}

/// The list.
pub async fn list(request: HttpRequest, app: Data<App>, SignedIn(actor): SignedIn) -> Answer {
    let now = app.now_ms();
    let row = |server: &Server| {
        let product = server.tried.as_ref().and_then(|tried| tried.product.clone());
        ServerRow {
            name: server.name.clone(),
            href: urls::server(&server.name),
            what: format!(
                "{} on {}",
                product.unwrap_or_else(|| server.product.title().into()),
                address(server)
            ),
            region: server.room.region.clone(),
            places: servers::places(server),
            state: state(server),
            tried: server.tried.as_ref().map(|tried| TimeView::new(tried.tried_ms, now)),
        }
    };
    let rows = servers::list(&app, &actor).await?.iter().map(row).collect();
    html(StatusCode::OK, &ServersPage { shell: shell(&request, &actor, Place::Servers), rows })
}

fn crumbs() -> Vec<Crumb> {
    vec![Crumb::new("Servers", urls::servers())]
}

/// The form as it was typed, but for the password.
fn typed(values: &Values) -> ServerForm {
    let text = |name: &str| values.text(name).to_owned();
    ServerForm {
        name: text("name"),
        product: text("product"),
        host: text("host"),
        port: text("port"),
        admin_name: text("admin_name"),
        admin_password: text("admin_password"),
        admin_database: text("admin_database"),
        tls_mode: text("tls_mode"),
        tls_authority: text("tls_authority"),
        region: text("region"),
        capacity: text("capacity"),
        weight: text("weight"),
        connections: text("connections"),
        isolation: text("isolation"),
    }
}

/// The form with what was typed and what is wrong with it; `known` is the server that it changes.
fn form_page(
    request: &HttpRequest,
    actor: &Actor,
    form: &ServerForm,
    known: Option<&Server>,
    error: Option<&Error>,
) -> ServerFormPage {
    let wrong = |name: &str| error.and_then(|error| error.fields.get(name).cloned());
    let field = |name, label, value: &str| Field::text(name, label).filled(value, wrong(name));
    let password =
        Field::password("admin_password", "Its password", "off").filled("", wrong("admin_password"));
    let password = match (known, error) {
        (Some(_), _) => password.with_hint("Leave this empty to keep the one that is known."),
        (None, Some(_)) => password.with_hint("Type it again: passwords are not sent back."),
        (None, None) => password,
    };
    let access = vec![
        field("host", "Name or address", &form.host).with_hint("Such as db.example.org"),
        field("port", "Port (optional)", &form.port)
            .with_hint("3306 for MariaDB and MySQL, 5432 for PostgreSQL"),
        field("admin_name", "Account", &form.admin_name),
        password,
    ];
    let room = vec![
        field("region", "Label (optional)", &form.region)
            .with_hint("Such as eu. Tenants can be placed by it."),
        field("capacity", "Tenants at most (optional)", &form.capacity),
    ];
    let more = vec![
        field("weight", "Share", &form.weight)
            .with_hint("A server with 200 takes twice the tenants of one with 100."),
        field("connections", "Connections at most", &form.connections)
            .with_hint("For all its tenants together. More are never opened."),
        field("admin_database", "Database of the account (PostgreSQL only, optional)", &form.admin_database)
            .with_hint("Where tenants are schemas, it is the one that they are in."),
    ];
    let tls_mode = if form.tls_mode.is_empty() { TlsMode::Prefer.word() } else { &form.tls_mode };
    let authority =
        Field { kind: "code", ..Field::text("tls_authority", "Certificates that are believed (optional)") }
            .with_hint("PEM, besides those that this machine believes")
            .filled(&form.tls_authority, wrong("tls_authority"));
    let name = known.is_none().then(|| {
        field("name", "A short name", &form.name).with_hint("Small letters, digits and dashes, such as eu-1")
    });
    let mut errors: Vec<FormError> = ["trial", "product"]
        .into_iter()
        .filter_map(|field| wrong(field).map(|text| FormError::new(field, text)))
        .collect();
    let is_conflict = error.is_some_and(|error| error.kind == Kind::Conflict);
    errors.extend(error.filter(|_| is_conflict).map(|error| FormError::new("form", error.message.clone())));
    let all: Vec<&Field> = name.iter().chain(&access).chain(&room).chain(&more).collect();
    errors.extend(FormError::of(&all));
    for choice in ["isolation", "tls_mode"] {
        errors.extend(wrong(choice).map(|text| FormError::new(choice, text)));
    }
    errors.extend(FormError::of(&[&authority]));
    let is_more_open = more.iter().chain([&authority]).any(|field| field.error.is_some())
        || wrong("tls_mode").is_some()
        || wrong("isolation").is_some()
        || form.isolation == Isolation::Schema.word()
        || !form.tls_authority.is_empty();
    ServerFormPage {
        shell: shell(request, actor, Place::Servers),
        crumbs: known.map_or_else(crumbs, |server| {
            let mut crumbs = crumbs();
            crumbs.push(Crumb::new(server.name.clone(), urls::server(&server.name)));
            crumbs
        }),
        heading: known.map_or_else(|| "Add a server".into(), |server| format!("Change {}", server.name)),
        text: "It is tried out before anything is saved. Nothing on it is changed.",
        action: known.map_or_else(urls::add_server, |server| urls::server_change(&server.name)),
        hidden: known.map(|server| vec![("changed_ms", server.changed_ms.to_string())]).unwrap_or_default(),
        errors,
        products: if known.is_some() { Vec::new() } else { products(&form.product) },
        product_error: wrong("product"),
        name,
        access,
        room,
        more,
        isolation: if known.is_some() { Vec::new() } else { isolations(&form.isolation) },
        isolation_error: wrong("isolation"),
        tls: TlsMode::ALL
            .into_iter()
            .map(|mode| Choice {
                value: mode.word().into(),
                text: mode.title().into(),
                is_chosen: mode.word() == tls_mode,
            })
            .collect(),
        tls_error: wrong("tls_mode"),
        authority,
        is_more_open,
        button: if known.is_some() { "Try it out and save" } else { "Try it out and add it" },
        cancel: known.map_or_else(urls::servers, |server| urls::server(&server.name)),
    }
}

fn products(chosen: &str) -> Vec<Choice> {
    Product::ALL
        .into_iter()
        .map(|product| Choice {
            value: product.word().into(),
            text: product.title().into(),
            is_chosen: product.word() == chosen,
        })
        .collect()
}

fn isolations(chosen: &str) -> Vec<Choice> {
    Isolation::ALL
        .into_iter()
        .map(|isolation| Choice {
            value: isolation.word().into(),
            text: isolation.title().into(),
            is_chosen: isolation.word() == chosen,
        })
        .collect()
}

/// The form for a new server.
pub async fn add_form(request: HttpRequest, SignedIn(actor): SignedIn) -> Answer {
    let form = ServerForm { weight: "100".into(), connections: "20".into(), ..ServerForm::default() };
    html(StatusCode::OK, &form_page(&request, &actor, &form, None, None))
}

/// Tries a server out and adds it.
pub async fn add(request: HttpRequest, app: Data<App>, SignedIn(actor): SignedIn, form: Fields) -> Answer {
    let form = typed(&Values(form.into_inner()));
    match servers::add(&app, &actor, &form).await {
        Ok(server) => {
            leave_flash(
                &request,
                &format!("{} was tried out and added. New tenants can go there.", server.name),
            )?;
            Ok(htmx::redirect(&request, &urls::server(&server.name)))
        }
        Err(error) if error.kind == Kind::Invalid => {
            html(StatusCode::UNPROCESSABLE_ENTITY, &form_page(&request, &actor, &form, None, Some(&error)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The page of a server.
pub async fn show(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    name: Path<String>,
) -> Answer {
    let server = servers::find(&app, &actor, &name).await?;
    let now = app.now_ms();
    let (access, room) = (&server.access, &server.room);
    let tried = server.tried.as_ref();
    let mut facts =
        vec![Fact::code("Address", address(&server)), Fact::code("Account", access.admin_name.clone())];
    if server.isolation == Isolation::Schema {
        let database = access.admin_database.clone().unwrap_or_default();
        facts.push(Fact::text("A tenant is", "a schema in one database"));
        facts.push(Fact::code("Database", database));
    }
    if room.capacity.is_none() {
        facts.push(Fact::text("Tenants", servers::places(&server)));
    }
    facts.extend(tried.and_then(|tried| tried.product.as_ref()).map(|product| Fact::text("Runs", product)));
    facts.extend(room.region.as_ref().map(|region| Fact::text("Label", region)));
    facts.push(Fact::text("Share", room.weight.to_string()));
    facts.push(Fact::text("Connections at most", room.connections.to_string()));
    facts.push(Fact::text("Encryption", access.tls_mode.title()));
    facts.extend(tried.and_then(|tried| tried.scratch).map(|number| {
        let text = if number == 0 { "none when it was tried last".to_owned() } else { number.to_string() };
        Fact::text("Scratch databases", text)
    }));
    facts.extend(tried.map(|tried| Fact::time("Tried last", TimeView::new(tried.tried_ms, now))));
    facts.push(Fact::time("Added", TimeView::new(server.created_ms, now)));
    let page = ServerPage {
        shell: shell(&request, &actor, Place::Servers),
        crumbs: crumbs(),
        name: server.name.clone(),
        product: server.product.title(),
        state: state(&server),
        problems: tried
            .and_then(|tried| tried.problem.as_ref())
            .map(|text| text.lines().map(ToOwned::to_owned).collect())
            .unwrap_or_default(),
        tried: tried.map(|tried| TimeView::new(tried.tried_ms, now)),
        usage: room.capacity.map(|capacity| Usage {
            label: "Places".into(),
            text: servers::places(&server),
            used: i64::from(server.tenants),
            most: i64::from(capacity),
        }),
        places: match server.tenants {
            1 => "There is 1".into(),
            count => format!("There are {count}"),
        },
        facts,
        is_draining: server.is_draining,
        remove: (server.tenants == 0).then(|| urls::server_remove(&server.name)),
    };
    html(StatusCode::OK, &page)
}

/// Tries a server out again.
pub async fn test(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    name: Path<String>,
) -> Answer {
    let server = servers::test(&app, &actor, &name).await?;
    if server.is_in_trouble() {
        leave_warning(&request, "It was tried out, and cannot be used at the moment.")?;
    } else {
        leave_flash(&request, "It was tried out. It answers, and nothing is missing.")?;
    }
    Ok(htmx::redirect(&request, &urls::server(&server.name)))
}

/// Takes a server out of the choice for new tenants, or puts it back.
pub async fn drain(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    name: Path<String>,
    form: Fields,
) -> Answer {
    let is_draining = Values(form.into_inner()).text("draining") == "yes";
    let server = servers::set_draining(&app, &actor, &name, is_draining).await?;
    let text =
        if is_draining { "It takes no new tenants from now on." } else { "It takes new tenants again." };
    leave_flash(&request, text)?;
    Ok(htmx::redirect(&request, &urls::server(&server.name)))
}

/// The form for a server that is known.
pub async fn change_form(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    name: Path<String>,
) -> Answer {
    let server = servers::find(&app, &actor, &name).await?;
    let page = form_page(&request, &actor, &ServerForm::of(&server), Some(&server), None);
    html(StatusCode::OK, &page)
}

/// Changes a server.
pub async fn change(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    name: Path<String>,
    form: Fields,
) -> Answer {
    let values = Values(form.into_inner());
    let form = typed(&values);
    let seen = values.text("changed_ms").parse().unwrap_or_default();
    match servers::change(&app, &actor, &name, &form, seen).await {
        Ok(server) => {
            leave_flash(&request, &format!("{} was tried out and changed.", server.name))?;
            Ok(htmx::redirect(&request, &urls::server(&server.name)))
        }
        Err(error) if matches!(error.kind, Kind::Invalid | Kind::Conflict) => {
            let server = servers::find(&app, &actor, &name).await?;
            let status = match error.kind {
                Kind::Conflict => StatusCode::CONFLICT,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            html(status, &form_page(&request, &actor, &form, Some(&server), Some(&error)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The question before a server is removed.
pub async fn ask_remove(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    name: Path<String>,
) -> Answer {
    html(StatusCode::OK, &remove_page(&request, &app, &actor, &name, None).await?)
}

async fn remove_page(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    name: &str,
    error: Option<&Error>,
) -> Result<RemovePage, Failure> {
    let server = servers::find(app, actor, name).await?;
    let mut crumbs = crumbs();
    crumbs.push(Crumb::new(server.name.clone(), urls::server(&server.name)));
    Ok(RemovePage {
        shell: shell(request, actor, Place::Servers),
        crumbs,
        heading: format!("Remove {} from the list", server.name),
        ask: Confirm {
            action: urls::server_remove(&server.name),
            errors: error.map(|error| FormError::new("main", error.message.clone())).into_iter().collect(),
            sentence: match server.tenants {
                0 => "Tenantry forgets the server and its password. No tenant is on it.".into(),
                _ => "Tenantry would forget the server and its password. It can, once no tenant is on it."
                    .into(),
            },
            goes: vec!["The server in this list, with the password of its account".into()],
            stays: vec!["The server itself, and everything on it".into(), "The history".into()],
            typed: None,
            button: "Remove it from the list".into(),
            is_danger: true,
            cancel: Crumb::new("Do nothing", urls::server(&server.name)),
        },
    })
}

/// Removes a server from the list.
pub async fn remove(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    name: Path<String>,
) -> Answer {
    match servers::remove(&app, &actor, &name).await {
        Ok(()) => {
            leave_flash(&request, &format!("{} is not in the list any more.", name.as_str()))?;
            Ok(htmx::redirect(&request, &urls::servers()))
        }
        Err(error) if error.kind == Kind::Conflict => {
            html(StatusCode::CONFLICT, &remove_page(&request, &app, &actor, &name, Some(&error)).await?)
        }
        Err(error) => Err(error.into()),
    }
}
