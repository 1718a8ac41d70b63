//! The styleguide, for people who build pages. A release build does not have it.

use super::{Answer, html, shell};
use crate::{
    error::Error,
    web::{errors::Failure, guard::SignedIn, pages::styleguide::StyleguidePage, views::Place},
};
use actix_web::{HttpRequest, http::StatusCode};

/// Every component in every state; not found in a release build.
pub async fn show(request: HttpRequest, SignedIn(actor): SignedIn) -> Answer {
    only_in(cfg!(debug_assertions))?;
    html(StatusCode::OK, &StyleguidePage::new(shell(&request, &actor, Place::Nowhere)))
}

fn only_in(development: bool) -> Result<(), Failure> {
    if development {
        Ok(())
    } else {
        Err(Failure(Error::not_found("The styleguide is part of development builds.")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::ResponseError;

    #[test]
    fn a_release_build_answers_that_there_is_no_such_page() {
        assert_eq!(only_in(false).unwrap_err().status_code(), StatusCode::NOT_FOUND);
        assert!(only_in(true).is_ok());
    }
}
