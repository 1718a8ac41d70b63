//! The people who may see a tenant here as its owners.

use super::show::head;
use crate::{
    app::App,
    error::Kind,
    usecases::{
        actor::Actor,
        people::{owners_of, share},
        permissions::Permission,
    },
    web::{
        errors::Failure,
        guard::SignedIn,
        handlers::{Answer, Values, html, people::secret, shell},
        pages::tenants::{
            owners::{OwnerRow, OwnersPage},
            show::Tab,
        },
        urls,
        views::{Field, Flash, FormError, Pill, Place, Tone},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path},
};

async fn page(request: &HttpRequest, app: &App, actor: &Actor, slug: &str) -> Result<OwnersPage, Failure> {
    let (tenant, owners) = owners_of(app, actor, slug).await?;
    let may_manage = actor.must(Permission::ManagePeople).is_ok();
    Ok(OwnersPage {
        shell: shell(request, actor, Place::Tenants),
        head: head(actor, &tenant, Tab::Owners),
        secret: None,
        owners: owners
            .iter()
            .map(|user| OwnerRow {
                name: user.name.clone(),
                email: user.email.clone(),
                href: may_manage.then(|| urls::person(user.id)),
                state: if !user.is_active {
                    Pill::new("Switched off", Tone::Quiet).with_icon("player-pause")
                } else if user.is_invited() {
                    Pill::new("Invited", Tone::Busy).with_icon("mail")
                } else {
                    Pill::new("Can sign in", Tone::Good)
                },
            })
            .collect(),
        errors: Vec::new(),
        name: Field::text("name", "Name"),
        email: Field { autocomplete: "off", ..Field::email("email", "E-mail") }
            .with_hint("Somebody who owns other tenants here already just sees this one, too."),
    })
}

/// The owners, and the form to invite one.
pub async fn show(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
) -> Answer {
    html(StatusCode::OK, &page(&request, &app, &actor, &slug).await?)
}

/// Invites an owner, and shows the link this one time.
pub async fn invite(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let form = Values(form.into_inner());
    match share(&app, &actor, &slug, form.text("name"), form.text("email")).await {
        Ok(invited) => {
            let mut page = page(&request, &app, &actor, &slug).await?;
            match invited.link {
                Some(link) => page.secret = Some(secret(&request, &app, &invited.user, &link)),
                None => {
                    let text = format!(
                        "{} can see this tenant now, with the account from before.",
                        invited.user.name
                    );
                    page.shell.flash = Some(Flash { text, tone: Tone::Good });
                }
            }
            html(StatusCode::OK, &page)
        }
        Err(error) if error.kind == Kind::Invalid => {
            let mut page = page(&request, &app, &actor, &slug).await?;
            page.name = page.name.filled(form.text("name"), error.fields.get("name").cloned());
            page.email = page.email.filled(form.text("email"), error.fields.get("email").cloned());
            page.errors = FormError::of(&[&page.name, &page.email]);
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}
