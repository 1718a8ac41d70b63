//! First run: the first administrator.

use super::{Answer, Values, html, leave_flash, outside};
use crate::{
    app::App,
    error::{Error, Kind},
    usecases::accounts::{self, FirstAdmin},
    web::{htmx, pages::setup::FirstRunPage, session::enter, urls, views::FormError},
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path},
};

/// The form behind the one-time link.
pub async fn form(request: HttpRequest, app: Data<App>, token: Path<String>) -> Answer {
    if !accounts::first_run_token_is_good(&app, &token).await? {
        return Err(Error::not_found("This link has been used, or is not the one that the program printed. Sign in, or look at the program's output.").into());
    }
    html(StatusCode::OK, &FirstRunPage::new(outside(&request), urls::setup(&token)))
}

/// Makes the first administrator, who is signed in from then on.
pub async fn create(
    request: HttpRequest,
    app: Data<App>,
    token: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let form = Values(form.into_inner());
    let wanted = FirstAdmin {
        name: form.text("name").into(),
        email: form.text("email").into(),
        password: form.text("password").into(),
    };
    match accounts::create_first_admin(&app, &token, wanted).await {
        Ok(actor) => {
            enter(&request, &app, &actor)?;
            leave_flash(&request, "Welcome. You are the administrator of this installation.")?;
            Ok(htmx::redirect(&request, &urls::home()))
        }
        Err(error) if error.kind == Kind::Invalid => {
            let mut page = FirstRunPage::new(outside(&request), urls::setup(&token));
            let wrong = |name: &str| error.fields.get(name).cloned();
            page.name = page.name.filled(form.text("name"), wrong("name"));
            page.email = page.email.filled(form.text("email"), wrong("email"));
            page.password = page.password.filled("", wrong("password"));
            page.errors = FormError::of(&[&page.name, &page.email, &page.password]);
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}
