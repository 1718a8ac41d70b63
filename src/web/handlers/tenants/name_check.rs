//! The live check of a name.

use crate::{
    app::App,
    usecases::tenants,
    web::{
        guard::SignedIn,
        handlers::{Answer, Values, html},
        pages::tenants::new::NameCheck,
    },
};
use actix_web::{
    http::StatusCode,
    web::{Data, Query},
};

/// What can be said about a name, as the page shows it.
pub fn view(found: tenants::NameCheck) -> NameCheck {
    match found {
        tenants::NameCheck::Empty => NameCheck::default(),
        tenants::NameCheck::Unusable(problem) => NameCheck { problem: Some(problem), ..NameCheck::default() },
        tenants::NameCheck::Usable { slug, is_known } => NameCheck {
            slug: Some(slug),
            warning: is_known.then(|| {
                "There is a tenant of this name already. Look whether it is the same one.".to_owned()
            }),
            problem: None,
        },
    }
}

/// Checks the name that is being typed.
pub async fn check(app: Data<App>, SignedIn(actor): SignedIn, query: Query<Vec<(String, String)>>) -> Answer {
    let values = Values(query.into_inner());
    let found = tenants::check_name(&app, &actor, values.text("name")).await?;
    html(StatusCode::OK, &view(found))
}
