//! What happens at each address: a request is translated, one use case is called, and its outcome shown as a page of
//! [`super::pages`].

pub mod account;
pub mod dashboard;
pub mod drift;
pub mod invitations;
pub mod jobs;
pub mod kept;
pub mod making;
pub mod password;
pub mod people;
pub mod servers;
pub mod session;
pub mod setup;
pub mod styleguide;
pub mod template_details;
pub mod template_drafts;
pub mod template_editor;
pub mod template_import;
pub mod template_publishing;
pub mod templates;
pub mod tenants;

use super::{
    csrf,
    errors::Failure,
    htmx,
    pages::{error::ErrorPage, kept::SendAgain},
    session::FLASH,
    typed, urls,
    views::{Flash, Person, Place, Shell, Tone},
};
use crate::{
    app::App,
    error::{Error, Kind},
    store::users::Role,
    usecases::{actor::Actor, permissions::Permission},
};
use actix_session::SessionExt;
use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{StatusCode, header},
};
use askama::Template;

/// What a handler gives.
pub type Answer = Result<HttpResponse, Failure>;

/// The fields of a form, or the parameters of an address.
pub struct Values(pub Vec<(String, String)>);

impl Values {
    /// The first value of a name; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A page as an answer.
pub fn html(status: StatusCode, page: &impl Template) -> Answer {
    let text = page.render().map_err(|cause| Failure(Error::internal(&cause)))?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(text))
}

/// The frame for somebody who is not signed in.
pub fn outside(request: &HttpRequest) -> Shell {
    Shell { flash: take_flash(request), ..Shell::outside(csrf::token(request)) }
}

/// The frame for whoever is signed in.
pub fn shell(request: &HttpRequest, actor: &Actor, place: Place) -> Shell {
    let Actor::Person { name, email, role, .. } = actor else { return outside(request) };
    let role_name = people::role_name(*role);
    let person = Person { name: name.clone(), email: email.clone(), role: role_name.into() };
    let csrf = csrf::token(request);
    let mut shell = match role {
        Role::Owner => Shell::owner(csrf, person, place),
        Role::Admin | Role::Staff => Shell::inside(csrf, person, place),
    };
    if actor.must(Permission::CheckDrift).is_ok() {
        shell = shell.with_drift(place);
    }
    if actor.must(Permission::ManagePeople).is_ok() {
        shell = shell.with_people(place);
    }
    if actor.must(Permission::ManageServers).is_ok() {
        shell = shell.with_servers(place);
    }
    Shell { flash: take_flash(request), ..shell }
}

/// The whole address of a page, for links that are sent to somebody.
pub fn absolute(request: &HttpRequest, app: &App, path: &str) -> String {
    match &app.settings.public_url {
        Some(url) => format!("{url}{path}"),
        None => {
            let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
            let host = host.map_or_else(|| app.settings.listen.to_string(), ToOwned::to_owned);
            format!("http://{host}{path}")
        }
    }
}

/// Leaves a message for the next page.
pub fn leave_flash(request: &HttpRequest, text: &str) -> Result<(), Failure> {
    leave(request, text, false)
}

/// Leaves a message for the next page that somebody should act on.
pub fn leave_warning(request: &HttpRequest, text: &str) -> Result<(), Failure> {
    leave(request, text, true)
}

fn leave(request: &HttpRequest, text: &str, is_warning: bool) -> Result<(), Failure> {
    request.get_session().insert(FLASH, (text, is_warning)).map_err(|cause| Failure(Error::internal(&cause)))
}

fn take_flash(request: &HttpRequest) -> Option<Flash> {
    let session = request.get_session();
    let (text, is_warning): (String, bool) = session.get(FLASH).ok().flatten()?;
    session.remove(FLASH);
    Some(Flash { text, tone: if is_warning { Tone::Warn } else { Tone::Good } })
}

/// An error as a page, or as a short notice for htmx.
pub fn error_page(request: &HttpRequest, status: StatusCode, heading: &str, error: &Error) -> String {
    let actor = request.extensions().get::<Actor>().cloned();
    let is_notice = htmx::wants_fragment(request);
    let page = ErrorPage {
        shell: match &actor {
            Some(actor) => shell(request, actor, Place::Nowhere),
            None => outside(request),
        },
        status: status.as_u16(),
        heading: heading.to_owned(),
        message: error.message.clone(),
        reference: error.reference.clone(),
        way_out: Some(match (&actor, error.kind) {
            (None, _) | (_, Kind::SignedOut) => ("Sign in".to_owned(), urls::login(None)),
            _ => ("Go to the start page".to_owned(), urls::home()),
        }),
        again: matches!(error.kind, Kind::Unavailable | Kind::Internal)
            .then(|| typed::sent(request).map(SendAgain::of))
            .flatten(),
        is_notice,
    };
    let text = if is_notice { page.as_notice().render() } else { page.render() };
    text.unwrap_or_else(|_| error.to_string())
}
