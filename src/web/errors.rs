//! One rendering of the one error type: as a whole page for a browser, as a short notice for htmx. A defect shows a
//! reference that finds the log line, never the cause.

use super::{guard, handlers, htmx, urls};
use crate::{
    error::{Error, Kind},
    usecases::actor::Actor,
};
use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
};
use std::{any::Any, fmt, future::Future, panic::AssertUnwindSafe, pin::Pin, task::Poll};

/// The use cases' error on its way out of a handler.
#[derive(Debug)]
pub struct Failure(pub Error);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure(error)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        match self.0.kind {
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::SignedOut => StatusCode::UNAUTHORIZED,
            Kind::Refused => StatusCode::FORBIDDEN,
            Kind::Busy => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Text only; [`render`] makes the page, which needs to know who is looking.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code())
            .content_type("text/plain; charset=utf-8")
            .body(self.0.to_string())
    }
}

/// Answers an address that there is not.
pub async fn unknown_address(_: HttpRequest) -> Result<HttpResponse, Failure> {
    Err(Failure(Error::not_found("Check the address. What was here may have been removed, or it never was.")))
}

fn heading(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "Sign in to go on",
        403 => "Your account cannot do this",
        404 => "Page not found",
        405 => "This address takes no such request",
        409 => "That is not possible at the moment",
        413 => "That was too much at once",
        429 => "Wait a moment",
        400..=499 => "This cannot be used as it is",
        503 => "Not reachable at the moment",
        _ => "Something went wrong",
    }
}

/// What a person is told for errors that the framework makes itself.
fn plain(status: StatusCode) -> Error {
    match status.as_u16() {
        404 => Error::not_found("Check the address. What was here may have been removed, or it never was."),
        405 => Error::unusable(
            "The page that sent you here is older than the program. Go back, load it again, and try once more.",
        ),
        413 => Error::unusable("Send less in one form."),
        400..=499 => {
            Error::unusable("The request could not be read. Go back, load the page again, and try once more.")
        }
        _ => Error::internal(&format!("an answer with status {status} that no use case made")),
    }
}

/// The middleware: turns every error into the page or the notice that its reader needs.
pub async fn render(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    // The request may not be cloned before the handler has run, so what an error needs of it is taken along.
    let answer = next.call(request).await?;
    let status = answer.status();
    if !(status.is_client_error() || status.is_server_error()) || is_html(&answer) {
        return Ok(answer);
    }
    if !answer.request().path().starts_with("/healthz") && !answer.request().path().starts_with("/readyz") {
        let error = match answer.response().error().and_then(|error| error.as_error::<Failure>()) {
            Some(Failure(error)) => copy(error),
            None => plain(status),
        };
        let (request, _) = answer.into_parts();
        // An address that there is not passes no guard; its page still has the frame of whoever looks at it.
        let is_known = request.extensions().contains::<Actor>();
        if !is_known && let Ok(Some(actor)) = guard::who(&request).await {
            request.extensions_mut().insert(actor);
        }
        let page = page(&request, status, &error);
        return Ok(ServiceResponse::new(request, page));
    }
    Ok(answer)
}

fn copy(error: &Error) -> Error {
    Error {
        kind: error.kind,
        message: error.message.clone(),
        fields: error.fields.clone(),
        reference: error.reference.clone(),
    }
}

fn is_html(answer: &ServiceResponse<BoxBody>) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

fn page(request: &HttpRequest, status: StatusCode, error: &Error) -> HttpResponse {
    let mut builder: HttpResponseBuilder = HttpResponse::build(status);
    if error.kind == Kind::SignedOut && htmx::is_htmx(request) {
        builder.insert_header(("HX-Redirect", urls::login(htmx::current_page(request).as_deref())));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        builder.insert_header(("Retry-After", "10"));
    }
    let html = handlers::error_page(request, status, heading(status), error);
    builder.content_type("text/html; charset=utf-8").body(html)
}

/// A future that ends with what the one inside said when it panicked, where it did.
struct Caught<F>(Pin<Box<F>>);

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut std::task::Context<'_>) -> Poll<Self::Output> {
        let inner = &mut self.0;
        match std::panic::catch_unwind(AssertUnwindSafe(|| inner.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

/// What a panic said, for the log.
fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".into())
}

/// Calls a handler. A panic in it is an answer with a reference, and the program lives on.
pub async fn calmly(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    // The route is found, so nothing changes the request any more, and it may be held twice.
    let kept = request.request().clone();
    match Caught(Box::pin(next.call(request))).await {
        Ok(answer) => answer,
        Err(panic) => {
            let cause = format!("a handler panicked: {}", words_of(panic.as_ref()));
            Ok(ServiceResponse::from_err(Failure(Error::internal(&cause)), kept))
        }
    }
}

/// The middleware of last resort, for panics outside of handlers.
pub async fn catch_panics(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match Caught(Box::pin(next.call(request))).await {
        Ok(answer) => answer,
        Err(panic) => {
            let error = Error::internal(&format!("a panic: {}", words_of(panic.as_ref())));
            Err(actix_web::error::InternalError::from_response(
                "a panic",
                HttpResponse::InternalServerError()
                    .content_type("text/plain; charset=utf-8")
                    .body(format!("{error}\n")),
            )
            .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{App, middleware::from_fn, test, web};

    async fn panics() -> HttpResponse {
        panic!("the cause is for the log")
    }

    #[actix_web::test]
    async fn a_panic_in_a_handler_is_a_calm_page_with_a_reference_and_without_the_cause() {
        let route = web::get().to(panics).wrap(from_fn(calmly));
        let app = App::new()
            .wrap(from_fn(render))
            .route("/", route)
            .route("/well", web::get().to(HttpResponse::Ok));
        let app = test::init_service(app).await;
        let answer = test::call_service(&app, test::TestRequest::get().uri("/").to_request()).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let page = String::from_utf8(test::read_body(answer).await.to_vec()).unwrap();
        assert!(
            page.contains("<h1>Something went wrong</h1>") && page.contains("class=\"reference\""),
            "{page}"
        );
        assert!(!page.contains("for the log"), "{page}");
        let well = test::call_service(&app, test::TestRequest::get().uri("/well").to_request()).await;
        assert_eq!(well.status(), StatusCode::OK, "the program lives on");
    }
}
