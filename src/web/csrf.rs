//! Forms of ours only: a post that another site sent is refused.
//!
//! Browsers say where a request comes from (`Sec-Fetch-Site`, `Origin`), and that decides. Where a client says neither, a
//! token does: each form carries one, made from a random cookie, the person and a key that only the server has.

use super::{errors::Failure, session::PERSON};
use crate::{error::Error, usecases::accounts::new_token};
use actix_session::{Session, SessionExt};
use actix_web::{
    HttpMessage, HttpRequest,
    body::BoxBody,
    cookie::{Cookie, SameSite},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
    web::{Bytes, Data},
};
use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// The field of a form that holds the token.
pub const FIELD: &str = "csrf";

/// The server's key for form tokens.
pub struct FormKey(pub [u8; 32]);

/// The random part of this browser's tokens, and whether it is new.
#[derive(Clone)]
struct FormSecret {
    value: String,
    is_new: bool,
}

/// A token was written into the page, so the browser needs the cookie.
struct TokenGiven;

fn cookie_name(is_https: bool) -> &'static str {
    if is_https { "__Host-form" } else { "tenantry_form" }
}

fn seal(key: &FormKey, secret: &str, person: Option<Uuid>) -> Hmac<Sha256> {
    // A key of any length is taken, so this cannot fail.
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut seal = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of every length");
    seal.update(secret.as_bytes());
    seal.update(b"\n");
    seal.update(person.map(|id| id.to_string()).unwrap_or_default().as_bytes());
    seal
}

fn person(session: &Session) -> Option<Uuid> {
    session.get(PERSON).ok().flatten()
}

/// The token for the forms of the page that answers this request.
pub fn token(request: &HttpRequest) -> String {
    let person = person(&request.get_session());
    let mut extensions = request.extensions_mut();
    extensions.insert(TokenGiven);
    let (Some(key), Some(secret)) = (request.app_data::<Data<FormKey>>(), extensions.get::<FormSecret>())
    else {
        return String::new();
    };
    let bytes = seal(key, &secret.value, person).finalize().into_bytes();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// What a request says of the site that it comes from.
#[derive(Debug, PartialEq, Eq)]
enum Origin {
    Ours,
    Foreign,
    Unsaid,
}

fn origin(request: &HttpRequest) -> Origin {
    let text = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("?").to_owned());
    if let Some(site) = text("sec-fetch-site") {
        return if site == "same-origin" || site == "none" { Origin::Ours } else { Origin::Foreign };
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else { return Origin::Unsaid };
    let host = text(header::HOST.as_str()).or_else(|| request.uri().authority().map(ToString::to_string));
    let said = origin.split_once("://").map(|(_, host)| host.to_owned());
    if said.is_some() && said == host { Origin::Ours } else { Origin::Foreign }
}

fn refused() -> Failure {
    Failure(Error::refused(
        "This form was not sent from a page of ours, or the page was open for too long. Load the page again and send the form once more.",
    ))
}

/// Whether the form in the body carries the right token. The body is put back for the handler.
async fn has_token(request: &mut ServiceRequest, person: Option<Uuid>) -> Result<bool, actix_web::Error> {
    if request.content_type() != "application/x-www-form-urlencoded" {
        return Ok(false);
    }
    let body = request.extract::<Bytes>().await?;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(&body).unwrap_or_default();
    request.set_payload(Payload::from(body));
    let given = pairs.iter().find(|(name, _)| name == FIELD).map(|(_, value)| value);
    let bytes = given.and_then(|text| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok());
    let secret = request.extensions().get::<FormSecret>().cloned();
    let key = request.app_data::<Data<FormKey>>();
    Ok(match (key, secret, bytes) {
        (Some(key), Some(secret), Some(bytes)) if !secret.is_new => {
            seal(key, &secret.value, person).verify_slice(&bytes).is_ok()
        }
        _ => false,
    })
}

/// The middleware: refuses what another site sent, and gives the browser the cookie that its tokens need.
pub async fn protect(
    is_https: bool,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let kept = request.cookie(cookie_name(is_https)).map(|cookie| cookie.value().to_owned());
    let secret = match kept {
        Some(value) => FormSecret { value, is_new: false },
        None => FormSecret { value: new_token(), is_new: true },
    };
    request.extensions_mut().insert(secret.clone());
    if !request.method().is_safe() {
        let allowed = match origin(request.request()) {
            Origin::Ours => true,
            Origin::Foreign => false,
            Origin::Unsaid => {
                let person = person(&request.get_session());
                has_token(&mut request, person).await?
            }
        };
        if !allowed {
            return Ok(request.error_response(refused()));
        }
    }
    let mut response = next.call(request).await?;
    let given = response.request().extensions().contains::<TokenGiven>();
    if secret.is_new && given {
        let cookie = Cookie::build(cookie_name(is_https), secret.value)
            .path("/")
            .secure(is_https)
            .http_only(true)
            .same_site(SameSite::Lax)
            .finish();
        response.response_mut().add_cookie(&cookie)?;
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn where_a_request_comes_from_is_read_as_browsers_say_it() {
        let with = |headers: &[(&'static str, &'static str)]| {
            let mut request = TestRequest::post().insert_header(("Host", "t.example:8080"));
            for header in headers {
                request = request.insert_header(*header);
            }
            origin(&request.to_http_request())
        };
        assert_eq!(with(&[]), Origin::Unsaid);
        assert_eq!(with(&[("Sec-Fetch-Site", "same-origin")]), Origin::Ours);
        assert_eq!(with(&[("Sec-Fetch-Site", "none")]), Origin::Ours);
        for site in ["cross-site", "same-site", "nonsense"] {
            assert_eq!(
                with(&[("Sec-Fetch-Site", site), ("Origin", "http://t.example:8080")]),
                Origin::Foreign
            );
        }
        assert_eq!(with(&[("Origin", "http://t.example:8080")]), Origin::Ours);
        for origin in
            ["http://t.example", "https://evil.example", "null", "http://t.example:8080.evil.example"]
        {
            assert_eq!(with(&[("Origin", origin)]), Origin::Foreign, "{origin}");
        }
    }

    #[test]
    fn a_token_is_good_for_one_person_and_one_cookie_only() {
        let key = FormKey([7; 32]);
        let person = Uuid::new_v4();
        let bytes = seal(&key, "cookie", Some(person)).finalize().into_bytes();
        assert!(seal(&key, "cookie", Some(person)).verify_slice(&bytes).is_ok());
        assert!(seal(&key, "other", Some(person)).verify_slice(&bytes).is_err());
        assert!(seal(&key, "cookie", None).verify_slice(&bytes).is_err());
        assert!(seal(&FormKey([8; 32]), "cookie", Some(person)).verify_slice(&bytes).is_err());
    }
}
