//! A form that could not be taken because nobody was signed in any more: what was typed, and the button that sends it.

use super::{Answer, html, shell};
use crate::web::{
    guard::SignedIn,
    pages::kept::{KeptPage, SendAgain},
    typed,
    views::Place,
};
use actix_web::{HttpRequest, http::StatusCode};

/// The kept form.
pub async fn show(request: HttpRequest, SignedIn(actor): SignedIn) -> Answer {
    let form = typed::kept_form(&request).map(SendAgain::of);
    html(StatusCode::OK, &KeptPage { shell: shell(&request, &actor, Place::Nowhere), form })
}
