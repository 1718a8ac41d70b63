//! Taking up an invitation.

use super::{Answer, Values, html, outside};
use crate::{
    app::App,
    error::Kind,
    usecases::invitations,
    web::{pages::invitations::InvitationPage, urls, views::FormError},
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path},
};

/// The form behind the link.
pub async fn form(request: HttpRequest, app: Data<App>, token: Path<String>) -> Answer {
    let (invitation, tenant) = invitations::look(&app, &token).await?;
    html(
        StatusCode::OK,
        &InvitationPage::new(outside(&request), urls::invitation(&token), tenant.name, invitation.email),
    )
}

/// Sets the owner's password in the tenant's own database.
pub async fn take_up(
    request: HttpRequest,
    app: Data<App>,
    token: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let form = Values(form.into_inner());
    let (invitation, tenant) = invitations::look(&app, &token).await?;
    let mut page =
        InvitationPage::new(outside(&request), urls::invitation(&token), tenant.name, invitation.email);
    match invitations::take_up(&app, &token, form.text("password").to_owned()).await {
        Ok(_) => {
            page.is_done = true;
            html(StatusCode::OK, &page)
        }
        Err(error) if error.kind == Kind::Invalid => {
            page.password = page.password.filled("", error.fields.get("password").cloned());
            page.errors = FormError::of(&[&page.password]);
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}
