//! Lets a request through to its handler, or not: reads who is signed in, and asks the permission table.

use super::{
    errors::{self, Failure},
    htmx,
    routes::Access,
    session::PERSON,
    typed, urls,
};
use crate::{
    app::App,
    error::{Error, Kind},
    usecases::{accounts, actor::Actor},
};
use actix_session::SessionExt;
use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse,
    body::BoxBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
    web::Data,
};
use std::future::{Ready, ready};
use uuid::Uuid;

/// Who is signed in, for handlers of routes that need it.
pub struct SignedIn(pub Actor);

impl FromRequest for SignedIn {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let actor = request.extensions().get::<Actor>().cloned();
        ready(actor.map(SignedIn).ok_or_else(|| Failure(Error::signed_out())))
    }
}

/// Who is signed in, where somebody is.
pub async fn who(request: &HttpRequest) -> Result<Option<Actor>, Error> {
    let Some(app) = request.app_data::<Data<App>>() else {
        return Err(Error::internal(&"the app is not there"));
    };
    let session = request.get_session();
    match session.get::<Uuid>(PERSON) {
        Ok(Some(id)) => {
            let actor = accounts::person(app, id).await?;
            if actor.is_none() {
                session.purge();
            }
            Ok(actor)
        }
        Ok(None) => Ok(None),
        Err(cause) => Err(Error::internal(&cause)),
    }
}

/// Lets through whom the table lets through.
pub async fn check(
    access: Access,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let permission = match access {
        Access::Open => return errors::calmly(request, next).await,
        Access::Needs(permission) => permission,
    };
    let allowed = match who(request.request()).await {
        Ok(Some(actor)) => actor.must(permission).map(|_| actor),
        Ok(None) => Err(Error::signed_out()),
        Err(error) => Err(error),
    };
    match allowed {
        Ok(actor) => {
            request.extensions_mut().insert(actor);
            errors::calmly(request, next).await
        }
        Err(error) if error.kind == Kind::SignedOut => Ok(request.into_response_with(to_login)),
        // An answer, and not an error that would pass by the page that errors are shown on.
        Err(error) => Ok(request.error_response(Failure(error))),
    }
}

/// Builds an answer from a request that goes no further.
trait IntoResponseWith {
    fn into_response_with(
        self,
        answer: impl FnOnce(&HttpRequest) -> HttpResponse,
    ) -> ServiceResponse<BoxBody>;
}

impl IntoResponseWith for ServiceRequest {
    fn into_response_with(
        self,
        answer: impl FnOnce(&HttpRequest) -> HttpResponse,
    ) -> ServiceResponse<BoxBody> {
        let response = answer(self.request());
        self.into_response(response)
    }
}

/// Sends a browser to the sign-in page, and back afterwards where it was looking at a page. A form that was sent is kept,
/// and given back after signing in.
fn to_login(request: &HttpRequest) -> HttpResponse {
    if request.method() == Method::POST && typed::keep(request) {
        return htmx::redirect(request, &urls::login(Some(&urls::kept_form())));
    }
    let back = if request.method() == Method::GET && !htmx::is_htmx(request) {
        request.uri().path_and_query().map(ToString::to_string)
    } else {
        // A fragment or a form is no place to come back to; the page that it was on is.
        htmx::current_page(request)
    };
    htmx::redirect(request, &urls::login(back.as_deref()))
}
