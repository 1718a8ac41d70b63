//! One's own account: name, password, signed-in browsers.

use super::{Answer, Values, html, leave_flash, people::role_name, shell};
use crate::{
    app::App,
    error::{Error, Kind},
    usecases::{
        actor::Actor,
        sessions::{self, PasswordForm},
    },
    web::{
        browser_words::browser_words,
        errors::Failure,
        guard::SignedIn,
        htmx,
        pages::account::{AccountPage, SessionRow},
        session::{known_browser, make_known, mark},
        urls,
        views::{Field, Flash, FormError, Place, TimeView, Tone, counted},
    },
};
use actix_session::SessionExt;
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form},
};

type Fields = Form<Vec<(String, String)>>;

async fn page(request: &HttpRequest, app: &App, actor: &Actor) -> Result<AccountPage, Failure> {
    let Actor::Person { name, email, role, .. } = actor else { return Err(Error::signed_out().into()) };
    let now = app.now_ms();
    let this = mark(&request.get_session());
    let found = sessions::own(app, actor).await?;
    Ok(AccountPage {
        shell: shell(request, actor, Place::Account),
        errors: Vec::new(),
        email: email.clone(),
        role: role_name(*role),
        name: Field { autocomplete: "name", ..Field::text("name", "Name") }.filled(name, None),
        current: Field::password("current_password", "The password that you have now", "current-password"),
        password: Field::password("password", "The new password", "new-password")
            .with_hint("At least 12 characters. Three or four words are easy to remember."),
        has_others: found.iter().any(|session| Some(session.mark) != this),
        sessions: found
            .iter()
            .map(|session| SessionRow {
                browser: browser_words(&session.agent),
                address: session.address.clone(),
                since: TimeView::new(session.created_ms, now),
                seen: TimeView::new(session.seen_ms, now),
                is_this: Some(session.mark) == this,
                mark: session.mark.to_string(),
            })
            .collect(),
    })
}

/// The account.
pub async fn show(request: HttpRequest, app: Data<App>, SignedIn(actor): SignedIn) -> Answer {
    html(StatusCode::OK, &page(&request, &app, &actor).await?)
}

fn back(request: &HttpRequest, said: &str) -> Answer {
    leave_flash(request, said)?;
    Ok(htmx::redirect(request, &urls::account()))
}

/// Changes the name.
pub async fn rename(request: HttpRequest, app: Data<App>, SignedIn(actor): SignedIn, form: Fields) -> Answer {
    let form = Values(form.into_inner());
    match sessions::rename(&app, &actor, form.text("name")).await {
        Ok(()) => back(&request, "Your name is changed."),
        Err(error) if error.kind == Kind::Invalid => {
            let mut page = page(&request, &app, &actor).await?;
            page.name = page.name.filled(form.text("name"), error.fields.get("name").cloned());
            page.errors = FormError::of(&[&page.name]);
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// Changes the password. The session goes on with a new token; all others end.
pub async fn change_password(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    form: Fields,
) -> Answer {
    let form = Values(form.into_inner());
    let session = request.get_session();
    let wanted = PasswordForm {
        current: form.text("current_password").into(),
        new: form.text("password").into(),
        this: mark(&session),
        browser: known_browser(&request, &app),
    };
    match sessions::change_password(&app, &actor, wanted).await {
        Ok(browser) => {
            session.renew();
            let mut answer = back(&request, "Your password is changed. You are signed out everywhere else.")?;
            make_known(&mut answer, &app, browser)?;
            Ok(answer)
        }
        Err(error) if matches!(error.kind, Kind::Invalid | Kind::Busy) => {
            let mut page = page(&request, &app, &actor).await?;
            let wrong = |name: &str| error.fields.get(name).cloned();
            page.current = page.current.filled("", wrong("current_password"));
            page.password = page.password.filled("", wrong("password"));
            page.errors = FormError::of(&[&page.current, &page.password]);
            let status = if error.kind == Kind::Busy {
                page.shell.flash = Some(Flash { text: error.message, tone: Tone::Warn });
                StatusCode::TOO_MANY_REQUESTS
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            html(status, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// Ends one of one's own sessions.
pub async fn end_session(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    form: Fields,
) -> Answer {
    let form = Values(form.into_inner());
    let Ok(wanted) = form.text("session").parse() else {
        return Ok(htmx::redirect(&request, &urls::account()));
    };
    sessions::end_one(&app, &actor, wanted).await?;
    if mark(&request.get_session()) == Some(wanted) {
        request.get_session().purge();
        return Ok(htmx::redirect(&request, &urls::login(None)));
    }
    back(&request, "That session is ended.")
}

/// Ends all of one's own sessions but this one.
pub async fn end_other_sessions(request: HttpRequest, app: Data<App>, SignedIn(actor): SignedIn) -> Answer {
    let ended = sessions::end_others(&app, &actor, mark(&request.get_session())).await?;
    let ended = counted(i64::try_from(ended).unwrap_or(i64::MAX), "other session is", "other sessions are");
    back(&request, &format!("{ended} ended. This one goes on."))
}
