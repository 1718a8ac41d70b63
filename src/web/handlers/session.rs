//! Signing in and out.

use super::{Answer, Values, html, outside};
use crate::{
    app::App,
    error::Kind,
    usecases::{
        accounts,
        sign_in::{self, Attempt},
    },
    web::{
        address, htmx,
        pages::session::LoginPage,
        session::{PERSON, enter, known_browser, make_known},
        urls,
        views::{Flash, FormError, Tone},
    },
};
use actix_session::SessionExt;
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Query},
};

/// The form to sign in; whoever is signed in goes to the start page.
pub async fn form(request: HttpRequest, app: Data<App>, query: Query<Vec<(String, String)>>) -> Answer {
    let person = request.get_session().get(PERSON).ok().flatten();
    if let Some(id) = person
        && accounts::person(&app, id).await?.is_some()
    {
        return Ok(htmx::redirect(&request, &urls::home()));
    }
    let next = Values(query.into_inner());
    html(StatusCode::OK, &LoginPage::new(outside(&request), own_page(next.text("next"))))
}

/// An address to go on to, where it is one of ours.
fn own_page(address: &str) -> String {
    if urls::is_own_page(address) { address.to_owned() } else { String::new() }
}

/// Signs a person in.
pub async fn sign_in(request: HttpRequest, app: Data<App>, form: Form<Vec<(String, String)>>) -> Answer {
    let form = Values(form.into_inner());
    let next = own_page(form.text("next"));
    let attempt = Attempt {
        email: form.text("email").to_owned(),
        password: form.text("password").to_owned(),
        address: address::of(&request, &app),
        browser: known_browser(&request, &app),
    };
    match sign_in::sign_in(&app, attempt).await {
        Ok(entered) => {
            enter(&request, &app, &entered.actor)?;
            let to = if next.is_empty() { urls::home() } else { next };
            let mut answer = htmx::redirect(&request, &to);
            make_known(&mut answer, &app, entered.browser)?;
            Ok(answer)
        }
        Err(error) if matches!(error.kind, Kind::Invalid | Kind::Busy) => {
            let mut page = LoginPage::new(outside(&request), next);
            let status = if error.kind == Kind::Busy {
                page.shell.flash = Some(Flash { text: error.message, tone: Tone::Warn });
                StatusCode::TOO_MANY_REQUESTS
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            page.email = page.email.filled(form.text("email"), error.fields.get("email").cloned());
            page.password = page.password.filled("", error.fields.get("password").cloned());
            page.errors = FormError::of(&[&page.email, &page.password]);
            html(status, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// Ends the session, on the server too.
pub async fn sign_out(request: HttpRequest) -> Answer {
    request.get_session().purge();
    Ok(htmx::redirect(&request, &urls::login(None)))
}
