//! For load balancers and process managers: is the program alive, and can it work?

use crate::app::App;
use actix_web::{HttpResponse, web::Data};

/// Alive: the program answers. It asks no database.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// Ready: the control database answers, too.
pub async fn ready(app: Data<App>) -> HttpResponse {
    let asked = async {
        let mut read = app.store.read().await?;
        crate::store::settings::find(&mut read, "fence").await
    };
    match asked.await {
        Ok(_) => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"),
        Err(cause) => {
            tracing::warn!(%cause, "Not ready");
            HttpResponse::ServiceUnavailable()
                .insert_header(("Retry-After", "5"))
                .content_type("text/plain; charset=utf-8")
                .body("The control database cannot be reached.\n")
        }
    }
}
