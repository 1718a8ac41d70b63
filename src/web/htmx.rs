//! What htmx asks for, and how it is answered.

use actix_web::{HttpRequest, HttpResponse, http::header};

fn has(request: &HttpRequest, name: &str, value: &str) -> bool {
    request.headers().get(name).is_some_and(|found| found.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
}

/// Whether htmx asks, and not the browser itself.
pub fn is_htmx(request: &HttpRequest) -> bool {
    has(request, "HX-Request", "true")
}

/// Whether a part of the page is enough. Going back in the history is a request of htmx that needs the whole page.
pub fn wants_fragment(request: &HttpRequest) -> bool {
    is_htmx(request)
        && !has(request, "HX-History-Restore-Request", "true")
        && !has(request, "HX-Request-Type", "full")
}

/// The page that an htmx request or a form came from, as a path on this program.
pub fn current_page(request: &HttpRequest) -> Option<String> {
    let headers = request.headers();
    let address = headers.get("HX-Current-URL").or_else(|| headers.get(header::REFERER))?.to_str().ok()?;
    let rest = address.split_once("://")?.1;
    let path = rest.find('/').and_then(|slash| rest.get(slash..))?;
    super::urls::is_own_page(path).then(|| path.to_owned())
}

/// Sends the browser to another page: with a redirect, or with htmx's header where htmx asks.
pub fn redirect(request: &HttpRequest, to: &str) -> HttpResponse {
    if is_htmx(request) {
        HttpResponse::Ok().insert_header(("HX-Redirect", to)).finish()
    } else {
        HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_page_from_the_history_is_whole() {
        let ask = |name| {
            TestRequest::get()
                .insert_header(("HX-Request", "true"))
                .insert_header((name, "true"))
                .to_http_request()
        };
        assert!(wants_fragment(&ask("HX-Anything")));
        assert!(!wants_fragment(&ask("HX-History-Restore-Request")));
        assert!(!wants_fragment(&TestRequest::get().to_http_request()));
    }

    #[test]
    fn htmx_is_sent_on_by_its_header_and_a_browser_by_a_redirect() {
        let htmx = TestRequest::get().insert_header(("HX-Request", "true")).to_http_request();
        assert_eq!(redirect(&htmx, "/x").headers().get("HX-Redirect").unwrap(), "/x");
        let plain = redirect(&TestRequest::get().to_http_request(), "/x");
        assert_eq!(
            (plain.status().as_u16(), plain.headers().get("Location").unwrap().to_str().unwrap()),
            (303, "/x")
        );
    }

    #[test]
    fn the_current_page_is_a_path_of_ours() {
        let request =
            TestRequest::get().insert_header(("HX-Current-URL", "http://h:1/tenants/a?b")).to_http_request();
        assert_eq!(current_page(&request).as_deref(), Some("/tenants/a?b"));
    }
}
