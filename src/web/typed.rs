//! What was typed into a form, kept beside the request, so that it is not lost where the form cannot be taken: because the
//! session ran out, or because something that we need is away. Passwords are never kept.

use super::csrf;
use actix_session::SessionExt;
use actix_web::{
    HttpMessage, HttpRequest,
    body::BoxBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::Next,
    web::Bytes,
};

/// The name under which a form is kept in a session.
const KEPT: &str = "kept_form";
/// Longer forms are not kept.
const LONGEST: usize = 64 * 1024;

/// A form that was sent: where to, and what was typed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KeptForm {
    /// Where it was sent.
    pub action: String,
    /// What was typed, passwords excepted.
    pub fields: Vec<(String, String)>,
    /// Whether there was a password in it.
    pub had_password: bool,
}

/// The middleware: reads a form before its handler does, and puts it back.
pub async fn remember(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_form = request.content_type() == "application/x-www-form-urlencoded";
    // A form that says that it is too long to be kept is left to its handler, which may read it bit by bit.
    if request.method() == Method::POST
        && is_form
        && announced(&request).is_none_or(|length| length <= LONGEST)
    {
        let body = match request.extract::<Bytes>().await {
            Ok(body) => body,
            Err(cause) => return Ok(request.error_response(cause)),
        };
        if body.len() <= LONGEST
            && let Ok(pairs) = serde_urlencoded::from_bytes::<Vec<(String, String)>>(&body)
        {
            let kept = kept(request.path(), pairs);
            request.extensions_mut().insert(kept);
        }
        request.set_payload(Payload::from(body));
    }
    next.call(request).await
}

/// The length that a request says that its body has.
fn announced(request: &ServiceRequest) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn kept(action: &str, pairs: Vec<(String, String)>) -> KeptForm {
    let is_secret = |name: &str| name.contains("password") || name.contains("secret");
    let had_password = pairs.iter().any(|(name, _)| is_secret(name));
    let fields = pairs.into_iter().filter(|(name, _)| !is_secret(name) && name != csrf::FIELD).collect();
    KeptForm { action: action.to_owned(), fields, had_password }
}

/// The form that this request has sent.
pub fn sent(request: &HttpRequest) -> Option<KeptForm> {
    request.extensions().get::<KeptForm>().cloned()
}

/// Keeps the form of this request in the browser's session; false where it has none.
pub fn keep(request: &HttpRequest) -> bool {
    sent(request).is_some_and(|form| request.get_session().insert(KEPT, form).is_ok())
}

/// The form that the browser's session keeps.
pub fn kept_form(request: &HttpRequest) -> Option<KeptForm> {
    request.get_session().get(KEPT).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_tokens_are_not_kept() {
        let pairs = [("csrf", "t"), ("name", "Acme"), ("password", "x"), ("new_password", "y")];
        let form = kept("/people", pairs.map(|(name, value)| (name.into(), value.into())).to_vec());
        assert_eq!(form.fields, [("name".to_owned(), "Acme".to_owned())]);
        assert!(form.had_password);
    }
}
