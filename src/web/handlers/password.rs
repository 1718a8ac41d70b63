//! The page behind a link with which a person chooses a password.

use super::{Answer, Values, html, leave_flash, outside};
use crate::{
    app::App,
    error::Kind,
    store::{
        password_links::{LinkKind, PasswordLink},
        users::User,
    },
    usecases::password_links,
    web::{
        htmx,
        pages::password::PasswordPage,
        session::{known_browser, make_known},
        urls,
        views::FormError,
    },
};
use actix_session::SessionExt;
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path},
};

fn page(request: &HttpRequest, token: &str, link: &PasswordLink, user: &User) -> PasswordPage {
    let is_new = link.kind == LinkKind::Invitation;
    PasswordPage::new(outside(request), urls::choose_password(token), is_new, &user.name, &user.email)
}

/// The form behind the link.
pub async fn form(request: HttpRequest, app: Data<App>, token: Path<String>) -> Answer {
    let (link, user) = password_links::look(&app, &token).await?;
    html(StatusCode::OK, &page(&request, &token, &link, &user))
}

/// Sets the password, and sends the person to sign in with it.
pub async fn choose(
    request: HttpRequest,
    app: Data<App>,
    token: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let form = Values(form.into_inner());
    let (link, user) = password_links::look(&app, &token).await?;
    let browser = known_browser(&request, &app);
    match password_links::take_up(&app, &token, form.text("password"), browser).await {
        Ok((user, browser)) => {
            // Whoever was signed in here before is not the person of the link.
            request.get_session().clear();
            request.get_session().renew();
            leave_flash(&request, &format!("Your password is set. Sign in with {}.", user.email))?;
            let mut answer = htmx::redirect(&request, &urls::login(None));
            make_known(&mut answer, &app, browser)?;
            Ok(answer)
        }
        Err(error) if error.kind == Kind::Invalid => {
            let mut page = page(&request, &token, &link, &user);
            page.password = page.password.filled("", error.fields.get("password").cloned());
            page.errors = FormError::of(&[&page.password]);
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}
